//! What computes: processor, memory, and the source tree it was built from.

use std::{fs, process::Command};

/// The processor's own name, where the system says it.
#[must_use]
pub fn processor() -> Option<String> {
    field(&fs::read_to_string("/proc/cpuinfo").ok()?, "model name").map(str::to_owned)
}

/// The operating system and the architecture.
#[must_use]
pub fn system() -> String {
    format!("{} {}", std::env::consts::OS, std::env::consts::ARCH)
}

/// The cores that this program may use.
#[must_use]
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The bytes of memory that programs can still have, where the system says it.
#[must_use]
pub fn free_memory() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let kibibytes: u64 = field(&text, "MemAvailable")?.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes << 10)
}

/// The value of the first line `name: value`.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let of = |line: &'a str| line.split_once(':').filter(|(key, _)| key.trim() == name).map(|(_, value)| value.trim());
    text.lines().find_map(of).filter(|value| !value.is_empty())
}

/// The commit of the source tree that this program was built from, where it is still there, with `-dirty` if
/// files were changed since.
#[must_use]
pub fn commit() -> Option<String> {
    let tree = env!("CARGO_MANIFEST_DIR");
    let arguments = ["-C", tree, "describe", "--always", "--dirty", "--abbrev=12", "--exclude", "*"];
    let told = Command::new("git").args(arguments).output().ok().filter(|told| told.status.success())?;
    let commit = String::from_utf8(told.stdout).ok()?.trim().to_owned();
    (!commit.is_empty()).then_some(commit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_by_their_whole_name() {
        let text = "MemTotal:  10 kB\nMemAvailable:\t 7 kB\nmodel name\t: A B: C\nmodel\t\t: \n";
        assert_eq!(field(text, "MemAvailable"), Some("7 kB"));
        assert_eq!(field(text, "model name"), Some("A B: C"));
        assert_eq!([field(text, "model"), field(text, "Mem")], [None, None]);
    }

    #[test]
    fn something_is_known_of_every_machine() {
        assert!(cores() >= 1 && system().contains(' '));
        if cfg!(target_os = "linux") {
            assert!(free_memory().is_some_and(|bytes| bytes > 1 << 20));
        }
    }
}
