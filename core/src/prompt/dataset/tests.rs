//! What is accepted as which type, and what is refused in which words.

use super::*;

fn read(text: &str, wanted: Option<Kind>) -> Result<Dataset> {
    Dataset::parse(text, Path::new("data.jsonl"), wanted)
}

fn plain_text(text: &str) -> Text {
    Text::Plain(text.to_owned())
}

const USER: &str = r#"{"role": "user", "content": "q"}"#;
const GOOD: &str = r#"{"role": "assistant", "content": "yes"}"#;
const BAD: &str = r#"{"role": "assistant", "content": "no"}"#;

#[test]
fn every_type_is_found_in_both_forms() {
    for (line, kind, form) in [
        (r#"{"prompt": "q"}"#.to_owned(), Kind::PromptOnly, Form::Standard),
        (format!(r#"{{"prompt": [{USER}]}}"#), Kind::PromptOnly, Form::Conversational),
        (r#"{"prompt": "q", "completion": "a"}"#.to_owned(), Kind::PromptCompletion, Form::Standard),
        (format!(r#"{{"prompt": [{USER}], "completion": [{GOOD}]}}"#), Kind::PromptCompletion, Form::Conversational),
        (r#"{"prompt": "q", "chosen": "a", "rejected": "b"}"#.to_owned(), Kind::Preference, Form::Standard),
        (
            format!(r#"{{"prompt": [{USER}], "chosen": [{GOOD}], "rejected": [{BAD}]}}"#),
            Kind::Preference,
            Form::Conversational,
        ),
        (r#"{"chosen": "q a", "rejected": "q b"}"#.to_owned(), Kind::ImplicitPreference, Form::Standard),
        (
            format!(r#"{{"chosen": [{USER}, {GOOD}], "rejected": [{USER}, {BAD}]}}"#),
            Kind::ImplicitPreference,
            Form::Conversational,
        ),
        (r#"{"prompt": "q", "completion": "a", "label": true}"#.to_owned(), Kind::UnpairedPreference, Form::Standard),
        (
            format!(r#"{{"prompt": [{USER}], "completion": [{BAD}], "label": false}}"#),
            Kind::UnpairedPreference,
            Form::Conversational,
        ),
        (r#"{"text": "once"}"#.to_owned(), Kind::LanguageModelling, Form::Standard),
        (format!(r#"{{"messages": [{USER}, {GOOD}]}}"#), Kind::LanguageModelling, Form::Conversational),
    ] {
        let data = read(&format!("{line}\n{line}\n"), None).unwrap();
        assert_eq!((data.kind, data.form, data.rows.len()), (kind, form, 2), "{line}");
    }
}

#[test]
fn an_implicit_prompt_is_taken_off_both_answers() {
    let data = read(r#"{"chosen": "The sky is blue.", "rejected": "The sky is green."}"#, None).unwrap();
    let item = Item::Preference {
        prompt: plain_text("The sky is"),
        chosen: plain_text(" blue."),
        rejected: plain_text(" green."),
    };
    assert_eq!(data.rows, [item]);
    let data = read(&format!(r#"{{"chosen": [{USER}, {GOOD}], "rejected": [{USER}, {BAD}]}}"#), None).unwrap();
    let chat = |role, text| Text::Chat(vec![Message::new(role, text)]);
    let item = Item::Preference {
        prompt: chat("user", "q"),
        chosen: chat("assistant", "yes"),
        rejected: chat("assistant", "no"),
    };
    assert_eq!(data.rows, [item]);
}

#[test]
fn a_prompt_that_the_conversations_repeat_is_not_used() {
    let line =
        format!(r#"{{"prompt": "q", "chosen": [{USER}, {GOOD}], "rejected": [{USER}, {BAD}], "score_chosen": 8.0}}"#);
    let data = read(&line, None).unwrap();
    assert_eq!((data.kind, data.form), (Kind::ImplicitPreference, Form::Conversational));
    assert_eq!(data.unused, ["score_chosen", "prompt"]);
}

#[test]
fn other_columns_are_listed_and_several_readings_are_asked_about() {
    let line = r#"{"prompt": "q", "chosen": "a", "rejected": "b", "text": "q a", "id": 7}"#;
    let error = read(line, None).unwrap_err().to_string();
    assert!(error.contains("--type") && error.contains("preference, language-modelling"), "{error}");
    let data = read(line, Some(Kind::Preference)).unwrap();
    assert_eq!((data.kind, data.unused), (Kind::Preference, vec!["id".to_owned(), "text".to_owned()]));
    assert_eq!(read(line, Some(Kind::LanguageModelling)).unwrap().kind, Kind::LanguageModelling);
    let error = read(line, Some(Kind::UnpairedPreference)).unwrap_err().to_string();
    assert!(error.contains("`label`") && error.contains("is not an unpaired-preference data set"), "{error}");
    // Empty columns of a stored data set mean nothing.
    let data = read(r#"{"prompt": "q", "completion": null, "images": [], "tools": null}"#, None).unwrap();
    assert_eq!(data.kind, Kind::PromptOnly);
}

#[test]
fn what_cannot_be_used_is_named() {
    let good = r#"{"prompt": "q", "chosen": "a", "rejected": "b"}"#;
    let after = |line: &str| format!("{good}\n{line}\n");
    let chat = |prompt: &str, answer: &str| format!(r#"{{"prompt": {prompt}, "completion": {answer}}}"#);
    for (text, words) in [
        (after(r#"{"prompt": "q", "chosen": "a", "rejected": null}"#), &["row 2", "`rejected`", "null", "row 1"][..]),
        (after(r#"{"prompt": "q", "chosen": "a"}"#), &["row 2", "`rejected`", "missing"]),
        (after(r#"{"prompt": "q", "completion": "a"}"#), &["row 2", "`completion`", "one type"]),
        (after(r#"{"prompt": "q", "chosen": "", "rejected": "b"}"#), &["row 2", "`chosen`", "empty"]),
        (after(r#"{"prompt": " ", "chosen": "a", "rejected": "b"}"#), &["row 2", "`prompt`", "blank"]),
        (after(r#"{"prompt": "q", "chosen": 3, "rejected": "b"}"#), &["row 2", "`chosen`", "the number 3"]),
        (
            after(&format!(r#"{{"prompt": [{USER}], "chosen": [{GOOD}], "rejected": [{BAD}]}}"#)),
            &["row 2", "`prompt`", "same way"],
        ),
        (after("3"), &["line 2", "object"]),
        (r#"{"prompt": "q", "completion": "a", "label": 1}"#.to_owned(), &["row 1", "`label`", "the number 1"]),
        (r#"{"prompt": "q", "completion": "a", "label": "true"}"#.to_owned(), &["`label`", "a text"]),
        (r#"{"prompt": "q", "label": true}"#.to_owned(), &["`label`", "--type", "prompt-only"]),
        (r#"{"chosen": "a"}"#.to_owned(), &["`chosen`", "make no data set"]),
        (r#"{"question": "a"}"#.to_owned(), &["none of the columns"]),
        (r#"{"conversations": []}"#.to_owned(), &["rename it to `messages`"]),
        (r#"{"prompt": "q", "tools": [{"name": "f"}]}"#.to_owned(), &["row 1", "`tools`", "texts only"]),
        (r#"{"chosen": "yes", "rejected": "no"}"#.to_owned(), &["row 1", "no prompt"]),
        (r#"{"text": ["a"]}"#.to_owned(), &["`text`", "`messages`"]),
        (r#"{"messages": "a"}"#.to_owned(), &["`messages`", "`text`"]),
        (chat("[]", &format!("[{GOOD}]")), &["row 1", "`prompt`", "empty"]),
        (chat(&format!("[{USER}]"), "[]"), &["row 1", "`completion`", "empty"]),
        (chat(&format!("[{USER}]"), "\"a\""), &["`completion`", "is a text"]),
        (chat(&format!("[{USER}, {USER}]"), &format!("[{GOOD}]")), &["row 1", "`prompt`", "take turns"]),
        (chat(&format!("[{USER}]"), &format!("[{USER}]")), &["row 1", "`completion`", "begins with `assistant`"]),
        (format!(r#"{{"chosen": [{USER}, {GOOD}], "rejected": [{USER}, {BAD}, {USER}]}}"#), &["row 1", "`rejected`"]),
        (format!(r#"{{"chosen": [{USER}], "rejected": [{USER}, {GOOD}]}}"#), &["row 1", "`chosen`", "begin"]),
    ] {
        let error = read(&text, None).unwrap_err().to_string();
        for word in words.iter().chain(&["data.jsonl"]) {
            assert!(error.contains(word), "{text}: {word:?} is not in: {error}");
        }
    }
}

/// `<bos>` before every text, words, and an end of text that is a token of its own.
fn words() -> crate::text::Tokenizer {
    crate::text::Tokenizer::parse(&crate::world::rules::tokenizer_json()).unwrap()
}

#[test]
fn answers_get_the_end_of_text_once_and_labels_of_their_own() {
    let text = concat!(
        "{\"prompt\": \"the fox\", \"chosen\": \" the cat\", \"rejected\": \" the<eos>\"}\n",
        "{\"prompt\": \"the\", \"chosen\": \" fox\", \"rejected\": \" cat\"}\n",
    );
    let (data, tokenizer) = (read(text, None).unwrap(), words());
    let rows = tokenise(&data, &tokenizer, "<eos>", &Plain { eos: "<eos>".to_owned() }).unwrap();
    assert_eq!(rows[0].prompt, tokenizer.encode("the fox").unwrap());
    assert_eq!(rows[0].answers[0], tokenizer.encode_piece("the cat<eos>").unwrap());
    assert_eq!(rows[0].answers[1], tokenizer.encode_piece("the<eos>").unwrap());
    let sequence = rows[0].sequence(1);
    assert_eq!(sequence.labels.iter().map(|(position, _)| *position).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(sequence.labels.last().map(|(_, token)| *token), tokenizer.id("<eos>"));
    let seen = preview(&data, &rows, &tokenizer, 4, 1);
    assert_eq!((seen.rows, seen.learned, seen.shown.len()), (2, 9, 2));
    assert_eq!(seen.too_long.len(), 1);
    let marks: Vec<_> =
        seen.shown[0].pieces.iter().map(|piece| (piece.text.as_str(), piece.learned, piece.beyond)).collect();
    let learned = |text| (text, true, false);
    assert_eq!(marks[..4], [("<bos>", false, false), ("the", false, false), ("fox", false, false), learned("the")]);
    assert_eq!(marks[4..], [("cat", true, true), ("<eos>", true, true)]);
}

#[test]
fn the_first_token_of_a_whole_text_has_no_label() {
    let (data, tokenizer) = (read("{\"text\": \"the fox\"}", None).unwrap(), words());
    let rows = tokenise(&data, &tokenizer, "<eos>", &Plain { eos: "<eos>".to_owned() }).unwrap();
    let sequence = rows[0].sequence(0);
    assert_eq!(sequence.tokens, tokenizer.encode("the fox<eos>").unwrap());
    assert_eq!(sequence.labels.len(), sequence.tokens.len() - 1);
    assert_eq!(sequence.labels[0], (0, sequence.tokens[1]));
}

/// The text is `the fox the cat<eos> the fox<eos>`, of which the assistant wrote `the cat<eos>` and `fox<eos>`.
#[test]
fn what_the_assistant_wrote_can_be_learned_alone() {
    let source = "{% for m in messages %}{{ ' ' if not loop.first else '' }}{% if m.role == 'assistant' %}{% generation %}{{ m.content }}<eos>{% endgeneration %}{% else %}{{ m.content }}{% endif %}{% endfor %}";
    let said = |role: &str, text: &str| format!(r#"{{"role": "{role}", "content": "{text}"}}"#);
    let turns = [said("user", "the fox"), said("assistant", "the cat"), said("user", "the"), said("assistant", "fox")];
    let tokenizer = words();
    let rows = |text: &str, source: &str| {
        let template = crate::text::ChatTemplate::new(source).unwrap();
        let render = Template { template: &template, now: crate::text::Moment::default() };
        tokenise_assistant(&read(text, None).unwrap(), &tokenizer, "<eos>", &render)
    };
    let labels = |row: &TokenRow| row.sequence(0).labels.iter().map(|(position, _)| *position).collect::<Vec<_>>();
    let whole = format!(r#"{{"messages": [{}]}}"#, turns.join(", "));
    let row = &rows(&whole, source).unwrap()[0];
    let tokens = tokenizer.encode_piece("the fox the cat<eos> the fox<eos>").unwrap();
    assert_eq!((row.sequence(0).tokens, labels(row)), (tokens.clone(), vec![1, 2, 3, 5, 6]));
    // The marks of a prompt are not learned, nor what is not marked of a completion.
    let divided = format!(r#"{{"prompt": [{}], "completion": [{}]}}"#, turns[0], turns[1..].join(", "));
    let row = &rows(&divided, source).unwrap()[0];
    assert_eq!((row.prompt.len(), row.sequence(0).tokens, labels(row)), (2, tokens, vec![1, 2, 3, 5, 6]));
    let answered = format!(r#"{{"prompt": [{}], "completion": [{}]}}"#, turns[..3].join(", "), turns[3]);
    let row = rows(&answered, source).unwrap().swap_remove(0);
    assert_eq!((row.prompt.len(), labels(&row)), (6, vec![5, 6]));
    let fitted = fit(vec![row], 7, Truncation::KeepStart, Path::new("data.jsonl")).unwrap();
    assert_eq!(labels(&fitted.rows[0]), [5]);
    let unmarked = source.replace("endgeneration", "endwith").replace("generation", "with");
    let silent = source.replace("'assistant'", "'nobody'");
    let preference = format!(r#"{{"prompt": [{0}], "chosen": [{1}], "rejected": [{1}]}}"#, turns[0], turns[1]);
    for (text, source, words) in [
        (&whole, unmarked.as_str(), &["row 1", "`messages`", "{% generation %}", "--assistant-only-loss"][..]),
        (&whole, &silent, &["row 1", "nothing of the row", "--assistant-only-loss"]),
        (&preference, source, &["row 1", "leave it out"]),
    ] {
        let error = rows(text, source).unwrap_err().to_string();
        for word in words {
            assert!(error.contains(word), "{word:?} is not in: {error}");
        }
    }
}

#[test]
fn words_and_ends_that_the_tokenizer_does_not_know_are_refused() {
    let (data, tokenizer) = (read("{\"text\": \"the banana\"}", None).unwrap(), words());
    let plain = Plain { eos: "<eos>".to_owned() };
    let error = tokenise(&data, &tokenizer, "<eos>", &plain).unwrap_err().to_string();
    assert!(error.contains("row 1") && error.contains("`text`") && error.contains("banana"), "{error}");
    assert!(tokenise(&data, &tokenizer, "</s>", &plain).unwrap_err().to_string().contains("one token"));
}
