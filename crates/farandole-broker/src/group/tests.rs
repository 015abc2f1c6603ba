use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn join(member_id: &str) -> Join {
    Join {
        member_id: member_id.to_owned(),
        instance_id: None,
        client_id: "client".into(),
        host: "/127.0.0.1".into(),
        session_timeout: 10 * SECOND,
        rebalance_timeout: 60 * SECOND,
        protocol_type: "consumer".into(),
        protocols: vec![("range".into(), Bytes::from_static(b"trips"))],
        id_first: false,
        can_skip: false,
    }
}

fn group() -> Group {
    Group::new("g", GroupMemory::default())
}

type Wait<T> = tokio::sync::oneshot::Receiver<Result<T, ResponseError>>;

#[track_caller]
fn waits(joining: Joining) -> Wait<Joined> {
    match joining {
        Joining::Wait(receiver) => receiver,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn joined(mut wait: Wait<Joined>) -> Joined {
    wait.try_recv()
        .expect("the rebalance is complete")
        .expect("it is let in")
}

#[track_caller]
fn refused(joining: Joining) -> (ResponseError, String) {
    match joining {
        Joining::Refused(error, member_id) => (error, member_id),
        other => panic!("{other:?}"),
    }
}

fn sync<'a>(joined: &'a Joined, assignments: &[(&str, &'static [u8])]) -> Sync<'a> {
    let pair = |(id, bytes): &(&str, &'static [u8])| ((*id).to_owned(), Bytes::from_static(bytes));
    Sync {
        who: Identity {
            member_id: &joined.member_id,
            instance_id: None,
        },
        generation: joined.generation,
        protocol_type: None,
        protocol: None,
        assignments: assignments.iter().map(pair).collect::<HashMap<_, _>>(),
    }
}

#[track_caller]
fn synced(syncing: Syncing) -> Bytes {
    match syncing {
        Syncing::Wait(mut receiver) => receiver.try_recv().unwrap().unwrap().assignment,
        Syncing::Done(result) => result.unwrap().assignment,
    }
}

/// A stable group of one.
fn group_of_one(now: Instant) -> (Group, Joined) {
    let mut group = group();
    let first = joined(waits(group.join(join(""), now)));
    synced(group.sync(sync(&first, &[(&first.member_id, b"all")]), now));
    (group, first)
}

fn beat(group: &mut Group, joined: &Joined, now: Instant) -> Result<(), ResponseError> {
    let who = Identity {
        member_id: &joined.member_id,
        instance_id: None,
    };
    group.heartbeat(who, joined.generation, now)
}

#[test]
fn the_first_member_leads_at_once() {
    let now = Instant::now();
    let (group, first) = group_of_one(now);
    assert_eq!((first.generation, &first.leader), (1, &first.member_id));
    assert_eq!(first.members.len(), 1);
    assert_eq!(group.state(), "Stable");
}

#[test]
fn a_new_client_is_given_an_id_to_come_back_with() {
    let now = Instant::now();
    let mut group = group();
    let (error, id) = refused(group.join(
        Join {
            id_first: true,
            ..join("")
        },
        now,
    ));
    assert_eq!(error, ResponseError::MemberIdRequired);
    assert_eq!(group.state(), "Empty");
    assert_eq!(joined(waits(group.join(join(&id), now))).member_id, id);
    let (error, _) = refused(group.join(join("never given out"), now));
    assert_eq!(error, ResponseError::UnknownMemberId);
}

#[test]
fn an_id_nobody_comes_back_with_is_forgotten() {
    let now = Instant::now();
    let mut group = group();
    let (_, id) = refused(group.join(
        Join {
            id_first: true,
            ..join("")
        },
        now,
    ));
    group.expire(now + 10 * SECOND);
    assert!(group.is_forgettable());
    let (error, _) = refused(group.join(join(&id), now + 10 * SECOND));
    assert_eq!(error, ResponseError::UnknownMemberId);
}

#[test]
fn a_second_member_makes_the_first_join_again() {
    let now = Instant::now();
    let (mut group, first) = group_of_one(now);
    let mut second = waits(group.join(join(""), now));
    assert!(second.try_recv().is_err(), "it waits for the first");
    assert_eq!(
        beat(&mut group, &first, now),
        Err(ResponseError::RebalanceInProgress)
    );
    let first = joined(waits(group.join(join(&first.member_id), now)));
    let second = joined(second);
    assert_eq!((first.generation, second.generation), (2, 2));
    assert_eq!((&second.leader, first.members.len()), (&first.member_id, 2));
    assert!(
        second.members.is_empty(),
        "only the leader learns of the others"
    );
}

#[test]
fn followers_wait_for_the_leaders_assignment() {
    let now = Instant::now();
    let (mut group, first) = group_of_one(now);
    let second = waits(group.join(join(""), now));
    let first = joined(waits(group.join(join(&first.member_id), now)));
    let second = joined(second);
    let Syncing::Wait(mut waiting) = group.sync(sync(&second, &[]), now) else {
        panic!()
    };
    assert!(waiting.try_recv().is_err());
    let parts: [(&str, &'static [u8]); 2] =
        [(&first.member_id, b"left"), (&second.member_id, b"right")];
    assert_eq!(synced(group.sync(sync(&first, &parts), now)), "left");
    assert_eq!(waiting.try_recv().unwrap().unwrap().assignment, "right");
    assert_eq!(
        synced(group.sync(sync(&second, &[]), now)),
        "right",
        "asked again"
    );
}

#[test]
fn a_silent_member_goes_at_its_session_timeout_and_heartbeats_put_it_off() {
    let start = Instant::now();
    let (mut group, first) = group_of_one(start);
    assert_eq!(group.next_deadline(), Some(start + 10 * SECOND));
    assert_eq!(beat(&mut group, &first, start + 6 * SECOND), Ok(()));
    group.expire(start + 10 * SECOND);
    assert_eq!(group.state(), "Stable");
    group.expire(start + 16 * SECOND);
    assert_eq!((group.state(), group.next_deadline()), ("Empty", None));
    let late = beat(&mut group, &first, start + 16 * SECOND);
    assert_eq!(late, Err(ResponseError::UnknownMemberId));
}

#[test]
fn who_does_not_join_again_in_time_is_left_behind() {
    let start = Instant::now();
    let (mut group, first) = group_of_one(start);
    let second = waits(group.join(join(""), start));
    // The first keeps its session but never joins.
    let mut now = start;
    while now < start + 59 * SECOND {
        now += 5 * SECOND;
        let _ = beat(&mut group, &first, now);
        group.expire(now);
    }
    let second = joined(second);
    assert_eq!((second.generation, second.members.len()), (2, 1));
    assert_eq!(
        beat(&mut group, &first, now),
        Err(ResponseError::UnknownMemberId)
    );
}

#[test]
fn a_leader_that_joins_and_never_assigns_is_removed() {
    let start = Instant::now();
    let mut group = group();
    let leader = joined(waits(group.join(join(""), start)));
    let mut now = start;
    while now < start + 60 * SECOND {
        now += 5 * SECOND;
        let _ = beat(&mut group, &leader, now);
        group.expire(now);
    }
    assert_eq!(group.state(), "Empty");
}

#[test]
fn a_member_that_leaves_makes_the_others_join_again() {
    let now = Instant::now();
    let (mut group, first) = group_of_one(now);
    let second = waits(group.join(join(""), now));
    let first = joined(waits(group.join(join(&first.member_id), now)));
    let second = joined(second);
    let who = Identity {
        member_id: &first.member_id,
        instance_id: None,
    };
    assert_eq!(group.leave(who, now), Ok(()));
    assert_eq!(group.leave(who, now), Err(ResponseError::UnknownMemberId));
    assert_eq!(group.state(), "PreparingRebalance");
    let second = joined(waits(group.join(join(&second.member_id), now)));
    assert_eq!((second.generation, &second.leader), (3, &second.member_id));
}

#[test]
fn old_generations_are_refused() {
    let now = Instant::now();
    let (mut group, first) = group_of_one(now);
    let stale = Joined {
        generation: 0,
        ..first.clone()
    };
    assert_eq!(
        beat(&mut group, &stale, now),
        Err(ResponseError::IllegalGeneration)
    );
    let Syncing::Done(result) = group.sync(sync(&stale, &[]), now) else {
        panic!()
    };
    assert_eq!(result, Err(ResponseError::IllegalGeneration));
}

#[test]
fn members_without_a_common_protocol_are_refused() {
    let now = Instant::now();
    let (mut group, _) = group_of_one(now);
    let other = vec![("sticky".to_owned(), Bytes::new())];
    let (error, _) = refused(group.join(
        Join {
            protocols: other,
            ..join("")
        },
        now,
    ));
    assert_eq!(error, ResponseError::InconsistentGroupProtocol);
    let connect = Join {
        protocol_type: "connect".into(),
        ..join("")
    };
    assert_eq!(
        refused(group.join(connect, now)).0,
        ResponseError::InconsistentGroupProtocol
    );
}

#[test]
fn a_follower_that_lost_its_answer_gets_it_again_without_a_rebalance() {
    let now = Instant::now();
    let (mut group, first) = group_of_one(now);
    let second = waits(group.join(join(""), now));
    let first = joined(waits(group.join(join(&first.member_id), now)));
    let second = joined(second);
    synced(group.sync(sync(&first, &[]), now));
    let Joining::Done(again) = group.join(join(&second.member_id), now) else {
        panic!()
    };
    assert_eq!(again, second);
    let changed = vec![("range".to_owned(), Bytes::from_static(b"other"))];
    let change = Join {
        protocols: changed,
        ..join(&second.member_id)
    };
    waits(group.join(change, now));
    assert_eq!(
        group.state(),
        "PreparingRebalance",
        "it subscribes to something else"
    );
}

#[test]
fn a_restarted_broker_goes_on_counting_generations() {
    let memory = GroupMemory {
        generation: 41,
        ..GroupMemory::default()
    };
    let mut group = Group::new("g", memory);
    assert_eq!(
        joined(waits(group.join(join(""), Instant::now()))).generation,
        42
    );
    assert_eq!(group.take_news(), Some((42, "consumer".into())));
    assert_eq!(group.take_news(), None);
}
