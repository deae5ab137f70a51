//! A prompt that is not given but is what both answers begin with, as `trl.data_utils.extract_prompt`
//! finds it.

/// How many of the first items make the prompt. The last item of the shorter answer is never part of
/// it, so that both have something left. For texts the items are characters, and `is_blank` says
/// which is a space: one before the first difference goes to the answers.
pub(super) fn prompt_length<T: PartialEq>(chosen: &[T], rejected: &[T], is_blank: impl Fn(&T) -> bool) -> usize {
    let shorter = chosen.len().min(rejected.len());
    match chosen.iter().zip(rejected).position(|(a, b)| a != b) {
        Some(index) if index > 0 && chosen.get(index - 1).is_some_and(&is_blank) => index - 1,
        Some(index) => index,
        None => shorter.saturating_sub(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(chosen: &str, rejected: &str) -> usize {
        let (chosen, rejected): (Vec<char>, Vec<char>) = (chosen.chars().collect(), rejected.chars().collect());
        prompt_length(&chosen, &rejected, |c| *c == ' ')
    }

    #[test]
    fn a_space_before_the_difference_belongs_to_the_answers() {
        assert_eq!(texts("The sky is blue.", "The sky is green."), 10);
        assert_eq!(texts("ab", "ac"), 1);
    }

    #[test]
    fn something_is_left_of_both() {
        assert_eq!(texts("abc", "abcd"), 2);
        assert_eq!(texts("abc", "abc"), 2);
        assert_eq!(texts("x", "y"), 0);
    }
}
