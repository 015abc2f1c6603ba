//! What people are told.

use rides::Stage;

pub(crate) fn for_rider(stage: &Stage) -> &'static str {
    match stage {
        Stage::Requested => "We look for a driver.",
        Stage::Assigned => "Your driver is on the way.",
        Stage::PickedUp => "Have a good ride.",
        Stage::Completed => "You have arrived.",
        Stage::Cancelled => "Your trip is called off.",
        Stage::Unfulfilled => "We are sorry: no driver is free near you.",
        Stage::Other => "There is news of your trip.",
    }
}

pub(crate) fn for_driver(stage: &Stage) -> &'static str {
    match stage {
        Stage::Assigned => "A rider waits for you.",
        Stage::Cancelled => "The rider has called the trip off.",
        _ => "There is news of your trip.",
    }
}
