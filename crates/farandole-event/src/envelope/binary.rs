//! CloudEvents' Kafka binary mode: one header per attribute.

use std::borrow::Cow;

use super::{Envelope, EnvelopeError, Parsed, Payload, assign, format_time, required, structured};
use crate::{Headers, Limits};

pub(super) fn write(envelope: &Envelope) -> Headers {
    let mut headers = Headers::new();
    let mut put = |name: &str, value: &str| headers.push(name, value);
    let mut put_some = |name: &str, value: &Option<String>| {
        if let Some(value) = value {
            put(name, value);
        }
    };
    put_some("ce_specversion", &Some("1.0".into()));
    put_some("ce_id", &Some(envelope.id.clone()));
    put_some("ce_source", &Some(envelope.source.clone()));
    put_some("ce_type", &Some(envelope.event.clone()));
    put_some("ce_time", &envelope.time_ms.map(format_time));
    put_some("ce_subject", &envelope.subject);
    put_some("ce_dataschema", &envelope.dataschema);
    put_some("content-type", &envelope.content_type);
    put_some("ce_correlationid", &envelope.correlation);
    put_some("ce_causationid", &envelope.causation);
    put_some(
        "ce_causes",
        &(!envelope.causes.is_empty()).then(|| json(&envelope.causes)),
    );
    put_some("ce_workflow", &envelope.workflow);
    put_some(
        "ce_workflowversion",
        &envelope.workflow_version.map(|version| version.to_string()),
    );
    put_some("ce_step", &envelope.step);
    put_some("ce_tenantid", &envelope.tenant);
    put_some(
        "ce_carried",
        &(!envelope.carried.is_empty()).then(|| json(&envelope.carried)),
    );
    put_some("traceparent", &envelope.traceparent);
    put_some("tracestate", &envelope.tracestate);
    for (name, value) in &envelope.extensions {
        put(&format!("ce_{name}"), value);
    }
    headers
}

/// JSON of texts and JSON values, which always have one.
fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

pub(super) fn read<'a>(
    headers: &Headers,
    value: Option<&'a [u8]>,
) -> Result<Parsed<'a>, EnvelopeError> {
    let mut envelope = Envelope::default();
    for header in headers.iter() {
        let Some(name) = header
            .name
            .strip_prefix("ce_")
            .filter(|name| !name.is_empty())
        else {
            continue;
        };
        let Some(Ok(text)) = header.value.as_deref().map(std::str::from_utf8) else {
            continue;
        };
        assign(&mut envelope, name, text.to_owned())?;
    }
    envelope.content_type = headers.text("content-type").map(str::to_owned);
    trace_context(&mut envelope, headers);
    required(&envelope, headers.text("ce_specversion"))?;
    let payload = payload(envelope.content_type.as_deref(), value)?;
    Ok(Parsed { envelope, payload })
}

pub(super) fn trace_context(envelope: &mut Envelope, headers: &Headers) {
    envelope.traceparent = headers.text("traceparent").map(str::to_owned);
    envelope.tracestate = headers.text("tracestate").map(str::to_owned);
}

/// Sorts the value by its content type; none at all counts as Avro, since framing and schema decide anyway.
fn payload<'a>(
    content_type: Option<&str>,
    value: Option<&'a [u8]>,
) -> Result<Payload<'a>, EnvelopeError> {
    let Some(bytes) = value else {
        return Ok(Payload::None);
    };
    if is_avro(content_type) {
        Ok(Payload::Avro(Cow::Borrowed(bytes)))
    } else if is_json(content_type) {
        structured::parse(bytes, &Limits::DEFAULT).map(Payload::Json)
    } else {
        Ok(Payload::Other(Cow::Borrowed(bytes)))
    }
}

fn media_type(content_type: &str) -> String {
    content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
}

pub(super) fn is_avro(content_type: Option<&str>) -> bool {
    content_type.is_none_or(|text| {
        let media = media_type(text);
        [
            "application/avro",
            "avro/binary",
            "application/vnd.apache.avro+avro",
            "application/vnd.apache.avro+binary",
        ]
        .contains(&media.as_str())
    })
}

pub(super) fn is_json(content_type: Option<&str>) -> bool {
    content_type.is_some_and(|text| {
        let media = media_type(text);
        media == "application/json" || media.ends_with("+json")
    })
}
