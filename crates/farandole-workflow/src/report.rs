use std::fmt;
use std::sync::Arc;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};

use crate::place::Place;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth a look; often as meant.
    Advice,
    /// Probably wrong.
    Warning,
    /// Wrong: the workflow can't run.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Advice => "advice",
            Severity::Warning => "warning",
            Severity::Error => "error",
        })
    }
}

/// One thing that was found in a workflow file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// How much it weighs.
    pub severity: Severity,
    /// Line in the file, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Byte offset in the file.
    pub offset: usize,
    /// Length in bytes of what it points at.
    pub len: usize,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Finding {
    pub(crate) fn new(severity: Severity, place: Place, message: impl Into<String>) -> Self {
        let Place {
            line,
            column,
            offset,
            len,
        } = place;
        Finding {
            severity,
            line,
            column,
            offset,
            len,
            message: message.into(),
            help: None,
        }
    }

    pub(crate) fn error(place: Place, message: impl Into<String>) -> Self {
        Finding::new(Severity::Error, place, message)
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }
}

/// Everything found in one file, in the order of its lines. As a [`miette::Diagnostic`] it shows each finding at its place in the text;
/// [`render`](Report::render) does so without colours.
#[derive(Clone, Debug)]
pub struct Report {
    file: String,
    source: Arc<str>,
    located: Vec<Located>,
}

impl Report {
    /// A report of findings about a file.
    pub fn new(file: &str, source: &str, mut findings: Vec<Finding>) -> Self {
        findings.sort_by_key(|finding| (finding.line, finding.column));
        let text: Arc<str> = source.into();
        let shared = NamedSource::new(file, Arc::clone(&text));
        let located = findings
            .into_iter()
            .map(|finding| Located {
                finding,
                source: shared.clone(),
            })
            .collect();
        Report {
            file: file.into(),
            source: text,
            located,
        }
    }

    /// The file's name.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// What was found.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.located.iter().map(|located| &located.finding)
    }

    /// The report as plain text: for each finding its place, what is wrong, the line it stands in, and what to do.
    pub fn render(&self) -> String {
        let mut text = String::new();
        for finding in self.findings() {
            self.render_finding(&mut text, finding);
        }
        text
    }

    fn render_finding(&self, text: &mut String, finding: &Finding) {
        let Finding {
            severity,
            line,
            column,
            message,
            ..
        } = finding;
        text.push_str(&format!(
            "{}:{line}:{column}: {severity}: {message}\n",
            self.file
        ));
        let excerpt: String = self
            .source
            .lines()
            .nth(*line as usize - 1)
            .unwrap_or("")
            .chars()
            .take(120)
            .collect();
        if !excerpt.trim().is_empty() {
            let rest = excerpt.chars().count().saturating_sub(*column as usize - 1);
            let marked = self
                .source
                .get(finding.offset..finding.offset + finding.len)
                .unwrap_or("");
            let marks = marked
                .lines()
                .next()
                .unwrap_or("")
                .chars()
                .count()
                .clamp(1, rest.max(1));
            let indent: String = excerpt
                .chars()
                .take(*column as usize - 1)
                .map(|c| if c == '\t' { '\t' } else { ' ' })
                .collect();
            text.push_str(&format!(
                "    | {excerpt}\n    | {indent}{}\n",
                "^".repeat(marks)
            ));
        }
        if let Some(help) = &finding.help {
            text.push_str(&format!("    = {help}\n"));
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.located.len() {
            1 => write!(f, "{}: {}", self.file, self.located[0].finding.message),
            n => write!(f, "{}: {n} problems", self.file),
        }
    }
}

impl std::error::Error for Report {}

impl Diagnostic for Report {
    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(
            self.located
                .iter()
                .map(|located| located as &dyn Diagnostic),
        ))
    }
}

/// A finding with the text it points into: what miette wants to draw it.
#[derive(Clone, Debug)]
struct Located {
    finding: Finding,
    source: NamedSource<Arc<str>>,
}

impl fmt::Display for Located {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.finding.message)
    }
}

impl std::error::Error for Located {}

impl Diagnostic for Located {
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.finding.severity {
            Severity::Advice => miette::Severity::Advice,
            Severity::Warning => miette::Severity::Warning,
            Severity::Error => miette::Severity::Error,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.finding
            .help
            .as_ref()
            .map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = LabeledSpan::new(None, self.finding.offset, self.finding.len);
        Some(Box::new(std::iter::once(label)))
    }
}
