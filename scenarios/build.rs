//! Gathers the scenarios of `library/` into one table, sorted by name, and what happens to them
//! when nothing is done, of `untreated/`, and what is right about them, of `right/`, into others.
//!
//! The table names no folder of this machine: a build that is shared between checkouts may keep it
//! from another one.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let library = table("LIBRARY", "library", "toml")?;
    let untreated = table("UNTREATED", "untreated", "json")?;
    let right = table("RIGHT", "right", "json")?;
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    fs::write(Path::new(&out).join("library.rs"), library + &untreated + &right)
}

/// The files of a folder by their names.
fn table(name: &str, folder: &str, ending: &str) -> io::Result<String> {
    println!("cargo::rerun-if-changed={folder}");
    let here = env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?;
    let mut files: Vec<_> =
        fs::read_dir(Path::new(&here).join(folder))?.collect::<Result<_, _>>()?;
    files.sort_by_key(fs::DirEntry::file_name);
    let mut text = format!("const {name}: &[(&str, &str)] = &[\n");
    for file in files {
        let path = file.path();
        let Some(name) = path.file_stem().and_then(|name| name.to_str()) else { continue };
        let inside = format!("/{folder}/{name}.{ending}");
        let here = "env!(\"CARGO_MANIFEST_DIR\")";
        let _ = writeln!(text, "    ({name:?}, include_str!(concat!({here}, {inside:?}))),");
    }
    text += "];\n";
    Ok(text)
}
