//! Rotary position embeddings (Su et al., arXiv 2104.09864) in the rotate-half form of the Hugging
//! Face weights, with the `linear` and `llama3` stretchings of the frequencies.

use burn::tensor::{Device, Tensor, TensorData};
use selfsame_shaders::rotate;

use super::Config;

/// One angular frequency per pair of head dimensions, in radians per position; none where positions
/// are learned.
#[derive(Debug, Clone)]
pub(super) struct Rope {
    frequencies: Vec<f64>,
}

/// Cosines and sines for given positions, each `[rows, time, 1, head_width / 2]`; `None` where
/// nothing is rotated.
#[derive(Debug, Clone)]
pub(super) struct Angles(Option<[Tensor<4>; 2]>);

/// The frequencies without any stretching.
fn plain(config: &Config) -> impl Iterator<Item = f64> {
    let width = if config.model_type.learns_positions() { 0 } else { config.head_width() };
    let theta = config.rope_theta;
    (0..width / 2).map(move |pair| {
        #[allow(clippy::cast_precision_loss)] // head widths
        let exponent = (2 * pair) as f64 / width as f64;
        theta.powf(-exponent)
    })
}

/// How many times slower each frequency became by the configured stretching.
pub(super) fn slowing(config: &Config) -> Vec<f64> {
    plain(config).map(|frequency| frequency / stretch(config, frequency)).collect()
}

impl Rope {
    pub(super) fn new(config: &Config) -> Self {
        Self { frequencies: plain(config).map(|frequency| stretch(config, frequency)).collect() }
    }

    /// Angles for `positions`, one list per row (a single list serves all rows).
    #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
    pub(super) fn angles(&self, positions: &[Vec<usize>], device: &Device) -> Angles {
        let (rows, time) = (positions.len(), positions.first().map_or(0, Vec::len));
        let half = self.frequencies.len();
        if half == 0 {
            return Angles(None);
        }
        let table = |f: fn(f64) -> f64| {
            let values: Vec<f32> = positions
                .iter()
                .flatten()
                .flat_map(|p| self.frequencies.iter().map(move |w| f(*p as f64 * w) as f32))
                .collect();
            Tensor::from_data(TensorData::new(values, [rows, time, 1, half]), device)
        };
        Angles(Some([table(f64::cos), table(f64::sin)]))
    }
}

/// The frequency after the configured stretching.
#[allow(clippy::cast_precision_loss)] // context lengths
fn stretch(config: &Config, frequency: f64) -> f64 {
    let Some(scaling) = &config.rope_scaling else {
        return frequency;
    };
    let factor = scaling.factor.unwrap_or(1.0);
    match scaling.rope_type.as_str() {
        "linear" => frequency / factor,
        "llama3" => {
            let original = scaling.original_max_position_embeddings.unwrap_or(1) as f64;
            let low = scaling.low_freq_factor.unwrap_or(1.0);
            let high = scaling.high_freq_factor.unwrap_or(4.0);
            let turns = original * frequency / std::f64::consts::TAU;
            // 0 for wavelengths beyond the old context, 1 for short ones, linear in between.
            let keep = ((turns - low) / (high - low)).clamp(0.0, 1.0);
            (1.0 - keep) * frequency / factor + keep * frequency
        }
        _ => frequency,
    }
}

impl Angles {
    /// Rotates `x`, `[rows, time, heads, head_width]`.
    pub(super) fn rotate(&self, x: Tensor<4>) -> Tensor<4> {
        match &self.0 {
            Some([cosine, sine]) => rotate(x, cosine.clone(), sine.clone()),
            None => x,
        }
    }
}
