//! ApiVersions: which requests are served, in which versions.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::ApiVersionsResponse;
use kafka_protocol::messages::api_versions_response::ApiVersion;

use super::KINDS;

pub(crate) fn handle() -> ApiVersionsResponse {
    let version = |kind: &super::Kind| {
        ApiVersion::default()
            .with_api_key(kind.key as i16)
            .with_min_version(kind.min)
            .with_max_version(kind.max)
    };
    ApiVersionsResponse::default().with_api_keys(KINDS.iter().map(version).collect())
}

/// The answer, in version 0, to a version of this request that is not served: the client reads
/// from it which one to take.
pub(crate) fn unsupported() -> ApiVersionsResponse {
    handle().with_error_code(ResponseError::UnsupportedVersion.code())
}
