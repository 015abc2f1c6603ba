//! Records that are no events, made from one that is.

use farandole::{External, StartOptions};
use farandole_event::{Header, Headers, Outgoing};
use rides::{Place, TripRequested};
use uuid::Uuid;

/// A record, what is wrong with it, and the class of its dead letter.
pub(crate) struct Bad {
    pub(crate) what: &'static str,
    pub(crate) class: &'static str,
    pub(crate) record: Outgoing,
}

/// More than what is ever decoded: 1 MiB.
pub(crate) const OVERSIZED: usize = 2 << 20;

/// Every kind of broken `trip.requested`.
pub(crate) fn bad() -> Vec<Bad> {
    vec![
        value("an empty value", "undecodable", |_| Some(Vec::new())),
        value("no value", "undecodable", |_| None),
        value("garbage", "undecodable", |_| {
            Some(b"\xde\xad\xbe\xef and so on".to_vec())
        }),
        value("another magic number", "undecodable", |good| {
            Some([b"\xc3\x02", &good[2..]].concat())
        }),
        value("a truncated value", "undecodable", |good| {
            Some(good[..good.len() / 2].to_vec())
        }),
        value("a schema that nobody published", "exhausted", |good| {
            Some([&good[..2], &[7; 8], &good[10..]].concat())
        }),
        value("2 MiB", "oversized", |good| {
            Some([&good[..10], &vec![0; OVERSIZED]].concat())
        }),
        header("no ce_id", |headers| headers.remove("ce_id")),
        header("a null ce_id", |headers| {
            headers.remove("ce_id");
            headers.push_raw("ce_id", None);
        }),
        header("a ce_id that is no text", |headers| {
            headers.set("ce_id", *b"\xff\xfe")
        }),
        header("a version that is none", |headers| {
            headers.set("ce_workflowversion", "soon")
        }),
        header("carried fields that are no JSON", |headers| {
            headers.set("ce_carried", "{\"a\":")
        }),
        forged(),
    ]
}

/// A dead letter of somebody's imagination: what it claims must not be believed.
fn forged() -> Bad {
    let mut bad = value("forged dl_ headers", "undecodable", |_| Some(b"?".to_vec()));
    forge(&mut bad.record.headers);
    bad
}

/// Headers that only a dead letter topic's records may have.
pub(crate) fn forge(headers: &mut Headers) {
    for (name, value) in [
        ("dl_topic", "payroll"),
        ("dl_partition", "0"),
        ("dl_offset", "0"),
        ("dl_group", "somebody"),
        ("dl_step", "no-such-step"),
        ("dl_redrives", "99"),
    ] {
        headers.push(name, value);
    }
}

/// A request as the trip service would publish it, for a trip of its own.
pub(crate) fn good() -> Outgoing {
    let place = Place {
        lat: 40.7614,
        lon: -73.9776,
        zone: "Midtown East".into(),
    };
    let event = TripRequested {
        trip_id: Uuid::new_v4(),
        rider_id: "rider-17".into(),
        pickup: place.clone(),
        dropoff: place,
        requested_at: farandole::now_ms(),
        passengers: 1,
        distance_m: None,
    };
    let start = External::start(
        &rides::trip::WORKFLOW,
        "trip",
        "request",
        &event,
        StartOptions::default(),
    );
    start.expect("a start").outgoing.remove(0)
}

/// A record of somebody else's on the same topic: no event at all.
pub(crate) fn foreign() -> Outgoing {
    let mut headers = Headers::new();
    headers.push("who", "somebody");
    Outgoing {
        topic: "trips".into(),
        key: None,
        value: Some(b"hello".to_vec()),
        headers,
    }
}

fn value(what: &'static str, class: &'static str, spoil: impl Fn(&[u8]) -> Option<Vec<u8>>) -> Bad {
    let mut record = good();
    record.value = spoil(&record.value.expect("a value"));
    Bad {
        what,
        class,
        record: with_odd_headers(record),
    }
}

fn header(what: &'static str, spoil: impl Fn(&mut Headers)) -> Bad {
    let mut record = with_odd_headers(good());
    spoil(&mut record.headers);
    Bad {
        what,
        class: "undecodable",
        record,
    }
}

/// Null, binary and repeated headers: allowed, and to be kept.
fn with_odd_headers(mut record: Outgoing) -> Outgoing {
    record.headers.push_raw("x-null", None);
    record.headers.push("x-bytes", *b"\xff\x00\xfe");
    record.headers.push("x-twice", "1");
    record.headers.push("x-twice", "2");
    record
}

/// The headers without those that a dead letter adds.
pub(crate) fn own(headers: &Headers) -> Vec<Header> {
    let own = headers
        .iter()
        .filter(|header| !header.name.starts_with("dl_"));
    own.cloned().collect()
}
