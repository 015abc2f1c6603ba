//! What each step answers, case by case.

use driver_assignment::{
    Decision, Driver, Fleet, Offer, Reason, Released, TABLES, decide, offer, release,
};
use rusqlite::Connection;

struct Town {
    _folder: tempfile::TempDir,
    db: Connection,
    fleet: Fleet,
}

/// A town where `near` waits 100 m from the rider, and `next` 1 km.
fn town() -> Town {
    let folder = tempfile::tempdir().unwrap();
    let fleet = Fleet::open(&folder.path().join("positions.sqlite3")).unwrap();
    let db = Connection::open_in_memory().unwrap();
    db.execute_batch(TABLES).unwrap();
    let town = Town {
        _folder: folder,
        db,
        fleet,
    };
    town.drive("near", 50.0009, true, 3_000, 1);
    town.drive("next", 50.009, true, 3_000, 1);
    town
}

impl Town {
    fn drive(&self, driver_id: &str, lat: f64, on_shift: bool, max_pickup_m: i32, seen_at_ms: i64) {
        let driver = Driver {
            driver_id: driver_id.into(),
            lat,
            lon: 10.0,
            on_shift,
            max_pickup_m,
            seen_at_ms,
        };
        self.fleet.record(&driver).unwrap();
    }

    fn offer(&self, trip: &str) -> Offer {
        offer(&self.db, &self.fleet, trip, (50.0, 10.0), 5_000).unwrap()
    }

    fn offered(&self, trip: &str) -> String {
        match self.offer(trip) {
            Offer::To { driver_id, .. } => driver_id,
            nobody => panic!("{trip} gets nobody: {nobody:?}"),
        }
    }

    fn decide(&self, trip: &str, driver: &str) -> Decision {
        decide(&self.db, &self.fleet, trip, driver, 100).unwrap()
    }

    fn release(&self, trip: &str) -> Option<Released> {
        release(&self.db, trip).unwrap()
    }
}

#[test]
fn the_nearest_free_driver_gets_the_offer() {
    let town = town();
    assert_eq!(
        town.offer("a"),
        Offer::To {
            driver_id: "near".into(),
            distance_m: 100
        }
    );
    assert_eq!(
        town.offered("b"),
        "next",
        "the nearest is kept for another trip"
    );
    assert_eq!(town.offer("c"), Offer::Nobody { refused: 0 });
}

#[test]
fn a_driver_who_takes_the_offer_has_a_lease() {
    let town = town();
    town.offered("a");
    assert_eq!(town.decide("a", "near"), Decision::Assigned { lease: 1 });
    assert_eq!(
        town.release("a"),
        Some(Released {
            driver_id: "near".into(),
            lease: 1
        })
    );
    assert_eq!(town.offered("b"), "near", "free again");
    assert_eq!(town.decide("b", "near"), Decision::Assigned { lease: 2 });
}

#[test]
fn a_trip_has_one_offer_at_a_time() {
    let town = town();
    town.offered("a");
    assert_eq!(
        town.offer("a"),
        Offer::Nobody { refused: 0 },
        "the first is still open"
    );
    town.decide("a", "near");
    assert_eq!(
        town.offer("a"),
        Offer::Nobody { refused: 0 },
        "the first was taken"
    );
}

#[test]
fn a_driver_off_shift_declines_and_the_next_one_is_asked() {
    let town = town();
    town.offered("a");
    town.drive("near", 50.0009, false, 3_000, 2);
    assert_eq!(
        town.decide("a", "near"),
        Decision::Declined(Reason::OffShift)
    );
    town.drive("near", 50.0009, true, 3_000, 3);
    assert_eq!(
        town.offered("a"),
        "next",
        "who has refused a trip is not asked again"
    );
    assert_eq!(town.offered("b"), "near", "but gets others");
}

#[test]
fn a_driver_declines_what_is_too_far() {
    let town = town();
    town.drive("near", 50.0009, true, 99, 2);
    town.offered("a");
    assert_eq!(town.decide("a", "near"), Decision::Declined(Reason::TooFar));
    town.drive("next", 60.0, true, 99, 2);
    assert_eq!(town.offer("a"), Offer::Nobody { refused: 1 });
}

#[test]
fn an_offer_that_is_not_kept_is_declined() {
    let town = town();
    town.offered("a");
    assert_eq!(
        town.decide("b", "near"),
        Decision::Declined(Reason::Busy),
        "kept for another trip"
    );
    assert_eq!(
        town.decide("a", "next"),
        Decision::Declined(Reason::Busy),
        "this trip keeps another driver"
    );
    assert_eq!(
        town.decide("a", "near"),
        Decision::Assigned { lease: 1 },
        "neither does harm to the open offer"
    );
}

#[test]
fn the_end_of_a_trip_withdraws_its_offer() {
    let town = town();
    town.offered("a");
    assert_eq!(town.release("a"), None, "nobody was on the trip yet");
    assert_eq!(town.offered("b"), "near");
    assert_eq!(
        town.decide("a", "near"),
        Decision::Declined(Reason::TripOver)
    );
    assert_eq!(
        town.decide("b", "near"),
        Decision::Assigned { lease: 1 },
        "the late answer frees nobody else's driver"
    );
}

#[test]
fn an_end_that_overtakes_the_request_leaves_nobody_on_the_trip() {
    let town = town();
    assert_eq!(town.release("a"), None);
    assert_eq!(town.offer("a"), Offer::Nobody { refused: 0 });
}

#[test]
fn a_second_end_releases_nobody() {
    let town = town();
    town.offered("a");
    town.decide("a", "near");
    assert!(town.release("a").is_some());
    assert_eq!(town.release("a"), None);
}
