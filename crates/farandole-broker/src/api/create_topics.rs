//! CreateTopics.

use std::collections::HashMap;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::create_topics_response::{
    CreatableTopicConfigs, CreatableTopicResult,
};
use kafka_protocol::messages::{CreateTopicsRequest, CreateTopicsResponse, TopicName};
use uuid::Uuid;

use super::describe_configs::topic_values;
use crate::cluster::{Call, NODE, text};
use crate::settings::Overrides;
use crate::topics::Refusal;

pub(crate) fn handle(call: Call<'_>, request: CreateTopicsRequest) -> CreateTopicsResponse {
    let mut named: HashMap<TopicName, usize> = HashMap::new();
    for topic in &request.topics {
        *named.entry(topic.name.clone()).or_default() += 1;
    }
    let one = |topic: &CreatableTopic| {
        if named.get(&topic.name).is_some_and(|times| *times > 1) {
            let why = "the request names this topic more than once".to_owned();
            return refuse(topic, (ResponseError::InvalidRequest, why));
        }
        create(call, topic, request.validate_only).unwrap_or_else(|refusal| refuse(topic, refusal))
    };
    CreateTopicsResponse::default().with_topics(request.topics.iter().map(one).collect())
}

fn create(
    call: Call<'_>,
    wanted: &CreatableTopic,
    validate_only: bool,
) -> Result<CreatableTopicResult, Refusal> {
    let partitions = partitions(call, wanted)?;
    let value = |value: &Option<_>| value.as_ref().map(ToString::to_string);
    let overrides: Overrides = wanted
        .configs
        .iter()
        .filter_map(|config| Some((config.name.to_string(), value(&config.value)?)))
        .collect();
    let made =
        call.cluster
            .topics
            .create(&wanted.name, partitions, overrides.clone(), validate_only)?;
    let config = |value: super::describe_configs::Value| {
        CreatableTopicConfigs::default()
            .with_name(text(value.name))
            .with_config_source(value.source())
            .with_value(Some(text(value.value)))
    };
    let result = CreatableTopicResult::default()
        .with_name(wanted.name.clone())
        .with_error_message(None);
    if call.version < 5 {
        return Ok(result);
    }
    Ok(result
        .with_topic_id(made.map_or(Uuid::nil(), |topic| topic.id))
        .with_num_partitions(partitions)
        .with_replication_factor(1)
        .with_configs(Some(topic_values(&overrides).map(config).collect())))
}

/// How many partitions to make.
fn partitions(call: Call<'_>, wanted: &CreatableTopic) -> Result<i32, Refusal> {
    if !wanted.assignments.is_empty() {
        let mut numbers: Vec<i32> = wanted
            .assignments
            .iter()
            .map(|a| a.partition_index)
            .collect();
        numbers.sort_unstable();
        let all_here = wanted.assignments.iter().all(|a| a.broker_ids == [NODE]);
        if !all_here || !numbers.iter().copied().eq(0..numbers.len() as i32) {
            let why = "there is one broker, 1, and partitions are numbered from 0".to_owned();
            return Err((ResponseError::InvalidReplicaAssignment, why));
        }
        return Ok(numbers.len() as i32);
    }
    if !matches!(wanted.replication_factor, -1 | 1) {
        let why = format!(
            "{} replicas, but there is one broker",
            wanted.replication_factor
        );
        return Err((ResponseError::InvalidReplicationFactor, why));
    }
    Ok(match wanted.num_partitions {
        -1 => call.cluster.config.default_partitions,
        number => number,
    })
}

fn refuse(topic: &CreatableTopic, (error, why): Refusal) -> CreatableTopicResult {
    CreatableTopicResult::default()
        .with_name(topic.name.clone())
        .with_error_code(error.code())
        .with_error_message(Some(text(why)))
}
