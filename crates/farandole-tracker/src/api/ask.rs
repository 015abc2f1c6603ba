use axum::{Json, http::StatusCode};
use farandole_runtime::http::Problem;
use serde_json::{Value, json};

use super::App;
use crate::{
    store::{Look, StoreError},
    view::{Offsets, Positions},
};

/// One question: a consistent look at the books, at one time, with the last offsets.
pub(super) struct Question<'a> {
    pub(super) look: &'a Look<'a>,
    pub(super) now_ms: i64,
    pub(super) offsets: Option<&'a Offsets>,
    pub(super) read_to: Positions,
    pub(super) trouble: Option<String>,
}

impl App {
    /// Asks on a thread that may block, and adds `as_of` to the answer, which is an object.
    pub(super) async fn ask(
        &self,
        question: impl FnOnce(&Question<'_>) -> Result<Value, Problem> + Send + 'static,
    ) -> Result<Json<Value>, Problem> {
        let answer = self.ask_raw(move |asked| {
            let mut answer = question(asked)?;
            answer["as_of"] = asked.as_of();
            Ok(answer)
        });
        answer.await.map(Json)
    }

    /// Asks on a thread that may block.
    pub(super) async fn ask_raw<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Question<'_>) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let app = self.clone();
        let asked = tokio::task::spawn_blocking(move || {
            let now_ms = app.now_ms();
            let offsets = app.latest.get(now_ms);
            let trouble = app.latest.trouble();
            app.books.look(|look| {
                let read_to = look.positions()?;
                Ok(question(&Question {
                    look,
                    now_ms,
                    offsets: offsets.as_deref(),
                    read_to,
                    trouble,
                }))
            })
        });
        match asked.await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => Err(problem(&error)),
            Err(_) => Err(Problem::internal(
                "an error in the tracker; its log says more",
            )),
        }
    }
}

impl Question<'_> {
    /// When this is computed, how far each partition has been read, and how far behind its end that is.
    fn as_of(&self) -> Value {
        let partitions: Vec<Value> = self
            .read_to
            .iter()
            .map(|(of, next)| {
                let end = self.offsets.and_then(|offsets| offsets.high(of));
                json!({"topic": of.0, "partition": of.1, "next_offset": next, "end_offset": end})
            })
            .collect();
        json!({"at_ms": self.now_ms, "behind": self.behind(), "offsets_trouble": self.trouble, "partitions": partitions})
    }

    /// Records that the tracker has not read yet; `None` while the ends are unknown.
    pub(super) fn behind(&self) -> Option<i64> {
        let offsets = self.offsets?;
        let behind =
            |(of, next): (&crate::view::Partition, &i64)| match (offsets.low(of), offsets.high(of))
            {
                (Some(low), Some(high)) if low < high => (high - next).max(0),
                _ => 0,
            };
        Some(self.read_to.iter().map(behind).sum())
    }
}

pub(super) fn problem(error: &StoreError) -> Problem {
    tracing::error!(%error, "the store did not answer");
    Problem::new(StatusCode::SERVICE_UNAVAILABLE)
        .detail("the tracker's store did not answer; its log says more")
}

/// A value as JSON. Ours always are.
pub(super) fn value(of: impl serde::Serialize) -> Value {
    serde_json::to_value(of).unwrap_or(Value::Null)
}
