use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use farandole_event::{Carried, Envelope, Outgoing, Position, Record};
use serde::de::DeserializeOwned;

use crate::stamp::{Ids, Stamp};
use crate::unit::Unit;
use crate::{Failure, Instance, Outputs};

/// What a handler may know about its firing: one execution of a step for one event. Cheap to clone.
#[derive(Clone)]
pub struct Context(Arc<Firing>);

pub(crate) struct Firing {
    pub(crate) participant: Arc<str>,
    pub(crate) unit: Arc<Unit>,
    pub(crate) record: Arc<Record>,
    pub(crate) position: Position,
    pub(crate) envelope: Envelope,
    pub(crate) firing: String,
    pub(crate) attempt: u32,
    pub(crate) now_ms: i64,
    /// Whether stamped outputs are kept here although they are safe elsewhere (the test harness has no relay).
    pub(crate) keeps_stamped: bool,
    pub(crate) settled: AtomicBool,
    pub(crate) stamped: Mutex<Vec<Outgoing>>,
}

impl Context {
    pub(crate) fn new(firing: Firing) -> Self {
        Self(Arc::new(firing))
    }

    /// The id of the event that fired the step; the same when it is delivered again.
    pub fn event_id(&self) -> &str {
        &self.0.envelope.id
    }

    /// The id of this firing; the same for every try and every delivery of one event to one step.
    pub fn firing_id(&self) -> &str {
        &self.0.firing
    }

    /// The instance's correlation id.
    pub fn correlation(&self) -> Option<&str> {
        self.0.envelope.correlation.as_deref()
    }

    /// The value of the workflow's key: which trip it is.
    pub fn key(&self) -> Option<&str> {
        self.0.envelope.subject.as_deref()
    }

    /// Which try this is, from 1.
    pub fn attempt(&self) -> u32 {
        self.0.attempt
    }

    /// When the broker appended the event, in milliseconds since the Unix epoch. Unlike a clock it is the same at every try.
    pub fn append_time_ms(&self) -> Option<i64> {
        self.0.record.timestamp_ms
    }

    /// Where the event stands: topic, partition, offset.
    pub fn position(&self) -> &Position {
        &self.0.position
    }

    /// The event's envelope.
    pub fn envelope(&self) -> &Envelope {
        &self.0.envelope
    }

    /// The record as it was read.
    pub fn record(&self) -> &Record {
        &self.0.record
    }

    /// The step that fires.
    pub fn step(&self) -> &str {
        &self.0.unit.step
    }

    /// The participant that it belongs to.
    pub fn participant(&self) -> &str {
        &self.0.participant
    }

    /// The instance that the event belongs to; `None` outside a workflow.
    pub fn instance(&self) -> Option<Instance> {
        let envelope = &self.0.envelope;
        Some(Instance {
            workflow: envelope.workflow.clone()?,
            version: envelope.workflow_version?,
            key: envelope.subject.clone()?,
            correlation: envelope.correlation.clone()?,
            tenant: envelope.tenant.clone(),
            carried: envelope.carried.clone(),
        })
    }

    /// A field that travels along, by event and field: `cx.carried("trip.requested.rider_id")`. `None` when it is not there
    /// or of another type.
    pub fn carried<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        self.0
            .envelope
            .carried
            .get(name)
            .and_then(|value| T::deserialize(value).ok())
    }

    /// The records that the framework would publish for these outputs: same ids and headers at every call, but for the time
    /// and the span.
    ///
    /// # Errors
    /// A reject, when the step may not emit them or they can't be encoded.
    pub fn stamp(&self, outputs: &dyn Outputs) -> Result<Vec<Outgoing>, Failure> {
        let firing = &*self.0;
        let envelope = &firing.envelope;
        let none = Carried::new();
        let workflow = firing.unit.workflow.as_ref();
        let inherited = |value: &'_ Option<String>| workflow.and(value.clone());
        let (correlation, subject) = (
            inherited(&envelope.correlation),
            inherited(&envelope.subject),
        );
        let stamp = Stamp {
            participant: &firing.participant,
            step: workflow.map(|(workflow, emits)| (&**workflow, &*firing.unit.step, emits)),
            ids: Ids::Firing(&firing.firing),
            causation: Some(&envelope.id)
                .filter(|id| !id.is_empty())
                .map(String::as_str),
            correlation: correlation.as_deref(),
            subject: subject.as_deref(),
            tenant: envelope.tenant.as_deref(),
            carried: workflow.map_or(&none, |_| &envelope.carried),
            traceparent: envelope.traceparent.as_deref(),
            tracestate: envelope.tracestate.as_deref(),
            now_ms: firing.now_ms,
        };
        let outgoing = stamp.outputs(outputs).map_err(Failure::reject)?.outgoing;
        if firing.keeps_stamped {
            *firing
                .stamped
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = outgoing.clone();
        }
        Ok(outgoing)
    }

    /// Says that the outputs are already safe elsewhere (an outbox), so the framework publishes nothing for this firing.
    pub fn settle(&self) {
        self.0.settled.store(true, Ordering::Release);
    }

    pub(crate) fn is_settled(&self) -> bool {
        self.0.settled.load(Ordering::Acquire)
    }

    pub(crate) fn take_stamped(&self) -> Vec<Outgoing> {
        std::mem::take(
            &mut *self
                .0
                .stamped
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context")
            .field("step", &self.step())
            .field("event", &self.0.envelope.event)
            .field("position", &format_args!("{}", self.0.position))
            .field("attempt", &self.0.attempt)
            .finish_non_exhaustive()
    }
}
