//! The test harness for services, used as its users do.

mod ride;

use std::time::Duration;

use farandole::testing::{Scenario, Services};
use farandole::{External, StartOptions, events};
use ride::{
    DriverOffered, DriverUnavailable, RiderNotified, TRIP, WORKFLOWS, offered, requested,
    requested_as,
};

fn start(trip_id: &str, note: &str) -> External {
    External::start(
        &WORKFLOWS[0],
        "trip",
        "request",
        &requested_as(trip_id, note),
        StartOptions::default(),
    )
    .expect("a start")
}

#[tokio::test]
async fn a_scenario_compares_what_a_step_emits() {
    Scenario::of(ride::driver_assignment())
        .when(requested(""))
        .await
        .then_emits([offered(TRIP)]);
    Scenario::of(ride::driver_assignment())
        .when(requested("nobody"))
        .await
        .then_emits([DriverUnavailable {
            trip_id: TRIP.into(),
        }]);
}

#[tokio::test]
async fn fields_of_earlier_events_travel_along() {
    Scenario::of(ride::notification())
        .given(events![requested("")])
        .when(offered(TRIP))
        .await
        .then_emits(events![RiderNotified {
            trip_id: TRIP.into(),
            rider_id: "rider-17".into()
        }]);
    Scenario::of(ride::notification())
        .instance(TRIP)
        .when(offered(TRIP))
        .await
        .then_rejects("no rider came along");
}

#[tokio::test]
async fn failures_are_told_apart() {
    let when = |note: &'static str| Scenario::of(ride::driver_assignment()).when(requested(note));
    when("reject").await.then_rejects("no such zone");
    when("retry").await.then_retries("the map does not answer");
    when("panic").await.then_retries("out of paper");
}

#[tokio::test]
#[should_panic(expected = "-   \"driver_id\": \"driver-4\"")]
async fn a_difference_is_shown_line_by_line() {
    let other = DriverOffered {
        driver_id: "driver-4".into(),
        ..offered(TRIP)
    };
    Scenario::of(ride::driver_assignment())
        .when(requested(""))
        .await
        .then_emits([other]);
}

#[tokio::test]
#[should_panic(expected = "no step of driver-assignment is triggered by rider.notified")]
async fn an_event_that_triggers_nothing_is_a_mistake_of_the_test() {
    let notified = RiderNotified {
        trip_id: TRIP.into(),
        rider_id: "rider-17".into(),
    };
    let _then = Scenario::of(ride::driver_assignment()).when(notified).await;
}

#[tokio::test]
async fn services_run_to_the_end_in_every_order_and_through_repeats() {
    for seed in 0..200 {
        let mut services = Services::of(ride::driver_assignment())
            .and(ride::notification())
            .and(ride::trip())
            .seeded(seed)
            .repeating(0.3);
        for trip in 0..5 {
            services.publish(&start(&format!("trip-{trip}"), ""));
        }
        services.run().await;
        let names = services.names();
        for (event, count) in [
            ("trip.requested", 5),
            ("driver.offered", 5),
            ("rider.notified", 5),
        ] {
            assert_eq!(
                names.iter().filter(|name| *name == event).count(),
                count,
                "{event} with seed {seed}"
            );
        }
        assert!(services.dead_letters().is_empty(), "seed {seed}");
    }
}

#[tokio::test]
async fn the_same_seed_gives_the_same_run() {
    let run = |seed| async move {
        let mut services = Services::of(ride::driver_assignment())
            .and(ride::notification())
            .seeded(seed);
        (0..5).for_each(|trip| services.publish(&start(&format!("trip-{trip}"), "")));
        services.run().await;
        services
            .published()
            .iter()
            .map(|seen| seen.envelope.id.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(run(7).await, run(7).await);
    let mut orders = std::collections::BTreeSet::new();
    for seed in 0..20 {
        orders.insert(run(seed).await);
    }
    assert!(orders.len() > 1, "seeds make a difference");
}

#[tokio::test]
async fn retries_happen_when_time_passes_and_end_as_dead_letters() {
    let mut services = Services::of(ride::driver_assignment());
    services.publish(&start(TRIP, "retry"));
    services.run().await;
    assert!(
        services.dead_letters().is_empty(),
        "the second try is not due yet"
    );
    services.advance(Duration::from_secs(60)).await;
    let letters = services.dead_letters();
    assert_eq!(letters.len(), 1);
    assert_eq!(
        (letters[0].attempts, letters[0].class.as_str()),
        (8, "exhausted")
    );
    assert_eq!(
        (letters[0].step.as_deref(), letters[0].message.as_str()),
        (Some("offer"), "the map does not answer")
    );
}
