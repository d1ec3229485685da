//! The paths that a source names, and the modules that it keeps for tests.
//!
//! It reads paths that begin with `crate`, `super` or `self`, wherever they stand, and takes `use`
//! groups apart. A path without such a beginning leads to a child, to another crate, or to what a
//! `use` has named.

use crate::lexer::{self, is_word};

const BEGINNINGS: [&str; 3] = ["crate::", "super::", "self::"];

/// The code of a source without its tests: what is left, and the test modules in other files.
pub(crate) fn without_tests(source: &str) -> (String, Vec<String>) {
    let lines: Vec<String> = lexer::lines(source).into_iter().map(|line| line.code).collect();
    let mut code = lines.join("\n");
    let mut named = Vec::new();
    while let Some(at) = code.find("#[cfg(test)]") {
        let item = &code[at..];
        let mut end = item.find([';', '{']).map_or(item.len(), |end| end + 1);
        if item[..end].ends_with('{') {
            end += length_within_braces(&item[end..]);
        } else if let Some((_, name)) = item[..end].rsplit_once("mod ") {
            named.push(name.trim_end_matches(';').to_owned());
        }
        code.replace_range(at..at + end, "");
    }
    (code, named)
}

/// The length up to the brace that closes what is open, with it.
fn length_within_braces(code: &str) -> usize {
    let mut open = 1;
    for (at, brace) in code.match_indices(['{', '}']) {
        open = if brace == "{" { open + 1 } else { open - 1 };
        if open == 0 {
            return at + 1;
        }
    }
    code.len()
}

/// Every path that begins at a root, a parent or the module itself.
pub(crate) fn paths(code: &str) -> Vec<Vec<&str>> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("::") {
        let begin = code[..at].rfind(|letter| !is_word(letter)).map_or(0, |before| before + 1);
        let is_first = !code[..begin].ends_with(['$', ':', '.']);
        if is_first && BEGINNINGS.contains(&&code[begin..at + 2]) {
            take(&code[begin..], Vec::new(), &mut found);
        }
    }
    found
}

/// Takes one path, or a group of them, from the beginning of `rest`; gives what comes after.
fn take<'a>(rest: &'a str, mut path: Vec<&'a str>, found: &mut Vec<Vec<&'a str>>) -> &'a str {
    let mut rest = rest.trim_start();
    loop {
        if let Some(group) = rest.strip_prefix('{') {
            return take_group(group, &path, found);
        }
        let end = rest.find(|letter| !is_word(letter)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        if !word.is_empty() {
            path.push(word);
        }
        let Some(deeper) = after.strip_prefix("::").filter(|_| !word.is_empty()) else {
            found.push(path);
            return after;
        };
        rest = deeper.trim_start();
    }
}

fn take_group<'a>(group: &'a str, path: &[&'a str], found: &mut Vec<Vec<&'a str>>) -> &'a str {
    let mut rest = group.trim_start();
    while !rest.is_empty() && !rest.starts_with('}') {
        let after = take(rest, path.to_vec(), found);
        // What is left of a member is its other name.
        let end = after.find([',', '}']).unwrap_or(after.len());
        rest = after[end..].trim_start_matches(',').trim_start();
    }
    rest.strip_prefix('}').unwrap_or(rest)
}

#[test]
fn paths_are_read_wherever_they_stand() {
    let check = |code: &str, expected: &[&str]| {
        let found: Vec<String> = paths(code).into_iter().map(|path| path.join("::")).collect();
        assert_eq!(found, expected, "{code}");
    };
    check("use crate::a::B;", &["crate::a::B"]);
    check("use super::{a::{B, c::*}, d as e,\n};", &["super::a::B", "super::a::c", "super::d"]);
    check("pub(crate) fn a(b: &super::c::D) {}", &["super::c::D"]);
    check("crate::a::b::<C>(self::d)", &["crate::a::b", "self::d"]);
    check("use super::super::a;", &["super::super::a"]);
    check("$crate::a::b!(x::crate_::y, std::a)", &[]);
}

#[test]
fn tests_are_left_out_and_their_files_told() {
    let (code, named) = without_tests(
        "a;\n#[cfg(test)]\nmod lab;\nb;\n#[cfg(test)]\nmod tests {\nfn c() { d }\n}\ne;",
    );
    assert_eq!((code.replace('\n', ""), named), ("a;b;e;".to_owned(), vec!["lab".to_owned()]));
    let (code, named) = without_tests("#[cfg(test)]\nuse a::{b, c};\nimpl D {}");
    assert!(code.ends_with("impl D {}") && !code.contains('b') && named.is_empty(), "{code}");
}
