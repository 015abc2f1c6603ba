//! What a rider's app asks for.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

const LONGEST_TEXT: usize = 200;

/// The body of `POST /trips`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TripRequest {
    /// Chosen by the app, so that it can ask again without asking for a second trip; chosen here where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trip_id: Option<Uuid>,
    /// The rider who asks.
    pub rider_id: String,
    /// Where the rider waits.
    pub pickup: Place,
    /// Where the rider wants to go.
    pub dropoff: Place,
    /// Number of people who ride, at least 1.
    #[serde(default = "one")]
    pub passengers: i32,
    /// Length of the ride in metres, where the app knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distance_m: Option<i32>,
}

/// A point on the map, with the name of its zone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Latitude in degrees, WGS 84.
    pub lat: f64,
    /// Longitude in degrees, WGS 84.
    pub lon: f64,
    /// Name of the zone.
    pub zone: String,
}

impl From<Place> for rides::Place {
    fn from(Place { lat, lon, zone }: Place) -> Self {
        Self { lat, lon, zone }
    }
}

fn one() -> i32 {
    1
}

impl TripRequest {
    /// Checks what the types can't say.
    ///
    /// # Errors
    /// The first thing that is wrong, for the app's author.
    pub fn check(&self) -> Result<(), String> {
        text("rider_id", &self.rider_id)?;
        if self.rider_id.is_empty() {
            return Err("rider_id is empty".into());
        }
        self.pickup.check("pickup")?;
        self.dropoff.check("dropoff")?;
        if !(1..=100).contains(&self.passengers) {
            return Err(format!(
                "passengers is {}; it must be 1 to 100",
                self.passengers
            ));
        }
        match self.distance_m {
            Some(metres) if metres < 0 => {
                Err(format!("distance_m is {metres}; it can't be negative"))
            }
            _ => Ok(()),
        }
    }

    /// The length of the ride in metres: what the app knows, or the way as the crow flies and a third more.
    pub fn ride_m(&self) -> u32 {
        let known = self
            .distance_m
            .and_then(|metres| u32::try_from(metres).ok());
        known.unwrap_or_else(|| (self.pickup.distance_m(&self.dropoff) * 4.0 / 3.0).round() as u32)
    }
}

impl Place {
    fn check(&self, name: &str) -> Result<(), String> {
        text(&format!("{name}.zone"), &self.zone)?;
        if !(-90.0..=90.0).contains(&self.lat) {
            return Err(format!(
                "{name}.lat is {}; a latitude lies between -90 and 90",
                self.lat
            ));
        }
        if !(-180.0..=180.0).contains(&self.lon) {
            return Err(format!(
                "{name}.lon is {}; a longitude lies between -180 and 180",
                self.lon
            ));
        }
        Ok(())
    }

    /// The way to another place in metres, on a sphere.
    fn distance_m(&self, other: &Self) -> f64 {
        let (lat, other_lat) = (self.lat.to_radians(), other.lat.to_radians());
        let half_lat = ((other_lat - lat) / 2.0).sin();
        let half_lon = ((other.lon - self.lon).to_radians() / 2.0).sin();
        let chord = half_lat.powi(2) + lat.cos() * other_lat.cos() * half_lon.powi(2);
        2.0 * 6_371_008.8 * chord.sqrt().clamp(0.0, 1.0).asin()
    }
}

fn text(name: &str, value: &str) -> Result<(), String> {
    if value.len() > LONGEST_TEXT || value.chars().any(char::is_control) {
        return Err(format!(
            "{name} must have at most {LONGEST_TEXT} bytes and no control characters"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> TripRequest {
        let place = |lat, zone: &str| Place {
            lat,
            lon: 10.0,
            zone: zone.into(),
        };
        TripRequest {
            trip_id: None,
            rider_id: "rider-17".into(),
            pickup: place(50.0, "a"),
            dropoff: place(50.01, "b"),
            passengers: 1,
            distance_m: None,
        }
    }

    #[test]
    fn the_usual_request_is_fine() {
        assert_eq!(request().check(), Ok(()));
    }

    #[test]
    fn each_wrong_value_is_named() {
        type Spoil = fn(&mut TripRequest);
        let wrong: [(&str, Spoil); 7] = [
            ("rider_id", |request| request.rider_id.clear()),
            ("rider_id", |request| request.rider_id = "r\n".into()),
            ("pickup.lat", |request| request.pickup.lat = 90.1),
            ("dropoff.lon", |request| request.dropoff.lon = -180.1),
            ("dropoff.zone", |request| {
                request.dropoff.zone = "z".repeat(201)
            }),
            ("passengers", |request| request.passengers = 0),
            ("distance_m", |request| request.distance_m = Some(-1)),
        ];
        for (name, spoil) in wrong {
            let mut request = request();
            spoil(&mut request);
            assert!(
                request.check().is_err_and(|error| error.contains(name)),
                "{name}: {request:?}"
            );
        }
    }

    #[test]
    fn a_ride_without_a_known_length_is_measured() {
        assert_eq!(
            request().ride_m(),
            1_483,
            "1,112 m as the crow flies, and a third more"
        );
        assert_eq!(
            TripRequest {
                distance_m: Some(900),
                ..request()
            }
            .ride_m(),
            900
        );
    }
}
