//! Results as the XML that CI systems read.

use std::fmt::Write;

use super::runner::Outcome;

/// The text of a file with one test for each case.
pub fn write(outcomes: &[Outcome]) -> String {
    let failed = outcomes.iter().filter(|outcome| !outcome.verdict.why.is_empty()).count();
    let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    let _ = writeln!(
        text,
        "<testsuite name=\"ks test\" tests=\"{}\" failures=\"{failed}\">",
        outcomes.len()
    );
    for outcome in outcomes {
        let name = escaped(&outcome.name);
        if outcome.verdict.why.is_empty() {
            let _ = writeln!(text, "  <testcase name=\"{name}\"/>");
            continue;
        }
        let why = escaped(&outcome.verdict.why.join("\n"));
        let _ = writeln!(
            text,
            "  <testcase name=\"{name}\">\n    <failure>{why}</failure>\n  </testcase>"
        );
    }
    text + "</testsuite>\n"
}

/// Characters of XML as its entities; control characters, which it cannot hold, as a mark.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push('\n'),
            letter if letter.is_control() => out.push('\u{fffd}'),
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    #[test]
    fn names_and_reasons_are_escaped() {
        let case = |name: &str, why: &[&str]| Outcome {
            name: name.into(),
            verdict: Verdict {
                why: why.iter().map(|why| (*why).to_owned()).collect(),
                ..Verdict::default()
            },
            intensity: None,
        };
        let text = write(&[case("a&b", &[]), case("c", &["x < 3\u{1}"])]);
        assert!(text.contains("tests=\"2\" failures=\"1\""));
        assert!(text.contains("<testcase name=\"a&amp;b\"/>"));
        assert!(text.contains("<failure>x &lt; 3\u{fffd}</failure>"));
    }
}
