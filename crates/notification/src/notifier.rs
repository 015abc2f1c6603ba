//! The participant: turns events into messages, and tells of each message that is out.

use farandole::{Context, Failure, now_ms};
use rides::trip::{Carried, Notification, NotifyDriverInput, NotifyRiderInput};
use rides::{DriverNotified, RiderNotified, Stage};
use uuid::Uuid;

use crate::channel::{Channel, Message, Sent};
use crate::words;

/// Tells riders and drivers through a channel.
#[derive(Debug)]
pub struct Notifier<C> {
    channel: C,
}

impl<C: Channel> Notifier<C> {
    /// Tells people through this channel.
    pub fn new(channel: C) -> Self {
        Self { channel }
    }

    async fn tell(
        &self,
        recipient: &str,
        trip_id: Uuid,
        text: &str,
        cx: &Context,
    ) -> Result<Sent, Failure> {
        let message = Message {
            event_id: cx.event_id().to_owned(),
            recipient: recipient.to_owned(),
            trip_id: trip_id.to_string(),
            text: text.to_owned(),
            at_ms: now_ms(),
        };
        Ok(self.channel.send(message).await?)
    }
}

impl<C: Channel> Notification for Notifier<C> {
    async fn notify_rider(
        &self,
        input: NotifyRiderInput,
        cx: &Context,
    ) -> Result<RiderNotified, Failure> {
        use NotifyRiderInput::{
            DriverAssigned, TripCancelled, TripCompleted, TripPickedUp, TripRequested,
            TripUnfulfilled,
        };
        let (trip_id, stage, rider_id) = match input {
            TripRequested(event) => (event.trip_id, Stage::Requested, Some(event.rider_id)),
            DriverAssigned(event) => (
                event.trip_id,
                Stage::Assigned,
                Carried::of(cx).trip_requested_rider_id,
            ),
            TripPickedUp(event) => (event.trip_id, Stage::PickedUp, Some(event.rider_id)),
            TripCompleted(event) => (event.trip_id, Stage::Completed, Some(event.rider_id)),
            TripCancelled(event) => (event.trip_id, Stage::Cancelled, Some(event.rider_id)),
            TripUnfulfilled(event) => (event.trip_id, Stage::Unfulfilled, Some(event.rider_id)),
        };
        let rider_id = rider_id
            .ok_or_else(|| Failure::reject("the event carries no trip.requested.rider_id"))?;
        let sent = self
            .tell(&rider_id, trip_id, words::for_rider(&stage), cx)
            .await?;
        Ok(RiderNotified {
            trip_id,
            rider_id,
            stage,
            channel: self.channel.name().to_owned(),
            notified_at: sent.at_ms,
        })
    }

    async fn notify_driver(
        &self,
        input: NotifyDriverInput,
        cx: &Context,
    ) -> Result<Option<DriverNotified>, Failure> {
        let (trip_id, stage, driver_id) = match input {
            NotifyDriverInput::DriverAssigned(event) => {
                (event.trip_id, Stage::Assigned, Some(event.driver_id))
            }
            NotifyDriverInput::TripCancelled(event) => {
                (event.trip_id, Stage::Cancelled, event.driver_id)
            }
        };
        let Some(driver_id) = driver_id else {
            return Ok(None);
        };
        let sent = self
            .tell(&driver_id, trip_id, words::for_driver(&stage), cx)
            .await?;
        let channel = self.channel.name().to_owned();
        Ok(Some(DriverNotified {
            trip_id,
            driver_id,
            stage,
            channel,
            notified_at: sent.at_ms,
        }))
    }
}
