//! What Harvester's controller does about a value.

use super::nad_config::nad_config;
use crate::setting::hash;

/// What the annotations of the Setting say of the value that was handled last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Handled<'a> {
    /// Whether there are any, whosever.
    pub has_annotations: bool,
    /// [`HASH`](super::HASH), where it is not empty.
    pub hash: Option<&'a str>,
    /// [`NET_ATTACH_DEF`](super::NET_ATTACH_DEF), where it is not empty.
    pub nad: Option<&'a str>,
}

/// A `NetworkAttachmentDefinition` of `harvester-system` with the label [`HASH`](super::HASH).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LabelledNad<'a> {
    pub name: &'a str,
    pub hash: &'a str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// Nothing: it has handled these bytes, or there was never anything.
    Nothing,
    /// It makes no network, says so in the condition `configured`, and does not try again.
    Fails(String),
    /// It gives `KubeVirt` this network.
    Configures {
        /// The `NetworkAttachmentDefinition` of `harvester-system`; none when the network is disabled.
        nad: Option<NadAfter>,
        /// The `NetworkAttachmentDefinition`, `NAMESPACE/NAME`, that it then deletes.
        removed: Option<String>,
    },
}

/// The `NetworkAttachmentDefinition` that virt-handler gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NadAfter {
    /// One that is there already, with the value's hash in its label.
    Found { name: String },
    /// A new one, whose name the API server makes.
    Made { config: String, hash: String },
}

impl<'a> Handled<'a> {
    /// What the controller does about a value, with these `NetworkAttachmentDefinition`s to be found.
    pub fn reaction(&self, value: &str, nads: &[LabelledNad<'_>]) -> Reaction {
        let untouched = value.is_empty() && !self.has_annotations;
        let hash = hash(value);
        if untouched || self.hash == Some(&hash) {
            return Reaction::Nothing;
        }
        if value.is_empty() {
            return Reaction::Configures { nad: None, removed: self.removable().map(ToOwned::to_owned) };
        }
        // The API server lists by name, and the first is taken.
        let found = nads.iter().filter(|nad| nad.hash == hash).map(|nad| nad.name).min();
        let nad = match found {
            Some(name) => NadAfter::Found { name: name.to_owned() },
            None => match nad_config(value) {
                Ok(config) => NadAfter::Made { config, hash },
                Err(why) => return Reaction::Fails(why),
            },
        };
        let kept = found.map(|name| format!("{}/{name}", super::HARVESTER_SYSTEM));
        let removed = self.removable().filter(|old| kept.as_deref() != Some(old));
        Reaction::Configures { nad: Some(nad), removed: removed.map(ToOwned::to_owned) }
    }

    /// The annotation, where it names an object as the controller reads it.
    fn removable(&self) -> Option<&'a str> {
        self.nad.filter(|nad| nad.split('/').count() == 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUE: &str = r#"{"clusterNetwork":"net","vlan":7,"range":"192.168.1.0/24"}"#;

    fn reaction(value: &str, handled: Handled<'_>, nads: &[(&str, &str)]) -> Reaction {
        let nads: Vec<_> = nads.iter().map(|(name, hash)| LabelledNad { name, hash }).collect();
        handled.reaction(value, &nads)
    }

    #[test]
    fn bytes_that_were_handled_and_a_setting_that_was_never_touched_change_nothing() {
        let handled = hash(VALUE);
        let of = |hash| Handled { has_annotations: true, hash: Some(hash), nad: None };
        assert_eq!(reaction(VALUE, of(&handled), &[]), Reaction::Nothing);
        assert_eq!(reaction("", Handled::default(), &[]), Reaction::Nothing);
        // Any annotation at all, and KubeVirt's network is taken away.
        let annotated = Handled { has_annotations: true, ..Handled::default() };
        assert_eq!(reaction("", annotated, &[]), Reaction::Configures { nad: None, removed: None });
        let spaced = format!("{VALUE} ");
        assert!(matches!(reaction(&spaced, of(&handled), &[]), Reaction::Configures { nad: Some(_), .. }));
    }

    #[test]
    fn a_new_network_takes_the_place_of_the_old_one() {
        let old = Handled { has_annotations: true, hash: Some("0"), nad: Some("harvester-system/b") };
        let hash = hash(VALUE);
        let made = NadAfter::Made { config: nad_config(VALUE).unwrap(), hash: hash.clone() };
        let removed = Some("harvester-system/b".to_owned());
        assert_eq!(
            reaction(VALUE, old, &[("a", "0")]),
            Reaction::Configures { nad: Some(made.clone()), removed: removed.clone() }
        );
        assert_eq!(reaction("", old, &[]), Reaction::Configures { nad: None, removed: removed.clone() });
        // One that has the hash is taken again, the first by name.
        let found = |name: &str| Some(NadAfter::Found { name: name.to_owned() });
        assert_eq!(
            reaction(VALUE, old, &[("c", &hash), ("a", &hash)]),
            Reaction::Configures { nad: found("a"), removed }
        );
        assert_eq!(reaction(VALUE, old, &[("b", &hash)]), Reaction::Configures { nad: found("b"), removed: None });
        let odd = Handled { nad: Some("b"), ..old };
        assert_eq!(reaction(VALUE, odd, &[]), Reaction::Configures { nad: Some(made), removed: None });
    }

    #[test]
    fn a_value_that_harvester_cannot_read_fails() {
        let failed = reaction(" ", Handled::default(), &[]);
        assert_eq!(failed, Reaction::Fails(nad_config(" ").unwrap_err()));
    }
}
