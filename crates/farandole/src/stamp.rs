//! From what a handler answered to records: ids, correlation, causation, key, topic, versions, trace.

use farandole_event::{
    CARRIED_MAX_BYTES, CONTENT_TYPE_AVRO, Carried, Envelope, Outgoing, dataschema, ids,
};
use farandole_workflow::{Emits, Workflow};

use crate::outputs::{Emitted, OutputError, OutputSink};
use crate::{Outputs, trace};

/// Everything that the events of one firing have in common.
pub(crate) struct Stamp<'a> {
    pub(crate) participant: &'a str,
    /// The workflow and the step in it; `None` for a plain consumer, whose events belong to no workflow.
    pub(crate) step: Option<(&'a Workflow, &'a str, &'a Emits)>,
    pub(crate) ids: Ids<'a>,
    pub(crate) causation: Option<&'a str>,
    pub(crate) correlation: Option<&'a str>,
    pub(crate) subject: Option<&'a str>,
    pub(crate) tenant: Option<&'a str>,
    pub(crate) carried: &'a Carried,
    pub(crate) traceparent: Option<&'a str>,
    pub(crate) tracestate: Option<&'a str>,
    pub(crate) now_ms: i64,
}

/// Where the ids of the events come from (rule 2).
pub(crate) enum Ids<'a> {
    /// The first event of an instance.
    Start { correlation: &'a str, step: &'a str },
    /// The outputs of a firing.
    Firing(&'a str),
}

/// Why a handler's answer is no valid set of events.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StampError {
    #[error(transparent)]
    Output(#[from] OutputError),
    #[error(
        "step `{step}` of workflow {workflow} v{version} emits {allowed}; the handler answered {answered}"
    )]
    Emits {
        workflow: String,
        version: u32,
        step: String,
        allowed: String,
        answered: String,
    },
    #[error(
        "the carried fields have {size} bytes, more than the {CARRIED_MAX_BYTES} allowed: carry less (`carries` of the workflow)"
    )]
    Carried { size: usize },
}

/// Stamped records, and the carried fields of the instance after them.
#[derive(Debug)]
pub(crate) struct Stamped {
    pub(crate) outgoing: Vec<Outgoing>,
    pub(crate) carried: Carried,
}

impl Stamp<'_> {
    pub(crate) fn outputs(&self, outputs: &dyn Outputs) -> Result<Stamped, StampError> {
        let mut sink = match self.step {
            Some((workflow, ..)) => OutputSink::carrying(&workflow.carries),
            None => OutputSink::default(),
        };
        outputs.outputs(&mut sink);
        if let Some(error) = sink.error {
            return Err(error.into());
        }
        self.check(&sink.emitted)?;
        let carried = self.carry(&sink.emitted)?;
        let outgoing = sink
            .emitted
            .into_iter()
            .zip(0..)
            .map(|(emitted, position)| self.record(emitted, position, &carried));
        Ok(Stamped {
            outgoing: outgoing.collect(),
            carried,
        })
    }

    fn check(&self, emitted: &[Emitted]) -> Result<(), StampError> {
        let Some((workflow, step, emits)) = self.step else {
            return Ok(());
        };
        let answered: Vec<&str> = emitted
            .iter()
            .map(|emitted| emitted.schema.event())
            .collect();
        if obeys(emits, &answered) {
            return Ok(());
        }
        Err(StampError::Emits {
            workflow: workflow.name.clone(),
            version: workflow.version,
            step: step.to_owned(),
            allowed: describe(emits),
            answered: if answered.is_empty() {
                "nothing".to_owned()
            } else {
                answered.join(" and ")
            },
        })
    }

    /// The fields that travelled so far and those that these events add.
    fn carry(&self, emitted: &[Emitted]) -> Result<Carried, StampError> {
        let mut carried = self.carried.clone();
        for event in emitted {
            carried.extend(event.carried.clone());
        }
        let size = serde_json::to_vec(&carried).map_or(usize::MAX, |json| json.len());
        if size > CARRIED_MAX_BYTES {
            Err(StampError::Carried { size })
        } else {
            Ok(carried)
        }
    }

    fn record(&self, emitted: Emitted, position: u32, carried: &Carried) -> Outgoing {
        let (event, version) = (emitted.schema.event(), emitted.schema.version());
        let id = match self.ids {
            Ids::Start { correlation, step } => ids::start_event_id(correlation, step),
            Ids::Firing(firing) => ids::output_id(firing, event, position),
        };
        let text = |value: Option<&str>| value.map(str::to_owned);
        let envelope = Envelope {
            id: id.to_string(),
            source: format!("/{}", self.participant),
            event: event.to_owned(),
            time_ms: Some(self.now_ms),
            subject: text(self.subject),
            dataschema: Some(dataschema(event, version)),
            content_type: Some(CONTENT_TYPE_AVRO.to_owned()),
            correlation: text(self.correlation),
            causation: text(self.causation),
            workflow: self.step.map(|(workflow, ..)| workflow.name.clone()),
            workflow_version: self.step.map(|(workflow, ..)| workflow.version),
            step: self.step.map(|(_, step, _)| step.to_owned()),
            tenant: text(self.tenant),
            traceparent: Some(trace::next(self.traceparent)),
            tracestate: text(self.tracestate),
            carried: carried.clone(),
            ..Envelope::default()
        };
        // A schema that names no key is keyed by the instance.
        let key = emitted.key.or_else(|| text(self.subject));
        Outgoing {
            topic: emitted.schema.topic().to_owned(),
            key: key.map(String::into_bytes),
            value: Some(emitted.value),
            headers: envelope.to_headers(),
        }
    }
}

/// Whether these events, in whatever order, are what the step may emit.
fn obeys(emits: &Emits, answered: &[&str]) -> bool {
    match emits {
        Emits::Nothing => answered.is_empty(),
        Emits::One(event) => answered == [event.as_str()],
        Emits::OneOf(events) => {
            matches!(answered, [only] if events.iter().any(|event| event == only))
        }
        Emits::AllOf(events) => {
            let (mut wanted, mut answered): (Vec<&str>, Vec<&str>) = (
                events.iter().map(String::as_str).collect(),
                answered.to_vec(),
            );
            wanted.sort_unstable();
            answered.sort_unstable();
            wanted == answered
        }
        Emits::Optional(inner) => answered.is_empty() || obeys(inner, answered),
    }
}

fn describe(emits: &Emits) -> String {
    match emits {
        Emits::Nothing => "nothing".to_owned(),
        Emits::One(event) => event.clone(),
        Emits::OneOf(events) => format!("one of {}", events.join(", ")),
        Emits::AllOf(events) => format!("all of {}", events.join(", ")),
        Emits::Optional(inner) => format!("{} or nothing", describe(inner)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_step_declares_may_be_emitted() {
        let named = |names: &[&str]| {
            names
                .iter()
                .map(|name| (*name).to_owned())
                .collect::<Vec<_>>()
        };
        let one = Emits::One("a".into());
        let either = Emits::OneOf(named(&["a", "b"]));
        let both = Emits::AllOf(named(&["a", "b"]));
        let maybe = Emits::Optional(Box::new(one.clone()));
        for (emits, answered, allowed) in [
            (&Emits::Nothing, &[][..], true),
            (&Emits::Nothing, &["a"], false),
            (&one, &["a"], true),
            (&one, &[], false),
            (&one, &["a", "a"], false),
            (&either, &["b"], true),
            (&either, &["a", "b"], false),
            (&both, &["b", "a"], true),
            (&both, &["a", "a"], false),
            (&maybe, &[], true),
            (&maybe, &["a"], true),
            (&maybe, &["b"], false),
        ] {
            assert_eq!(
                obeys(emits, answered),
                allowed,
                "{} answered by {answered:?}",
                describe(emits)
            );
        }
    }
}
