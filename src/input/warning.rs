//! Warnings about manifest fields that the cluster would drop or reject.

use serde_json::Value;

use crate::escape::Quoted;
use crate::manifest::Position;
use crate::setting::suggest;

const KEYS: [&str; 7] = ["apiVersion", "kind", "metadata", "value", "default", "source", "status"];
const API_VERSION: &str = "harvesterhci.io/v1beta1";
/// How many unknown keys are named; a stranger may have made up any number.
const MOST_NAMED: usize = 8;

/// Something that the cluster would not say of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestWarning {
    /// The key that it is about.
    pub key: String,
    /// Where that stands in its file; absent where there is none.
    pub at: Option<Position>,
    /// A stable name for what it is.
    pub kind: &'static str,
    pub message: String,
}

impl ManifestWarning {
    pub(super) fn of(setting: &Value) -> Vec<Self> {
        let version = setting.get("apiVersion").and_then(Value::as_str).filter(|seen| *seen != API_VERSION);
        let version = version.map(|seen| {
            let seen = Quoted(seen);
            let message = format!("apiVersion {seen} is no version that Harvester serves; it is {API_VERSION}");
            Self::new("apiVersion", "unserved-version", message)
        });
        let keys = setting.as_object().into_iter().flat_map(serde_json::Map::keys);
        let unknown = keys.filter(|key| !KEYS.contains(&key.as_str())).take(MOST_NAMED).map(|key| {
            let hint = nearest(key).map(|known| format!("; did you mean {known}?")).unwrap_or_default();
            let message = format!("{} is no key of a Setting: the API server drops or refuses it{hint}", Quoted(key));
            Self::new(key, "unknown-key", message)
        });
        version.into_iter().chain(unknown).collect()
    }

    /// That the manifest disables the network that is stored, though it does not say so.
    pub(super) fn no_value() -> Self {
        let message = "the manifest has no value, so it disables the migration network that is stored".to_owned();
        Self::new("value", "no-value", message)
    }

    pub fn new(key: &str, kind: &'static str, message: String) -> Self {
        Self { key: key.to_owned(), at: None, kind, message }
    }
}

/// The known key that is meant by another one: `spec` by those who expect one, as `value` would be in it.
fn nearest(key: &str) -> Option<&'static str> {
    if key.eq_ignore_ascii_case("spec") {
        return Some("value");
    }
    let distance = |known: &str| suggest::distance(&key.to_lowercase(), &known.to_lowercase());
    KEYS.into_iter().filter_map(|known| Some((distance(known)?, known))).min().map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(setting: &Value) -> Vec<String> {
        ManifestWarning::of(setting).into_iter().map(|warning| warning.message).collect()
    }

    #[test]
    fn unknown_keys_are_named_with_the_nearest_one() {
        let setting = json!({"apiVersion": API_VERSION, "kind": "Setting", "metadata": {}, "default": "", "status": {},
            "Value": "x", "vlaue": "x", "spec": {"value": "x"}, "sops": {}});
        assert_eq!(
            said(&setting),
            [
                "\"Value\" is no key of a Setting: the API server drops or refuses it; did you mean value?",
                "\"sops\" is no key of a Setting: the API server drops or refuses it",
                "\"spec\" is no key of a Setting: the API server drops or refuses it; did you mean value?",
                "\"vlaue\" is no key of a Setting: the API server drops or refuses it; did you mean value?",
            ]
        );
    }

    #[test]
    fn only_the_version_that_is_served_is_taken_without_a_word() {
        assert_eq!(
            said(&json!({"apiVersion": "harvesterhci.io/v1"})),
            ["apiVersion \"harvesterhci.io/v1\" is no version that Harvester serves; it is harvesterhci.io/v1beta1"]
        );
        assert_eq!(said(&json!({"apiVersion": API_VERSION})), [""; 0]);
    }
}
