//! A map of the riders who wait: the smallest consumer there can be.

use std::collections::BTreeMap;
use std::future::ready;
use std::sync::{Mutex, PoisonError};

use farandole::{Context, Failure, Service};
use rides::{DriverAssigned, TripCancelled, TripRequested, TripUnfulfilled};

/// Where each waiting trip's rider stands: trip → zone.
static WAITING: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());

#[tokio::main]
async fn main() -> farandole::Result<()> {
    Service::from_args("rider-map")?
        .on(|e: TripRequested, cx: Context| ready(change(&cx, Some(e.pickup.zone))))
        .on(|_: DriverAssigned, cx: Context| ready(change(&cx, None)))
        .on(|_: TripCancelled, cx: Context| ready(change(&cx, None)))
        .on(|_: TripUnfulfilled, cx: Context| ready(change(&cx, None)))
        .run()
        .await
}

fn change(cx: &Context, zone: Option<String>) -> Result<(), Failure> {
    let trip = cx.key().unwrap_or_default().to_owned();
    let mut waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
    match zone {
        Some(zone) => waiting.insert(trip, zone),
        None => waiting.remove(&trip),
    };
    println!("{} riders wait: {:?}", waiting.len(), waiting.values());
    Ok(())
}
