//! The store: the records of every instance, summaries for lists, and how far each partition has been read.
//!
//! [`Store`] writes, alone: one transaction per batch holds the records, the summaries and the next offsets, so a kill
//! leaves all of them or none. [`Books`] reads, from as many threads as ask. Records are kept as they came; what they mean is
//! worked out when they are read, so deleting the file and reading the topics again gives the same answers.

mod books;
mod cursor;
mod encode;
mod error;
mod instances;
mod offsets;
mod overview;
mod schema;
mod summary;
mod write;

pub(crate) use books::Look;
pub use books::{Books, Found};
pub use cursor::Cursor;
pub use error::StoreError;
pub(crate) use instances::FLAGS;
pub use instances::{Filter, Page, Row, Waiting};
pub use overview::{Count, Durations, SeenCount, StepCount, Trouble, WorkflowCount};
pub use summary::{StepState, Summary};
pub use write::{Store, StoreOptions};
