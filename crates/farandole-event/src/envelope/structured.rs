//! CloudEvents' structured mode: attributes and data in one JSON object. Read, never written.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{
    Envelope, EnvelopeError, Parsed, Payload, assign,
    binary::{is_avro, is_json, trace_context},
    required,
};
use crate::{Headers, Limits, base64};

/// Whether the headers announce structured mode.
pub(super) fn announced(headers: &Headers) -> bool {
    headers.text("content-type").is_some_and(|text| {
        text.get(.."application/cloudevents".len())
            .is_some_and(|start| start.eq_ignore_ascii_case("application/cloudevents"))
    })
}

/// JSON within the limits. Nesting is bounded by the parser (128).
pub(super) fn parse(bytes: &[u8], limits: &Limits) -> Result<Value, EnvelopeError> {
    if bytes.len() > limits.max_value_bytes {
        return Err(EnvelopeError::Oversized {
            size: bytes.len(),
            limit: limits.max_value_bytes,
        });
    }
    serde_json::from_slice(bytes).map_err(|error| EnvelopeError::Json(error.to_string()))
}

pub(super) fn read<'a>(
    headers: &Headers,
    json: &[u8],
    limits: &Limits,
) -> Result<Parsed<'a>, EnvelopeError> {
    let Value::Object(mut object) = parse(json, limits)? else {
        return Err(EnvelopeError::Json(
            "a structured CloudEvent is a JSON object".into(),
        ));
    };
    let data = object.remove("data");
    let base64 = object.remove("data_base64");
    let mut envelope = Envelope::default();
    let spec_version = object
        .get("specversion")
        .and_then(Value::as_str)
        .map(str::to_owned);
    attributes(&mut envelope, object)?;
    trace_context(&mut envelope, headers);
    required(&envelope, spec_version.as_deref())?;
    let payload = payload(envelope.content_type.as_deref(), data, base64)?;
    Ok(Parsed { envelope, payload })
}

fn attributes(envelope: &mut Envelope, object: Map<String, Value>) -> Result<(), EnvelopeError> {
    for (name, value) in object {
        let text = match value {
            Value::Null => continue,
            Value::String(text) => text,
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            // Ours hold JSON; anybody's extension may only be a scalar, but there is no harm in keeping its text.
            Value::Array(_) | Value::Object(_) => value.to_string(),
        };
        assign(envelope, &name, text)?;
    }
    Ok(())
}

/// Without a content type, `data` is JSON and `data_base64` is Avro when it decodes as such.
fn payload<'a>(
    content_type: Option<&str>,
    data: Option<Value>,
    base64: Option<Value>,
) -> Result<Payload<'a>, EnvelopeError> {
    if let Some(Value::String(text)) = base64 {
        let bytes = base64::decode(&text)
            .ok_or_else(|| EnvelopeError::Json("data_base64 is not base64".to_owned()))?;
        if is_json(content_type) {
            return parse(&bytes, &Limits::DEFAULT).map(Payload::Json);
        }
        let bytes = Cow::Owned(bytes);
        return Ok(if is_avro(content_type) {
            Payload::Avro(bytes)
        } else {
            Payload::Other(bytes)
        });
    }
    Ok(data.map_or(Payload::None, Payload::Json))
}
