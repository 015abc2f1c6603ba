//! The shapes of the requests that are served.

use kafka_protocol::messages::ApiKey;

use super::Shape::{Array, Bytes, Fixed, Items, Text};
use super::{Body, Field, all, between, since, until};

const BOOL: super::Shape = Fixed(1);
const I8: super::Shape = Fixed(1);
const I16: super::Shape = Fixed(2);
const I32: super::Shape = Fixed(4);
const I64: super::Shape = Fixed(8);
const UUID: super::Shape = Fixed(16);

const fn body(key: ApiKey, flexible: i16, fields: &'static [Field]) -> Body {
    Body {
        key,
        flexible,
        fields,
    }
}

const PRODUCE_PARTITION: &[Field] = &[all(I32), all(Bytes)];
const PRODUCE_TOPIC: &[Field] = &[
    until(12, Text),
    since(13, UUID),
    all(Items(PRODUCE_PARTITION)),
];

const FETCH_PARTITION: &[Field] = &[
    all(I32),
    since(9, I32),
    all(I64),
    since(12, I32),
    since(5, I64),
    all(I32),
];
const FETCH_TOPIC: &[Field] = &[
    until(12, Text),
    since(13, UUID),
    all(Items(FETCH_PARTITION)),
];
const FORGOTTEN_TOPIC: &[Field] = &[until(12, Text), since(13, UUID), all(Array(&I32))];

const NAME_AND_NUMBERS: &[Field] = &[all(Text), all(Array(&I32))];

const LIST_PARTITION: &[Field] = &[all(I32), since(4, I32), all(I64)];
const LIST_TOPIC: &[Field] = &[all(Text), all(Items(LIST_PARTITION))];

const METADATA_TOPIC: &[Field] = &[since(10, UUID), all(Text)];

const COMMIT_PARTITION: &[Field] = &[all(I32), all(I64), since(6, I32), all(Text)];
const COMMIT_TOPIC: &[Field] = &[all(Text), all(Items(COMMIT_PARTITION))];

const OFFSETS_OF_GROUP: &[Field] = &[
    all(Text),
    since(9, Text),
    since(9, I32),
    all(Items(NAME_AND_NUMBERS)),
];

const TEXT_AND_BYTES: &[Field] = &[all(Text), all(Bytes)];
const LEAVING_MEMBER: &[Field] = &[all(Text), all(Text), since(5, Text)];

const REPLICAS: &[Field] = &[all(I32), all(Array(&I32))];
const NAME_AND_VALUE: &[Field] = &[all(Text), all(Text)];
const NEW_TOPIC: &[Field] = &[
    all(Text),
    all(I32),
    all(I16),
    all(Items(REPLICAS)),
    all(Items(NAME_AND_VALUE)),
];
const NAME_AND_ID: &[Field] = &[all(Text), all(UUID)];

const NUMBER_AND_OFFSET: &[Field] = &[all(I32), all(I64)];
const DELETE_RECORDS_TOPIC: &[Field] = &[all(Text), all(Items(NUMBER_AND_OFFSET))];

const EPOCH_PARTITION: &[Field] = &[all(I32), all(I32), all(I32)];
const EPOCH_TOPIC: &[Field] = &[all(Text), all(Items(EPOCH_PARTITION))];

const DESCRIBED_RESOURCE: &[Field] = &[all(I8), all(Text), all(Array(&Text))];
const ALTERED_RESOURCE: &[Field] = &[all(I8), all(Text), all(Items(NAME_AND_VALUE))];
const CHANGED_SETTING: &[Field] = &[all(Text), all(I8), all(Text)];
const CHANGED_RESOURCE: &[Field] = &[all(I8), all(Text), all(Items(CHANGED_SETTING))];

const NEW_REPLICAS: &[Field] = &[all(Array(&I32))];
const GROWN_TOPIC: &[Field] = &[all(Text), all(I32), all(Items(NEW_REPLICAS))];

const NUMBER: &[Field] = &[all(I32)];
const DELETED_OFFSETS: &[Field] = &[all(Text), all(Items(NUMBER))];

/// The bodies of the requests that are served.
pub(super) const BODIES: &[Body] = &[
    body(
        ApiKey::Produce,
        9,
        &[all(Text), all(I16), all(I32), all(Items(PRODUCE_TOPIC))],
    ),
    body(
        ApiKey::Fetch,
        12,
        &[
            until(14, I32),
            all(I32),
            all(I32),
            all(I32),
            all(I8),
            since(7, I32),
            since(7, I32),
            all(Items(FETCH_TOPIC)),
            since(7, Items(FORGOTTEN_TOPIC)),
            since(11, Text),
        ],
    ),
    body(
        ApiKey::ListOffsets,
        6,
        &[all(I32), since(2, I8), all(Items(LIST_TOPIC))],
    ),
    body(
        ApiKey::Metadata,
        9,
        &[
            all(Items(METADATA_TOPIC)),
            since(4, BOOL),
            between(8, 10, BOOL),
            since(8, BOOL),
        ],
    ),
    body(
        ApiKey::OffsetCommit,
        8,
        &[
            all(Text),
            all(I32),
            all(Text),
            since(7, Text),
            until(4, I64),
            all(Items(COMMIT_TOPIC)),
        ],
    ),
    body(
        ApiKey::OffsetFetch,
        6,
        &[
            until(7, Text),
            until(7, Items(NAME_AND_NUMBERS)),
            since(8, Items(OFFSETS_OF_GROUP)),
            since(7, BOOL),
        ],
    ),
    body(
        ApiKey::FindCoordinator,
        3,
        &[until(3, Text), since(1, I8), since(4, Array(&Text))],
    ),
    body(
        ApiKey::JoinGroup,
        6,
        &[
            all(Text),
            all(I32),
            since(1, I32),
            all(Text),
            since(5, Text),
            all(Text),
            all(Items(TEXT_AND_BYTES)),
            since(8, Text),
        ],
    ),
    body(
        ApiKey::Heartbeat,
        4,
        &[all(Text), all(I32), all(Text), since(3, Text)],
    ),
    body(
        ApiKey::LeaveGroup,
        4,
        &[all(Text), until(2, Text), since(3, Items(LEAVING_MEMBER))],
    ),
    body(
        ApiKey::SyncGroup,
        4,
        &[
            all(Text),
            all(I32),
            all(Text),
            since(3, Text),
            since(5, Text),
            since(5, Text),
            all(Items(TEXT_AND_BYTES)),
        ],
    ),
    body(
        ApiKey::DescribeGroups,
        5,
        &[all(Array(&Text)), since(3, BOOL)],
    ),
    body(
        ApiKey::ListGroups,
        3,
        &[since(4, Array(&Text)), since(5, Array(&Text))],
    ),
    body(ApiKey::ApiVersions, 3, &[since(3, Text), since(3, Text)]),
    body(
        ApiKey::CreateTopics,
        5,
        &[all(Items(NEW_TOPIC)), all(I32), all(BOOL)],
    ),
    body(
        ApiKey::DeleteTopics,
        4,
        &[
            since(6, Items(NAME_AND_ID)),
            until(5, Array(&Text)),
            all(I32),
        ],
    ),
    body(
        ApiKey::DeleteRecords,
        2,
        &[all(Items(DELETE_RECORDS_TOPIC)), all(I32)],
    ),
    body(
        ApiKey::InitProducerId,
        2,
        &[all(Text), all(I32), since(3, I64), since(3, I16)],
    ),
    body(
        ApiKey::OffsetForLeaderEpoch,
        4,
        &[since(3, I32), all(Items(EPOCH_TOPIC))],
    ),
    body(
        ApiKey::DescribeConfigs,
        4,
        &[all(Items(DESCRIBED_RESOURCE)), all(BOOL), since(3, BOOL)],
    ),
    body(
        ApiKey::AlterConfigs,
        2,
        &[all(Items(ALTERED_RESOURCE)), all(BOOL)],
    ),
    body(
        ApiKey::CreatePartitions,
        2,
        &[all(Items(GROWN_TOPIC)), all(I32), all(BOOL)],
    ),
    body(ApiKey::DeleteGroups, 2, &[all(Array(&Text))]),
    body(
        ApiKey::IncrementalAlterConfigs,
        1,
        &[all(Items(CHANGED_RESOURCE)), all(BOOL)],
    ),
    body(
        ApiKey::OffsetDelete,
        i16::MAX,
        &[all(Text), all(Items(DELETED_OFFSETS))],
    ),
    body(
        ApiKey::DescribeCluster,
        0,
        &[all(BOOL), since(1, I8), since(2, BOOL)],
    ),
];
