//! The step `release`: the trip has ended, so its driver is free.

use rusqlite::Connection;

use crate::ledger;

/// The end of a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Released {
    /// The driver.
    pub driver_id: String,
    /// Number of the lease that ends.
    pub lease: i64,
}

/// Remembers the trip's end and frees its driver, inside the firing's transaction. An offer that is still open is withdrawn
/// without a word: `decide` will find the trip over.
pub fn release(db: &Connection, trip_id: &str) -> rusqlite::Result<Option<Released>> {
    ledger::end(db, trip_id)?;
    let tie = ledger::tie_of(db, trip_id)?;
    ledger::free(db, trip_id)?;
    Ok(tie.filter(|tie| tie.leased).map(|tie| Released {
        driver_id: tie.driver_id,
        lease: tie.lease,
    }))
}
