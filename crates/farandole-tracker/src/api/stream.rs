use std::{convert::Infallible, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use futures_util::stream;
use serde_json::Value;

use super::{
    App,
    ask::{Question, problem, value},
};

/// How often the counts are looked at. A slow reader misses states, never piles them up.
const EVERY: Duration = Duration::from_secs(1);

/// Server-sent events: `counts` whenever instances by workflow and status have changed, a comment otherwise.
pub(super) async fn stream(State(app): State<App>) -> Response {
    let events = stream::unfold((app, None::<Value>), |(app, last)| async move {
        if last.is_some() {
            tokio::time::sleep(EVERY).await;
        }
        let counts = app.ask_raw(|asked: &Question<'_>| {
            let counts = asked
                .look
                .workflow_counts(asked.now_ms)
                .map_err(|error| problem(&error))?;
            Ok(value(counts))
        });
        let (text, last) = match counts.await {
            Ok(counts) if last.as_ref() == Some(&counts) => (": nothing new\n\n".to_owned(), last),
            Ok(counts) => (format!("event: counts\ndata: {counts}\n\n"), Some(counts)),
            Err(_) => (
                ": the store does not answer\n\n".to_owned(),
                Some(Value::Null),
            ),
        };
        Some((Ok::<_, Infallible>(Bytes::from(text)), (app, last)))
    });
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, Body::from_stream(events)).into_response()
}
