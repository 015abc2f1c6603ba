//! A map of the riders who wait: the smallest consumer there can be.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use farandole::{Context, Failure, Service};
use rides::{DriverAssigned, TripCancelled, TripRequested, TripUnfulfilled};

#[tokio::main]
async fn main() -> farandole::Result<()> {
    let waiting = Map::default();
    let (map, one, two, three) = (waiting.clone(), waiting.clone(), waiting.clone(), waiting);
    Service::from_args("rider-map")?
        .on(move |e: TripRequested, cx: Context| map.change(cx, Some(e.pickup.zone)))
        .on(move |_: DriverAssigned, cx: Context| one.change(cx, None))
        .on(move |_: TripCancelled, cx: Context| two.change(cx, None))
        .on(move |_: TripUnfulfilled, cx: Context| three.change(cx, None))
        .run()
        .await
}

/// Where each waiting trip's rider stands: trip → zone.
#[derive(Clone, Default)]
struct Map(Arc<Mutex<BTreeMap<String, String>>>);

impl Map {
    async fn change(self, cx: Context, zone: Option<String>) -> Result<(), Failure> {
        let trip = cx.key().unwrap_or_default().to_owned();
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match zone {
            Some(zone) => waiting.insert(trip, zone),
            None => waiting.remove(&trip),
        };
        println!("{} riders wait: {waiting:?}", waiting.len());
        Ok(())
    }
}
