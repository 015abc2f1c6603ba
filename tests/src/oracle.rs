//! A reader that knows only what lies on the topics and which requests were accepted. It shares no rule with the
//! framework or the tracker: the trip workflow's answers are written out here once more, by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use farandole_event::Record;

/// Which steps answer an event, and with what. One of the answers must come; none at all where the list has `""`.
const ANSWERS: &[(&str, &str, &[&str])] = &[
    (
        "trip.requested",
        "offer",
        &["driver.offered", "driver.unavailable"],
    ),
    (
        "driver.declined",
        "offer",
        &["driver.offered", "driver.unavailable"],
    ),
    (
        "trip.search-resumed",
        "offer",
        &["driver.offered", "driver.unavailable"],
    ),
    (
        "driver.offered",
        "decide",
        &["driver.assigned", "driver.declined"],
    ),
    ("trip.completed", "release", &["driver.released"]),
    ("trip.cancelled", "release", &["driver.released", ""]),
    ("trip.unfulfilled", "release", &["driver.released", ""]),
    ("trip.requested", "notify-rider", &["rider.notified"]),
    ("driver.assigned", "notify-rider", &["rider.notified"]),
    ("trip.picked-up", "notify-rider", &["rider.notified"]),
    ("trip.completed", "notify-rider", &["rider.notified"]),
    ("trip.cancelled", "notify-rider", &["rider.notified"]),
    ("trip.unfulfilled", "notify-rider", &["rider.notified"]),
    ("driver.assigned", "notify-driver", &["driver.notified"]),
    ("trip.cancelled", "notify-driver", &["driver.notified", ""]),
];

const ENDS: &[&str] = &["trip.completed", "trip.cancelled", "trip.unfulfilled"];

/// The topics that carry a trip.
pub const TOPICS: &[&str] = &["trips", "assignments", "drivers", "notifications"];

/// One event, as its headers tell.
#[derive(Clone, Debug)]
pub struct Seen {
    id: String,
    event: String,
    correlation: String,
    cause: String,
    step: String,
    /// When the broker appended it first, in milliseconds since the epoch.
    appended_ms: i64,
    place: String,
    key: Vec<u8>,
    value: Vec<u8>,
    data: serde_json::Value,
}

/// What the oracle found.
#[derive(Debug, Default)]
pub struct Findings {
    /// Accepted trips and due answers that are not on the topics.
    pub lost: Vec<String>,
    /// Second, different outputs of one firing; different bytes under one id.
    pub doubled: Vec<String>,
    /// Drivers who were on two trips at a time.
    pub overlaps: Vec<String>,
    /// Identical records under one id, which consumers drop.
    pub repeats: usize,
    /// How many instances ended how.
    pub ends: BTreeMap<String, usize>,
}

impl Findings {
    /// Whether nothing was lost, doubled or given twice.
    pub fn is_clean(&self) -> bool {
        self.lost.is_empty() && self.doubled.is_empty() && self.overlaps.is_empty()
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = |list: &[String]| {
            list.iter()
                .take(5)
                .map(|l| format!("\n    {l}"))
                .collect::<String>()
        };
        writeln!(
            f,
            "ends {:?}, identical repeats {}",
            self.ends, self.repeats
        )?;
        writeln!(f, "  lost {}{}", self.lost.len(), head(&self.lost))?;
        writeln!(f, "  doubled {}{}", self.doubled.len(), head(&self.doubled))?;
        write!(
            f,
            "  drivers on two trips {}{}",
            self.overlaps.len(),
            head(&self.overlaps)
        )
    }
}

/// Judges the records of a finished run against the trips that were accepted (their ids, in lower case).
///
/// `decode` turns a record into its fields; only the driver's and the trip's id are looked at.
pub fn judge(
    records: &[Record],
    accepted: &BTreeSet<String>,
    decode: impl Fn(&Record) -> serde_json::Value,
) -> Findings {
    let mut findings = Findings::default();
    let events = distinct(records, decode, &mut findings);
    check_outputs(&events, &mut findings);
    check_answers(&events, &mut findings);
    check_ends(&events, accepted, &mut findings);
    check_drivers(&events, &mut findings);
    findings
}

fn distinct(
    records: &[Record],
    decode: impl Fn(&Record) -> serde_json::Value,
    findings: &mut Findings,
) -> Vec<Seen> {
    let mut by_id: BTreeMap<String, Seen> = BTreeMap::new();
    for record in records {
        let text = |name: &str| record.headers.text(name).unwrap_or_default().to_owned();
        let seen = Seen {
            id: text("ce_id"),
            event: text("ce_type"),
            correlation: text("ce_correlationid"),
            cause: text("ce_causationid"),
            step: text("ce_step"),
            appended_ms: record.timestamp_ms.unwrap_or_default(),
            place: record.position().to_string(),
            key: record.key.clone().unwrap_or_default(),
            value: record.value.clone().unwrap_or_default(),
            data: decode(record),
        };
        match by_id.get_mut(&seen.id) {
            None => {
                by_id.insert(seen.id.clone(), seen);
            }
            Some(first)
                if first.value == seen.value
                    && first.key == seen.key
                    && first.event == seen.event =>
            {
                findings.repeats += 1;
                first.appended_ms = first.appended_ms.min(seen.appended_ms);
            }
            Some(first) => {
                findings.doubled.push(format!(
                    "different bytes under {} at {} and {}",
                    seen.id, first.place, seen.place
                ));
            }
        }
    }
    by_id.into_values().collect()
}

/// Every step of this workflow emits at most one event, so a firing with two is a doubled one.
fn check_outputs(events: &[Seen], findings: &mut Findings) {
    let mut firings: BTreeMap<(&str, &str, &str), &Seen> = BTreeMap::new();
    for event in events {
        let firing = (
            event.correlation.as_str(),
            event.cause.as_str(),
            event.step.as_str(),
        );
        if let Some(first) = firings.insert(firing, event) {
            findings.doubled.push(format!(
                "step {} answered {} twice: {} at {} and {} at {}",
                event.step, event.cause, first.event, first.place, event.event, event.place
            ));
        }
    }
}

fn check_answers(events: &[Seen], findings: &mut Findings) {
    let given: BTreeMap<(&str, &str), &str> = events
        .iter()
        .map(|e| ((e.cause.as_str(), e.step.as_str()), e.event.as_str()))
        .collect();
    for event in events {
        for (_, step, answers) in ANSWERS
            .iter()
            .filter(|(trigger, ..)| *trigger == event.event)
        {
            let answer = given
                .get(&(event.id.as_str(), *step))
                .copied()
                .unwrap_or_default();
            if !answers.contains(&answer) {
                let place = &event.place;
                findings.lost.push(format!(
                    "{} at {place}: step {step} answered {answer:?}, due {answers:?}",
                    event.event
                ));
            }
        }
    }
}

fn check_ends(events: &[Seen], accepted: &BTreeSet<String>, findings: &mut Findings) {
    let requested: BTreeMap<String, &str> = events
        .iter()
        .filter(|e| e.event == "trip.requested")
        .map(|e| {
            (
                String::from_utf8_lossy(&e.key).into_owned(),
                e.correlation.as_str(),
            )
        })
        .collect();
    for trip in accepted.iter().filter(|t| !requested.contains_key(*t)) {
        findings.lost.push(format!(
            "trip {trip} was accepted, but never requested on the topics"
        ));
    }
    for (trip, correlation) in &requested {
        let ends: Vec<_> = events
            .iter()
            .filter(|e| e.correlation == *correlation && ENDS.contains(&e.event.as_str()))
            .map(|e| e.event.as_str())
            .collect();
        match ends[..] {
            [end] => *findings.ends.entry(end.to_owned()).or_default() += 1,
            [] => findings.lost.push(format!("trip {trip} never ended")),
            _ => findings
                .doubled
                .push(format!("trip {trip} ended more than once: {ends:?}")),
        }
    }
}

/// A driver is on a trip from the assignment's append time to the append time of the trip's end.
fn check_drivers(events: &[Seen], findings: &mut Findings) {
    let ended: BTreeMap<&str, i64> = events
        .iter()
        .filter(|e| ENDS.contains(&e.event.as_str()))
        .map(|e| (e.correlation.as_str(), e.appended_ms))
        .collect();
    let mut trips: BTreeMap<String, Vec<(i64, i64, &Seen)>> = BTreeMap::new();
    let mut leases: BTreeMap<(String, i64), &str> = BTreeMap::new();
    for event in events.iter().filter(|e| e.event == "driver.assigned") {
        let driver = event.data["driver_id"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let lease = event.data["lease"].as_i64().unwrap_or_default();
        if let Some(other) = leases.insert((driver.clone(), lease), &event.correlation) {
            let correlation = &event.correlation;
            findings.overlaps.push(format!(
                "{driver}: lease {lease} belongs to {other} and {correlation}"
            ));
        }
        let end = ended
            .get(event.correlation.as_str())
            .copied()
            .unwrap_or(i64::MAX);
        // An assignment that crosses the trip's end on the way lasts no time at all.
        trips.entry(driver).or_default().push((
            event.appended_ms,
            end.max(event.appended_ms),
            event,
        ));
    }
    for (driver, mut spans) in trips {
        spans.sort_by_key(|(from, to, _)| (*from, *to));
        for pair in spans.windows(2) {
            if pair[1].0 < pair[0].1 {
                findings.overlaps.push(format!(
                    "{driver}: {} and {}",
                    pair[0].2.place, pair[1].2.place
                ));
            }
        }
    }
}
