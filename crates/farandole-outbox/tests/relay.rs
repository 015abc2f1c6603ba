//! Publishing what is committed: in order, at least once, by one relay.

mod support;

use farandole::{External, Instance, Outgoing, Shutdown, Trigger};
use farandole_outbox::{Outbox, OutboxError, OutboxSettings, Publish, Refused};
use support::{Folder, Recorder, count, eventually, record};
use tokio::task::JoinHandle;

/// Commits one record in a transaction of its own.
async fn commit(outbox: &Outbox, firing: &str, outgoing: Outgoing) {
    let instance = Instance {
        workflow: "test".into(),
        version: 1,
        key: firing.into(),
        correlation: firing.into(),
        tenant: None,
        carried: Default::default(),
    };
    let step = External {
        instance,
        firing: firing.into(),
        outgoing: vec![outgoing],
    };
    assert!(
        outbox
            .transact(move |tx| tx.enqueue(&step))
            .await
            .expect("committed")
    );
}

fn relay(outbox: &Outbox, publisher: &Recorder) -> (Trigger, JoinHandle<()>) {
    let (stop, shutdown) = Shutdown::manual();
    (
        stop,
        tokio::spawn(outbox.relay(publisher.clone(), shutdown)),
    )
}

async fn end((stop, relay): (Trigger, JoinHandle<()>)) {
    stop.request();
    relay.await.expect("no panic");
}

#[tokio::test]
async fn rows_of_a_key_are_published_in_the_order_of_commit_and_taken_out() {
    let folder = Folder::new();
    let (outbox, publisher) = (folder.open(""), Recorder::default());
    for number in 0..60 {
        commit(
            &outbox,
            &format!("f{number}"),
            record(&format!("k{}", number % 3), &format!("{number:02}")),
        )
        .await;
    }
    let running = relay(&outbox, &publisher);
    eventually("an empty outbox", || async {
        count(&outbox, "outbox").await == 0
    })
    .await;
    for key in 0..3 {
        let of_key =
            |record: &&Outgoing| record.key.as_deref() == Some(format!("k{key}").as_bytes());
        let published = publisher.published();
        let values: Vec<_> = published
            .iter()
            .filter(of_key)
            .map(|record| record.value.clone())
            .collect();
        assert_eq!(values.len(), 20);
        assert!(values.is_sorted(), "k{key}: {values:?}");
    }
    end(running).await;
}

#[tokio::test]
async fn records_go_out_byte_for_byte_as_soon_as_they_are_committed() {
    let folder = Folder::new();
    let settings = OutboxSettings {
        poll: std::time::Duration::from_secs(3600),
        ..OutboxSettings::default()
    };
    let outbox = Outbox::open_with(&folder.database(), "", settings).expect("an outbox");
    let publisher = Recorder::default();
    let running = relay(&outbox, &publisher);
    let mut odd = record("k", "v");
    odd.headers.push_raw("null", None);
    odd.headers.push("bytes", vec![0xff, 0x00]);
    odd.value = None;
    commit(&outbox, "f", odd.clone()).await;
    eventually("publishing without polling", || async {
        publisher.published() == [odd.clone()]
    })
    .await;
    end(running).await;
}

#[tokio::test]
async fn a_refused_row_holds_up_its_key_alone_and_goes_first_later() {
    let folder = Folder::new();
    let (outbox, publisher) = (folder.open(""), Recorder::default());
    publisher.refuse("a", 2, false);
    for (firing, key, value) in [
        ("1", "a", "a1"),
        ("2", "a", "a2"),
        ("3", "b", "b1"),
        ("4", "b", "b2"),
    ] {
        commit(&outbox, firing, record(key, value)).await;
    }
    let running = relay(&outbox, &publisher);
    eventually("an empty outbox", || async {
        count(&outbox, "outbox").await == 0
    })
    .await;
    assert_eq!(publisher.values(), ["b1", "b2", "a1", "a2"]);
    end(running).await;
}

#[tokio::test]
async fn a_row_that_can_never_be_published_is_put_aside_and_reported() {
    let folder = Folder::new();
    let (outbox, publisher) = (folder.open(""), Recorder::default());
    publisher.refuse("a", 1, true);
    commit(&outbox, "1", record("a", "too large")).await;
    commit(&outbox, "2", record("a", "a2")).await;
    let running = relay(&outbox, &publisher);
    eventually("the rest", || async { publisher.values() == ["a2"] }).await;
    let parked = outbox.parked().await.expect("rows");
    assert_eq!(parked.len(), 1);
    assert_eq!(
        (parked[0].id.as_str(), parked[0].reason.as_str()),
        ("a-too large", "not now")
    );
    eventually("an empty outbox", || async {
        outbox.pending().await.is_ok_and(|rows| rows == 0)
    })
    .await;
    end(running).await;
}

#[tokio::test]
async fn a_crash_between_acknowledgement_and_removal_repeats_the_row_identically() {
    let folder = Folder::new();
    let publisher = Recorder::default();
    {
        let outbox = folder.open("");
        commit(&outbox, "1", record("a", "a1")).await;
        commit(&outbox, "2", record("a", "a2")).await;
        publisher.keep_acknowledgements();
        let (_stop, running) = relay(&outbox, &publisher);
        eventually("publishing", || async { publisher.values() == ["a1"] }).await;
        running.abort();
        assert!(running.await.is_err_and(|error| error.is_cancelled()));
        assert_eq!(count(&outbox, "outbox").await, 2, "nothing was taken out");
    }
    let (outbox, next) = (folder.open(""), Recorder::default());
    let running = relay(&outbox, &next);
    eventually("an empty outbox", || async {
        count(&outbox, "outbox").await == 0
    })
    .await;
    assert_eq!(next.values(), ["a1", "a2"]);
    assert_eq!(
        next.published()[0],
        publisher.published()[0],
        "the repeat is identical"
    );
    end(running).await;
}

#[tokio::test]
async fn a_restart_publishes_what_was_left() {
    let folder = Folder::new();
    {
        let outbox = folder.open("");
        commit(&outbox, "1", record("a", "a1")).await;
        commit(&outbox, "2", record("a", "a2")).await;
    }
    let (outbox, publisher) = (folder.open(""), Recorder::default());
    let running = relay(&outbox, &publisher);
    eventually("publishing", || async {
        publisher.values() == ["a1", "a2"]
    })
    .await;
    end(running).await;
}

#[tokio::test]
async fn one_of_two_relays_works_and_the_other_takes_over() {
    let folder = Folder::new();
    let (one, other) = (folder.open(""), folder.open(""));
    let (first, second) = (Recorder::default(), Recorder::default());
    let running_first = relay(&one, &first);
    commit(&one, "1", record("a", "a1")).await;
    eventually("the first relay", || async { first.values() == ["a1"] }).await;
    let running_second = relay(&other, &second);
    commit(&other, "2", record("a", "a2")).await; // written by the other process, published by the first
    eventually("the first relay", || async {
        first.values() == ["a1", "a2"]
    })
    .await;
    end(running_first).await;
    commit(&one, "3", record("a", "a3")).await;
    eventually("the second relay", || async { second.values() == ["a3"] }).await;
    end(running_second).await;
}

/// Takes a while for each record.
#[derive(Clone, Default)]
struct Slow(Recorder);

impl Publish for Slow {
    async fn publish(&self, record: Outgoing) -> Result<(), Refused> {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        self.0.publish(record).await
    }
}

#[tokio::test]
async fn rows_of_another_process_go_out_soon_although_the_relay_is_busy() {
    let folder = Folder::new();
    let (one, other) = (folder.open(""), folder.open(""));
    for number in 0..400 {
        commit(
            &one,
            &format!("f{number}"),
            record("long", &format!("{number}")),
        )
        .await;
    }
    let publisher = Slow::default();
    let (stop, shutdown) = Shutdown::manual();
    let relay = tokio::spawn(one.relay(publisher.clone(), shutdown));
    eventually("the first rows", || async {
        publisher.0.published().len() > 10
    })
    .await;

    commit(&other, "late", record("short", "here")).await;

    eventually("the other's row", || async {
        publisher.0.values().iter().any(|value| value == "here")
    })
    .await;
    let before = publisher.0.published().len();
    assert!(before < 200, "it has waited for {before} others");
    end((stop, relay)).await;
}

#[tokio::test]
async fn after_the_shutdown_what_is_left_is_published_but_not_for_ever() {
    let folder = Folder::new();
    let settings = OutboxSettings {
        end: std::time::Duration::from_millis(300),
        ..OutboxSettings::default()
    };
    let outbox = Outbox::open_with(&folder.database(), "", settings).expect("an outbox");
    let publisher = Recorder::default();
    publisher.refuse("stuck", usize::MAX, false);
    let running = relay(&outbox, &publisher);
    commit(&outbox, "1", record("stuck", "s1")).await;
    commit(&outbox, "2", record("b", "b1")).await;
    end(running).await;
    assert_eq!(publisher.values(), ["b1"]);
    // It is still there for the next start.
    eventually("one row left", || async {
        outbox.pending().await.is_ok_and(|rows| rows == 1)
    })
    .await;
}

#[tokio::test]
async fn however_many_old_firings_there_are_all_of_them_leave_the_inbox() {
    let folder = Folder::new();
    let outbox = folder.open("");
    let many = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 25000)
                INSERT INTO inbox SELECT n, 'offer', 1000 FROM n";
    outbox
        .transact(move |tx| Ok::<_, OutboxError>(tx.execute(many, [])?))
        .await
        .expect("old firings");
    let running = relay(&outbox, &Recorder::default());
    eventually("pruning", || async { count(&outbox, "inbox").await == 0 }).await;
    end(running).await;
}

#[tokio::test]
async fn old_firings_leave_the_inbox() {
    let folder = Folder::new();
    let outbox = folder.open("");
    commit(&outbox, "new", record("a", "a1")).await;
    outbox
        .transact(|tx| {
            Ok::<_, OutboxError>(tx.execute("INSERT INTO inbox VALUES ('old', 'offer', 1000)", [])?)
        })
        .await
        .expect("an old firing");
    let running = relay(&outbox, &Recorder::default());
    eventually("pruning", || async { count(&outbox, "inbox").await == 1 }).await;
    end(running).await;
}
