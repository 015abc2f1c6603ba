//! Consumer groups as the broker describes them.

use serde::Serialize;

use super::Partition;

/// A consumer group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GroupInfo {
    /// Its name.
    pub name: String,
    /// `Stable`, `Empty`, `PreparingRebalance`, `CompletingRebalance` or `Dead`.
    pub state: String,
    /// Who is in it.
    pub members: Vec<Member>,
}

/// A member of a consumer group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Member {
    /// The id the broker gave it.
    pub id: String,
    /// The name it gave itself.
    pub client_id: String,
    /// Where it runs.
    pub host: String,
    /// The partitions given to it.
    pub assignment: Vec<Partition>,
}

pub(super) fn info(group: &rdkafka::groups::GroupInfo) -> GroupInfo {
    let members = group.members().iter().map(|member| Member {
        id: member.id().to_owned(),
        client_id: member.client_id().to_owned(),
        host: member.client_host().trim_start_matches('/').to_owned(),
        assignment: member.assignment().map(assignment).unwrap_or_default(),
    });
    GroupInfo {
        name: group.name().to_owned(),
        state: group.state().to_owned(),
        members: members.collect(),
    }
}

/// Kafka's consumer protocol: version i16, then an array of (topic, array of partition i32). What is cut off is left out.
fn assignment(bytes: &[u8]) -> Vec<Partition> {
    let mut rest = bytes.get(2..).unwrap_or_default();
    let mut found = Vec::new();
    let topics = take_i32(&mut rest).unwrap_or(0);
    for _ in 0..topics {
        let Some(topic) = take_text(&mut rest) else {
            break;
        };
        let partitions = take_i32(&mut rest).unwrap_or(0);
        for _ in 0..partitions {
            let Some(partition) = take_i32(&mut rest) else {
                return found;
            };
            found.push((topic.clone(), partition));
        }
    }
    found
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (head, tail) = rest.split_at_checked(count)?;
    *rest = tail;
    Some(head)
}

fn take_i32(rest: &mut &[u8]) -> Option<i32> {
    Some(i32::from_be_bytes(take(rest, 4)?.try_into().ok()?))
}

fn take_text(rest: &mut &[u8]) -> Option<String> {
    let length = i16::from_be_bytes(take(rest, 2)?.try_into().ok()?);
    let bytes = take(rest, usize::try_from(length).ok()?)?;
    Some(String::from_utf8_lossy(bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_s_assignment_is_read_and_a_torn_one_does_no_harm() {
        let mut bytes = vec![0, 0, 0, 0, 0, 1, 0, 5];
        bytes.extend_from_slice(b"trips\0\0\0\x02\0\0\0\x03\0\0\0\x04");
        let whole = vec![("trips".to_owned(), 3), ("trips".to_owned(), 4)];
        assert_eq!(assignment(&bytes), whole);
        for length in 0..bytes.len() {
            let found = assignment(&bytes[..length]);
            assert!(whole.starts_with(&found), "{length} bytes gave {found:?}");
        }
    }
}
