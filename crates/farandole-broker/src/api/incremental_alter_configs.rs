//! IncrementalAlterConfigs: changes some settings of topics.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::incremental_alter_configs_request::{
    AlterConfigsResource, AlterableConfig,
};
use kafka_protocol::messages::incremental_alter_configs_response::AlterConfigsResourceResponse;
use kafka_protocol::messages::{IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse};

use super::alter_configs::apply;
use crate::cluster::{Call, text};
use crate::settings::{self, Kind, Overrides};
use crate::topics::Refusal;

const SET: i8 = 0;
const DELETE: i8 = 1;
const APPEND: i8 = 2;
const SUBTRACT: i8 = 3;

pub(crate) fn handle(
    call: Call<'_>,
    request: IncrementalAlterConfigsRequest,
) -> IncrementalAlterConfigsResponse {
    let one = |resource: AlterConfigsResource| {
        let change = |mut settings: Overrides| {
            for config in &resource.configs {
                change(&mut settings, config)?;
            }
            Ok(settings)
        };
        let name = &resource.resource_name;
        let done = apply(
            call,
            resource.resource_type,
            name,
            request.validate_only,
            change,
        );
        let response = AlterConfigsResourceResponse::default()
            .with_error_message(None)
            .with_resource_type(resource.resource_type)
            .with_resource_name(resource.resource_name.clone());
        match done {
            Ok(()) => response,
            Err((error, why)) => response
                .with_error_code(error.code())
                .with_error_message(Some(text(why))),
        }
    };
    let responses = request.resources.into_iter().map(one).collect();
    IncrementalAlterConfigsResponse::default().with_responses(responses)
}

fn change(settings: &mut Overrides, config: &AlterableConfig) -> Result<(), Refusal> {
    let name = config.name.to_string();
    let invalid = |why: String| (ResponseError::InvalidConfig, why);
    let setting = settings::topic_setting(&name)
        .ok_or_else(|| invalid(format!("there is no topic setting `{name}`")))?;
    if config.config_operation == DELETE {
        settings.remove(&name);
        return Ok(());
    }
    let value = config
        .value
        .as_deref()
        .ok_or_else(|| invalid(format!("`{name}` has no value")))?;
    let now = settings.get(&name).map_or(setting.default, String::as_str);
    let words = now.split(',').filter(|word| !word.is_empty());
    let given = || value.split(',');
    let new = match config.config_operation {
        SET => value.to_owned(),
        APPEND | SUBTRACT if setting.kind != Kind::List => {
            return Err(invalid(format!("`{name}` is no list")));
        }
        APPEND => {
            let mut all: Vec<&str> = words.collect();
            all.extend(given().filter(|word| !now.split(',').any(|known| known == *word)));
            all.join(",")
        }
        SUBTRACT => words
            .filter(|word| given().all(|g| g != *word))
            .collect::<Vec<_>>()
            .join(","),
        other => {
            let why = format!("there is no operation {other} on settings");
            return Err((ResponseError::InvalidRequest, why));
        }
    };
    settings.insert(name, new);
    Ok(())
}
