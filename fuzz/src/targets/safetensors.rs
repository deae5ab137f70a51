//! `model.safetensors`, for the config before it or a tiny Llama, in every precision.

use std::path::Path;

use selfsame_core::{
    Result, device,
    model::{BasePrecision, Config, Decoder, MemorySource, Visitor, from_source_in},
};

use crate::parts::parts;

/// A Llama of 68 weights.
pub(super) fn tiny() -> Config {
    Config { max_position_embeddings: 16, ..Config::llama(2, 3, 1, 1, 1, 7) }
}

pub(super) fn read(bytes: &[u8]) {
    let (config, weights) = match parts(bytes).as_slice() {
        [config, weights, ..] => {
            let Ok(text) = std::str::from_utf8(config) else { return };
            let Ok(config) = Config::parse(text, Path::new("config.json")) else { return };
            (config, *weights)
        }
        _ => (tiny(), bytes),
    };
    let path = Path::new("model.safetensors");
    in_every_precision(|precision| {
        from_source_in(config.clone(), &mut MemorySource::new(weights), path, &device::cpu(), precision)
    });
}

/// Loads a model in single precision, and if that works in the others, each of which may refuse what is too large for it.
pub(super) fn in_every_precision(mut load: impl FnMut(BasePrecision) -> Result<Decoder>) {
    for precision in BasePrecision::ALL {
        match load(precision) {
            Ok(model) => {
                let weights = model.config().parameters();
                assert_eq!(count(&model.unpacked()), weights, "{precision}: {:?}", model.config());
            }
            Err(_) if precision.is_full() => return,
            Err(_) => (),
        }
    }
}

/// The weights that a model has.
pub(super) fn count(model: &Decoder) -> usize {
    struct Count(usize);
    impl Visitor for Count {
        fn visit<const D: usize>(&mut self, _: &str, weight: &burn::tensor::Tensor<D>) {
            self.0 += weight.dims().iter().product::<usize>();
        }
    }
    let mut count = Count(0);
    model.weights().visit(&mut count);
    count.0
}
