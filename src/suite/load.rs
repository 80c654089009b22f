//! Loads suites from files.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize as _;
use serde_json::Value;

use super::error::Error;
use super::input::{CaseInput, SharedObjects, Side, SideContent, WrittenObject, is_guarded};
use super::spanned::{ObjectSource, Spanned};
use super::spec::{CaseOperation, CaseSpec, Reference, SuiteSpec};
use super::{Case, Suite};
use crate::admission::{Review, Setting};
use crate::cluster::files::{self, Loaded};
use crate::escape::{Quoted, QuotedPath, Quoting};
use crate::manifest::fields::Strings;
use crate::manifest::{self, ManifestFile, Origin, Position, document, tree};
use crate::setting::facts::{FactKind, ObjectName};

/// The most that is read of one suite, in bytes: thousands of cases.
const MAX_SUITE: u64 = 16 << 20;
/// The most cases of a suite: each has a record in memory until the reports are written.
const MAX_CASES: usize = 10_000;
/// The most values, lists and objects of a suite: a case has a few dozen.
const MAX_NODES: usize = 500_000;
/// The most that is read of a Setting or a review, in bytes: no API server sends more.
const MAX_REQUEST: u64 = 7 << 20;

/// Reads one suite, its cluster and whatever its cases name.
pub fn load(path: &Path) -> Result<Suite, Error> {
    let named: Arc<Path> = path.into();
    let file = ManifestFile::read_within(path, MAX_SUITE)
        .map_err(|error| Error::new(&named, Position::START, error.to_string()))?;
    let mut options = document::options();
    // A number where a string belongs is a slip: the API server would refuse it too.
    options.no_schema = true;
    if let Some(budget) = &mut options.budget {
        budget.max_nodes = MAX_NODES;
    }
    let spec: SuiteSpec =
        serde_saphyr::from_str_with_options(&file.text, options).map_err(|error| Error::yaml(&named, &error))?;
    let directory = path.parent().unwrap_or(Path::new("")).to_owned();
    Loader { path: named, directory, file: Arc::new(file), opened: RefCell::default() }.suite(spec)
}

struct Loader {
    path: Arc<Path>,
    directory: PathBuf,
    file: Arc<ManifestFile>,
    /// Objects of files that were read already: many cases may name the same.
    opened: RefCell<HashMap<PathBuf, SharedObjects>>,
}

impl Loader {
    fn error(&self, position: Position, what: impl Into<String>) -> Error {
        Error::new(&self.path, position, what)
    }

    fn suite(self, SuiteSpec { cluster, policy, cases }: SuiteSpec) -> Result<Suite, Error> {
        let cluster = self.cluster(&cluster)?;
        if cases.value.is_empty() {
            return Err(self.error(cases.position(), "there are no cases, and a suite without any can't fail"));
        }
        if let Some(case) = cases.value.get(MAX_CASES) {
            let what = format!("a suite has at most {MAX_CASES} cases; this is one more: put it into another suite");
            return Err(self.error(case.position(), what));
        }
        let mut names = HashSet::new();
        for Spanned { value: CaseSpec { name, .. }, .. } in &cases.value {
            if !names.insert(&name.value) {
                let what = format!("a case named {} stands above already", Quoted(&name.value));
                return Err(self.error(name.position(), what));
            }
        }
        let cases = cases.value.into_iter().map(|case| self.case(case)).collect::<Result<_, _>>()?;
        Ok(Suite { path: self.path, cluster, policy: policy.unwrap_or_default(), cases })
    }

    fn cluster(&self, cluster: &Spanned<Vec<Spanned<ObjectSource>>>) -> Result<Loaded, Error> {
        let (mut paths, mut objects) = (Vec::new(), Vec::new());
        for source in &cluster.value {
            match &source.value {
                ObjectSource::Path(path) => paths.push(self.existing(path, source.position())?),
                ObjectSource::Object(object, _) => {
                    objects.push((object.clone(), self.origin(source.position())));
                }
            }
        }
        files::load_with(&paths, objects).map_err(|error| self.error(cluster.position(), error.to_string()))
    }

    fn case(&self, spec: Spanned<CaseSpec>) -> Result<Case, Error> {
        let input = self.input(&spec)?;
        let CaseSpec { with, without, .. } = &spec.value;
        let with = with.iter().flatten().map(|source| Ok((source.position(), self.objects(source)?)));
        let with = with.collect::<Result<_, Error>>()?;
        let without = without.iter().flatten().map(|object| self.reference(object)).collect::<Result<_, _>>()?;
        Ok(Case { spec, input, with, without })
    }

    fn reference(&self, written: &Spanned<Reference>) -> Result<(Position, FactKind, Option<ObjectName>), Error> {
        let Reference { kind, name, namespace } = &written.value;
        let kind = *kind;
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

    fn input(&self, written: &Spanned<CaseSpec>) -> Result<CaseInput, Error> {
        let CaseSpec { value, old, setting, old_setting, review, operation, .. } = &written.value;
        let at = operation.as_ref().map_or(written.position(), Spanned::position);
        if let Some(review) = review {
            let texts = [value, old].into_iter().flatten().map(Spanned::position);
            let objects = [setting, old_setting].into_iter().flatten().map(Spanned::position);
            return match texts.chain(objects).chain(operation.as_ref().map(Spanned::position)).next() {
                Some(position) => Err(self.error(position, "a review says it all: it goes with no other input")),
                None => self.review(review),
            };
        }
        let operation = operation.as_ref().map(|operation| operation.value);
        let new = self.side(value.as_ref(), setting.as_ref(), "value", "setting")?;
        let old = self.side(old.as_ref(), old_setting.as_ref(), "old", "oldSetting")?;
        if let Some(Side { content: SideContent::Setting(object), written }) = &old
            && !is_guarded(object)
        {
            return Err(
                self.error(written.start, "the stored object is no Setting vm-migration-network of harvesterhci.io")
            );
        }
        match (operation, &old, &new) {
            (Some(CaseOperation::Delete), _, Some(_)) => {
                Err(self.error(at, "a DELETE submits nothing: leave value and setting out"))
            }
            (Some(CaseOperation::Create), Some(_), _) => {
                Err(self.error(at, "a CREATE finds nothing stored: leave old and oldSetting out"))
            }
            (None | Some(CaseOperation::Create | CaseOperation::Update), _, None) => Err(self.error(
                written.position(),
                "nothing is submitted: give value, setting or review, or say operation: DELETE",
            )),
            _ => Ok(CaseInput::Change { operation, old, new }),
        }
    }

    fn side(
        &self,
        value: Option<&Spanned<String>>,
        setting: Option<&Spanned<ObjectSource>>,
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
                let written = self.written(strings, value.position());
                Ok(Some(Side { content: SideContent::Value(value.value.clone()), written }))
            }
            (None, Some(setting)) => self.setting(setting).map(Some),
        }
    }

    fn setting(&self, written: &Spanned<ObjectSource>) -> Result<Side, Error> {
        let (object, written_at) = match &written.value {
            ObjectSource::Object(object, strings) => {
                (object.clone(), self.written(strings.clone(), written.position()))
            }
            ObjectSource::Path(path) => {
                let (file, line, object) = self.only(path, written.position(), "Setting")?;
                (object, WrittenObject::of_file(file, "", line))
            }
        };
        if let Err(error) = Setting::deserialize(&object) {
            let what = format!("is no Setting that can be read: {}", Quoting(&error.to_string()));
            return Err(self.error(written.position(), what));
        }
        Ok(Side { content: SideContent::Setting(object), written: written_at })
    }

    fn review(&self, path: &Spanned<String>) -> Result<CaseInput, Error> {
        let (file, line, document) = self.only(&path.value, path.position(), "AdmissionReview")?;
        // A JSON file is judged by its own bytes: what a reader makes of them may be something else.
        let json = if serde_json::from_str::<serde::de::IgnoredAny>(&file.text).is_ok() {
            file.text.clone().into_bytes()
        } else {
            document.to_string().into_bytes()
        };
        if let Err(why) = Review::read(&json) {
            return Err(self.error(path.position(), format!("{} is {why}", Quoted(&path.value))));
        }
        Ok(CaseInput::Review { json, written: WrittenObject::of_file(file, "/request/object", line) })
    }

    fn objects(&self, source: &Spanned<ObjectSource>) -> Result<SharedObjects, Error> {
        let path = match &source.value {
            ObjectSource::Object(object, _) => {
                return Ok([(object.clone(), self.origin(source.position()))].into());
            }
            ObjectSource::Path(path) => self.existing(path, source.position())?,
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
            let what = format!("{} holds no object, so it changes nothing", QuotedPath(&path));
            return Err(self.error(source.position(), what));
        }
        let objects: SharedObjects = objects.into();
        self.opened.borrow_mut().insert(path, Arc::clone(&objects));
        Ok(objects)
    }

    /// The one document of a file, and its line.
    fn only(&self, path: &str, position: Position, what: &str) -> Result<(ManifestFile, usize, Value), Error> {
        let failed = |error: manifest::Error| self.error(position, error.to_string());
        let file = ManifestFile::read_within(&self.existing(path, position)?, MAX_REQUEST).map_err(failed)?;
        let mut documents = document::parse(&file).map_err(failed)?;
        match (documents.pop(), documents.is_empty()) {
            (Some((line, document)), true) => Ok((file, line, document)),
            _ => Err(self.error(position, format!("{} must hold one {what} and nothing else", Quoted(path)))),
        }
    }

    /// A path that names a file or directory. A pipe would be waited for.
    fn existing(&self, path: &str, position: Position) -> Result<PathBuf, Error> {
        let joined = self.directory.join(path);
        match fs::metadata(&joined) {
            Ok(metadata) if metadata.is_file() || metadata.is_dir() => Ok(joined),
            Ok(_) => Err(self.error(position, format!("{} is neither a file nor a directory", Quoted(path)))),
            Err(error) => Err(self.error(position, format!("{} can't be read: {error}", QuotedPath(&joined)))),
        }
    }

    /// What stands in the suite itself.
    fn written(&self, strings: Strings, start: Position) -> WrittenObject {
        WrittenObject { file: Arc::clone(&self.file), strings, start }
    }

    fn origin(&self, position: Position) -> Origin {
        Origin { path: Arc::clone(&self.path), line: position.line, item: None }
    }
}
