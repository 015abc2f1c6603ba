//! Where the drivers are. The copies of this service share one file of positions, because each sees only the
//! partitions of `driver.positioned` that it owns; and each keeps a spatial index of all of them in memory, which it brings up
//! to date before it looks for a driver.
//!
//! The file is apart from the ledger and is written without a sync for each position: a killed process loses
//! nothing, a power cut at most the last moments, and the drivers' apps report again.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rstar::RTree;
use rstar::primitives::GeomWithData;
use rusqlite::{Connection, ErrorCode, Row, params};

use crate::sphere::{self, Point};

const SCHEMA: &str = "
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS positions (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT, -- grows with every change, in order of commit
    driver_id    TEXT    NOT NULL UNIQUE,
    lat          REAL    NOT NULL,
    lon          REAL    NOT NULL,
    on_shift     INTEGER NOT NULL,
    max_pickup_m INTEGER NOT NULL,
    seen_at      INTEGER NOT NULL  -- ms since the epoch, by the driver's app
) STRICT;";

/// What a driver's app last said.
#[derive(Clone, Debug, PartialEq)]
pub struct Driver {
    /// The driver.
    pub driver_id: String,
    /// Latitude in degrees, WGS 84.
    pub lat: f64,
    /// Longitude in degrees, WGS 84.
    pub lon: f64,
    /// Whether the driver takes trips at all.
    pub on_shift: bool,
    /// Offers farther away than this are declined, in metres.
    pub max_pickup_m: i32,
    /// When the app measured it, in milliseconds since the epoch.
    pub seen_at_ms: i64,
}

/// Every driver's last position, shared by the copies of this service. Cheap to clone.
#[derive(Clone)]
pub struct Fleet(Arc<Inner>);

/// Who looks for a driver does so inside a transaction of the ledger, and must not wait for those who write positions.
struct Inner {
    writer: Mutex<Connection>,
    view: Mutex<View>,
}

/// All positions, as far as they were read.
struct View {
    file: Connection,
    seen: i64,
    drivers: HashMap<Arc<str>, Driver>,
    index: RTree<GeomWithData<Point, Arc<str>>>,
}

impl Fleet {
    /// Opens the file of positions, made if it is not there.
    pub fn open(path: &Path) -> rusqlite::Result<Self> {
        let (writer, file) = (connect(path)?, connect(path)?);
        Ok(Self(Arc::new(Inner {
            writer: Mutex::new(writer),
            view: Mutex::new(View {
                file,
                seen: 0,
                drivers: HashMap::new(),
                index: RTree::new(),
            }),
        })))
    }

    /// Remembers where a driver is. A report older than the one known changes nothing, so repeats and late arrivals do
    /// no harm. Blocks for a moment.
    pub fn record(&self, driver: &Driver) -> rusqlite::Result<()> {
        let mut writer = self.0.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let write = writer.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        write
            .prepare_cached("DELETE FROM positions WHERE driver_id = ?1 AND seen_at <= ?2")?
            .execute(params![driver.driver_id, driver.seen_at_ms])?;
        write
            .prepare_cached(
                "INSERT OR IGNORE INTO positions (driver_id, lat, lon, on_shift, max_pickup_m, seen_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![
                driver.driver_id,
                driver.lat,
                driver.lon,
                driver.on_shift,
                driver.max_pickup_m,
                driver.seen_at_ms
            ])?;
        write.commit()
    }

    /// What is known of one driver.
    pub fn driver(&self, driver_id: &str) -> rusqlite::Result<Option<Driver>> {
        Ok(self.view()?.drivers.get(driver_id).cloned())
    }

    /// The first driver on shift who suits, going outwards from a place up to `radius_m`, and the way there in whole metres.
    /// `suits` is asked for one driver after the other, nearest first.
    pub fn nearest<E: From<rusqlite::Error>>(
        &self,
        lat: f64,
        lon: f64,
        radius_m: u32,
        mut suits: impl FnMut(&str) -> Result<bool, E>,
    ) -> Result<Option<(String, i32)>, E> {
        let view = self.view()?;
        let place = sphere::point(lat, lon);
        for (entry, squared) in view.index.nearest_neighbor_iter_with_distance_2(place) {
            let metres = sphere::surface_m(squared);
            if metres > f64::from(radius_m) {
                break;
            }
            let on_shift = view
                .drivers
                .get(&entry.data)
                .is_some_and(|driver| driver.on_shift);
            if on_shift && suits(&entry.data)? {
                return Ok(Some((entry.data.to_string(), metres.round() as i32)));
            }
        }
        Ok(None)
    }

    /// The positions as they are now.
    fn view(&self) -> rusqlite::Result<MutexGuard<'_, View>> {
        let mut view = self.0.view.lock().unwrap_or_else(PoisonError::into_inner);
        view.refresh()?;
        Ok(view)
    }
}

/// How long to go on when other copies prepare the file at the same moment.
const PREPARE: Duration = Duration::from_secs(10);

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let begun = Instant::now();
    loop {
        let file = Connection::open(path)?;
        file.busy_timeout(Duration::from_secs(10))?;
        match file.execute_batch(SCHEMA) {
            Ok(()) => return Ok(file),
            // Switching to WAL does not wait for the busy timeout.
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && begun.elapsed() < PREPARE =>
            {
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(error) => return Err(error),
        }
    }
}

impl View {
    /// Takes in what the copies have written since the last time.
    fn refresh(&mut self) -> rusqlite::Result<()> {
        let fresh: Vec<(i64, Driver)> = self
            .file
            .prepare_cached(
                "SELECT seq, driver_id, lat, lon, on_shift, max_pickup_m, seen_at FROM positions WHERE seq > ?1 ORDER BY seq",
            )?
            .query_map([self.seen], |row| Ok((row.get(0)?, driver(row)?)))?
            .collect::<Result<_, _>>()?;
        for (seq, driver) in fresh {
            self.seen = seq;
            self.place(driver);
        }
        Ok(())
    }

    fn place(&mut self, driver: Driver) {
        let name: Arc<str> = driver.driver_id.as_str().into();
        if let Some(before) = self.drivers.get(&name) {
            self.index.remove(&GeomWithData::new(
                sphere::point(before.lat, before.lon),
                name.clone(),
            ));
        }
        self.index.insert(GeomWithData::new(
            sphere::point(driver.lat, driver.lon),
            name.clone(),
        ));
        self.drivers.insert(name, driver);
    }
}

fn driver(row: &Row<'_>) -> rusqlite::Result<Driver> {
    Ok(Driver {
        driver_id: row.get("driver_id")?,
        lat: row.get("lat")?,
        lon: row.get("lon")?,
        on_shift: row.get("on_shift")?,
        max_pickup_m: row.get("max_pickup_m")?,
        seen_at_ms: row.get("seen_at")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(driver_id: &str, lat: f64, seen_at_ms: i64) -> Driver {
        Driver {
            driver_id: driver_id.into(),
            lat,
            lon: 10.0,
            on_shift: true,
            max_pickup_m: 5_000,
            seen_at_ms,
        }
    }

    fn nearest(fleet: &Fleet, radius_m: u32, except: &[&str]) -> Option<String> {
        let found: rusqlite::Result<_> =
            fleet.nearest(50.0, 10.0, radius_m, |name| Ok(!except.contains(&name)));
        found.unwrap().map(|(name, _)| name)
    }

    fn shared() -> (tempfile::TempDir, Fleet, Fleet) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("positions.sqlite3");
        let (one, other) = (Fleet::open(&path).unwrap(), Fleet::open(&path).unwrap());
        (folder, one, other)
    }

    #[test]
    fn the_nearest_driver_who_suits_is_found_within_the_radius() {
        let (_folder, fleet, _) = shared();
        fleet.record(&at("near", 50.001, 1)).unwrap();
        fleet.record(&at("middle", 50.01, 1)).unwrap();
        fleet.record(&at("far", 50.2, 1)).unwrap();
        assert_eq!(nearest(&fleet, 5_000, &[]).as_deref(), Some("near"));
        assert_eq!(nearest(&fleet, 5_000, &["near"]).as_deref(), Some("middle"));
        assert_eq!(nearest(&fleet, 5_000, &["near", "middle"]), None);
    }

    #[test]
    fn what_one_copy_hears_every_copy_knows() {
        let (_folder, one, other) = shared();
        one.record(&at("a", 50.01, 1)).unwrap();
        assert_eq!(nearest(&other, 5_000, &[]).as_deref(), Some("a"));
        one.record(&at("a", 51.0, 2)).unwrap();
        assert_eq!(
            nearest(&other, 5_000, &[]),
            None,
            "the driver has left the neighbourhood"
        );
        assert_eq!(other.driver("a").unwrap(), Some(at("a", 51.0, 2)));
    }

    #[test]
    fn who_looks_for_a_driver_does_not_wait_for_who_writes_positions() {
        let (_folder, one, other) = shared();
        one.record(&at("a", 50.01, 1)).unwrap();
        // given another copy writes, and this one waits for its turn
        let mut busy = other.0.writer.lock().unwrap();
        let write = busy
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
            .unwrap();
        let waiting = std::thread::spawn({
            let one = one.clone();
            move || one.record(&at("a", 51.0, 2)).unwrap()
        });
        while one.0.writer.try_lock().is_ok() {
            std::thread::yield_now();
        }
        // then the driver is found all the same
        assert_eq!(nearest(&one, 5_000, &[]).as_deref(), Some("a"));
        drop(write);
        waiting.join().unwrap();
        assert_eq!(nearest(&one, 5_000, &[]), None);
    }

    #[test]
    fn copies_that_start_at_once_all_open_the_file() {
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("positions.sqlite3");
            let copies: Vec<_> = (0..6)
                .map(|_| {
                    std::thread::spawn({
                        let path = path.clone();
                        move || Fleet::open(&path).map(drop)
                    })
                })
                .collect();
            for copy in copies {
                copy.join().unwrap().unwrap();
            }
        }
    }

    #[test]
    fn an_older_report_changes_nothing() {
        let (_folder, fleet, other) = shared();
        fleet.record(&at("a", 50.01, 5)).unwrap();
        fleet.record(&at("a", 51.0, 4)).unwrap();
        assert_eq!(nearest(&other, 5_000, &[]).as_deref(), Some("a"));
    }

    #[test]
    fn a_driver_off_shift_is_not_found() {
        let (_folder, fleet, _) = shared();
        fleet
            .record(&Driver {
                on_shift: false,
                ..at("a", 50.0, 1)
            })
            .unwrap();
        assert_eq!(nearest(&fleet, 5_000, &[]), None);
    }
}
