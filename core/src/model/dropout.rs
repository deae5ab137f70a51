//! Networks drawn from a network: dropout of hidden units (Srivastava et al. 2014), kept on to tell how sure a
//! model is (Gal and Ghahramani, arXiv 1506.02142).

use burn::tensor::{Tensor, TensorData};

use super::{Decoder, Mapper};
use crate::rng::Stream;

impl Decoder {
    /// The same model without a share `rate` of its hidden units: of what attention mixes and of what the
    /// feed-forward blocks compute, each unit is left out with that probability and the others are scaled up.
    /// Which ones is drawn once for the whole network, so that all that it reads meets the same ones.
    #[must_use]
    pub fn with_dropout(&self, rate: f64, stream: &mut Stream) -> Self {
        struct Drop<'a> {
            rate: f64,
            stream: &'a mut Stream,
        }
        impl Mapper for Drop<'_> {
            fn map<const D: usize>(&mut self, name: &str, weight: Tensor<D>) -> Tensor<D> {
                let units = name.ends_with("o_proj.weight") || name.ends_with("down_proj.weight");
                if D != 2 || !units {
                    return weight;
                }
                // The columns of these matrices are the units.
                let columns = weight.dims()[1];
                #[allow(clippy::cast_possible_truncation)] // a scale near 1
                let scale = (1.0 / (1.0 - self.rate)) as f32;
                let mask: Vec<f32> =
                    (0..columns).map(|_| if self.stream.chance(self.rate) { 0.0 } else { scale }).collect();
                let mut shape = [1; D];
                shape[1] = columns;
                let mask = Tensor::<D>::from_data(TensorData::new(mask, shape), &weight.device());
                weight * mask
            }
        }
        // With adapters a unit is read by two matrices, which have to leave out the same ones.
        let whole = self.merged().unpacked();
        whole.with_weights(whole.weights().clone().map(&mut Drop { rate: rate.clamp(0.0, 0.99), stream }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        device::{cpu, read_floats},
        model::{Config, LoraConfig, Visitor},
        rng::Purpose,
    };

    #[derive(Default)]
    struct Zeros(Vec<(String, usize, usize)>);

    impl Visitor for Zeros {
        fn visit<const D: usize>(&mut self, name: &str, weight: &Tensor<D>) {
            let values = pollster::block_on(read_floats(weight.clone())).unwrap();
            let zeros = values.iter().filter(|value| **value == 0.0).count();
            self.0.push((name.to_owned(), zeros, values.len()));
        }
    }

    #[test]
    fn a_tenth_of_the_units_is_left_out_and_nothing_else() {
        let model = Decoder::random(Config::llama(64, 512, 2, 4, 2, 20), 1, &[], &cpu());
        let mut stream = Stream::new(3, Purpose::Select, 1, 0);
        let mut zeros = Zeros::default();
        model.with_dropout(0.1, &mut stream).weights().visit(&mut zeros);
        for (name, zeros, of) in zeros.0 {
            let units = name.ends_with("o_proj.weight") || name.ends_with("down_proj.weight");
            assert_eq!(zeros > 0, units, "{name}");
            if name.ends_with("down_proj.weight") {
                #[allow(clippy::cast_precision_loss)]
                let share = zeros as f64 / of as f64;
                assert!((0.05..0.16).contains(&share), "{name}: {share}");
                assert!(zeros.is_multiple_of(64), "whole columns: {name}");
            }
        }
        // Adapters are parts of the same units.
        let adapted = model.with_adapters(LoraConfig { rank: 2, alpha: 4.0 }, 1).unwrap();
        let dropped = |model: &Decoder| {
            let mut zeros = Zeros::default();
            model.with_dropout(0.1, &mut Stream::new(3, Purpose::Select, 1, 0)).weights().visit(&mut zeros);
            zeros.0
        };
        assert_eq!(dropped(&adapted), dropped(&model));
        let mut none = Zeros::default();
        model.with_dropout(0.0, &mut stream).weights().visit(&mut none);
        assert!(none.0.iter().all(|(_, zeros, _)| *zeros == 0));
    }
}
