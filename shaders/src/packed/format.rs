//! How packed matrices lie in memory, and how numbers become that.
//!
//! A matrix is a list of words of 32 bits: the numbers of all blocks, 32 values each, and behind them, but for
//! half precision, the blocks' scales as f16, two a word. Blocks go through the matrix row by row and across
//! the ends of rows, so that any width can be packed; where rows are whole blocks they are ggml's blocks.

use burn::tensor::f16;

/// Values of a block.
pub(super) const BLOCK: usize = 32;

/// How the numbers of a matrix are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Half precision: 16 bits a value.
    F16,
    /// ggml's Q8_0: whole numbers from -127 to 127 and a scale for 32 of them, 8.5 bits a value.
    Q8,
    /// ggml's Q4_0: whole numbers from -8 to 7 and a scale for 32 of them, 4.5 bits a value.
    Q4,
}

impl Format {
    /// Bits of a value, its share of the scale left out.
    #[must_use]
    pub fn bits(self) -> usize {
        match self {
            Self::F16 => 16,
            Self::Q8 => 8,
            Self::Q4 => 4,
        }
    }

    /// Words of the numbers of a block.
    pub(super) fn words(self) -> usize {
        self.bits() * BLOCK / 32
    }

    /// Bytes of a block in GGUF files, the scale first; the files' halves are plain numbers.
    fn stored(self) -> usize {
        4 * self.words() + if self == Self::F16 { 0 } else { 2 }
    }

    /// Bytes of a packed matrix of so many values.
    #[must_use]
    pub fn bytes(self, values: u128) -> u128 {
        let blocks = values.div_ceil(BLOCK as u128);
        let scales = if self == Self::F16 { 0 } else { blocks.div_ceil(2) };
        4 * (blocks * self.words() as u128 + scales)
    }
}

/// The shape of a packed matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackedShape {
    /// How its numbers are kept.
    pub format: Format,
    /// Rows.
    pub rows: usize,
    /// Columns.
    pub width: usize,
}

impl PackedShape {
    fn blocks(self) -> usize {
        (self.rows * self.width).div_ceil(BLOCK)
    }

    /// The word at which the scales begin.
    pub(super) fn scales(self) -> usize {
        self.blocks() * self.format.words()
    }

    /// All words.
    pub(super) fn words(self) -> usize {
        self.scales() + if self.format == Format::F16 { 0 } else { self.blocks().div_ceil(2) }
    }
}

/// Words while they are put together: those of the numbers, and the scales.
struct Words {
    numbers: Vec<i32>,
    scales: Vec<f16>,
}

impl Words {
    fn new(shape: PackedShape) -> Self {
        Self { numbers: Vec::with_capacity(shape.words()), scales: Vec::with_capacity(shape.blocks()) }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.numbers.extend(bytes.as_chunks::<4>().0.iter().map(|word| i32::from_le_bytes(*word)));
    }

    fn finish(mut self) -> Vec<i32> {
        for pair in self.scales.chunks(2) {
            let half = |index: usize| u32::from(pair.get(index).copied().unwrap_or_default().to_bits());
            self.numbers.push((half(0) | half(1) << 16).cast_signed());
        }
        self.numbers
    }
}

/// Packs finite values, row by row.
///
/// # Errors
/// The value that is too large for the format: beyond 65504 in half precision, and so many times the largest
/// whole number with scales.
pub(super) fn pack(values: &[f32], shape: PackedShape) -> Result<Vec<i32>, f32> {
    let mut words = Words::new(shape);
    let mut block = [0.0; BLOCK];
    for part in values.chunks(BLOCK) {
        block.fill(0.0);
        block[..part.len()].copy_from_slice(part);
        let scale = match shape.format {
            Format::F16 => {
                let halves = block.map(f16::from_f32);
                if let Some(at) = halves.iter().position(|half| !half.is_finite()) {
                    return Err(block[at]);
                }
                let bytes: [[u8; 2]; BLOCK] = halves.map(f16::to_le_bytes);
                words.bytes(bytes.as_flattened());
                continue;
            }
            Format::Q8 => {
                let (scale, numbers) = q8_0(&block);
                words.bytes(&numbers);
                scale
            }
            Format::Q4 => {
                let (scale, numbers) = q4_0(&block);
                words.bytes(&numbers);
                scale
            }
        };
        let scale = f16::from_f32(scale);
        if !scale.is_finite() {
            return Err(block
                .into_iter()
                .fold(0.0, |top: f32, value| if value.abs() > top.abs() { value } else { top }));
        }
        words.scales.push(scale);
    }
    Ok(words.finish())
}

/// Whole numbers and their scale as ggml's reference rounds them: the largest magnitude becomes 127.
#[allow(clippy::cast_possible_truncation)] // within -127..=127
fn q8_0(block: &[f32; BLOCK]) -> (f32, [u8; BLOCK]) {
    let scale = block.iter().fold(0.0, |top: f32, value| top.max(value.abs())) / 127.0;
    let inverse = if scale == 0.0 { 0.0 } else { 1.0 / scale };
    (scale, block.map(|value| ((value * inverse).round() as i8).cast_unsigned()))
}

/// Whole numbers and their scale as ggml's reference rounds them: the value of largest magnitude becomes -8,
/// whatever its sign. Value `i` is the low half of byte `i`, value `16 + i` its high half.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // within 0..=15
fn q4_0(block: &[f32; BLOCK]) -> (f32, [u8; BLOCK / 2]) {
    let top = block.iter().fold(0.0, |top: f32, value| if value.abs() > top.abs() { *value } else { top });
    let scale = top / -8.0;
    let inverse = if scale == 0.0 { 0.0 } else { 1.0 / scale };
    // The reference fuses product and sum where the processor can, which is as if the product were exact.
    let number = |value: f32| (f64::from(value) * f64::from(inverse) + 8.5).clamp(0.0, 15.0) as u8;
    let (low, high) = block.split_at(BLOCK / 2);
    (scale, std::array::from_fn(|at| number(low[at]) | number(high[at]) << 4))
}

/// Packs what a GGUF file holds of a matrix, to the last bit. `None` if its rows are not whole blocks, or the
/// bytes are not those of such a matrix.
pub(super) fn from_gguf(bytes: &[u8], shape: PackedShape) -> Option<Vec<i32>> {
    let values = shape.rows.checked_mul(shape.width)?;
    let whole = shape.format == Format::F16 || shape.width.is_multiple_of(BLOCK);
    let stored = values.div_ceil(BLOCK).checked_mul(shape.format.stored())?;
    let length = if shape.format == Format::F16 { 2 * values } else { stored };
    if !whole || bytes.len() != length {
        return None;
    }
    let mut words = Words::new(shape);
    if shape.format == Format::F16 {
        words.bytes(bytes);
        let mut rest = [0; 4];
        let left = bytes.len() % 4;
        rest[..left].copy_from_slice(&bytes[bytes.len() - left..]);
        if left > 0 {
            words.bytes(&rest);
        }
        words.numbers.resize(shape.words(), 0);
        return Some(words.numbers);
    }
    for block in bytes.chunks_exact(shape.format.stored()) {
        let (scale, numbers) = block.split_first_chunk()?;
        words.scales.push(f16::from_le_bytes(*scale));
        words.bytes(numbers);
    }
    Some(words.finish())
}
