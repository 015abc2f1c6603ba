//! What every application gets: problems instead of bare errors, limits, and no answers to foreign pages.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};

use super::{BODY_LIMIT, Problem};

/// Longest a handler may take until its response begins, reading the body included. Streams may go on for longer.
const HANDLER_LIMIT: Duration = Duration::from_secs(30);

/// The application with our defaults around it: every error is a [`Problem`], bodies are bounded, a handler that
/// panics answers 500 and one that takes longer than 30 s answers 503, requests of pages from elsewhere that would
/// change something are refused. [`serve`](super::serve) does this itself; tests that call a router directly can too.
pub fn defaults(app: Router) -> Router {
    app.layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn(guard))
}

async fn guard(request: Request, next: Next) -> Response {
    if let Some(problem) = foreign(request.method(), request.headers()) {
        return problem.into_response();
    }
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let mut response = match tokio::time::timeout(HANDLER_LIMIT, unwound(next.run(request))).await {
        Ok(Ok(response)) => response,
        Ok(Err(())) => {
            tracing::error!(%method, path, "a handler panicked");
            Problem::internal("an error in this server; its log says more").into_response()
        }
        Err(_) => Problem::unavailable("the answer took too long; try again").into_response(),
    };
    if bare(&response) {
        response = problem_of(response, &method, &path).await;
    }
    response
        .headers_mut()
        .entry(header::X_CONTENT_TYPE_OPTIONS)
        .or_insert(HeaderValue::from_static("nosniff"));
    response
}

/// A request that a page of another origin makes in a user's browser, and that would change something.
fn foreign(method: &Method, headers: &HeaderMap) -> Option<Problem> {
    if method.is_safe() {
        return None;
    }
    let origin = headers.get(header::ORIGIN)?.to_str().unwrap_or("null");
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let same = origin
        .split_once("://")
        .is_some_and(|(_, authority)| Some(authority) == host);
    (!same).then(|| {
        Problem::new(StatusCode::FORBIDDEN)
            .detail("requests from pages of another origin may not change anything")
    })
}

async fn unwound(answer: impl Future<Output = Response>) -> Result<Response, ()> {
    let mut answer = pin!(answer);
    poll_fn(
        |cx| match catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(cx))) {
            Ok(Poll::Ready(response)) => Poll::Ready(Ok(response)),
            Ok(Poll::Pending) => Poll::Pending,
            Err(_) => Poll::Ready(Err(())),
        },
    )
    .await
}

/// An error that says nothing, or says it as plain text: axum's own.
fn bare(response: &Response) -> bool {
    let status = response.status();
    let kind = response
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    (status.is_client_error() || status.is_server_error())
        && kind.is_none_or(|kind| kind.starts_with("text/plain"))
}

async fn problem_of(response: Response, method: &Method, path: &str) -> Response {
    let (mut parts, body) = response.into_parts();
    let text = to_bytes(body, 4096)
        .await
        .ok()
        .and_then(|bytes| String::from_utf8(bytes.to_vec()).ok())
        .filter(|text| !text.is_empty());
    let detail = text.unwrap_or_else(|| match parts.status {
        StatusCode::NOT_FOUND => format!("nothing is served at {path}"),
        StatusCode::METHOD_NOT_ALLOWED => {
            format!("{method} is not possible at {path}; the allow header says what is")
        }
        status => status.canonical_reason().unwrap_or("error").to_lowercase(),
    });
    let answer = Problem::new(parts.status).detail(detail).into_response();
    parts.headers.remove(header::CONTENT_LENGTH);
    let (problem, body): (_, Body) = answer.into_parts();
    parts.headers.extend(problem.headers);
    Response::from_parts(parts, body)
}
