//! The folders are the architecture: who may name whom, and how large a file grows.

#![expect(clippy::unwrap_used, reason = "a test asserts by panicking, in its helpers too")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, UseTree};

/// The rooms of the crate, ground floor first. Each stands only on those below its own floor.
const FLOORS: &[&[&str]] = &[
    &["escape", "reload", "x509"],
    &["setting"],
    &["api_call", "harvester", "manifest", "pool"],
    &["admission", "cluster"],
    &["input", "registration", "report", "server"],
    &["ca", "suite"],
    &["status"],
    &["observe", "plan"],
    &["page"],
    &["cli"],
];

/// The rooms that do no I/O, so that a verdict depends on nothing but its input.
const PURE: [&str; 8] = ["escape", "setting", "harvester", "pool", "admission", "status", "plan", "page"];

/// What the pure rooms may name of the packages that the crate depends on.
const PURE_PACKAGES: [&str; 8] =
    ["data_encoding", "ipnet", "jiff", "schemars", "serde", "serde_json", "sha1", "strsim"];

/// What the pure rooms may name of the standard library.
const PURE_STD: [&str; 16] = [
    "borrow",
    "cmp",
    "collections",
    "error",
    "fmt",
    "iter",
    "marker",
    "mem",
    "net",
    "ops",
    "path",
    "slice",
    "str",
    "string",
    "sync",
    "time",
];

/// What in those modules reaches out: sockets and clocks.
const IMPURE: [&str; 7] = ["TcpStream", "TcpListener", "UdpSocket", "ToSocketAddrs", "Instant", "SystemTime", "now"];

/// Names that more than one type may have: each room's error, and clap's arguments.
const SHARED_NAMES: [&str; 2] = ["Error", "Args"];

const LONGEST_FILE: usize = 400;
const MEDIAN_FILE: usize = 120;

/// A module's path from the crate's root.
type Module = Vec<String>;

/// A file of the product: without tests, fakes and the items that are compiled for tests alone.
struct Source {
    /// Under `src`.
    path: PathBuf,
    module: Module,
    lines: usize,
    /// Paths in the code, from the crate's root where they are known to begin there; else as written.
    paths: BTreeSet<Module>,
    /// What it gives another name or home: `pub use`.
    reexports: BTreeMap<String, Module>,
    types: Vec<String>,
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|it| it.path().is_ident("cfg") && it.parse_args::<syn::Ident>().is_ok_and(|it| it == "test"))
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(it) => &it.attrs,
        Item::Enum(it) => &it.attrs,
        Item::Fn(it) => &it.attrs,
        Item::Impl(it) => &it.attrs,
        Item::Macro(it) => &it.attrs,
        Item::Mod(it) => &it.attrs,
        Item::Static(it) => &it.attrs,
        Item::Struct(it) => &it.attrs,
        Item::Trait(it) => &it.attrs,
        Item::Type(it) => &it.attrs,
        Item::Use(it) => &it.attrs,
        _ => &[],
    }
}

/// Reads one file's items.
struct Reader {
    module: Module,
    paths: BTreeSet<Module>,
    reexports: BTreeMap<String, Module>,
    types: Vec<String>,
    /// Modules that are compiled for tests alone, by name.
    for_tests: Vec<String>,
}

impl Reader {
    /// The path from the crate's root, for one that begins with `crate`, `self` or `super`.
    fn absolute(&self, path: &[String]) -> Module {
        let mut absolute = match path[0].as_str() {
            "crate" => Module::new(),
            "self" | "super" => self.module.clone(),
            _ => return path.to_vec(),
        };
        for segment in path {
            match segment.as_str() {
                "crate" | "self" => {}
                "super" => drop(absolute.pop()),
                _ => absolute.push(segment.clone()),
            }
        }
        absolute.insert(0, "crate".to_owned());
        absolute
    }

    fn note(&mut self, path: &[String]) {
        let path = self.absolute(path);
        self.paths.insert(path);
    }

    fn note_use(&mut self, tree: &UseTree, mut path: Module, exported: bool) {
        match tree {
            UseTree::Path(it) => {
                path.push(it.ident.to_string());
                self.note_use(&it.tree, path, exported);
            }
            UseTree::Group(it) => it.items.iter().for_each(|tree| self.note_use(tree, path.clone(), exported)),
            UseTree::Glob(_) => self.note(&path),
            UseTree::Name(_) | UseTree::Rename(_) => {
                let (name, alias) = match tree {
                    UseTree::Rename(it) => (it.ident.to_string(), it.rename.to_string()),
                    UseTree::Name(it) => (it.ident.to_string(), it.ident.to_string()),
                    _ => return,
                };
                path.push(name);
                self.note(&path);
                if exported {
                    // `pub use child::Name` begins at the module itself.
                    let first = path[0].as_str();
                    if !matches!(first, "crate" | "self" | "super") {
                        path.insert(0, "self".to_owned());
                    }
                    self.reexports.insert(alias, self.absolute(&path));
                }
            }
        }
    }

    /// The paths in a macro's tokens.
    fn note_tokens(&mut self, tokens: TokenStream) {
        let (mut path, mut colons) = (Module::new(), 0);
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        path.clear();
                    }
                    path.push(ident.to_string());
                    if path.len() > 1 {
                        self.note(&path.clone());
                    }
                    colons = 0;
                    continue;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => {
                    colons += 1;
                    continue;
                }
                TokenTree::Group(group) => self.note_tokens(group.stream()),
                _ => {}
            }
            path.clear();
            colons = 0;
        }
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Item) {
        let types = match item {
            Item::Struct(it) => Some(&it.ident),
            Item::Enum(it) => Some(&it.ident),
            Item::Trait(it) => Some(&it.ident),
            Item::Type(it) => Some(&it.ident),
            _ => None,
        };
        if is_for_tests(attributes(item)) {
            if let Item::Mod(module) = item {
                self.for_tests.push(module.ident.to_string());
            }
            return;
        }
        self.types.extend(types.map(ToString::to_string));
        visit::visit_item(self, item);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.note_use(&item.tree, Module::new(), !matches!(item.vis, syn::Visibility::Inherited));
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            let path: Module = path.segments.iter().map(|it| it.ident.to_string()).collect();
            self.note(&path);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        self.note_tokens(mac.tokens.clone());
    }
}

fn read(path: &Path, text: &str) -> (Source, Vec<String>) {
    let mut module: Module = path.with_extension("").iter().map(|it| it.to_str().unwrap().to_owned()).collect();
    if matches!(module[0].as_str(), "lib" | "main") {
        module.clear();
    }
    let mut reader =
        Reader { module, paths: BTreeSet::new(), reexports: BTreeMap::new(), types: Vec::new(), for_tests: Vec::new() };
    reader.visit_file(&syn::parse_file(text).unwrap());
    let Reader { module, paths, reexports, types, for_tests } = reader;
    let lines = text.split("#[cfg(test)]\nmod tests {").next().unwrap().lines().count();
    (Source { path: path.to_owned(), module, lines, paths, reexports, types }, for_tests)
}

/// The files under `src`, without those that are compiled for tests alone.
static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(sources);

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut found, mut for_tests) = (Vec::new(), BTreeSet::new());
    let mut open = vec![root.clone()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            if path.extension().is_none_or(|it| it != "rs") {
                continue;
            }
            let (source, names) = read(path.strip_prefix(&root).unwrap(), &fs::read_to_string(&path).unwrap());
            for_tests.extend(names.into_iter().map(|name| [source.module.as_slice(), &[name]].concat()));
            found.push(source);
        }
    }
    found.retain(|source| !for_tests.iter().any(|module| source.module.starts_with(module)));
    found.sort_by(|one, other| one.path.cmp(&other.path));
    assert!(found.len() > 50, "{} files", found.len());
    found
}

/// The module in whose file the thing at this path is defined, as far as `pub use` tells.
fn home(path: &[String], modules: &BTreeMap<&[String], &Source>) -> Option<Module> {
    let mut path = path.strip_prefix(&["crate".to_owned()])?.to_vec();
    for _ in 0..8 {
        let length = (1..=path.len()).rev().find(|length| modules.contains_key(&path[..*length]))?;
        let (module, rest) = path.split_at(length);
        match rest.first().and_then(|name| modules[module].reexports.get(name)) {
            Some(target) if target[0] == "crate" => path = [&target[1..], &rest[1..]].concat(),
            _ => return Some(module.to_vec()),
        }
    }
    None
}

/// From each file to the files that it names, by their modules. A module and those inside it are one.
fn arrows() -> BTreeMap<&'static [String], BTreeSet<Module>> {
    let modules: BTreeMap<&[String], &'static Source> =
        SOURCES.iter().filter(|it| !it.module.is_empty()).map(|it| (it.module.as_slice(), it)).collect();
    let mut arrows: BTreeMap<&'static [String], BTreeSet<Module>> = BTreeMap::new();
    for source in modules.values() {
        let homes = source.paths.iter().filter_map(|path| home(path, &modules));
        let homes = homes.filter(|it| !it.starts_with(&source.module) && !source.module.starts_with(it));
        arrows.insert(&source.module, homes.collect());
    }
    arrows
}

/// The packages that the crate depends on, as code names them; those for tests alone are no business of the architecture.
fn packages() -> BTreeSet<String> {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    let (_, dependencies) = manifest.split_once("[dependencies]\n").unwrap();
    let dependencies = dependencies.split("\n[").next().unwrap();
    let names = dependencies.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(" = "));
    let names: BTreeSet<_> = names.map(|(name, _)| name.replace('-', "_")).collect();
    assert!(["tokio", "axum", "rustls", "kube", "serde"].iter().all(|name| names.contains(*name)), "{names:?}");
    names
}

#[test]
fn every_arrow_points_downwards() {
    let floor = |room: &str| FLOORS.iter().position(|floor| floor.contains(&room));
    let mut wrong = Vec::new();
    for (module, named) in arrows() {
        let own = module[0].as_str();
        let Some(ours) = floor(own) else {
            wrong.push(format!("{own} stands on no floor"));
            continue;
        };
        for home in named {
            if home[0] != own && floor(&home[0]).is_none_or(|theirs| theirs >= ours) {
                wrong.push(format!("{} names {}", module.join("/"), home.join("/")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_files_go_in_circles() {
    let mut arrows = arrows();
    // Who names nobody who is left is in no circle; what remains is circles and those who lead to them.
    loop {
        let left: BTreeSet<Module> = arrows.keys().map(|it| it.to_vec()).collect();
        let named: BTreeSet<Module> = arrows.values().flatten().cloned().collect();
        arrows.retain(|module, homes| {
            homes.retain(|home| left.contains(home));
            !homes.is_empty() && named.contains(*module)
        });
        if arrows.len() == left.len() {
            break;
        }
    }
    let circles: Vec<_> = arrows
        .iter()
        .map(|(module, homes)| {
            let homes: Vec<_> = homes.iter().map(|home| home.join("/")).collect();
            format!("{} names {}", module.join("/"), homes.join(", "))
        })
        .collect();
    assert!(circles.is_empty(), "{}", circles.join("\n"));
}

#[test]
fn no_two_types_have_one_name() {
    let is_shared = |name: &str| SHARED_NAMES.contains(&name);
    let mut homes: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for source in &*SOURCES {
        for name in source.types.iter().filter(|name| !is_shared(name)) {
            homes.entry(name).or_default().push(source.path.display().to_string());
        }
    }
    homes.retain(|_, files| files.len() > 1);
    let twice: Vec<_> = homes.iter().map(|(name, files)| format!("{name}: {}", files.join(", "))).collect();
    assert!(twice.is_empty(), "{}", twice.join("\n"));
}

#[test]
fn what_is_pure_names_nothing_that_could_do_io() {
    let packages = packages();
    let mut wrong = Vec::new();
    for source in SOURCES.iter().filter(|it| it.module.first().is_some_and(|room| PURE.contains(&room.as_str()))) {
        for path in &source.paths {
            let (root, rest) = path.split_first().unwrap();
            let pure = match root.as_str() {
                "std" | "core" | "alloc" => rest.first().is_none_or(|name| PURE_STD.contains(&name.as_str())),
                root => PURE_PACKAGES.contains(&root) || !packages.contains(root),
            };
            if !pure || path.iter().any(|name| IMPURE.contains(&name.as_str())) {
                wrong.push(format!("{} names {}", source.path.display(), path.join("::")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_stay_small() {
    let long = SOURCES.iter().filter(|source| source.lines > LONGEST_FILE);
    let long: Vec<_> = long.map(|source| format!("{}: {} lines", source.path.display(), source.lines)).collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
    let mut lengths: Vec<_> = SOURCES.iter().map(|source| source.lines).collect();
    lengths.sort_unstable();
    assert!(lengths[lengths.len() / 2] < MEDIAN_FILE, "{lengths:?}");
}

#[test]
fn the_reader_of_the_code_sees_what_it_looks_for() {
    let (source, for_tests) = read(
        Path::new("setting/rules/value.rs"),
        "use super::super::cidr::{self, Net as N};
         pub use range::Range;
         struct A; enum B {} type C = crate::cli::Exit;
         #[cfg(test)] mod tests; #[cfg(test)] struct Fake(std::fs::File);
         fn f() -> std::io::Result<()> { format!(\"{}\", super::other::X); a.b::<kube::Api>(); struct D; }",
    );
    let seen: Vec<_> = source.paths.iter().map(|path| path.join("::")).collect();
    let expected = [
        "crate::cli::Exit",
        "crate::setting::cidr",
        "crate::setting::cidr::Net",
        "crate::setting::rules::other",
        "crate::setting::rules::other::X",
        "kube::Api",
        "range::Range",
        "std::io::Result",
    ];
    assert_eq!(seen, expected);
    assert_eq!(source.reexports["Range"].join("::"), "crate::setting::rules::value::range::Range");
    assert_eq!((source.types, for_tests), (["A", "B", "C", "D"].map(str::to_owned).into(), vec!["tests".to_owned()]));
}
