//! The page: static files in the binary, no outside network.

use axum::{
    Router,
    http::{HeaderName, header},
    response::IntoResponse,
    routing::get,
};

/// Nothing from elsewhere, no inline scripts, no frames: what stands in events can't become code.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const FILES: &[(&str, &str, &str)] = &[
    (
        "/",
        "text/html; charset=utf-8",
        include_str!("page/index.html"),
    ),
    (
        "/page/style.css",
        "text/css; charset=utf-8",
        include_str!("page/style.css"),
    ),
    ("/page/app.js", JAVASCRIPT, include_str!("page/app.js")),
    ("/page/dom.js", JAVASCRIPT, include_str!("page/dom.js")),
    ("/page/words.js", JAVASCRIPT, include_str!("page/words.js")),
    (
        "/page/overview.js",
        JAVASCRIPT,
        include_str!("page/overview.js"),
    ),
    ("/page/flow.js", JAVASCRIPT, include_str!("page/flow.js")),
    (
        "/page/instances.js",
        JAVASCRIPT,
        include_str!("page/instances.js"),
    ),
    (
        "/page/instance.js",
        JAVASCRIPT,
        include_str!("page/instance.js"),
    ),
    (
        "/page/sequence.js",
        JAVASCRIPT,
        include_str!("page/sequence.js"),
    ),
    (
        "/page/groups.js",
        JAVASCRIPT,
        include_str!("page/groups.js"),
    ),
    (
        "/page/icon.svg",
        "image/svg+xml",
        include_str!("page/icon.svg"),
    ),
];
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

pub(crate) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    FILES
        .iter()
        .fold(Router::new(), |router, (path, kind, text)| {
            router.route(path, get(move || async { file(kind, text) }))
        })
}

fn file(kind: &'static str, text: &'static str) -> impl IntoResponse {
    let headers: [(HeaderName, &'static str); 5] = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, text)
}
