//! Whole files: what other programs wrote, what is refused, and what chance makes of both.

use std::{fs, path::PathBuf};

use super::{
    super::{
        files::tests::bits,
        load,
        source::{MemorySource, PIECE, tests::Recorder},
    },
    writer::{Item, Writer, lists, real, reals, size, text, texts, truth, whole_numbers},
    *,
};
use crate::{
    device::cpu,
    learn::{Sequence, batch::score},
    text::Tokenizer,
};

fn goldens() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/goldens")
}

/// A whole model: one block, two heads of four, six tokens.
fn model() -> Writer {
    model_of(8)
}

/// The same of any width.
fn model_of(width: u32) -> Writer {
    let d = u64::from(width);
    let block =
        |writer: Writer, (part, shape): &(&str, Vec<u64>)| writer.floats(&format!("blk.0.{part}.weight"), shape, 0.5);
    let parts = [
        ("attn_norm", vec![d]),
        ("attn_q", vec![d, d]),
        ("attn_k", vec![d / 2, d]),
        ("attn_v", vec![d / 2, d]),
        ("attn_output", vec![d, d]),
        ("ffn_norm", vec![d]),
        ("ffn_gate", vec![32, d]),
        ("ffn_up", vec![32, d]),
    ];
    let header = Writer::new()
        .key("general.architecture", text("llama"))
        .key("llama.block_count", size(1))
        .key("llama.context_length", size(64))
        .key("llama.embedding_length", size(width))
        .key("llama.feed_forward_length", size(32))
        .key("llama.attention.head_count", size(2))
        .key("llama.attention.head_count_kv", size(1))
        .key("llama.attention.layer_norm_rms_epsilon", real(1e-5))
        .key("tokenizer.ggml.model", text("llama"))
        .key("tokenizer.ggml.tokens", texts(["<unk>", "<s>", "</s>", "a", "b", "ab"]))
        .key("tokenizer.ggml.scores", reals(&[0.0, 0.0, 0.0, -1.0, -2.0, -3.0]))
        .key("tokenizer.ggml.token_type", whole_numbers(&[2, 3, 3, 1, 1, 1]))
        .key("tokenizer.ggml.bos_token_id", size(1))
        .key("tokenizer.ggml.eos_token_id", size(2))
        .key("some.lists", lists(3))
        .key("some.truth", truth(true));
    let header = header.floats("token_embd.weight", &[6, d], 0.25).floats("output_norm.weight", &[d], 1.0);
    // A row of a whole block, again and again.
    let down: Vec<u8> = [&half::f16::from_f32(0.5).to_le_bytes()[..], &[1; 32]].concat().repeat(width as usize);
    parts.iter().fold(header, block).tensor("blk.0.ffn_down.weight", &[d, 32], 8, down)
}

fn open(bytes: &[u8]) -> Result<Gguf> {
    Gguf::open(&mut MemorySource::new(bytes), Path::new("m.gguf"))
}

fn whole(bytes: &[u8]) -> Result<Decoder> {
    open(bytes)?.load(&mut MemorySource::new(bytes), &cpu())
}

/// Checks that a file is refused with the words when it is opened, having been asked for nothing that
/// it does not have.
fn refused(bytes: &[u8], words: &[&str]) {
    let mut source = Recorder::new(bytes);
    let error = Gguf::open(&mut source, Path::new("m.gguf")).err();
    let error = error.unwrap_or_else(|| panic!("{words:?}: opened all the same")).to_string();
    for word in words.iter().chain(&["m.gguf"]) {
        assert!(error.contains(word), "{word:?} is not in: {error}");
    }
    assert!(!error.contains('\n') && error.len() < 1000, "{error}");
    assert!(source.largest() <= bytes.len() as u64, "{:?}", source.pieces);
}

fn refused_model(writer: &Writer, words: &[&str]) {
    let error = whole(&writer.bytes()).err().unwrap_or_else(|| panic!("{words:?}: loaded all the same")).to_string();
    for word in words.iter().chain(&["m.gguf"]) {
        assert!(error.contains(word), "{word:?} is not in: {error}");
    }
}

/// The `gguf` package of Python wrote the same models that lie beside in the Hugging Face layout, with
/// the rows of queries and keys in llama.cpp's order.
#[test]
fn models_that_the_reference_wrote_are_the_models_they_were() {
    for name in ["tiny_llama_gqa_tied", "tiny_llama_mha_untied", "tiny_llama_rope_scaled", "tiny_qwen2"] {
        let expected = load(&goldens().join(name), &cpu()).unwrap();
        let path = goldens().join(format!("gguf/{name}.gguf"));
        let ours = load(&path, &cpu()).unwrap();
        assert_eq!(bits(&ours), bits(&expected), "{name}");
        let (ours, mut expected) = (ours.config().clone(), expected.config().clone());
        // The one and the list of one are the same; so is a scaling that changes nothing.
        assert_eq!(ours.stop_tokens(), expected.stop_tokens());
        expected.eos_token_id.clone_from(&ours.eos_token_id);
        // A width that follows from others need not be said.
        expected.head_dim.get_or_insert(expected.hidden_size / expected.num_attention_heads);
        assert_eq!(ours, expected, "{name}");
        Tokenizer::load(&path).unwrap();
    }
}

/// `gguf_logprobs.json` has the distribution that llama.cpp computes behind every beginning of some tokens.
#[test]
fn models_say_what_llama_cpp_says() {
    let golden: serde_json::Value =
        serde_json::from_slice(&fs::read(goldens().join("gguf_logprobs.json")).unwrap()).unwrap();
    let ids: Vec<u32> = serde_json::from_value(golden["ids"].clone()).unwrap();
    let cases = golden["cases"].as_object().unwrap();
    assert_eq!(cases.len(), 5);
    for (name, tables) in cases {
        let model = load(&goldens().join(format!("gguf/{name}.gguf")), &cpu()).unwrap();
        let tables: Vec<Vec<f32>> = serde_json::from_value(tables.clone()).unwrap();
        assert_eq!((tables.len(), tables[0].len()), (ids.len(), model.config().vocab_size), "{name}");
        let rows: Vec<Sequence> = (1..=ids.len())
            .flat_map(|end| (0..tables[0].len()).map(move |token| (end, u32::try_from(token).unwrap())))
            .map(|(end, token)| Sequence::completion(&ids[..end], &[token]))
            .collect();
        let ours = pollster::block_on(score(&model, &rows, 4096)).unwrap().concat();
        let theirs = tables.concat();
        let apart = ours.iter().zip(&theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(ours.len() == theirs.len() && apart < 2e-5, "{name}: {apart}");
    }
}

#[test]
fn a_file_is_found_by_its_name_or_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    assert_eq!(find(&at("absent.GGUF")).unwrap(), Some(at("absent.GGUF")));
    assert_eq!(find(&at("absent")).unwrap(), None);
    assert_eq!(find(folder.path()).unwrap(), None);
    fs::write(at("b.gguf"), model().bytes()).unwrap();
    fs::create_dir(at("folder.gguf")).unwrap();
    assert_eq!(find(folder.path()).unwrap(), Some(at("b.gguf")));
    assert_eq!(load(folder.path(), &cpu()).unwrap().config().vocab_size, 6);
    assert_eq!(Tokenizer::load(folder.path()).unwrap().size(), 6);
    fs::write(at("a.gguf"), "").unwrap();
    let error = find(folder.path()).unwrap_err().to_string();
    assert!(error.contains("a.gguf, b.gguf"), "{error}");
    fs::write(at("config.json"), "{}").unwrap();
    assert_eq!(find(folder.path()).unwrap(), None);
}

/// Rounding blocks again would change them: their largest number is not the largest there is.
#[test]
fn blocks_stay_as_they_are_where_that_is_no_more_than_was_asked_for() {
    use super::super::{BasePrecision, Matrix};

    let blocks = |values: usize, bytes: usize| -> Vec<u8> {
        let scale = |block: usize| half::f16::from_f32([0.001, 0.02, 0.3][block % 3]).to_le_bytes();
        let number = |at: usize| if bytes == 32 { at * 37 % 50 } else { at * 37 % 6 + 5 + 16 * (at * 29 % 6 + 5) };
        let numbers = |block: usize| (0..bytes).map(move |at| u8::try_from(number(block * bytes + at)).unwrap());
        (0..values / 32).flat_map(|block| scale(block).into_iter().chain(numbers(block))).collect()
    };
    let mut writer = model_of(32);
    writer.tensors.retain(|(name, ..)| !["blk.0.attn_q.weight", "blk.0.ffn_up.weight"].contains(&name.as_str()));
    let writer = writer
        .tensor("blk.0.attn_q.weight", &[32, 32], 8, blocks(1024, 32))
        .tensor("blk.0.ffn_up.weight", &[32, 32], 2, blocks(1024, 16))
        .bytes();
    let read = |tensor| {
        let values = pollster::block_on(crate::device::read_floats::<2>(tensor)).unwrap();
        values.into_iter().map(f32::to_bits).collect::<Vec<u32>>()
    };
    let expected = whole(&writer).unwrap();
    let expected = &expected.weights().layers[0];
    let load = |precision| open(&writer)?.load_in(&mut MemorySource::new(&writer), &cpu(), precision);
    for (precision, kept) in
        [(BasePrecision::F16, [true, true]), (BasePrecision::Q8, [true, true]), (BasePrecision::Q4, [false, true])]
    {
        let model = load(precision).unwrap();
        let ours = &model.weights().layers[0];
        for ((ours, expected), kept) in [(&ours.query, &expected.query), (&ours.up, &expected.up)].into_iter().zip(kept)
        {
            assert!(matches!(ours.weight, Matrix::Packed(_)));
            assert_eq!(read(ours.weight.full()) == read(expected.weight.full()), kept, "{precision}");
        }
    }
}

#[test]
fn a_sound_file_is_a_model() {
    let mut writer = model();
    for version in [2, 3] {
        writer.version = version;
        let model = whole(&writer.bytes()).unwrap();
        let weights = bits(&model);
        assert_eq!(weights["model.layers.0.mlp.down_proj.weight"], [0.5_f32.to_bits(); 256]);
        assert_eq!(weights["model.embed_tokens.weight"], [0.25_f32.to_bits(); 48]);
        assert!(model.weights().head.is_none() && model.config().stop_tokens() == [2]);
    }
    let template = "{{ messages }}";
    assert_eq!(open(&writer.bytes()).unwrap().chat_template(), None);
    let with = open(&writer.key("tokenizer.chat_template", text(template)).bytes()).unwrap();
    assert_eq!(with.chat_template().as_deref(), Some(template));
    let special =
        [("bos_token", "<s>"), ("eos_token", "</s>")].map(|(name, token)| (name.to_owned(), token.to_owned()));
    assert!(with.special_tokens().unwrap().into_iter().eq(special));
}

#[test]
fn no_copy_of_the_file_is_in_memory() {
    // An embedding of several pieces of an odd length.
    let row = [&half::f16::from_f32(0.5).to_le_bytes()[..], &[3; 32]].concat();
    let rows = PIECE * 5 / 2 / 34;
    let mut writer = model().key("llama.embedding_length", size(32)).key("llama.attention.head_count", size(8));
    writer.tensors.clear();
    let bytes = writer.tensor("token_embd.weight", &[rows as u64, 32], 8, row.repeat(rows)).bytes();
    let mut source = Recorder::new(&bytes);
    let file = Gguf::open(&mut source, Path::new("m.gguf")).unwrap();
    assert!(source.largest() <= 256 << 10);
    source.pieces.clear();
    let values = tensors::floats(&mut source, &file.header, "token_embd.weight", &[rows, 32]).unwrap();
    assert!(values.len() == rows * 32 && values.iter().all(|value| *value == 1.5));
    assert!(source.pieces.len() == 3 && source.largest() <= PIECE as u64 && source.largest().is_multiple_of(34));
}

#[test]
fn what_is_no_file_of_this_kind() {
    for size in 0..24 {
        refused(&vec![b'G'; size], &["24 bytes"]);
    }
    refused(&[b'{'; 64], &["is no GGUF file", "{{{{"]);
    for (version, word) in [(1_u32, "version 1"), (4, "version 4"), (3 << 24, "big-endian"), (0, "version 0")] {
        let mut writer = model();
        writer.version = version;
        refused(&writer.bytes(), &[word, "Convert"]);
    }
    let bytes = model().bytes();
    let data = 8 * 34;
    for size in [24, 100, 500, bytes.len() - data - 1, bytes.len() - 1] {
        refused(&bytes[..size], &["not a complete GGUF file", "download it again"]);
    }
}

/// A kilobyte never reserves a gigabyte.
#[test]
fn lengths_that_lie_are_refused_before_anything_is_reserved() {
    let sound = model().bytes();
    let begins = |needle: &[u8]| sound.windows(needle.len()).position(|window| window == needle).unwrap();
    let list = begins(b"tokenizer.ggml.scores") + 21;
    let numbers = list + 4 + 4;
    let tokens = begins(b"tokenizer.ggml.tokens") + 21 + 8;
    let key = begins(b"general.architecture") - 8;
    let first_text = begins(b"\x05\0\0\0\0\0\0\0llama");
    let name = begins(b"token_embd.weight") - 8;
    for lie in [sound.len() as u64, 1 << 20, 1 << 30, 1 << 32, 1 << 40, u64::MAX / 8, u64::MAX - 7, u64::MAX] {
        for (at, word) in [
            (8, "number of tensors"),
            (16, "number of entries"),
            (key, "entry 1 of"),
            (first_text, "general.architecture"),
            (tokens, "tokenizer.ggml.tokens"),
            (numbers, "tokenizer.ggml.scores"),
            (name, "tensor 1 of"),
        ] {
            let mut bytes = sound.clone();
            bytes[at..at + 8].copy_from_slice(&lie.to_le_bytes());
            refused(&bytes, &[word]);
            // The same in a file that says it had them, and has more than is read at once.
            bytes.resize(bytes.len() + (600 << 10), 0);
            let mut source = Recorder::new(&bytes);
            source.claimed = 1 << 50;
            assert!(Gguf::open(&mut source, Path::new("m.gguf")).is_err());
            assert!(source.largest() <= 256 << 10);
        }
    }
}

#[test]
fn entries_that_cannot_be() {
    let with = |key: &str, item: Item| model().key(key, item).bytes();
    let raw = |kind: u32, bytes: &[u8]| Item([&kind.to_le_bytes()[..], bytes].concat());
    refused(&with("k", raw(13, &[0; 8])), &["\"k\"", "type 13"]);
    refused(&with("k", raw(7, &[2])), &["\"k\"", "truth value"]);
    refused(&with("k", raw(8, &[1, 0, 0, 0, 0, 0, 0, 0, 255])), &["\"k\"", "UTF-8"]);
    refused(&with("k", raw(9, &[99, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])), &["\"k\"", "type 99"]);
    refused(&with("k", raw(9, &[7, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1, 7])), &["\"k\"", "truth value"]);
    open(&with("k", lists(4))).unwrap();
    refused(&with("k", lists(5)), &["\"k\"", "deep"]);
    refused(&with("k", lists(100_000)), &["\"k\"", "deep"]);
    let mut twice = model();
    twice.keys.push(("some.truth".to_owned(), truth(true)));
    refused(&twice.bytes(), &["\"some.truth\" is there twice"]);
    refused(&with(&"k".repeat(65_536), truth(true)), &["65535"]);
    for alignment in [0, 1, 4, 24, 33, 1 << 21] {
        refused(&with("general.alignment", size(alignment)), &["`general.alignment`", "power of two"]);
    }
    refused(&with("general.alignment", text("32")), &["`general.alignment`", "a text"]);
    let mut wide = model().key("general.alignment", size(64));
    wide.alignment = 64;
    wide.tensors.iter_mut().for_each(|tensor| tensor.3 *= 2);
    assert_eq!(bits(&whole(&wide.bytes()).unwrap()), bits(&whole(&model().bytes()).unwrap()));
}

#[test]
fn tensors_that_cannot_be() {
    let edited = |edit: &dyn Fn(&mut Writer)| {
        let mut writer = model();
        edit(&mut writer);
        writer.bytes()
    };
    refused(&edited(&|w| w.tensors[0].1 = vec![8, 6, 1, 1, 1]), &["token_embd.weight", "5 sides"]);
    refused(&edited(&|w| w.tensors[0].1 = vec![8, 0]), &["token_embd.weight", "side of 0"]);
    refused(&edited(&|w| w.tensors[1].0 = "token_embd.weight".to_owned()), &["token_embd.weight", "twice"]);
    refused(&edited(&|w| w.tensors[1].3 = 8), &["output_norm.weight", "multiple of 32"]);
    refused(&edited(&|w| w.tensors[1].3 = 32), &["output_norm.weight", "overlaps"]);
    refused(&edited(&|w| w.tensors[0].1 = vec![1 << 40, 1 << 40]), &["token_embd.weight", "whole blocks"]);
    refused(&edited(&|w| w.tensors[0].1 = vec![8, 1 << 40]), &["token_embd.weight", "end at"]);
    refused(&edited(&|w| w.tensors[10].1 = vec![8, 32]), &["blk.0.ffn_down.weight", "whole blocks of Q8_0"]);
    let mut far = model().bytes();
    let at = far.windows(22).position(|window| window == b"blk.0.ffn_down.weight\x02").unwrap() + 21 + 4 + 16 + 4;
    far[at..at + 8].copy_from_slice(&(u64::MAX - 31).to_le_bytes());
    refused(&far, &["blk.0.ffn_down.weight", "end at"]);
    // A type that is not read is no reason to refuse the header, but to refuse the model.
    let foreign = |code: u32, words: &[&str]| {
        let mut writer = model();
        writer.tensors[10].2 = code;
        open(&writer.bytes()).unwrap();
        refused_model(&writer, &[&["`blk.0.ffn_down.weight`"], words].concat());
    };
    foreign(10, &["Q2_K", "Q4_K", "Choose"]);
    foreign(77, &["number 77"]);
    let mut infinite = model();
    infinite.tensors[1].4[4..8].copy_from_slice(&f32::INFINITY.to_le_bytes());
    refused_model(&infinite, &["`output_norm.weight`", "inf at element 1"]);
    let mut missing = model();
    missing.tensors.remove(3);
    refused_model(&missing, &["`blk.0.attn_q.weight`", "missing"]);
    let mut other = model();
    other.tensors[5].1 = vec![4, 8];
    refused_model(&other, &["`blk.0.attn_v.weight`", "[8, 4]", "[4, 8]"]);
    for name in ["blk.1.attn_norm.weight", "blk.0.attn_q.bias", "blk.0.ffn_gate_inp.weight", "blk.00.attn_norm.weight"]
    {
        refused_model(&model().floats(name, &[8], 1.0), &[name, "computes something else"]);
    }
}

#[test]
fn settings_that_cannot_be() {
    for (key, item, words) in [
        ("general.architecture", text("gptneox"), &["gptneox", "llama", "qwen2"][..]),
        // Another family's settings are not there.
        ("general.architecture", text("qwen2"), &["qwen2.", "missing"]),
        ("split.count", size(3), &["3", "--merge"]),
        ("llama.expert_count", size(8), &["cannot compute"]),
        ("llama.attention.sliding_window", size(16), &["cannot compute"]),
        ("llama.attention.key_length", size(6), &["num_"]),
        ("llama.attention.value_length", size(8), &["8", "4 wide"]),
        ("llama.rope.dimension_count", size(2), &["2", "4 wide"]),
        ("llama.rope.scaling.type", text("yarn"), &["yarn"]),
        ("llama.vocab_size", size(7), &["7", "6 rows"]),
        ("llama.block_count", text("1"), &["a text"]),
        ("llama.block_count", size(0), &["num_hidden_layers"]),
        ("llama.attention.head_count", size(0), &["num_attention_heads"]),
        ("llama.attention.head_count_kv", whole_numbers(&[1, 2]), &["block to block"]),
        ("llama.attention.layer_norm_rms_epsilon", real(f32::NAN), &["finite"]),
        ("tokenizer.ggml.eos_token_id", size(6), &["eos_token_id"]),
    ] {
        let words: Vec<&str> = if key == "llama.attention.key_length" { vec![] } else { words.to_vec() };
        refused_model(&model().key(key, item), &words);
    }
    for key in ["general.architecture", "llama.block_count", "llama.attention.layer_norm_rms_epsilon"] {
        refused_model(&model().without(key), &[key, "missing"]);
    }
    let config = |writer: Writer| open(&writer.bytes()).unwrap().config().unwrap();
    assert_eq!(
        config(model().without("llama.attention.head_count_kv").key("llama.attention.key_length", size(4))).kv_heads(),
        2
    );
    assert_eq!(config(model().key("llama.attention.head_count_kv", whole_numbers(&[1]))).kv_heads(), 1);
    let linear =
        config(model().key("llama.rope.scaling.type", text("linear")).key("llama.rope.scaling.factor", real(4.0)));
    assert_eq!(linear.rope_scaling.unwrap().factor, Some(4.0));
    assert_eq!(config(model().key("llama.rope.scaling.type", text("none"))).rope_scaling, None);
    let two = config(model().key("tokenizer.ggml.eot_token_id", size(4)).key("tokenizer.ggml.eom_token_id", size(2)));
    assert_eq!(two.stop_tokens(), [2, 4]);
}

#[test]
fn rotary_factors_are_honoured_where_they_are_known() {
    let bytes = fs::read(goldens().join("gguf/tiny_llama_rope_scaled.gguf")).unwrap();
    let file = open(&bytes).unwrap();
    assert_eq!(file.config().unwrap().rope_scaling.unwrap().rope_type, "llama3");
    let factors = |values: [f32; 2]| {
        let data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        model().tensor("rope_freqs.weight", &[2], 0, data)
    };
    assert_eq!(open(&factors([1.0, 1.0]).bytes()).unwrap().config().unwrap().rope_scaling, None);
    refused_model(&factors([1.0, 3.0]), &["rope_freqs.weight", "Llama 3.1"]);
    refused_model(&factors([-8.0, 8.0]), &["rope_freqs.weight"]);
    refused(&model().floats("rope_freqs.weight", &[2, 2], 1.0).bytes(), &["rope_freqs.weight", "[2, 2]"]);
}

/// Numbers by chance, the same in every run (Marsaglia's xorshift).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % limit.max(1)
    }
}

/// One to three changes: bits, lengths, pieces that are lost, doubled or cut off.
fn mutate(bytes: &mut Vec<u8>, header: usize, chance: &mut Chance) {
    const LENGTHS: [u64; 10] = [0, 1, 2, 8, 255, 1 << 16, 1 << 31, 1 << 40, u64::MAX / 8 + 1, u64::MAX];
    for _ in 0..=chance.below(3) {
        let at = chance.below(header.min(bytes.len()));
        let run = 1 + chance.below(24);
        let end = (at + run).min(bytes.len());
        match chance.below(10) {
            0..=5 => bytes[at] ^= 1 << chance.below(8),
            6 => {
                let length = LENGTHS[chance.below(LENGTHS.len())].to_le_bytes();
                bytes.iter_mut().skip(at).zip(length).for_each(|(byte, new)| *byte = new);
            }
            7 => drop(bytes.drain(at..end)),
            8 => {
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
            _ => bytes.truncate(at),
        }
        if bytes.is_empty() {
            return;
        }
    }
}

/// Whatever happens to a file, it is a model or is refused with one line; what is read and reserved
/// stays within what the file has.
#[test]
fn chance_makes_no_file_that_panics_or_reserves() {
    let golden = fs::read(goldens().join("gguf/tiny_llama_rope_scaled.gguf")).unwrap();
    let mut chance = Chance(0x5eed);
    let mut outcomes = [0; 3];
    for sound in [model().bytes(), golden] {
        let header = usize::try_from(open(&sound).unwrap().header.start).unwrap();
        for round in 0..4000 {
            let mut bytes = sound.clone();
            mutate(&mut bytes, header, &mut chance);
            // As if it was the beginning of a large file that cannot be read to its end.
            let large = round % 4 == 0;
            bytes.resize(bytes.len() + if large { 600 << 10 } else { 0 }, 0);
            let mut source = Recorder::new(&bytes);
            source.claimed = if large { 1 << 45 } else { source.claimed };
            let result = Gguf::open(&mut source, Path::new("m.gguf")).and_then(|file| {
                assert!(source.largest() <= 256 << 10);
                Tokenizer::parse(&file.tokenizer_json()?)?;
                file.config()?;
                if large { Ok(None) } else { file.load(&mut source, &cpu()).map(Some) }
            });
            assert!(source.largest() <= PIECE as u64);
            let within = source.pieces.iter().all(|(at, size)| at + size <= source.claimed);
            assert!(within, "{:?}", source.pieces);
            match result {
                Ok(Some(_)) => outcomes[0] += 1,
                Ok(None) => outcomes[1] += 1,
                Err(error) => {
                    let error = error.to_string();
                    assert!(error.len() < 3000 && !error.contains('\0'), "{error}");
                    outcomes[2] += 1;
                }
            }
        }
    }
    println!("loaded, opened, refused: {outcomes:?}");
    assert!(outcomes.iter().all(|count| *count > 20), "{outcomes:?}");
}
