//! A verdict for people.

use std::io::{self, Write};

use super::judged::Judged;
use crate::admission::{Request, Verdict};
use crate::cli::difference;
use crate::cli::output::{Paint, problems};
use crate::escape::{Line, Plain};
use crate::input::{Form, OldSide};
use crate::manifest::Origin;

const INDENT: &str = "    ";

pub(super) fn write(out: &mut impl Write, judged: &Judged<'_>, paint: Paint) -> io::Result<()> {
    let verdict = paint.verdict(judged.verdict());
    writeln!(out, "{}: {verdict}, {}", paint.bold(place(&judged.input.origin)), request(judged))?;
    let reasons: Vec<String> = match &judged.outcome {
        Err(why) => vec![why.clone()],
        Ok((_, admission)) => match &admission.decision().verdict {
            Verdict::Allowed => Vec::new(),
            Verdict::Invalid(violations) => problems(violations).collect(),
            Verdict::NotDeletable => {
                judged.status().iter().flat_map(|status| status.message.lines()).map(str::to_owned).collect()
            }
            Verdict::FactsMissing(missing) => missing.iter().map(|missing| format!("missing: {missing}")).collect(),
        },
    };
    for reason in reasons {
        writeln!(out, "{INDENT}{reason}")?;
    }
    stored(out, judged, paint)?;
    for warning in judged.warnings().iter().map(ToString::to_string).chain(lints(judged)) {
        writeln!(out, "{INDENT}{}: {warning}", paint.yellow("warning"))?;
    }
    Ok(())
}

pub(super) fn lints(judged: &Judged<'_>) -> Vec<String> {
    let origin = &judged.input.origin;
    let said = judged.lints.iter().map(|lint| {
        let line = lint.at.map_or(origin.line, |at| at.line);
        format!("{}: {}", place(&Origin { line, ..origin.clone() }), lint.message)
    });
    said.collect()
}

/// `file:line`, as compilers write it.
fn place(origin: &Origin) -> String {
    let path = origin.path.to_string_lossy();
    let item = origin.item.map_or_else(String::new, |item| format!(" items[{item}]"));
    format!("{}:{}{item}", Line(&path), origin.line)
}

fn request(judged: &Judged<'_>) -> String {
    match (&judged.outcome, &judged.input.form) {
        (Err(_), _) => "it can't be reviewed".to_owned(),
        (Ok((Request::NotOurs, _)), _) => {
            format!("{} of another object, which the webhook does not check", judged.operation)
        }
        (_, Form::Manifest { old: None, .. }) => {
            "CREATE, as no Setting is stored: neither --old nor the cluster has it".into()
        }
        (_, Form::Manifest { old: Some(old), .. }) => {
            let place = match old {
                OldSide::File => "--old",
                OldSide::Cluster => "--cluster",
                OldSide::Live => "the live cluster",
            };
            format!("UPDATE of the Setting in {place}")
        }
        _ if judged.user.is_empty() => judged.operation.to_owned(),
        _ => format!("{} by {}", judged.operation, Plain(&judged.user)),
    }
}

/// The stored value, and how it differs from the submitted one.
fn stored(out: &mut impl Write, judged: &Judged<'_>, paint: Paint) -> io::Result<()> {
    let (Ok((request, admission)), Some(stored)) = (&judged.outcome, judged.stored()) else {
        return Ok(());
    };
    let (Request::Create(new) | Request::Update { new, .. }) = request else { return Ok(()) };
    let strings = [
        ("value", &admission.mutated.value, &new.value, &stored.value),
        ("default", &admission.mutated.default, &new.default, &stored.default),
    ];
    for (name, mutation, submitted, stored) in strings {
        let (Some(submitted), Some(stored)) = (submitted.bytes(), stored.bytes()) else { continue };
        if mutation.replacement().is_some() {
            writeln!(out, "{INDENT}{name} is {}; submitted (-) and stored (+):", mutation.name())?;
            difference::write(out, INDENT, submitted, stored, paint)?;
        } else if name == "value" && stored.is_empty() {
            writeln!(out, "{INDENT}stored value: \"\" (the network is disabled)")?;
        } else if name == "value" {
            writeln!(out, "{INDENT}stored value: {}", Line(stored))?;
        }
    }
    Ok(())
}
