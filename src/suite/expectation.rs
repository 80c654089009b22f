//! What a case expects, as it is compared.

use regex_lite::{Regex, RegexBuilder};

use super::at::At;
use super::error::{Error, nearest_or_all};
use super::format;
use super::read::Reader;
use super::schema::warning_kinds;
use crate::escape::Quoted;
use crate::manifest::Position;
use crate::setting::RuleId;
use crate::setting::field::{Key, StringField};

pub(super) use super::format::Verdict;

/// What must become of a request.
#[derive(Debug)]
pub(super) struct Expectation {
    pub(super) position: Position,
    pub(super) verdict: Verdict,
    pub(super) code: Option<u16>,
    pub(super) causes: Option<Listed<Cause>>,
    pub(super) stored: Option<String>,
    pub(super) warnings: Option<Listed<Warning>>,
}

/// A list, and whether it is everything.
#[derive(Debug)]
pub(super) struct Listed<T> {
    pub(super) exactly: bool,
    pub(super) items: Vec<T>,
}

/// A cause that is expected.
#[derive(Debug)]
pub(super) struct Cause {
    pub(super) rule: RuleId,
    pub(super) field: String,
    pub(super) reason: Option<String>,
    pub(super) message: Option<Regex>,
}

/// A warning that is expected.
#[derive(Debug)]
pub(super) struct Warning {
    pub(super) kind: String,
    pub(super) message: Option<Regex>,
}

impl Expectation {
    /// Takes what was written, if it can be met at all.
    pub(super) fn read(written: &At<format::Expect>, reader: &Reader) -> Result<Self, Error> {
        let position = written.position();
        let whole = match &written.value {
            format::Expect::Verdict(word) => {
                let verdict = verdict(word).map_err(|what| reader.error(position, what))?;
                return Ok(Self { position, verdict, code: None, causes: None, stored: None, warnings: None });
            }
            format::Expect::Whole(whole) => whole,
        };
        let verdict = whole.verdict;
        let never = |position, what: &str| Err(reader.error(position, format!("{what}, so this can't hold")));
        if let Some(causes) = &whole.causes
            && verdict != Verdict::Refused
        {
            return never(causes.position(), "only a refusal has causes");
        }
        if let Some(stored) = &whole.stored
            && verdict != Verdict::Allowed
        {
            return never(stored.position(), "only what is allowed is stored by way of the webhook");
        }
        if verdict == Verdict::NotSent
            && let Some(position) =
                whole.code.as_ref().map(At::position).or_else(|| whole.warnings.as_ref().map(At::position))
        {
            return never(position, "a request that is not sent gets no answer");
        }
        Ok(Self {
            position,
            verdict,
            code: whole.code.as_ref().map(|code| code.value),
            causes: whole.causes.as_ref().map(|causes| listed(causes, reader, cause)).transpose()?,
            stored: whole.stored.as_ref().map(|stored| stored.value.clone()),
            warnings: whole.warnings.as_ref().map(|warnings| listed(warnings, reader, warning)).transpose()?,
        })
    }

    /// Whether it says why a refusal is one: one that is refused for another reason than it is about proves nothing.
    pub(super) fn says_why(&self) -> bool {
        let causes = self.causes.as_ref().is_some_and(|causes| !causes.items.is_empty());
        self.verdict != Verdict::Refused || causes || self.code.is_some_and(|code| code != 422)
    }
}

fn verdict(word: &str) -> Result<Verdict, String> {
    Verdict::ALL.into_iter().find(|known| known.word() == word).ok_or_else(|| {
        let hint = nearest_or_all("it is one of", word, Verdict::ALL.into_iter().map(Verdict::word));
        format!("{} is not known here; {hint}", Quoted(word))
    })
}

fn listed<W, T>(
    written: &At<format::Listed<W>>,
    reader: &Reader,
    read: fn(&W, &Reader) -> Result<T, Error>,
) -> Result<Listed<T>, Error> {
    let exactly = matches!(written.value, format::Listed::Exactly(_));
    let items = written.value.items();
    if !exactly && items.is_empty() {
        return Err(reader.error(written.position(), "including nothing holds of every list"));
    }
    let items = items.iter().map(|item| read(&item.value, reader)).collect::<Result<_, _>>()?;
    Ok(Listed { exactly, items })
}

fn cause(written: &format::Cause, reader: &Reader) -> Result<Cause, Error> {
    Ok(Cause {
        rule: rule(&written.rule, reader)?,
        field: field(&written.field, reader)?,
        reason: written.reason.clone(),
        message: written.message.as_ref().map(|message| pattern(message, reader)).transpose()?,
    })
}

fn warning(written: &format::Warning, reader: &Reader) -> Result<Warning, Error> {
    let kind = &written.kind.value;
    if !warning_kinds().any(|known| known == kind) {
        let hint = nearest_or_all("the kinds are", kind, warning_kinds());
        return Err(reader.error(written.kind.position(), format!("no warning is of kind {}; {hint}", Quoted(kind))));
    }
    let message = written.message.as_ref().map(|message| pattern(message, reader)).transpose()?;
    Ok(Warning { kind: kind.clone(), message })
}

/// The field of a cause: no other than the two strings of the Setting and what is in them is ever at fault.
fn field(written: &At<String>, reader: &Reader) -> Result<String, Error> {
    let field = &written.value;
    let is_root = |root: &str| [StringField::Value, StringField::Default].iter().any(|known| known.as_str() == root);
    match field.split_once('.') {
        None if is_root(field) => return Ok(field.clone()),
        Some((root, inside)) if is_root(root) && !inside.is_empty() => return Ok(field.clone()),
        _ => {}
    }
    let hint = if Key::ALL.iter().any(|key| field.split('[').next() == Some(key.as_str())) {
        format!("did you mean {}.{field}?", StringField::Value)
    } else {
        format!("it is {} or {}, or in one of these, such as value.vlan", StringField::Value, StringField::Default)
    };
    Err(reader.error(written.position(), format!("no cause has the field {}; {hint}", Quoted(field))))
}

/// A rule by its name.
pub(super) fn rule(written: &At<String>, reader: &Reader) -> Result<RuleId, Error> {
    written.value.parse().map_err(|_| {
        let rules = RuleId::ALL.iter().map(|rule| rule.as_str());
        let hint = nearest_or_all("the rules are", &written.value, rules);
        reader.error(written.position(), format!("no rule is named {}; {hint}", Quoted(&written.value)))
    })
}

fn pattern(written: &At<String>, reader: &Reader) -> Result<Regex, Error> {
    let regex = compile(&written.value).map_err(|why| reader.error(written.position(), why))?;
    if regex.is_match("") {
        let what = format!("{} matches even nothing, so it is found in any text", Quoted(&written.value));
        return Err(reader.error(written.position(), what));
    }
    Ok(regex)
}

/// A regular expression that is no burden: its time is linear in what it searches, its size bounded here.
///
/// # Errors
///
/// What is wrong with it.
pub fn compile(pattern: &str) -> Result<Regex, String> {
    const LARGEST: usize = 256 << 10;
    let regex = RegexBuilder::new(pattern).size_limit(LARGEST).build();
    regex.map_err(|error| {
        let why = error.to_string();
        format!("{} is no regular expression that can be used: {}", Quoted(pattern), crate::escape::Quoting(&why))
    })
}
