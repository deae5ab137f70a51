//! Whether numbers of single tokens tell the tokens that break a requirement from the others.

use super::{oracle::OracleKey, stats::auroc};
use crate::{sample::Answer, world::World};

/// The area under the ROC curve of `−number` for the tokens where an answer breaks a requirement: of all tokens,
/// stop tokens included, and of the others alone. Each answer comes with its prompt's text and a number for each of
/// its tokens. `None` where the world knows no faults, or where all tokens are faulty or none.
///
/// A world knows the faults of words: an answer whose words are not tokens each is left out.
#[must_use]
pub fn fault_auroc(world: &dyn World, answers: &[(&str, &Answer, &[f32])]) -> Option<[f64; 2]> {
    let key = OracleKey::new();
    let (mut all, mut words) = (Vec::new(), Vec::new());
    for (prompt, answer, numbers) in answers {
        let faults = world.faults(&key, prompt, &answer.text)?;
        let content = answer.content().len();
        if faults.len() != content + 1 || numbers.len() != answer.ids.len() {
            continue;
        }
        let scored = numbers.iter().zip(faults).map(|(number, fault)| (-f64::from(*number), fault));
        let before = all.len();
        all.extend(scored);
        words.extend_from_slice(&all[before..before + content]);
    }
    Some([auroc(&all)?, auroc(&words)?])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{sample::FinishReason, world::rules::Rules};

    const PROMPT: &str = "must:any never:owl first:any last:elm <resp>";

    fn answer(text: &str, finish: FinishReason) -> Answer {
        let count = text.split_whitespace().count() + usize::from(finish == FinishReason::Stop);
        Answer { ids: vec![9; count], text: text.to_owned(), logprobs: Vec::new(), sampling_logprob: 0.0, finish }
    }

    #[test]
    fn low_numbers_at_faults_are_found() {
        // Faults: the owl, and ending without the elm.
        let stopped = answer("so owl the", FinishReason::Stop);
        let area = |numbers: &[f32]| fault_auroc(&Rules, &[(PROMPT, &stopped, numbers)]).unwrap();
        assert_eq!(area(&[0.1, -0.3, 0.2, -0.4]), [1.0, 1.0]);
        assert_eq!(area(&[0.1, 0.3, 0.2, 0.4]), [0.0, 0.0]);
        // The owl is found, the end is not.
        assert_eq!(area(&[0.1, -0.3, 0.2, 0.4]), [0.5, 1.0]);
    }

    #[test]
    fn what_was_cut_off_has_no_end_and_what_is_without_faults_no_area() {
        let cut = answer("so owl the", FinishReason::Length);
        let area = |numbers: &[f32]| fault_auroc(&Rules, &[(PROMPT, &cut, numbers)]);
        assert_eq!(area(&[0.1, -0.3, 0.2]), Some([1.0, 1.0]));
        assert_eq!(area(&[0.1, -0.3, 0.2, 0.5]), None, "not one number a token");
        let fine = answer("so the elm", FinishReason::Stop);
        assert_eq!(fault_auroc(&Rules, &[(PROMPT, &fine, &[0.0; 4])]), None);
    }
}
