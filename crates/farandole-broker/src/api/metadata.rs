//! Metadata: the node, the topics, and where their partitions are.

use std::sync::Arc;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::{MetadataRequest, MetadataResponse};
use uuid::Uuid;

use crate::cluster::{Call, NODE, text};
use crate::settings::Overrides;
use crate::topic::Topic;
use crate::topics;

pub(crate) fn handle(call: Call<'_>, request: MetadataRequest) -> MetadataResponse {
    let create = request.allow_auto_topic_creation && call.cluster.config.auto_create_topics;
    let topics = match request.topics {
        // Version 0 has no null: an empty list asks for all.
        Some(named) if !(named.is_empty() && call.version == 0) => named
            .into_iter()
            .map(|topic| named_topic(call, topic, create))
            .collect(),
        _ => call
            .cluster
            .topics
            .all()
            .iter()
            .map(|topic| describe(topic))
            .collect(),
    };
    let node = MetadataResponseBroker::default()
        .with_node_id(NODE)
        .with_host(call.host())
        .with_port(call.port());
    MetadataResponse::default()
        .with_brokers(vec![node])
        .with_cluster_id(Some(text(&call.cluster.id)))
        .with_controller_id(NODE)
        .with_topics(topics)
}

fn named_topic(call: Call<'_>, asked: MetadataRequestTopic, create: bool) -> MetadataResponseTopic {
    let topics = &call.cluster.topics;
    let found = match &asked.name {
        Some(name) => find_or_create(call, name, create),
        None => topics
            .by_id(asked.topic_id)
            .ok_or(ResponseError::UnknownTopicId),
    };
    match found {
        Ok(topic) => describe(&topic),
        Err(error) => MetadataResponseTopic::default()
            .with_error_code(error.code())
            .with_topic_id(if asked.name.is_some() {
                Uuid::nil()
            } else {
                asked.topic_id
            })
            .with_name(asked.name),
    }
}

fn find_or_create(call: Call<'_>, name: &str, create: bool) -> Result<Arc<Topic>, ResponseError> {
    let topics = &call.cluster.topics;
    if let Some(topic) = topics.by_name(name) {
        return Ok(topic);
    }
    topics::check_name(name).map_err(|(error, _)| error)?;
    if !create {
        return Err(ResponseError::UnknownTopicOrPartition);
    }
    let partitions = call.cluster.config.default_partitions;
    match topics.create(name, partitions, Overrides::new(), false) {
        Ok(topic) => topic.ok_or(ResponseError::UnknownTopicOrPartition),
        Err((ResponseError::TopicAlreadyExists, _)) => topics
            .by_name(name)
            .ok_or(ResponseError::UnknownTopicOrPartition),
        Err((error, _)) => Err(error),
    }
}

fn describe(topic: &Topic) -> MetadataResponseTopic {
    let partition = |number| {
        MetadataResponsePartition::default()
            .with_partition_index(number)
            .with_leader_id(NODE)
            .with_leader_epoch(0)
            .with_replica_nodes(vec![NODE])
            .with_isr_nodes(vec![NODE])
    };
    MetadataResponseTopic::default()
        .with_name(Some(text(&topic.name).into()))
        .with_topic_id(topic.id)
        .with_partitions((0..topic.partition_count()).map(partition).collect())
}
