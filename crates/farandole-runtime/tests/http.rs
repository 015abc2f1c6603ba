//! The HTTP server against clients that mean no good, over real sockets.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use farandole_runtime::http::{Json, Limits, Problem, serve_with};
use farandole_runtime::{Probes, Shutdown, Trigger};
use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

const DEADLINE: Duration = Duration::from_secs(10);

#[derive(Deserialize)]
struct Trip {
    passengers: u8,
}

fn app() -> Router {
    Router::new()
        .route(
            "/trips",
            post(|Json(trip): Json<Trip>| async move { format!("{}", trip.passengers) }),
        )
        .route(
            "/trips/{id}",
            get(|| async { Problem::conflict("two trips").with("candidates", vec!["a", "b"]) }),
        )
        .route("/panic", get(panics))
        .route(
            "/slow",
            get(|| async { tokio::time::sleep(DEADLINE * 6).await }),
        )
}

async fn panics() -> &'static str {
    panic!("on purpose")
}

struct Running {
    address: SocketAddr,
    trigger: Trigger,
    server: JoinHandle<std::io::Result<()>>,
}

async fn running(limits: Limits) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    let (trigger, shutdown) = Shutdown::manual();
    let server = tokio::spawn(serve_with(listener, app(), shutdown, limits));
    Running {
        address,
        trigger,
        server,
    }
}

/// Sends bytes and reads until the server closes.
async fn exchange(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.expect("connection");
    // A server that answers early may close while we still write.
    let _ = stream.write_all(request).await;
    read_all(&mut stream).await
}

async fn read_all(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(DEADLINE, stream.read_to_end(&mut answer))
        .await
        .expect("the server closes in time");
    String::from_utf8_lossy(&answer).into_owned()
}

fn request(head: &str, body: &str) -> Vec<u8> {
    format!(
        "{head}\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

#[track_caller]
fn assert_problem(answer: &str, status: u16, words: &str) {
    assert!(
        answer.starts_with(&format!("HTTP/1.1 {status} ")),
        "expected {status}: {answer}"
    );
    assert!(
        answer.contains("content-type: application/problem+json"),
        "{answer}"
    );
    assert!(
        answer.contains(&format!("\"status\":{status}")) && answer.contains(words),
        "expected {words:?}: {answer}"
    );
}

#[tokio::test]
async fn a_client_that_sends_its_head_too_slowly_is_cut_off() {
    let server = running(Limits {
        header_read: Duration::from_millis(100),
        ..Limits::default()
    })
    .await;
    let mut stream = TcpStream::connect(server.address)
        .await
        .expect("connection");
    stream
        .write_all(b"GET /trips/1 HTTP/1.1\r\nhost: localhost\r\nx-slow: ")
        .await
        .expect("half a head");
    let answer = read_all(&mut stream).await;
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 408"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_connection_that_never_says_anything_is_cut_off() {
    let server = running(Limits {
        header_read: Duration::from_millis(100),
        ..Limits::default()
    })
    .await;
    let mut stream = TcpStream::connect(server.address)
        .await
        .expect("connection");
    read_all(&mut stream).await;
}

#[tokio::test]
async fn every_error_is_a_problem() {
    let server = running(Limits::default()).await;
    let json = "POST /trips HTTP/1.1\r\ncontent-type: application/json";
    for (head, body, status, words) in [
        (
            "GET /nowhere HTTP/1.1",
            "",
            404,
            "nothing is served at /nowhere",
        ),
        (
            "DELETE /trips HTTP/1.1",
            "",
            405,
            "DELETE is not possible at /trips",
        ),
        (json, "{\"passengers\":", 400, "EOF"),
        (json, "{\"passengers\":\"many\"}", 422, "passengers"),
        (json, "{\"passengers\":300}", 422, "300"),
        (
            "POST /trips HTTP/1.1",
            "{}",
            415,
            "content-type: application/json",
        ),
        (
            "GET /trips/1 HTTP/1.1",
            "",
            409,
            "\"candidates\":[\"a\",\"b\"]",
        ),
        ("GET /panic HTTP/1.1", "", 500, "an error in this server"),
    ] {
        let answer = exchange(server.address, &request(head, body)).await;
        assert_problem(&answer, status, words);
        assert!(
            !answer.contains("on purpose"),
            "a stranger learns nothing of our insides: {answer}"
        );
    }
}

#[tokio::test]
async fn a_good_request_is_answered_and_marked_nosniff() {
    let server = running(Limits::default()).await;
    let answer = exchange(
        server.address,
        &request(
            "POST /trips HTTP/1.1\r\ncontent-type: application/json",
            "{\"passengers\":2}",
        ),
    )
    .await;
    assert!(
        answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\n2"),
        "{answer}"
    );
    assert!(
        answer.contains("x-content-type-options: nosniff"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused() {
    let server = running(Limits::default()).await;
    let body = format!("{{\"passengers\":1,\"x\":\"{}\"}}", "x".repeat(2 << 20));
    let answer = exchange(
        server.address,
        &request(
            "POST /trips HTTP/1.1\r\ncontent-type: application/json",
            &body,
        ),
    )
    .await;
    // The refusal comes while the client still writes: the answer may be lost with the connection, the handler never runs.
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 413"),
        "{answer}"
    );
}

#[tokio::test]
async fn deep_json_and_huge_heads_do_no_harm() {
    let server = running(Limits::default()).await;
    let deep = "[".repeat(100_000);
    let answer = exchange(
        server.address,
        &request(
            "POST /trips HTTP/1.1\r\ncontent-type: application/json",
            &deep,
        ),
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    let huge = format!(
        "GET /trips/1 HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n",
        "x".repeat(1 << 20)
    );
    let answer = exchange(server.address, huge.as_bytes()).await;
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 431"),
        "{answer}"
    );
    let answer = exchange(server.address, &request("GET /nowhere HTTP/1.1", "")).await;
    assert_problem(&answer, 404, "/nowhere");
}

#[tokio::test]
async fn pages_from_elsewhere_can_neither_reach_nor_change_a_local_server() {
    let server = running(Limits::default()).await;
    let rebound = b"GET /trips/1 HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n";
    assert_problem(&exchange(server.address, rebound).await, 421, "localhost");
    let forged = request(
        "POST /trips HTTP/1.1\r\ncontent-type: application/json\r\norigin: https://evil.example",
        "{\"passengers\":2}",
    );
    assert_problem(
        &exchange(server.address, &forged).await,
        403,
        "another origin",
    );
}

#[tokio::test]
async fn more_connections_than_allowed_wait_for_their_turn() {
    let server = running(Limits {
        connections: 1,
        ..Limits::default()
    })
    .await;
    let first = TcpStream::connect(server.address)
        .await
        .expect("connection");
    let mut second = TcpStream::connect(server.address)
        .await
        .expect("the kernel takes it");
    second
        .write_all(&request("GET /nowhere HTTP/1.1", ""))
        .await
        .expect("request");
    let early = tokio::time::timeout(Duration::from_millis(100), second.read_u8()).await;
    assert!(early.is_err(), "the second has no place yet");
    drop(first);
    assert!(
        read_all(&mut second).await.contains("404"),
        "the first one's place is free now"
    );
}

#[tokio::test]
async fn the_end_is_bounded_even_while_a_handler_hangs() {
    let server = running(Limits {
        graceful_end: Duration::from_millis(100),
        ..Limits::default()
    })
    .await;
    let mut stream = TcpStream::connect(server.address)
        .await
        .expect("connection");
    stream
        .write_all(&request("GET /slow HTTP/1.1", ""))
        .await
        .expect("request");
    server.trigger.request();
    let ended = tokio::time::timeout(DEADLINE, server.server)
        .await
        .expect("ends in time");
    ended.expect("no panic").expect("no error");
}

#[tokio::test]
async fn probes_tell_why_a_process_is_not_ready() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    let probes = Probes::new();
    probes.expect("kafka");
    let (_trigger, shutdown) = Shutdown::manual();
    tokio::spawn(serve_with(
        listener,
        probes.router(),
        shutdown,
        Limits::default(),
    ));
    let ask = |path: &'static str| async move {
        exchange(address, &request(&format!("GET {path} HTTP/1.1"), "")).await
    };
    let answer = ask("/readyz").await;
    assert!(
        answer.starts_with("HTTP/1.1 503 ") && answer.contains("\"kafka\":\"starting\""),
        "{answer}"
    );
    assert!(
        ask("/livez").await.starts_with("HTTP/1.1 200 "),
        "not being ready is no reason to be restarted"
    );
    probes.ok("kafka");
    assert!(ask("/readyz").await.starts_with("HTTP/1.1 200 "));
    probes.dead("the poll thread is gone");
    assert!(ask("/livez").await.contains("the poll thread is gone"));
}
