//! The step `offer`: the nearest free driver is kept for the trip.

use rusqlite::Connection;

use crate::fleet::Fleet;
use crate::ledger;

/// What came of the search for a driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Offer {
    /// This driver is kept for the trip until the offer is answered.
    To {
        /// The driver.
        driver_id: String,
        /// The driver's way to the rider, in metres.
        distance_m: i32,
    },
    /// Nobody: no free driver is near enough, or the trip is over, or it has a driver already.
    Nobody {
        /// How many drivers have refused this trip so far.
        refused: i32,
    },
}

/// Looks for a driver, inside the firing's transaction. A trip that is over, and one whose former offer is still open or
/// taken, gets nobody: so a trip never has two drivers.
pub fn offer(
    db: &Connection,
    fleet: &Fleet,
    trip_id: &str,
    (lat, lon): (f64, f64),
    radius_m: u32,
) -> rusqlite::Result<Offer> {
    let nobody = |db| {
        Ok(Offer::Nobody {
            refused: ledger::refusals(db, trip_id)?,
        })
    };
    if ledger::is_over(db, trip_id)? || ledger::tie_of(db, trip_id)?.is_some() {
        return nobody(db);
    }
    match fleet.nearest(lat, lon, radius_m, |driver| {
        ledger::is_free_for(db, driver, trip_id)
    })? {
        Some((driver_id, distance_m)) => {
            ledger::reserve(db, &driver_id, trip_id)?;
            Ok(Offer::To {
                driver_id,
                distance_m,
            })
        }
        None => nobody(db),
    }
}
