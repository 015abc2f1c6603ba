//! Types, triggers and outputs of every shape, generated from `schemas/` beside this file: this compiles, and the events survive Avro.

use farandole::{Codec, Context, Event, Failure, Headers, Payload};

use generated::thing::{
    Archive2, Carried, CheckInput, Checker, Complain, FileAway, Match, archive_2, checker,
};
use generated::{Colour, ThingArchived, ThingChecked, ThingMade, ThingRefused, ThingWeighed};

#[allow(dead_code)]
mod generated {
    include!(concat!(env!("CARGO_TARGET_TMPDIR"), "/farandole.rs"));

    mod upgrades {
        use farandole::{DecodeError, EventSchema, decode_body};

        /// The first version knew no reasons.
        #[derive(serde::Deserialize)]
        #[serde(rename = "ThingRefused")]
        struct First {
            serial: i64,
        }

        pub(super) fn thing_refused(
            version: u32,
            writer: &EventSchema,
            body: &[u8],
        ) -> Option<Result<super::ThingRefused, DecodeError>> {
            let upgraded = |first: First| super::ThingRefused {
                serial: first.serial,
                reason: "unknown".into(),
            };
            (version == 1).then(|| decode_body(writer, body).map(upgraded))
        }
    }
}

struct Everybody;

impl Checker for Everybody {
    async fn check(&self, input: CheckInput, _: &Context) -> Result<ThingChecked, Failure> {
        match input {
            CheckInput::ThingMade(made) => Ok(ThingChecked {
                serial: made.serial,
            }),
            CheckInput::ThingRefused(refused) => Ok(ThingChecked {
                serial: refused.serial,
            }),
        }
    }

    async fn r#match(&self, event: ThingChecked, cx: &Context) -> Result<Option<Match>, Failure> {
        let carried = Carried::of(cx);
        let best: Option<generated::SparePart> = carried.thing_made_best;
        let tags: Option<Vec<String>> = carried.thing_made_tags;
        let known = carried.thing_made_owner.is_some() || best.is_some() || tags.is_some();
        Ok(known.then(|| {
            ThingWeighed {
                serial: event.serial,
            }
            .into()
        }))
    }
}

impl Archive2 for Everybody {
    async fn file_away(&self, event: ThingChecked, _: &Context) -> Result<FileAway, Failure> {
        let serial = event.serial;
        Ok(FileAway {
            thing_archived: ThingArchived { serial },
            thing_weighed: ThingWeighed { serial },
        })
    }
}

#[test]
fn participants_are_built_of_their_handlers() {
    assert_eq!(checker(Everybody).name(), "checker");
    assert_eq!(archive_2(Everybody).name(), "archive-2");
}

#[test]
fn steps_from_outside_keep_the_version_of_their_instance() {
    let made: ThingMade =
        serde_json::from_str(include_str!("schemas/events/thing.made/v1.example.json")).unwrap();
    let begun = generated::thing::make(&made, farandole::StartOptions::default()).unwrap();
    assert_eq!(
        (begun.instance.key.as_str(), begun.instance.version),
        ("42", 2)
    );
    let weighed = Complain::ThingWeighed(ThingWeighed { serial: 42 });
    let complained = generated::thing::complain(&begun.instance, Some("cause"), &weighed).unwrap();
    assert_eq!(complained.outgoing.len(), 1);
}

#[test]
fn every_type_survives_avro() {
    let made: ThingMade =
        serde_json::from_str(include_str!("schemas/events/thing.made/v1.example.json")).unwrap();
    assert_eq!(made.key().as_deref(), Some("42"));
    assert_eq!(survivor(&made), made);
    assert_eq!(made.parts[0].colour, Colour::Self_);
    assert_eq!(made.parts[1].price.to_string(), "-0.001");
}

#[test]
fn what_is_left_out_has_its_default() {
    let made: ThingMade =
        serde_json::from_str(r#"{"serial": 1, "at_time": 0, "seen": 0, "parts": []}"#).unwrap();
    assert_eq!(made.r#type, "plain \"thing\"");
    assert!(made.self_ && made.camel_case == 1.5 && made.weight == 2.0 && made.made_on == 0);
    assert!(
        made.tags.is_empty()
            && made.counts.is_empty()
            && made.best.is_none()
            && made.owner.is_none()
    );
    assert_eq!(
        (made.tone, made.limit, made.discount),
        (Colour::DeepBlue, Some(7), None)
    );
    assert_eq!(survivor(&made), made);
}

#[test]
fn an_old_version_is_upgraded_by_hand() {
    let first = farandole::EventSchema::parse(ThingRefused::SCHEMAS[0]).unwrap();
    let mut value = vec![0xC3, 0x01];
    value.extend(first.fingerprint().to_le_bytes());
    value.push(84); // the long 42, in zigzag
    let envelope = farandole::Envelope {
        event: ThingRefused::NAME.into(),
        ..Default::default()
    };
    let mut catalog = farandole::Catalog::new();
    catalog.add(first).unwrap();
    let codec = Codec::<ThingRefused>::of().unwrap();
    let payload = Payload::Avro(value.as_slice().into());
    let refused = codec
        .decode(&envelope, &Headers::new(), &payload, &catalog)
        .unwrap();
    assert_eq!((refused.serial, refused.reason.as_str()), (42, "unknown"));
}

fn survivor(made: &ThingMade) -> ThingMade {
    let codec = Codec::<ThingMade>::of().unwrap();
    let value = codec.encode(made).unwrap();
    let envelope = farandole::Envelope {
        event: ThingMade::NAME.into(),
        ..Default::default()
    };
    let catalog = farandole::Catalog::new();
    codec
        .decode(
            &envelope,
            &Headers::new(),
            &Payload::Avro(value.as_slice().into()),
            &catalog,
        )
        .unwrap()
}
