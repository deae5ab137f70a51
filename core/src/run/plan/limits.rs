//! Whether a place can give what a plan needs, and what to do where it cannot.

use super::{DRAWING, Plan};
use crate::{Error, Result};

/// What the place of a run can give; `None` where nobody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Bytes that the run may take in all.
    pub memory: Option<u64>,
    /// Bytes of the largest buffer that a kernel of the graphics device can bind.
    pub binding: Option<u64>,
}

/// How messages call the place of a run.
const PLACE: &str = if cfg!(target_family = "wasm") { "this browser tab" } else { "this computer" };

impl Plan {
    /// Checks that a place can give what the run needs. The plan comes from `config.json` alone, so
    /// that nothing has to be loaded for it.
    ///
    /// # Errors
    /// [`Error::TooLarge`] with both numbers and what to do.
    pub fn fits(&self, limits: &Limits) -> Result<()> {
        if let Some(memory) = limits.memory.filter(|memory| self.total_bytes > *memory) {
            let learning = self.training_bytes >= self.decode_bytes;
            let (when, setting) =
                if learning { ("learning", "micro_batch") } else { ("drawing answers", "decode_batch") };
            let advice = if self.fixed_bytes <= memory { format!(", or lower `{setting}`") } else { String::new() };
            return Err(Error::TooLarge(format!(
                "the model needs about {} while {when} and {PLACE} can give {}; choose a smaller model{advice}",
                size(self.total_bytes),
                size(memory)
            )));
        }
        if let Some(binding) = limits.binding.filter(|binding| self.largest_tensor_bytes > *binding) {
            self.check_weights(binding)?;
            return Err(Error::TooLarge(format!(
                "the run's largest tensor is {} and {}; lower `micro_batch`, `max_new_tokens` or `decode_batch`, or choose a smaller model",
                size(self.largest_tensor_bytes),
                binds(binding)
            )));
        }
        Ok(())
    }

    /// Checks that a place has room for the model while it draws, whatever a run would need beside that.
    ///
    /// # Errors
    /// As [`Plan::fits`].
    pub fn loads(&self, limits: &Limits) -> Result<()> {
        let needed = u64::try_from(DRAWING * u128::from(self.weights_bytes)).unwrap_or(u64::MAX);
        if let Some(memory) = limits.memory.filter(|memory| needed > *memory) {
            return Err(Error::TooLarge(format!(
                "the model needs about {} while drawing answers and {PLACE} can give {}; choose a smaller model",
                size(needed),
                size(memory)
            )));
        }
        limits.binding.map_or(Ok(()), |binding| self.check_weights(binding))
    }

    /// Checks that each of the weights can be bound.
    fn check_weights(&self, binding: u64) -> Result<()> {
        if self.largest_weight_bytes <= binding {
            return Ok(());
        }
        Err(Error::TooLarge(format!(
            "the model's largest tensor is {} and {}; choose a smaller model",
            size(self.largest_weight_bytes),
            binds(binding)
        )))
    }
}

/// What a graphics device says of its bindings.
fn binds(binding: u64) -> String {
    format!("this graphics device binds {} at most", size(binding))
}

/// Bytes for people.
fn size(bytes: u64) -> String {
    const KIB: u64 = 1 << 10;
    const MIB: u64 = 1 << 20;
    const GIB: u64 = 1 << 30;
    let in_units = |unit: u64, name: &str| {
        let tenths = (u128::from(bytes) * 10 + u128::from(unit / 2)) / u128::from(unit);
        format!("{}.{} {name}", tenths / 10, tenths % 10)
    };
    match bytes {
        0..KIB => format!("{bytes} B"),
        KIB..MIB => in_units(KIB, "KiB"),
        MIB..GIB => in_units(MIB, "MiB"),
        GIB.. => in_units(GIB, "GiB"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_the_unit_that_suits_them() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1 << 20, "1.0 MiB"),
            (186 << 20, "186.0 MiB"),
            ((31 << 30) / 10, "3.1 GiB"),
            (u64::MAX, "17179869184.0 GiB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }
}
