//! What riders' and drivers' apps ask over HTTP.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use farandole::http::{Json, Problem, not_found};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use uuid::Uuid;

use crate::error::TripError;
use crate::fare::Fare;
use crate::request::TripRequest;
use crate::status::Status;
use crate::store::Filter;
use crate::trips::{Requested, Trips};
use crate::view::View;

const MOST_ON_A_PAGE: u32 = 1_000;

/// `POST /trips`, `GET /trips`, `GET /trips/{id}`, and what happens to a trip: `cancel`, `picked-up`, `dropped-off`.
pub fn router(trips: Trips) -> Router {
    Router::new()
        .route("/trips", post(request).get(list))
        .route("/trips/{trip_id}", get(one))
        .route("/trips/{trip_id}/cancel", post(cancel))
        .route("/trips/{trip_id}/picked-up", post(pick_up))
        .route("/trips/{trip_id}/dropped-off", post(drop_off))
        .fallback(not_found)
        .with_state(trips)
}

async fn request(
    State(trips): State<Trips>,
    Json(request): Json<TripRequest>,
) -> Result<Response, Problem> {
    request
        .check()
        .map_err(|reason| Problem::new(StatusCode::UNPROCESSABLE_ENTITY).detail(reason))?;
    let (status, trip) = match trips.request(request).await? {
        Requested::New(trip) => (StatusCode::CREATED, trip),
        Requested::Known(trip) => (StatusCode::OK, trip),
    };
    let location = format!("/trips/{}", trip.trip_id);
    Ok((
        status,
        [(header::LOCATION, location)],
        Json(View::of(&trip)),
    )
        .into_response())
}

async fn one(
    State(trips): State<Trips>,
    Path(trip_id): Path<String>,
) -> Result<Json<View>, Problem> {
    Ok(Json(View::of(&trips.get(id(&trip_id)?).await?)))
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Cancellation {
    reason: String,
}

async fn cancel(
    State(trips): State<Trips>,
    Path(trip_id): Path<String>,
    body: Bytes,
) -> Result<Json<View>, Problem> {
    let Cancellation { reason } = optional(&body)?;
    if reason.len() > 1_000 {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY)
            .detail("reason has more than 1000 bytes"));
    }
    Ok(Json(View::of(&trips.cancel(id(&trip_id)?, reason).await?)))
}

async fn pick_up(
    State(trips): State<Trips>,
    Path(trip_id): Path<String>,
) -> Result<Json<View>, Problem> {
    Ok(Json(View::of(&trips.pick_up(id(&trip_id)?).await?)))
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct DropOff {
    fare: Option<Fare>,
}

async fn drop_off(
    State(trips): State<Trips>,
    Path(trip_id): Path<String>,
    body: Bytes,
) -> Result<Json<View>, Problem> {
    let DropOff { fare } = optional(&body)?;
    Ok(Json(View::of(&trips.drop_off(id(&trip_id)?, fare).await?)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listing {
    status: Option<String>,
    rider: Option<String>,
    limit: Option<u32>,
    cursor: Option<String>,
}

async fn list(
    State(trips): State<Trips>,
    query: Result<Query<Listing>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Problem> {
    let Query(listing) = query.map_err(|rejection| Problem::bad_request(rejection.body_text()))?;
    let page = trips.list(filter(listing)?).await?;
    let shown: Vec<View> = page.trips.iter().map(View::of).collect();
    Ok(
        Json(json!({"trips": shown, "next_cursor": page.last.to_string(), "more": page.more}))
            .into_response(),
    )
}

fn filter(listing: Listing) -> Result<Filter, Problem> {
    let unknown = |name: &str| {
        let known = Status::ALL.map(Status::name).join(", ");
        Problem::bad_request(format!("status {name:?} does not exist; there are {known}"))
    };
    let status = listing
        .status
        .map(|name| Status::of(&name).ok_or_else(|| unknown(&name)))
        .transpose()?;
    let limit = listing.limit.unwrap_or(100);
    if !(1..=MOST_ON_A_PAGE).contains(&limit) {
        return Err(Problem::bad_request(format!(
            "limit is {limit}; it must be 1 to {MOST_ON_A_PAGE}"
        )));
    }
    let after = listing.cursor.map_or(Ok(0), |cursor| cursor.parse());
    let after = after.map_err(|_| {
        Problem::bad_request("this cursor is none of ours; take next_cursor from the page before")
    })?;
    Ok(Filter {
        status,
        rider_id: listing.rider,
        after,
        limit,
    })
}

fn id(text: &str) -> Result<Uuid, Problem> {
    text.parse()
        .map_err(|_| Problem::bad_request(format!("{text:?} is no trip id; a trip id is a UUID")))
}

/// A body that may be left out.
fn optional<T: Default + DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(T::default());
    }
    serde_json::from_slice(body).map_err(|error| {
        let status = if error.is_data() {
            StatusCode::UNPROCESSABLE_ENTITY
        } else {
            StatusCode::BAD_REQUEST
        };
        Problem::new(status).detail(error.to_string())
    })
}

impl From<TripError> for Problem {
    fn from(error: TripError) -> Self {
        let detail = error.to_string();
        match error {
            TripError::Unknown(_) => Problem::not_found(detail),
            TripError::WrongState { status, .. } => {
                Problem::conflict(detail).with("state", status.name())
            }
            TripError::OtherContent(_) => Problem::conflict(detail),
            error => {
                tracing::error!(%error, "a request failed");
                Problem::unavailable("the trip database does not answer; try again")
            }
        }
    }
}
