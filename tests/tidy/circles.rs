//! Circles of modules: none may be wider than a module and its own parent or child.
//!
//! What stands in a circle can be neither understood nor moved without all the rest of it. A module
//! is a file; those for tests are left out. Circles are looked for among files, and among modules
//! of one parent, each with all that lies below it.

use std::collections::{BTreeMap, BTreeSet};

use crate::paths::{paths, without_tests};
use crate::tree::{SourceFile, assert_none, checkout};

/// A module: its names below the root of its crate.
type Module = Vec<String>;
/// Which module leans on which, with the names of files that say so.
type Graph = BTreeMap<(Module, Module), BTreeSet<String>>;

/// The modules of one crate, with the code of each.
struct Crate<'a> {
    /// The folder of its sources, with a final `/`.
    root: &'a str,
    code: BTreeMap<Module, String>,
}

/// The crates of the workspace: each folder of sources that holds a root.
fn crates(files: &[SourceFile]) -> Vec<Crate<'_>> {
    let roots = files.iter().filter_map(|file| {
        let folder = file.path.strip_suffix("lib.rs").or(file.path.strip_suffix("main.rs"))?;
        (folder == "src/" || folder.ends_with("/src/")).then_some(folder)
    });
    roots.map(|root| Crate::read(root, files)).collect()
}

/// The module that a file is, by its path below the root.
fn module_of(path: &str) -> Option<Module> {
    let stem = path.strip_suffix(".rs")?;
    let name = if ["lib", "main"].contains(&stem) { "" } else { stem };
    let name = name.strip_suffix("/mod").unwrap_or(name);
    Some(name.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect())
}

/// How many names two modules have in common, from the root on.
fn shared(one: &Module, other: &Module) -> usize {
    one.iter().zip(other).take_while(|(one, other)| one == other).count()
}

fn is_parent(one: &Module, other: &Module) -> bool {
    other.split_last().is_some_and(|(_, above)| above == one.as_slice())
}

impl<'a> Crate<'a> {
    fn read(root: &'a str, files: &[SourceFile]) -> Self {
        let (mut code, mut for_tests) = (BTreeMap::new(), BTreeSet::new());
        for file in files.iter().filter(|file| file.is_rust()) {
            let Some(module) = file.path.strip_prefix(root).and_then(module_of) else { continue };
            let (text, named) = without_tests(&file.text());
            let below = |name| module.iter().cloned().chain([name]).collect::<Module>();
            for_tests.extend(named.into_iter().map(below));
            code.insert(module, text);
        }
        let is_of_tests =
            |module: &Module| (1..=module.len()).any(|end| for_tests.contains(&module[..end]));
        code.retain(|module, _| !is_of_tests(module));
        Self { root, code }
    }

    /// Each module with each other one that it names.
    fn edges(&self) -> BTreeSet<(&Module, &Module)> {
        let mut edges = BTreeSet::new();
        for (module, code) in &self.code {
            let others = paths(code).into_iter().filter_map(|path| self.resolve(module, &path));
            edges.extend(others.filter(|other| *other != module).map(|other| (module, other)));
        }
        edges
    }

    /// The module that a path leads to, or in which its end is defined or named.
    fn resolve(&self, from: &Module, path: &[&str]) -> Option<&Module> {
        let mut found = if path.first() == Some(&"crate") { Module::new() } else { from.clone() };
        for name in path {
            match *name {
                "crate" | "self" => {}
                "super" => drop(found.pop()),
                _ => found.push((*name).to_owned()),
            }
        }
        let known = |end: usize| self.code.get_key_value(&found[..end]).map(|(module, _)| module);
        (0..=found.len()).rev().find_map(known)
    }

    /// Files that lean on files; on their own parents and children they may.
    fn of_files(&self) -> Graph {
        let mut graph = Graph::new();
        for (from, to) in self.edges() {
            if !is_parent(from, to) && !is_parent(to, from) {
                graph.entry((from.clone(), to.clone())).or_default().insert(self.told(from, to));
            }
        }
        graph
    }

    /// Modules of one parent that lean on each other, each with all that lies below it.
    fn of_siblings(&self) -> Graph {
        let mut graph = Graph::new();
        for (from, to) in self.edges() {
            let shared = shared(from, to);
            if shared < from.len().min(to.len()) {
                let pair = (from[..=shared].to_vec(), to[..=shared].to_vec());
                graph.entry(pair).or_default().insert(self.told(from, to));
            }
        }
        graph
    }

    fn told(&self, from: &Module, to: &Module) -> String {
        format!("{}{} names {}", self.root, from.join("/"), to.join("/"))
    }
}

/// What is reached from a module, in any number of steps.
fn reached<'a>(
    steps: &BTreeMap<&Module, Vec<&'a Module>>,
    from: &'a Module,
) -> BTreeSet<&'a Module> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        let next = steps.get(at).into_iter().flatten().copied();
        open.extend(next.filter(|other| reached.insert(*other)));
    }
    reached
}

/// The steps of each circle: those between modules that reach each other.
fn circles(graph: &Graph) -> BTreeSet<String> {
    let mut steps: BTreeMap<&Module, Vec<&Module>> = BTreeMap::new();
    for (from, to) in graph.keys() {
        steps.entry(from).or_default().push(to);
    }
    let reach: BTreeMap<&Module, BTreeSet<&Module>> =
        steps.keys().map(|from| (*from, reached(&steps, from))).collect();
    let mut found: BTreeMap<BTreeSet<&Module>, BTreeSet<String>> = BTreeMap::new();
    for ((from, to), by) in graph {
        let back = |at: &&Module| reach.get(*at).is_some_and(|reach| reach.contains(from));
        if back(&to) {
            let circle = reach[from].iter().copied().filter(back).collect();
            found.entry(circle).or_default().extend(by.iter().cloned());
        }
    }
    let told = |steps: BTreeSet<String>| {
        format!("a circle: {}", steps.into_iter().collect::<Vec<_>>().join("; "))
    };
    found.into_values().map(told).collect()
}

fn check_circles(files: &[SourceFile]) -> Vec<String> {
    let graphs = |one: &Crate<'_>| [one.of_files(), one.of_siblings()];
    let found: BTreeSet<String> =
        crates(files).iter().flat_map(graphs).flat_map(|graph| circles(&graph)).collect();
    found.into_iter().collect()
}

/// Crates that are young: of others the walk must find more modules and edges.
const SMALL: [&str; 1] = ["engine/agent/src/"];

#[test]
fn no_modules_stand_in_a_circle() {
    let crates = crates(checkout());
    assert!(crates.len() >= 8, "{} crates are found", crates.len());
    for one in &crates {
        let (modules, edges) = (one.code.len(), one.edges().len());
        let (modules_min, edges_min) =
            if SMALL.contains(&one.root) { (5, 1) } else { (6, modules + 1) };
        assert!(modules >= modules_min, "{} has {modules} modules", one.root);
        assert!(edges >= edges_min, "{} has {edges} edges", one.root);
    }
    assert_none(&check_circles(checkout()));
}

#[test]
fn a_circle_is_found_and_a_family_is_none() {
    let check = |sources: &[(&str, &str)]| {
        let named = sources.iter().map(|(path, text)| SourceFile::new(path, text));
        let root = SourceFile::new("a/src/lib.rs", "mod b; mod c; mod d;");
        check_circles(&named.chain([root]).collect::<Vec<_>>())
    };
    let (b, c, d) = ("a/src/b.rs", "a/src/c.rs", "a/src/d/mod.rs");
    let below = "a/src/d/e.rs";
    let found = check(&[(b, "use crate::c::X;"), (c, "fn f(_: super::b::Y) {}")]);
    assert_eq!(found, ["a circle: a/src/b names c; a/src/c names b"]);
    let wide = [(b, "use crate::c;"), (c, "use crate::{d::{f, g}};"), (d, "use super::b;")];
    assert_eq!(check(&wide).len(), 1);
    assert_eq!(check(&wide[..2]), [""; 0], "a line is no circle");
    let by_child = [(b, "use crate::d::X;"), (d, "mod e; pub use e::X;"), (below, "crate::b::f()")];
    assert_eq!(check(&by_child).len(), 1, "a module stands for what lies below it");
    let family = [(d, "mod e; use self::e::X;"), (below, "use super::Y;")];
    assert_eq!(check(&family), [""; 0], "a parent and its child");
    let in_tests = "use crate::c;\n#[cfg(test)]\nmod tests {\nuse crate::b;";
    assert_eq!(check(&[(b, "use crate::c;"), (c, in_tests)]), [""; 0]);
    let lab = [(b, "use crate::d;"), (d, "#[cfg(test)]\nmod e;"), (below, "use crate::b;")];
    assert_eq!(check(&lab), [""; 0], "a file for tests only");
}
