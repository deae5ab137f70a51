//! A matrix of a model, as it is kept in memory.

use std::{fmt, path::Path, str::FromStr};

use burn::tensor::{Device, Int, Tensor, TensorData};
use selfsame_shaders::{Format, Packed, Panels, linear, linear_logprobs};
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// How the matrices of a model that does not learn are kept in memory. Products are computed in f32 all the
/// same, from a part of a matrix at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BasePrecision {
    /// Single precision: 32 bits a weight.
    #[default]
    F32,
    /// Half precision: 16 bits.
    F16,
    /// ggml's Q8_0, whole numbers with a scale for 32 of them: 8.5 bits.
    Q8,
    /// ggml's Q4_0: 4.5 bits.
    Q4,
}

impl BasePrecision {
    /// All of them, the largest first.
    pub const ALL: [Self; 4] = [Self::F32, Self::F16, Self::Q8, Self::Q4];

    /// Its name on the command line and in manifests.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Q8 => "q8",
            Self::Q4 => "q4",
        }
    }

    /// Whether nothing is packed.
    #[must_use]
    #[allow(clippy::trivially_copy_pass_by_ref)] // serde asks so
    pub fn is_full(&self) -> bool {
        *self == Self::F32
    }

    /// How a packed matrix is kept; `None` for what is not packed.
    #[must_use]
    pub fn format(self) -> Option<Format> {
        match self {
            Self::F32 => None,
            Self::F16 => Some(Format::F16),
            Self::Q8 => Some(Format::Q8),
            Self::Q4 => Some(Format::Q4),
        }
    }

    /// Bytes of a matrix of so many values.
    #[must_use]
    pub fn bytes(self, values: u128) -> u128 {
        self.format().map_or(4 * values, |format| format.bytes(values))
    }
}

impl fmt::Display for BasePrecision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for BasePrecision {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|precision| precision.name() == text);
        found.ok_or_else(|| format!("`{text}` is none of {}", Self::ALL.map(Self::name).join(", ")))
    }
}

/// A matrix, `[out, in]`.
#[derive(Debug, Clone)]
pub enum Matrix {
    /// In single precision; it can learn.
    Full(Tensor<2>),
    /// Frozen, and smaller.
    Packed(Packed),
    /// Frozen, and laid out for products on the CPU.
    Panels(Panels),
}

impl From<Tensor<2>> for Matrix {
    fn from(tensor: Tensor<2>) -> Self {
        Self::Full(tensor)
    }
}

impl Matrix {
    /// A matrix of these values, kept as told; `path` and `name` say in errors whose they are.
    ///
    /// # Errors
    /// If a value is too large for the precision.
    pub(super) fn new(
        values: Vec<f32>,
        shape: [usize; 2],
        precision: BasePrecision,
        device: &Device,
        (path, name): (&Path, &str),
    ) -> Result<Self> {
        let Some(format) = precision.format() else {
            return Ok(Self::Full(Tensor::from_data(TensorData::new(values, shape), device)));
        };
        Packed::new(&values, format, shape, device).map(Self::Packed).map_err(|value| {
            Error::model(
                path,
                format!("tensor `{name}` holds {value}, which {precision} cannot hold; choose `--base-precision f32`"),
            )
        })
    }

    /// Rows and columns.
    #[must_use]
    pub fn dims(&self) -> [usize; 2] {
        match self {
            Self::Full(tensor) => tensor.dims(),
            Self::Packed(packed) => packed.dims(),
            Self::Panels(panels) => panels.dims(),
        }
    }

    /// In single precision, as files have it; one that is packed or laid out is copied for it.
    #[must_use]
    pub fn full(&self) -> Tensor<2> {
        match self {
            Self::Full(tensor) => tensor.clone(),
            Self::Packed(packed) => packed.unpacked(),
            Self::Panels(panels) => panels.matrix(),
        }
    }

    /// `x · matrixᵀ`: `[rows, in]` to `[rows, out]`.
    #[must_use]
    pub fn product(&self, x: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Full(tensor) => linear(x, tensor.clone()),
            Self::Packed(packed) => packed.linear(x),
            Self::Panels(panels) => panels.linear(x),
        }
    }

    /// Some rows, `[wanted, in]`, by their numbers, `[wanted]`.
    #[must_use]
    pub fn rows(&self, wanted: Tensor<1, Int>) -> Tensor<2> {
        match self {
            Self::Packed(packed) => packed.rows(wanted),
            Self::Full(_) | Self::Panels(_) => self.full().select(0, wanted),
        }
    }

    /// As the head of a model: see [`linear_logprobs`].
    #[must_use]
    pub fn figures(&self, hidden: Tensor<2>, targets: Tensor<2, Int>) -> Tensor<2> {
        match self {
            Self::Packed(packed) => packed.linear_logprobs(hidden, targets),
            Self::Full(_) | Self::Panels(_) => linear_logprobs(hidden, self.full(), targets),
        }
    }
}

#[cfg(test)]
mod tests;
