//! Low-rank adapters (LoRA; Hu et al., arXiv 2106.09685): the model is frozen, and beside every
//! projection of its blocks a product of two narrow matrices learns.

mod peft;

use std::str::FromStr;

use burn::tensor::{Tensor, TensorData};
use serde::{Deserialize, Serialize};

pub use self::peft::{
    ADAPTER_CONFIG, ADAPTER_WEIGHTS, adapter_config, adapter_from_source, adapter_to_bytes, base_of_adapter,
};
use super::{Adapter, Config, Decoder, Family, Linear, Weights, weights::Part};
use crate::{
    Error, Result,
    rng::{Purpose, Stream},
};

/// What adapters are. There is no dropout.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoraConfig {
    /// Rows of `A`, columns of `B`.
    pub rank: usize,
    /// The update is multiplied by `alpha / rank`.
    pub alpha: f64,
}

impl LoraConfig {
    /// What the product of the two matrices is multiplied by.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // ranks
    pub fn scale(&self) -> f64 {
        self.alpha / self.rank as f64
    }

    /// Checks the ranges.
    ///
    /// # Errors
    /// Names what is out of range.
    pub fn check(&self, config: &Config) -> Result<()> {
        let wrong = |problem: String| Err(Error::setting("lora", problem));
        if self.rank == 0 || self.rank > config.hidden_size {
            return wrong(format!(
                "the rank is {}; it must lie between 1 and the model's width, {}",
                self.rank, config.hidden_size
            ));
        }
        if !(self.alpha.is_finite() && self.alpha > 0.0) {
            return wrong(format!("alpha is {}; it must be a positive number, such as twice the rank", self.alpha));
        }
        if config.model_type == Family::Gpt2 {
            return wrong(
                "GPT-2 keeps queries, keys and values in one matrix, for which other programs expect one adapter; adapters are supported for the other families".to_owned(),
            );
        }
        Ok(())
    }

    /// Weights of the adapters of a model.
    #[must_use]
    pub fn parameters(&self, config: &Config) -> usize {
        let wide = |size: usize| size as u128;
        let (d, f, width) = (wide(config.hidden_size), wide(config.intermediate_size), wide(config.head_width()));
        let queries = wide(config.num_attention_heads) * width;
        let keys = wide(config.kv_heads()) * width;
        let into = if config.model_type.gated() { 2 } else { 1 };
        let sides = 2 * (d + queries) + 2 * (d + keys) + (into + 1) * (d + f);
        usize::try_from(wide(config.num_hidden_layers) * sides * wide(self.rank)).unwrap_or(usize::MAX)
    }
}

/// `RANK` or `RANK:ALPHA`; without alpha it is twice the rank.
impl FromStr for LoraConfig {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not RANK or RANK:ALPHA, such as 8 or 8:16");
        let (rank, alpha) = match text.split_once(':') {
            None => (text, None),
            Some((rank, alpha)) => (rank, Some(alpha)),
        };
        let rank: u32 = rank.parse().ok().filter(|rank| *rank > 0).ok_or_else(wrong)?;
        let alpha: f64 = match alpha {
            None => 2.0 * f64::from(rank),
            Some(alpha) => alpha.parse().ok().filter(|a: &f64| a.is_finite() && *a > 0.0).ok_or_else(wrong)?,
        };
        Ok(Self { rank: rank as usize, alpha })
    }
}

impl Decoder {
    /// The same model, frozen, with an adapter at every projection of its blocks. `A` is drawn as
    /// PEFT draws it (uniform within `1 / sqrt(in)`), `B` is zero: at first nothing has changed.
    ///
    /// # Errors
    /// If the settings do not suit the model.
    pub fn with_adapters(&self, lora: LoraConfig, seed: u64) -> Result<Self> {
        lora.check(self.config())?;
        let device = self.device();
        let mut item = 0;
        let weights = projections(self.without_adapters().weights().clone(), |_, linear| {
            item += 1;
            let [output, input] = linear.weight.dims();
            let mut stream = Stream::new(seed, Purpose::Adapter, 0, item);
            #[allow(clippy::cast_precision_loss)] // widths
            let bound = 1.0 / (input as f64).sqrt();
            #[allow(clippy::cast_possible_truncation)]
            let values: Vec<f32> =
                (0..lora.rank * input).map(|_| (bound * (2.0 * stream.uniform() - 1.0)) as f32).collect();
            let adapter = Adapter {
                down: Tensor::from_data(TensorData::new(values, [lora.rank, input]), &device),
                up: Tensor::zeros([output, lora.rank], &device),
                scale: lora.scale(),
            };
            Linear { adapter: Some(adapter), ..linear }
        });
        Ok(self.adapted(weights, Some(lora)))
    }

    /// The frozen model that the adapters change. It shares the weights.
    #[must_use]
    pub fn without_adapters(&self) -> Self {
        let weights = projections(self.weights().clone(), |_, linear| Linear { adapter: None, ..linear });
        self.adapted(weights, None)
    }

    /// The same model with the adapters' updates in its matrices. Without adapters it shares all
    /// weights, else all but the adapted matrices.
    #[must_use]
    pub fn merged(&self) -> Self {
        let weights = projections(self.weights().clone(), |_, linear| linear.merged());
        self.adapted(weights, None)
    }
}

/// The weights whose projections are what `change` makes of them and their names.
fn projections(mut weights: Weights, mut change: impl FnMut(&str, Linear) -> Linear) -> Weights {
    for (name, part) in weights.parts() {
        if let Part::Linear(linear) = part {
            *linear = change(&name, linear.clone());
        }
    }
    weights
}

#[cfg(test)]
mod tests;
