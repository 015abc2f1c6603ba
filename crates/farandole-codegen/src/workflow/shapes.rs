//! The Rust types that a step's method takes and answers.

use farandole_workflow::Emits;

use crate::events::EventTypes;
use crate::names::{pascal, snake};
use crate::text::Text;

/// An event and its type, as seen from the workflow's module.
#[derive(Clone)]
pub(super) struct EventRef {
    pub(super) event: String,
    pub(super) variant: String,
    pub(super) path: String,
}

impl EventRef {
    fn of(event: &str, types: &EventTypes<'_>) -> Self {
        let name = types
            .get(event)
            .map_or_else(|| pascal(event), |found| found.name.clone());
        EventRef {
            event: event.into(),
            variant: pascal(event),
            path: format!("super::{name}"),
        }
    }
}

/// What a method takes.
pub(super) enum Input {
    /// External steps take nothing.
    Nothing,
    /// The one event that triggers it.
    One(EventRef),
    /// An enum over its triggers.
    Any { name: String, events: Vec<EventRef> },
}

impl Input {
    pub(super) fn of(step: &str, triggers: &[&str], types: &EventTypes<'_>) -> Self {
        let mut events: Vec<EventRef> = triggers
            .iter()
            .map(|event| EventRef::of(event, types))
            .collect();
        match events.len() {
            0 => Input::Nothing,
            1 => Input::One(events.remove(0)),
            _ => Input::Any {
                name: format!("{}Input", pascal(step)),
                events,
            },
        }
    }

    pub(super) fn type_name(&self) -> &str {
        match self {
            Input::Nothing => "()",
            Input::One(event) => &event.path,
            Input::Any { name, .. } => name,
        }
    }

    pub(super) fn own_type(&self) -> Option<&str> {
        if let Input::Any { name, .. } = self {
            Some(name)
        } else {
            None
        }
    }

    /// The enum, where there is one.
    pub(super) fn write(&self, text: &mut Text, step: &str) {
        let Input::Any { name, events } = self else {
            return;
        };
        text.blank();
        text.line(format!("/// What triggers step `{step}`."));
        write_enum(text, name, events);
        text.blank();
        text.block(format!("impl ::farandole::Input for {name}"), |text| {
            let names: Vec<String> = events.iter().map(|event| format!("{:?}", event.event)).collect();
            text.line(format!("const EVENTS: &'static [&'static str] = &[{}];", names.join(", ")));
            text.blank();
            let head = "fn decode(delivery: &::farandole::Delivery<'_>) -> Result<Self, ::farandole::DecodeError>";
            text.block(head, |text| {
                text.block("match delivery.event()", |text| {
                    for event in events {
                        text.line(format!("{:?} => delivery.decode().map(Self::{}),", event.event, event.variant));
                    }
                    text.line("_ => Err(delivery.unexpected(Self::EVENTS)),");
                });
            });
        });
    }
}

/// What a method answers.
pub(super) enum Output {
    Nothing,
    One(EventRef),
    /// An enum named after the step.
    OneOf {
        name: String,
        events: Vec<EventRef>,
    },
    /// A struct named after the step.
    AllOf {
        name: String,
        events: Vec<EventRef>,
    },
    Optional(Box<Output>),
}

impl Output {
    pub(super) fn of(step: &str, emits: &Emits, types: &EventTypes<'_>) -> Self {
        let refs = |events: &[String]| {
            events
                .iter()
                .map(|event| EventRef::of(event, types))
                .collect()
        };
        match emits {
            Emits::Nothing => Output::Nothing,
            Emits::One(event) => Output::One(EventRef::of(event, types)),
            Emits::OneOf(events) => Output::OneOf {
                name: pascal(step),
                events: refs(events),
            },
            Emits::AllOf(events) => Output::AllOf {
                name: pascal(step),
                events: refs(events),
            },
            Emits::Optional(inner) => Output::Optional(Box::new(Output::of(step, inner, types))),
        }
    }

    pub(super) fn type_name(&self) -> String {
        match self {
            Output::Nothing => "()".into(),
            Output::One(event) => event.path.clone(),
            Output::OneOf { name, .. } | Output::AllOf { name, .. } => name.clone(),
            Output::Optional(inner) => format!("Option<{}>", inner.type_name()),
        }
    }

    pub(super) fn own_type(&self) -> Option<&str> {
        match self {
            Output::Nothing | Output::One(_) => None,
            Output::OneOf { name, .. } | Output::AllOf { name, .. } => Some(name),
            Output::Optional(inner) => inner.own_type(),
        }
    }

    /// The events in words, for documentation.
    pub(super) fn in_words(&self) -> String {
        let list = |events: &[EventRef], word: &str| {
            let names: Vec<String> = events
                .iter()
                .map(|event| format!("`{}`", event.event))
                .collect();
            names.join(word)
        };
        match self {
            Output::Nothing => "nothing".into(),
            Output::One(event) => format!("`{}`", event.event),
            Output::OneOf { events, .. } => list(events, " or "),
            Output::AllOf { events, .. } => list(events, " and "),
            Output::Optional(inner) => format!("{}, or nothing", inner.in_words()),
        }
    }

    /// The outcome type, where there is one.
    pub(super) fn write(&self, text: &mut Text, step: &str) {
        match self {
            Output::Nothing | Output::One(_) => {}
            Output::Optional(inner) => inner.write(text, step),
            Output::OneOf { name, events } => {
                text.blank();
                text.line(format!("/// What step `{step}` emits: one of these."));
                write_enum(text, name, events);
                text.blank();
                text.block(format!("impl ::farandole::Outputs for {name}"), |text| {
                    text.block(
                        "fn outputs(&self, out: &mut ::farandole::OutputSink)",
                        |text| {
                            text.block("match self", |text| {
                                for event in events {
                                    text.line(format!(
                                        "Self::{}(event) => out.push(event),",
                                        event.variant
                                    ));
                                }
                            });
                        },
                    );
                });
            }
            Output::AllOf { name, events } => write_all_of(text, step, name, events),
        }
    }
}

fn write_all_of(text: &mut Text, step: &str, name: &str, events: &[EventRef]) {
    text.blank();
    text.line(format!(
        "/// What step `{step}` emits: all of these, in this order."
    ));
    text.line("#[derive(Clone, Debug, PartialEq)]");
    text.block(format!("pub struct {name}"), |text| {
        for event in events {
            text.line(format!("/// `{}`.", event.event));
            text.line(format!("pub {}: {},", snake(&event.event), event.path));
        }
    });
    text.blank();
    text.block(format!("impl ::farandole::Outputs for {name}"), |text| {
        text.block(
            "fn outputs(&self, out: &mut ::farandole::OutputSink)",
            |text| {
                for event in events {
                    text.line(format!("out.push(&self.{});", snake(&event.event)));
                }
            },
        );
    });
}

fn write_enum(text: &mut Text, name: &str, events: &[EventRef]) {
    text.line("#[derive(Clone, Debug, PartialEq)]");
    text.line("#[allow(clippy::large_enum_variant)] // one of them at a time, moved once");
    text.block(format!("pub enum {name}"), |text| {
        for event in events {
            text.line(format!("/// `{}`.", event.event));
            text.line(format!("{}({}),", event.variant, event.path));
        }
    });
    for event in events {
        text.blank();
        text.block(format!("impl From<{}> for {name}", event.path), |text| {
            text.block(format!("fn from(event: {}) -> Self", event.path), |text| {
                text.line(format!("Self::{}(event)", event.variant));
            });
        });
    }
}
