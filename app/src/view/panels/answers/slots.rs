//! A prompt of the Rules world in words for people.

use crate::view::words::{t, with};

/// What the prompt asks for, one phrase a constraint; empty where it asks for nothing, `None` where
/// the text is not such a prompt.
#[must_use]
pub fn phrases(prompt: &str) -> Option<Vec<String>> {
    let mut phrases = Vec::new();
    let (mut early, mut slots) = (None, 0);
    for slot in prompt.split_whitespace() {
        if slot == "<resp>" {
            continue;
        }
        let (kind, word) = slot.split_once(':')?;
        slots += 1;
        if word == "any" {
            continue;
        }
        let values: [(&str, &dyn std::fmt::Display); 1] = [("word", &word)];
        phrases.push(match (kind, word) {
            ("must", _) => with("answers.slot_must", &values),
            ("never", _) => with("answers.slot_never", &values),
            ("first", _) => with("answers.slot_first", &values),
            ("last", _) => with("answers.slot_last", &values),
            ("early", _) => {
                // Said together with the word that has to come later.
                early = Some(word);
                continue;
            }
            ("late", _) => match early.take() {
                Some(early) => with("answers.slot_order", &[("early", &early), ("late", &word)]),
                None => with("answers.slot_late", &values),
            },
            ("twice", _) => with("answers.slot_twice", &values),
            ("thrice", _) => with("answers.slot_thrice", &values),
            ("length", "short") => t("answers.slot_short").to_owned(),
            ("length", "medium") => t("answers.slot_medium").to_owned(),
            ("length", "long") => t("answers.slot_long").to_owned(),
            ("length", _) => with("answers.slot_length", &values),
            _ => return None,
        });
    }
    phrases.extend(early.map(|word| with("answers.slot_early", &[("word", &word)])));
    (slots > 0).then_some(phrases)
}

/// A prompt on one line of a list.
#[must_use]
pub fn short(prompt: &str, rules: bool) -> String {
    const LONGEST: usize = 160;
    match phrases(prompt).filter(|_| rules) {
        Some(phrases) if phrases.is_empty() => t("answers.slots_none").to_owned(),
        Some(phrases) => phrases.join(" · "),
        None => {
            let mut words = prompt.split_whitespace();
            let mut line = words.next().unwrap_or_default().chars().take(LONGEST).collect::<String>();
            for word in words {
                if line.len() > LONGEST {
                    break;
                }
                line.push(' ');
                line.push_str(word);
            }
            line
        }
    }
}

#[cfg(test)]
mod tests {
    use selfsame_core::world::{
        Split, World,
        rules::{Constraints, LONGEST_ANSWER, Rules},
    };

    use super::*;

    #[test]
    fn every_constraint_has_its_phrase() {
        let all = phrases("must:fox never:owl first:sun last:elm early:bee late:moss thrice:oak length:short <resp>");
        assert_eq!(
            all.unwrap(),
            [
                "contains fox",
                "never owl",
                "begins with sun",
                "ends with elm",
                "bee before moss",
                "oak exactly three times",
                "short: 4 to 7 words"
            ]
        );
        let none = phrases("must:any never:any first:any last:any early:any late:any count:any length:any <resp>");
        assert_eq!(none.unwrap(), Vec::<String>::new());
        assert_eq!(phrases("early:bee <resp>").unwrap(), ["early bee"]);
        for other in ["say hello", "", "note: this is a prompt", "http://a.b"] {
            assert_eq!(phrases(other), None, "{other}");
        }
        assert!(t("answers.slot_long").contains(&LONGEST_ANSWER.to_string()));
    }

    #[test]
    fn the_worlds_prompts_have_as_many_phrases_as_constraints() {
        for prompt in Rules.prompts(3, Split::Train(1), 200) {
            let active = Constraints::parse(&prompt.text).active();
            assert_eq!(phrases(&prompt.text).unwrap().len(), active, "{}", prompt.text);
        }
    }

    #[test]
    fn a_line_of_a_list_is_short() {
        assert_eq!(short("must:fox twice:owl <resp>", true), "contains fox · owl exactly twice");
        assert_eq!(short("must:fox\n twice:owl", false), "must:fox twice:owl");
        assert!(short(&"word ".repeat(10_000), false).len() < 200);
        assert!(short(&"é".repeat(10_000), false).len() < 400);
    }
}
