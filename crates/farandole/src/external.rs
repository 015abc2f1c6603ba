use farandole_event::{Carried, Event, Outgoing, ids};
use farandole_kafka::{PublishError, Publisher};
use farandole_workflow::{Report, Step, Workflow};

use crate::stamp::{Ids, Stamp, StampError};
use crate::{Instance, Outputs, WorkflowSource};

/// A step taken from outside (an HTTP request, a timer): what it emits, stamped and encoded. Publish it with
/// [`External::publish`], or put it into the outbox in the transaction of the change that it tells of.
#[derive(Clone, Debug, PartialEq)]
pub struct External {
    /// The instance as it is after the step; keep it to act on the instance later.
    pub instance: Instance,
    /// The id of this firing: the same for the same step of the same instance and cause.
    pub firing: String,
    /// The records.
    pub outgoing: Vec<Outgoing>,
}

/// How an instance begins.
#[derive(Clone, Debug, Default)]
pub struct StartOptions {
    /// The tenant, where there are several.
    pub tenant: Option<String>,
    /// 0 unless the key shall have another run: starting the same run twice is the same instance.
    pub run: u64,
}

/// Why a step could not be taken from outside.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExternalError {
    /// The embedded definition is broken.
    #[error("workflow {name} v{version} can't be read: {report}")]
    Workflow {
        /// The workflow.
        name: &'static str,
        /// Its version.
        version: u32,
        /// What is wrong with it.
        report: Box<Report>,
    },
    /// The workflow has no such external step of this participant.
    #[error(
        "workflow {workflow} v{version} has no external step `{step}` of {participant} that {how}"
    )]
    NoStep {
        /// The workflow.
        workflow: String,
        /// Its version.
        version: u32,
        /// The step asked for.
        step: String,
        /// The participant.
        participant: String,
        /// `begins an instance` or `acts on one`.
        how: &'static str,
    },
    /// The start event doesn't name the instance.
    #[error("{event} has no text or number in `{key}`, the key of workflow {workflow}")]
    NoKey {
        /// The event.
        event: &'static str,
        /// The workflow's key.
        key: String,
        /// The workflow.
        workflow: String,
    },
    /// The instance began with another definition than the one given.
    #[error("the instance {key} runs {found}, not {workflow} v{version}")]
    OtherWorkflow {
        /// The instance's key.
        key: String,
        /// What it runs.
        found: String,
        /// The workflow given.
        workflow: String,
        /// Its version.
        version: u32,
    },
    /// The events can't be emitted by this step.
    #[error("{0}")]
    Outputs(String),
}

impl From<StampError> for ExternalError {
    fn from(error: StampError) -> Self {
        Self::Outputs(error.to_string())
    }
}

impl External {
    /// Begins an instance. The same key, tenant and run give the same ids, so doing it twice is harmless.
    ///
    /// # Errors
    /// When `step` does not begin an instance of this workflow by emitting this event, or the event lacks the key.
    pub fn start<E: Event + Outputs>(
        workflow: &WorkflowSource,
        participant: &str,
        step: &str,
        event: &E,
        options: StartOptions,
    ) -> Result<Self, ExternalError> {
        let workflow = parsed(workflow)?;
        let found = external_step(&workflow, participant, step, true)?;
        let key = instance_key(&workflow, event)?;
        let tenant = options.tenant.as_deref();
        let correlation =
            ids::correlation_id(tenant.unwrap_or(""), &workflow.name, &key, options.run)
                .to_string();
        let stamped = Stamp {
            participant,
            step: Some((&workflow, step, &found.emits)),
            ids: Ids::Start {
                correlation: &correlation,
                step,
            },
            causation: None,
            correlation: Some(&correlation),
            subject: Some(&key),
            tenant,
            carried: &Carried::new(),
            traceparent: None,
            tracestate: None,
            now_ms: farandole_runtime::now_ms(),
        }
        .outputs(event)?;
        let firing = ids::firing_id(&correlation, participant, step).to_string();
        let instance = Instance {
            workflow: workflow.name.clone(),
            version: workflow.version,
            key,
            correlation,
            tenant: options.tenant,
            carried: stamped.carried,
        };
        Ok(Self {
            instance,
            firing,
            outgoing: stamped.outgoing,
        })
    }

    /// Acts on a running instance. `cause` is the id of the event that this answers, where there is one; without a cause the
    /// step happens at most once in an instance.
    ///
    /// # Errors
    /// When `step` is not an external step of this workflow for running instances, or may not emit these events.
    pub fn during(
        workflow: &WorkflowSource,
        participant: &str,
        step: &str,
        instance: &Instance,
        cause: Option<&str>,
        outputs: &dyn Outputs,
    ) -> Result<Self, ExternalError> {
        let workflow = parsed(workflow)?;
        if (instance.workflow.as_str(), instance.version)
            != (workflow.name.as_str(), workflow.version)
        {
            return Err(ExternalError::OtherWorkflow {
                key: instance.key.clone(),
                found: format!("{} v{}", instance.workflow, instance.version),
                workflow: workflow.name.clone(),
                version: workflow.version,
            });
        }
        let found = external_step(&workflow, participant, step, false)?;
        let firing =
            ids::firing_id(cause.unwrap_or(&instance.correlation), participant, step).to_string();
        let stamped = Stamp {
            participant,
            step: Some((&workflow, step, &found.emits)),
            ids: Ids::Firing(&firing),
            causation: cause,
            correlation: Some(&instance.correlation),
            subject: Some(&instance.key),
            tenant: instance.tenant.as_deref(),
            carried: &instance.carried,
            traceparent: None,
            tracestate: None,
            now_ms: farandole_runtime::now_ms(),
        }
        .outputs(outputs)?;
        let instance = Instance {
            carried: stamped.carried,
            ..instance.clone()
        };
        Ok(Self {
            instance,
            firing,
            outgoing: stamped.outgoing,
        })
    }

    /// Publishes the events and waits until the broker has them.
    ///
    /// # Errors
    /// When one can't be published; publishing again is harmless, the ids stay the same.
    pub async fn publish(self, publisher: &Publisher) -> Result<Instance, PublishError> {
        let sent: Vec<_> = self
            .outgoing
            .into_iter()
            .map(|outgoing| publisher.send(outgoing))
            .collect();
        for delivery in sent {
            delivery.await?;
        }
        Ok(self.instance)
    }
}

fn parsed(source: &WorkflowSource) -> Result<std::sync::Arc<Workflow>, ExternalError> {
    source.parse().map_err(|report| ExternalError::Workflow {
        name: source.name,
        version: source.version,
        report: Box::new(report),
    })
}

fn external_step<'a>(
    workflow: &'a Workflow,
    participant: &str,
    step: &str,
    begins: bool,
) -> Result<&'a Step, ExternalError> {
    let found = workflow
        .step(step)
        .filter(|found| found.is_external() && found.by == participant);
    found
        .filter(|found| found.begins_instance() == begins)
        .ok_or_else(|| ExternalError::NoStep {
            workflow: workflow.name.clone(),
            version: workflow.version,
            step: step.to_owned(),
            participant: participant.to_owned(),
            how: if begins {
                "begins an instance"
            } else {
                "acts on one"
            },
        })
}

/// The value of the workflow's key in the event that begins an instance.
fn instance_key<E: Event>(workflow: &Workflow, event: &E) -> Result<String, ExternalError> {
    crate::outputs::text_field(event, &workflow.key).ok_or_else(|| ExternalError::NoKey {
        event: E::NAME,
        key: workflow.key.clone(),
        workflow: workflow.name.clone(),
    })
}
