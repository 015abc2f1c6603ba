use farandole_event::{Catalog, Codec, DecodeError, Envelope, Event, Headers, Payload};

/// What a handler gets: one event, or a generated enum for a step with several triggers.
pub trait Input: Sized + Send + 'static {
    /// The events that it can be made of.
    const EVENTS: &'static [&'static str];

    /// Makes it of a delivered event.
    ///
    /// # Errors
    /// When the event is none of [`Input::EVENTS`], or its bytes can't be decoded.
    fn decode(delivery: &Delivery<'_>) -> Result<Self, DecodeError>;
}

impl<E: Event> Input for E {
    const EVENTS: &'static [&'static str] = &[E::NAME];

    fn decode(delivery: &Delivery<'_>) -> Result<Self, DecodeError> {
        delivery.decode()
    }
}

/// A delivered event that is not decoded yet.
pub struct Delivery<'a> {
    pub(crate) envelope: &'a Envelope,
    pub(crate) headers: &'a Headers,
    pub(crate) payload: &'a Payload<'a>,
    pub(crate) catalog: &'a Catalog,
}

impl Delivery<'_> {
    /// The event's name.
    pub fn event(&self) -> &str {
        &self.envelope.event
    }

    /// The event as a value of its newest type, whichever version it was written in.
    ///
    /// # Errors
    /// When it is another event, or its bytes can't be decoded.
    pub fn decode<E: Event>(&self) -> Result<E, DecodeError> {
        if self.event() != E::NAME {
            return Err(self.unexpected(&[E::NAME]));
        }
        Codec::<E>::of()?.decode(self.envelope, self.headers, self.payload, self.catalog)
    }

    /// The error for an event that the input can't be made of.
    pub fn unexpected(&self, expected: &[&str]) -> DecodeError {
        DecodeError::Type {
            event: self.event().to_owned(),
            version: self
                .envelope
                .schema_version()
                .map_or(0, |(_, version)| version),
            reason: format!("the step takes {}", expected.join(", ")),
        }
    }
}

impl std::fmt::Debug for Delivery<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Delivery")
            .field("envelope", self.envelope)
            .finish_non_exhaustive()
    }
}
