//! A text as a JSON string.

/// Adds the text in double quotes, with no escape that JSON does not ask for.
pub fn push_string(json: &mut String, text: &str) {
    json.push('"');
    push_escaped(json, text);
    json.push('"');
}

/// Adds the text as it is between the double quotes.
pub fn push_escaped(json: &mut String, text: &str) {
    // A text always has its JSON.
    let quoted = serde_json::to_string(text).unwrap_or_default();
    json.push_str(quoted.get(1..quoted.len() - 1).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pushed(text: &str) -> String {
        let mut json = String::new();
        push_string(&mut json, text);
        json
    }

    #[test]
    fn every_ascii_character_is_escaped_as_json_asks_wherever_it_stands() {
        for char in '\0'..='\u{7f}' {
            for before in 0..40 {
                let text = format!("{}{char}é", "x".repeat(before));
                assert_eq!(pushed(&text), serde_json::to_string(&text).unwrap());
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_written_as_by_the_usual_writer(text in "(.|\\PC|[\"\\\\\\x00-\\x20]|[a-z ]{0,40}){0,12}") {
            prop_assert_eq!(pushed(&text), serde_json::to_string(&text).unwrap());
        }
    }
}
