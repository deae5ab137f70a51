//! A compiler for the web.
//!
//! Two toolchains can build it. The usual one is rustup's, after
//! `rustup target add wasm32-unknown-unknown`; it is taken when it is there. The other is made from
//! Debian packages: a compiler that can generate WebAssembly but has no standard library for it,
//! and that library's source, from which a sysroot is built once.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::TARGET;
use crate::steps::{Failure, execute};
use crate::tools::{
    Workspace, can_install, command, copy_into, create_folder, files_in, find_program, install, output, remove_folder,
    write,
};

/// SIMD is in every browser that has WebGPU, and `burn`'s CPU kernels need it to be any use there.
const TARGET_FEATURES: &str = "target-feature=+simd128";

/// The oldest compiler the workspace builds with, as in the root `Cargo.toml`.
const OLDEST_RUSTC: (u32, u32) = (1, 95);

/// Debian's compiler for building browsers: newer than the distribution's own.
const DEBIAN_PACKAGES: [&str; 3] = ["rustc-web", "cargo-web", "rust-web-src"];
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_CARGO: &str = "/usr/bin/cargo";

/// A compiler for the web.
pub enum Toolchain {
    /// The compiler that builds the workspace natively, which has the target installed.
    Native,
    /// Debian's, with a sysroot of our own.
    Debian {
        /// The program that links WebAssembly.
        linker: String,
        /// Holds the standard library for the target.
        sysroot: PathBuf,
    },
}

impl Toolchain {
    /// Finds one, or makes one of Debian's packages.
    pub fn find(workspace: &Workspace) -> Result<Self, Failure> {
        if native_has_target(workspace) {
            println!("The native compiler has {TARGET}.");
            return Ok(Self::Native);
        }
        debian_toolchain(workspace)
    }

    /// Its cargo, which compiles for the web when it is given the target.
    pub fn cargo(&self, workspace: &Workspace) -> Command {
        let variable = |name: &str| format!("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_{name}");
        match self {
            Self::Native => {
                let mut cargo = command("cargo", workspace);
                cargo.env(variable("RUSTFLAGS"), format!("-C {TARGET_FEATURES}"));
                cargo
            }
            Self::Debian { linker, sysroot } => {
                let mut cargo = debian_cargo(workspace);
                cargo
                    .env(variable("LINKER"), linker)
                    .env(variable("RUSTFLAGS"), format!("--sysroot {} -C {TARGET_FEATURES}", sysroot.display()));
                cargo
            }
        }
    }
}

/// Whether the compiler that builds the workspace natively can also build for the web.
fn native_has_target(workspace: &Workspace) -> bool {
    output(command("rustc", workspace).args(["--print", "target-libdir", "--target", TARGET]))
        .is_some_and(|folder| has_std(Path::new(&folder)))
}

fn has_std(folder: &Path) -> bool {
    files_in(folder)
        .iter()
        .any(|file| file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("libstd-")))
}

/// Makes a toolchain of Debian's packages, installing them where that is possible.
fn debian_toolchain(workspace: &Workspace) -> Result<Toolchain, Failure> {
    const REMEDY: &str = "run `rustup target add wasm32-unknown-unknown`, or on Debian install \
                          rustc-web, cargo-web, rust-web-src and lld";
    let mut compiler = DebianCompiler::find(workspace);
    if compiler.is_err() && can_install() {
        install(&DEBIAN_PACKAGES)?;
        compiler = DebianCompiler::find(workspace);
    }
    let compiler =
        compiler.map_err(|Failure(reason)| Failure(format!("no compiler for {TARGET} ({reason}); {REMEDY}")))?;

    let mut linker = compiler.linker();
    if linker.is_none() && can_install() {
        install(&[&format!("lld-{}", compiler.llvm)])?;
        linker = compiler.linker();
    }
    let linker = linker.ok_or_else(|| Failure(format!("no wasm-ld for LLVM {} on PATH; {REMEDY}", compiler.llvm)))?;

    let sysroot = workspace.web_target().join(format!("sysroot-{}", compiler.version));
    // Written last, so that an interrupted build is not taken for a finished one.
    let complete = sysroot.join(".complete");
    if !complete.is_file() {
        build_std(workspace, &sysroot)?;
        write(&complete, "")?;
    }
    println!("{DEBIAN_RUSTC} {}, sysroot {}", compiler.version, sysroot.display());
    Ok(Toolchain::Debian { linker, sysroot })
}

/// Debian's compiler, as far as it matters here.
struct DebianCompiler {
    /// The compiler's version, such as `1.96.0`.
    version: String,
    /// The major version of the LLVM it generates code with, which the linker has to match.
    llvm: String,
}

impl DebianCompiler {
    fn find(workspace: &Workspace) -> Result<Self, Failure> {
        let verbose = output(command(DEBIAN_RUSTC, workspace).arg("-vV"))
            .ok_or_else(|| Failure(format!("{DEBIAN_RUSTC} does not run")))?;
        let compiler = Self::parse(&verbose)?;
        let source = output(command(DEBIAN_RUSTC, workspace).args(["--print", "sysroot"]))
            .map(|sysroot| Path::new(&sysroot).join("lib/rustlib/src/rust/library/std"));
        if !source.is_some_and(|folder| folder.is_dir()) {
            return Err(Failure("the source of its standard library is missing".into()));
        }
        if !Path::new(DEBIAN_CARGO).is_file() {
            return Err(Failure(format!("{DEBIAN_CARGO} is missing")));
        }
        Ok(compiler)
    }

    /// Reads what `rustc -vV` prints.
    fn parse(verbose: &str) -> Result<Self, Failure> {
        let field = |name: &str| {
            verbose
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .map(|value| value.trim().to_owned())
                .ok_or_else(|| Failure(format!("{DEBIAN_RUSTC} -vV gives no `{name}`")))
        };
        let version = field("release:")?;
        let llvm = field("LLVM version:")?;
        let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
        let found = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
        if found < OLDEST_RUSTC {
            return Err(Failure(format!("{DEBIAN_RUSTC} is {version}, which is too old")));
        }
        let llvm = llvm.split('.').next().unwrap_or_default().to_owned();
        Ok(Self { version, llvm })
    }

    /// The linker's name, once it is on `PATH`. Not its path: cargo compiles everything anew when
    /// the linker's setting changes, and a machine may find the same program elsewhere.
    fn linker(&self) -> Option<String> {
        let name = format!("wasm-ld-{}", self.llvm);
        find_program(&[&name]).map(|_| name)
    }
}

/// Builds the standard library for the target and lays its libraries out as `sysroot`.
fn build_std(workspace: &Workspace, sysroot: &Path) -> Result<(), Failure> {
    // A crate that uses nothing: cargo builds the standard library as a dependency of something.
    let folder = workspace.web_target().join("sysroot-build");
    remove_folder(&folder)?;
    remove_folder(sysroot)?;
    create_folder(&folder.join("src"))?;
    write(&folder.join("src/lib.rs"), "#![no_std]\n")?;
    write(
        &folder.join("Cargo.toml"),
        "[package]\nname = \"nothing\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
         [profile.release]\npanic = \"abort\"\n\
         [workspace]\n",
    )?;
    let mut build = debian_cargo(workspace);
    build
        // `-Zbuild-std` is refused by a stable compiler unless it is told to be its own bootstrap.
        .env("RUSTC_BOOTSTRAP", "1")
        .args(["build", "--release", "-Zbuild-std=std,panic_abort", "--target", TARGET])
        .arg("--manifest-path")
        .arg(folder.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(folder.join("target"));
    execute(&mut build)?;

    let libraries = sysroot.join("lib/rustlib").join(TARGET).join("lib");
    create_folder(&libraries)?;
    for file in files_in(&folder.join("target").join(TARGET).join("release/deps")) {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        if name.ends_with(".rlib") && !name.starts_with("libnothing-") {
            copy_into(&file, &libraries)?;
        }
    }
    if !has_std(&libraries) {
        return Err(Failure("the build left no standard library behind".into()));
    }
    remove_folder(&folder)
}

/// Debian's cargo, kept from using rustup's compiler.
fn debian_cargo(workspace: &Workspace) -> Command {
    let mut cargo = command(DEBIAN_CARGO, workspace);
    // These would override the flags set here; and a wrapper may cache by the compiler's name.
    for name in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "RUSTC_WRAPPER", "RUSTUP_TOOLCHAIN"] {
        cargo.env_remove(name);
    }
    cargo.env("RUSTC", DEBIAN_RUSTC);
    cargo
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rustc_describes_itself() -> Result<(), Failure> {
        let text = "rustc 1.96.0 (0123 2026-05-25)\nrelease: 1.96.0\nLLVM version: 22.1.8\n";
        let compiler = DebianCompiler::parse(text)?;
        assert_eq!((compiler.version.as_str(), compiler.llvm.as_str()), ("1.96.0", "22"));
        assert!(DebianCompiler::parse(&text.replace("1.96", "1.63")).is_err());
        assert!(DebianCompiler::parse("rustc 1.96.0").is_err());
        Ok(())
    }
}
