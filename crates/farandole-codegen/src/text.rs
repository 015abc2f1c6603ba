//! Source text with indentation.

/// Lines of Rust; blocks indent by four spaces.
#[derive(Default)]
pub(crate) struct Text {
    out: String,
    depth: usize,
}

impl Text {
    pub(crate) fn line(&mut self, line: impl AsRef<str>) {
        for _ in 0..self.depth {
            self.out.push_str("    ");
        }
        self.out.push_str(line.as_ref());
        self.out.push('\n');
    }

    pub(crate) fn blank(&mut self) {
        self.out.push('\n');
    }

    /// `head {` … `}`.
    pub(crate) fn block(&mut self, head: impl AsRef<str>, body: impl FnOnce(&mut Text)) {
        self.block_closed_by(head, "}", body);
    }

    pub(crate) fn block_closed_by(
        &mut self,
        head: impl AsRef<str>,
        end: &str,
        body: impl FnOnce(&mut Text),
    ) {
        self.line(format!("{} {{", head.as_ref()));
        self.indented(body);
        self.line(end);
    }

    pub(crate) fn indented(&mut self, body: impl FnOnce(&mut Text)) {
        self.depth += 1;
        body(self);
        self.depth -= 1;
    }

    /// Rustdoc of foreign text: brackets and angles are words, not links or tags.
    pub(crate) fn doc(&mut self, doc: &str) {
        for line in doc.lines() {
            let line = escaped(line.trim_end());
            self.line(if line.is_empty() {
                "///".to_owned()
            } else {
                format!("/// {line}")
            });
        }
    }

    pub(crate) fn finish(self) -> String {
        self.out
    }
}

fn escaped(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    for c in line.chars() {
        if matches!(c, '[' | ']' | '<' | '>' | '*' | '\\') && !line.contains('`') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
