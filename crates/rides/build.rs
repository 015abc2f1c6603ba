//! Generates the event types and participant traits from `schemas/`.

fn main() {
    // The cases of tests/ui.rs.
    println!("cargo::rustc-check-cfg=cfg(ui_case, values(any()))");
    farandole_codegen::Generator::new("../../schemas")
        .namespace("rides")
        .workflow("trip")
        .build();
}
