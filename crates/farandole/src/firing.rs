//! One firing: from a record to the records that it causes. No broker in sight.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use farandole_event::dead_letter::{self, DeadLetter, ErrorClass};
use farandole_event::{Catalog, DecodeError, Envelope, Outgoing, Payload, Record, ids};
use farandole_kafka::{RetryPolicy, Route, Task};
use futures_util::FutureExt as _;

use crate::context::{Context, Firing};
use crate::route::{Plan, Refusal, Routes, What};
use crate::schemas::Schemas;
use crate::unit::{Act, Answer, Unit};
use crate::{Delivery, Failure};

/// The handling of a service without its surroundings: routes, fires and stamps.
pub(crate) struct Node {
    name: Arc<str>,
    routes: Routes,
    units: Vec<Arc<Unit>>,
    pub(crate) schemas: Schemas,
    clock: Clock,
    keeps_stamped: bool,
    default_policy: Arc<RetryPolicy>,
}

/// Answers the time in milliseconds since the Unix epoch.
pub(crate) type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// How a firing ended.
#[derive(Debug)]
pub(crate) enum Fired {
    /// It went well; these are to be published.
    Publish(Vec<Outgoing>),
    /// The writer's schema is not known (yet).
    UnknownSchema { message: String },
    /// It failed and may succeed later.
    Retry { message: String },
    /// It would fail again.
    Reject { class: String, message: String },
    /// The handler panicked.
    Panicked { message: String },
}

impl Node {
    pub(crate) fn new(
        name: &str,
        units: Vec<Arc<Unit>>,
        routes: Routes,
        catalog: Catalog,
        clock: Clock,
    ) -> Self {
        Self {
            name: name.into(),
            routes,
            units,
            schemas: Schemas::new(catalog),
            clock,
            keeps_stamped: false,
            default_policy: Arc::default(),
        }
    }

    /// Publishes what an outbox has taken over, too: for harnesses, where no relay runs.
    pub(crate) fn keeping_stamped(mut self) -> Self {
        self.keeps_stamped = true;
        self
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn route(&self, record: &Record) -> Route {
        let plan = self.plan(record);
        if plan.ignored {
            tracing::debug!(position = %record.position(), "not a CloudEvent: ignored");
        }
        let tasks = plan.tasks.iter().map(|what| Task {
            step: self.step_of(what),
            policy: self.policy_of(what).clone(),
        });
        Route {
            tasks: tasks.collect(),
            lane: plan.lane,
        }
    }

    pub(crate) fn plan(&self, record: &Record) -> Plan {
        self.routes.plan(record, |unit| &*self.units[unit].step)
    }

    fn step_of(&self, what: &What) -> Arc<str> {
        match what {
            What::Fire(unit) => self.units[*unit].step.clone(),
            What::Refuse(Refusal::NoSuchStep { step }) => step.as_str().into(),
            What::Refuse(_) => "(none)".into(),
        }
    }

    fn policy_of(&self, what: &What) -> &Arc<RetryPolicy> {
        match what {
            What::Fire(unit) => &self.units[*unit].policy,
            What::Refuse(_) => &self.default_policy,
        }
    }

    /// Does one task of a record once. Never panics.
    pub(crate) async fn fire(&self, record: &Arc<Record>, task: usize, attempt: u32) -> Fired {
        let Some(what) = self.plan(record).tasks.get(task).cloned() else {
            return Fired::Retry {
                message: format!("there is no task {task} for this record"),
            };
        };
        match what {
            What::Refuse(refusal) => refuse(&refusal, attempt >= self.default_policy.attempts),
            What::Fire(unit) => {
                let original = self.routes.original(record).into_owned();
                self.fire_unit(&self.units[unit], original, attempt).await
            }
        }
    }

    async fn fire_unit(&self, unit: &Arc<Unit>, record: Arc<Record>, attempt: u32) -> Fired {
        let begun =
            std::panic::catch_unwind(AssertUnwindSafe(|| self.begin(unit, record, attempt)));
        let (cx, answer) = match begun {
            Ok(Ok(begun)) => begun,
            Ok(Err(error)) => return undecodable(&error),
            Err(panic) => return panicked(&*panic),
        };
        match AssertUnwindSafe(answer).catch_unwind().await {
            Err(panic) => panicked(&*panic),
            Ok(Err(failure)) => failed(failure),
            Ok(Ok(outputs)) => {
                match std::panic::catch_unwind(AssertUnwindSafe(|| publishable(&cx, &*outputs))) {
                    Ok(Ok(outgoing)) => Fired::Publish(outgoing),
                    Ok(Err(failure)) => failed(failure),
                    Err(panic) => panicked(&*panic),
                }
            }
        }
    }

    /// Decodes and calls the handler; its future has not run yet.
    fn begin(
        &self,
        unit: &Arc<Unit>,
        record: Arc<Record>,
        attempt: u32,
    ) -> Result<(Context, Answer), DecodeError> {
        match &unit.act {
            Act::Raw(handler) => {
                let envelope = Envelope::read(&record)
                    .map(|parsed| parsed.envelope)
                    .unwrap_or_default();
                let cx = self.context(unit, &record, envelope, attempt);
                Ok((cx.clone(), handler(record, cx)))
            }
            Act::Event(handler) => {
                let parsed = Envelope::read(&record)?;
                let cx = self.context(unit, &record, parsed.envelope, attempt);
                let catalog = self.schemas.snapshot();
                let answer = handler(
                    &delivery(cx.envelope(), &record, &parsed.payload, &catalog),
                    cx.clone(),
                )?;
                Ok((cx, answer))
            }
        }
    }

    fn context(
        &self,
        unit: &Arc<Unit>,
        record: &Arc<Record>,
        envelope: Envelope,
        attempt: u32,
    ) -> Context {
        let position = record.position();
        // A record that is no event is named by its place.
        let cause = if envelope.id.is_empty() {
            position.to_string()
        } else {
            envelope.id.clone()
        };
        Context::new(Firing {
            participant: self.name.clone(),
            unit: unit.clone(),
            record: record.clone(),
            position,
            firing: ids::firing_id(&cause, &self.name, &unit.step).to_string(),
            envelope,
            attempt,
            now_ms: (self.clock)(),
            keeps_stamped: self.keeps_stamped,
            settled: AtomicBool::new(false),
            stamped: Mutex::default(),
        })
    }

    /// The dead letter of a record. What was redriven keeps its origin and its count of redrives.
    pub(crate) fn dead_letter(
        &self,
        record: &Arc<Record>,
        task: Option<usize>,
        class: &str,
        message: &str,
        attempts: u32,
    ) -> Outgoing {
        let redrives = if self.routes.is_redriven(record) {
            DeadLetter::read(record).map_or(0, |letter| letter.redrives)
        } else {
            0
        };
        let original = self.routes.original(record);
        let what = task.and_then(|task| self.plan(record).tasks.get(task).cloned());
        let step = what.filter(|what| {
            !matches!(
                what,
                What::Refuse(Refusal::Envelope { .. } | Refusal::UnknownVersion { .. })
            )
        });
        let letter = DeadLetter {
            origin: original.position(),
            timestamp_ms: original.timestamp_ms,
            group: self.name.to_string(),
            step: step.map(|what| self.step_of(&what).to_string()),
            attempts,
            class: ErrorClass::from(class),
            message: message.to_owned(),
            redrives,
        };
        letter.wrap(&dead_letter::topic(&self.name), &original)
    }
}

fn delivery<'a>(
    envelope: &'a Envelope,
    record: &'a Record,
    payload: &'a Payload<'a>,
    catalog: &'a Catalog,
) -> Delivery<'a> {
    Delivery {
        envelope,
        headers: &record.headers,
        payload,
        catalog,
    }
}

fn publishable(cx: &Context, outputs: &dyn crate::Outputs) -> Result<Vec<Outgoing>, Failure> {
    if cx.is_settled() {
        Ok(cx.take_stamped())
    } else {
        cx.stamp(outputs)
    }
}

fn failed(failure: Failure) -> Fired {
    match failure {
        Failure::Retry(message) => Fired::Retry { message },
        Failure::Reject(message) => Fired::Reject {
            class: ErrorClass::Rejected.to_string(),
            message,
        },
        Failure::AlreadyHandled => Fired::Publish(Vec::new()),
    }
}

fn undecodable(error: &DecodeError) -> Fired {
    let message = error.to_string();
    match error {
        DecodeError::UnknownSchema { .. } => Fired::UnknownSchema { message },
        _ => Fired::Reject {
            class: error.class().to_owned(),
            message,
        },
    }
}

fn panicked(panic: &(dyn Any + Send)) -> Fired {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Fired::Panicked {
        message: format!(
            "the handler panicked: {}",
            text.unwrap_or("without a message")
        ),
    }
}

fn refuse(refusal: &Refusal, last_attempt: bool) -> Fired {
    let reject = |class: ErrorClass, message: String| Fired::Reject {
        class: class.to_string(),
        message,
    };
    match refusal {
        Refusal::Envelope {
            message,
            oversized: true,
        } => reject(ErrorClass::Oversized, message.clone()),
        Refusal::Envelope { message, .. } => reject(ErrorClass::Undecodable, message.clone()),
        Refusal::NoSuchStep { step } => reject(
            ErrorClass::Rejected,
            format!("it was redriven to step `{step}`, which does not take this event here"),
        ),
        Refusal::UnknownVersion { workflow, version } => {
            let message = format!(
                "this service does not know workflow {workflow} v{version}: deploy a build that has it, then retry"
            );
            if last_attempt {
                reject(ErrorClass::UnknownVersion, message)
            } else {
                Fired::Retry { message }
            }
        }
    }
}
