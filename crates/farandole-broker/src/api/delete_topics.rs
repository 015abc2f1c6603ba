//! DeleteTopics: by name or by id.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::delete_topics_request::DeleteTopicState;
use kafka_protocol::messages::delete_topics_response::DeletableTopicResult;
use kafka_protocol::messages::{DeleteTopicsRequest, DeleteTopicsResponse};
use uuid::Uuid;

use crate::cluster::{Call, text};
use crate::topics::Refusal;

pub(crate) fn handle(call: Call<'_>, request: DeleteTopicsRequest) -> DeleteTopicsResponse {
    let named = request.topic_names.into_iter();
    let named = named.map(|name| DeleteTopicState::default().with_name(Some(name)));
    let responses = named
        .chain(request.topics)
        .map(|topic| delete(call, topic))
        .collect();
    DeleteTopicsResponse::default().with_responses(responses)
}

fn delete(call: Call<'_>, wanted: DeleteTopicState) -> DeletableTopicResult {
    let topics = &call.cluster.topics;
    let (found, error) = match &wanted.name {
        Some(name) => (topics.by_name(name), ResponseError::UnknownTopicOrPartition),
        None => (topics.by_id(wanted.topic_id), ResponseError::UnknownTopicId),
    };
    let Some(topic) = found else {
        return refuse(call, wanted, (error, "there is no such topic".to_owned()));
    };
    if let Err(refusal) = topics.delete(&topic) {
        return refuse(call, wanted, refusal);
    }
    call.cluster.groups.forget_topic(&topic);
    let id = if call.version >= 6 {
        topic.id
    } else {
        Uuid::nil()
    };
    DeletableTopicResult::default()
        .with_name(Some(text(&topic.name).into()))
        .with_topic_id(id)
}

fn refuse(call: Call<'_>, wanted: DeleteTopicState, (error, why): Refusal) -> DeletableTopicResult {
    let result = DeletableTopicResult::default()
        .with_name(wanted.name)
        .with_topic_id(wanted.topic_id)
        .with_error_code(error.code());
    if call.version >= 5 {
        result.with_error_message(Some(text(why)))
    } else {
        result
    }
}
