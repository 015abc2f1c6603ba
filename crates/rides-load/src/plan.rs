//! Who will ask for which trip, and what will become of it: made from a seed, so that the same seed asks for the same trips again.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use uuid::Uuid;

use crate::city::{self, Place};

/// How fast traffic moves, in metres a second (18 km/h).
pub const SPEED_M_S: f64 = 5.0;

/// One rider's trip.
#[derive(Clone, Debug, PartialEq)]
pub struct Ride {
    /// The trip, chosen here so that asking again is harmless.
    pub trip_id: Uuid,
    /// The rider.
    pub rider_id: String,
    /// Where the rider waits.
    pub pickup: Place,
    /// Where the rider wants to go.
    pub dropoff: Place,
    /// Number of people who ride.
    pub passengers: i32,
    /// Length of the ride in metres.
    pub distance_m: i32,
    /// How long the ride takes, in unscaled time.
    pub duration: Duration,
    /// What will become of it.
    pub fate: Fate,
}

/// What the rider does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Rides, when a driver comes.
    Rides,
    /// Calls it off after so long, in real time.
    CallsOff(Duration),
    /// Waits where no driver is near.
    WaitsInVain,
}

/// A ride without its rider: what a file or chance says.
#[derive(Clone, Debug, PartialEq)]
pub struct Leg {
    /// Name of the zone where it begins.
    pub from: String,
    /// Name of the zone where it ends.
    pub to: String,
    /// Number of people who ride.
    pub passengers: i32,
    /// Length in metres; `None` for whatever the zones' distance makes.
    pub distance_m: Option<i32>,
    /// How long it takes; `None` for whatever the distance makes.
    pub duration: Option<Duration>,
}

/// How the riders are mixed.
#[derive(Clone, Copy, Debug)]
pub struct Mix {
    /// Makes every choice repeatable.
    pub seed: u64,
    /// Share of riders who call it off, 0 to 1.
    pub cancel_share: f64,
    /// Share of riders who wait where no driver is near, 0 to 1.
    pub remote_share: f64,
}

/// Makes up as many legs as asked for.
pub fn made_up(count: usize, seed: u64) -> Vec<Leg> {
    let mut random = StdRng::seed_from_u64(seed ^ 0x1e65);
    let leg = |_| Leg {
        from: city::somewhere(&mut random).zone,
        to: city::somewhere(&mut random).zone,
        passengers: random.random_range(1..=4),
        distance_m: None,
        duration: None,
    };
    (0..count).map(leg).collect()
}

/// Gives each leg its rider and its fate.
pub fn plan(legs: &[Leg], mix: Mix) -> Vec<Ride> {
    let mut random = StdRng::seed_from_u64(mix.seed);
    (1..)
        .zip(legs)
        .map(|(number, leg)| ride(number, leg, mix, &mut random))
        .collect()
}

fn ride(number: usize, leg: &Leg, mix: Mix, random: &mut StdRng) -> Ride {
    let trip_id = uuid::Builder::from_random_bytes(random.random()).into_uuid();
    let fate = fate(mix, random);
    let pickup = match fate {
        Fate::WaitsInVain => city::far_outside(random),
        _ => city::somewhere_in(&leg.from, random),
    };
    let dropoff = city::somewhere_in(&leg.to, random);
    let distance_m = leg
        .distance_m
        .unwrap_or_else(|| (city::distance_m(&pickup, &dropoff) * 1.3).round() as i32);
    let duration = leg.duration.unwrap_or_else(|| {
        Duration::from_secs_f64(120.0 + f64::from(distance_m.min(20_000)) / SPEED_M_S)
    });
    Ride {
        trip_id,
        rider_id: format!("rider-{number}"),
        pickup,
        dropoff,
        passengers: leg.passengers,
        distance_m,
        duration,
        fate,
    }
}

fn fate(mix: Mix, random: &mut StdRng) -> Fate {
    let (dice, soon) = (random.random::<f64>(), random.random::<bool>());
    let within_ms = if soon { 0..300 } else { 300..5_000 };
    let after = Duration::from_millis(random.random_range(within_ms));
    if dice < mix.remote_share {
        Fate::WaitsInVain
    } else if dice < mix.remote_share + mix.cancel_share {
        Fate::CallsOff(after)
    } else {
        Fate::Rides
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const MIX: Mix = Mix {
        seed: 7,
        cancel_share: 0.1,
        remote_share: 0.03,
    };

    #[test]
    fn the_same_seed_asks_for_the_same_trips() {
        let legs = made_up(50, 7);
        assert_eq!(plan(&legs, MIX), plan(&made_up(50, 7), MIX));
        assert_ne!(
            plan(&legs, MIX)[0].trip_id,
            plan(&legs, Mix { seed: 8, ..MIX })[0].trip_id
        );
    }

    #[test]
    fn no_two_trips_share_an_id() {
        let rides = plan(&made_up(2_000, 7), MIX);
        assert_eq!(
            rides
                .iter()
                .map(|ride| ride.trip_id)
                .collect::<HashSet<_>>()
                .len(),
            2_000
        );
    }

    #[test]
    fn the_shares_are_about_as_asked() {
        let rides = plan(&made_up(5_000, 7), MIX);
        let share = |of: fn(&Fate) -> bool| {
            rides.iter().filter(|ride| of(&ride.fate)).count() as f64 / 5_000.0
        };
        assert!((share(|fate| matches!(fate, Fate::CallsOff(_))) - 0.1).abs() < 0.02);
        assert!((share(|fate| matches!(fate, Fate::WaitsInVain)) - 0.03).abs() < 0.01);
    }

    #[test]
    fn what_the_leg_says_is_kept() {
        let leg = Leg {
            from: "a".into(),
            to: "b".into(),
            passengers: 3,
            distance_m: Some(1_200),
            duration: Some(Duration::from_secs(90)),
        };
        let ride = &plan(
            &[leg],
            Mix {
                cancel_share: 0.0,
                remote_share: 0.0,
                ..MIX
            },
        )[0];
        assert_eq!(
            (ride.passengers, ride.distance_m, ride.duration.as_secs()),
            (3, 1_200, 90)
        );
        assert!(city::distance_m(&ride.pickup, &city::zone("a")) < 500.0);
    }
}
