//! Finds a field's position in the text of a value.

use serde_json::value::RawValue;

use super::field::FieldPath;
use super::{json, key};

/// The offset, in bytes, of what a path names: of a key, or of an entry of `exclude`. Of several equal keys
/// it is the last, as that one counts. A field that is not there is missed from the start of the text.
pub fn offset(text: &str, path: &FieldPath) -> usize {
    let found = match path {
        FieldPath::Whole => None,
        FieldPath::Key(key) => member(text, key.name).map(|(key, _)| key),
        FieldPath::UnknownKey(key) => member(text, key).map(|(key, _)| key),
        FieldPath::ExcludeItem(index) => {
            member(text, key::EXCLUDE.name).map(|(key, value)| item(value, *index).unwrap_or(key))
        }
    };
    found.map_or_else(|| text.len() - json::trim_start(text).len(), |part| part.as_ptr().addr() - text.as_ptr().addr())
}

fn member<'a>(text: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    let mut found = None;
    let read = json::members(text, |key, value| {
        if json::text(key.get()).is_some_and(|key| key == name) {
            found = Some((key.get(), value.get()));
        }
    });
    read.ok().and(found)
}

fn item(array: &str, index: usize) -> Option<&str> {
    let items: Vec<&RawValue> = serde_json::from_str(array).ok()?;
    items.get(index).map(|item| item.get())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_where_it_was_written() {
        let text = r#" {"vlan": 1, "\u0076lan":2, "exclude" : [ "a", 7 ,"c"], "x-y":{"vlan":3}}"#;
        for (path, found) in [
            (FieldPath::Whole, '{'.to_string()),
            (FieldPath::Key(&key::VLAN), r#""\u0076lan":2"#.into()),
            (FieldPath::Key(&key::EXCLUDE), r#""exclude" :"#.into()),
            (FieldPath::ExcludeItem(0), r#""a""#.into()),
            (FieldPath::ExcludeItem(1), "7 ".into()),
            (FieldPath::ExcludeItem(2), r#""c""#.into()),
            (FieldPath::ExcludeItem(3), r#""exclude""#.into()),
            (FieldPath::UnknownKey("x-y".into()), r#""x-y""#.into()),
            (FieldPath::Key(&key::RANGE), r#"{"vlan": 1"#.into()),
        ] {
            let at = offset(text, &path);
            assert!(text[at..].starts_with(&found), "{path:?}: {}", &text[at..]);
        }
    }

    #[test]
    fn what_is_no_object_has_no_fields() {
        for text in ["", " ", "[1]", "{\"vlan\":1", "\u{feff}{}"] {
            let start = text.len() - text.trim_start_matches(' ').len();
            assert_eq!(offset(text, &FieldPath::Key(&key::VLAN)), start);
        }
        assert_eq!(offset(r#"{"exclude":"a"}"#, &FieldPath::ExcludeItem(0)), 1);
    }
}
