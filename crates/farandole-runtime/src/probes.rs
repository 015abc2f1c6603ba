use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// Whether a process lives and whether it is ready, told to whoever asks over HTTP.
///
/// Ready means that every named check is fine. Live does not depend on Kafka: a dead broker is no reason to restart us.
#[derive(Clone, Debug, Default)]
pub struct Probes(Arc<Mutex<Health>>);

#[derive(Debug, Default)]
struct Health {
    dead: Option<String>,
    checks: BTreeMap<String, Result<(), String>>,
}

impl Probes {
    /// Live, and ready as long as no check fails.
    pub fn new() -> Self {
        Self::default()
    }

    /// A check that has not passed yet: not ready until [`Probes::ok`] is called for it.
    pub fn expect(&self, check: &str) {
        self.failing(check, "starting");
    }

    /// This check is fine.
    pub fn ok(&self, check: &str) {
        self.lock().checks.insert(check.to_owned(), Ok(()));
    }

    /// This check fails; with the reason.
    pub fn failing(&self, check: &str, reason: impl Into<String>) {
        self.lock()
            .checks
            .insert(check.to_owned(), Err(reason.into()));
    }

    /// This process can't go on and should be restarted; with the reason.
    pub fn dead(&self, reason: impl Into<String>) {
        self.lock().dead = Some(reason.into());
    }

    /// Whether every check is fine.
    pub fn is_ready(&self) -> bool {
        let state = self.lock();
        state.dead.is_none() && state.checks.values().all(Result::is_ok)
    }

    /// `/livez`, `/readyz`, and `/healthz` and `/startupz` as other names of them: 200 or 503, with a JSON reason.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/livez", get(live))
            .route("/healthz", get(live))
            .route("/readyz", get(ready))
            .route("/startupz", get(ready))
            .with_state(self.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Health> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn live(State(probes): State<Probes>) -> Response {
    let dead = probes.lock().dead.clone();
    let status = if dead.is_none() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    answer(
        status,
        serde_json::json!({"live": dead.is_none(), "reason": dead}),
    )
}

async fn ready(State(probes): State<Probes>) -> Response {
    let ready = probes.is_ready();
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let state = probes.lock();
    let checks: serde_json::Map<_, _> = state
        .checks
        .iter()
        .map(|(name, check)| {
            (
                name.clone(),
                check
                    .as_ref()
                    .err()
                    .map_or_else(|| "ok".into(), |reason| reason.clone().into()),
            )
        })
        .collect();
    answer(
        status,
        serde_json::json!({"ready": ready, "checks": checks, "dead": state.dead}),
    )
}

fn answer(status: StatusCode, body: serde_json::Value) -> Response {
    (status, axum::Json(body)).into_response()
}
