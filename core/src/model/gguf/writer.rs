//! Writes GGUF files for tests.

/// A value with its type before it.
#[derive(Debug, Clone)]
pub struct Item(pub Vec<u8>);

fn item(kind: u32, bytes: &[u8]) -> Item {
    Item([&kind.to_le_bytes()[..], bytes].concat())
}

fn long_text(text: &[u8]) -> Vec<u8> {
    [&(text.len() as u64).to_le_bytes()[..], text].concat()
}

fn long_list(kind: u32, count: usize, bytes: &[u8]) -> Item {
    item(9, &[&kind.to_le_bytes()[..], &(count as u64).to_le_bytes(), bytes].concat())
}

pub fn text(text: &str) -> Item {
    item(8, &long_text(text.as_bytes()))
}

pub fn size(number: u32) -> Item {
    item(4, &number.to_le_bytes())
}

pub fn real(number: f32) -> Item {
    item(6, &number.to_le_bytes())
}

pub fn truth(truth: bool) -> Item {
    item(7, &[u8::from(truth)])
}

pub fn texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> Item {
    let all: Vec<Vec<u8>> = texts.into_iter().map(|text| long_text(text.as_bytes())).collect();
    long_list(8, all.len(), &all.concat())
}

pub fn whole_numbers(numbers: &[i32]) -> Item {
    long_list(5, numbers.len(), &numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>())
}

pub fn reals(numbers: &[f32]) -> Item {
    long_list(6, numbers.len(), &numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>())
}

/// Lists in lists, `depth` deep, the innermost empty.
pub fn lists(depth: usize) -> Item {
    let mut bytes = Vec::new();
    for _ in 1..depth {
        bytes.extend_from_slice(&[&9_u32.to_le_bytes()[..], &1_u64.to_le_bytes()].concat());
    }
    bytes.extend_from_slice(&[&0_u32.to_le_bytes()[..], &0_u64.to_le_bytes()].concat());
    item(9, &bytes)
}

/// A file in the making.
#[derive(Debug, Clone)]
pub struct Writer {
    pub version: u32,
    pub alignment: u64,
    pub keys: Vec<(String, Item)>,
    /// Name, sides with the longest runs first, type, offset, data.
    pub tensors: Vec<(String, Vec<u64>, u32, u64, Vec<u8>)>,
}

impl Writer {
    pub fn new() -> Self {
        Self { version: 3, alignment: 32, keys: Vec::new(), tensors: Vec::new() }
    }

    /// Sets a key, which may be there already.
    pub fn key(mut self, key: &str, item: Item) -> Self {
        self.keys.retain(|(other, _)| other != key);
        self.keys.push((key.to_owned(), item));
        self
    }

    pub fn without(mut self, key: &str) -> Self {
        self.keys.retain(|(other, _)| other != key);
        self
    }

    /// Adds a tensor behind the others; its shape as in Hugging Face.
    pub fn tensor(mut self, name: &str, shape: &[u64], code: u32, data: Vec<u8>) -> Self {
        let end = self.tensors.iter().map(|tensor| tensor.3 + tensor.4.len() as u64).max().unwrap_or(0);
        let sides = shape.iter().rev().copied().collect();
        self.tensors.push((name.to_owned(), sides, code, end.next_multiple_of(self.alignment), data));
        self
    }

    /// Adds a tensor of f32 that is all `value`.
    pub fn floats(self, name: &str, shape: &[u64], value: f32) -> Self {
        let count = usize::try_from(shape.iter().product::<u64>()).unwrap();
        self.tensor(name, shape, 0, value.to_le_bytes().repeat(count))
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = b"GGUF".to_vec();
        bytes.extend(self.version.to_le_bytes());
        bytes.extend((self.tensors.len() as u64).to_le_bytes());
        bytes.extend((self.keys.len() as u64).to_le_bytes());
        for (key, Item(item)) in &self.keys {
            bytes.extend(long_text(key.as_bytes()));
            bytes.extend(item);
        }
        for (name, sides, code, offset, _) in &self.tensors {
            bytes.extend(long_text(name.as_bytes()));
            bytes.extend(u32::try_from(sides.len()).unwrap().to_le_bytes());
            sides.iter().for_each(|side| bytes.extend(side.to_le_bytes()));
            bytes.extend(code.to_le_bytes());
            bytes.extend(offset.to_le_bytes());
        }
        let align = |at: usize| at.next_multiple_of(usize::try_from(self.alignment).unwrap());
        bytes.resize(align(bytes.len()), 0);
        let start = bytes.len();
        for (_, _, _, offset, data) in &self.tensors {
            let begin = start + usize::try_from(*offset).unwrap();
            bytes.resize(bytes.len().max(begin + data.len()), 0);
            bytes[begin..begin + data.len()].copy_from_slice(data);
        }
        bytes
    }
}
