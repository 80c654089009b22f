//! Suites from their files.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ipnet::Ipv4Net;
use serde::Deserialize as _;
use serde_json::Value;

use super::Suite;
use super::at::{At, Source};
use super::case::{Case, Content, Input, Objects, Side, Written, is_guarded};
use super::error::Error;
use super::expectation::{Expectation, rule};
use super::format::{self, Operation};
use crate::admission::{Review, Setting};
use crate::cluster::files::Base;
use crate::escape::Quoted;
use crate::escape::Quoting;
use crate::manifest::strings::{self, Strings};
use crate::manifest::{self, Origin, Position, document, tree};
use crate::setting::facts::{FactKind, ObjectName};
use crate::setting::{RuleSet, cidr};

/// The most that is read of one suite, in bytes: thousands of cases.
const MAX_SUITE: u64 = 16 << 20;
/// The most cases of a suite: each has a record in memory until the reports are written.
const MAX_CASES: usize = 10_000;
/// The most values, lists and objects of a suite: a case has a few dozen.
const MAX_NODES: usize = 500_000;
/// The most that is read of a Setting or a review, in bytes: no API server sends more.
const MAX_REQUEST: u64 = 7 << 20;
/// The longest name of a case, in characters.
const LONGEST_NAME: usize = 200;

/// Reads one suite, its cluster and whatever its cases name.
///
/// # Errors
///
/// The first thing that can't be taken as it stands.
pub fn read(path: &Path) -> Result<Suite, Error> {
    let named: Arc<Path> = path.into();
    let file =
        tree::text_within(path, MAX_SUITE).map_err(|error| Error::new(&named, Position::START, error.to_string()))?;
    let mut options = document::options();
    // A number where a string belongs is a slip: the API server would refuse it too.
    options.no_schema = true;
    if let Some(budget) = &mut options.budget {
        budget.max_nodes = MAX_NODES;
    }
    let written: format::Suite =
        serde_saphyr::from_str_with_options(&file.text, options).map_err(|error| Error::yaml(&named, &error))?;
    let directory = path.parent().unwrap_or(Path::new("")).to_owned();
    let reader = Reader { path: named, directory, file: Arc::new(file), opened: RefCell::default() };
    reader.suite(&written)
}

/// Reads what a suite says, and the files that it names.
pub(super) struct Reader {
    path: Arc<Path>,
    directory: PathBuf,
    file: Arc<manifest::ManifestFile>,
    /// Objects of files that were read already: many cases may name the same.
    opened: RefCell<HashMap<PathBuf, Objects>>,
}

impl Reader {
    pub(super) fn error(&self, position: Position, what: impl Into<String>) -> Error {
        Error::new(&self.path, position, what)
    }

    fn suite(self, written: &format::Suite) -> Result<Suite, Error> {
        let base = self.base(&written.cluster)?;
        let (warn, reserved) = self.policy(written.policy.as_ref())?;
        if written.cases.value.is_empty() {
            return Err(self.error(written.cases.position(), "there are no cases, and a suite without any can't fail"));
        }
        if let Some(case) = written.cases.value.get(MAX_CASES) {
            let what = format!("a suite has at most {MAX_CASES} cases; this is one more: put it into another suite");
            return Err(self.error(case.position(), what));
        }
        let mut names = HashSet::new();
        let mut cases = Vec::with_capacity(written.cases.value.len());
        for case in &written.cases.value {
            if !names.insert(&case.value.name.value) {
                let what = format!("a case named {} stands above already", Quoted(&case.value.name.value));
                return Err(self.error(case.value.name.position(), what));
            }
            cases.push(self.case(case)?);
        }
        Ok(Suite { path: self.path, base, warn, reserved, cases })
    }

    fn base(&self, cluster: &At<Vec<At<Source>>>) -> Result<Base, Error> {
        let (mut paths, mut objects) = (Vec::new(), Vec::new());
        for source in &cluster.value {
            match &source.value {
                Source::Path(path) => paths.push(self.existing(path, source.position())?),
                Source::Object(object, _) => {
                    objects.push((Value::Object(object.clone()), self.origin(source.position())));
                }
            }
        }
        Base::load(&paths, objects).map_err(|error| self.error(cluster.position(), error.to_string()))
    }

    fn policy(&self, policy: Option<&format::Policy>) -> Result<(RuleSet, Option<Vec<Ipv4Net>>), Error> {
        let Some(policy) = policy else { return Ok((RuleSet::default(), None)) };
        let mut warn = RuleSet::default();
        for name in policy.warn_rules.iter().flatten() {
            let rule = rule(name, self)?;
            if !rule.may_warn() {
                return Err(self.error(name.position(), format!("{rule} always refuses")));
            }
            warn.insert(rule);
        }
        let network = |range: &At<String>| {
            let net = cidr::parse_strict(&range.value).ok().filter(|net| net.addr() == net.network());
            let what = || format!("{} is no IPv4 network such as 10.42.0.0/16", Quoted(&range.value));
            net.ok_or_else(|| self.error(range.position(), what()))
        };
        let reserved = policy.reserved_ranges.as_ref();
        Ok((warn, reserved.map(|ranges| ranges.iter().map(network).collect()).transpose()?))
    }

    fn case(&self, written: &At<format::Case>) -> Result<Case, Error> {
        let format::Case { name, with, without, expect, .. } = &written.value;
        let plain = name.value.chars().all(|char| !char.is_control());
        if name.value.trim().is_empty() || name.value.chars().count() > LONGEST_NAME || !plain {
            let what = format!("a name has 1 to {LONGEST_NAME} characters, and no control characters");
            return Err(self.error(name.position(), what));
        }
        let with = with.iter().flatten().map(|source| Ok((source.position(), self.objects(source)?)));
        Ok(Case {
            name: name.value.clone(),
            position: name.position(),
            indent: written.position().column - 1,
            input: self.input(written)?,
            with: with.collect::<Result<_, _>>()?,
            without: without.iter().flatten().map(|object| self.reference(object)).collect::<Result<_, _>>()?,
            expect: expect.as_ref().map(|expect| Expectation::read(expect, self)).transpose()?,
        })
    }

    fn reference(&self, written: &At<format::Reference>) -> Result<(Position, FactKind, Option<ObjectName>), Error> {
        let format::Reference { kind, name, namespace } = &written.value;
        let kind = FactKind::from(*kind);
        if let Some(namespace) = namespace
            && (kind != FactKind::Migrations || name.is_none())
        {
            return Err(
                self.error(namespace.position(), "only a VirtualMachineInstanceMigration with a name has a namespace")
            );
        }
        let namespace = match (kind, namespace) {
            (FactKind::Migrations, None) => "default",
            (_, namespace) => namespace.as_ref().map_or("", |namespace| &namespace.value),
        };
        let name = name.as_ref().map(|name| ObjectName { namespace: namespace.into(), name: name.as_str().into() });
        Ok((written.position(), kind, name))
    }

    fn input(&self, written: &At<format::Case>) -> Result<Input, Error> {
        let format::Case { value, old, setting, old_setting, review, operation, .. } = &written.value;
        let operation_at = operation.as_ref().map(At::position);
        let operation = operation.as_ref().map(|operation| operation.value);
        if let Some(review) = review {
            let other = [
                value.as_ref().map(At::position),
                old.as_ref().map(At::position),
                setting.as_ref().map(At::position),
                old_setting.as_ref().map(At::position),
                operation_at,
            ];
            if let Some(position) = other.into_iter().flatten().next() {
                return Err(self.error(position, "a review says it all: it goes with no other input"));
            }
            return self.review(review);
        }
        let new = self.side(value.as_ref(), setting.as_ref(), "value", "setting")?;
        let old = self.side(old.as_ref(), old_setting.as_ref(), "old", "oldSetting")?;
        if let Some(Side { content: Content::Setting(object), written }) = &old
            && !is_guarded(object)
        {
            return Err(
                self.error(written.start, "the stored object is no Setting vm-migration-network of harvesterhci.io")
            );
        }
        match (operation, &old, &new) {
            (Some(Operation::Delete), _, Some(_)) => Err(self.error(
                operation_at.unwrap_or(written.position()),
                "a DELETE submits nothing: leave value and setting out",
            )),
            (Some(Operation::Create), Some(_), _) => Err(self.error(
                operation_at.unwrap_or(written.position()),
                "a CREATE finds nothing stored: leave old and oldSetting out",
            )),
            (None | Some(Operation::Create | Operation::Update), _, None) => Err(self.error(
                written.position(),
                "nothing is submitted: give value, setting or review, or say operation: DELETE",
            )),
            _ => Ok(Input::Change { operation, old, new }),
        }
    }

    fn side(
        &self,
        value: Option<&At<String>>,
        setting: Option<&At<Source>>,
        value_key: &str,
        setting_key: &str,
    ) -> Result<Option<Side>, Error> {
        match (value, setting) {
            (None, None) => Ok(None),
            (Some(_), Some(setting)) => Err(self.error(
                setting.position(),
                format!("{value_key} and {setting_key} are two ways to say the same; keep one"),
            )),
            (Some(value), None) => {
                let strings = Strings { value: Some(value.scalar.clone()), ..Strings::default() };
                let written = Written { file: Arc::clone(&self.file), strings, start: value.position() };
                Ok(Some(Side { content: Content::Value(value.value.clone()), written }))
            }
            (None, Some(setting)) => self.setting(setting).map(Some),
        }
    }

    fn setting(&self, written: &At<Source>) -> Result<Side, Error> {
        let (object, written_at) = match &written.value {
            Source::Object(object, strings) => {
                let file = Arc::clone(&self.file);
                let written = Written { file, strings: strings.clone(), start: written.position() };
                (Value::Object(object.clone()), written)
            }
            Source::Path(path) => {
                let (file, mut documents) = self.documents(path, written.position())?;
                let (Some((line, object)), true) = (documents.pop(), documents.is_empty()) else {
                    return Err(self.error(
                        written.position(),
                        format!("{} must hold one Setting and nothing else", Quoted(path)),
                    ));
                };
                let strings = strings::find(&file).into_iter().next().unwrap_or_default();
                (object, Written { file: Arc::new(file), strings, start: Position { line, column: 1 } })
            }
        };
        if let Err(error) = Setting::deserialize(&object) {
            let what = format!("is no Setting that can be read: {}", Quoting(&error.to_string()));
            return Err(self.error(written.position(), what));
        }
        Ok(Side { content: Content::Setting(object), written: written_at })
    }

    fn review(&self, path: &At<String>) -> Result<Input, Error> {
        let (file, mut documents) = self.documents(&path.value, path.position())?;
        let (Some((line, document)), true) = (documents.pop(), documents.is_empty()) else {
            let what = format!("{} must hold one AdmissionReview and nothing else", Quoted(&path.value));
            return Err(self.error(path.position(), what));
        };
        // A JSON file is judged by its own bytes: what a reader makes of them may be something else.
        let json = if serde_json::from_str::<serde::de::IgnoredAny>(&file.text).is_ok() {
            file.text.clone().into_bytes()
        } else {
            document.to_string().into_bytes()
        };
        if let Err(why) = Review::read(&json) {
            return Err(self.error(path.position(), format!("{} is {why}", Quoted(&path.value))));
        }
        let strings =
            strings::find(&file).into_iter().next().and_then(|it| it.object).map(|it| *it).unwrap_or_default();
        Ok(Input::Review {
            json,
            written: Written { file: Arc::new(file), strings, start: Position { line, column: 1 } },
        })
    }

    /// The objects that a case adds.
    fn objects(&self, source: &At<Source>) -> Result<Objects, Error> {
        let path = match &source.value {
            Source::Object(object, _) => {
                return Ok([(Value::Object(object.clone()), self.origin(source.position()))].into());
            }
            Source::Path(path) => self.existing(path, source.position())?,
        };
        if let Some(opened) = self.opened.borrow().get(&path) {
            return Ok(Arc::clone(opened));
        }
        let failed = |error: manifest::Error| self.error(source.position(), error.to_string());
        let mut objects = Vec::new();
        for file in tree::read(std::slice::from_ref(&path)).map_err(failed)? {
            for (line, document) in document::parse(&file).map_err(failed)? {
                objects.push((document, Origin { path: Arc::clone(&file.path), line, item: None }));
            }
        }
        if objects.is_empty() {
            let what = format!("{} holds no object, so it changes nothing", crate::escape::QuotedPath(&path));
            return Err(self.error(source.position(), what));
        }
        let objects: Objects = objects.into();
        self.opened.borrow_mut().insert(path, Arc::clone(&objects));
        Ok(objects)
    }

    fn documents(
        &self,
        path: &str,
        position: Position,
    ) -> Result<(manifest::ManifestFile, Vec<(usize, Value)>), Error> {
        let failed = |error: manifest::Error| self.error(position, error.to_string());
        let file = tree::text_within(&self.existing(path, position)?, MAX_REQUEST).map_err(failed)?;
        let documents = document::parse(&file).map_err(failed)?;
        Ok((file, documents))
    }

    /// A path that names a file or directory. A pipe would be waited for.
    fn existing(&self, path: &str, position: Position) -> Result<PathBuf, Error> {
        let joined = self.directory.join(path);
        match fs::metadata(&joined) {
            Ok(metadata) if metadata.is_file() || metadata.is_dir() => Ok(joined),
            Ok(_) => Err(self.error(position, format!("{} is neither a file nor a directory", Quoted(path)))),
            Err(error) => {
                Err(self.error(position, format!("{} can't be read: {error}", crate::escape::QuotedPath(&joined))))
            }
        }
    }

    fn origin(&self, position: Position) -> Origin {
        Origin { path: Arc::clone(&self.path), line: position.line, item: None }
    }
}
