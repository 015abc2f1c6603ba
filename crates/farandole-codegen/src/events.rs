//! Event types: a struct per event, and the records and enums inside, each once.

mod write;

use std::collections::BTreeMap;
use std::path::Path;

use apache_avro::schema::{EnumSchema, Schema};

use crate::GenerateError;
use crate::names::{Taken, pascal};
use crate::sources::{EventSource, Sources};
use crate::types::{self, Field, Named};

/// One event with its newest type.
pub(crate) struct EventType<'a> {
    pub(crate) source: &'a EventSource,
    /// Its Rust name.
    pub(crate) name: String,
    /// The name of its record.
    pub(crate) avro_name: String,
    pub(crate) doc: Option<String>,
    pub(crate) version: u32,
    /// The field that keys its records, and whether it is text already.
    pub(crate) key: Option<(String, bool)>,
    pub(crate) upgrades: bool,
    pub(crate) fields: Vec<Field>,
}

/// A record or an enum inside events, by its name in Avro.
pub(crate) enum NestedType {
    Record {
        name: String,
        doc: Option<String>,
        fields: Vec<Field>,
    },
    Enum {
        name: String,
        doc: Option<String>,
        symbols: Vec<String>,
        default: Option<String>,
    },
}

/// Everything that becomes a type.
pub(crate) struct EventTypes<'a> {
    events: BTreeMap<&'a str, EventType<'a>>,
    nested: Vec<NestedType>,
}

impl<'a> EventTypes<'a> {
    pub(crate) fn collect(
        sources: &'a Sources,
        namespace: Option<&str>,
    ) -> Result<Self, GenerateError> {
        let mut collector = Collector {
            taken: Taken::new("schemas"),
            known: BTreeMap::new(),
            nested: Vec::new(),
        };
        let mut events = BTreeMap::new();
        for source in sources.events.values() {
            if let Some(event) = collector.event(source, namespace)? {
                events.insert(source.name.as_str(), event);
            }
        }
        Ok(EventTypes {
            events,
            nested: collector.nested,
        })
    }

    /// The type of an event.
    pub(crate) fn get(&self, event: &str) -> Option<&EventType<'a>> {
        self.events.get(event)
    }
}

struct Collector {
    taken: Taken,
    /// Full Avro name → its definition without documentation, and the file that has it.
    known: BTreeMap<String, (String, String)>,
    nested: Vec<NestedType>,
}

impl Collector {
    fn event<'a>(
        &mut self,
        source: &'a EventSource,
        namespace: Option<&str>,
    ) -> Result<Option<EventType<'a>>, GenerateError> {
        let Some((path, schema)) = source.newest() else {
            return Ok(None);
        };
        let Schema::Record(record) = schema.avro() else {
            return Ok(None);
        };
        let found = record.name.fullname(None);
        if namespace.is_some_and(|namespace| {
            found.rsplit_once('.').map(|(space, _)| space) != Some(namespace)
        }) {
            return Ok(None);
        }
        let name = pascal(record.name.name());
        self.taken.take(&name, format!("event {}", source.name))?;
        let mut inside = Vec::new();
        let fields = types::fields(record, &mut inside)
            .map_err(|reason| GenerateError::schema(path, reason))?;
        self.nested(path, inside)?;
        let key = schema.key().map(|key| {
            let is_text = fields
                .iter()
                .any(|field| field.name == key && field.ty.text == "String");
            (key.to_owned(), is_text)
        });
        let upgrades = source
            .versions
            .iter()
            .any(|(_, schema)| schema.needs_upgrade());
        let doc = record.doc.clone();
        Ok(Some(EventType {
            source,
            name,
            avro_name: record.name.name().to_owned(),
            doc,
            version: schema.version(),
            key,
            upgrades,
            fields,
        }))
    }

    fn nested(&mut self, path: &Path, named: Vec<Named<'_>>) -> Result<(), GenerateError> {
        for named in named {
            let (full_name, definition) = match &named {
                Named::Record(record) => (
                    record.name.fullname(None),
                    definition(&Schema::Record((*record).clone())),
                ),
                Named::Enum(symbols) => (
                    symbols.name.fullname(None),
                    definition(&Schema::Enum((*symbols).clone())),
                ),
            };
            let file = path.display().to_string();
            if let Some((known, first)) = self.known.get(&full_name) {
                if *known != definition {
                    let reason = format!(
                        "{full_name} is defined otherwise in {first}; one name has one definition"
                    );
                    return Err(GenerateError::schema(path, reason));
                }
                continue;
            }
            self.known.insert(full_name.clone(), (definition, file));
            match named {
                Named::Record(record) => {
                    let name = pascal(record.name.name());
                    self.taken.take(&name, format!("record {full_name}"))?;
                    let mut inside = Vec::new();
                    let fields = types::fields(record, &mut inside)
                        .map_err(|reason| GenerateError::schema(path, reason))?;
                    self.nested.push(NestedType::Record {
                        name: record.name.name().to_owned(),
                        doc: record.doc.clone(),
                        fields,
                    });
                    self.nested(path, inside)?;
                }
                Named::Enum(symbols) => self.enumeration(path, &full_name, symbols)?,
            }
        }
        Ok(())
    }

    fn enumeration(
        &mut self,
        path: &Path,
        full_name: &str,
        symbols: &EnumSchema,
    ) -> Result<(), GenerateError> {
        let name = pascal(symbols.name.name());
        self.taken.take(&name, format!("enum {full_name}"))?;
        let mut variants = Taken::new(format!("{}: enum {full_name}", path.display()));
        for symbol in &symbols.symbols {
            variants.take(&pascal(symbol), format!("symbol {symbol}"))?;
        }
        self.nested.push(NestedType::Enum {
            name: symbols.name.name().to_owned(),
            doc: symbols.doc.clone(),
            symbols: symbols.symbols.clone(),
            default: symbols.default.clone(),
        });
        Ok(())
    }
}

/// The definition as canonical JSON, with what counts for the Rust type: defaults too, documentation not.
fn definition(schema: &Schema) -> String {
    fn without_docs(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Object(map) => {
                map.remove("doc");
                map.values_mut().for_each(without_docs);
            }
            serde_json::Value::Array(items) => items.iter_mut().for_each(without_docs),
            _ => {}
        }
    }
    let mut value = serde_json::to_value(schema).unwrap_or_default();
    without_docs(&mut value);
    value.to_string()
}
