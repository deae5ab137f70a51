//! Questions to any table of texts and scores: every other column that can be asked about is.

use selfsame_core::{Result, prompt::scored::Table};

use super::finding::{Group, Question, Sample, Unit};

/// The most groups that a column of words can have.
const MOST_GROUPS: usize = 12;

/// The fewest rows of a group.
const FEWEST: usize = 5;

/// The scores, and the questions: the length of the text, each column of numbers, and each column with a few words.
///
/// # Errors
/// Names the column that is not there, or the row without text or score.
pub fn questions(table: &Table, text: &str, score: &str) -> Result<(Vec<f64>, Vec<Question>)> {
    let scored = table.scored(text, score)?;
    let scores: Vec<f64> = scored.iter().map(|row| row.score).collect();
    let beside = |name: &str, what: &str, pairs| Question {
        name: name.to_owned(),
        unit: Unit::Rows,
        sample: Sample::Beside { name: what.to_owned(), pairs },
        truth: None,
    };
    #[allow(clippy::cast_precision_loss)] // lengths of texts
    let lengths = scored.iter().map(|row| (row.text.split_whitespace().count() as f64, row.score)).collect();
    let mut questions = vec![beside("length of the text", "words", lengths)];
    for name in table.columns().iter().filter(|name| *name != text && *name != score && !name.is_empty()) {
        let cells = table.column(name)?;
        let filled: Vec<(&str, f64)> =
            cells.iter().zip(&scores).filter_map(|(cell, score)| Some(((*cell)?, *score))).collect();
        let numbers: Option<Vec<(f64, f64)>> =
            filled.iter().map(|(cell, score)| Some((cell.trim().parse::<f64>().ok()?, *score))).collect();
        match numbers {
            Some(pairs) => questions.push(beside(name, name, pairs)),
            None => questions.extend(grouped(name, &filled)),
        }
    }
    // Where all values are equal there is nothing to ask.
    questions.retain(|question| match &question.sample {
        Sample::Beside { pairs, .. } => pairs.windows(2).any(|pair| pair[0].0 != pair[1].0),
        _ => true,
    });
    Ok((scores, questions))
}

/// A question to a column with a few words, each of which stands in several rows.
fn grouped(name: &str, cells: &[(&str, f64)]) -> Option<Question> {
    let mut groups: Vec<Group> = Vec::new();
    for (cell, score) in cells {
        match groups.iter().position(|(name, _)| name == cell) {
            Some(at) => groups[at].1.push(*score),
            None if groups.len() > 10 * MOST_GROUPS => return None,
            None => groups.push(((*cell).to_owned(), vec![*score])),
        }
    }
    groups.retain(|(_, scores)| scores.len() >= FEWEST);
    groups.sort_by(|(a, _), (b, _)| a.cmp(b));
    let sample = match <[Group; 2]>::try_from(groups) {
        Ok(two) => Sample::Ranked(two),
        Err(groups) if (2..=MOST_GROUPS).contains(&groups.len()) => Sample::Several(groups),
        Err(_) => return None,
    };
    Some(Question { name: name.to_owned(), unit: Unit::Rows, sample, truth: None })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn columns_are_asked_about_by_what_they_hold() {
        let mut csv = "text,score,kind,size,three,id,same\n".to_owned();
        for row in 0..30 {
            csv += &format!(
                "\"word {}\",{row},{},{},{},name{row},1\n",
                "x ".repeat(row),
                ["a", "b"][row % 2],
                row * 2,
                row % 3
            );
        }
        let csv = csv.replace(",0,name", ",zero,name");
        let table = Table::parse(csv.as_bytes(), Path::new("a.csv")).unwrap();
        let (scores, questions) = questions(&table, "text", "score").unwrap();
        assert_eq!(scores.len(), 30);
        let names: Vec<&str> = questions.iter().map(|question| question.name.as_str()).collect();
        assert_eq!(names, ["length of the text", "kind", "size", "three"], "`id` has too many words, `same` one");
        assert!(
            matches!(questions[1].sample, Sample::Ranked(_)) && matches!(questions[2].sample, Sample::Beside { .. })
        );
        assert!(matches!(&questions[3].sample, Sample::Several(groups) if groups.len() == 3));
        assert!(super::questions(&table, "text", "kind").unwrap_err().to_string().contains("row 1, column `kind`"));
    }
}
