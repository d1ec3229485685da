//! The files of the checkout, as the checks see them.
//!
//! It lists what git would track, without asking git: a source archive has none. It knows no rule.

use std::borrow::Cow;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

/// What is never part of the repository, whatever `.gitignore` says.
const ALWAYS_IGNORED: [&str; 2] = ["/target", ".git"];

/// One file: its path below the root, with `/`, and its content.
pub(crate) struct SourceFile {
    pub(crate) path: String,
    pub(crate) bytes: Vec<u8>,
}

impl SourceFile {
    /// A file that exists in a test only.
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), bytes: text.as_bytes().to_vec() }
    }

    pub(crate) fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
    }

    pub(crate) fn name(&self) -> &str {
        file_name(&self.path)
    }

    pub(crate) fn has_extension(&self, extension: &str) -> bool {
        Path::new(&self.path).extension().is_some_and(|found| found == extension)
    }

    pub(crate) fn is_rust(&self) -> bool {
        self.has_extension("rs")
    }

    /// Whether the file lies in one of these folders, each written with a final `/`.
    pub(crate) fn is_below(&self, folders: &[&str]) -> bool {
        folders.iter().any(|folder| self.path.starts_with(folder))
    }
}

/// Every file of the checkout, sorted by path.
pub(crate) fn checkout() -> &'static [SourceFile] {
    static FILES: LazyLock<Vec<SourceFile>> = LazyLock::new(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let gitignore = fs::read_to_string(root.join(".gitignore")).unwrap_or_default();
        let mut files = Vec::new();
        walk(root, "", &patterns(&gitignore), &mut files);
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files
    });
    &FILES
}

/// Fails with all findings at once.
pub(crate) fn assert_none(findings: &[String]) {
    assert!(findings.is_empty(), "{} findings:\n{}", findings.len(), findings.join("\n"));
}

fn walk(root: &Path, folder: &str, ignored: &[String], files: &mut Vec<SourceFile>) {
    for entry in fs::read_dir(root.join(folder)).expect("a folder of the checkout is readable") {
        let entry = entry.expect("a folder of the checkout is readable");
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
        let kind = entry.file_type().expect("an entry of a folder has a type");
        if is_ignored(&path, ignored) {
            continue;
        }
        if kind.is_dir() {
            walk(root, &path, ignored, files);
        } else if kind.is_file() {
            let bytes = fs::read(entry.path()).expect("a file of the checkout is readable");
            files.push(SourceFile { path, bytes });
        }
    }
}

/// The lines of a `.gitignore` that are patterns, after the ones that always hold.
fn patterns(gitignore: &str) -> Vec<String> {
    let lines = gitignore.lines().map(str::trim);
    let written = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    ALWAYS_IGNORED.into_iter().chain(written).map(str::to_owned).collect()
}

/// Understands `/path`, `*ending` and `name`. Of any other pattern it ignores nothing, so that a
/// file is checked once too often rather than never.
fn is_ignored(path: &str, patterns: &[String]) -> bool {
    patterns.iter().map(|pattern| pattern.trim_end_matches('/')).any(|pattern| {
        if let Some(anchored) = pattern.strip_prefix('/') {
            path == anchored
        } else if let Some(ending) = pattern.strip_prefix('*') {
            file_name(path).ends_with(ending)
        } else {
            file_name(path) == pattern
        }
    })
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[test]
fn the_walk_sees_the_sources_and_not_the_build() {
    let sees = |path: &str| checkout().iter().any(|file| file.path == path);
    assert!(sees("Cargo.toml"));
    assert!(sees(".ci/run"));
    assert!(sees("engine/src/lib.rs"));
    assert!(sees("tests/tidy/tree.rs"));
    assert!(!checkout().iter().any(|file| file.is_below(&["target/", ".git/"])));
}

#[test]
fn ignored_files_are_told_by_place_ending_and_name() {
    let patterns = patterns("# comment\n\n*.snap.new\n/out/\ncache\n");
    for path in ["target", ".git", "a/.git", "tests/a.snap.new", "out", "a/cache"] {
        assert!(is_ignored(path, &patterns), "{path}");
    }
    for path in ["src/target", ".gitignore", "a.snap", "a/out", "cache.rs", "# comment"] {
        assert!(!is_ignored(path, &patterns), "{path}");
    }
}
