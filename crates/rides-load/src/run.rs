//! A run: the plan is played at its rate, everybody's story is waited for, and the result is summed up.

use std::sync::Arc;
use std::time::Duration;

use farandole::{Error, Publisher, Shutdown};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::accepted::Accepted;
use crate::board::Board;
use crate::client::Client;
use crate::drivers::Drivers;
use crate::plan::{Mix, Ride, SPEED_M_S, made_up, plan};
use crate::rider::{Story, World, play};
use crate::settings::Settings;
use crate::summary::Summary;
use crate::tally::Tally;
use crate::{input, positions, progress, tracker};

/// Trips without an input file.
const USUAL_TRIPS: usize = 2_000;
/// How many refused rows are shown.
const SHOWN: usize = 5;
/// How long the tracker may take to agree.
const TRACKER_LAG: Duration = Duration::from_secs(60);

/// Plays a run to its end. Answers whether every trip ended as it should.
///
/// # Errors
/// The input can't be read, or no driver can be reported.
pub async fn run(
    settings: &Settings,
    publisher: Publisher,
    shutdown: Shutdown,
) -> farandole::Result<bool> {
    let seed = settings
        .seed
        .unwrap_or_else(|| farandole::now_ms().unsigned_abs());
    let rides = rides(settings, seed)?;
    let drivers = Arc::new(Drivers::new(
        settings.drivers.unwrap_or_else(|| enough(&rides, settings)),
        seed,
    ));
    eprintln!(
        "{} trips at {} a second, {} drivers, seed {seed}",
        rides.len(),
        settings.rate,
        drivers.count()
    );
    positions::publish_all(&drivers, &publisher).await?;
    let deadline = Instant::now() + longest(&rides, settings);
    let world = Arc::new(World {
        client: Arc::new(Client::new(&settings.trip_url, deadline)?),
        board: Arc::new(Board::default()),
        drivers,
        tally: Arc::new(Tally::of(rides.len())),
        accepted: Accepted::open(settings.accepted.as_deref())?,
        time_scale: settings.time_scale,
        deadline,
    });
    let helpers = helpers(&world, publisher, settings);
    let summary = tokio::select! {
        summary = stories(rides, &world, settings.gap()) => summary,
        () = shutdown.requested() => return Err(Error::message("interrupted before every trip had ended")),
    };
    drop(helpers);
    progress::end();
    print!("{summary}");
    Ok(summary.wrong.is_empty() & tracker_agrees(settings, &summary).await)
}

/// Reads or makes up the rides.
fn rides(settings: &Settings, seed: u64) -> farandole::Result<Vec<Ride>> {
    let legs = match &settings.input {
        None => made_up(settings.trips.unwrap_or(USUAL_TRIPS), seed),
        Some(path) => {
            let input = input::read(path)?;
            if !input.refused.is_empty() {
                eprintln!(
                    "{}: {} rows can't be used:",
                    path.display(),
                    input.refused.len()
                );
            }
            for (line, reason) in input.refused.iter().take(SHOWN) {
                eprintln!("  line {line}: {reason}");
            }
            if input.refused.len() > SHOWN {
                eprintln!("  … and {} more", input.refused.len() - SHOWN);
            }
            let count = settings.trips.unwrap_or(usize::MAX);
            input.legs.into_iter().take(count).collect()
        }
    };
    let mix = Mix {
        seed,
        cancel_share: settings.cancel_share,
        remote_share: settings.remote_share,
    };
    Ok(plan(&legs, mix))
}

/// As many drivers as are on trips at one time, half as many again, and some to stand about in every zone.
fn enough(rides: &[Ride], settings: &Settings) -> usize {
    let way = Duration::from_secs_f64(1_000.0 / SPEED_M_S);
    let busy: f64 = rides
        .iter()
        .map(|ride| (ride.duration + way).as_secs_f64() / settings.time_scale + 1.0)
        .sum();
    let mean = busy / rides.len().max(1) as f64;
    let at_once = (mean * settings.rate).min(rides.len() as f64);
    (at_once * 1.5) as usize + 100
}

/// When the run gives up on trips that have not ended.
fn longest(rides: &[Ride], settings: &Settings) -> Duration {
    let ride = rides
        .iter()
        .map(|ride| ride.duration)
        .max()
        .unwrap_or_default()
        .div_f64(settings.time_scale);
    settings.gap() * u32::try_from(rides.len()).unwrap_or(u32::MAX)
        + ride
        + Duration::from_secs_f64(settings.settle)
}

/// Ends what runs beside when the run is over.
struct Helpers(Vec<AbortHandle>);

impl Drop for Helpers {
    fn drop(&mut self) {
        self.0.iter().for_each(AbortHandle::abort);
    }
}

fn helpers(world: &Arc<World>, publisher: Publisher, settings: &Settings) -> Helpers {
    let (board, client, drivers) = (
        world.board.clone(),
        world.client.clone(),
        world.drivers.clone(),
    );
    let interval = Duration::from_secs_f64(settings.report_interval);
    let follow = tokio::spawn(async move {
        if let Err(error) = board.follow(client).await {
            tracing::error!(%error, "the trips' states are not known any more");
        }
    });
    let report = tokio::spawn(async move {
        if let Err(error) = positions::keep_publishing(drivers, publisher, interval).await {
            tracing::error!(%error, "the drivers have stopped to report");
        }
    });
    let show = tokio::spawn(progress::show(world.tally.clone()));
    Helpers(
        [follow, report, show]
            .iter()
            .map(tokio::task::JoinHandle::abort_handle)
            .collect(),
    )
}

async fn stories(rides: Vec<Ride>, world: &Arc<World>, gap: Duration) -> Summary {
    let (mut playing, mut summary) = (JoinSet::new(), Summary::default());
    let mut ticks = interval(gap);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for ride in rides {
        ticks.tick().await;
        playing.spawn(play(ride, world.clone()));
        while let Some(story) = playing.try_join_next() {
            summary.add(finished(story));
        }
    }
    while let Some(story) = playing.join_next().await {
        summary.add(finished(story));
    }
    summary
}

fn finished(story: Result<Story, tokio::task::JoinError>) -> Story {
    // A story is never aborted, so this is its panic.
    story.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}

async fn tracker_agrees(settings: &Settings, summary: &Summary) -> bool {
    let Some(url) = &settings.tracker_url else {
        return true;
    };
    match tracker::compare(url, &summary.ends, Instant::now() + TRACKER_LAG).await {
        Ok(found) => {
            println!(
                "tracker      agrees on {} of {} trips",
                found.agree,
                summary.ends.len()
            );
            if let Ok(counts) = tracker::Counts::ask(url).await {
                println!("             {counts}");
            }
            for (trip_id, said) in found.differ.iter().take(2 * SHOWN) {
                println!("  {trip_id} {said}");
            }
            found.differ.is_empty()
        }
        Err(error) => {
            println!("tracker      does not answer: {error}");
            false
        }
    }
}
