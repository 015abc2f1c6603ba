//! Generates the event types and participant traits from `schemas/`.

fn main() {
    farandole_codegen::Generator::new("../../schemas").namespace("rides").workflow("trip").build();
}
