//! Writes PNG files (ISO/IEC 15948) of drawings: large areas of one colour and thin lines. Rows are
//! stored as differences to the row above, and runs of equal bytes are all that is compressed;
//! that is most of what there is.

/// A file with pixels of red, green and blue, row by row from the top.
pub fn encode(width: u32, height: u32, rgb: &[u8]) -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut head = Vec::new();
    head.extend(width.to_be_bytes());
    head.extend(height.to_be_bytes());
    // Eight bits, true colour, the only compression and filters there are, not interlaced.
    head.extend([8, 2, 0, 0, 0]);
    chunk(&mut file, *b"IHDR", &head);
    chunk(&mut file, *b"IDAT", &zlib(&differences(width, rgb)));
    chunk(&mut file, *b"IEND", &[]);
    file
}

/// Each row begins with the filter "Up": what follows is the difference to the row above.
fn differences(width: u32, rgb: &[u8]) -> Vec<u8> {
    let row = (width as usize * 3).max(1);
    let mut filtered = Vec::with_capacity(rgb.len() + rgb.len() / row);
    let mut above = vec![0; row];
    for pixels in rgb.chunks(row) {
        filtered.push(2);
        filtered.extend(pixels.iter().zip(&above).map(|(pixel, above): (&u8, &u8)| pixel.wrapping_sub(*above)));
        above.clear();
        above.extend_from_slice(pixels);
    }
    filtered
}

fn chunk(file: &mut Vec<u8>, kind: [u8; 4], content: &[u8]) {
    let length = u32::try_from(content.len()).unwrap_or(u32::MAX);
    file.extend(length.to_be_bytes());
    let checked: Vec<u8> = kind.iter().chain(content).copied().collect();
    file.extend_from_slice(&checked);
    file.extend(crc32(&checked).to_be_bytes());
}

/// The checksum of PNG chunks: the remainder by the polynomial 0xEDB88320, bits reversed.
fn crc32(bytes: &[u8]) -> u32 {
    let table: Vec<u32> =
        (0..256_u32).map(|n| (0..8).fold(n, |c, _| if c & 1 == 1 { 0xEDB8_8320 ^ (c >> 1) } else { c >> 1 })).collect();
    !bytes.iter().fold(!0, |crc, byte| {
        let index = (crc ^ u32::from(*byte)) & 0xFF;
        table.get(index as usize).copied().unwrap_or_default() ^ (crc >> 8)
    })
}

/// The checksum of zlib streams.
fn adler32(bytes: &[u8]) -> u32 {
    // 5552 bytes are the most that cannot overflow.
    let (a, b) = bytes.chunks(5552).fold((1_u32, 0_u32), |(a, b), chunk| {
        let (a, b) = chunk.iter().fold((a, b), |(a, b), byte| (a + u32::from(*byte), b + a + u32::from(*byte)));
        (a % 65_521, b % 65_521)
    });
    b << 16 | a
}

/// A zlib stream of one deflate block with the fixed codes of RFC 1951.
fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut bits = Bits { bytes: vec![0x78, 0x01], pending: 0, count: 0 };
    bits.push(0b011, 3);
    let mut rest = bytes;
    let mut before = None;
    while let Some((first, others)) = rest.split_first() {
        let run = if before == Some(*first) { rest.iter().take(258).take_while(|b| *b == first).count() } else { 0 };
        if run >= 3 {
            bits.repeat(run);
            rest = rest.get(run..).unwrap_or_default();
        } else {
            bits.symbol(u32::from(*first));
            rest = others;
        }
        before = Some(*first);
    }
    bits.symbol(256);
    let mut stream = bits.done();
    stream.extend(adler32(bytes).to_be_bytes());
    stream
}

/// Bits, the lowest first.
struct Bits {
    bytes: Vec<u8>,
    pending: u32,
    count: u32,
}

impl Bits {
    fn push(&mut self, value: u32, count: u32) {
        self.pending |= value << self.count;
        self.count += count;
        while self.count >= 8 {
            self.bytes.push((self.pending & 0xFF) as u8);
            self.pending >>= 8;
            self.count -= 8;
        }
    }

    /// A symbol of the fixed code, whose bits come the highest first.
    fn symbol(&mut self, symbol: u32) {
        let (code, length) = match symbol {
            0..144 => (0x30 + symbol, 8),
            144..256 => (0x190 + symbol - 144, 9),
            256..280 => (symbol - 256, 7),
            _ => (0xC0 + symbol - 280, 8),
        };
        self.push(code.reverse_bits() >> (32 - length), length);
    }

    /// The byte before, 3 to 258 times more.
    fn repeat(&mut self, run: usize) {
        let over = u32::try_from(run).unwrap_or(258).clamp(3, 258) - 3;
        match over {
            0..8 => self.symbol(257 + over),
            255 => self.symbol(285),
            _ => {
                // Four codes for each number of extra bits.
                let extra = over.ilog2() - 2;
                self.symbol(261 + 4 * extra + (over >> extra & 3));
                self.push(over & ((1 << extra) - 1), extra);
            }
        }
        // The distance 1.
        self.push(0, 5);
    }

    fn done(mut self) -> Vec<u8> {
        if self.count > 0 {
            self.push(0, 8 - self.count);
        }
        self.bytes
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// Reads the fixed codes that [`zlib`] writes.
    fn inflate(stream: &[u8]) -> Vec<u8> {
        let mut at = 0;
        let mut bit = || {
            at += 1;
            u32::from(stream[(at - 1) / 8] >> ((at - 1) % 8) & 1)
        };
        assert_eq!([bit(), bit(), bit()], [1, 1, 0], "the last block, with fixed codes");
        let mut out: Vec<u8> = Vec::new();
        loop {
            let mut code = (0..7).fold(0, |code, _| code << 1 | bit());
            let symbol = if code < 24 {
                256 + code
            } else {
                code = code << 1 | bit();
                match code {
                    0x30..0xC0 => code - 0x30,
                    0xC0..0xC8 => 280 + code - 0xC0,
                    _ => 144 + (code << 1 | bit()) - 0x190,
                }
            };
            match symbol {
                0..256 => out.push(u8::try_from(symbol).unwrap()),
                256 => return out,
                _ => {
                    // The table of RFC 1951, 3.2.5.
                    let mut base = 3;
                    let mut length = 258;
                    for code in 257..285 {
                        let extra = if code < 265 { 0 } else { (code - 261) / 4 };
                        if code == symbol {
                            length = base + (0..extra).fold(0, |value, place| value | bit() << place);
                        }
                        base += 1 << extra;
                    }
                    assert_eq!((0..5).map(|_| bit()).sum::<u32>(), 0, "a distance of 1");
                    let last = *out.last().unwrap();
                    out.extend(std::iter::repeat_n(last, length as usize));
                }
            }
        }
    }

    /// Width, height and pixels of a file that [`encode`] wrote; panics if anything is wrong.
    pub fn decode(file: &[u8]) -> (u32, u32, Vec<u8>) {
        assert_eq!(&file[..8], b"\x89PNG\r\n\x1a\n");
        let number = |at: usize| u32::from_be_bytes(file[at..at + 4].try_into().unwrap());
        let (mut at, mut kinds, mut data) = (8, Vec::new(), Vec::new());
        while at < file.len() {
            let length = number(at) as usize;
            let checked = &file[at + 4..at + 8 + length];
            assert_eq!(crc32(checked), number(at + 8 + length));
            kinds.push(String::from_utf8(checked[..4].to_vec()).unwrap());
            if &checked[..4] == b"IDAT" {
                data.extend_from_slice(&checked[4..]);
            }
            at += 12 + length;
        }
        assert_eq!(kinds, ["IHDR", "IDAT", "IEND"]);
        let (width, height) = (number(16), number(20));
        assert_eq!(file[24..29], [8, 2, 0, 0, 0]);
        assert_eq!(u32::from(data[0]) * 256 % 31 + u32::from(data[1]) % 31, 31, "the check bits of zlib's head");
        let filtered = inflate(&data[2..data.len() - 4]);
        assert_eq!(data[data.len() - 4..], adler32(&filtered).to_be_bytes());
        let row = width as usize * 3;
        let mut above = vec![0_u8; row];
        let mut pixels = Vec::new();
        for line in filtered.chunks(row + 1) {
            assert_eq!(line[0], 2);
            above = line[1..].iter().zip(&above).map(|(delta, above)| delta.wrapping_add(*above)).collect();
            pixels.extend_from_slice(&above);
        }
        assert_eq!(pixels.len(), row * height as usize);
        (width, height, pixels)
    }

    #[test]
    fn checksums_of_known_texts() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(adler32(b"Wikipedia"), 0x11E6_0398);
    }

    #[test]
    fn what_is_written_can_be_read_again() {
        // Runs of every length, and every byte.
        let mut pixels: Vec<u8> =
            (0..=260_u16).flat_map(|run| std::iter::repeat_n((run % 256).to_be_bytes()[1], usize::from(run))).collect();
        pixels.extend(0..=255_u8);
        pixels.extend(std::iter::repeat_n(255, 10_000));
        pixels.truncate(pixels.len() / 300 * 300);
        let height = u32::try_from(pixels.len() / 300).unwrap();
        let file = encode(100, height, &pixels);
        assert_eq!(decode(&file), (100, height, pixels));
    }

    #[test]
    fn an_empty_area_is_small() {
        assert!(encode(1920, 1080, &vec![252; 1920 * 1080 * 3]).len() < 60_000);
    }
}
