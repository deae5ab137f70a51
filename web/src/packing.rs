//! How checkpoints lie in the slots of a browser's storage: a header that names the content and its
//! length, and the content, which is files one behind the other.

use selfsame_core::run::store::Files;

/// Begins every slot that is in use.
const MAGIC: &[u8; 8] = b"selfsame";

/// Bytes before the content: the magic, the content's length, the name's length, the name.
pub const HEADER: usize = 512;

/// The header of a slot; `None` if the name is too long for it.
#[must_use]
pub fn header(name: &str, length: usize) -> Option<Vec<u8>> {
    let mut header = MAGIC.to_vec();
    header.extend((length as u64).to_le_bytes());
    header.extend(u32::try_from(name.len()).ok()?.to_le_bytes());
    header.extend(name.as_bytes());
    if header.len() > HEADER {
        return None;
    }
    header.resize(HEADER, 0);
    Some(header)
}

/// The name and the length of the content; `None` if this is no header.
#[must_use]
pub fn parse_header(header: &[u8; HEADER]) -> Option<(String, usize)> {
    let rest = header.strip_prefix(MAGIC.as_slice())?;
    let (length, rest) = rest.split_first_chunk::<8>()?;
    let (name_length, rest) = rest.split_first_chunk::<4>()?;
    let name = rest.get(..usize::try_from(u32::from_le_bytes(*name_length)).ok()?)?;
    Some((String::from_utf8(name.to_vec()).ok()?, usize::try_from(u64::from_le_bytes(*length)).ok()?))
}

/// Files one behind the other, each as the length of its name, its name, its length, its bytes.
#[must_use]
pub fn pack(files: &Files) -> Vec<u8> {
    let mut packed = Vec::with_capacity(files.iter().map(|(name, bytes)| name.len() + bytes.len() + 16).sum());
    for (name, bytes) in files {
        packed.extend((name.len() as u64).to_le_bytes());
        packed.extend(name.as_bytes());
        packed.extend((bytes.len() as u64).to_le_bytes());
        packed.extend(bytes);
    }
    packed
}

/// The files that were packed; `None` if the bytes are damaged.
#[must_use]
pub fn unpack(mut packed: &[u8]) -> Option<Files> {
    fn take<'a>(packed: &mut &'a [u8]) -> Option<&'a [u8]> {
        let (length, rest) = packed.split_first_chunk::<8>()?;
        let (taken, rest) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
        *packed = rest;
        Some(taken)
    }
    let mut files = Files::new();
    while !packed.is_empty() {
        let name = String::from_utf8(take(&mut packed)?.to_vec()).ok()?;
        files.insert(name, take(&mut packed)?.to_vec());
    }
    Some(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_survive_packing_and_damage_is_noticed() {
        let files = Files::from([("a".to_owned(), vec![1, 2, 3]), ("b/ü".to_owned(), Vec::new())]);
        let packed = pack(&files);
        assert_eq!(unpack(&packed), Some(files));
        for cut in 1..packed.len() {
            let whole = unpack(&packed[..cut]).is_some();
            // A cut between two files is the only one that cannot be seen here; the header knows it.
            assert_eq!(whole, cut == 8 + 1 + 8 + 3, "{cut}");
        }
    }

    #[test]
    fn a_header_names_its_content() {
        let bytes = header("main-1", 77).unwrap();
        assert_eq!(parse_header(&bytes.try_into().unwrap()), Some(("main-1".to_owned(), 77)));
        assert_eq!(parse_header(&[0; HEADER]), None);
        assert!(header(&"x".repeat(HEADER), 1).is_none());
    }
}
