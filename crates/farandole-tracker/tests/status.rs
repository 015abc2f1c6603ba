//! Given these events of a trip, then this status, this wait and these reasons.

mod support;

use std::collections::BTreeSet;

use farandole_event::system::Signal;
use farandole_tracker::view::{
    Asked, Assessment, DeviationKind, Offsets, Positions, Reason, Status, WaitKind, Why, flags,
    missing, status, waits_for, why,
};
use support::{Log, Trip, definitions, nobody_spoke};

const WITHIN_MS: i64 = 10_000;

fn reasons(assessment: &Assessment, log: &Log, offsets: Option<&Offsets>) -> Vec<Why> {
    let (read_to, participants) = (log.read_to(), nobody_spoke());
    why(
        assessment,
        &Asked {
            now_ms: log.clock_ms,
            offsets,
            read_to: &read_to,
            participants: &participants,
        },
    )
}

fn waiting(assessment: &Assessment, now_ms: i64) -> Vec<(WaitKind, String, bool)> {
    waits_for(assessment, now_ms)
        .into_iter()
        .map(|waits| (waits.kind, waits.step, waits.overdue))
        .collect()
}

#[test]
fn a_new_trip_is_running_and_waits_for_an_offer_and_a_notification() {
    let (mut log, trip) = (Log::new(), Trip::new("t-1"));
    trip.start(&mut log);
    let assessment = trip.assess(&log);
    assert_eq!(status(&assessment, log.clock_ms), Status::Running);
    let waits = waiting(&assessment, log.clock_ms);
    assert!(
        waits.contains(&(WaitKind::Participant, "offer".into(), false)),
        "{waits:?}"
    );
    assert!(
        waits.contains(&(WaitKind::Participant, "notify-rider".into(), false)),
        "{waits:?}"
    );
    assert!(
        waits.contains(&(WaitKind::Possible, "cancel".into(), false)),
        "{waits:?}"
    );
    assert!(
        !waits.iter().any(|waits| waits.0 == WaitKind::Outside),
        "nobody outside is needed yet: {waits:?}"
    );
    assert_eq!(assessment.progress.percent, Some(0));
    let left: Vec<&str> = assessment
        .progress
        .remaining
        .iter()
        .map(|left| left.step.as_str())
        .collect();
    assert_eq!(left, ["offer", "decide", "pick-up", "drop-off"]);
}

#[test]
fn an_assigned_trip_waits_for_a_person_and_is_never_overdue_for_it() {
    let (mut log, trip) = (Log::new(), Trip::new("t-1"));
    trip.to_assigned(&mut log);
    log.wait(24 * 3_600_000);
    let assessment = trip.assess(&log);
    assert_eq!(status(&assessment, log.clock_ms), Status::Running);
    let waits = waiting(&assessment, log.clock_ms);
    assert_eq!(
        waits[0],
        (WaitKind::Outside, "pick-up".into(), false),
        "{waits:?}"
    );
    assert_eq!(assessment.progress.percent, Some(50));
    assert_eq!(assessment.deviations, []);
}

#[test]
fn without_a_free_driver_the_trip_waits_for_the_search_to_resume() {
    let (mut log, trip) = (Log::new(), Trip::new("t-1"));
    let requested = trip.start(&mut log);
    trip.notify(&mut log, &requested);
    let unavailable = trip.answer(
        &mut log,
        &requested,
        "driver-assignment",
        "offer",
        "driver.unavailable",
    );
    assert_eq!(
        waiting(&trip.assess(&log), log.clock_ms)[0],
        (WaitKind::Outside, "search-again".into(), false)
    );
    trip.answer(
        &mut log,
        &unavailable,
        "trip",
        "search-again",
        "trip.search-resumed",
    );
    let waits = waiting(&trip.assess(&log), log.clock_ms);
    assert_eq!(
        waits[0],
        (WaitKind::Participant, "offer".into(), false),
        "{waits:?}"
    );
}

#[test]
fn a_trip_is_completed_only_when_its_last_notification_is_out() {
    let (mut log, trip) = (Log::new(), Trip::new("t-1"));
    let completed = trip.to_completed(&mut log);
    assert_eq!(status(&trip.assess(&log), log.clock_ms), Status::Running);
    trip.notify(&mut log, &completed);
    let assessment = trip.assess(&log);
    assert_eq!(status(&assessment, log.clock_ms), Status::Completed);
    assert_eq!(waits_for(&assessment, log.clock_ms), []);
    assert_eq!(assessment.progress.percent, Some(100));
    assert_eq!(assessment.deviations, []);
    assert!(!flags(&assessment).late);
}

#[test]
fn a_cancelled_trip_is_failed_and_its_open_offer_is_waived() {
    let (mut log, trip) = (Log::new(), Trip::new("t-1"));
    let requested = trip.start(&mut log);
    trip.notify(&mut log, &requested);
    let cancelled = trip.answer(&mut log, &requested, "trip", "cancel", "trip.cancelled");
    assert_eq!(
        status(&trip.assess(&log), log.clock_ms),
        Status::Running,
        "the rider is not told yet"
    );
    trip.notify(&mut log, &cancelled);
    log.wait(60_000);
    assert_eq!(status(&trip.assess(&log), log.clock_ms), Status::Failed);
}

#[test]
fn a_failure_end_outranks_a_success_end() {
    let (mut log, trip) = (Log::new(), Trip::new("t-1"));
    let completed = trip.to_completed(&mut log);
    trip.notify(&mut log, &completed);
    let cancelled = trip.answer(&mut log, &completed, "trip", "cancel", "trip.cancelled");
    trip.notify(&mut log, &cancelled);
    assert_eq!(status(&trip.assess(&log), log.clock_ms), Status::Failed);
}

#[test]
fn past_its_deadline_a_trip_is_stuck_and_the_dead_consumer_and_its_queue_are_the_reason() {
    let mut log = Log::new();
    let (before, trip) = (Trip::new("t-1"), Trip::new("t-4"));
    let first = before.start(&mut log);
    let requested = trip.start(&mut log);
    assert_eq!(
        first.record.partition, requested.record.partition,
        "both trips share a partition"
    );
    trip.answer(
        &mut log,
        &requested,
        "driver-assignment",
        "offer",
        "driver.offered",
    );
    let mut offsets = log.offsets();
    let notification = offsets.groups.get_mut("notification").expect("the group");
    notification.members.clear();
    notification.state = "Empty".into();
    notification
        .committed
        .insert(("trips".into(), requested.record.partition), 0);
    let assessment = trip.assess(&log);

    log.wait(WITHIN_MS - 10);
    assert_eq!(status(&assessment, log.clock_ms), Status::Running);
    log.wait(20);
    assert_eq!(status(&assessment, log.clock_ms), Status::Stuck);

    let reasons = reasons(&assessment, &log, Some(&offsets));
    let of_rider: Vec<&Why> = reasons
        .iter()
        .filter(|why| why.step == "notify-rider")
        .collect();
    let kinds: Vec<Reason> = of_rider.iter().map(|why| why.reason).collect();
    assert_eq!(
        BTreeSet::from_iter(kinds),
        BTreeSet::from([Reason::Queued, Reason::ConsumerDown]),
        "{of_rider:?}"
    );
    let queued = of_rider
        .iter()
        .find(|why| why.reason == Reason::Queued)
        .expect("queued");
    assert_eq!(
        (queued.ahead, queued.ahead_same_instance, queued.committed),
        (Some(1), Some(0), Some(0))
    );
    assert_eq!(
        (queued.topic.as_str(), queued.partition, queued.offset),
        ("trips", requested.record.partition, 1)
    );
    let down = of_rider
        .iter()
        .find(|why| why.reason == Reason::ConsumerDown)
        .expect("down");
    assert_eq!(
        down.command.as_deref(),
        Some("start the service notification")
    );
    assert!(of_rider.iter().all(|why| why.overdue));
}

#[test]
fn a_handled_trigger_without_output_and_without_a_signal_was_never_emitted() {
    let (mut log, trip) = (Log::new(), Trip::new("t-1"));
    let requested = trip.start(&mut log);
    trip.notify(&mut log, &requested);
    let offsets = log.offsets();
    log.wait(WITHIN_MS + 1);
    let assessment = trip.assess(&log);
    let found = reasons(&assessment, &log, Some(&offsets));
    assert_eq!(
        found
            .iter()
            .map(|why| (why.reason, why.step.as_str()))
            .collect::<Vec<_>>(),
        [(Reason::NeverEmitted, "offer")]
    );
    let (read_to, participants) = (log.read_to(), nobody_spoke());
    let asked = Asked {
        now_ms: log.clock_ms,
        offsets: Some(&offsets),
        read_to: &read_to,
        participants: &participants,
    };
    let missing = missing(&assessment, &asked);
    assert_eq!(missing.len(), 1);
    assert_eq!(missing[0].kind, DeviationKind::Missing);
}

#[test]
fn while_the_tracker_is_behind_nothing_is_called_never_emitted() {
    let (mut log, trip) = (Log::new(), Trip::new("t-1"));
    trip.start(&mut log);
    let offsets = log.offsets();
    log.wait(WITHIN_MS + 1);
    let behind: Positions = log
        .read_to()
        .into_iter()
        .map(|(partition, next)| (partition, next - 1))
        .collect();
    let participants = nobody_spoke();
    let asked = Asked {
        now_ms: log.clock_ms,
        offsets: Some(&offsets),
        read_to: &behind,
        participants: &participants,
    };
    let found = why(&trip.assess(&log), &asked);
    assert!(!found.is_empty());
    assert!(
        found.iter().all(|why| why.reason == Reason::DeadlineMissed),
        "{found:?}"
    );
}

#[test]
fn a_retrying_participant_is_quoted_with_attempt_and_next_try() {
    let (mut log, trip) = (Log::new(), Trip::new("t-1"));
    let requested = trip.start(&mut log);
    let mut offsets = log.offsets();
    let waits_at = ("trips".to_owned(), requested.record.partition);
    offsets
        .groups
        .get_mut("driver-assignment")
        .expect("the group")
        .committed
        .insert(waits_at, requested.record.offset);
    for attempts in [1, 3, 2] {
        log.signal(Signal {
            kind: "retrying".into(),
            participant: "driver-assignment".into(),
            step: Some("offer".into()),
            event_id: Some(requested.id.clone()),
            correlation: Some(trip.correlation.clone()),
            attempts: Some(attempts),
            next_try_ms: Some(log.clock_ms + 500),
            reason: Some("the map is down".into()),
            at_ms: 1000 + i64::from(attempts),
            instance: "copy-1".into(),
            ..Signal::default()
        });
    }
    let found = reasons(&trip.assess(&log), &log, Some(&offsets));
    let offer = found
        .iter()
        .find(|why| why.step == "offer")
        .expect("a reason");
    assert_eq!((offer.reason, offer.attempts), (Reason::Retrying, Some(3)));
    assert!(offer.next_try_ms.is_some());
    assert!(offer.detail.contains("the map is down"), "{}", offer.detail);
}

#[test]
fn a_dead_letter_makes_it_stuck_until_it_is_redriven_and_answered() {
    let (mut log, trip) = (Log::new(), Trip::new("t-1"));
    let requested = trip.start(&mut log);
    trip.notify(&mut log, &requested);
    let letter = log.dead_letter("driver-assignment", "offer", &requested, "no such zone");
    let assessment = trip.assess(&log);
    assert_eq!(status(&assessment, log.clock_ms), Status::Stuck);
    assert!(flags(&assessment).dead_lettered);
    let found = reasons(&assessment, &log, Some(&log.offsets()));
    assert_eq!(found[0].reason, Reason::DeadLettered);
    assert_eq!(found[0].dead_letter, Some(letter.position()));
    assert_eq!(
        (found[0].class.as_deref(), found[0].message.as_deref()),
        (Some("exhausted"), Some("no such zone"))
    );
    assert!(found[0].command.as_ref().is_some_and(|command| {
        command.starts_with("farandole dead-letters retry driver-assignment")
    }));

    let back = log.redrive("driver-assignment", &letter);
    let mut offsets = log.offsets();
    let group = offsets
        .groups
        .get_mut("driver-assignment")
        .expect("the group");
    group.committed.insert(
        ("driver-assignment.redrive".into(), back.partition),
        back.offset,
    );
    let assessment = trip.assess(&log);
    assert_eq!(status(&assessment, log.clock_ms), Status::Running);
    let found = reasons(&assessment, &log, Some(&offsets));
    assert_eq!(
        (found[0].reason, found[0].topic.as_str()),
        (Reason::InHandler, "driver-assignment.redrive")
    );

    trip.answer(
        &mut log,
        &requested,
        "driver-assignment",
        "offer",
        "driver.unavailable",
    );
    let assessment = trip.assess(&log);
    assert_eq!(status(&assessment, log.clock_ms), Status::Running);
    assert!(!flags(&assessment).dead_lettered);
}

#[test]
fn an_answer_after_its_deadline_is_late() {
    let (mut log, trip) = (Log::new(), Trip::new("t-1"));
    let requested = trip.start(&mut log);
    trip.notify(log.wait(WITHIN_MS), &requested);
    assert!(flags(&trip.assess(&log)).late);
}

#[test]
fn optional_outputs_never_hold_a_trip_up() {
    let (mut log, trip) = (Log::new(), Trip::new("t-1"));
    trip.to_assigned(&mut log);
    let assessment = trip.assess(&log);
    assert!(
        assessment
            .firings
            .iter()
            .any(|firing| firing.step == "notify-driver" && !firing.mandatory)
    );
    assert_eq!(assessment.open().count(), 0);
}

#[test]
fn events_without_their_beginning_are_an_orphan_that_is_adopted_later() {
    let (mut log, trip) = (Log::new(), Trip::new("t-1"));
    let requested = trip.start(&mut log);
    trip.answer(
        &mut log,
        &requested,
        "driver-assignment",
        "offer",
        "driver.offered",
    );
    let whole = log.records.clone();
    log.records.remove(0);
    let orphan = trip.assess(&log);
    assert!(flags(&orphan).orphan);
    assert_eq!(
        orphan.deviations,
        [],
        "a cause that was not seen is no deviation"
    );
    log.records = vec![whole[1].clone(), whole[0].clone()];
    assert!(!flags(&trip.assess(&log)).orphan);
}

#[test]
fn an_orphan_whose_topic_lost_its_beginning_is_truncated() {
    let (mut log, trip) = (Log::new(), Trip::new("t-1"));
    let requested = trip.start(&mut log);
    trip.answer(
        &mut log,
        &requested,
        "driver-assignment",
        "offer",
        "driver.offered",
    );
    log.records.remove(0);
    let flags =
        flags(&trip.assess_with(&log, &definitions(), &BTreeSet::from(["trips".to_owned()])));
    assert!(flags.truncated && !flags.orphan, "{flags:?}");
}

#[test]
fn an_undeclared_workflow_is_shown_by_correlation_alone() {
    let (mut log, trip) = (
        Log::new(),
        Trip {
            workflow: "parcel".into(),
            ..Trip::new("t-1")
        },
    );
    trip.to_assigned(&mut log);
    let assessment = trip.assess(&log);
    assert!(!assessment.declared);
    assert_eq!(assessment.workflow.as_deref(), Some("parcel"));
    assert_eq!(assessment.deviations, []);
    assert_eq!(assessment.timeline.len(), log.records.len());
    assert_eq!(status(&assessment, i64::MAX), Status::Running);
}

#[test]
fn an_unknown_version_of_a_known_workflow_is_a_deviation_and_a_reason() {
    let (mut log, trip) = (
        Log::new(),
        Trip {
            version: 9,
            ..Trip::new("t-1")
        },
    );
    trip.start(&mut log);
    let assessment = trip.assess(&log);
    assert_eq!(assessment.deviations[0].kind, DeviationKind::UnknownVersion);
    assert_eq!(
        reasons(&assessment, &log, None)[0].reason,
        Reason::UnknownVersion
    );
}

#[test]
fn what_the_definition_does_not_allow_is_unexpected() {
    let (mut log, trip) = (Log::new(), Trip::new("t-1"));
    let requested = trip.start(&mut log);
    trip.answer(
        &mut log,
        &requested,
        "notification",
        "offer",
        "driver.offered",
    );
    trip.answer(
        &mut log,
        &requested,
        "driver-assignment",
        "decide",
        "driver.assigned",
    );
    trip.answer(
        &mut log,
        &requested,
        "driver-assignment",
        "dream",
        "driver.declined",
    );
    trip.answer(&mut log, &requested, "trip", "drop-off", "trip.completed");
    let told: Vec<String> = trip
        .assess(&log)
        .deviations
        .into_iter()
        .map(|deviation| deviation.explanation)
        .collect();
    for words in [
        "belongs to driver-assignment",
        "does not trigger step decide",
        "no step dream",
        "comes after trip.picked-up",
    ] {
        assert!(
            told.iter().any(|text| text.contains(words)),
            "{words}: {told:?}"
        );
    }
}

#[test]
fn two_answers_of_one_firing_are_a_duplicate() {
    let (mut log, trip) = (Log::new(), Trip::new("t-1"));
    let requested = trip.start(&mut log);
    trip.answer(
        &mut log,
        &requested,
        "driver-assignment",
        "offer",
        "driver.offered",
    );
    trip.answer(
        &mut log,
        &requested,
        "driver-assignment",
        "offer",
        "driver.unavailable",
    );
    let kinds: Vec<DeviationKind> = trip
        .assess(&log)
        .deviations
        .iter()
        .map(|deviation| deviation.kind)
        .collect();
    assert_eq!(kinds, [DeviationKind::Duplicate]);
}

#[test]
fn identical_repeats_are_counted_and_different_content_under_one_id_deviates() {
    let (mut log, trip) = (Log::new(), Trip::new("t-1"));
    let requested = trip.start(&mut log);
    log.repeat(&requested);
    log.repeat(&requested);
    let assessment = trip.assess(&log);
    assert_eq!(
        (
            assessment.events,
            assessment.repeats,
            assessment.deviations.len()
        ),
        (1, 2, 0)
    );
    let mut other = requested.clone();
    other.record.value = Some(b"{}".to_vec());
    log.repeat(&other);
    let assessment = trip.assess(&log);
    assert_eq!(
        (assessment.repeats, assessment.deviations[0].kind),
        (2, DeviationKind::Conflict)
    );
    assert_eq!(
        assessment.deviations[0].position,
        requested.record.position(),
        "the lowest position is canonical"
    );
}

#[test]
fn a_step_without_a_deadline_alarms_only_where_a_default_is_configured() {
    let yaml = support::trip_yaml().replace("    within: 10s\n", "");
    let mut definitions = farandole_tracker::definitions::Definitions::new();
    definitions
        .add_workflow("trip/v1.yaml", &yaml)
        .expect("a workflow");
    let (mut log, trip) = (Log::new(), Trip::new("t-1"));
    trip.start(&mut log);
    let (facts, cut_topics) = (trip.facts(&log), BTreeSet::new());
    let at = |default_within_ms| {
        let context = farandole_tracker::view::Context {
            definitions: &definitions,
            cut_topics: &cut_topics,
            default_within_ms,
        };
        status(
            &farandole_tracker::view::assess(&trip.correlation, &facts, &context),
            log.clock_ms + 3_600_000,
        )
    };
    assert_eq!(at(None), Status::Running);
    assert_eq!(at(Some(60_000)), Status::Stuck);
}
