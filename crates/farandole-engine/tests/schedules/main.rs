//! Seeded random schedules of deliveries, ends of jobs, rebalances, crashes and passing time, run against the engine and a
//! naive model of it side by side.
//!
//! `FARANDOLE_SCHEDULES=100000 cargo test -p farandole-engine --test schedules` runs more of them;
//! `FARANDOLE_SEED=7` runs one.

mod fault;
mod log;
mod model;
mod random;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};

use fault::Fault;
use world::World;

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} is not a number: {text}")),
    )
}

#[test]
fn the_engine_agrees_with_the_model_in_every_schedule() {
    if let Some(seed) = number("FARANDOLE_SEED") {
        return World::new(seed, None).run();
    }
    for seed in 0..number("FARANDOLE_SCHEDULES").unwrap_or(4_000) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| World::new(seed, None).run())) {
            eprintln!("run it again with FARANDOLE_SEED={seed}");
            std::panic::resume_unwind(panic);
        }
    }
}

/// The negative control: each of these mistakes must be caught, or agreeing with the model proves nothing.
#[test]
fn every_planted_mistake_is_caught() {
    let survives = |fault, seed| {
        catch_unwind(AssertUnwindSafe(|| World::new(seed, Some(fault)).run())).is_ok()
    };
    let survivors: Vec<Fault> = Fault::ALL
        .into_iter()
        .filter(|fault| (0..300).all(|seed| survives(*fault, seed)))
        .collect();
    assert!(survivors.is_empty(), "not caught: {survivors:?}");
}
