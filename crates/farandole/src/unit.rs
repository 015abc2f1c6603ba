use std::future::Future;
use std::sync::Arc;

use farandole_event::{DecodeError, Record};
use farandole_kafka::RetryPolicy;
use farandole_workflow::{Emits, Workflow};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use crate::{Context, Delivery, Failure, Input, Outputs};

/// One thing this service does with an event: a step of a workflow, or a handler of a plain consumer.
pub(crate) struct Unit {
    pub(crate) step: Arc<str>,
    /// The workflow and what the step may emit; `None` for a plain consumer.
    pub(crate) workflow: Option<(Arc<Workflow>, Emits)>,
    pub(crate) policy: Arc<RetryPolicy>,
    pub(crate) act: Act,
}

/// A handler, its types erased.
#[derive(Clone)]
pub(crate) enum Act {
    /// Takes a decoded event.
    Event(Arc<OnEvent>),
    /// Takes the record as it is.
    Raw(Arc<OnRecord>),
}

pub(crate) type Answer = BoxFuture<'static, Result<Box<dyn Outputs>, Failure>>;
pub(crate) type OnEvent =
    dyn Fn(&Delivery<'_>, Context) -> Result<Answer, DecodeError> + Send + Sync;
pub(crate) type OnRecord = dyn Fn(Arc<Record>, Context) -> Answer + Send + Sync;

impl Act {
    pub(crate) fn on_event<I, O, F, Fut>(handler: F) -> Self
    where
        I: Input,
        O: Outputs,
        F: Fn(I, Context) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<O, Failure>> + Send + 'static,
    {
        Self::Event(Arc::new(move |delivery, cx| {
            Ok(boxed(handler(I::decode(delivery)?, cx)))
        }))
    }

    pub(crate) fn on_record<O, F, Fut>(handler: F) -> Self
    where
        O: Outputs,
        F: Fn(Arc<Record>, Context) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<O, Failure>> + Send + 'static,
    {
        Self::Raw(Arc::new(move |record, cx| boxed(handler(record, cx))))
    }
}

fn boxed<O: Outputs>(answer: impl Future<Output = Result<O, Failure>> + Send + 'static) -> Answer {
    async move {
        answer
            .await
            .map(|outputs| Box::new(outputs) as Box<dyn Outputs>)
    }
    .boxed()
}
