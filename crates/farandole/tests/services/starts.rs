use farandole::{Participant, RetryPolicy, Service, WorkflowSource};
use farandole_kafka::TopicSpec;

use crate::ride::{self, SCHEMAS, WORKFLOWS, YAML};
use crate::support::Cluster;

/// What a service without a broker is refused for: wiring is looked at first.
async fn refusal(build: impl FnOnce(Service) -> Service) -> String {
    let (_stop, shutdown) = farandole::Shutdown::manual();
    let settings = farandole::ServiceSettings::new(
        farandole::KafkaSettings::bootstrap("127.0.0.1:1"),
        shutdown,
    );
    let service = Service::new("driver-assignment", settings).expect("a service");
    build(service)
        .run()
        .await
        .expect_err("it can't start")
        .to_string()
}

#[tokio::test]
async fn a_step_without_a_handler_and_a_handler_without_a_step_are_named() {
    let participant =
        Participant::new("driver-assignment", &WORKFLOWS, SCHEMAS).step("ofer", ride::offer);
    let problem = refusal(|service| service.participant(participant)).await;
    assert!(
        problem.contains("gives step `offer` to driver-assignment, and there is no handler for it"),
        "{problem}"
    );
    assert!(
        problem.contains("a handler for `ofer`, which no workflow here gives"),
        "{problem}"
    );
}

#[tokio::test]
async fn a_handler_for_another_event_is_named() {
    let participant = Participant::new("driver-assignment", &WORKFLOWS, SCHEMAS)
        .step("offer", |offer: ride::DriverOffered, _| async { Ok(offer) });
    let problem = refusal(|service| service.participant(participant)).await;
    assert!(problem.contains("step `offer` of workflow trip v1 is triggered by trip.requested; its handler takes driver.offered"), "{problem}");
}

#[tokio::test]
async fn a_name_that_differs_and_a_policy_for_nothing_are_named() {
    let problem = refusal(|service| {
        service
            .participant(ride::notification())
            .policy("notify-ridr", RetryPolicy::default())
    })
    .await;
    assert!(
        problem.contains("the service is named driver-assignment and its participant notification"),
        "{problem}"
    );
    assert!(
        problem.contains("a retry policy for `notify-ridr`")
            && problem.contains("did you mean `notify-rider`?"),
        "{problem}"
    );
}

#[tokio::test]
async fn what_the_runtime_can_not_do_yet_is_refused_by_name() {
    static JOINS: [WorkflowSource; 1] = [WorkflowSource {
        name: "trip",
        version: 1,
        yaml: "
workflow: trip
version: 1
key: trip_id
steps:
  request: {by: trip, external: start, emits: trip.requested}
  cancel: {by: trip, external: during, emits: trip.cancelled}
  offer: {by: driver-assignment, on: {all_of: [trip.requested, trip.cancelled]}, emits: driver.offered}
ends: {completed: driver.offered}
",
    }];
    let participant = Participant::new("driver-assignment", &JOINS, SCHEMAS)
        .step("offer", |trip: ride::TripRequested, _| async { Ok(trip) });
    let problem = refusal(|service| service.participant(participant)).await;
    assert!(
        problem.contains("step `offer`") && problem.contains("joins can't run yet"),
        "{problem}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_topics_are_named_with_what_creates_them() {
    let cluster = Cluster::empty().await;
    let topics = [
        "trips",
        "assignments",
        "farandole.signals",
        "farandole.catalog",
        "driver-assignment.redrive",
    ];
    cluster
        .create(&topics.map(|name| TopicSpec::new(name, 3)))
        .await;
    let service = cluster.run("driver-assignment", |service| {
        service.participant(ride::driver_assignment())
    });
    let problem = service
        .ended()
        .await
        .expect_err("it can't start")
        .to_string();
    assert!(
        problem.contains("do not exist: driver-assignment.dead-letters, drivers"),
        "{problem}"
    );
    assert!(problem.contains("farandole topics apply"), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_definition_with_another_content_is_refused() {
    let cluster = Cluster::start().await;
    let first = cluster.run("driver-assignment", |service| {
        service.participant(ride::driver_assignment())
    });
    cluster.wait_for("farandole.catalog", 7).await;
    first.stop().await;
    let changed = format!("{YAML}# changed\n").leak();
    let workflows = Box::leak(Box::new([WorkflowSource {
        name: "trip",
        version: 1,
        yaml: changed,
    }]));
    let participant =
        Participant::new("driver-assignment", workflows, SCHEMAS).step("offer", ride::offer);
    let service = cluster.run("driver-assignment", |service| {
        service.participant(participant)
    });
    let problem = service
        .ended()
        .await
        .expect_err("it can't start")
        .to_string();
    assert!(
        problem.contains("workflow trip v1 is already known with another content"),
        "{problem}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_ends_in_time_while_no_broker_answers() {
    let (stop, shutdown) = farandole::Shutdown::manual();
    let settings = farandole::ServiceSettings::new(
        farandole::KafkaSettings::bootstrap("127.0.0.1:1"),
        shutdown,
    );
    let service = Service::new("driver-assignment", settings)
        .expect("a service")
        .participant(ride::driver_assignment());
    let running = tokio::spawn(service.run());
    stop.request();
    let ended = tokio::time::timeout(std::time::Duration::from_secs(20), running).await;
    ended
        .expect("bounded")
        .expect("no panic")
        .expect("a clean end");
}
