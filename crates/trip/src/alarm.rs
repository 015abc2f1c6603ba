//! Wakes the trips that are due. The times stand in the database, so a restart forgets none.

use std::time::Duration;

use farandole::{Shutdown, now_ms};

use crate::trips::Trips;

/// Longest sleep: the clock may be set.
const LONGEST: Duration = Duration::from_secs(1);

/// Goes on until the shutdown.
pub async fn ring(trips: Trips, shutdown: Shutdown) {
    while !shutdown.is_requested() {
        match trips.wake(now_ms()).await {
            Ok(0) => wait(&trips, &shutdown).await,
            Ok(_) => {}
            Err(error) => {
                tracing::error!(%error, "trips that are due can't be woken; trying again");
                tokio::time::sleep(LONGEST).await;
            }
        }
    }
}

async fn wait(trips: &Trips, shutdown: &Shutdown) {
    let next = trips.next_due_ms().await.ok().flatten();
    let pause = next.map_or(LONGEST, |due| {
        Duration::from_millis(u64::try_from(due - now_ms()).unwrap_or(0))
    });
    tokio::select! {
        () = tokio::time::sleep(pause.min(LONGEST)) => {}
        () = trips.sooner() => {}
        () = shutdown.requested() => {}
    }
}
