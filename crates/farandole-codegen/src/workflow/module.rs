//! The text of a workflow's module.

use farandole_workflow::format_duration;

use super::carried;
use super::plan::{Participant, Plan, PlannedStep};
use super::shapes::Input;
use crate::events::EventTypes;
use crate::names::{pascal, shout, snake};
use crate::sources::WorkflowFiles;
use crate::text::Text;

pub(super) fn write(text: &mut Text, files: &WorkflowFiles, plan: &Plan, types: &EventTypes<'_>) {
    text.blank();
    text.line(format!("/// The workflow `{}`.", files.name));
    if let Some(description) = &plan.description {
        text.line("///");
        text.doc(description);
    }
    text.block(format!("pub mod {}", snake(&files.name)), |text| {
        write_sources(text, files);
        carried::write(text, plan, types);
        for participant in &plan.participants {
            write_participant(text, participant, types);
        }
    });
}

fn write_sources(text: &mut Text, files: &WorkflowFiles) {
    let count = files.versions.len();
    text.line("/// Every version of the workflow's definition, oldest first.");
    text.line(format!(
        "pub static WORKFLOWS: [::farandole::WorkflowSource; {count}] = ["
    ));
    for (path, workflow) in &files.versions {
        text.line(format!(
            "    ::farandole::WorkflowSource {{ name: {:?}, version: {}, yaml: include_str!({:?}) }},",
            files.name,
            workflow.version,
            path.display().to_string()
        ));
    }
    text.line("];");
    text.blank();
    text.line("/// The newest version.");
    text.line(format!(
        "pub static WORKFLOW: ::farandole::WorkflowSource = WORKFLOWS[{}];",
        count.saturating_sub(1)
    ));
}

fn write_participant(text: &mut Text, participant: &Participant, types: &EventTypes<'_>) {
    for step in participant.handled.iter().chain(&participant.external) {
        step.input.write(text, &step.name);
        step.output.write(text, &step.name);
    }
    if !participant.handled.is_empty() {
        write_trait(text, participant);
        write_schemas(text, participant, types);
        write_constructor(text, participant);
    }
    for step in &participant.external {
        write_external(text, &participant.name, step);
    }
}

fn write_trait(text: &mut Text, participant: &Participant) {
    text.blank();
    text.line(format!(
        "/// The steps of participant `{}`. Hand an implementation to [`{}()`].",
        participant.name,
        snake(&participant.name)
    ));
    text.block(format!("pub trait {}: Send + Sync + 'static", pascal(&participant.name)), |text| {
        for (index, step) in participant.handled.iter().enumerate() {
            if index > 0 {
                text.blank();
            }
            write_step_doc(text, step);
            text.line(format!("fn {}(", snake(&step.name)));
            text.line("    &self,");
            text.line(format!("    {}: {},", argument(step), step.input.type_name()));
            text.line("    cx: &::farandole::Context,");
            text.line(format!(
                ") -> impl ::std::future::Future<Output = Result<{}, ::farandole::Failure>> + Send;",
                step.output.type_name()
            ));
        }
    });
}

fn argument(step: &PlannedStep) -> &'static str {
    if matches!(step.input, Input::Any { .. }) {
        "input"
    } else {
        "event"
    }
}

fn write_step_doc(text: &mut Text, step: &PlannedStep) {
    if let Some(description) = &step.description {
        text.doc(description);
        text.line("///");
    }
    text.line(format!(
        "/// Step `{}`; emits {}.",
        step.name,
        step.output.in_words()
    ));
    if let Some(within) = step.within_ms {
        text.line(format!(
            "/// Expected within {} of its trigger.",
            format_duration(within)
        ));
    }
    if !step.after.is_empty() {
        let after: Vec<String> = step
            .after
            .iter()
            .map(|event| format!("`{event}`"))
            .collect();
        text.line(format!("/// It comes after {}.", after.join(" or ")));
    }
}

fn write_schemas(text: &mut Text, participant: &Participant, types: &EventTypes<'_>) {
    text.blank();
    text.line(format!(
        "/// Every schema that participant `{}` reads or writes with, all versions.",
        participant.name
    ));
    text.line(format!(
        "pub static {}_SCHEMAS: &[&str] = &[",
        shout(&participant.name)
    ));
    for event in participant
        .events
        .iter()
        .filter_map(|event| types.get(event))
    {
        for (path, _) in &event.source.versions {
            text.line(format!(
                "    include_str!({:?}),",
                path.display().to_string()
            ));
        }
    }
    text.line("];");
}

fn write_constructor(text: &mut Text, participant: &Participant) {
    let function = snake(&participant.name);
    text.blank();
    text.line(format!(
        "/// Makes the participant `{}` of its handlers.",
        participant.name
    ));
    let head = format!(
        "pub fn {function}(handlers: impl {}) -> ::farandole::Participant",
        pascal(&participant.name)
    );
    text.block(head, |text| {
        text.line("let handlers = ::std::sync::Arc::new(handlers);");
        text.line(format!(
            "::farandole::Participant::new({:?}, &WORKFLOWS, {}_SCHEMAS)",
            participant.name,
            shout(&participant.name)
        ));
        text.indented(|text| {
            participant
                .handled
                .iter()
                .for_each(|step| write_handler(text, step))
        });
    });
}

fn write_handler(text: &mut Text, step: &PlannedStep) {
    text.block_closed_by(format!(".step({:?},", step.name), "})", |text| {
        text.line("let handlers = handlers.clone();");
        text.block(
            format!(
                "move |input: {}, cx: ::farandole::Context|",
                step.input.type_name()
            ),
            |text| {
                text.line("let handlers = handlers.clone();");
                text.line(format!(
                    "async move {{ handlers.{}(input, &cx).await }}",
                    snake(&step.name)
                ));
            },
        );
    });
}

fn write_external(text: &mut Text, participant: &str, step: &PlannedStep) {
    let outputs = step.output.type_name();
    let function = snake(&step.name);
    const ANSWER: &str = "Result<::farandole::External, ::farandole::ExternalError>";
    text.blank();
    if step.begins {
        write_step_doc(text, step);
        text.line("///");
        text.line("/// # Errors");
        text.line("/// When the event lacks the workflow's key, or can't be encoded.");
        let given = "options: ::farandole::StartOptions";
        text.block(format!("pub fn {function}(event: &{outputs}, {given}) -> {ANSWER}"), |text| {
            text.line(format!("::farandole::External::start(&WORKFLOW, {participant:?}, {:?}, event, options)", step.name));
        });
        return;
    }
    write_step_doc(text, step);
    text.line("///");
    text.line("/// `cause` is the id of the event that this answers, where there is one; without a cause the step happens at most once in an instance.");
    text.line("///");
    text.line("/// # Errors");
    text.line("/// When the instance runs a version of the workflow that is not known here, or the events can't be encoded.");
    let head = format!(
        "pub fn {function}(instance: &::farandole::Instance, cause: Option<&str>, outputs: &{outputs}) -> {ANSWER}"
    );
    text.block(head, |text| {
        text.line("let workflow = WORKFLOWS.iter().find(|known| known.version == instance.version).unwrap_or(&WORKFLOW);");
        text.line(format!("::farandole::External::during(workflow, {participant:?}, {:?}, instance, cause, outputs)", step.name));
    });
}
