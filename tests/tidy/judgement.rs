//! The engine's judgement has a number, which rises with each change after which a blessed journal
//! has another hash: a recording names it, and is replayed as recorded by it alone.
//!
//! `fixtures/journals.txt` has the number and the hash of each blessed journal. `make bless` writes
//! it anew, but never with another hash for a known journal under the same number.

use std::collections::BTreeMap;
use std::path::Path;

use ks_vocabulary::input::JUDGEMENT;
use sha2::{Digest, Sha256};

use crate::tree::{SourceFile, checkout};

const LIST: &str = "fixtures/journals.txt";
/// Pages that say what the engine makes of something: of which judgement they are, or that they are
/// of an older one.
const PAGES: [&str; 2] = ["docs/detection.md", "docs/grid.md"];
/// Snapshots that are journals, or hashes of journals, as a whole.
const WHOLE: [&str; 3] =
    ["journal_of_an_overload", "journals_with_analysis", "journals_with_an_agent"];

/// A judgement and the journals that it gave, by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Blessed {
    judgement: u32,
    journals: BTreeMap<String, String>,
}

impl Blessed {
    fn parse(text: &str) -> Self {
        let mut blessed = Self::default();
        for line in text.lines() {
            match line.split_once(' ') {
                Some(("judgement", number)) => blessed.judgement = number.parse().unwrap_or(0),
                Some((hash, name)) => {
                    blessed.journals.insert(name.to_owned(), hash.to_owned());
                }
                None => {}
            }
        }
        blessed
    }

    fn text(&self) -> String {
        let lines = self.journals.iter().map(|(name, hash)| format!("{hash} {name}\n"));
        format!("judgement {}\n{}", self.judgement, lines.collect::<String>())
    }

    /// What the snapshots of this checkout say.
    fn of(files: &[SourceFile], judgement: u32) -> Self {
        let journals = files.iter().filter_map(|file| {
            let name = file.name().strip_suffix(".snap")?;
            Some((name.to_owned(), journal_of(name, &file.text())?))
        });
        Self { judgement, journals: journals.collect() }
    }

    /// Why these cannot follow those that were blessed before.
    fn refuse_after(&self, before: &Self) -> Option<String> {
        let changed = |(name, hash): &(&String, &String)| {
            self.journals.get(*name).is_some_and(|now| now != *hash)
        };
        let changed: Vec<&str> =
            before.journals.iter().filter(changed).map(|(name, _)| name.as_str()).collect();
        if changed.is_empty() || self.judgement > before.judgement {
            return (self.judgement < before.judgement).then(|| {
                format!("JUDGEMENT fell from {} to {}", before.judgement, self.judgement)
            });
        }
        let next = before.judgement + 1;
        let (count, first) = (changed.len(), changed[0]);
        Some(format!(
            "{count} blessed journals have another hash, `{first}` first: raise JUDGEMENT in \
             engine/vocabulary/src/input.rs to {next}, then run `make bless`"
        ))
    }
}

/// The hash of the journal that a snapshot stands for.
fn journal_of(name: &str, text: &str) -> Option<String> {
    if WHOLE.iter().any(|whole| name.ends_with(whole)) {
        return Some(format!("{:x}", Sha256::digest(text)));
    }
    let after = text.split_once("\"journal_sha256\": \"")?.1;
    Some(after.split('"').next()?.to_owned())
}

#[test]
fn a_judgement_gives_the_journals_that_were_blessed_with_it() {
    let list = checkout().iter().find(|file| file.path == LIST);
    let before = Blessed::parse(&list.map(SourceFile::text).unwrap_or_default());
    let found = Blessed::of(checkout(), JUDGEMENT);
    assert!(found.journals.len() > 30, "{} journals are blessed", found.journals.len());
    if let Some(why) = found.refuse_after(&before) {
        panic!("{why}");
    }
    if std::env::var_os("KS_BLESS_JOURNALS").is_some() {
        std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(LIST), found.text()).unwrap();
        return;
    }
    assert!(found == before, "{LIST} is not of these snapshots: run `make bless`");
}

#[test]
fn another_hash_needs_another_number_and_another_journal_does_not() {
    let blessed = |judgement: u32, journals: &[(&str, &str)]| Blessed {
        judgement,
        journals: journals.iter().map(|(name, hash)| ((*name).into(), (*hash).into())).collect(),
    };
    let before = blessed(3, &[("a", "1"), ("b", "2")]);
    assert_eq!(Blessed::parse(&before.text()), before);
    let refused = |after: Blessed| after.refuse_after(&before);
    assert_eq!(refused(blessed(3, &[("a", "1"), ("b", "2"), ("c", "9")])), None);
    assert_eq!(refused(blessed(3, &[("a", "1")])), None, "a journal may go");
    assert!(refused(blessed(3, &[("a", "1"), ("b", "7")])).unwrap().contains("to 4"));
    assert_eq!(refused(blessed(4, &[("a", "1"), ("b", "7")])), None);
    assert!(refused(blessed(2, &[("a", "1")])).unwrap().contains("fell"));
}

#[test]
fn journals_are_found_in_snapshots() {
    let json = "{\n  \"journal_sha256\": \"abc\"\n}";
    assert_eq!(journal_of("kinds__x_json", json), Some("abc".to_owned()));
    assert_eq!(journal_of("help__replay", "no journal"), None);
    assert!(journal_of("determinism__journal_of_an_overload", "x").is_some());
}

/// Why a generated page is not of this judgement and does not say so either.
fn check_page(name: &str, text: &str, judgement: u32) -> Option<String> {
    let (_, after) = text.split_once("with judgement ")?;
    let number = after.split(|symbol: char| !symbol.is_ascii_digit()).next()?;
    let of: u32 = number.parse().ok()?;
    let is_stale = text.contains("\nStale: ");
    match (of == judgement, is_stale) {
        (true, false) | (false, true) => None,
        (true, true) => Some(format!("{name} is of judgement {of} and calls itself stale")),
        (false, false) => Some(format!(
            "{name} is of judgement {of}, and the engine has {judgement}: write it anew, or begin \
             a line of it with `Stale: `"
        )),
    }
}

#[test]
fn generated_pages_are_of_this_judgement_or_call_themselves_stale() {
    for name in PAGES {
        let page = checkout().iter().find(|file| file.path == name);
        let text = page.map(SourceFile::text).unwrap_or_default();
        assert!(text.contains("with judgement "), "{name} does not say of which judgement it is");
        assert_eq!(check_page(name, &text, JUDGEMENT), None);
    }
}

#[test]
fn a_page_goes_stale_with_its_judgement() {
    let page = "Written by `ks test`, with judgement 3.\n";
    let stale = format!("{page}\nStale: verdicts changed.\n");
    assert_eq!(check_page("p", page, 3), None);
    assert!(check_page("p", page, 4).unwrap().contains("is of judgement 3"));
    assert_eq!(check_page("p", &stale, 4), None);
    assert!(check_page("p", &stale, 3).is_some());
}
