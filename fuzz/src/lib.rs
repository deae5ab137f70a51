//! What a stranger's file can be. Each target reads bytes the way the program reads such a file: they are refused
//! with an error or read, in little time and memory, and never with a panic.
//!
//! One file a target under `targets/`, one line in [`ALL`], one program under `fuzz_targets/`. `corpus/NAME` has files
//! that reach much of the code behind a target, `regressions/NAME` those that once broke it; a test reads them all.

mod memory;
mod mutate;
mod parts;
mod targets;

use std::{
    env, fs, panic,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{
        LazyLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

pub use targets::ALL;

/// A kind of file, and what reads it.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, also that of its program and its corpus.
    pub name: &'static str,
    /// Reads bytes as the program reads such a file.
    read: fn(&[u8]),
    /// The most bytes of memory it may take, beside what the size of the file explains.
    memory: usize,
    /// Whether the program catches panics of a library behind it. Elsewhere even a panic that is caught is a defect: in a
    /// browser it ends the program.
    catches: bool,
}

/// Memory that a byte of a file explains.
const PER_BYTE: usize = 200;

/// Panics so far, caught or not.
static PANICS: AtomicUsize = AtomicUsize::new(0);

/// Whether panics are kept to oneself, because they are caught.
static QUIET: AtomicBool = AtomicBool::new(false);

/// Counts panics from now on.
pub fn watch() {
    static WATCHED: LazyLock<()> = LazyLock::new(|| {
        let told = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            PANICS.fetch_add(1, Ordering::Relaxed);
            if !QUIET.load(Ordering::Relaxed) {
                told(panic);
            }
        }));
    });
    LazyLock::force(&WATCHED);
}

impl Target {
    /// The target of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        ALL.iter().find(|target| target.name == name)
    }

    /// Reads a file.
    ///
    /// # Panics
    /// If reading it panics, or takes more memory than such a file may.
    pub fn check(&self, bytes: &[u8]) {
        QUIET.store(self.catches, Ordering::Relaxed);
        let (before, panics) = (memory::begin(), PANICS.load(Ordering::Relaxed));
        (self.read)(bytes);
        let taken = memory::most().saturating_sub(before);
        QUIET.store(false, Ordering::Relaxed);
        assert!(
            self.catches || PANICS.load(Ordering::Relaxed) == panics,
            "{}: something panicked and was caught; in a browser it would have ended the program",
            self.name
        );
        let allowed = self.memory + PER_BYTE * bytes.len();
        assert!(
            taken <= allowed,
            "{}: a file of {} bytes took {taken} bytes of memory, and {allowed} are enough",
            self.name,
            bytes.len()
        );
    }

    /// An input with something changed, where this knows better than to change bytes. `seed` decides what.
    #[must_use]
    pub fn changed(&self, bytes: &[u8], seed: u32) -> Option<Vec<u8>> {
        // Bytes are to be changed too: a file can be torn anywhere.
        if seed.is_multiple_of(4) { None } else { mutate::json(bytes, seed) }
    }

    /// The files that the checkout has for it, sorted: those of the corpus, and those that once broke it.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        let home = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folders = ["corpus", "regressions"].map(|kind| home.join(kind).join(self.name));
        let entries = folders.iter().flat_map(fs::read_dir).flatten().flatten();
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        files.sort();
        files
    }
}

/// Reads the files that the arguments name: what a target's program does where it is built without libFuzzer.
#[must_use]
pub fn replay(target: &Target) -> ExitCode {
    watch();
    let files: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    if files.is_empty() {
        eprintln!("built without libFuzzer this only reads the files it is given: {} FILE...", target.name);
        return ExitCode::from(2);
    }
    for file in files {
        match fs::read(&file) {
            Ok(bytes) => target.check(&bytes),
            Err(error) => {
                eprintln!("{}: {error}", file.display());
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

/// The target that the variable `SELFSAME_FUZZ_TARGET` names.
///
/// # Panics
/// If there is no such variable or target.
#[must_use]
pub fn asked() -> &'static Target {
    static ASKED: LazyLock<&Target> = LazyLock::new(|| {
        let name = env::var("SELFSAME_FUZZ_TARGET").unwrap_or_default();
        Target::named(&name).unwrap_or_else(|| panic!("SELFSAME_FUZZ_TARGET is {name:?}, which is no target"))
    });
    &ASKED
}

/// The program of a target: libFuzzer around it, or without libFuzzer [`replay`].
#[macro_export]
macro_rules! program {
    ($target:expr) => {
        #[cfg(any(fuzzing, feature = "libfuzzer"))]
        libfuzzer_sys::fuzz_target!(
            init: {
                // libFuzzer's hook ends the program at once, even where a panic is caught.
                drop(std::panic::take_hook());
                $crate::watch();
            },
            |bytes: &[u8]| -> () { $target.check(bytes) }
        );

        #[cfg(any(fuzzing, feature = "libfuzzer"))]
        libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
            match $target.changed(&data[..size], seed) {
                Some(changed) if changed.len() <= max_size => {
                    data[..changed.len()].copy_from_slice(&changed);
                    changed.len()
                }
                _ => libfuzzer_sys::fuzzer_mutate(data, size, max_size),
            }
        });

        #[cfg(not(any(fuzzing, feature = "libfuzzer")))]
        fn main() -> std::process::ExitCode {
            $crate::replay($target)
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many changes of each file are tried, the same in every run.
    const CHANGES: u32 = 12;

    /// Each file whole, torn at a few places, and changed. One test, since memory is counted for all threads together.
    #[test]
    fn every_file_of_the_corpus_is_read_or_refused_within_bounds() {
        watch();
        let mut tried = 0;
        for target in ALL {
            let files = target.files();
            assert!(files.len() >= 3, "{} has no corpus", target.name);
            for file in files {
                let bytes = fs::read(&file).unwrap();
                println!("{}", file.display());
                target.check(&bytes);
                for part in 1..4 {
                    target.check(&bytes[..bytes.len() * part / 4]);
                }
                for _ in 0..CHANGES {
                    tried += 1;
                    let changed = target.changed(&bytes, tried).unwrap_or_else(|| mutate::bytes(&bytes, tried));
                    target.check(&changed);
                }
            }
            target.check(&[]);
        }
        println!("{tried} changed files");
        a_reader_that_takes_too_much_is_found();
    }

    fn a_reader_that_takes_too_much_is_found() {
        let greedy = Target { name: "greedy", read: |_| drop(vec![1_u8; 3 << 20]), memory: 2 << 20, catches: false };
        let found = panic::catch_unwind(|| greedy.check(b"x")).unwrap_err();
        assert!(found.downcast_ref::<String>().unwrap().contains("bytes of memory"));
        let panicking = |_: &[u8]| drop(panic::catch_unwind(|| panic!("inside")));
        let careless = Target { name: "careless", read: panicking, memory: 1 << 20, catches: false };
        assert!(panic::catch_unwind(|| careless.check(b"x")).is_err());
        Target { catches: true, ..careless }.check(b"x");
    }

    #[test]
    fn every_target_has_its_program() {
        let home = Path::new(env!("CARGO_MANIFEST_DIR"));
        let manifest = fs::read_to_string(home.join("Cargo.toml")).unwrap();
        for Target { name, .. } in ALL {
            let program = fs::read_to_string(home.join(format!("fuzz_targets/{name}.rs"))).unwrap();
            assert!(program.contains(&format!("\"{name}\"")), "{name}");
            assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name}");
        }
        // Those, and the one that is all of them.
        assert_eq!(fs::read_dir(home.join("fuzz_targets")).unwrap().count(), ALL.len() + 1);
    }
}
