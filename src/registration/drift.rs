//! Drift: where a configuration differs from the shipped one. `caBundle` does not count.

use std::fmt;

use serde_json::{Map, Value};

use crate::escape::{Plain, Quoted, Quoting};

/// How many differences are said; the others are only counted.
const SHOWN: usize = 5;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drift {
    count: usize,
    shown: Vec<String>,
}

impl Drift {
    /// Holds the `webhooks` of a live configuration against the shipped ones.
    pub fn between(shipped: &Value, live: &Value) -> Self {
        let mut drift = Self::default();
        drift.compare("webhooks", Some(shipped), Some(live));
        drift
    }

    pub fn count(&self) -> usize {
        self.count
    }

    fn compare(&mut self, path: &str, shipped: Option<&Value>, live: Option<&Value>) {
        match (shipped, live) {
            (Some(Value::Object(shipped)), Some(Value::Object(live))) => self.compare_objects(path, shipped, live),
            (Some(Value::Array(shipped)), Some(Value::Array(live))) if are_named(shipped) && are_named(live) => {
                self.compare_lists(path, shipped, live);
            }
            (shipped, live) if shipped != live => {
                self.count += 1;
                if self.shown.len() < SHOWN {
                    self.shown.push(format!("{path} is {}, shipped as {}", seen(live), seen(shipped)));
                }
            }
            _ => {}
        }
    }

    fn compare_objects(&mut self, path: &str, shipped: &Map<String, Value>, live: &Map<String, Value>) {
        let added = live.keys().filter(|key| !shipped.contains_key(*key) && *key != "caBundle");
        for key in shipped.keys().chain(added) {
            self.compare(&format!("{path}.{}", Plain(key)), shipped.get(key), live.get(key));
        }
    }

    fn compare_lists(&mut self, path: &str, shipped: &[Value], live: &[Value]) {
        let find = |list: &'_ [Value], item: &Value| list.iter().position(|one| one["name"] == item["name"]);
        let added = live.iter().filter(|item| find(shipped, item).is_none());
        for item in shipped.iter().chain(added) {
            let name = item["name"].as_str().unwrap_or_default();
            let [shipped, live] = [shipped, live].map(|list| find(list, item).map(|at| &list[at]));
            self.compare(&format!("{path}[{}]", Plain(name)), shipped, live);
        }
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown.join("; "))?;
        match self.count - self.shown.len() {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

fn are_named(list: &[Value]) -> bool {
    list.iter().all(|item| item["name"].is_string())
}

fn seen(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => Quoted(text).to_string(),
        Some(value) => Quoting(&value.to_string()).to_string(),
        None => "absent".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::registration::{ConfigurationKind, Service};

    fn shipped() -> Value {
        let service = Service { name: "ours".to_owned(), namespace: "here".to_owned() };
        ConfigurationKind::Validating.webhooks(&service).unwrap()
    }

    #[test]
    fn the_bundle_and_the_order_are_no_drift() {
        let mut live = shipped();
        live[0]["clientConfig"]["caBundle"] = "AAAA".into();
        live.as_array_mut().unwrap().reverse();
        let drift = Drift::between(&shipped(), &live);
        assert_eq!((drift.count(), drift.to_string()), (0, String::new()));
    }

    type Edit = fn(&mut Value);

    #[test]
    fn each_difference_is_named() {
        let first = "webhooks[recheck.vm-migration-network.setting]";
        let cases: [(Edit, String); 7] = [
            (|live| live[0]["timeoutSeconds"] = 10.into(), format!("{first}.timeoutSeconds is 10, shipped as 5")),
            (
                |live| live[0]["failurePolicy"] = "Ignore".into(),
                format!(r#"{first}.failurePolicy is "Ignore", shipped as "Fail""#),
            ),
            (
                |live| drop(live[0].as_object_mut().unwrap().remove("matchPolicy")),
                format!(r#"{first}.matchPolicy is absent, shipped as "Equivalent""#),
            ),
            (
                |live| live[0]["objectSelector"]["matchLabels"] = json!({"a\nb": "c"}),
                format!(r#"{first}.objectSelector.matchLabels is {{"a\nb":"c"}}, shipped as absent"#),
            ),
            (
                |live| live[0]["rules"][0]["operations"] = json!(["CREATE"]),
                format!(
                    r#"{first}.rules is [{{"apiGroups":["harvesterhci.io"],"apiVersions":["v1beta1"],"operations":["CREATE"],"resources":["settings"],"scope":"Cluster"}}], shipped as [{{"apiGroups":["harvesterhci.io"],"apiVersions":["v1beta1"],"operations":["CREATE","UPDATE","DELETE"],"resources":["settings"],"scope":"Cluster"}}]"#
                ),
            ),
            (
                |live| live[0]["matchConditions"][1]["expression"] = "true".into(),
                format!(
                    r#"{first}.matchConditions[not-being-deleted].expression is "true", shipped as "object == null || !has(object.metadata.deletionTimestamp)""#
                ),
            ),
            (
                |live| live[1]["clientConfig"] = json!({"url": "https://a/"}),
                r#"webhooks[disable.vm-migration-network.setting].clientConfig.service is absent, shipped as {"name":"ours","namespace":"here","path":"/validate","port":443}; webhooks[disable.vm-migration-network.setting].clientConfig.url is "https://a/", shipped as absent"#
                    .to_owned(),
            ),
        ];
        for (edit, words) in cases {
            let mut live = shipped();
            edit(&mut live);
            assert_eq!(Drift::between(&shipped(), &live).to_string(), words);
        }
    }

    #[test]
    fn entries_come_and_go_and_many_are_only_counted() {
        let drift = Drift::between(&shipped(), &json!([]));
        assert_eq!(drift.count(), 2);
        let mut live = shipped();
        for number in 0..1000 {
            live.as_array_mut().unwrap().push(json!({"name": format!("x{number}")}));
        }
        let drift = Drift::between(&shipped(), &live);
        assert_eq!(drift.count(), 1000);
        assert!(drift.to_string().ends_with(r#"webhooks[x4] is {"name":"x4"}, shipped as absent; and 995 more"#));
        assert_eq!(Drift::between(&shipped(), &Value::Null).count(), 1);
    }
}
