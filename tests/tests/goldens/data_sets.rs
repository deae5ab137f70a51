//! Data sets as TRL 1.16 reads them: types, prompts taken off, token ids and masks
//! (`goldens/trl_datasets.py`).

use std::path::{Path, PathBuf};

use selfsame_core::{
    learn::tune::Order,
    prompt::dataset::{
        Dataset, Form, Item, Kind, Message, Plain, Template, Text, TokenRow, Truncation, fit, tokenise,
        tokenise_assistant,
    },
    text::{ChatTemplate, Moment, Tokenizer},
};
use selfsame_tests::{golden, goldens, ids};
use serde_json::{Value, json};

fn folder() -> PathBuf {
    goldens().join("data_sets")
}

fn tokens(data: &Dataset) -> Vec<TokenRow> {
    let tokenizer = Tokenizer::load(&goldens().join("tiny_trl")).unwrap();
    tokenise(data, &tokenizer, "</s>", &Plain { eos: "</s>".to_owned() }).unwrap()
}

fn text(text: &Text) -> Value {
    match text {
        Text::Plain(text) => json!(text),
        Text::Chat(messages) => {
            json!(
                messages
                    .iter()
                    .map(|Message { role, content }| json!({"role": role, "content": content}))
                    .collect::<Vec<_>>()
            )
        }
    }
}

/// A row under TRL's names.
fn named(item: &Item) -> Value {
    match item {
        Item::Prompt(prompt) => json!({"prompt": text(prompt)}),
        Item::Completion { prompt, completion } => json!({"prompt": text(prompt), "completion": text(completion)}),
        Item::Preference { prompt, chosen, rejected } => {
            json!({"prompt": text(prompt), "chosen": text(chosen), "rejected": text(rejected)})
        }
        Item::Unpaired { prompt, completion, label } => {
            json!({"prompt": text(prompt), "completion": text(completion), "label": label})
        }
        Item::Whole(whole @ Text::Plain(_)) => json!({"text": text(whole)}),
        Item::Whole(whole @ Text::Chat(_)) => json!({"messages": text(whole)}),
    }
}

/// The sets with the type and form that they are made as.
const SETS: [(&str, Kind, Form); 13] = [
    ("prompt_only", Kind::PromptOnly, Form::Standard),
    ("prompt_only_chat", Kind::PromptOnly, Form::Conversational),
    ("prompt_completion", Kind::PromptCompletion, Form::Standard),
    ("prompt_completion_chat", Kind::PromptCompletion, Form::Conversational),
    ("preference", Kind::Preference, Form::Standard),
    ("preference_chat", Kind::Preference, Form::Conversational),
    ("implicit", Kind::ImplicitPreference, Form::Standard),
    ("implicit_chat", Kind::ImplicitPreference, Form::Conversational),
    ("repeated_prompt", Kind::ImplicitPreference, Form::Conversational),
    ("unpaired", Kind::UnpairedPreference, Form::Standard),
    ("unpaired_chat", Kind::UnpairedPreference, Form::Conversational),
    ("text", Kind::LanguageModelling, Form::Standard),
    ("messages", Kind::LanguageModelling, Form::Conversational),
];

#[test]
fn every_set_is_read_as_trl_reads_it() {
    let golden = golden("data_sets.json");
    let known = golden["sets"].as_object().unwrap();
    assert_eq!(known.len(), SETS.len());
    for (name, kind, form) in SETS {
        let data = Dataset::read(&folder().join(format!("{name}.jsonl")), None).unwrap();
        assert_eq!((data.kind, data.form), (kind, form), "{name}");
        let mut expected = known[name]["rows"].clone();
        for row in expected.as_array_mut().unwrap() {
            row.as_object_mut().unwrap().remove("score_chosen");
        }
        let rows: Vec<Value> = data.rows.iter().map(named).collect();
        assert_eq!(json!(rows), expected, "{name}");
    }
}

#[test]
fn parquet_says_the_same_as_json_lines() {
    for (name, ..) in SETS {
        let lines = Dataset::read(&folder().join(format!("{name}.jsonl")), None).unwrap();
        let stored = Dataset::read(&folder().join(format!("{name}.parquet")), None).unwrap();
        assert_eq!((stored.kind, stored.form, &stored.rows), (lines.kind, lines.form, &lines.rows), "{name}");
        let sorted = |data: &Dataset| {
            let mut names = data.unused.clone();
            names.sort();
            names
        };
        assert_eq!(sorted(&stored), sorted(&lines), "{name}");
    }
}

#[test]
fn recipes_read_parquet_too() {
    let rows = selfsame_core::prompt::read_jsonl(&folder().join("preference.parquet")).unwrap();
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[0].chosen.as_deref(), Some(" it is blue."));
}

#[test]
fn a_codec_that_is_missing_is_named() {
    let error = Dataset::read(&folder().join("zstd.parquet"), None).unwrap_err().to_string();
    for word in ["zstd.parquet", "ZSTD", "`prompt`", "compression=\"snappy\""] {
        assert!(error.contains(word), "{word:?} is not in: {error}");
    }
}

#[test]
fn damaged_parquet_is_refused_and_nothing_panics() {
    let whole = std::fs::read(folder().join("preference_chat.parquet")).unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("damaged.parquet");
    let read = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        Dataset::read(&path, None)
    };
    for length in (4..whole.len()).step_by(97) {
        let error = read(&whole[..length]).unwrap_err().to_string();
        assert!(error.contains("damaged.parquet"), "{error}");
    }
    let mut refused = 0;
    for position in (4..whole.len()).step_by(7) {
        let mut bytes = whole.clone();
        bytes[position] ^= 0x55;
        // A letter of a text can change without anybody noticing; everything else is an error.
        refused += usize::from(read(&bytes).is_err());
    }
    assert!(refused > 50, "only {refused} of the damages were noticed");
}

/// Compares rows in tokens with those of a trainer.
fn assert_rows(rows: &[TokenRow], expected: &Value, what: &str) {
    let expected = expected.as_array().unwrap();
    assert_eq!(rows.len(), expected.len(), "{what}");
    for (index, (row, expected)) in rows.iter().zip(expected).enumerate() {
        let what = format!("{what}, row {}", index + 1);
        if let Some(answers) = expected["answers"].as_array() {
            assert_eq!(row.prompt, ids(&expected["prompt"]), "{what}");
            assert_eq!(row.answers, answers.iter().map(ids).collect::<Vec<_>>(), "{what}");
            assert_eq!(row.label, expected["label"].as_bool(), "{what}");
            continue;
        }
        let sequence = row.sequence(0);
        assert_eq!(sequence.tokens, ids(&expected["ids"]), "{what}");
        // The first token of all is predicted by nothing, whatever its mask says.
        let learned: Vec<usize> = sequence.labels.iter().map(|(position, _)| position + 1).collect();
        let mask = ids(&expected["mask"]);
        assert_eq!(learned, (1..mask.len()).filter(|p| mask[*p] == 1).collect::<Vec<_>>(), "{what}");
    }
}

#[test]
fn tokens_and_masks_are_those_of_trl() {
    let golden = golden("data_sets.json");
    let mut merged = 0;
    for (name, ..) in SETS.iter().filter(|(_, kind, _)| *kind != Kind::PromptOnly) {
        let rows = tokens(&Dataset::read(&folder().join(format!("{name}.jsonl")), None).unwrap());
        merged += rows.iter().filter(|row| !row.lost.is_empty()).count();
        assert_rows(&rows, &golden["sets"][name]["tokens"], name);
    }
    assert!(merged >= 3, "tokens that cross from the prompt into the answer are only tested {merged} times");
}

fn template(source: &Value) -> ChatTemplate {
    ChatTemplate::new(source.as_str().unwrap()).unwrap().with_tokens(
        [("bos_token", "<s>"), ("eos_token", "</s>")].map(|(name, token)| (name.to_owned(), token.to_owned())).into(),
    )
}

/// Beside `SFTTrainer` with `assistant_only_loss`.
#[test]
fn the_tokens_that_the_assistant_wrote_are_those_of_trl() {
    let golden = golden("data_sets.json");
    let tokenizer = Tokenizer::load(&goldens().join("tiny_trl")).unwrap();
    let template = template(&golden["marked"]);
    let render = Template { template: &template, now: Moment::default() };
    for name in ["prompt_completion_chat", "messages"] {
        let data = Dataset::read(&folder().join(format!("{name}.jsonl")), None).unwrap();
        let rows = tokenise_assistant(&data, &tokenizer, "</s>", &render).unwrap();
        assert_rows(&rows, &golden["sets"][name]["marked"], name);
    }
}

#[test]
fn conversations_are_written_by_the_chat_template() {
    let golden = golden("data_sets.json");
    let tokenizer = Tokenizer::load(&goldens().join("tiny_trl")).unwrap();
    let template = template(&golden["template"]);
    let render = Template { template: &template, now: Moment::default() };
    let mut compared = 0;
    for (name, ..) in SETS {
        let expected = &golden["sets"][name]["written"];
        if expected.is_null() {
            continue;
        }
        let data = Dataset::read(&folder().join(format!("{name}.jsonl")), None).unwrap();
        assert_rows(&tokenise(&data, &tokenizer, "</s>", &render).unwrap(), expected, name);
        compared += 1;
    }
    assert_eq!(compared, 5);
}

#[test]
fn cutting_keeps_what_the_collator_of_trl_keeps() {
    let cut = &golden("data_sets.json")["cut"];
    let row = TokenRow {
        prompt: ids(&cut["row"]["prompt_ids"]),
        answers: vec![ids(&cut["row"]["chosen_ids"]), ids(&cut["row"]["rejected_ids"])],
        ..TokenRow::default()
    };
    let limit = usize::try_from(cut["max_length"].as_u64().unwrap()).unwrap();
    let fitted = fit(vec![row], limit, Truncation::KeepStart, Path::new("x.jsonl")).unwrap();
    assert_eq!(fitted.cut.len(), 1);
    for answer in 0..2 {
        let sequence = fitted.rows[0].sequence(answer);
        assert_eq!(sequence.tokens, ids(&cut["ids"][answer]));
        let learned: Vec<usize> = sequence.labels.iter().map(|(position, _)| position + 1).collect();
        let mask = ids(&cut["mask"][answer]);
        assert_eq!(learned, (0..mask.len()).filter(|p| mask[*p] == 1).collect::<Vec<_>>());
    }
}

#[test]
fn the_drawn_order_is_that_of_torch() {
    for case in golden("data_sets.json")["orders"].as_array().unwrap() {
        let rows = usize::try_from(case["rows"].as_u64().unwrap()).unwrap();
        let expected: Vec<usize> = ids(&case["order"]).into_iter().map(|index| index as usize).collect();
        let seed = case["seed"].as_u64().unwrap();
        assert_eq!(Order::Trl.of(rows, seed, 0), expected, "{rows} rows, seed {seed}");
        assert_eq!(Order::Trl.of(rows, seed - 1, 1), expected, "the epoch is added to the seed");
    }
}
