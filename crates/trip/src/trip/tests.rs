use super::*;
use crate::request::Place;

const PATIENCE: Patience = Patience {
    patience_ms: 60_000,
    search_interval_ms: 2_000,
};
const TRIP: Uuid = Uuid::from_u128(17);

fn requested() -> Trip {
    let place = |lat| Place {
        lat,
        lon: 10.0,
        zone: "a".into(),
    };
    let request = TripRequest {
        trip_id: None,
        rider_id: "rider-1".into(),
        pickup: place(50.0),
        dropoff: place(50.1),
        passengers: 1,
        distance_m: Some(7_400),
    };
    Trip::begin(TRIP, request, PATIENCE, 1_000).unwrap().0
}

fn assigned() -> Trip {
    let mut trip = requested();
    trip.driver_assigned("assigned-1", driver_assigned("driver-1"), 1_500);
    trip
}

fn driver_assigned(driver_id: &str) -> DriverAssigned {
    DriverAssigned {
        trip_id: TRIP,
        driver_id: driver_id.into(),
        lease: 3,
        pickup_distance_m: 640,
    }
}

/// Event, cause and firing of a step.
fn told(step: &External) -> (&str, &str, &str) {
    let headers = &step.outgoing[0].headers;
    (
        headers.text("ce_type").unwrap(),
        headers.text("ce_causationid").unwrap_or_default(),
        &step.firing,
    )
}

#[test]
fn a_trip_goes_from_the_request_to_the_fare() {
    let mut trip = assigned();
    let pick_up = trip.pick_up(2_000).unwrap().unwrap();
    assert_eq!(
        (told(&pick_up).0, told(&pick_up).1),
        ("trip.picked-up", "assigned-1")
    );
    let drop_off = trip.drop_off(None, 3_000).unwrap().unwrap();
    assert_eq!(
        (told(&drop_off).0, told(&drop_off).1),
        ("trip.completed", event_id(&pick_up).unwrap().as_str())
    );
    assert_eq!(
        (trip.status, trip.fare.unwrap().to_string().as_str()),
        (Status::Completed, "15.95")
    );
}

#[test]
fn what_is_said_again_happens_once() {
    let mut trip = assigned();
    assert!(trip.pick_up(2_000).unwrap().is_some());
    assert_eq!(trip.pick_up(2_001).unwrap(), None);
    assert!(trip.drop_off(None, 3_000).unwrap().is_some());
    assert_eq!(trip.drop_off(None, 3_001).unwrap(), None);
    let mut trip = requested();
    assert!(trip.cancel("first".into()).unwrap().is_some());
    assert_eq!(trip.cancel("second".into()).unwrap(), None);
    assert_eq!(trip.reason.as_deref(), Some("first"));
}

#[test]
fn after_the_pick_up_it_is_too_late_to_cancel() {
    let mut trip = assigned();
    trip.pick_up(2_000).unwrap();
    let error = trip.cancel(String::new()).unwrap_err();
    assert!(
        matches!(
            error,
            TripError::WrongState {
                status: Status::PickedUp,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(trip.status, Status::PickedUp);
}

#[test]
fn a_driver_who_comes_after_the_end_changes_nothing() {
    let mut trip = requested();
    trip.cancel(String::new()).unwrap();
    let before = trip.clone();
    trip.driver_assigned("assigned-1", driver_assigned("driver-1"), 1_500);
    trip.driver_unavailable("nobody-1", PATIENCE, 1_500);
    assert_eq!(trip, before);
    assert_eq!(trip.due_at_ms(), None);
}

#[test]
fn a_second_driver_does_not_take_the_first_one_s_place() {
    let mut trip = assigned();
    trip.driver_assigned("assigned-2", driver_assigned("driver-2"), 1_600);
    assert_eq!(trip.driver.unwrap().driver_id, "driver-1");
}

#[test]
fn when_nobody_is_free_the_search_goes_on_a_little_later() {
    let mut trip = requested();
    assert_eq!(
        trip.due_at_ms(),
        Some(61_000),
        "nothing but the end of patience"
    );
    trip.driver_unavailable("nobody-1", PATIENCE, 5_000);
    assert_eq!(trip.due_at_ms(), Some(7_000));
    assert_eq!(trip.wake(6_999).unwrap(), None);
    let again = trip.wake(7_000).unwrap().unwrap();
    assert_eq!(
        (told(&again).0, told(&again).1),
        ("trip.search-resumed", "nobody-1")
    );
    assert_eq!(trip.round, 2);
    assert_eq!(
        trip.wake(7_001).unwrap(),
        None,
        "asked once for each answer"
    );
}

#[test]
fn a_driver_ends_the_search() {
    let mut trip = requested();
    trip.driver_unavailable("nobody-1", PATIENCE, 5_000);
    trip.driver_assigned("assigned-1", driver_assigned("driver-1"), 5_500);
    assert_eq!(trip.due_at_ms(), None);
    assert_eq!(trip.wake(90_000).unwrap(), None);
    assert_eq!(trip.status, Status::Assigned);
}

#[test]
fn patience_ends_and_the_last_unanswered_event_is_answered() {
    let mut trip = requested();
    trip.driver_unavailable("nobody-1", PATIENCE, 60_500);
    let end = trip.wake(61_000).unwrap().unwrap();
    assert_eq!(
        (told(&end).0, told(&end).1),
        ("trip.unfulfilled", "nobody-1")
    );
    assert_eq!((trip.status, trip.due_at_ms()), (Status::Unfulfilled, None));
}

#[test]
fn no_firing_ever_has_two_answers() {
    let mut trip = requested();
    trip.driver_unavailable("nobody-1", PATIENCE, 5_000);
    let again = trip.wake(7_000).unwrap().unwrap();
    let end = trip.wake(61_000).unwrap().unwrap();
    assert_eq!(
        told(&end).1,
        trip.requested_event,
        "every `nobody` is answered, so this answers the request"
    );
    assert_ne!(told(&again).2, told(&end).2);
}

#[test]
fn a_trip_is_the_same_after_it_was_stored() {
    let mut trip = assigned();
    trip.pick_up(2_000).unwrap();
    let text = serde_json::to_string(&trip).unwrap();
    assert_eq!(serde_json::from_str::<Trip>(&text).unwrap(), trip);
}
