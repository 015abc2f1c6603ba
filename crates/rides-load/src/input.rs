//! Trips from a CSV file with the columns `pickup` and `dropoff` (times such as `2019-03-23 20:21:09`), `passengers`, `distance` (miles),
//! `pickup_zone` and `dropoff_zone`. Other columns are ignored; rows that can't be used are reported.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::civil::DateTime;
use serde::Deserialize;

use crate::plan::Leg;

const METRES_IN_A_MILE: f64 = 1_609.344;
/// Longer rides are taken for mistakes: they would keep the whole run waiting.
const LONGEST: Duration = Duration::from_secs(3 * 60 * 60);
const COLUMNS: [&str; 6] = [
    "pickup",
    "dropoff",
    "passengers",
    "distance",
    "pickup_zone",
    "dropoff_zone",
];

/// The usable rows of a file, and what is wrong with the others.
#[derive(Debug, Default, PartialEq)]
pub struct Input {
    /// The usable rows, in the order of the file.
    pub legs: Vec<Leg>,
    /// Each other row: its line and the reason.
    pub refused: Vec<(u64, String)>,
}

/// A file that can't be used at all.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// It can't be read.
    #[error("{path} can't be read as CSV: {source}")]
    Csv {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: csv::Error,
    },
    /// Columns are missing.
    #[error("{path} lacks the columns {missing}; it needs {}", COLUMNS.join(", "))]
    Columns {
        /// The file.
        path: PathBuf,
        /// Their names.
        missing: String,
    },
}

#[derive(Deserialize)]
struct Row {
    pickup: String,
    dropoff: String,
    passengers: String,
    distance: String,
    pickup_zone: String,
    dropoff_zone: String,
}

/// Reads a file.
///
/// # Errors
/// The file is no CSV file, or lacks a column. Single bad rows are no error.
pub fn read(path: &Path) -> Result<Input, InputError> {
    let failed = |source| InputError::Csv {
        path: path.to_owned(),
        source,
    };
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .from_path(path)
        .map_err(failed)?;
    let headers = reader.headers().map_err(failed)?.clone();
    let missing: Vec<&str> = COLUMNS
        .into_iter()
        .filter(|name| !headers.iter().any(|header| header == *name))
        .collect();
    if !missing.is_empty() {
        return Err(InputError::Columns {
            path: path.to_owned(),
            missing: missing.join(", "),
        });
    }
    let mut input = Input::default();
    for record in reader.records() {
        let line = |record: &csv::StringRecord| record.position().map_or(0, csv::Position::line);
        match record {
            Err(error) if error.is_io_error() => return Err(failed(error)),
            Err(error) => input.refused.push((
                error.position().map_or(0, csv::Position::line),
                error.to_string(),
            )),
            Ok(record) => match record
                .deserialize(Some(&headers))
                .map_err(|error| error.to_string())
                .and_then(|row| leg(&row))
            {
                Ok(leg) => input.legs.push(leg),
                Err(reason) => input.refused.push((line(&record), reason)),
            },
        }
    }
    Ok(input)
}

fn leg(row: &Row) -> Result<Leg, String> {
    if row.pickup_zone.is_empty() || row.dropoff_zone.is_empty() {
        let name = if row.pickup_zone.is_empty() {
            "pickup_zone"
        } else {
            "dropoff_zone"
        };
        return Err(format!("{name} is empty"));
    }
    let passengers = match row.passengers.parse() {
        Ok(0) => 1, // nobody counted; somebody rode
        Ok(count @ 1..=100) => count,
        _ => return Err(format!("passengers is {:?}, not 0 to 100", row.passengers)),
    };
    let miles = row
        .distance
        .parse::<f64>()
        .ok()
        .filter(|miles| (0.0..1_000.0).contains(miles));
    let miles =
        miles.ok_or_else(|| format!("distance is {:?}, not 0 to 1000 miles", row.distance))?;
    Ok(Leg {
        from: row.pickup_zone.clone(),
        to: row.dropoff_zone.clone(),
        passengers,
        distance_m: Some((miles * METRES_IN_A_MILE).round() as i32),
        duration: Some(duration(row)?),
    })
}

fn duration(row: &Row) -> Result<Duration, String> {
    let time = |name: &str, text: &str| -> Result<DateTime, String> {
        text.parse()
            .map_err(|_| format!("{name} is {text:?}, no time such as 2019-03-23 20:21:09"))
    };
    let (pickup, dropoff) = (time("pickup", &row.pickup)?, time("dropoff", &row.dropoff)?);
    let seconds = dropoff.duration_since(pickup).as_secs();
    match u64::try_from(seconds).map(Duration::from_secs) {
        Ok(duration) if duration <= LONGEST => Ok(duration),
        _ => Err(format!(
            "the ride from {pickup} to {dropoff} takes {seconds} s, not 0 to {} s",
            LONGEST.as_secs()
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn read_text(text: &str) -> Result<Input, InputError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trips.csv");
        fs::write(&path, text).unwrap();
        read(&path)
    }

    const HEADER: &str = "color,pickup,dropoff,passengers,distance,pickup_zone,dropoff_zone\n";

    #[test]
    fn a_row_becomes_a_leg() {
        let row =
            "yellow,2019-03-23 20:21:09,2019-03-23 20:27:24,2,1.6,Harbour,\"Old Town, North\"\n";
        let input = read_text(&format!("{HEADER}{row}")).unwrap();
        assert_eq!(input.refused, []);
        assert_eq!(
            input.legs,
            [Leg {
                from: "Harbour".into(),
                to: "Old Town, North".into(),
                passengers: 2,
                distance_m: Some(2_575),
                duration: Some(Duration::from_secs(375)),
            }]
        );
    }

    #[test]
    fn bad_rows_are_reported_with_line_and_reason_and_the_others_used() {
        let rows = [
            (
                "red,2019-03-23 20:21:09,2019-03-23 20:27:24,2,1.6,,B",
                "pickup_zone is empty",
            ),
            (
                "red,2019-03-23 20:21:09,2019-03-23 20:27:24,2,1.6,A,",
                "dropoff_zone is empty",
            ),
            (
                "red,2019-03-23 20:21:09,2019-03-23 20:27:24,-1,1.6,A,B",
                "passengers is \"-1\"",
            ),
            (
                "red,2019-03-23 20:21:09,2019-03-23 20:27:24,1,far,A,B",
                "distance is \"far\"",
            ),
            (
                "red,2019-03-23 20:21:09,2019-03-23 20:27:24,1,NaN,A,B",
                "distance is \"NaN\"",
            ),
            (
                "red,yesterday,2019-03-23 20:27:24,1,1.6,A,B",
                "pickup is \"yesterday\"",
            ),
            (
                "red,2019-03-23 20:21:09,2019-03-23 20:21:08,1,1.6,A,B",
                "takes -1 s",
            ),
            (
                "red,2019-03-23 20:21:09,2019-03-24 20:21:08,1,1.6,A,B",
                "takes 86399 s",
            ),
            ("red,2019-03-23 20:21:09", "field"),
        ];
        let text: String = rows.iter().map(|(row, _)| format!("{row}\n")).collect();
        let good = "red,2019-03-23 20:21:09,2019-03-23 20:27:24,1,1.6,A,B\n";
        let input = read_text(&format!("{HEADER}{text}{good}")).unwrap();
        assert_eq!(input.legs.len(), 1);
        assert_eq!(input.refused.len(), rows.len());
        for (index, (line, reason)) in input.refused.iter().enumerate() {
            assert_eq!(*line, index as u64 + 2);
            assert!(reason.contains(rows[index].1), "{reason}");
        }
    }

    #[test]
    fn a_file_without_the_columns_is_refused_by_their_names() {
        let error = read_text("pickup,dropoff,passengers\n")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("distance, pickup_zone, dropoff_zone"),
            "{error}"
        );
    }
}
