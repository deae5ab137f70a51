//! Unpacks `.xz` files while they are downloaded.
//!
//! Browsers unpack `gzip` by themselves, but the modules of the page are a third smaller as `xz`. This
//! crate is a module of its own, which is loaded before the others; it is therefore to stay small.

#[cfg(target_arch = "wasm32")]
mod wasm;

use xz4rust::{XzDecoder, XzError, XzNextBlockResult};

/// The largest dictionary that is made room for, in bytes. Packing must not use a larger one.
pub const DICTIONARY: usize = 8 << 20;

/// Bytes that are unpacked in one go.
const PIECE: usize = 1 << 16;

/// Why a file cannot be unpacked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Damage {
    /// The decoder refused it; in its words.
    Content(XzError),
    /// There is more after its end.
    Longer,
}

/// A file that is being unpacked.
pub struct Unpacker {
    decoder: Box<XzDecoder<'static>>,
    ended: bool,
}

impl Default for Unpacker {
    fn default() -> Self {
        Self { decoder: XzDecoder::in_heap_with_alloc_dict_size(0, DICTIONARY), ended: false }
    }
}

impl Unpacker {
    /// Takes the next bytes of the file and gives what they unpack to, which may be nothing yet.
    ///
    /// # Errors
    /// If the file is damaged. Nothing can be unpacked after that.
    pub fn push(&mut self, mut packed: &[u8]) -> Result<Vec<u8>, Damage> {
        let mut plain = Vec::new();
        while !packed.is_empty() {
            if self.ended {
                return Err(Damage::Longer);
            }
            let from = plain.len();
            plain.resize(from + PIECE, 0);
            let room = plain.get_mut(from..).unwrap_or_default();
            let step = self.decoder.decode(packed, room).map_err(Damage::Content)?;
            let (XzNextBlockResult::NeedMoreData(read, written) | XzNextBlockResult::EndOfStream(read, written)) = step;
            self.ended = step.is_end_of_stream();
            plain.truncate(from + written);
            packed = packed.get(read..).unwrap_or_default();
        }
        Ok(plain)
    }

    /// Whether the file has come to its end; one that breaks off has not.
    #[must_use]
    pub fn ended(&self) -> bool {
        self.ended
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use lzma_rust2::{CheckType, XzOptions, XzWriter};

    use super::*;

    /// Text that repeats itself and noise that does not, packed by another crate.
    fn example() -> (Vec<u8>, Vec<u8>) {
        let mut state = 1_u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        let mut plain = b"the same and the same again, ".repeat(9000);
        plain.extend(std::iter::repeat_with(&mut noise).take(10_000));
        let mut options = XzOptions::with_preset(4);
        options.set_check_sum_type(CheckType::Crc32);
        options.lzma_options.dict_size = 1 << 16;
        let mut writer = XzWriter::new(Vec::new(), options).unwrap();
        writer.write_all(&plain).unwrap();
        (writer.finish().unwrap(), plain)
    }

    #[test]
    fn a_file_is_unpacked_from_pieces_of_any_size() {
        let (packed, plain) = example();
        for size in [1, 7, 4096, usize::MAX] {
            let mut unpacker = Unpacker::default();
            let mut got = Vec::new();
            for piece in packed.chunks(size) {
                assert!(!unpacker.ended());
                got.extend(unpacker.push(piece).unwrap());
            }
            assert!(unpacker.ended() && got == plain, "in pieces of {size}");
            assert_eq!(unpacker.push(&[0]), Err(Damage::Longer));
        }
    }

    #[test]
    fn damage_is_noticed() {
        let (packed, plain) = example();
        let mut unpacker = Unpacker::default();
        unpacker.push(&packed[..packed.len() - 1]).unwrap();
        assert!(!unpacker.ended(), "a file that breaks off");
        for at in [0, 20, packed.len() / 2, packed.len() - 1] {
            let mut wrong = packed.clone();
            wrong[at] ^= 1;
            let mut unpacker = Unpacker::default();
            let result = unpacker.push(&wrong);
            assert!(matches!(result, Err(Damage::Content(_))), "byte {at}");
        }
        assert!(Unpacker::default().push(&plain).is_err(), "a file that is no xz");
    }

    #[test]
    fn a_file_may_not_ask_for_any_amount_of_memory() {
        let mut options = XzOptions::with_preset(0);
        options.set_check_sum_type(CheckType::Crc32);
        options.lzma_options.dict_size = u32::try_from(4 * DICTIONARY).unwrap();
        let mut writer = XzWriter::new(Vec::new(), options).unwrap();
        writer.write_all(b"small").unwrap();
        assert!(Unpacker::default().push(&writer.finish().unwrap()).is_err());
    }
}
