use std::collections::BTreeMap;
use std::sync::Arc;

use farandole_event::{Carried, Codec, EncodeError, Event, EventSchema, SchemaError};

/// What a handler answers: the events that its firing emits. Implemented by every generated event and outcome type, and for
/// `()`, `Option`, `Vec` and `Box` of them.
pub trait Outputs: Send + 'static {
    /// Hands over each event, in order.
    fn outputs(&self, out: &mut OutputSink);
}

impl Outputs for () {
    fn outputs(&self, _: &mut OutputSink) {}
}

impl<O: Outputs> Outputs for Option<O> {
    fn outputs(&self, out: &mut OutputSink) {
        if let Some(outputs) = self {
            outputs.outputs(out);
        }
    }
}

impl<O: Outputs> Outputs for Vec<O> {
    fn outputs(&self, out: &mut OutputSink) {
        self.iter().for_each(|outputs| outputs.outputs(out));
    }
}

impl<O: Outputs + ?Sized> Outputs for Box<O> {
    fn outputs(&self, out: &mut OutputSink) {
        (**self).outputs(out);
    }
}

impl<A: Outputs, B: Outputs> Outputs for (A, B) {
    fn outputs(&self, out: &mut OutputSink) {
        self.0.outputs(out);
        self.1.outputs(out);
    }
}

/// Takes the events that a handler emits, and encodes them.
#[derive(Debug, Default)]
pub struct OutputSink {
    pub(crate) emitted: Vec<Emitted>,
    pub(crate) error: Option<OutputError>,
    carries: BTreeMap<String, Vec<String>>,
}

/// One encoded event without its envelope.
#[derive(Debug)]
pub(crate) struct Emitted {
    pub(crate) schema: Arc<EventSchema>,
    pub(crate) key: Option<String>,
    pub(crate) value: Vec<u8>,
    /// What this event adds to the carried fields of its instance.
    pub(crate) carried: Carried,
}

/// Why an event could not be emitted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutputError {
    #[error(transparent)]
    Encode(#[from] EncodeError),
    #[error("{event}: {source}")]
    Schema {
        event: &'static str,
        source: SchemaError,
    },
    #[error("field `{field}` of {event} can't be carried in the envelope: {reason}")]
    Carry {
        event: &'static str,
        field: String,
        reason: String,
    },
    #[error("{event} has no {field}, the field that its schema names as the record's key")]
    NoKey { event: &'static str, field: String },
}

impl OutputSink {
    /// A sink that takes along the fields which a workflow's `carries` names, by event.
    pub(crate) fn carrying(carries: &BTreeMap<String, Vec<String>>) -> Self {
        Self {
            carries: carries.clone(),
            ..Self::default()
        }
    }

    /// Emits an event. One that can't be encoded rejects the firing.
    pub fn push<E: Event>(&mut self, event: &E) {
        if self.error.is_some() {
            return;
        }
        match self.encode(event) {
            Ok(emitted) => self.emitted.push(emitted),
            Err(error) => self.error = Some(error),
        }
    }

    fn encode<E: Event>(&self, event: &E) -> Result<Emitted, OutputError> {
        let codec = Codec::<E>::of().map_err(|source| OutputError::Schema {
            event: E::NAME,
            source,
        })?;
        let schema = codec.schema().clone();
        let key = event.key();
        if let (None, Some(field)) = (&key, schema.key()) {
            return Err(OutputError::NoKey {
                event: E::NAME,
                field: field.to_owned(),
            });
        }
        let carried = match self.carries.get(E::NAME) {
            None => Carried::new(),
            Some(fields) => carried_fields(event, fields)?,
        };
        Ok(Emitted {
            key,
            value: codec.encode(event)?,
            carried,
            schema,
        })
    }
}

fn carried_fields<E: Event>(event: &E, fields: &[String]) -> Result<Carried, OutputError> {
    let refused = |field: &str, reason: String| OutputError::Carry {
        event: E::NAME,
        field: field.to_owned(),
        reason,
    };
    let json = serde_json::to_value(event).map_err(|error| refused("*", error.to_string()))?;
    fields
        .iter()
        .map(|field| match json.get(field) {
            Some(value) => Ok((format!("{}.{field}", E::NAME), value.clone())),
            None => Err(refused(field, "the event has no such field".to_owned())),
        })
        .collect()
}

/// A field of an event as text; `None` when it is missing, empty, or neither text nor a whole number.
pub(crate) fn text_field<E: Event>(event: &E, field: &str) -> Option<String> {
    match serde_json::to_value(event).ok()?.get(field)? {
        serde_json::Value::String(text) if !text.is_empty() => Some(text.clone()),
        serde_json::Value::Number(number) if !number.is_f64() => Some(number.to_string()),
        _ => None,
    }
}
