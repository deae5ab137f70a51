//! `model.safetensors`, for the config before it or a tiny Llama.

use std::path::Path;

use selfsame_core::{
    device,
    model::{Config, Decoder, Visitor, from_bytes},
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
    if let Ok(model) = from_bytes(config, weights, Path::new("model.safetensors"), &device::cpu()) {
        assert_eq!(count(&model), model.config().parameters(), "{:?}", model.config());
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
