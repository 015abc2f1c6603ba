//! The services of `ui/`, one at a time: `ui.rs` compiles this file with a case switched on, and reads what the compiler says.

#[cfg(ui_case = "another_event_converted")]
#[path = "ui/another_event_converted.rs"]
mod another_event_converted;
#[cfg(ui_case = "every_shape")]
#[path = "ui/every_shape.rs"]
mod every_shape;
#[cfg(ui_case = "every_step")]
#[path = "ui/every_step.rs"]
mod every_step;
#[cfg(ui_case = "external_step_of_another_kind")]
#[path = "ui/external_step_of_another_kind.rs"]
mod external_step_of_another_kind;
#[cfg(ui_case = "forgotten_step")]
#[path = "ui/forgotten_step.rs"]
mod forgotten_step;
#[cfg(ui_case = "outside_the_contract")]
#[path = "ui/outside_the_contract.rs"]
mod outside_the_contract;
#[cfg(ui_case = "step_of_another")]
#[path = "ui/step_of_another.rs"]
mod step_of_another;
#[cfg(ui_case = "wrong_input")]
#[path = "ui/wrong_input.rs"]
mod wrong_input;
