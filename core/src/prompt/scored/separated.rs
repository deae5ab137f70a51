//! Fields between separators, by RFC 4180: a field in quotes can hold separators, line ends and doubled quotes.

/// A record: the line it begins in, counted from 1, and its fields.
pub(super) type Record = (usize, Vec<String>);

/// The records of a text. Line ends are `\n` or `\r\n`; empty lines are no records. A quote inside a field that does
/// not begin with one stands for itself.
///
/// # Errors
/// With the line: a quote that is never closed, or something between a closing quote and the next separator.
pub(super) fn records(text: &str, separator: char) -> Result<Vec<Record>, (usize, String)> {
    // Some editors begin a file with a mark of its encoding.
    let mut rest = text.trim_start_matches('\u{feff}');
    let (mut records, mut line) = (Vec::new(), 1);
    while !rest.is_empty() {
        let (began, mut fields) = (line, Vec::new());
        loop {
            let (field, after) = match rest.strip_prefix('"') {
                Some(quoted) => {
                    let (field, after) = closed(quoted).ok_or_else(|| (line, "a quote is never closed".to_owned()))?;
                    line += field.matches('\n').count();
                    (field, after)
                }
                None => {
                    let end = rest.find([separator, '\n']).unwrap_or(rest.len());
                    let (field, after) = rest.split_at(end);
                    // A carriage return belongs to the line end.
                    let field = if after.starts_with('\n') || after.is_empty() { bare(field) } else { field };
                    (field.to_owned(), after)
                }
            };
            fields.push(field);
            let ended = after.strip_prefix("\r\n").or_else(|| after.strip_prefix('\n'));
            if let Some(next) = ended.or_else(|| after.is_empty().then_some("")) {
                (rest, line) = (next, line + 1);
                break;
            }
            rest = after.strip_prefix(separator).ok_or_else(|| {
                let here: String = after.chars().take(20).collect();
                (line, format!("{here:?} follows a closing quote; a quote inside a quoted field is written twice"))
            })?;
        }
        if fields != [String::new()] {
            records.push((began, fields));
        }
    }
    Ok(records)
}

fn bare(field: &str) -> &str {
    field.strip_suffix('\r').unwrap_or(field)
}

/// What is up to the closing quote, and what follows it.
fn closed(mut text: &str) -> Option<(String, &str)> {
    let mut field = String::new();
    loop {
        let (part, after) = text.split_once('"')?;
        field += part;
        match after.strip_prefix('"') {
            Some(next) => {
                field.push('"');
                text = next;
            }
            None => return Some((field, after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> Vec<Vec<String>> {
        records(text, ',').unwrap().into_iter().map(|(_, fields)| fields).collect()
    }

    #[test]
    fn the_cases_of_rfc_4180() {
        // Its section 2, rule by rule.
        assert_eq!(fields("aaa,bbb,ccc\r\nzzz,yyy,xxx\r\n"), [["aaa", "bbb", "ccc"], ["zzz", "yyy", "xxx"]]);
        assert_eq!(fields("aaa,bbb\nzzz,yyy"), [["aaa", "bbb"], ["zzz", "yyy"]]);
        assert_eq!(
            fields("\"aaa\",\"b \r\nbb\",\"ccc\"\nzzz,yyy,xxx"),
            [["aaa", "b \r\nbb", "ccc"], ["zzz", "yyy", "xxx"]]
        );
        assert_eq!(fields("\"aaa\",\"b\"\"bb\",\"\"\r\n"), [["aaa", "b\"bb", ""]]);
        assert_eq!(fields(" a ,,\n"), [[" a ", "", ""]]);
        assert_eq!(fields("\u{feff}a\n\nb\r\n\r\n"), [["a"], ["b"]]);
        assert_eq!(fields("5\" screen,a\"b\n"), [["5\" screen", "a\"b"]]);
        assert_eq!(records("a\tb,c\n", '\t').unwrap(), [(1, vec!["a".to_owned(), "b,c".to_owned()])]);
        assert_eq!(fields(""), Vec::<Vec<String>>::new());
    }

    #[test]
    fn lines_are_counted_through_quotes() {
        let lines: Vec<usize> = records("a\n\"b\nb\"\n\nc\n", ',').unwrap().iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [1, 2, 5]);
        assert_eq!(records("a\n\"b\n\n", ',').unwrap_err().0, 2);
        let (line, problem) = records("a\nb\n\"c\"d,e\n", ',').unwrap_err();
        assert!(line == 3 && problem.contains("\"d,e"), "{problem}");
    }
}
