//! The page of a plan.

use super::addresses::addresses;
use super::{badge, definitions, list, page, section, text};
use crate::escape::Line;
use crate::plan::{ChangePlan, HarvesterSteps, NadState, RangeSuggestions, StoredBytes};
use crate::setting::list::Truncated;

/// The page that shows what saving a value would do.
pub fn plan(plan: &ChangePlan) -> String {
    let state = match plan.verdict {
        "allowed" => "ok",
        "refused" => "error",
        _ => "unknown",
    };
    let mut body = format!("<h1>{} What saving this value does</h1>\n", badge(state, plan.verdict));
    let problems = plan.problems.iter().map(|it| {
        format!("<code>{}</code> {} <span class=\"note\">{}</span>", text(&it.field), text(&it.message), text(it.rule))
    });
    let more = (plan.more_problems > 0).then(|| format!("and {} more problems", plan.more_problems));
    let missing = plan.missing.iter().map(|it| format!("{} {}", badge("unknown", "missing"), text(it)));
    body += &list(problems.chain(more).chain(missing));
    body += &list(plan.warnings.iter().map(|it| format!("{} {}", badge("warning", "warning"), text(&it.message))));
    let [stored_heading, steps_heading] = match plan.verdict {
        "allowed" => ["What is stored", "What Harvester then does"],
        _ => ["What would be stored", "What Harvester would do"],
    };
    let sections = [
        plan.stored.as_ref().map(|it| section(stored_heading, stored(it))),
        plan.harvester.as_ref().map(|it| section(steps_heading, steps(it))),
        plan.addresses.as_ref().map(|it| section("Addresses", addresses(it))),
        plan.suggestions.as_ref().map(|it| section("Ranges that pass", suggestions(it))),
        (!plan.unseen.is_empty()).then(|| section("Not seen", list(plan.unseen.iter().map(text)))),
    ];
    body.extend(sections.into_iter().flatten());
    page("vm-migration-network: plan", body)
}

fn code(value: &str) -> String {
    format!("<code>{}</code>", text(Line(value)))
}

fn stored(stored: &StoredBytes) -> String {
    let StoredBytes { value, hash, changes, rewritten } = stored;
    let what = match (changes, rewritten) {
        (false, _) => "nothing: these bytes are stored already",
        (true, true) => "the stored bytes, and they are not those submitted but their canonical form",
        (true, false) => "the stored bytes",
    };
    let value = if value.is_empty() { "empty: the network is disabled".to_owned() } else { code(value) };
    definitions(&[("Value", value), ("sha1", code(hash)), ("Changes", what.to_owned())])
}

fn steps(steps: &HarvesterSteps) -> String {
    let HarvesterSteps { summary, nad_before, nad_after, nad_removed, restarts, migrations, .. } = steps;
    let nad = |nad: &Option<NadState>| match nad {
        None => "none".to_owned(),
        Some(NadState { name, config }) => {
            let config = config.as_deref().map_or_else(|| "not seen".to_owned(), code);
            format!("<code>{}</code><br/>{config}", text(name))
        }
    };
    let [before, after] = steps.networks().map(|name| name.map_or_else(str::to_owned, code));
    let mut rows = vec![
        ("Attachment before", nad(nad_before)),
        ("Attachment after", nad(nad_after)),
        ("KubeVirt's network before", before),
        ("KubeVirt's network after", after),
    ];
    if let Some(removed) = nad_removed {
        rows.push(("Deleted", code(removed)));
    }
    rows.push(("Restarts of virt-handler", counted(restarts)));
    if !migrations.is_empty() {
        rows.push(("Migrations in the way", format!("{} {}", badge("warning", "running"), counted(migrations))));
    }
    format!("<p>{}.</p>\n{}", text(summary), definitions(&rows))
}

/// How many, and the first few.
fn counted(names: &[String]) -> String {
    match names.len() {
        0 => "none".to_owned(),
        count => format!("{count}: {}", text(names.iter().collect::<Truncated>())),
    }
}

fn suggestions(suggestions: &RangeSuggestions) -> String {
    let RangeSuggestions { ranges, note } = suggestions;
    let ranges = ranges.iter().map(|it| format!("<code>{}</code> {} to spare", text(&it.range), it.spare));
    let note = note.as_ref().map(|note| format!("<p class=\"note\">{}.</p>\n", text(note))).unwrap_or_default();
    format!("{}{note}", list(ranges))
}
