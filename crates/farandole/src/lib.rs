//! Write services that take part in a choreography on Kafka.
//!
//! A service is a function from events to events; this crate reads, decodes, stamps, keys, publishes, retries and commits. A
//! service of a workflow implements a generated trait with one method per step and hands it to a [`Service`]:
//!
//! ```ignore
//! impl rides::trip::DriverAssignment for Dispatcher { /* one method per step */ }
//!
//! #[tokio::main]
//! async fn main() -> farandole::Result<()> {
//!     Service::from_args("driver-assignment")?.participant(driver_assignment(Dispatcher::new())).run().await
//! }
//! ```
//!
//! A plain consumer needs no workflow. This one is complete but for the event's type, which is generated as well:
//!
//! ```no_run
//! use farandole::{Context, Event, Failure, Service};
//! # #[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
//! # struct TripRequested { trip_id: String, rider_id: String }
//! # impl Event for TripRequested {
//! #     const NAME: &'static str = "trip.requested";
//! #     const VERSION: u32 = 1;
//! #     const SCHEMAS: &'static [&'static str] = &[];
//! #     fn key(&self) -> Option<String> { Some(self.trip_id.clone()) }
//! # }
//!
//! #[tokio::main]
//! async fn main() -> farandole::Result<()> {
//!     let service = Service::from_args("rider-map")?;
//!     let show = |trip: TripRequested, cx: Context| async move {
//!         if trip.rider_id.is_empty() {
//!             return Err(Failure::reject("a trip without a rider")); // would fail again: a dead letter
//!         }
//!         println!("{} waits ({})", trip.rider_id, cx.position());
//!         Ok(())
//!     };
//!     service.on(show).run().await
//! }
//! ```
//!
//! Reading routes: what a handler may know → [`Context`]; which events fire what → `route.rs`; a firing from bytes to records →
//! `firing.rs`, `stamp.rs`; acting from outside → [`External`]; what happens at start → `startup.rs`; tests without a broker →
//! [`testing`].

mod context;
mod error;
mod external;
mod failure;
mod firing;
mod handler;
mod input;
mod instance_name;
mod outputs;
mod participant;
mod route;
mod schemas;
mod service;
mod signals;
mod stamp;
mod startup;
pub mod testing;
mod trace;
mod unit;
mod unsafe_commit;
mod wiring;
mod workflow;

pub use context::Context;
pub use error::{Error, Result, ServiceError};
pub use external::{External, ExternalError, StartOptions};
pub use failure::Failure;
pub use farandole_event::{
    Carried, Catalog, Codec, DecodeError, EncodeError, Envelope, Event, EventSchema, Header,
    Headers, Outgoing, Payload, Position, Record, SchemaError, decimal, decode_body, ids,
};
pub use farandole_kafka::{Exhausted, PublishError, Publisher, RetryPolicy};
pub use farandole_runtime::{KafkaSettings, Shutdown, Trigger, http, now_ms};
pub use input::{Delivery, Input};
pub use outputs::{OutputSink, Outputs};
pub use participant::Participant;
pub use service::{Service, ServiceSettings};
pub use workflow::{Instance, WorkflowSource};
