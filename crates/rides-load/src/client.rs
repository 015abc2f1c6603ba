//! The trip service, as an app sees it over HTTP. A service that is killed and started again is asked again.

use std::time::Duration;

use reqwest::{Method, RequestBuilder, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use uuid::Uuid;

use crate::plan::Ride;

/// Most requests at one time: a service that starts again is not run over.
const AT_ONCE: usize = 64;
const REQUEST_LIMIT: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A trip as the service shows it.
#[derive(Clone, Debug, Deserialize)]
pub struct Trip {
    /// The trip.
    pub trip_id: Uuid,
    /// Where it stands.
    pub status: Status,
    /// When the rider asked, in milliseconds since the epoch, by the service's clock.
    pub requested_at_ms: i64,
    /// When the service learned of the driver.
    pub assigned_at_ms: Option<i64>,
    /// The driver, once there is one.
    pub driver_id: Option<String>,
    /// The driver's way to the rider in metres, once there is a driver.
    pub pickup_distance_m: Option<i32>,
}

/// Where a trip stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Waiting for a driver.
    Requested,
    /// A driver is on the way.
    Assigned,
    /// In the car.
    PickedUp,
    /// Arrived.
    Completed,
    /// Called off.
    Cancelled,
    /// No driver in time.
    Unfulfilled,
}

impl Status {
    /// Whether nothing more will happen.
    pub fn is_end(self) -> bool {
        matches!(self, Self::Completed | Self::Cancelled | Self::Unfulfilled)
    }
}

/// Trips that have changed.
#[derive(Debug, Deserialize)]
pub struct Page {
    /// In the order of their last change.
    pub trips: Vec<Trip>,
    /// Where the next page begins, also at the end.
    pub next_cursor: String,
    /// Whether there is a next page by now.
    pub more: bool,
}

/// Why the service did not do as asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// Its answer is final.
    #[error("{what}: {status} {body}")]
    Refused {
        /// What was asked.
        what: String,
        /// The HTTP status.
        status: u16,
        /// The body, shortened.
        body: String,
    },
    /// No answer until the run's deadline.
    #[error("{what}: no answer in time; the last try: {reason}")]
    NoAnswer {
        /// What was asked.
        what: String,
        /// What went wrong at last.
        reason: String,
    },
}

impl ClientError {
    /// Whether the trip's state did not allow it.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Refused { status: 409, .. })
    }
}

/// The trip service at one address.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    places: Semaphore,
    deadline: Instant,
}

impl Client {
    /// Talks to the service at `url` (`http://127.0.0.1:8080`); gives up at the deadline.
    ///
    /// # Errors
    /// The HTTP client can't be made.
    pub fn new(url: &str, deadline: Instant) -> reqwest::Result<Self> {
        let http = reqwest::Client::builder()
            .timeout(REQUEST_LIMIT)
            .no_proxy()
            .build()?;
        Ok(Self {
            http,
            url: url.trim_end_matches('/').to_owned(),
            places: Semaphore::new(AT_ONCE),
            deadline,
        })
    }

    /// `POST /trips`.
    ///
    /// # Errors
    /// See [`ClientError`], here and below.
    pub async fn request(&self, ride: &Ride) -> Result<Trip, ClientError> {
        let body = json!({
            "trip_id": ride.trip_id,
            "rider_id": ride.rider_id,
            "pickup": ride.pickup,
            "dropoff": ride.dropoff,
            "passengers": ride.passengers,
            "distance_m": ride.distance_m,
        });
        self.ask(Method::POST, "/trips", Some(body)).await
    }

    /// `POST /trips/{id}/cancel`.
    pub async fn cancel(&self, trip_id: Uuid) -> Result<Trip, ClientError> {
        self.ask(
            Method::POST,
            &format!("/trips/{trip_id}/cancel"),
            Some(json!({"reason": "plans changed"})),
        )
        .await
    }

    /// `POST /trips/{id}/picked-up`.
    pub async fn picked_up(&self, trip_id: Uuid) -> Result<Trip, ClientError> {
        self.ask(Method::POST, &format!("/trips/{trip_id}/picked-up"), None)
            .await
    }

    /// `POST /trips/{id}/dropped-off`.
    pub async fn dropped_off(&self, trip_id: Uuid) -> Result<Trip, ClientError> {
        self.ask(Method::POST, &format!("/trips/{trip_id}/dropped-off"), None)
            .await
    }

    /// `GET /trips`: what has changed since a cursor.
    pub async fn changes(&self, cursor: Option<&str>) -> Result<Page, ClientError> {
        let cursor = cursor
            .map(|cursor| format!("&cursor={cursor}"))
            .unwrap_or_default();
        self.ask(Method::GET, &format!("/trips?limit=500{cursor}"), None)
            .await
    }

    async fn ask<T: for<'a> Deserialize<'a>>(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<T, ClientError> {
        let what = format!("{method} {path}");
        let mut pause = Duration::from_millis(50);
        loop {
            let request = self
                .http
                .request(method.clone(), format!("{}{path}", self.url));
            let reason = match self.once(with(request, &body)).await {
                Ok((status, text)) if status.is_success() => match serde_json::from_str(&text) {
                    Ok(answer) => return Ok(answer),
                    Err(error) => return Err(refused(what, status, &format!("{error} in {text}"))),
                },
                Ok((status, text)) if !may_pass(status) => {
                    return Err(refused(what, status, &text));
                }
                Ok((status, text)) => format!("{status} {}", short(&text)),
                Err(error) => chain(&error),
            };
            if Instant::now() + pause > self.deadline {
                return Err(ClientError::NoAnswer { what, reason });
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn once(&self, request: RequestBuilder) -> reqwest::Result<(StatusCode, String)> {
        let _place = self
            .places
            .acquire()
            .await
            .expect("the semaphore is never closed");
        let response = request.send().await?;
        let status = response.status();
        Ok((status, response.text().await?))
    }
}

fn with(request: RequestBuilder, body: &Option<Value>) -> RequestBuilder {
    match body {
        Some(body) => request.json(body),
        None => request,
    }
}

/// Whether the same request may succeed later.
fn may_pass(status: StatusCode) -> bool {
    status.is_server_error()
        || status == StatusCode::TOO_MANY_REQUESTS
        || status == StatusCode::REQUEST_TIMEOUT
}

fn refused(what: String, status: StatusCode, body: &str) -> ClientError {
    ClientError::Refused {
        what,
        status: status.as_u16(),
        body: short(body),
    }
}

fn short(text: &str) -> String {
    text.chars().take(300).collect()
}

fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(error.source(), |error| error.source())
        .fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
