//! Requests as bytes: from a frame to a decoded request, whatever the bytes are.

use bytes::{Buf, Bytes, BytesMut};
use kafka_protocol::messages::{ApiKey, RequestHeader, RequestKind, ResponseHeader, ResponseKind};
use kafka_protocol::protocol::{Decodable, Encodable};

use crate::api::{self, Kind};
use crate::shape;

/// The largest request that is read, in bytes.
pub(crate) const LARGEST: usize = 100 << 20;

/// A decoded request.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) kind: &'static Kind,
    pub(crate) version: i16,
    pub(crate) correlation_id: i32,
    pub(crate) client_id: String,
    pub(crate) body: RequestKind,
}

/// What a frame holds.
#[derive(Debug)]
pub(crate) enum Frame {
    Request(Box<Incoming>),
    /// A client that is newer than the broker asks which versions to use.
    FutureApiVersions {
        correlation_id: i32,
    },
}

/// Why a frame is no request that can be answered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("the frame is cut short")]
    Short,
    #[error("there is no request with the key {0}")]
    UnknownKey(i16),
    #[error("version {version} of {kind} is not served")]
    Version { kind: &'static str, version: i16 },
    #[error("the body of {kind} version {version} does not parse: {why}")]
    Body {
        kind: &'static str,
        version: i16,
        why: String,
    },
}

/// Reads a frame, without its length.
pub(crate) fn read(mut frame: Bytes) -> Result<Frame, Unreadable> {
    let mut start = frame.clone();
    let key = start.try_get_i16().map_err(|_| Unreadable::Short)?;
    let version = start.try_get_i16().map_err(|_| Unreadable::Short)?;
    let correlation_id = start.try_get_i32().map_err(|_| Unreadable::Short)?;
    let kind = api::kind_of(key).ok_or(Unreadable::UnknownKey(key))?;
    if !(kind.min..=kind.max).contains(&version) {
        if kind.key == ApiKey::ApiVersions {
            return Ok(Frame::FutureApiVersions { correlation_id });
        }
        return Err(Unreadable::Version {
            kind: kind.name,
            version,
        });
    }
    let bad = |why: String| Unreadable::Body {
        kind: kind.name,
        version,
        why,
    };
    let header = header(&mut frame, kind, version).map_err(|why| bad(why.to_string()))?;
    shape::check(kind.key, version, &frame).map_err(|why| bad(why.to_string()))?;
    let body = RequestKind::decode(kind.key, &mut frame, version);
    Ok(Frame::Request(Box::new(Incoming {
        kind,
        version,
        correlation_id,
        client_id: header
            .client_id
            .map(|id| id.to_string())
            .unwrap_or_default(),
        body: body.map_err(|why| bad(format!("{why:#}")))?,
    })))
}

fn header(
    frame: &mut Bytes,
    kind: &Kind,
    version: i16,
) -> Result<RequestHeader, Box<dyn std::error::Error + Send + Sync>> {
    Ok(RequestHeader::decode(
        frame,
        kind.key.request_header_version(version),
    )?)
}

/// Writes a response with its length in front.
pub(crate) fn write(
    key: ApiKey,
    version: i16,
    correlation_id: i32,
    response: &ResponseKind,
) -> Result<BytesMut, String> {
    let mut out = BytesMut::with_capacity(256 + records(response));
    out.extend_from_slice(&[0; 4]);
    let header = ResponseHeader::default().with_correlation_id(correlation_id);
    header
        .encode(&mut out, key.response_header_version(version))
        .and_then(|()| response.encode(&mut out, version))
        .map_err(|error| format!("{error:#}"))?;
    let length = i32::try_from(out.len() - 4).map_err(|_| "more than 2 GiB".to_owned())?;
    out[..4].copy_from_slice(&length.to_be_bytes());
    Ok(out)
}

/// How many bytes of records a response carries.
fn records(response: &ResponseKind) -> usize {
    let ResponseKind::Fetch(fetch) = response else {
        return 0;
    };
    let partitions = fetch.responses.iter().flat_map(|topic| &topic.partitions);
    partitions
        .map(|p| 64 + p.records.as_ref().map_or(0, Bytes::len))
        .sum()
}

#[cfg(test)]
mod tests;
