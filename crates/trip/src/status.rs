//! The trip's states, and what each allows.
//!
//! ```text
//! requested ──> assigned ──> picked_up ──> completed
//!   │  └────────┬───┘
//!   v           v
//! unfulfilled  cancelled
//! ```

use serde::{Deserialize, Serialize};

/// Where a trip stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The rider waits for a driver to be found.
    Requested,
    /// A driver is on the way.
    Assigned,
    /// The rider sits in the car.
    PickedUp,
    /// The rider has arrived.
    Completed,
    /// The rider called it off.
    Cancelled,
    /// No driver was found in time.
    Unfulfilled,
}

/// Something that happens to a trip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A driver took the offer.
    DriverAssigned,
    /// No driver is free just now.
    DriverUnavailable,
    /// It is time to ask once more.
    SearchDue,
    /// The rider has waited long enough.
    PatienceOver,
    /// The driver's app: the rider sits in the car.
    PickUp,
    /// The driver's app: the ride is over.
    DropOff,
    /// The rider's app: call it off.
    Cancel,
}

/// What follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The trip goes on to this state.
    Become(Status),
    /// The trip waits a little before the next search.
    Wait,
    /// The search goes on.
    SearchAgain,
    /// Nothing: it is a repetition, or it comes too late.
    Nothing,
    /// Who asked for it is told that the state does not allow it.
    Refuse,
}

impl Status {
    /// Every state, in the order of a trip.
    pub const ALL: [Self; 6] = [
        Self::Requested,
        Self::Assigned,
        Self::PickedUp,
        Self::Completed,
        Self::Cancelled,
        Self::Unfulfilled,
    ];

    /// The name that HTTP and the database use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Assigned => "assigned",
            Self::PickedUp => "picked_up",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Unfulfilled => "unfulfilled",
        }
    }

    /// The state of that name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }

    /// What follows when this happens to a trip in this state. This one function decides every race between the ends of a trip.
    pub fn verdict(self, happening: Happening) -> Verdict {
        use Happening::{
            Cancel, DriverAssigned, DriverUnavailable, DropOff, PatienceOver, PickUp, SearchDue,
        };
        use Status::{Assigned, Cancelled, Completed, PickedUp, Requested, Unfulfilled};
        match (self, happening) {
            (Requested, DriverAssigned) => Verdict::Become(Assigned),
            (Requested, DriverUnavailable) => Verdict::Wait,
            (Requested, SearchDue) => Verdict::SearchAgain,
            (Requested, PatienceOver) => Verdict::Become(Unfulfilled),
            (Requested | Assigned, Cancel) => Verdict::Become(Cancelled),
            (Assigned, PickUp) => Verdict::Become(PickedUp),
            (PickedUp, DropOff) => Verdict::Become(Completed),
            (Cancelled, Cancel) | (PickedUp, PickUp) | (Completed, DropOff) => Verdict::Nothing,
            (_, DriverAssigned | DriverUnavailable | SearchDue | PatienceOver) => Verdict::Nothing,
            (_, Cancel | PickUp | DropOff) => Verdict::Refuse,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Happening::*;
    use super::Status::*;
    use super::Verdict::{Become, Nothing, Refuse, SearchAgain, Wait};
    use super::*;

    #[test]
    fn every_state_answers_everything_that_can_happen() {
        let happenings = [
            DriverAssigned,
            DriverUnavailable,
            SearchDue,
            PatienceOver,
            PickUp,
            DropOff,
            Cancel,
        ];
        #[rustfmt::skip]
        let table = [
            (Requested,   [Become(Assigned), Wait,    SearchAgain, Become(Unfulfilled), Refuse,           Refuse,            Become(Cancelled)]),
            (Assigned,    [Nothing,          Nothing, Nothing,     Nothing,             Become(PickedUp), Refuse,            Become(Cancelled)]),
            (PickedUp,    [Nothing,          Nothing, Nothing,     Nothing,             Nothing,          Become(Completed), Refuse]),
            (Completed,   [Nothing,          Nothing, Nothing,     Nothing,             Refuse,           Nothing,           Refuse]),
            (Cancelled,   [Nothing,          Nothing, Nothing,     Nothing,             Refuse,           Refuse,            Nothing]),
            (Unfulfilled, [Nothing,          Nothing, Nothing,     Nothing,             Refuse,           Refuse,            Refuse]),
        ];
        for (status, verdicts) in table {
            for (happening, verdict) in happenings.into_iter().zip(verdicts) {
                assert_eq!(
                    status.verdict(happening),
                    verdict,
                    "{happening:?} at {status:?}"
                );
            }
        }
    }

    #[test]
    fn names_are_read_back() {
        assert!(
            Status::ALL
                .into_iter()
                .all(|status| Status::of(status.name()) == Some(status))
        );
        assert_eq!(Status::of("lost"), None);
    }
}
