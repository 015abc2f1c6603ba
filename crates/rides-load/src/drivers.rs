//! The drivers' apps: they move about, and report where they are.

use std::sync::{Mutex, PoisonError};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::city::{self, Place};

/// Share of drivers who don't go far for a rider.
const LAZY: f64 = 0.1;
/// How likely a driver rests at a report, and goes on at the next.
const RESTS: f64 = 0.04;
/// How far a driver strays between two reports, in degrees (about 170 m).
const STRAYS: f64 = 0.0015;

/// A driver's report.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The driver.
    pub driver_id: String,
    /// Where the driver is.
    pub at: Place,
    /// Whether the driver takes trips.
    pub on_shift: bool,
    /// Offers farther away than this are declined, in metres.
    pub max_pickup_m: i32,
}

/// All the drivers.
#[derive(Debug)]
pub struct Drivers(Mutex<Inner>);

#[derive(Debug)]
struct Inner {
    random: StdRng,
    drivers: Vec<Report>,
}

impl Drivers {
    /// So many drivers, anywhere in the city.
    pub fn new(count: usize, seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed ^ 0xd417e5);
        let driver = |number| Report {
            driver_id: format!("driver-{number}"),
            at: city::somewhere(&mut random),
            on_shift: true,
            max_pickup_m: if random.random_bool(LAZY) {
                random.random_range(200..800)
            } else {
                8_000
            },
        };
        let drivers = (1..=count).map(driver).collect();
        Self(Mutex::new(Inner { random, drivers }))
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.with(|inner| inner.drivers.len())
    }

    /// Where every driver is now, as it is.
    pub fn all(&self) -> Vec<Report> {
        self.with(|inner| inner.drivers.clone())
    }

    /// The next report of one driver, who has strayed a little and may rest.
    pub fn report(&self, index: usize) -> Report {
        self.with(|Inner { random, drivers }| {
            let driver = &mut drivers[index];
            driver.at = city::nudge(&driver.at, STRAYS, random);
            driver.on_shift = !driver.on_shift || !random.random_bool(RESTS);
            driver.clone()
        })
    }

    /// A driver has come to a place.
    pub fn arrive(&self, driver_id: &str, place: &Place) {
        self.with(|inner| {
            let number = driver_id
                .strip_prefix("driver-")
                .and_then(|number| number.parse::<usize>().ok());
            if let Some(driver) =
                number.and_then(|number| inner.drivers.get_mut(number.checked_sub(1)?))
            {
                driver.at = place.clone();
            }
        });
    }

    fn with<T>(&self, act: impl FnOnce(&mut Inner) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_driver_reports_from_near_the_place_of_arrival() {
        let drivers = Drivers::new(3, 1);
        let place = city::zone("Harbour");
        drivers.arrive("driver-2", &place);
        drivers.arrive("driver-99", &place); // of another run: nobody here
        let report = drivers.report(1);
        assert_eq!(
            (report.driver_id.as_str(), report.at.zone.as_str()),
            ("driver-2", "Harbour")
        );
        assert!(city::distance_m(&report.at, &place) < 300.0);
    }

    #[test]
    fn some_drivers_are_lazy_and_some_rest_but_not_for_long() {
        let drivers = Drivers::new(400, 1);
        let lazy = drivers
            .all()
            .iter()
            .filter(|driver| driver.max_pickup_m < 1_000)
            .count();
        assert!((10..100).contains(&lazy), "{lazy}");
        let resting: Vec<usize> = (0..400)
            .filter(|index| !drivers.report(*index).on_shift)
            .collect();
        assert!((1..60).contains(&resting.len()), "{}", resting.len());
        assert!(resting.iter().all(|index| drivers.report(*index).on_shift));
    }
}
