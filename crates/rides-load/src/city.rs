//! A made-up city: a box of about twelve by twelve kilometres. A zone lies where the hash of its name says, always at the same place.

use rand::RngExt;
use rand::rngs::StdRng;
use serde::Serialize;

const SOUTH: f64 = 40.70;
const WEST: f64 = -74.02;
const HEIGHT: f64 = 0.11;
const WIDTH: f64 = 0.14;
/// Half the size of a zone, in degrees: about 300 m.
const ZONE: f64 = 0.0027;

/// A point on the map, with the name of its zone.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Place {
    /// Latitude in degrees, WGS 84.
    pub lat: f64,
    /// Longitude in degrees, WGS 84.
    pub lon: f64,
    /// Name of the zone.
    pub zone: String,
}

/// The middle of a zone.
pub fn zone(name: &str) -> Place {
    let hash = hash(name);
    let part = |bits: u64| (bits & 0xffff_ffff) as f64 / f64::from(u32::MAX);
    Place {
        lat: SOUTH + HEIGHT * part(hash),
        lon: WEST + WIDTH * part(hash >> 32),
        zone: name.to_owned(),
    }
}

/// Somewhere in a zone.
pub fn somewhere_in(name: &str, random: &mut StdRng) -> Place {
    nudge(&zone(name), ZONE, random)
}

/// Somewhere in the city.
pub fn somewhere(random: &mut StdRng) -> Place {
    zone(&format!("zone {}", random.random_range(1..=ZONES)))
}

/// A place far outside, where no driver is near.
pub fn far_outside(random: &mut StdRng) -> Place {
    let middle = Place {
        lat: SOUTH + 1.0,
        lon: WEST - 1.0,
        zone: "far outside".to_owned(),
    };
    nudge(&middle, ZONE, random)
}

/// A place close to this one, at most so many degrees away in each direction.
pub fn nudge(place: &Place, degrees: f64, random: &mut StdRng) -> Place {
    Place {
        lat: place.lat + random.random_range(-degrees..=degrees),
        lon: place.lon + random.random_range(-degrees..=degrees),
        zone: place.zone.clone(),
    }
}

/// The way between two places in metres; exact enough inside a city.
pub fn distance_m(a: &Place, b: &Place) -> f64 {
    const DEGREE_M: f64 = 111_195.0;
    let north = (a.lat - b.lat) * DEGREE_M;
    let east = (a.lon - b.lon) * DEGREE_M * a.lat.to_radians().cos();
    north.hypot(east)
}

/// How many zones a made-up plan has.
const ZONES: u32 = 80;

/// FNV-1a, stirred so that every bit depends on every letter.
fn hash(name: &str) -> u64 {
    let fnv = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let stirred = (fnv ^ (fnv >> 31)).wrapping_mul(0x7fb5_d329_728e_a185);
    let stirred = (stirred ^ (stirred >> 27)).wrapping_mul(0x81da_def4_bc2d_d44d);
    stirred ^ (stirred >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_lies_always_at_the_same_place_inside_the_city() {
        for name in ["Alphabet City", "West Village", "", "UN/Turtle Bay South"] {
            let place = zone(name);
            assert_eq!(place, zone(name));
            assert!((SOUTH..=SOUTH + HEIGHT).contains(&place.lat), "{place:?}");
            assert!((WEST..=WEST + WIDTH).contains(&place.lon), "{place:?}");
        }
        assert!(
            distance_m(&zone("zone 1"), &zone("zone 2")) > 100.0,
            "names that are alike lie apart"
        );
    }
}
