//! Tokens against those of llama.cpp, and of another program that is short enough to be looked through.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::super::{
    Gguf,
    writer::{Item, Writer, reals, size, text, texts, truth, whole_numbers},
};
use crate::{model::MemorySource, text::Tokenizer};

fn golden() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/goldens/gguf_llama_cpp.json");
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// Data that is shared by several checkouts.
fn shared(name: &str) -> Option<PathBuf> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let found = above.map(|folder| folder.join("shared/data").join(name)).find(|path| path.exists());
    if found.is_none() {
        eprintln!("SKIPPED: there is no `shared/data/{name}` beside or above the checkout");
    }
    found
}

fn json(writer: &Writer) -> crate::Result<String> {
    Gguf::open(&mut MemorySource::new(&writer.bytes()), Path::new("m.gguf"))?.tokenizer_json()
}

fn tokenizer(writer: &Writer) -> Tokenizer {
    Tokenizer::parse(&json(writer).unwrap()).unwrap()
}

/// Compares with one case of the golden file.
fn compare(tokenizer: &Tokenizer, name: &str) {
    let golden = golden();
    let case = &golden["cases"][name];
    let ids = |value: &Value| serde_json::from_value::<Vec<u32>>(value.clone()).unwrap();
    let texts = case["texts"].as_array().unwrap();
    assert!(texts.len() > 20);
    for (text, expected) in texts.iter().zip(case["pieces"].as_array().unwrap()) {
        let text = text.as_str().unwrap();
        assert_eq!(tokenizer.encode_piece(text).unwrap(), ids(expected), "{name}: {text:?}");
    }
    assert_eq!(tokenizer.encode("Hello").unwrap(), ids(&case["whole"]), "{name}");
}

/// Tokens and merges of GPT-2.
fn gpt2() -> Option<Writer> {
    let folder = shared("gpt2_tokenizer")?;
    let encoder: std::collections::BTreeMap<String, usize> =
        serde_json::from_slice(&fs::read(folder.join("encoder.json")).unwrap()).unwrap();
    let mut tokens = vec![String::new(); encoder.len()];
    encoder.into_iter().for_each(|(token, id)| tokens[id] = token);
    let merges = fs::read_to_string(folder.join("vocab.bpe")).unwrap();
    let last = u32::try_from(tokens.len()).unwrap() - 1;
    let mut roles = vec![1; tokens.len() - 1];
    roles.push(3);
    let writer = Writer::new()
        .key("tokenizer.ggml.model", text("gpt2"))
        .key("tokenizer.ggml.tokens", texts(tokens.iter().map(String::as_str)))
        .key("tokenizer.ggml.token_type", whole_numbers(&roles))
        .key("tokenizer.ggml.merges", texts(merges.lines().skip(1).filter(|line| !line.is_empty())))
        .key("tokenizer.ggml.bos_token_id", size(last))
        .key("tokenizer.ggml.eos_token_id", size(last));
    Some(writer)
}

#[test]
fn byte_level_tokens_are_those_of_llama_cpp() {
    let Some(writer) = gpt2() else { return };
    for name in ["gpt-2", "smollm", "default", "qwen2", "llama-bpe"] {
        let tokenizer = tokenizer(&writer.clone().key("tokenizer.ggml.pre", text(name)));
        compare(&tokenizer, name);
        for text in ["def f(x):\n\treturn x  # naïve 日本 🚀", "  a  ", "it's 12345"] {
            assert_eq!(tokenizer.decode(&tokenizer.encode_piece(text).unwrap()).unwrap(), text, "{name}");
        }
    }
    // By its authors' package.
    let gpt2 = tokenizer(&writer.key("tokenizer.ggml.pre", text("gpt-2")));
    assert_eq!(gpt2.encode("Hello world").unwrap(), [15496, 995]);
}

/// Pieces, scores and roles of stories260K.
fn stories() -> Option<(Vec<String>, Vec<f32>, Vec<i32>)> {
    let raw = fs::read(shared("stories260K")?.join("tok512.bin")).unwrap();
    let word = |at: usize| <[u8; 4]>::try_from(&raw[at..at + 4]).unwrap();
    let (mut tokens, mut scores, mut at) = (Vec::new(), Vec::new(), 4);
    while at < raw.len() {
        scores.push(f32::from_le_bytes(word(at)));
        let length = u32::from_le_bytes(word(at + 4)) as usize;
        let piece = std::str::from_utf8(&raw[at + 8..at + 8 + length]).unwrap();
        tokens.push(piece.replace(' ', "\u{2581}"));
        at += 8 + length;
    }
    for (id, name) in ["<unk>", "<s>", "</s>"].into_iter().enumerate() {
        name.clone_into(&mut tokens[id]);
    }
    let roles =
        (0..tokens.len()).map(|id| [2, 3, 3].get(id).copied().unwrap_or(if id < 259 { 6 } else { 1 })).collect();
    Some((tokens, scores, roles))
}

fn sentencepiece((tokens, scores, roles): &(Vec<String>, Vec<f32>, Vec<i32>)) -> Writer {
    Writer::new()
        .key("tokenizer.ggml.model", text("llama"))
        .key("tokenizer.ggml.tokens", texts(tokens.iter().map(String::as_str)))
        .key("tokenizer.ggml.scores", reals(scores))
        .key("tokenizer.ggml.token_type", whole_numbers(roles))
        .key("tokenizer.ggml.bos_token_id", size(1))
        .key("tokenizer.ggml.eos_token_id", size(2))
}

/// SentencePiece's rule, word by word: of all neighbours that make a token, the best, further left first.
fn by_the_rule(text: &str, tokens: &[String], scores: &[f32]) -> Vec<u32> {
    let id = |piece: &str| tokens.iter().skip(259).position(|token| token == piece).map(|at| at + 259);
    let mut pieces: Vec<String> = format!(" {text}").replace(' ', "\u{2581}").chars().map(String::from).collect();
    loop {
        let wholes = pieces.windows(2).enumerate().filter_map(|(at, pair)| Some((at, id(&pair.concat())?)));
        let best = wholes.fold(None, |best: Option<(usize, usize)>, other| match best {
            Some(best) if scores[best.1] >= scores[other.1] => Some(best),
            _ => Some(other),
        });
        let Some((at, whole)) = best else { break };
        pieces.splice(at..at + 2, [tokens[whole].clone()]);
    }
    let spelled = |piece: &String| match id(piece) {
        Some(id) => vec![u32::try_from(id).unwrap()],
        None => piece.bytes().map(|byte| u32::from(byte) + 3).collect(),
    };
    pieces.iter().flat_map(spelled).collect()
}

#[test]
fn sentencepiece_tokens_are_those_of_llama_cpp() {
    let Some(vocabulary) = stories() else { return };
    let writer = sentencepiece(&vocabulary);
    let tokenizer = tokenizer(&writer);
    compare(&tokenizer, "stories260k");
    // The conversion that lies beside, and the rule, on texts of parts of tokens by chance.
    let beside = Tokenizer::load(&shared("stories260K").unwrap().join("hf_converted")).unwrap();
    let (tokens, scores, _) = &vocabulary;
    let mut state = 1_u64;
    let mut next = |limit: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % limit
    };
    for _ in 0..500 {
        let count = 1 + next(9);
        let some = |_| tokens[259 + next(tokens.len() - 259)].replace('\u{2581}', " ");
        let text: String = (0..count).map(some).collect();
        let ids = tokenizer.encode_piece(&text).unwrap();
        assert_eq!(ids, by_the_rule(&text, tokens, scores), "{text:?}");
        assert_eq!(ids, beside.encode_piece(&text).unwrap(), "{text:?}");
        assert_eq!(tokenizer.decode(&ids).unwrap(), text);
    }
}

#[test]
fn beginnings_and_ends_are_added_where_the_header_says() {
    let Some(vocabulary) = stories() else { return };
    let writer = sentencepiece(&vocabulary);
    let bos = |value| writer.clone().key("tokenizer.ggml.add_bos_token", truth(value));
    let plain = tokenizer(&bos(false)).encode("once").unwrap();
    assert_eq!(tokenizer(&bos(true)).encode("once").unwrap(), [&[1], &plain[..]].concat());
    assert_eq!(tokenizer(&writer).encode("once").unwrap(), [&[1], &plain[..]].concat());
    let both = bos(true).key("tokenizer.ggml.add_eos_token", truth(true));
    assert_eq!(tokenizer(&both).encode("once").unwrap(), [&[1], &plain[..], &[2]].concat());
    let no_prefix = bos(false).key("tokenizer.ggml.add_space_prefix", truth(false));
    let glued = tokenizer(&no_prefix);
    assert_eq!(glued.encode(" once").unwrap(), plain);
    assert_eq!(glued.decode(&plain).unwrap(), " once");
    let error = json(&bos(true).without("tokenizer.ggml.bos_token_id")).unwrap_err().to_string();
    assert!(error.contains("bos_token_id") && error.contains("missing"), "{error}");
    // Files of 2023 have no types.
    let old = tokenizer(&writer.without("tokenizer.ggml.token_type"));
    assert_eq!(old.encode_piece("</s>").unwrap(), [2]);
}

#[test]
fn vocabularies_that_cannot_be() {
    let byte_level = || {
        Writer::new()
            .key("tokenizer.ggml.model", text("gpt2"))
            .key("tokenizer.ggml.pre", text("gpt-2"))
            .key("tokenizer.ggml.tokens", texts(["a", "b", "ab", "<end>"]))
            .key("tokenizer.ggml.token_type", whole_numbers(&[1, 1, 1, 4]))
            .key("tokenizer.ggml.merges", texts(["a b"]))
    };
    let sound = tokenizer(&byte_level());
    assert_eq!(sound.encode("abab<end>a").unwrap(), [2, 2, 3, 0]);
    let scores =
        |item: Item| byte_level().key("tokenizer.ggml.model", text("llama")).key("tokenizer.ggml.scores", item);
    tokenizer(&scores(reals(&[0.0; 4])));
    for (writer, words) in [
        (byte_level().key("tokenizer.ggml.model", text("t5")), &["`tokenizer.ggml.model`", "t5"][..]),
        (byte_level().without("tokenizer.ggml.model"), &["`tokenizer.ggml.model`", "missing"]),
        (byte_level().without("tokenizer.ggml.tokens"), &["`tokenizer.ggml.tokens`", "missing"]),
        (byte_level().without("tokenizer.ggml.merges"), &["`tokenizer.ggml.merges`", "missing"]),
        (byte_level().key("tokenizer.ggml.pre", text("tekken")), &["`tokenizer.ggml.pre`", "tekken", "smollm"]),
        (byte_level().key("tokenizer.ggml.tokens", texts(["a", "b", "ab", "a"])), &["tokens 0 and 3"]),
        (byte_level().key("tokenizer.ggml.tokens", size(3)), &["`tokenizer.ggml.tokens`", "whole number"]),
        (byte_level().key("tokenizer.ggml.token_type", whole_numbers(&[1, 1, 1])), &["token_type", "3 entries"]),
        (byte_level().key("tokenizer.ggml.token_type", whole_numbers(&[1, 1, 1, 7])), &["token_type", "token 3"]),
        (byte_level().key("tokenizer.ggml.merges", texts(["a b", "ab"])), &["merges", "\"ab\"", "entry 1"]),
        (byte_level().key("tokenizer.ggml.merges", texts(["b a"])), &["merges", "\"ba\"", "entry 0"]),
        (byte_level().key("tokenizer.ggml.merges", texts(["", " "])), &["merges", "entry 0"]),
        (scores(reals(&[0.0; 3])), &["scores", "3 entries"]),
        (scores(reals(&[0.0, f32::NAN, 0.0, 0.0])), &["scores", "token 1"]),
        (scores(reals(&[0.0; 4])).key("tokenizer.ggml.bos_token_id", size(4)), &["bos_token_id", "4 tokens"]),
    ] {
        let error = json(&writer).err().unwrap_or_else(|| panic!("{words:?}: read all the same")).to_string();
        assert!(words.iter().all(|word| error.contains(word)) && error.contains("m.gguf"), "{words:?}: {error}");
    }
}
