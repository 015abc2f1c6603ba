use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Problem;

/// A JSON body, in or out. What can't be read is answered with a [`Problem`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match axum::Json::<T>::from_request(request, state).await {
            Ok(axum::Json(value)) => Ok(Self(value)),
            Err(rejection) => Err(problem(&rejection)),
        }
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

fn problem(rejection: &JsonRejection) -> Problem {
    let status = rejection.status();
    let text = rejection.body_text();
    // The parser's words follow the extractor's.
    let why = text.split_once(": ").map_or(text.as_str(), |(_, why)| why);
    let detail = match rejection {
        JsonRejection::JsonDataError(_) => format!("the body does not fit: {why}"),
        JsonRejection::JsonSyntaxError(_) => format!("the body is no JSON: {why}"),
        JsonRejection::MissingJsonContentType(_) => {
            "the body must be JSON; send it with content-type: application/json".to_owned()
        }
        _ if status == StatusCode::PAYLOAD_TOO_LARGE => {
            "the body is too large; at most 1 MiB is read".to_owned()
        }
        _ => text,
    };
    Problem::new(status).detail(detail)
}
