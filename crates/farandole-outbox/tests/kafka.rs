//! The outbox on the embedded broker.

mod support;

use farandole::{External, Instance, KafkaSettings, Publisher, Shutdown};
use farandole_broker::{Broker, Config};
use farandole_kafka::{Admin, TopicSpec};
use support::{Folder, count, eventually, record};

#[tokio::test(flavor = "multi_thread")]
async fn committed_records_arrive_in_order_and_one_that_is_too_large_is_put_aside() {
    let broker = Broker::start(Config::default()).await.expect("a broker");
    let kafka = KafkaSettings::bootstrap(&broker.bootstrap_servers());
    Admin::open(&kafka)
        .expect("an admin")
        .ensure_topics(&[TopicSpec::new("trips", 3)])
        .await
        .expect("topics");
    let folder = Folder::new();
    let outbox = folder.open("");
    let (stop, shutdown) = Shutdown::manual();
    let relay = tokio::spawn(outbox.relay(
        Publisher::open(&kafka, "test").expect("a publisher"),
        shutdown,
    ));
    let huge = "x".repeat(2 << 20);
    let mut outgoing: Vec<_> = (0..30)
        .map(|number| record(&format!("k{}", number % 3), &format!("{number:02}")))
        .collect();
    outgoing.insert(7, record("k0", &huge));
    let instance = Instance {
        workflow: "test".into(),
        version: 1,
        key: "k".into(),
        correlation: "c".into(),
        tenant: None,
        carried: Default::default(),
    };
    let step = External {
        instance,
        firing: "f".into(),
        outgoing,
    };
    outbox
        .transact(move |tx| tx.enqueue(&step))
        .await
        .expect("committed");

    eventually("an outbox with the parked row alone", || async {
        count(&outbox, "outbox").await == 1
    })
    .await;

    let records = farandole_read::read_to_end(&kafka, "test", &["trips"])
        .await
        .expect("records");
    assert_eq!(records.len(), 30);
    for key in ["k0", "k1", "k2"] {
        let values: Vec<_> = records
            .iter()
            .filter(|record| record.key_text() == Some(key))
            .map(|record| record.value.clone())
            .collect();
        assert_eq!(values.len(), 10);
        assert!(values.is_sorted(), "{key}");
    }
    let parked = outbox.parked().await.expect("rows");
    assert!(parked[0].reason.contains("too large"), "{parked:?}");
    stop.request();
    relay.await.expect("no panic");
}
