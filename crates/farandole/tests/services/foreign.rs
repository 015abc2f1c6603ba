use std::sync::{Arc, Mutex};

use farandole::{
    Codec, Context, Envelope, Event, External, KafkaSettings, Outgoing, Publisher, Record,
    ServiceSettings, Shutdown, StartOptions,
};
use farandole_event::system::{CATALOG, CatalogEntry};
use farandole_event::{dataschema, framing};

use crate::ride::{self, TripRequested, WORKFLOWS, requested};
use crate::support::{Cluster, eventually, headers};

fn start() -> Outgoing {
    let start = External::start(
        &WORKFLOWS[0],
        "trip",
        "request",
        &requested(""),
        StartOptions::default(),
    );
    start.expect("a start").outgoing.remove(0)
}

/// The event as a newer build would write it: one more field at the end.
fn newer() -> (String, Outgoing) {
    let field = r#","fields":[{"name":"trip_id""#;
    let json = TripRequested::SCHEMAS[0]
        .replace(r#""version":1"#, r#""version":2"#)
        .replace(
            "]}",
            r#",{"name":"pets","type":"int","default":0,"doc":"Animals that ride."}]}"#,
        );
    assert!(json.contains(field) && json.contains("pets"));
    let schema = farandole::EventSchema::parse(&json).expect("a schema");
    let mut record = start();
    let old = record.value.take().expect("a value");
    let body = [&old[10..], &[4]].concat(); // two pets
    record.value = Some(framing::single_object(schema.fingerprint(), &body));
    record
        .headers
        .set("ce_dataschema", dataschema("trip.requested", 2));
    (json, record)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_a_newer_writer_is_read_once_its_schema_is_on_the_catalog() {
    let cluster = Cluster::start().await;
    let assignment = cluster.run("driver-assignment", |service| {
        service.participant(ride::driver_assignment())
    });
    cluster.wait_for(CATALOG, 7).await;
    let (json, record) = newer();
    let entry = CatalogEntry::new("schema", "trip.requested", 2, &json, "test", 0);
    let envelope = Envelope {
        id: "entry-1".into(),
        source: "/test".into(),
        event: CatalogEntry::NAME.into(),
        dataschema: Some(dataschema(CatalogEntry::NAME, CatalogEntry::VERSION)),
        content_type: Some("application/avro".into()),
        ..Envelope::default()
    };
    let value = Codec::<CatalogEntry>::of()
        .expect("a codec")
        .encode(&entry)
        .expect("an entry");

    cluster.publish(record).await; // its schema comes after it
    let key = entry.key().map(String::into_bytes);
    cluster
        .publish(Outgoing {
            topic: CATALOG.into(),
            key,
            value: Some(value),
            headers: envelope.to_headers(),
        })
        .await;

    assert_eq!(cluster.wait_for("drivers", 1).await.len(), 1);
    assert!(
        cluster
            .records("driver-assignment.dead-letters")
            .await
            .is_empty()
    );
    assignment.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_in_structured_json_is_read_as_well() {
    let cluster = Cluster::start().await;
    let assignment = cluster.run("driver-assignment", |service| {
        service.participant(ride::driver_assignment())
    });
    let event = serde_json::json!({
        "specversion": "1.0", "id": "from-elsewhere-1", "source": "/elsewhere", "type": "trip.requested",
        "correlationid": "c-1", "workflow": "trip", "workflowversion": "1", "subject": "t-1",
        "datacontenttype": "application/json",
        "data": {"trip_id": "t-1", "rider_id": "rider-17", "note": ""},
    });
    let headers = headers(&[(
        "content-type",
        "application/cloudevents+json; charset=UTF-8",
    )]);
    cluster
        .publish(Outgoing {
            topic: "trips".into(),
            key: Some(b"t-1".to_vec()),
            value: Some(event.to_string().into_bytes()),
            headers,
        })
        .await;
    let offered = cluster.wait_for("drivers", 1).await;
    assert_eq!(
        offered[0].headers.text("ce_causationid"),
        Some("from-elsewhere-1")
    );
    assignment.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_raw_handler_takes_streams_that_are_not_ours_in_the_order_of_their_keys() {
    let cluster = Cluster::start().await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = seen.clone();
    let watcher = cluster.run("watcher", |service| {
        service.on_raw("drivers", move |record: Arc<Record>, cx: Context| {
            let sink = sink.clone();
            async move {
                assert!(cx.event_id().is_empty() && !cx.firing_id().is_empty());
                sink.lock()
                    .expect("no panic")
                    .push(record.value.clone().unwrap_or_default());
                Ok(())
            }
        })
    });
    for number in 0..20u8 {
        cluster
            .publish(Outgoing {
                topic: "drivers".into(),
                key: Some(b"k".to_vec()),
                value: Some(vec![number]),
                headers: headers(&[]),
            })
            .await;
    }
    let all = eventually(|| async { (seen.lock().expect("no panic").len() == 20).then_some(()) });
    assert!(all.await.is_some(), "every record is handed over");
    assert_eq!(
        *seen.lock().expect("no panic"),
        (0..20u8).map(|number| vec![number]).collect::<Vec<_>>()
    );
    watcher.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_oversized_event_becomes_a_dead_letter_without_being_decoded() {
    let cluster = Cluster::start().await;
    let larger = [
        ("bootstrap.servers", cluster.kafka.bootstrap_servers()),
        ("message.max.bytes", "4000000"),
    ];
    let larger: Vec<_> = larger
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    let kafka = KafkaSettings::load(None, std::iter::empty(), &larger).expect("settings");
    let (stop, shutdown) = Shutdown::manual();
    let service = farandole::Service::new(
        "driver-assignment",
        ServiceSettings::new(kafka.clone(), shutdown),
    )
    .expect("a service");
    let running = tokio::spawn(service.participant(ride::driver_assignment()).run());
    let mut huge = start();
    huge.value = Some([&huge.value.expect("a value")[..10], &vec![0; 2 << 20]].concat());
    let publisher = Publisher::open(&kafka, "test").expect("a publisher");
    publisher.publish(huge.clone()).await.expect("published");

    let dead = cluster.wait_for("driver-assignment.dead-letters", 1).await;

    assert_eq!(dead[0].headers.text("dl_error_class"), Some("oversized"));
    assert_eq!(dead[0].value, huge.value);
    stop.request();
    running.await.expect("no panic").expect("a clean end");
}
