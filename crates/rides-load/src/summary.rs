//! What came of the run.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use uuid::Uuid;

use crate::client::Status;
use crate::plan::Fate;
use crate::rider::Story;

/// How many examples of one kind are shown.
const SHOWN: usize = 10;

/// The end of every trip, and how long riders waited for a driver.
#[derive(Debug, Default)]
pub struct Summary {
    /// How each trip ended that ended as it should.
    pub ends: BTreeMap<Uuid, Status>,
    /// The other trips, each with the reason.
    pub wrong: Vec<(Uuid, String)>,
    no_driver_in_town: usize,
    waits: Vec<Duration>,
}

impl Summary {
    /// Adds a story.
    pub fn add(&mut self, story: Story) {
        self.waits.extend(story.assigned_after);
        match story.end {
            Ok(end) => {
                let missed = end == Status::Unfulfilled && story.ride.fate != Fate::WaitsInVain;
                self.no_driver_in_town += usize::from(missed);
                self.ends.insert(story.ride.trip_id, end);
            }
            Err(reason) => self.wrong.push((story.ride.trip_id, reason)),
        }
    }

    /// How many trips ended so.
    pub fn count(&self, end: Status) -> usize {
        self.ends.values().filter(|found| **found == end).count()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "trips        {}", self.ends.len() + self.wrong.len())?;
        writeln!(f, "completed    {}", self.count(Status::Completed))?;
        writeln!(f, "cancelled    {}", self.count(Status::Cancelled))?;
        write!(f, "unfulfilled  {}", self.count(Status::Unfulfilled))?;
        match self.no_driver_in_town {
            0 => writeln!(f)?,
            some => writeln!(
                f,
                " (of these {some} in town, where no driver was free in time)"
            )?,
        }
        let mut waits = self.waits.clone();
        waits.sort_unstable();
        if let (Some(half), Some(most)) = (quantile(&waits, 0.5), quantile(&waits, 0.99)) {
            writeln!(
                f,
                "request to driver  p50 {} ms, p99 {} ms",
                half.as_millis(),
                most.as_millis()
            )?;
        }
        if !self.wrong.is_empty() {
            writeln!(f, "not as they should: {}", self.wrong.len())?;
        }
        for (trip_id, reason) in self.wrong.iter().take(SHOWN) {
            writeln!(f, "  {trip_id} {reason}")?;
        }
        Ok(())
    }
}

/// The value below which that share of the sorted values lies.
fn quantile(sorted: &[Duration], share: f64) -> Option<Duration> {
    let index = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(index.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Mix, made_up, plan};

    #[test]
    fn quantiles_are_values_that_occurred() {
        let waits: Vec<_> = (1..=100).map(Duration::from_millis).collect();
        assert_eq!(quantile(&waits, 0.5), Some(Duration::from_millis(50)));
        assert_eq!(quantile(&waits, 0.99), Some(Duration::from_millis(99)));
        assert_eq!(quantile(&[], 0.5), None);
    }

    #[test]
    fn the_summary_counts_ends_and_names_what_went_wrong() {
        let rides = plan(
            &made_up(3, 1),
            Mix {
                seed: 1,
                cancel_share: 0.0,
                remote_share: 0.0,
            },
        );
        let ends = [
            Ok(Status::Completed),
            Ok(Status::Unfulfilled),
            Err("has not ended in time".to_owned()),
        ];
        let mut summary = Summary::default();
        let lost = rides[2].trip_id;
        for (ride, end) in rides.into_iter().zip(ends) {
            summary.add(Story {
                ride,
                end,
                assigned_after: Some(Duration::from_millis(7)),
            });
        }
        let text = summary.to_string();
        assert!(
            text.contains("completed    1") && text.contains("of these 1 in town"),
            "{text}"
        );
        assert!(
            text.contains(&format!("{lost} has not ended in time")) && text.contains("p99 7 ms"),
            "{text}"
        );
    }
}
