//! No driver is ever on two trips, no trip ever has two drivers, and every driver is free in the end: whatever the order
//! in which events arrive, however often, whichever copy of the service takes them, and if it dies half-way.

mod world;

use std::thread;
use std::time::{Duration, Instant};

use world::World;

#[test]
fn in_any_order_with_repeats_and_deaths() {
    for seed in 0..150 {
        println!("seed {seed}");
        let world = World::new(seed);
        let mut copies = [world.copy(), world.copy(), world.copy()];
        while world.deliver_one(&mut copies[world.pick(3)]) {}
        world.assert_sound();
    }
}

#[test]
fn with_three_copies_at_once() {
    for seed in 1_000..1_020 {
        println!("seed {seed}");
        let world = World::new(seed);
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    let mut copy = world.copy();
                    let deadline = Instant::now() + Duration::from_secs(60);
                    while world.deliver_one(&mut copy) || world.is_busy() {
                        assert!(Instant::now() < deadline, "the events never come to an end");
                        thread::yield_now();
                    }
                });
            }
        });
        world.assert_sound();
    }
}
