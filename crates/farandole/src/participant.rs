use std::future::Future;

use crate::unit::Act;
use crate::{Context, Failure, Input, Outputs, WorkflowSource};

/// A participant of a workflow with the handlers of its steps. Built by generated code, which a service hands to
/// [`Service::participant`](crate::Service::participant).
pub struct Participant {
    pub(crate) name: &'static str,
    pub(crate) workflows: &'static [WorkflowSource],
    pub(crate) schemas: &'static [&'static str],
    pub(crate) steps: Vec<StepHandler>,
}

pub(crate) struct StepHandler {
    pub(crate) step: &'static str,
    pub(crate) events: &'static [&'static str],
    pub(crate) act: Act,
}

impl Participant {
    /// A participant without handlers. `schemas` are the `.avsc` texts of every event of its workflows, all versions.
    pub fn new(
        name: &'static str,
        workflows: &'static [WorkflowSource],
        schemas: &'static [&'static str],
    ) -> Self {
        Self {
            name,
            workflows,
            schemas,
            steps: Vec::new(),
        }
    }

    /// Adds the handler of a step. That every step has one is checked at start.
    #[must_use]
    pub fn step<I, O, F, Fut>(mut self, step: &'static str, handler: F) -> Self
    where
        I: Input,
        O: Outputs,
        F: Fn(I, Context) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<O, Failure>> + Send + 'static,
    {
        self.steps.push(StepHandler {
            step,
            events: I::EVENTS,
            act: Act::on_event(handler),
        });
        self
    }

    /// The participant's name.
    pub fn name(&self) -> &'static str {
        self.name
    }
}

impl std::fmt::Debug for Participant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let steps: Vec<&str> = self.steps.iter().map(|handler| handler.step).collect();
        f.debug_struct("Participant")
            .field("name", &self.name)
            .field("steps", &steps)
            .finish_non_exhaustive()
    }
}
