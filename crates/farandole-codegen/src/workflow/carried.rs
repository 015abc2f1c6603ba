//! The carried fields as a struct.

use super::plan::Plan;
use crate::events::EventTypes;
use crate::names::snake;
use crate::text::Text;
use crate::types::Field;

/// One carried field that serde can read back from the envelope's JSON.
struct CarriedField<'a> {
    event: &'a str,
    field: &'a Field,
    rust_name: String,
    /// Its type, without the `Option` of a nullable field.
    ty: String,
}

pub(super) fn write(text: &mut Text, plan: &Plan, types: &EventTypes<'_>) {
    let fields: Vec<CarriedField<'_>> = plan
        .carried
        .iter()
        .filter_map(|(event, name)| carried_field(types, event, name))
        .collect();
    if fields.is_empty() {
        return;
    }
    text.blank();
    text.line("/// The fields that travel along in the envelope, so that a step knows them without a memory of its own. Each is there once its event");
    text.line("/// has happened.");
    text.line("#[derive(Clone, Debug, Default, PartialEq)]");
    text.block("pub struct Carried", |text| {
        for field in &fields {
            text.line(format!("/// `{}` of `{}`.", field.field.name, field.event));
            text.line(format!("pub {}: Option<{}>,", field.rust_name, field.ty));
        }
    });
    text.blank();
    text.block("impl Carried", |text| {
        text.line("/// What came along with the event that is handled.");
        text.block("pub fn of(cx: &::farandole::Context) -> Self", |text| {
            text.block("Self", |text| {
                for field in &fields {
                    text.line(format!(
                        "{}: cx.carried(\"{}.{}\"),",
                        field.rust_name, field.event, field.field.name
                    ));
                }
            });
        });
    });
}

/// Decimals are left out: only their event's own type knows their scale.
fn carried_field<'a>(
    types: &'a EventTypes<'_>,
    event: &'a str,
    name: &str,
) -> Option<CarriedField<'a>> {
    let field = types
        .get(event)?
        .fields
        .iter()
        .find(|field| field.name == name)?;
    if field.ty.with.is_some() {
        return None;
    }
    let inner = field
        .ty
        .text
        .strip_prefix("Option<")
        .and_then(|inner| inner.strip_suffix('>'))
        .unwrap_or(&field.ty.text);
    let rust_name = snake(&format!("{event}.{name}"));
    Some(CarriedField {
        event,
        field,
        rust_name,
        ty: seen_from_module(inner),
    })
}

/// Types of our own live one module up.
fn seen_from_module(ty: &str) -> String {
    let (open, inner) = match ty.split_once('<') {
        Some((open, rest)) if !ty.starts_with("::") => {
            (format!("{open}<"), rest.trim_end_matches('>'))
        }
        _ => (String::new(), ty),
    };
    let own = inner.starts_with(|first: char| first.is_ascii_uppercase()) && inner != "String";
    let close = if open.is_empty() { "" } else { ">" };
    if own {
        format!("{open}super::{inner}{close}")
    } else {
        format!("{open}{inner}{close}")
    }
}
