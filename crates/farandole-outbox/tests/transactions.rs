//! What is written together, and what happens twice.

#[path = "../../farandole/tests/ride/mod.rs"]
mod ride;
mod support;

use std::time::Duration;

use farandole::testing::{Scenario, Services};
use farandole::{Context, External, Failure, Participant, StartOptions};
use farandole_outbox::{Outbox, OutboxError, OutboxSettings};
use ride::{Offer, SCHEMAS, TRIP, TripRequested, WORKFLOWS, offered, requested};
use support::{Folder, count};

const TABLES: &str = "CREATE TABLE IF NOT EXISTS offers (trip_id TEXT NOT NULL)";

/// Writes down every offer that it makes, in the same transaction; fails afterwards where the note says so.
fn participant(outbox: Outbox) -> Participant {
    Participant::new("driver-assignment", &WORKFLOWS, SCHEMAS).step(
        "offer",
        move |trip: TripRequested, cx: Context| {
            let outbox = outbox.clone();
            async move {
                let work = move |tx: &rusqlite::Transaction<'_>| {
                    tx.execute("INSERT INTO offers VALUES (?1)", [&trip.trip_id])?;
                    match trip.note.as_str() {
                        "reject" => Err(Failure::reject("no such zone")),
                        "panic" => panic!("out of paper"),
                        _ => Ok(Offer::DriverOffered(offered(&trip.trip_id))),
                    }
                };
                outbox.handle(&cx, work).await
            }
        },
    )
}

fn start(note: &str) -> External {
    External::start(
        &WORKFLOWS[0],
        "trip",
        "request",
        &requested(note),
        StartOptions::default(),
    )
    .expect("a start")
}

async fn counts(outbox: &Outbox) -> [i64; 3] {
    [
        count(outbox, "offers").await,
        count(outbox, "inbox").await,
        count(outbox, "outbox").await,
    ]
}

#[tokio::test]
async fn a_firing_writes_its_inbox_row_its_own_rows_and_its_events() {
    let folder = Folder::new();
    let outbox = folder.open(TABLES);
    Scenario::of(participant(outbox.clone()))
        .when(requested(""))
        .await
        .then_emits([offered(TRIP)]);
    assert_eq!(counts(&outbox).await, [1, 1, 1]);
    let row: (String, String, String, String) = outbox
        .read(|db| {
            let columns = "SELECT aggregatetype, aggregateid, type, topic FROM outbox";
            Ok::<_, OutboxError>(db.query_row(columns, [], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })?)
        })
        .await
        .expect("a row");
    assert_eq!(
        row,
        (
            "trip".into(),
            "driver-3".into(),
            "driver.offered".into(),
            "drivers".into()
        )
    );
}

#[tokio::test]
async fn a_failed_firing_leaves_nothing_behind() {
    let folder = Folder::new();
    let outbox = folder.open(TABLES);
    let when = |note| Scenario::of(participant(outbox.clone())).when(requested(note));
    when("reject").await.then_rejects("no such zone");
    assert_eq!(counts(&outbox).await, [0, 0, 0]);
    when("panic").await.then_retries("out of paper");
    assert_eq!(
        counts(&outbox).await,
        [0, 0, 0],
        "the connection has survived the panic"
    );
    when("").await.then_emits([offered(TRIP)]);
}

#[tokio::test]
async fn a_firing_that_may_not_emit_its_event_leaves_nothing_behind() {
    let folder = Folder::new();
    let outbox = folder.open(TABLES);
    let own = outbox.clone();
    let wrong = Participant::new("driver-assignment", &WORKFLOWS, SCHEMAS).step(
        "offer",
        move |trip: TripRequested, cx: Context| {
            let outbox = own.clone();
            async move {
                outbox
                    .handle(&cx, move |tx| {
                        tx.execute("INSERT INTO offers VALUES (?1)", [&trip.trip_id])?;
                        Ok(trip)
                    })
                    .await
            }
        },
    );
    Scenario::of(wrong)
        .when(requested(""))
        .await
        .then_rejects("emits one of driver.offered");
    assert_eq!(counts(&outbox).await, [0, 0, 0]);
}

#[tokio::test]
async fn a_firing_that_comes_again_works_once() {
    let folder = Folder::new();
    let outbox = folder.open(TABLES);
    let mut services = Services::of(participant(outbox.clone())).repeating(1.0);
    services.publish(&start(""));
    services.publish(&start("")); // the same event, delivered again
    services.run().await;
    assert_eq!(counts(&outbox).await, [1, 1, 1]);
    assert_eq!(
        services
            .records()
            .filter(|record| &*record.topic == "drivers")
            .count(),
        1
    );
    assert!(services.dead_letters().is_empty());
}

#[tokio::test]
async fn many_at_once_each_succeed_or_fail_for_themselves() {
    let folder = Folder::new();
    let outbox = folder.open(TABLES);
    let writes = (0..200).map(|number| {
        let outbox = outbox.clone();
        tokio::spawn(async move {
            outbox
                .transact(move |tx| {
                    tx.execute("INSERT INTO offers VALUES (?1)", [number])?;
                    if number % 3 == 0 {
                        Err(OutboxError::Ended)
                    } else {
                        Ok(())
                    }
                })
                .await
        })
    });
    let mut kept = 0;
    for write in writes.collect::<Vec<_>>() {
        kept += i64::from(write.await.expect("no panic").is_ok());
    }
    assert_eq!((kept, count(&outbox, "offers").await), (133, 133));
}

#[tokio::test]
async fn a_statement_that_ends_the_transaction_is_refused_and_nothing_is_kept() {
    let folder = Folder::new();
    let outbox = folder.open(TABLES);
    let refused = outbox
        .transact(|tx| {
            tx.enqueue(&start(""))?;
            Ok::<_, OutboxError>(tx.execute_batch("ROLLBACK")?)
        })
        .await;
    assert!(
        matches!(refused, Err(OutboxError::RolledBack)),
        "{refused:?}"
    );
    assert_eq!(counts(&outbox).await, [0, 0, 0]);
}

#[tokio::test]
async fn a_step_from_outside_is_enqueued_once_and_only_when_the_transaction_succeeds() {
    let folder = Folder::new();
    let outbox = folder.open(TABLES);
    let failed: Result<(), OutboxError> = outbox
        .transact(|tx| {
            tx.enqueue(&start(""))?;
            Err(OutboxError::Ended)
        })
        .await;
    assert!(failed.is_err());
    assert_eq!(counts(&outbox).await, [0, 0, 0]);
    for new in [true, false] {
        assert_eq!(
            outbox
                .transact(|tx| tx.enqueue(&start("")))
                .await
                .expect("enqueued"),
            new
        );
    }
    assert_eq!(counts(&outbox).await, [0, 1, 1]);
}

#[tokio::test]
async fn two_processes_share_a_file() {
    let folder = Folder::new();
    let (one, other) = (folder.open(TABLES), folder.open(TABLES));
    let writes = [&one, &other]
        .into_iter()
        .cycle()
        .take(50)
        .cloned()
        .map(|outbox| {
            tokio::spawn(async move {
                outbox
                    .transact(|tx| {
                        Ok::<_, OutboxError>(tx.execute("INSERT INTO offers VALUES ('t')", [])?)
                    })
                    .await
            })
        });
    for write in writes.collect::<Vec<_>>() {
        write.await.expect("no panic").expect("written");
    }
    assert_eq!(count(&one, "offers").await, 50);
}

/// Has another connection write for a while; answers when it has begun.
fn writing_for(folder: &Folder, time: Duration) -> std::thread::JoinHandle<()> {
    let db = rusqlite::Connection::open(folder.database()).expect("the file");
    db.execute_batch("BEGIN IMMEDIATE").expect("the write lock");
    std::thread::spawn(move || {
        std::thread::sleep(time);
        db.execute_batch("COMMIT").expect("a commit");
    })
}

#[tokio::test]
async fn a_transaction_waits_for_another_process_but_not_for_ever() {
    let folder = Folder::new();
    let settings = OutboxSettings {
        busy_timeout: Duration::from_millis(400),
        ..OutboxSettings::default()
    };
    let outbox = Outbox::open_with(&folder.database(), TABLES, settings).expect("an outbox");
    for (time, succeeds) in [(100, true), (2_000, false), (100, true)] {
        let other = writing_for(&folder, Duration::from_millis(time));
        let written = outbox
            .transact(|tx| Ok::<_, OutboxError>(tx.execute("INSERT INTO offers VALUES ('t')", [])?))
            .await;
        assert_eq!(written.is_ok(), succeeds, "{time} ms: {written:?}");
        other.join().expect("no panic");
    }
    assert_eq!(count(&outbox, "offers").await, 2);
}

#[test]
fn a_file_that_is_no_database_is_refused_by_name() {
    let folder = Folder::new();
    std::fs::write(
        folder.database(),
        "this is not a database, and long enough to be looked at",
    )
    .expect("a file");
    let problem = Outbox::open(&folder.database(), TABLES)
        .expect_err("no database")
        .to_string();
    assert!(
        problem.contains("outbox.sqlite3 can't be opened"),
        "{problem}"
    );
    let broken = Folder::new();
    let problem = Outbox::open(&broken.database(), "CREATE TABEL offers")
        .expect_err("no SQL")
        .to_string();
    assert!(
        problem.contains("the service's tables can't be made"),
        "{problem}"
    );
}
