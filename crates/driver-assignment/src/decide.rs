//! The step `decide`: the owner of the driver answers an offer.

use rusqlite::Connection;

use crate::fleet::Fleet;
use crate::ledger;

/// The answer to an offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The driver has this trip, and this trip only.
    Assigned {
        /// Number of the driver's lease.
        lease: i64,
    },
    /// The driver does not take it.
    Declined(Reason),
}

/// Why a driver does not take a trip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The driver is not kept for this trip (any more).
    Busy,
    /// The driver has stopped work since.
    OffShift,
    /// The rider waits farther away than the driver likes.
    TooFar,
    /// The trip has ended meanwhile.
    TripOver,
}

/// Answers an offer, inside the firing's transaction.
pub fn decide(
    db: &Connection,
    fleet: &Fleet,
    trip_id: &str,
    driver_id: &str,
    distance_m: i32,
) -> rusqlite::Result<Decision> {
    let kept =
        ledger::tie_of(db, trip_id)?.is_some_and(|tie| tie.driver_id == driver_id && !tie.leased);
    let refusal = if ledger::is_over(db, trip_id)? {
        Some(Reason::TripOver)
    } else if !kept {
        Some(Reason::Busy)
    } else {
        drivers_word(fleet, driver_id, distance_m)?
    };
    let Some(reason) = refusal else {
        return Ok(Decision::Assigned {
            lease: ledger::lease(db, driver_id)?,
        });
    };
    if kept {
        ledger::free(db, trip_id)?;
    }
    ledger::refuse(db, trip_id, driver_id)?;
    Ok(Decision::Declined(reason))
}

/// What the driver's app says to an offer: nothing, or why not.
fn drivers_word(
    fleet: &Fleet,
    driver_id: &str,
    distance_m: i32,
) -> rusqlite::Result<Option<Reason>> {
    Ok(match fleet.driver(driver_id)? {
        Some(driver) if driver.on_shift && distance_m <= driver.max_pickup_m => None,
        Some(driver) if driver.on_shift => Some(Reason::TooFar),
        _ => Some(Reason::OffShift),
    })
}
