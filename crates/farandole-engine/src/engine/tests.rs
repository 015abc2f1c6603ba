use std::sync::Arc;

use super::Engine;
use crate::{Duty, Exhausted, Job, Notice, Outcome, RetryPolicy, Settings, Task, TopicPartition};

fn trips() -> TopicPartition {
    TopicPartition::new("trips", 0)
}

fn engine(settings: Settings) -> Engine<()> {
    let mut engine = Engine::new(settings);
    engine.assign(&[trips()]);
    engine
}

fn task(policy: RetryPolicy) -> Task {
    Task {
        step: "offer".into(),
        policy: Arc::new(policy),
    }
}

fn arrives(engine: &mut Engine<()>, offset: i64, lane: &str) {
    engine.accept(
        &trips(),
        offset,
        lane.into(),
        10,
        Arc::new(()),
        vec![task(RetryPolicy::default())],
    );
}

fn starts(engine: &mut Engine<()>, now_ms: i64) -> Job<()> {
    engine.next(now_ms).expect("a job is ready")
}

fn retry() -> Outcome {
    Outcome::Retry {
        message: "no driver near".into(),
    }
}

#[test]
fn lanes_take_turns() {
    let mut engine = engine(Settings {
        max_in_flight: 1,
        ..Settings::default()
    });
    (0..5).for_each(|offset| arrives(&mut engine, offset, "busy"));
    arrives(&mut engine, 5, "quiet");

    let order: Vec<i64> = (0..6)
        .map(|_| {
            let job = starts(&mut engine, 0);
            engine.finish(job.id, Outcome::Done, 0);
            job.offset
        })
        .collect();

    assert_eq!(
        order,
        [0, 5, 1, 2, 3, 4],
        "the quiet lane waits for one record of the busy one, not for five"
    );
}

#[test]
fn a_failing_lane_waits_while_others_go_on() {
    let mut engine = engine(Settings::default());
    arrives(&mut engine, 0, "failing");
    arrives(&mut engine, 1, "failing");
    arrives(&mut engine, 2, "other");

    let job = starts(&mut engine, 0);
    engine.finish(job.id, retry(), 0);
    assert_eq!(starts(&mut engine, 0).offset, 2);
    assert!(
        engine.next(99).is_none(),
        "neither the first record nor the one behind it"
    );

    let due_ms = engine.wake_at().expect("a try is due");
    let again = starts(&mut engine, due_ms);
    assert_eq!((again.offset, again.attempt), (0, 2));
}

#[test]
fn a_record_that_is_rejected_becomes_a_dead_letter_and_the_letter_is_tried_until_it_is_out() {
    let mut engine = engine(Settings::default());
    arrives(&mut engine, 0, "a");
    let job = starts(&mut engine, 0);
    engine.finish(
        job.id,
        Outcome::Reject {
            class: "rejected".into(),
            message: "no such zone".into(),
        },
        0,
    );

    let mut now_ms = 0;
    for attempt in 1..50 {
        let letter = starts(&mut engine, now_ms);
        assert_eq!(letter.attempt, attempt);
        assert_eq!(
            letter.duty,
            Duty::DeadLetter {
                class: "rejected".into(),
                message: "no such zone".into(),
                attempts: 1
            }
        );
        engine.finish(letter.id, retry(), now_ms);
        assert!(
            engine.commits().is_empty(),
            "not done before the letter is out"
        );
        now_ms = engine.wake_at().expect("tried again");
    }
    let letter = starts(&mut engine, now_ms);
    engine.finish(letter.id, Outcome::Done, now_ms);

    assert_eq!(engine.commits(), [(trips(), 1)]);
    assert!(matches!(
        engine.notices().pop(),
        Some(Notice::DeadLettered { attempts: 1, .. })
    ));
}

#[test]
fn a_stopped_partition_hands_out_nothing_until_it_is_assigned_anew() {
    let mut engine = engine(Settings::default());
    let policy = RetryPolicy {
        attempts: 1,
        then: Exhausted::Stop,
        ..RetryPolicy::default()
    };
    engine.accept(
        &trips(),
        0,
        "a".into(),
        10,
        Arc::new(()),
        vec![task(policy)],
    );
    arrives(&mut engine, 1, "b");

    let job = starts(&mut engine, 0);
    engine.finish(job.id, retry(), 0);
    assert_eq!(
        (engine.stopped(), engine.held_back()),
        (vec![trips()], vec![trips()])
    );
    assert!(engine.next(1_000_000).is_none());
    assert_eq!(engine.watermark(&trips()), Some(0));

    engine.assign(&[trips()]);
    arrives(&mut engine, 0, "a");
    assert_eq!(starts(&mut engine, 0).offset, 0);
    assert!(engine.stopped().is_empty());
}

#[test]
fn the_end_of_a_job_of_an_older_assignment_moves_nothing_but_frees_its_lane() {
    let mut engine = engine(Settings::default());
    arrives(&mut engine, 0, "a");
    let old = starts(&mut engine, 0);
    engine.assign(&[trips()]);
    arrives(&mut engine, 0, "a");
    assert!(
        engine.next(0).is_none(),
        "the old job still runs in this lane"
    );

    engine.finish(old.id, Outcome::Done, 0);
    assert!(engine.commits().is_empty());
    let new = starts(&mut engine, 0);
    engine.finish(new.id, Outcome::Done, 0);
    assert_eq!(engine.commits(), [(trips(), 1)]);
}

#[test]
fn a_partition_that_runs_too_far_ahead_is_held_back_until_it_is_half_way_down() {
    let mut engine = engine(Settings {
        max_ahead: 100,
        ..Settings::default()
    });
    arrives(&mut engine, 0, "slow");
    let slow = starts(&mut engine, 0);
    for offset in 1..100 {
        engine.accept(&trips(), offset, "none".into(), 10, Arc::new(()), vec![]);
    }
    assert_eq!(engine.held_back(), [trips()]);
    assert!(!engine.want_paused(), "other partitions may go on");

    engine.finish(slow.id, Outcome::Done, 0);
    assert!(engine.held_back().is_empty());
}

/// Twenty-one records of as many lanes, of which twenty have failed at the first try.
fn with_open_breaker() -> Engine<()> {
    let mut engine = engine(Settings::default());
    (0..21).for_each(|offset| arrives(&mut engine, offset, &format!("lane-{offset}")));
    for _ in 0..20 {
        let job = starts(&mut engine, 0);
        engine.finish(job.id, retry(), 0);
    }
    engine
}

#[test]
fn when_most_first_tries_fail_handling_pauses_until_a_probe_succeeds() {
    let mut engine = with_open_breaker();
    let notices = engine.notices();
    assert!(
        notices
            .iter()
            .any(|notice| matches!(notice, Notice::Paused { .. }))
    );
    assert!(engine.want_paused() && engine.next(999).is_none());

    let probe = starts(&mut engine, 1_000);
    assert!(engine.next(1_000).is_none(), "one probe at a time");
    engine.finish(probe.id, Outcome::Done, 1_000);

    assert!(matches!(engine.notices()[..], [Notice::Resumed]));
    assert!(!engine.want_paused() && engine.next(1_000).is_some());
}

#[test]
fn an_open_breaker_without_anything_to_probe_with_lets_reading_go_on() {
    let mut engine = with_open_breaker();
    engine.assign(&[trips()]);
    assert!(!engine.want_paused());
    arrives(&mut engine, 0, "new");
    assert!(engine.want_paused());
    assert_eq!(starts(&mut engine, 5_000).offset, 0);
}
