//! Formats the fields of a log line: printable, on one line, bounded.

use std::fmt::{self, Write};

use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::{Format, Json, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::escape::{is_unprintable, printable_json, write_unicode};

/// The most characters of one value.
const LONGEST: usize = 1024;

/// Fields in text: `message name=value name="text"`.
pub(super) struct TextFields;

impl<'w> FormatFields<'w> for TextFields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'w>, fields: R) -> fmt::Result {
        let mut visitor = FieldVisitor { writer, first: true, result: Ok(()) };
        fields.record(&mut visitor);
        visitor.result
    }
}

struct FieldVisitor<'w> {
    writer: Writer<'w>,
    first: bool,
    result: fmt::Result,
}

impl FieldVisitor<'_> {
    fn write(&mut self, field: &Field, value: fmt::Arguments<'_>, quote: &str) -> fmt::Result {
        if !std::mem::take(&mut self.first) {
            self.writer.write_char(' ')?;
        }
        let is_message = field.name() == "message";
        if !is_message {
            write!(self.writer, "{}=", field.name())?;
        }
        let quote = if is_message { "" } else { quote };
        self.writer.write_str(quote)?;
        Escaped { writer: &mut self.writer, quoted: !quote.is_empty(), left: LONGEST }.write_fmt(value)?;
        self.writer.write_str(quote)
    }
}

impl Visit for FieldVisitor<'_> {
    fn record_str(&mut self, field: &Field, text: &str) {
        self.result = self.result.and_then(|()| self.write(field, format_args!("{text}"), "\""));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.result = self.result.and_then(|()| self.write(field, format_args!("{value:?}"), ""));
    }
}

struct Escaped<'a, 'w> {
    writer: &'a mut Writer<'w>,
    quoted: bool,
    left: usize,
}

impl Write for Escaped<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for char in text.chars() {
            match self.left {
                0 => return Ok(()),
                1 => self.writer.write_char('…')?,
                _ if self.quoted && matches!(char, '"' | '\\') => write!(self.writer, "\\{char}")?,
                _ if is_unprintable(char) => write_unicode(char, self.writer)?,
                _ => self.writer.write_char(char)?,
            }
            self.left -= 1;
        }
        Ok(())
    }
}

/// An event in JSON: the library's line, with what a terminal would act upon escaped.
pub(super) struct PrintableJson(pub(super) Format<Json>);

impl<S, N> FormatEvent<S, N> for PrintableJson
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut line = String::new();
        self.0.format_event(context, Writer::new(&mut line), event)?;
        truncate_values(&mut line);
        writeln!(writer, "{}", printable_json(line.trim_end()))
    }
}

fn truncate_values(line: &mut String) {
    if line.len() <= LONGEST {
        return;
    }
    if let Ok(Value::Object(mut fields)) = serde_json::from_str(line) {
        for value in fields.values_mut() {
            if let Value::String(text) = value
                && let Some((end, _)) = text.char_indices().nth(LONGEST)
            {
                text.truncate(end);
                text.push('…');
            }
        }
        *line = Value::Object(fields).to_string();
    }
}
