//! Ids that two programs derive alike (UUIDv5 over length-prefixed parts), and fresh ones (UUIDv7).
//!
//! A derived id makes a repeated publication recognisable: the same firing of the same step writes the same event id.
//! Test vectors: `vectors/ids.json`.

use uuid::Uuid;

/// The namespace of every derived id.
pub const NAMESPACE: Uuid = Uuid::from_u128(0x1ec8047b_d93a_50f9_b17c_58fcadd39cc4);

/// The correlation id of one run of a workflow for one key. An absent tenant is the empty text; `run` is 0 unless a
/// caller asks for another run of the same key.
pub fn correlation_id(tenant: &str, workflow: &str, key: &str, run: u64) -> Uuid {
    derive(&[tenant, workflow, key, &run.to_string()])
}

/// The id of an instance's first event.
pub fn start_event_id(correlation: &str, step: &str) -> Uuid {
    derive(&[correlation, step])
}

/// The id of one firing: the execution of `step` by `participant` for the event `cause`.
pub fn firing_id(cause: &str, participant: &str, step: &str) -> Uuid {
    derive(&[cause, participant, step])
}

/// The id of one output of a firing; `position` is its index among the firing's outputs, from 0.
pub fn output_id(firing: &str, event: &str, position: u32) -> Uuid {
    derive(&[firing, event, &position.to_string()])
}

/// What stands for the cause of a join: the same for the same triggers in whatever order they arrived.
pub fn join_cause(trigger_ids: &[&str]) -> Uuid {
    let mut sorted = trigger_ids.to_vec();
    sorted.sort_unstable();
    derive(&sorted)
}

/// An id for an event outside any workflow: UUIDv7, so ids made later sort later.
pub fn fresh() -> Uuid {
    Uuid::now_v7()
}

/// UUIDv5 of the parts, each as u32 big-endian length and UTF-8, so that `("ab","c")` and `("a","bc")` differ.
fn derive(parts: &[&str]) -> Uuid {
    let mut name = Vec::with_capacity(parts.iter().map(|part| part.len() + 4).sum());
    for part in parts {
        let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
        name.extend_from_slice(&length.to_be_bytes());
        name.extend_from_slice(part.as_bytes());
    }
    Uuid::new_v5(&NAMESPACE, &name)
}
