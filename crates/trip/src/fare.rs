//! What a ride costs: exact cents, never a binary fraction.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// For getting in.
const BASE_CENTS: i64 = 300;
/// For each kilometre, in proportion to the metre.
const PER_KM_CENTS: i64 = 175;
/// The most that an event can carry: ten digits, two of them after the point.
const MOST_CENTS: i64 = 9_999_999_999;

/// An amount in US dollars. As text: `18.50`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Fare {
    cents: i64,
}

impl Fare {
    /// The fare of a ride of that many metres, rounded to the nearest cent.
    pub fn of_distance(metres: u32) -> Self {
        Self {
            cents: BASE_CENTS + (PER_KM_CENTS * i64::from(metres) + 500) / 1000,
        }
    }

    /// The amount in cents.
    pub fn cents(self) -> i64 {
        self.cents
    }
}

impl fmt::Display for Fare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.cents / 100, self.cents % 100)
    }
}

impl From<Fare> for String {
    fn from(fare: Fare) -> Self {
        fare.to_string()
    }
}

impl TryFrom<String> for Fare {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl FromStr for Fare {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("{text:?} is no fare; write dollars and cents, for instance \"18.50\"");
        let (dollars, cents) = text.split_once('.').unwrap_or((text, "00"));
        let digits =
            |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(dollars) || !digits(cents) || cents.len() != 2 || dollars.len() > 8 {
            return Err(wrong());
        }
        let cents = format!("{dollars}{cents}").parse().map_err(|_| wrong())?;
        if cents > MOST_CENTS {
            Err(wrong())
        } else {
            Ok(Self { cents })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_makes_the_fare_to_the_nearest_cent() {
        let cases = [
            (0, "3.00"),
            (1_000, "4.75"),
            (7_400, "15.95"),
            (2, "3.00"),
            (3, "3.01"),
            (u32::MAX, "7516195.77"),
        ];
        for (metres, fare) in cases {
            assert_eq!(Fare::of_distance(metres).to_string(), fare, "{metres} m");
        }
    }

    #[test]
    fn a_fare_is_dollars_and_cents() {
        for text in ["0.00", "18.50", "99999999.99"] {
            assert_eq!(text.parse::<Fare>().unwrap().to_string(), text);
        }
        assert_eq!("7".parse::<Fare>().unwrap().to_string(), "7.00");
        for text in [
            "",
            ".50",
            "1.5",
            "1.505",
            "-1.00",
            "+1.00",
            "1e3",
            "100000000.00",
            "1,50",
        ] {
            assert!(text.parse::<Fare>().is_err(), "{text}");
        }
    }
}
