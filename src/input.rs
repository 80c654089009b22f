//! What users hand the command line, as the requests that the API server would send.
//!
//! A file may hold `AdmissionReview`s, bare `AdmissionRequest`s, and manifests of the Setting, alone, in
//! several documents or in Lists, among whatever else a repository holds. Each becomes the body of a review,
//! so that one code judges them all: the server's.

use serde::Deserialize as _;
use serde_json::Value;

use crate::admission::setting::Text as Submitted;
use crate::manifest::{Error, ManifestFile, Origin};

mod contents;
mod ignored;
mod request;

pub use contents::{Contents, DocumentPath, InputObject, What};
pub use ignored::Ignored;

/// One request to judge.
#[derive(Clone, Debug)]
pub struct Input {
    /// Where it was read, for people.
    pub origin: Origin,
    /// Where it stands in its file, for tools.
    pub place: DocumentPath,
    /// What it was.
    pub form: Form,
    /// The `AdmissionReview`, in JSON: of a review in JSON the very bytes.
    pub body: Vec<u8>,
}

/// What a user wrote.
#[derive(Clone, Debug)]
pub enum Form {
    /// An `AdmissionReview`.
    Review,
    /// An `AdmissionRequest` alone.
    Request,
    /// The Setting as it is to be.
    Manifest {
        /// The object.
        setting: Value,
        /// Where its old side is from; `None` makes it a CREATE.
        old: Option<OldSide>,
    },
}

/// Where the old side of a manifest is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OldSide {
    /// A file named for the purpose.
    File,
    /// The files of the cluster that is judged by.
    Cluster,
    /// The live cluster that is judged by.
    Live,
}

/// The Setting that manifests are an update of.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The object.
    pub setting: Value,
    /// Where it is from.
    pub from: OldSide,
}

/// Makes requests out of files.
#[derive(Debug, Default)]
pub struct Reader {
    stored: Option<Stored>,
    networks: Vec<(Value, Origin)>,
    /// How many requests were made that came without a uid.
    unnamed: usize,
}

impl Reader {
    /// A reader of manifests that are updates of this object, or creates where there is none.
    #[must_use]
    pub const fn new(stored: Option<Stored>) -> Self {
        Self { stored, networks: Vec::new(), unnamed: 0 }
    }

    /// The requests in a file, in order, and what else it holds.
    ///
    /// # Errors
    ///
    /// If the file is neither YAML nor JSON.
    pub fn read(&mut self, file: &ManifestFile) -> Result<(Vec<Input>, Ignored), Error> {
        let Contents { objects, ignored, networks } = Contents::of(file)?;
        self.networks.extend(networks);
        let inputs = objects.into_iter().map(|object| self.input(object)).collect();
        Ok((inputs, ignored))
    }

    /// The Settings, among all that was read, whose networks the guarded one is compared with.
    #[must_use]
    pub fn networks(&self) -> &[(Value, Origin)] {
        &self.networks
    }

    fn input(&mut self, object: InputObject) -> Input {
        let InputObject { origin, place, what } = object;
        let (form, body) = match what {
            What::Review(body) => (Form::Review, body),
            What::Request { request, has_uid } => {
                let uid = (!has_uid).then(|| self.uid());
                (Form::Request, request::around(&request, uid.as_deref()))
            }
            What::Manifest(setting) => {
                let old = self.stored.as_ref().map(|stored| stored.from);
                let uid = self.uid();
                let body = request::of(&setting, self.stored.as_ref().map(|stored| &stored.setting), &uid);
                (Form::Manifest { setting, old }, body)
            }
        };
        Input { origin, place, form, body }
    }

    /// A uid for a request that came without one: the same in each run.
    fn uid(&mut self) -> String {
        self.unnamed += 1;
        format!("00000000-0000-4000-8000-{:012}", self.unnamed)
    }
}

/// A string as the decision takes it.
#[must_use]
pub fn submitted(string: &Value) -> Submitted<'_> {
    Submitted::deserialize(string).unwrap_or_default()
}

#[cfg(test)]
mod tests;
