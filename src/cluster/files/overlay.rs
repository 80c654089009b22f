//! A cluster state and differences from it: a suite loads its cluster once, and each case changes what it needs.

use std::collections::BTreeSet;

use serde_json::Value;

use super::objects::FileObjects;
use super::{Loaded, UnknownKind};
use crate::cluster::kinds::is_asked_for;
use crate::escape::Quoted;
use crate::manifest::Origin;
use crate::setting::facts::{FactKind, ObjectName};
use crate::setting::{Facts, SETTING};

impl Loaded {
    /// Begins a variation. Its cost is that of the kinds it changes.
    pub(crate) fn vary(&self) -> Variation<'_> {
        Variation { base: self, view: FileObjects::over(self), changed: BTreeSet::new() }
    }
}

pub struct Variation<'b> {
    base: &'b Loaded,
    view: FileObjects,
    changed: BTreeSet<FactKind>,
}

impl Variation<'_> {
    /// Leaves out the object of this name, or with `None` every object of its kind.
    pub fn leave_out(&mut self, kind: FactKind, name: Option<&ObjectName>) -> Result<(), String> {
        let of_kind = self.base.seen.keys().filter(|(of, _)| *of == kind).map(|(_, name)| name);
        let leaving: Vec<&ObjectName> = of_kind.filter(|there| name.is_none_or(|name| name == *there)).collect();
        if leaving.is_empty() {
            let named = name.map(|name| format!(" {}", Quoted(&name.to_string()))).unwrap_or_default();
            return Err(format!("the cluster has no {kind}{named} to leave out"));
        }
        for name in leaving {
            self.view.index.of_mut(kind).remove(name);
            if kind == FactKind::Settings && &*name.name == SETTING {
                self.view.setting = None;
            }
        }
        self.changed.insert(kind);
        Ok(())
    }

    /// Adds an object, or a `List` of them; each takes the place of any of its name in the base.
    pub fn add(&mut self, object: Value, origin: &Origin) -> Result<(), String> {
        let not_asked_for = |what: String| Err(format!("no rule asks for {what}, so it changes nothing"));
        self.view.take(object, origin).map_err(|error| error.to_string())?;
        if self.view.policy.is_some() {
            return not_asked_for("a Policy in one case".to_owned());
        }
        if let Some(unknown) = self.view.unknown_kinds().first() {
            let UnknownKind { api_version, kind, .. } = unknown;
            return not_asked_for(format!("kind {} of {}", Quoted(kind), Quoted(api_version)));
        }
        for (kind, name) in self.view.seen.keys() {
            let guarded = *kind == FactKind::Settings && &*name.name == SETTING;
            if !guarded && !is_asked_for(*kind, &name.name) {
                return not_asked_for(format!("{kind} {}", Quoted(&name.to_string())));
            }
            self.changed.insert(*kind);
        }
        Ok(())
    }

    pub fn facts(&self) -> Facts {
        let mut facts = self.base.facts.clone();
        self.changed.iter().for_each(|kind| self.view.index.of(*kind).refresh(&mut facts));
        facts
    }

    /// The Setting `vm-migration-network`, whole, if the cluster has it.
    pub const fn setting(&self) -> Option<&Value> {
        self.view.setting.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::*;

    fn origin() -> Origin {
        Origin { path: Path::new("x.suite.yaml").into(), line: 1, item: None }
    }

    fn node(name: &str) -> Value {
        json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}})
    }

    fn setting(value: &str) -> Value {
        let metadata = json!({"name": "vm-migration-network"});
        json!({"apiVersion": "harvesterhci.io/v1beta1", "kind": "Setting", "metadata": metadata, "value": value})
    }

    fn base() -> Loaded {
        let objects = [node("node-0"), node("node-1"), setting("a")];
        crate::cluster::files::load_with(&[], objects.map(|object| (object, origin())).to_vec()).unwrap()
    }

    fn named(name: &str) -> ObjectName {
        ObjectName { namespace: "".into(), name: name.into() }
    }

    #[test]
    fn a_variation_leaves_its_base_alone() {
        let base = base();
        let mut varied = base.vary();
        varied.leave_out(FactKind::Nodes, Some(&named("node-0"))).unwrap();
        varied
            .add(json!({"apiVersion": "v1", "kind": "NodeList", "items": [node("node-2"), node("node-3")]}), &origin())
            .unwrap();
        varied.add(setting("b"), &origin()).unwrap();
        let count = |facts: &Facts| facts.nodes.as_ref().unwrap().worker_count();
        assert_eq!((count(&base.facts), count(&varied.facts())), (2, 3));
        assert_eq!(varied.setting().unwrap()["value"], "b");
        varied = base.vary();
        assert_eq!((count(&varied.facts()), &varied.setting().unwrap()["value"]), (2, &json!("a")));
        varied.leave_out(FactKind::Settings, None).unwrap();
        assert_eq!(varied.setting(), None);
    }

    #[test]
    fn what_would_change_nothing_is_an_error() {
        let base = base();
        let no = |result: Result<(), String>| result.unwrap_err();
        let mut varied = base.vary();
        assert_eq!(
            no(varied.leave_out(FactKind::Nodes, Some(&named("node-9")))),
            "the cluster has no nodes \"node-9\" to leave out"
        );
        let migration = ObjectName { namespace: "default".into(), name: "m".into() };
        assert_eq!(
            no(varied.leave_out(FactKind::Migrations, Some(&migration))),
            "the cluster has no virtualmachineinstancemigrations.kubevirt.io \"default/m\" to leave out"
        );
        assert_eq!(
            no(base.vary().leave_out(FactKind::VlanStatuses, None)),
            "the cluster has no vlanstatuses.network.harvesterhci.io to leave out"
        );
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}});
        assert_eq!(
            no(base.vary().add(pod, &origin())),
            "no rule asks for kind \"Pod\" of \"v1\", so it changes nothing"
        );
        let mut other = setting("");
        other["metadata"]["name"] = json!("ui-source");
        assert_eq!(
            no(base.vary().add(other, &origin())),
            "no rule asks for settings.harvesterhci.io \"ui-source\", so it changes nothing"
        );
        varied.add(node("node-2"), &origin()).unwrap();
        assert!(no(varied.add(node("node-2"), &origin())).starts_with("nodes \"node-2\" is in "));
    }
}
