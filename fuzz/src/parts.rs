//! One input that stands for several files.

/// What lies between two files of one input.
pub(crate) const BETWEEN: &[u8] = b"\n---8<---\n";

/// The files of an input; at least one.
pub(crate) fn parts(bytes: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.windows(BETWEEN.len()).position(|window| window == BETWEEN) {
        parts.push(&rest[..at]);
        rest = &rest[at + BETWEEN.len()..];
    }
    parts.push(rest);
    parts
}

/// The files of an input as texts; `None` if one is not text. Whoever reads such a file has refused it before.
pub(crate) fn texts(bytes: &[u8]) -> Option<Vec<&str>> {
    parts(bytes).into_iter().map(|part| std::str::from_utf8(part).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_has_as_many_files_as_it_says() {
        assert_eq!(parts(b""), [b""]);
        assert_eq!(parts(b"a\n---8<---\n\n---8<---\nb"), [&b"a"[..], b"", b"b"]);
        assert_eq!(texts(b"a\n---8<---\n\xff"), None);
    }
}
