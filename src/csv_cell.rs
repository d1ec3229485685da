//! One cell of CSV, as `ks` writes it: read back as it was, and no formula in a spreadsheet.

/// What makes a cell a formula, or is left out before a look at what does.
const FORMULA: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\n'];
/// What a number is written with.
const OF_NUMBERS: [char; 5] = ['+', '-', '.', 'e', 'E'];

/// A cell, in quotes where RFC 4180 asks for them. Text that a spreadsheet would reckon with gets
/// an apostrophe before it, which spreadsheets take for the mark of text
/// (OWASP, "CSV Injection"); numbers stay numbers.
pub(crate) fn cell(text: &str) -> String {
    let mark = if text.starts_with(FORMULA) && !is_number(text) { "'" } else { "" };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{mark}{}\"", text.replace('"', "\"\""))
    } else {
        format!("{mark}{text}")
    }
}

/// Names such as `-inf` are numbers to Rust only.
fn is_number(text: &str) -> bool {
    let written = |symbol: char| symbol.is_ascii_digit() || OF_NUMBERS.contains(&symbol);
    text.chars().all(written) && text.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_only_where_they_must_be() {
        let check = |text: &str, expected: &str| assert_eq!(cell(text), expected);
        check("sda", "sda");
        check("", "");
        check("a b;c'd", "a b;c'd");
        check("a,b", "\"a,b\"");
        check("say \"a\"", "\"say \"\"a\"\"\"");
        check("a\nb", "\"a\nb\"");
        check("a\rb", "\"a\rb\"");
    }

    #[test]
    fn no_text_is_a_formula_and_numbers_stay_numbers() {
        let check = |text: &str, expected: &str| assert_eq!(cell(text), expected);
        check("=1+2", "'=1+2");
        check("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0");
        check("-2+3", "'-2+3");
        check("@SUM(A1)", "'@SUM(A1)");
        check("\t=1", "'\t=1");
        check("\r=1", "\"'\r=1\"");
        check("=HYPERLINK(\"a\",1)", "\"'=HYPERLINK(\"\"a\"\",1)\"");
        check("-inf", "'-inf");
        check("-", "'-");
        for number in ["-1", "+1.5", "-0.25e-7", "1e3"] {
            check(number, number);
        }
        check("a=1", "a=1");
    }
}
