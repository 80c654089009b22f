//! The largest values and reviews that the API server could pass on, and those made to hurt: each is answered soon,
//! in few bytes, with what is wrong.

#![expect(clippy::unwrap_used, reason = "a test asserts by panicking, in its helpers too")]

use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use migration_network_webhook::admission::{Answer, Phase, Policy, answer};
use migration_network_webhook::cluster::files;
use migration_network_webhook::setting::Facts;
use serde_json::{Value, json};

/// The API server takes requests of 3 MiB.
const LARGEST: usize = 3 << 20;
/// How much more time an answer may take than one plain loop over its bytes, in the same build on the same machine. What
/// grows with the square of such a size takes tens of thousands of times as long.
const TIMES_A_PLAIN_LOOP: u32 = 300;
/// A refusal: 50 causes, and the message that repeats them.
const LARGEST_REFUSAL: usize = 48 << 10;

static READY: LazyLock<Facts> = LazyLock::new(|| {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/clusters/ready.yaml");
    files::load(&[path]).unwrap().facts
});

/// Parts, joined by commas, until there are about this many bytes of them.
fn filled(bytes: usize, part: impl Fn(usize) -> String) -> String {
    let mut filled = String::with_capacity(bytes + 64);
    for index in 0.. {
        if filled.len() >= bytes {
            break;
        }
        if index > 0 {
            filled.push(',');
        }
        filled.push_str(&part(index));
    }
    filled
}

fn value(members: &str) -> String {
    format!(r#"{{"clusterNetwork":"vm-migration","vlan":100,"range":"172.16.0.0/16"{members}}}"#)
}

fn excluding(part: impl Fn(usize) -> String) -> String {
    value(&format!(r#","exclude":[{}]"#, filled(LARGEST, part)))
}

fn nested(levels: usize) -> String {
    format!("{}{}", "[".repeat(levels), "]".repeat(levels))
}

fn update(old: &str, new: &str) -> String {
    let object = |value: &str| json!({"metadata": {"name": "vm-migration-network"}, "value": value});
    let review = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "u", "operation": "UPDATE", "name": "vm-migration-network",
        "resource": {"group": "harvesterhci.io", "version": "v1beta1", "resource": "settings"},
        "object": object(new), "oldObject": object(old)}});
    review.to_string()
}

fn answered(body: &str) -> Answer {
    let start = Instant::now();
    let answer = answer(Phase::Mutate, body.as_bytes(), &READY, &Policy::default());
    let took = start.elapsed();
    let plain = (0..3).map(|_| plain_loop(body)).min().unwrap();
    assert!(took < TIMES_A_PLAIN_LOOP * plain, "{} bytes took {took:?}, a plain loop {plain:?}", body.len());
    answer
}

/// The time of one pass over the bytes.
fn plain_loop(body: &str) -> Duration {
    let start = Instant::now();
    let sum = body.bytes().fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    std::hint::black_box(sum);
    start.elapsed()
}

/// The message's first line, then the first and the last cause.
fn refusal(old: &str, new: &str) -> [String; 3] {
    let answer = answered(&update(old, new));
    assert_eq!((answer.http_status, answer.record.code), (200, 422));
    assert!(answer.body.len() <= LARGEST_REFUSAL, "{} bytes", answer.body.len());
    let review: Value = serde_json::from_slice(&answer.body).unwrap();
    let status = &review["response"]["status"];
    let message = status["message"].as_str().unwrap();
    assert!(message.len() <= 16 << 10, "{} bytes", message.len());
    let causes = status["details"]["causes"].as_array().unwrap();
    assert!(causes.len() <= 50);
    let shown = |cause: &Value| format!("{}: {}", cause["field"].as_str().unwrap(), cause["message"].as_str().unwrap());
    [message.lines().next().unwrap().to_owned(), shown(&causes[0]), shown(causes.last().unwrap())]
}

fn problems(count: usize) -> String {
    let plural = if count == 1 { "problem" } else { "problems" };
    format!("vm-migration-network is refused, {count} {plural}:")
}

fn more(count: usize) -> String {
    format!("value: and {count} more problems")
}

#[test]
fn hundreds_of_thousands_of_excludes_are_refused_for_their_number() {
    let address = |index: usize| format!("\"172.16.{}.{}/32\"", (index >> 8) & 255, index & 255);
    let value = excluding(address);
    let count = value.matches("/32").count();
    assert!(count > 150_000);
    let told = format!("value.exclude: Too many: {count}: must have at most 10000 entries; use larger blocks");
    assert_eq!(refusal("", &value), [problems(1), told.clone(), told]);
}

#[test]
fn each_of_a_million_bad_entries_is_counted() {
    for part in ["\"\"", "\"\\u0031\""] {
        let value = excluding(|_| part.to_owned());
        let count = value.matches(part).count();
        let [first_line, first, last] = refusal("", &value);
        assert_eq!(first_line, problems(count + 1));
        assert!(first.starts_with(&format!("value.exclude: Too many: {count}: ")), "{first}");
        assert_eq!(last, more(count + 1 - 49));
    }
    let value = excluding(|_| "null".to_owned());
    let count = value.matches("null").count();
    let [first_line, first, last] = refusal("", &value);
    // Each breaks the syntax, and together they are too many.
    assert_eq!(first_line, problems(count + 1));
    assert_eq!(
        first,
        "value.exclude[0]: Invalid value: \"null\" is null; each entry is a string such as \"192.168.1.1/32\""
    );
    assert_eq!(last, more(count + 1 - 49));
}

#[test]
fn networks_stacked_in_each_other_are_compared_in_one_walk() {
    // All but the first fifteen repeat one of them, and each overlaps all others.
    let value = excluding(|index| format!("\"172.16.0.0/{}\"", 32 - index % 15));
    let count = value.matches("172.16.0.0/").count() - 1;
    let [first_line, first, last] = refusal("", &value);
    assert_eq!(first_line, problems(count));
    assert!(first.starts_with("value.exclude: Too many: "), "{first}");
    assert_eq!(last, more(count - 49));
}

#[test]
fn a_million_keys_are_counted_not_kept() {
    for key in ["x", "\\u0078"] {
        let value = format!("{{{}}}", filled(LARGEST, |index| format!("\"{key}{index}\":1")));
        // What is missing is counted too: clusterNetwork, vlan and range.
        let count = value.matches(key).count() + 3;
        let [first_line, first, last] = refusal("", &value);
        assert_eq!(first_line, problems(count), "{key}");
        assert_eq!(
            first,
            "value.x0: Forbidden: \"x0\" is not a key of this setting; the keys are clusterNetwork, vlan, range, exclude"
        );
        assert_eq!(last, more(count - 49));
    }
}

#[test]
fn a_key_that_stands_a_million_times_is_one_problem() {
    for (key, first_told) in [
        ("vlan", "value.vlan: Duplicate value: the key vlan stands more than once; keep one"),
        ("Vlan", "value.Vlan: Forbidden: \"Vlan\" is not a key of this setting; did you mean vlan?"),
    ] {
        let value = format!("{{{}}}", filled(LARGEST, |_| format!("\"{key}\":1")));
        let [first_line, first, last] = refusal("", &value);
        assert_eq!(first_line, problems(3));
        assert_eq!(first, first_told);
        assert_eq!(
            last,
            "value.range: Required value: range is missing; must be a string, an IPv4 network such as \"192.168.1.0/24\""
        );
    }
}

#[test]
fn what_is_long_or_deep_is_shown_by_its_start() {
    let cut = |seen: &str, length: usize| format!("\"{seen}\" (cut, {length} characters)");
    let long = "k".repeat(LARGEST);
    let shown = "k".repeat(64);
    let [first_line, first, _] = refusal("", &value(&format!(",\"{long}\":1")));
    assert_eq!(first_line, problems(1));
    assert!(first.starts_with(&format!("value: Forbidden: {}", cut(&shown, LARGEST))), "{first}");

    let range = value("").replace("172.16.0.0/16", &long);
    let [_, first, _] = refusal("", &range);
    assert!(
        first.starts_with(&format!("value.range: Invalid value: {}: not in CIDR", cut(&shown, LARGEST))),
        "{first}"
    );

    let digits = "9".repeat(LARGEST);
    let [_, first, _] = refusal("", &value("").replace("100", &digits));
    assert!(
        first.starts_with(&format!("value.vlan: Invalid value: {} (cut, {LARGEST} characters)", &digits[..64])),
        "{first}"
    );

    for zeros in [format!("{}.0.0.0/16", "0".repeat(LARGEST)), format!("10.0.0.0/{}", "0".repeat(LARGEST))] {
        let [_, first, _] = refusal("", &value("").replace("172.16.0.0/16", &zeros));
        assert!(first.starts_with("value.range: Invalid value: \""), "{first}");
    }

    let [first_line, first, _] = refusal("", &value(&format!(",\"x\":{}", nested(LARGEST / 2))));
    assert_eq!(first_line, problems(1));
    assert!(first.starts_with("value.x: Forbidden: \"x\" is not a key"), "{first}");

    for open in ["[", "{\"a\":"] {
        let [_, first, _] = refusal("", &open.repeat(LARGEST / open.len()));
        assert!(first.starts_with("value: Invalid value: \""), "{first}");
        assert!(first.contains("not JSON: EOF while parsing a"), "{first}");
    }
}

#[test]
fn equality_of_large_values_is_found_in_one_walk() {
    let address = |index: usize| format!("\"172.16.{}.{}/32\"", (index >> 8) & 255, index & 255);
    let stored = excluding(address);
    let submitted = stored.replace("\",\"", "\", \"");
    let answer = answered(&update(&stored, &submitted));
    assert_eq!((answer.record.verdict, answer.record.mutation), ("allowed", "restored"));
    // Another entry more, and it is another network with too many.
    let answer = answered(&update(&stored, &submitted.replace("\"]", "\", \"172.17.0.0/32\"]")));
    assert_eq!((answer.record.verdict, answer.record.rules.to_string().as_str()), ("refused", "exclude-invalid"));
}

#[test]
fn what_is_stored_may_be_anything() {
    let grown = format!(
        "{{\"exclude\":[{}]{}}}",
        filled(LARGEST / 2, |_| "\"\"".to_owned()),
        ",\"exclude\":[null]".repeat(LARGEST / 32)
    );
    for stored in [
        grown,
        nested(9_000),
        nested(LARGEST / 2),
        "[".repeat(LARGEST),
        format!("{{{}}}", filled(LARGEST, |_| "\"exclude\":[\"a\",null]".to_owned())),
        format!("{{\"{}\":1}}", "\\u0065".repeat(LARGEST / 6)),
        " ".repeat(LARGEST),
        "\u{1}".repeat(LARGEST / 8),
    ] {
        let answer = answered(&update(&stored, &value("")));
        assert_eq!((answer.record.verdict, answer.record.mutation), ("allowed", "kept"));
    }
}

#[test]
fn a_review_of_7_mib_is_read_past_what_does_not_matter() {
    let plain = update("", &value(""));
    let (deep, wide) = (nested(7 << 19), filled(7 << 20, |index| format!("\"k{index}\":\"v\"")));
    for metadata in [
        format!(r#""managedFields":{deep}"#),
        format!(r#""annotations":{{{wide}}}"#),
        format!(r#""labels":{{{wide}}}"#),
        format!(r#""ownerReferences":[{{{wide}}}]"#),
    ] {
        let body = plain.replacen("\"metadata\":{", &format!("\"metadata\":{{{metadata},"), 1);
        assert!(body.len() > 7 << 20);
        let answer = answered(&body);
        assert_eq!((answer.record.verdict, answer.record.mutation), ("allowed", "kept"));
        // Cut short it is nothing.
        assert_eq!(answered(&body[..7 << 20]).http_status, 400);
    }
    let strange = format!(r#"{{"request":{{"x":{deep},"uid":"u"}}}}"#);
    assert_eq!((answered(&strange).http_status, answered(&strange).record.verdict), (200, "malformed"));
}

/// Runs last by its name: what the whole of this file has taken at most, one hostile request beside the others.
#[cfg(target_os = "linux")]
#[test]
fn zz_memory_is_bounded() {
    hundreds_of_thousands_of_excludes_are_refused_for_their_number();
    each_of_a_million_bad_entries_is_counted();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kib: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(kib < 1 << 20, "{} MiB", kib >> 10);
}
