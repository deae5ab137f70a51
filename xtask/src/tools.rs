//! Where things are: the workspace, its lock file, and programs on this machine.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::steps::{Failure, execute};

/// The checkout and the directory its builds go to.
pub struct Workspace {
    /// The folder with the workspace's `Cargo.toml`.
    pub root: PathBuf,
    /// Cargo's target directory.
    pub target: PathBuf,
}

impl Workspace {
    /// The workspace that Cargo runs this program for, or else the one it was built from: where two checkouts share a
    /// target directory, that may be the other.
    pub fn locate() -> Self {
        let manifest = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let manifest = Path::new(&manifest);
        let root = manifest.parent().unwrap_or(manifest).to_path_buf();
        let target = match env::var_os("CARGO_TARGET_DIR") {
            // Cargo reads a relative path from the directory it is started in.
            Some(path) => env::current_dir().unwrap_or_else(|_| root.clone()).join(path),
            None => root.join("target"),
        };
        Self { root, target }
    }

    /// The program itself, once it has been built.
    pub fn program(&self) -> PathBuf {
        self.target.join("release").join(format!("selfsame{}", env::consts::EXE_SUFFIX))
    }

    /// Where everything for the web is built. Another compiler than the native one may be at work
    /// there, and two compilers cannot share a target directory.
    pub fn web_target(&self) -> PathBuf {
        self.target.join("web")
    }

    /// The version of `package` in the workspace's lock file.
    pub fn locked_version(&self, package: &str) -> Result<String, Failure> {
        let lock = read(&self.root.join("Cargo.lock"))?;
        locked_version(&lock, package).ok_or_else(|| Failure(format!("Cargo.lock has no package `{package}`")))
    }
}

fn locked_version(lock: &str, package: &str) -> Option<String> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    lines.next()?;
    lines.next()?.strip_prefix("version = \"")?.strip_suffix('"').map(str::to_owned)
}

/// A command at the workspace's root, without the variables that `cargo run` set for this program:
/// they describe `xtask`, and build scripts that watch them would run again for nothing.
pub fn command(program: impl AsRef<std::ffi::OsStr>, workspace: &Workspace) -> Command {
    let mut command = Command::new(program);
    command.current_dir(&workspace.root);
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        let ours = text.starts_with("CARGO_PKG_")
            || text.starts_with("CARGO_MANIFEST_")
            || matches!(&*text, "CARGO" | "CARGO_PRIMARY_PACKAGE" | "CARGO_BIN_NAME");
        if ours {
            command.env_remove(&name);
        }
    }
    command
}

/// What `command` writes to its standard output, trimmed; `None` when it fails or does not exist.
pub fn output(command: &mut Command) -> Option<String> {
    let result = command.stderr(Stdio::null()).stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8(result.stdout).ok()?;
    result.status.success().then(|| text.trim().to_owned())
}

/// The first of `names` that is a file on `PATH`.
pub fn find_program(names: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let folders: Vec<PathBuf> = env::split_paths(&path).collect();
    names.iter().find_map(|name| {
        let file = format!("{name}{}", env::consts::EXE_SUFFIX);
        folders.iter().map(|folder| folder.join(&file)).find(|candidate| candidate.is_file())
    })
}

/// Whether missing packages can be installed here without asking anyone: Debian, as root.
pub fn can_install() -> bool {
    find_program(&["apt-get"]).is_some() && output(Command::new("id").arg("-u")).is_some_and(|user| user == "0")
}

/// Installs Debian packages. Only to be called after [`can_install`].
pub fn install(packages: &[&str]) -> Result<(), Failure> {
    let apt = || {
        let mut command = Command::new("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    execute(apt().args(["update", "-qq"]))?;
    execute(apt().args(["install", "-y", "-qq", "--no-install-recommends"]).args(packages))
}

/// Reads a text file, naming it when that fails.
pub fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| Failure::io(path.display(), &error))
}

/// Creates a folder and those above it, naming it when that fails.
pub fn create_folder(path: &Path) -> Result<(), Failure> {
    fs::create_dir_all(path).map_err(|error| Failure::io(path.display(), &error))
}

/// Removes a folder with everything in it; one that does not exist is no failure.
pub fn remove_folder(path: &Path) -> Result<(), Failure> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Failure::io(path.display(), &error)),
        _ => Ok(()),
    }
}

/// Writes a file, naming it when that fails.
pub fn write(path: &Path, contents: &str) -> Result<(), Failure> {
    fs::write(path, contents).map_err(|error| Failure::io(path.display(), &error))
}

/// Copies a file into a folder under its own name.
pub fn copy_into(file: &Path, folder: &Path) -> Result<(), Failure> {
    let name = file.file_name().unwrap_or_default();
    fs::copy(file, folder.join(name)).map(drop).map_err(|error| Failure::io(file.display(), &error))
}

/// The files directly inside a folder, sorted; none when the folder does not exist.
pub fn files_in(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    files.sort();
    files
}

/// The files inside a folder and the folders in it, sorted; none when the folder does not exist.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let folders = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> =
        folders.filter(|path| path.is_dir()).flat_map(|path| files_below(&path)).chain(files_in(folder)).collect();
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locked_version_is_found_by_its_whole_name() {
        let lock = "[[package]]\nname = \"web-sys\"\nversion = \"0.3.1\"\n\n\
                    [[package]]\nname = \"web\"\nversion = \"2.0.0\"\n";
        assert_eq!(locked_version(lock, "web").as_deref(), Some("2.0.0"));
        assert_eq!(locked_version(lock, "webb"), None);
    }
}
