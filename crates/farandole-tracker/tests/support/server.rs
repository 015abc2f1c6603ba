//! The API on a loopback port of its own, and every question that can be asked.

use std::collections::BTreeMap;

use farandole_runtime::{Probes, Shutdown, Trigger, http};
use farandole_tracker::{
    api::{App, router},
    inspect::Latest,
    store::Books,
    view::Offsets,
};
use serde_json::Value;
use tokio::net::TcpListener;

pub struct Server {
    pub url: String,
    client: reqwest::Client,
    _trigger: Trigger,
}

impl Server {
    pub async fn start(books: Books, offsets: Option<Offsets>, now_ms: i64) -> Self {
        let latest = Latest::default();
        if let Some(offsets) = offsets {
            latest.set(offsets);
        }
        let app = App::new(books, latest).with_clock(move || now_ms);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (trigger, shutdown) = Shutdown::manual();
        tokio::spawn(http::serve(listener, router(app, &Probes::new()), shutdown));
        Self {
            url,
            client: reqwest::Client::new(),
            _trigger: trigger,
        }
    }

    /// Status, content type and body.
    pub async fn get(&self, path: &str) -> (u16, String, String) {
        let answer = self
            .client
            .get(format!("{}{path}", self.url))
            .send()
            .await
            .expect("an answer");
        let status = answer.status().as_u16();
        let kind = answer
            .headers()
            .get("content-type")
            .map(|kind| kind.to_str().expect("text").to_owned());
        (
            status,
            kind.unwrap_or_default(),
            answer.text().await.expect("a body"),
        )
    }

    pub async fn header(&self, path: &str, name: &str) -> String {
        let answer = self
            .client
            .get(format!("{}{path}", self.url))
            .send()
            .await
            .expect("an answer");
        answer
            .headers()
            .get(name)
            .map(|value| value.to_str().expect("text").to_owned())
            .unwrap_or_default()
    }

    pub async fn json(&self, path: &str) -> Value {
        let (status, _, body) = self.get(path).await;
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).expect("JSON")
    }

    /// The answer to every question, by path, without the watermark.
    pub async fn every_answer(&self) -> BTreeMap<String, Value> {
        let mut paths: Vec<String> = [
            "/api/workflows",
            "/api/workflows/trip",
            "/api/topology",
            "/api/groups",
            "/api/instances?limit=500",
        ]
        .map(Into::into)
        .into();
        for status in ["running", "stuck", "completed", "failed"] {
            paths.push(format!("/api/instances?status={status}"));
        }
        for instance in self.json("/api/instances?limit=500").await["instances"]
            .as_array()
            .expect("a list")
        {
            let id = instance["correlation"].as_str().expect("an id");
            paths.extend(["", "/events", "/why"].map(|more| format!("/api/instances/{id}{more}")));
        }
        let mut answers = BTreeMap::new();
        for path in paths {
            let mut answer = self.json(&path).await;
            assert!(answer["as_of"]["at_ms"].is_i64(), "{path} has no as_of");
            answer.as_object_mut().expect("an object").remove("as_of");
            answers.insert(path, answer);
        }
        answers
    }
}

/// Every answer about a store, asked from a place without a runtime.
pub fn every_answer(
    books: Books,
    offsets: Option<Offsets>,
    now_ms: i64,
) -> BTreeMap<String, Value> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        Server::start(books, offsets, now_ms)
            .await
            .every_answer()
            .await
    })
}
