//! Finds the values: arguments, files, standard input.

use std::ffi::OsStr;
use std::path::Path;

use anyhow::anyhow;
use serde_json::Value;

use crate::admission::setting::Text as Submitted;
use crate::escape::{QuotedPath, Whole};
use crate::input::{DocumentPath, Form, Reader, submitted};
use crate::manifest::{ManifestFile, Origin, STANDARD_INPUT};
use crate::setting::json::is_blank;

pub(in crate::cli) enum ValueSource {
    Value(String),
    File(ManifestFile),
    Stream(ManifestFile),
}

pub(in crate::cli) struct FoundValue {
    value: Value,
    pub(in crate::cli) manifest: Option<(Origin, DocumentPath)>,
    /// What stands in front of anything said about it.
    pub(super) label: String,
}

impl ValueSource {
    pub(in crate::cli) fn open(name: &OsStr) -> anyhow::Result<Self> {
        if name == STANDARD_INPUT {
            return Ok(Self::Stream(ManifestFile::standard_input()?));
        }
        if let Some(text) = name.to_str().filter(|text| is_value(text)) {
            return Ok(Self::Value(text.to_owned()));
        }
        let path = Path::new(name);
        if !path.exists() {
            let name = name.to_string_lossy();
            return Err(anyhow!(
                "{} is no value, which starts with {{, and there is no file of that name",
                Whole(&name)
            ));
        }
        Ok(Self::File(ManifestFile::read(path)?))
    }

    /// The values in it: those of its manifests, else the text itself where it can be a value.
    pub(in crate::cli) fn values(&self) -> anyhow::Result<Vec<FoundValue>> {
        let file = match self {
            Self::Value(text) => return Ok(vec![self.bare(text)]),
            Self::File(file) | Self::Stream(file) => file,
        };
        let (inputs, ignored) = match Reader::default().contents(file) {
            Ok(contents) => contents,
            // Its own reader says better what is wrong with a value.
            Err(_) if is_value(&file.text) => return Ok(vec![self.bare(without_newline(&file.text))]),
            Err(error) => return Err(error.into()),
        };
        let is_bare = inputs.is_empty() && !ignored.has_objects();
        if is_bare && is_value(&file.text) && !(is_blank(&file.text) && matches!(self, Self::File(_))) {
            return Ok(vec![self.bare(without_newline(&file.text))]);
        }
        let found = inputs.into_iter().filter_map(|input| match input.form {
            Form::Manifest { mut setting, .. } => {
                let value = setting.get_mut("value").map(Value::take).unwrap_or_default();
                let label = format!("{}: ", input.origin);
                Some(FoundValue { value, label, manifest: Some((input.origin, input.place)) })
            }
            Form::Review(_) | Form::Request(_) => None,
        });
        Ok(found.collect())
    }

    pub(in crate::cli) fn name(&self) -> String {
        match self {
            Self::Value(_) => "the text".to_owned(),
            Self::File(file) | Self::Stream(file) => QuotedPath(&file.path).to_string(),
        }
    }

    fn bare(&self, text: &str) -> FoundValue {
        let label = if let Self::Value(_) = self { String::new() } else { format!("{}: ", self.name()) };
        FoundValue { value: text.into(), manifest: None, label }
    }
}

/// Without the one newline at the end of a file, which is the editor's.
fn without_newline(text: &str) -> &str {
    text.strip_suffix("\r\n").or_else(|| text.strip_suffix('\n')).unwrap_or(text)
}

/// Whether a text stands for a value, and not for a path.
pub(super) fn is_value(text: &str) -> bool {
    is_blank(text) || text.trim_start().starts_with('{')
}

impl FoundValue {
    pub(in crate::cli) fn text(&self) -> Submitted<'_> {
        submitted(&self.value)
    }

    pub(super) fn into_value(self) -> Value {
        self.value
    }

    /// Whether it is blank outside of a manifest: maybe that of a variable that is not set, or of a command that failed.
    pub(super) fn is_nothing(&self) -> bool {
        self.manifest.is_none() && self.text().bytes().is_some_and(is_blank)
    }
}
