use std::path::PathBuf;

use safetensors::SafeTensors;

use super::{
    super::{
        content_hash, hash_source,
        source::{PIECE, tests::Recorder},
    },
    *,
};
use crate::device::{cpu, read_floats};

fn starter() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/starter")
}

/// All weights, bit for bit.
pub(in crate::model) fn bits(model: &Decoder) -> BTreeMap<String, Vec<u32>> {
    struct Collect(BTreeMap<String, Vec<u32>>);
    impl Visitor for Collect {
        fn visit<const D: usize>(&mut self, name: &str, weight: &Tensor<D>) {
            let values = pollster::block_on(read_floats(weight.clone())).unwrap();
            self.0.insert(name.to_owned(), values.iter().map(|v| v.to_bits()).collect());
        }
    }
    let mut collect = Collect(BTreeMap::new());
    model.weights().visit(&mut collect);
    collect.0
}

/// The file's values, read by the crate that has all of it in memory.
fn expected(bytes: &[u8]) -> BTreeMap<String, Vec<u32>> {
    let values = |view: &TensorView<'_>| match view.dtype() {
        Dtype::F32 => view.data().as_chunks().0.iter().map(|b| u32::from_le_bytes(*b)).collect(),
        Dtype::F16 => {
            view.data().as_chunks().0.iter().map(|b| half::f16::from_le_bytes(*b).to_f32().to_bits()).collect()
        }
        Dtype::BF16 => view.data().as_chunks().0.iter().map(|b| u32::from(u16::from_le_bytes(*b)) << 16).collect(),
        other => panic!("{other:?}"),
    };
    let file = SafeTensors::deserialize(bytes).unwrap();
    file.tensors().into_iter().map(|(name, view)| (name, values(&view))).collect()
}

#[test]
fn a_file_and_its_bytes_are_the_same_model() {
    let folder = starter();
    let path = folder.join("model.safetensors");
    let bytes = fs::read(&path).unwrap();
    let config = || Config::parse(&fs::read_to_string(folder.join("config.json")).unwrap(), &path).unwrap();
    let expected = expected(&bytes);
    assert_eq!(bits(&load(&folder, &cpu()).unwrap()), expected);
    assert_eq!(bits(&from_bytes(config(), &bytes, &path, &cpu()).unwrap()), expected);
    let mut file = FileSource::open(&path).unwrap();
    assert_eq!(hash_source(&mut file).unwrap(), content_hash(&bytes));
    assert_eq!(bits(&from_source(config(), &mut file, &path, &cpu()).unwrap()), expected);
}

/// A model whose embedding takes several pieces, in a file that mixes the number types.
fn mixed() -> (Config, Vec<u8>) {
    let mut config = Config::llama(64, 96, 2, 4, 2, 40_000);
    config.tie_word_embeddings = false;
    let model = Decoder::random(config.clone(), 7, &[], &cpu());
    let tensors: BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)> = bits(&model)
        .into_iter()
        .enumerate()
        .map(|(index, (name, bits))| {
            let values = bits.iter().map(|bits| f32::from_bits(*bits));
            let (dtype, data): (_, Vec<u8>) = match index % 3 {
                0 => (Dtype::F32, values.flat_map(f32::to_le_bytes).collect()),
                1 => (Dtype::F16, values.flat_map(|v| half::f16::from_f32(v).to_le_bytes()).collect()),
                _ => (Dtype::BF16, values.flat_map(|v| half::bf16::from_f32(v).to_le_bytes()).collect()),
            };
            let shape = match bits.len() / 64 {
                1 => vec![64],
                _ if name.contains("down_proj") => vec![64, 96],
                rows => vec![rows, 64],
            };
            (name, (dtype, shape, data))
        })
        .collect();
    let views = tensors
        .iter()
        .map(|(name, (dtype, shape, data))| (name.as_str(), TensorView::new(*dtype, shape.clone(), data).unwrap()));
    (config, safetensors::serialize(views, None).unwrap())
}

#[test]
fn every_number_type_is_read_in_one_file() {
    let (config, bytes) = mixed();
    let types: std::collections::BTreeSet<Dtype> =
        SafeTensors::deserialize(&bytes).unwrap().tensors().iter().map(|(_, view)| view.dtype()).collect();
    assert_eq!(types.len(), 3);
    let model = from_bytes(config, &bytes, Path::new("x"), &cpu()).unwrap();
    assert_eq!(bits(&model), expected(&bytes));
}

/// Every byte is asked for once, no more than a piece at a time, and tensors one after the other.
#[test]
fn no_copy_of_the_file_is_in_memory() {
    let (config, bytes) = mixed();
    let mut source = Recorder::new(&bytes);
    from_source(config, &mut source, Path::new("x"), &cpu()).unwrap();
    assert!(source.largest() <= PIECE as u64 && source.largest() < bytes.len() as u64 / 3);
    let header = u64::from_le_bytes(*bytes.first_chunk().unwrap());
    assert_eq!(source.pieces[..2], [(0, 8), (8, header)]);
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let mut rest = &source.pieces[2..];
    for name in ["model.embed_tokens.weight", "model.layers.0.input_layernorm.weight"] {
        let size = file.tensor(name).unwrap().data().len() as u64;
        let (of_tensor, others) = rest.split_at(usize::try_from(size).unwrap().div_ceil(PIECE));
        assert_eq!(of_tensor.iter().map(|piece| piece.1).sum::<u64>(), size, "{name}");
        assert!(of_tensor.windows(2).all(|pair| pair[0].0 + pair[0].1 == pair[1].0), "{name}");
        rest = others;
    }
    let mut pieces = source.pieces;
    pieces.sort_unstable();
    let mut at = 0;
    for (begin, size) in pieces {
        assert_eq!(begin, at);
        at += size;
    }
    assert_eq!(at, bytes.len() as u64);
}

/// What disagrees with the config is found before the weights behind it are read.
#[test]
fn a_model_that_is_refused_is_not_read_to_its_end() {
    let (config, bytes) = mixed();
    let (mut deeper, mut wider) = (config.clone(), config);
    deeper.num_hidden_layers = 1;
    wider.vocab_size = 40_001;
    let mut source = Recorder::new(&bytes);
    let error = from_source(deeper, &mut source, Path::new("x"), &cpu()).unwrap_err().to_string();
    assert!(error.contains("model.layers.1.") && error.contains("num_hidden_layers"), "{error}");
    assert_eq!(source.pieces.len(), 2);
    let error = from_source(wider, &mut source, Path::new("x"), &cpu()).unwrap_err().to_string();
    assert!(error.contains("[40000, 64]") && error.contains("[40001, 64]"), "{error}");
    assert_eq!(source.pieces.len(), 4);
}

/// The element is counted from the tensor's beginning, not from the piece's.
#[test]
fn a_value_that_is_not_finite_is_named_in_any_piece() {
    let (config, mut bytes) = mixed();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let view = file.tensor("lm_head.weight").unwrap();
    assert_eq!(view.dtype(), Dtype::F32);
    let at = PIECE / 4 * 2 + 3;
    let begin = view.data().as_ptr().addr() - bytes.as_ptr().addr() + 4 * at;
    bytes[begin..begin + 4].copy_from_slice(&f32::NEG_INFINITY.to_le_bytes());
    let error = from_bytes(config, &bytes, Path::new("x"), &cpu()).unwrap_err().to_string();
    assert!(error.contains("lm_head.weight") && error.contains(&format!("holds -inf at element {at};")), "{error}");
}

/// A browser's handle can fail in the middle.
#[test]
fn a_source_that_fails_ends_the_loading() {
    struct Failing<'a>(Recorder<'a>, usize);
    impl Source for Failing<'_> {
        fn len(&self) -> u64 {
            self.0.len()
        }
        fn read_at(&mut self, at: u64, into: &mut [u8]) -> Result<()> {
            if self.0.pieces.len() >= self.1 {
                return Err(Error::model("picked.safetensors", "the handle was lost"));
            }
            self.0.read_at(at, into)
        }
    }
    let (config, bytes) = mixed();
    for good in [0, 1, 2, 3, 9] {
        let mut source = Failing(Recorder::new(&bytes), good);
        let error = from_source(config.clone(), &mut source, Path::new("x"), &cpu()).unwrap_err().to_string();
        assert!(error.contains("the handle was lost"), "{good}: {error}");
    }
}

/// Fresh models of every family, with every bias there may be, survive their own files.
#[test]
fn every_family_is_written_and_read_as_the_same() {
    for family in Family::ALL {
        for tied in [true, false] {
            let mut config = Config::llama(12, 20, 2, 4, 2, 31);
            config.architectures = vec![family.architecture().to_owned()];
            config.model_type = family;
            config.max_position_embeddings = 24;
            (config.attention_bias, config.mlp_bias) = (true, true);
            config.head_dim = Some(4);
            config.tie_word_embeddings = tied;
            if family == Family::Gpt2 {
                (config.num_key_value_heads, config.head_dim) = (None, None);
            }
            let model = Decoder::random(config, 11, &[], &cpu());
            let counted: usize = bits(&model).values().map(Vec::len).sum();
            assert_eq!(model.config().parameters(), counted, "{family:?}");
            let folder = tempfile::tempdir().unwrap();
            pollster::block_on(save(&model, folder.path(), Precision::F32)).unwrap();
            let again = load(folder.path(), &cpu()).unwrap();
            assert_eq!(bits(&again), bits(&model), "{family:?}");
            assert_eq!(again.config().biases(), model.config().biases());
        }
    }
}
