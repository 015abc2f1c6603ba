//! Why a trip could not be asked for or changed.

use farandole::ExternalError;
use farandole_outbox::OutboxError;
use uuid::Uuid;

use crate::status::{Happening, Status};

/// Why a trip could not be asked for or changed.
#[derive(Debug, thiserror::Error)]
pub enum TripError {
    /// There is no such trip.
    #[error("there is no trip {0}")]
    Unknown(Uuid),
    /// The trip's state does not allow it.
    #[error("trip {trip_id} is {}: {}", status.name(), refusal(*happening))]
    WrongState {
        /// The trip.
        trip_id: Uuid,
        /// Where it stands.
        status: Status,
        /// What was asked.
        happening: Happening,
    },
    /// Another trip has this id.
    #[error("trip {0} was requested with other content; choose a new trip_id for another trip")]
    OtherContent(Uuid),
    /// The workflow does not allow the step.
    #[error(transparent)]
    Workflow(#[from] ExternalError),
    /// A step without an event, although the workflow has one for it.
    #[error("the workflow emits nothing for this step")]
    NoEvent,
    /// What the database holds can't be read.
    #[error("trip {trip_id} in the database can't be read: {source}")]
    Unreadable {
        /// The trip.
        trip_id: String,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// The database does not answer.
    #[error("the trip database: {0}")]
    Database(#[from] rusqlite::Error),
    /// The outbox does not answer.
    #[error(transparent)]
    Outbox(#[from] OutboxError),
}

fn refusal(happening: Happening) -> &'static str {
    match happening {
        Happening::Cancel => "it can be cancelled before the pick-up only",
        Happening::PickUp => "a rider is picked up once, when a driver is assigned",
        Happening::DropOff => "a rider is dropped off after the pick-up",
        _ => "that does not happen now",
    }
}
