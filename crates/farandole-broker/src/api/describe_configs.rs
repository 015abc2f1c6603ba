//! DescribeConfigs: the settings of topics and of the broker.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::describe_configs_response::{
    DescribeConfigsResourceResult, DescribeConfigsResult, DescribeConfigsSynonym,
};
use kafka_protocol::messages::{DescribeConfigsRequest, DescribeConfigsResponse};

use crate::cluster::{Call, NODE, text};
use crate::settings::{Kind, MAX_MESSAGE_BYTES, Overrides, TOPIC};
use crate::topics::Refusal;

/// The number for topics among the resources that have settings.
pub(crate) const TOPIC_RESOURCE: i8 = 2;
/// The number for brokers.
pub(crate) const BROKER_RESOURCE: i8 = 4;

/// A setting's value and where it is from.
pub(crate) struct Value {
    pub(crate) name: &'static str,
    pub(crate) value: String,
    kind: Kind,
    origin: Origin,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Topic,
    Broker,
    Default,
}

impl Value {
    /// The number for where it is from.
    pub(crate) fn source(&self) -> i8 {
        match self.origin {
            Origin::Topic => 1,
            Origin::Broker => 4,
            Origin::Default => 5,
        }
    }
}

pub(crate) fn handle(call: Call<'_>, request: DescribeConfigsRequest) -> DescribeConfigsResponse {
    let synonyms = request.include_synonyms;
    let one = |resource: DescribeConfigsResource| {
        let result = DescribeConfigsResult::default()
            .with_error_message(None)
            .with_resource_type(resource.resource_type);
        let answer = match values(call, &resource) {
            Ok(values) => {
                let wanted = |v: &Value| match &resource.configuration_keys {
                    Some(keys) if !keys.is_empty() => keys.iter().any(|key| **key == *v.name),
                    _ => true,
                };
                let values = values.into_iter().filter(wanted);
                result.with_configs(values.map(|v| respond(call, v, synonyms)).collect())
            }
            Err((error, why)) => result
                .with_error_code(error.code())
                .with_error_message(Some(text(why))),
        };
        answer.with_resource_name(resource.resource_name)
    };
    DescribeConfigsResponse::default()
        .with_results(request.resources.into_iter().map(one).collect())
}

fn values(call: Call<'_>, resource: &DescribeConfigsResource) -> Result<Vec<Value>, Refusal> {
    match resource.resource_type {
        TOPIC_RESOURCE => match call.cluster.topics.by_name(&resource.resource_name) {
            Some(topic) => Ok(topic_values(&topic.overrides()).collect()),
            None => {
                let why = format!("there is no topic `{}`", &*resource.resource_name);
                Err((ResponseError::UnknownTopicOrPartition, why))
            }
        },
        BROKER_RESOURCE if *resource.resource_name == *NODE.to_string() => Ok(broker_values(call)),
        _ => {
            let why = "settings have topics by name and the one broker, 1".to_owned();
            Err((ResponseError::InvalidRequest, why))
        }
    }
}

/// The values of all settings of a topic.
pub(crate) fn topic_values(overrides: &Overrides) -> impl Iterator<Item = Value> {
    TOPIC.iter().map(|setting| {
        let own = overrides.get(setting.name);
        Value {
            name: setting.name,
            value: own.cloned().unwrap_or_else(|| setting.default.to_owned()),
            kind: setting.kind,
            origin: if own.is_some() {
                Origin::Topic
            } else {
                Origin::Default
            },
        }
    })
}

fn broker_values(call: Call<'_>) -> Vec<Value> {
    let config = &call.cluster.config;
    let value = |name, kind, value: String, origin| Value {
        name,
        value,
        kind,
        origin,
    };
    let listener = format!("PLAINTEXT://{}", call.local);
    vec![
        value(
            "auto.create.topics.enable",
            Kind::Boolean,
            config.auto_create_topics.to_string(),
            Origin::Broker,
        ),
        value("broker.id", Kind::Int, NODE.to_string(), Origin::Broker),
        value(
            "default.replication.factor",
            Kind::Int,
            "1".to_owned(),
            Origin::Default,
        ),
        value(
            "group.initial.rebalance.delay.ms",
            Kind::Int,
            "0".to_owned(),
            Origin::Broker,
        ),
        value("listeners", Kind::List, listener, Origin::Broker),
        value(
            "message.max.bytes",
            Kind::Int,
            MAX_MESSAGE_BYTES.to_string(),
            Origin::Default,
        ),
        value(
            "min.insync.replicas",
            Kind::Int,
            "1".to_owned(),
            Origin::Default,
        ),
        value(
            "num.partitions",
            Kind::Int,
            config.default_partitions.to_string(),
            Origin::Broker,
        ),
        value(
            "offsets.topic.replication.factor",
            Kind::Int,
            "1".to_owned(),
            Origin::Default,
        ),
    ]
}

fn respond(call: Call<'_>, value: Value, synonyms: bool) -> DescribeConfigsResourceResult {
    let synonym = DescribeConfigsSynonym::default()
        .with_name(text(value.name))
        .with_value(Some(text(&value.value)))
        .with_source(value.source());
    let result = DescribeConfigsResourceResult::default()
        .with_documentation(None)
        .with_name(text(value.name))
        .with_config_source(value.source())
        .with_read_only(value.origin == Origin::Broker)
        .with_synonyms(if synonyms { vec![synonym] } else { Vec::new() });
    let kind = if call.version >= 3 {
        value.kind.code()
    } else {
        0
    };
    result
        .with_config_type(kind)
        .with_value(Some(text(value.value)))
}
