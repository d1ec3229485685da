//! Gathers the scenarios of `library/` into one table, sorted by name.
//!
//! The table names no folder of this machine: a build that is shared between checkouts may keep it
//! from another one.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=library");
    let here = env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?;
    let folder = Path::new(&here).join("library");
    let mut files: Vec<_> = fs::read_dir(&folder)?.collect::<Result<_, _>>()?;
    files.sort_by_key(fs::DirEntry::file_name);
    let mut text = "const LIBRARY: &[(&str, &str)] = &[\n".to_owned();
    for file in files {
        let path = file.path();
        let Some(name) = path.file_stem().and_then(|name| name.to_str()) else { continue };
        let inside = format!("/library/{name}.toml");
        let here = "env!(\"CARGO_MANIFEST_DIR\")";
        let _ = writeln!(text, "    ({name:?}, include_str!(concat!({here}, {inside:?}))),");
    }
    text += "];\n";
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    fs::write(Path::new(&out).join("library.rs"), text)
}
