//! A client's connection: requests in, responses out, in order.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use kafka_protocol::messages::{ApiKey, RequestKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, watch};

use crate::api;
use crate::clock;
use crate::cluster::{Call, Cluster};
use crate::frame::{self, Frame, Incoming};
use crate::request_log::Request;

/// How many requests are read ahead of the one being answered.
const AHEAD: usize = 8;

/// How long a client may take to read a response.
const PATIENCE: Duration = Duration::from_secs(60);

/// Serves a connection until the client hangs up or sends what is no request.
pub(crate) async fn serve(cluster: Arc<Cluster>, stream: TcpStream) {
    let (Ok(local), Ok(remote)) = (stream.local_addr(), stream.peer_addr()) else {
        return;
    };
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%remote, %error, "the connection answers late");
    }
    let (reader, writer) = stream.into_split();
    let (sender, frames) = mpsc::channel(AHEAD);
    let (hang_up, hung_up) = watch::channel(false);
    // The reader goes on reading while a request waits, so that a client that hangs up is noticed.
    let reading = async {
        read_frames(reader, sender, remote).await;
        hang_up.send_replace(true);
        std::future::pending().await
    };
    tokio::select! {
        () = reading => {}
        () = answer_frames(&cluster, writer, frames, hung_up, (local, remote)) => {}
    }
}

/// Reads frames until the end. Ends only when the connection has ended.
async fn read_frames(mut reader: OwnedReadHalf, sender: mpsc::Sender<Bytes>, remote: SocketAddr) {
    let mut buffer = BytesMut::with_capacity(64 << 10);
    loop {
        match next_frame(&mut buffer) {
            Ok(Some(frame)) => {
                if sender.send(frame).await.is_err() {
                    return;
                }
                continue;
            }
            Ok(None) => {}
            Err(length) => {
                tracing::warn!(%remote, length, "closing a connection: no request has this length");
                return;
            }
        }
        // Grows with what comes, not with what is announced.
        buffer.reserve((64 << 10).max(buffer.len()));
        match reader.read_buf(&mut buffer).await {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) => {
                tracing::debug!(%remote, %error, "the connection broke");
                return;
            }
        }
    }
}

/// Takes the next whole frame from what has been read, without its length. An error is a length
/// that no request has.
fn next_frame(buffer: &mut BytesMut) -> Result<Option<Bytes>, i32> {
    let Some(length) = buffer.get(..4) else {
        return Ok(None);
    };
    let announced = i32::from_be_bytes([length[0], length[1], length[2], length[3]]);
    let length = usize::try_from(announced).map_err(|_| announced)?;
    if length > frame::LARGEST {
        return Err(announced);
    }
    if buffer.len() < 4 + length {
        return Ok(None);
    }
    buffer.advance(4);
    Ok(Some(buffer.split_to(length).freeze()))
}

/// Answers frames one after the other, to the last.
async fn answer_frames(
    cluster: &Cluster,
    mut writer: OwnedWriteHalf,
    mut frames: mpsc::Receiver<Bytes>,
    mut hung_up: watch::Receiver<bool>,
    (local, remote): (SocketAddr, SocketAddr),
) {
    while let Some(frame) = frames.recv().await {
        let answer = match frame::read(frame) {
            Ok(Frame::Request(request)) => tokio::select! {
                // What was sent before hanging up is done, unless it has to wait.
                biased;
                answer = answer(cluster, *request, local, remote) => answer,
                _ = hung_up.wait_for(|gone| *gone) => Ok(None),
            },
            Ok(Frame::FutureApiVersions { correlation_id }) => {
                let response = api::unsupported_api_versions().into();
                frame::write(ApiKey::ApiVersions, 0, correlation_id, &response).map(Some)
            }
            Err(error) => Err(error.to_string()),
        };
        let answer = match answer {
            Ok(Some(answer)) => answer,
            Ok(None) => continue,
            Err(why) => {
                tracing::warn!(%remote, %why, "closing a connection");
                return;
            }
        };
        match tokio::time::timeout(PATIENCE, writer.write_all(&answer)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::debug!(%remote, %error, "the connection broke");
                return;
            }
            Err(_) => {
                tracing::warn!(%remote, "closing a connection: the client does not read");
                return;
            }
        }
    }
}

async fn answer(
    cluster: &Cluster,
    request: Incoming,
    local: SocketAddr,
    remote: SocketAddr,
) -> Result<Option<BytesMut>, String> {
    let Incoming {
        kind,
        version,
        correlation_id,
        client_id,
        body,
    } = request;
    tracing::trace!(%remote, client_id, kind = kind.name, version, "request");
    if cluster.requests.enabled() {
        cluster
            .requests
            .add(note(kind.name, version, &client_id, &body));
    }
    let call = Call {
        cluster,
        version,
        client_id: &client_id,
        remote,
        local,
    };
    match api::answer(call, body).await {
        Some(response) => frame::write(kind.key, version, correlation_id, &response)
            .map(Some)
            .map_err(|why| {
                format!(
                    "the response to {} version {version} fails: {why}",
                    kind.name
                )
            }),
        None => Ok(None),
    }
}

fn note(kind: &'static str, version: i16, client_id: &str, body: &RequestKind) -> Request {
    let topics: Vec<String> = match body {
        RequestKind::Metadata(request) => {
            let named = request
                .topics
                .iter()
                .flatten()
                .filter_map(|topic| topic.name.as_ref());
            named.map(|name| name.to_string()).collect()
        }
        RequestKind::CreateTopics(request) => request
            .topics
            .iter()
            .map(|topic| topic.name.to_string())
            .collect(),
        _ => Vec::new(),
    };
    let allow_auto_topic_creation = match body {
        RequestKind::Metadata(request) => Some(request.allow_auto_topic_creation),
        _ => None,
    };
    let client_id = client_id.to_owned();
    Request {
        client_id,
        kind,
        version,
        at_ms: clock::now_ms(),
        topics,
        allow_auto_topic_creation,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_out_whole_however_the_bytes_come_in() {
        let stream = [
            &[0, 0, 0, 2, b'a', b'b'][..],
            &[0, 0, 0, 0],
            &[0, 0, 0, 1, b'c'],
        ]
        .concat();
        let mut buffer = BytesMut::new();
        let mut frames = Vec::new();
        for byte in stream {
            buffer.extend_from_slice(&[byte]);
            frames.extend(next_frame(&mut buffer).unwrap());
        }
        assert_eq!(frames, [&b"ab"[..], b"", b"c"]);
    }

    #[test]
    fn impossible_lengths_are_refused_at_once() {
        for length in [-1, i32::MIN, i32::MAX, frame::LARGEST as i32 + 1] {
            let mut buffer = BytesMut::from(&length.to_be_bytes()[..]);
            assert_eq!(next_frame(&mut buffer), Err(length));
        }
    }
}
