//! The text of event types.

use super::{EventType, EventTypes, NestedType};
use crate::names::{pascal, snake};
use crate::text::Text;
use crate::types::{Field, default_function};

const DERIVE: &str = "#[derive(Clone, Debug, PartialEq, ::serde::Serialize, ::serde::Deserialize)]";
const DERIVE_ENUM: &str = "#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ::serde::Serialize, ::serde::Deserialize)]";

impl EventTypes<'_> {
    pub(crate) fn write(&self, text: &mut Text) {
        for event in self.events.values() {
            write_event(text, event);
        }
        for nested in &self.nested {
            write_nested(text, nested);
        }
    }
}

fn write_event(text: &mut Text, event: &EventType<'_>) {
    text.blank();
    text.doc(event.doc.as_deref().unwrap_or("An event."));
    text.line("///");
    text.line(format!(
        "/// The event `{}`, version {}.",
        event.source.name, event.version
    ));
    write_struct(text, &event.avro_name, &event.fields);
    text.blank();
    text.block(
        format!("impl ::farandole::Event for {}", event.name),
        |text| {
            text.line(format!(
                "const NAME: &'static str = {:?};",
                event.source.name
            ));
            text.line(format!("const VERSION: u32 = {};", event.version));
            text.line("const SCHEMAS: &'static [&'static str] = &[");
            for (path, _) in &event.source.versions {
                text.line(format!(
                    "    include_str!({:?}),",
                    path.display().to_string()
                ));
            }
            text.line("];");
            text.blank();
            text.block("fn key(&self) -> Option<String>", |text| match &event.key {
                None => text.line("None"),
                Some((field, true)) => text.line(format!("Some(self.{}.clone())", snake(field))),
                Some((field, false)) => {
                    text.line(format!("Some(self.{}.to_string())", snake(field)))
                }
            });
            if event.upgrades {
                write_upgrade(text, event);
            }
        },
    );
    text.blank();
    text.block(
        format!("impl ::farandole::Outputs for {}", event.name),
        |text| {
            text.block(
                "fn outputs(&self, out: &mut ::farandole::OutputSink)",
                |text| text.line("out.push(self);"),
            );
        },
    );
}

/// Where a schema says `"upgrade": true`, the crate that includes the generated text has a module `upgrades` beside it, with
/// one function per such event.
fn write_upgrade(text: &mut Text, event: &EventType<'_>) {
    text.blank();
    let head = "fn upgrade(version: u32, writer: &::farandole::EventSchema, body: &[u8]) \
                -> Option<Result<Self, ::farandole::DecodeError>>";
    text.block(head, |text| {
        text.line(format!(
            "upgrades::{}(version, writer, body)",
            snake(&event.source.name)
        ));
    });
}

fn write_nested(text: &mut Text, nested: &NestedType) {
    text.blank();
    match nested {
        NestedType::Record { name, doc, fields } => {
            text.doc(doc.as_deref().unwrap_or("A part of events."));
            write_struct(text, name, fields);
        }
        NestedType::Enum {
            name,
            doc,
            symbols,
            default,
        } => {
            text.doc(doc.as_deref().unwrap_or("One of a few."));
            text.line(DERIVE_ENUM);
            let rust_name = write_rename(text, name);
            text.block(format!("pub enum {rust_name}"), |text| {
                for symbol in symbols {
                    let is_default = default.as_ref() == Some(symbol);
                    text.line(format!(
                        "/// `{symbol}`{}.",
                        if is_default {
                            ", also for symbols that are newer than this type"
                        } else {
                            ""
                        }
                    ));
                    let other = if is_default { ", other" } else { "" };
                    text.line(format!("#[serde(rename = {symbol:?}{other})]"));
                    text.line(format!("{},", pascal(symbol)));
                }
            });
        }
    }
}

/// apache-avro compares serde's name of a type with the schema's. Gives the Rust name.
fn write_rename(text: &mut Text, avro_name: &str) -> String {
    let name = pascal(avro_name);
    if name != avro_name {
        text.line(format!("#[serde(rename = {avro_name:?})]"));
    }
    name
}

fn write_struct(text: &mut Text, avro_name: &str, fields: &[Field]) {
    text.line(DERIVE);
    let name = &write_rename(text, avro_name);
    if fields.is_empty() {
        text.line(format!("pub struct {name} {{}}"));
        return;
    }
    text.block(format!("pub struct {name}"), |text| {
        for field in fields {
            write_field(text, name, field);
        }
    });
    for field in fields.iter().filter(|field| !is_plain_none(field)) {
        if let Some(default) = &field.default {
            text.blank();
            text.block(
                format!(
                    "fn {}() -> {}",
                    default_function(name, &field.name),
                    field.ty.text
                ),
                |text| {
                    text.line(default);
                },
            );
        }
    }
}

fn write_field(text: &mut Text, owner: &str, field: &Field) {
    text.doc(
        field
            .doc
            .as_deref()
            .unwrap_or("No description in the schema."),
    );
    if let Some(unit) = field.ty.unit {
        text.line(format!("/// {unit}"));
    }
    let mut attributes = Vec::new();
    let rust_name = snake(&field.name);
    if rust_name.trim_start_matches("r#") != field.name {
        attributes.push(format!("rename = {:?}", field.name));
    }
    if let Some(with) = &field.ty.with {
        attributes.push(format!("with = {with:?}"));
    }
    if is_plain_none(field) {
        attributes.push("default".into());
    } else if field.default.is_some() {
        attributes.push(format!(
            "default = {:?}",
            default_function(owner, &field.name)
        ));
    }
    if !attributes.is_empty() {
        text.line(format!("#[serde({})]", attributes.join(", ")));
    }
    text.line(format!("pub {rust_name}: {},", field.ty.text));
}

fn is_plain_none(field: &Field) -> bool {
    field.default.as_deref() == Some("None")
}
