//! A small world around the ledger: topics that deliver in any order and more than once, a trip service that ends every trip
//! once, drivers who move and go off shift, and copies of driver-assignment that die before they commit.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use driver_assignment::{Decision, Driver, Fleet, Offer, TABLES, decide, offer, release};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rusqlite::{Connection, Transaction, TransactionBehavior};

const DRIVERS: usize = 4;
const TRIPS: usize = 14;

/// An event on its way to driver-assignment.
#[derive(Clone, Debug)]
enum Event {
    /// trip.requested, driver.declined or trip.search-resumed: something that asks for an offer.
    Wanted {
        trip: String,
    },
    Offered {
        trip: String,
        driver: String,
        distance_m: i32,
    },
    Ended {
        trip: String,
    },
}

impl Event {
    fn trip(&self) -> &str {
        match self {
            Event::Wanted { trip } | Event::Offered { trip, .. } | Event::Ended { trip } => trip,
        }
    }
}

/// What driver-assignment has published, in order of commit.
#[derive(Clone, Debug)]
enum Fact {
    Assigned {
        trip: String,
        driver: String,
        lease: i64,
    },
    Released {
        trip: String,
        driver: String,
        lease: i64,
    },
}

pub(crate) struct World {
    folder: tempfile::TempDir,
    state: Mutex<State>,
}

struct State {
    random: StdRng,
    in_flight: Vec<(u64, Event)>,
    being_handled: usize,
    next_id: u64,
    ended: HashSet<String>,
    searches: HashMap<String, u32>,
    facts: Vec<(i64, Fact)>,
    clock_ms: i64,
}

/// One copy of the service: its own connection and its own index of the fleet.
pub(crate) struct Copy {
    db: Connection,
    fleet: Fleet,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let state = State {
            random: StdRng::seed_from_u64(seed),
            in_flight: Vec::new(),
            being_handled: 0,
            next_id: 0,
            ended: HashSet::new(),
            searches: HashMap::new(),
            facts: Vec::new(),
            clock_ms: 0,
        };
        let world = Self {
            folder: tempfile::tempdir().unwrap(),
            state: Mutex::new(state),
        };
        let copy = world.copy();
        let mut state = world.state();
        (0..DRIVERS).for_each(|number| state.drive(&copy.fleet, number));
        for number in 0..TRIPS {
            let trip = format!("trip-{number}");
            if state.random.random_bool(0.2) {
                state.end(&trip); // cancelled at once: the end may overtake everything
            }
            state.send(Event::Wanted { trip });
        }
        drop(state);
        world
    }

    pub(crate) fn copy(&self) -> Copy {
        let db = Connection::open(self.folder.path().join("ledger.sqlite3")).unwrap();
        db.busy_timeout(Duration::from_secs(20)).unwrap();
        db.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;")
            .unwrap();
        db.execute_batch(TABLES).unwrap();
        db.execute_batch(
            "CREATE TABLE IF NOT EXISTS inbox (id INTEGER PRIMARY KEY);
             CREATE TABLE IF NOT EXISTS commits (seq INTEGER PRIMARY KEY AUTOINCREMENT);",
        )
        .unwrap();
        Copy {
            db,
            fleet: Fleet::open(&self.folder.path().join("positions.sqlite3")).unwrap(),
        }
    }

    pub(crate) fn pick(&self, below: usize) -> usize {
        self.state().random.random_range(0..below)
    }

    /// Whether more events may still come.
    pub(crate) fn is_busy(&self) -> bool {
        let state = self.state();
        !state.in_flight.is_empty() || state.being_handled > 0
    }

    /// Delivers any one of the events in flight; answers false when there is none.
    pub(crate) fn deliver_one(&self, copy: &mut Copy) -> bool {
        let Some((id, event, dies)) = self.state().take(&copy.fleet) else {
            return false;
        };
        let write = copy
            .db
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .unwrap();
        let repeated = write
            .execute("INSERT OR IGNORE INTO inbox VALUES (?1)", [id as i64])
            .unwrap()
            == 0;
        let done = if repeated {
            Done::default()
        } else {
            handle(&write, &copy.fleet, &event)
        };
        write
            .execute("INSERT INTO commits DEFAULT VALUES", [])
            .unwrap();
        let seq = write.last_insert_rowid();
        if dies {
            drop(write); // nothing was committed, and the event comes again
            self.state().again(id, event);
        } else {
            write.commit().unwrap();
            self.state().published(seq, done);
        }
        true
    }

    /// Checks the facts in order of commit, and that nobody is left with a trip.
    pub(crate) fn assert_sound(&self) {
        let mut state = self.state();
        state.facts.sort_by_key(|(seq, _)| *seq);
        let mut holds: HashMap<&str, (&str, i64)> = HashMap::new();
        let mut last_lease: HashMap<&str, i64> = HashMap::new();
        let mut served: HashSet<&str> = HashSet::new();
        for (_, fact) in &state.facts {
            match fact {
                Fact::Assigned {
                    trip,
                    driver,
                    lease,
                } => {
                    assert_eq!(
                        holds.insert(driver, (trip, *lease)),
                        None,
                        "{driver} was on a trip already: {fact:?}"
                    );
                    assert_eq!(
                        *lease,
                        last_lease.insert(driver, *lease).unwrap_or(0) + 1,
                        "leases count up: {fact:?}"
                    );
                    assert!(served.insert(trip), "{trip} had a driver already: {fact:?}");
                }
                Fact::Released {
                    trip,
                    driver,
                    lease,
                } => {
                    assert_eq!(
                        holds.remove(driver.as_str()),
                        Some((trip.as_str(), *lease)),
                        "{fact:?}"
                    );
                }
            }
        }
        assert!(
            holds.is_empty(),
            "still on a trip that has ended: {holds:?}"
        );
        assert_eq!(state.ended.len(), TRIPS, "every trip ends");
        let tied: i64 = (self.copy().db)
            .query_row(
                "SELECT count(*) FROM drivers WHERE trip_id IS NOT NULL",
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(tied, 0, "every driver is free in the end");
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

/// What a firing has published.
#[derive(Default)]
struct Done {
    fact: Option<Fact>,
    next: Option<Event>,
    unavailable: Option<String>,
    trip: Option<String>,
}

fn handle(db: &Transaction<'_>, fleet: &Fleet, event: &Event) -> Done {
    let mut done = Done {
        trip: Some(event.trip().to_owned()),
        ..Done::default()
    };
    match event {
        Event::Wanted { trip } => match offer(db, fleet, trip, (50.0, 10.0), 5_000).unwrap() {
            Offer::To {
                driver_id,
                distance_m,
            } => {
                done.next = Some(Event::Offered {
                    trip: trip.clone(),
                    driver: driver_id,
                    distance_m,
                });
            }
            Offer::Nobody { .. } => done.unavailable = Some(trip.clone()),
        },
        Event::Offered {
            trip,
            driver,
            distance_m,
        } => match decide(db, fleet, trip, driver, *distance_m).unwrap() {
            Decision::Assigned { lease } => {
                done.fact = Some(Fact::Assigned {
                    trip: trip.clone(),
                    driver: driver.clone(),
                    lease,
                });
            }
            Decision::Declined(_) => done.next = Some(Event::Wanted { trip: trip.clone() }),
        },
        Event::Ended { trip } => {
            done.fact = release(db, trip).unwrap().map(|released| Fact::Released {
                trip: trip.clone(),
                driver: released.driver_id,
                lease: released.lease,
            });
        }
    }
    done
}

impl State {
    /// Puts an event on its way; sometimes it is published again by hand, under another id.
    fn send(&mut self, event: Event) {
        for _ in 0..if self.random.random_bool(0.05) { 2 } else { 1 } {
            self.next_id += 1;
            self.in_flight.push((self.next_id, event.clone()));
        }
    }

    /// Takes any event; sometimes a copy of it stays behind, and sometimes its handler is going to die.
    fn take(&mut self, fleet: &Fleet) -> Option<(u64, Event, bool)> {
        if self.in_flight.is_empty() {
            return None;
        }
        if self.random.random_bool(0.1) {
            let number = self.random.random_range(0..DRIVERS);
            self.drive(fleet, number);
        }
        let index = self.random.random_range(0..self.in_flight.len());
        let (id, event) = self.in_flight[index].clone();
        if !self.random.random_bool(0.2) {
            self.in_flight.swap_remove(index);
        }
        self.being_handled += 1;
        Some((id, event, self.random.random_bool(0.1)))
    }

    fn again(&mut self, id: u64, event: Event) {
        self.being_handled -= 1;
        self.in_flight.push((id, event));
    }

    /// What the rest of the world does about it.
    fn published(&mut self, seq: i64, done: Done) {
        self.being_handled -= 1;
        if let Some(event) = done.next {
            self.send(event);
        }
        if let Some(Fact::Assigned { trip, .. }) = &done.fact {
            self.end(&trip.clone()); // by drop-off or by cancellation, it is the same here
        }
        if let Some(trip) = done.unavailable {
            self.search_again(trip);
        }
        if let Some(fact) = done.fact {
            self.facts.push((seq, fact));
        }
        if let Some(trip) = done.trip.filter(|_| self.random.random_bool(0.03)) {
            self.end(&trip); // the rider calls it off
        }
    }

    fn search_again(&mut self, trip: String) {
        let searches = self.searches.entry(trip.clone()).or_default();
        *searches += 1;
        if *searches > 6 {
            self.end(&trip);
        } else if !self.ended.contains(&trip) {
            self.send(Event::Wanted { trip });
        }
    }

    fn end(&mut self, trip: &str) {
        if self.ended.insert(trip.to_owned()) {
            self.send(Event::Ended {
                trip: trip.to_owned(),
            });
        }
    }

    fn drive(&mut self, fleet: &Fleet, number: usize) {
        self.clock_ms += 1;
        let driver = Driver {
            driver_id: format!("driver-{number}"),
            lat: 50.0 + self.random.random_range(0.0..0.03),
            lon: 10.0,
            on_shift: self.random.random_bool(0.9),
            max_pickup_m: self.random.random_range(500..5_000),
            seen_at_ms: self.clock_ms,
        };
        fleet.record(&driver).unwrap();
    }
}
