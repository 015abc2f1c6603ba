//! AlterConfigs: replaces all settings of topics.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::alter_configs_request::AlterConfigsResource;
use kafka_protocol::messages::alter_configs_response::AlterConfigsResourceResponse;
use kafka_protocol::messages::{AlterConfigsRequest, AlterConfigsResponse};

use super::describe_configs::TOPIC_RESOURCE;
use crate::cluster::{Call, text};
use crate::settings::{self, Overrides};
use crate::topics::Refusal;

pub(crate) fn handle(call: Call<'_>, request: AlterConfigsRequest) -> AlterConfigsResponse {
    let one = |resource: AlterConfigsResource| {
        let new = |config: &kafka_protocol::messages::alter_configs_request::AlterableConfig| {
            Some((config.name.to_string(), config.value.as_ref()?.to_string()))
        };
        let new: Overrides = resource.configs.iter().filter_map(new).collect();
        let name = &resource.resource_name;
        let done = apply(
            call,
            resource.resource_type,
            name,
            request.validate_only,
            |_| Ok(new),
        );
        let response = AlterConfigsResourceResponse::default()
            .with_error_message(None)
            .with_resource_type(resource.resource_type)
            .with_resource_name(resource.resource_name);
        match done {
            Ok(()) => response,
            Err((error, why)) => response
                .with_error_code(error.code())
                .with_error_message(Some(text(why))),
        }
    };
    AlterConfigsResponse::default().with_responses(request.resources.into_iter().map(one).collect())
}

/// Changes a topic's settings, if all of the new ones are good.
pub(super) fn apply(
    call: Call<'_>,
    resource_type: i8,
    name: &str,
    validate_only: bool,
    change: impl FnOnce(Overrides) -> Result<Overrides, Refusal>,
) -> Result<(), Refusal> {
    if resource_type != TOPIC_RESOURCE {
        let why = "only the settings of topics can be changed".to_owned();
        return Err((ResponseError::InvalidRequest, why));
    }
    let Some(topic) = call.cluster.topics.by_name(name) else {
        let why = format!("there is no topic `{name}`");
        return Err((ResponseError::UnknownTopicOrPartition, why));
    };
    let new = change(topic.overrides())?;
    for (name, value) in &new {
        settings::check(name, value).map_err(|why| (ResponseError::InvalidConfig, why))?;
    }
    if validate_only {
        Ok(())
    } else {
        call.cluster.topics.configure(&topic, new)
    }
}
