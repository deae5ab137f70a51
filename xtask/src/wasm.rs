//! The web module: its toolchain, its build, and its proof in a browser.
//!
//! Two toolchains can build it. The usual one is rustup's, after
//! `rustup target add wasm32-unknown-unknown`; it is taken when it is there. The other is made from
//! Debian packages: a compiler that can generate WebAssembly but has no standard library for it,
//! and that library's source, from which a sysroot is built once.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::steps::{Failure, Runner, execute};
use crate::tools::{
    Workspace, can_install, command, copy_into, create_folder, files_in, find_program, install, output, read,
    remove_folder, write,
};

const TARGET: &str = "wasm32-unknown-unknown";

/// The profile in `.cargo/config.toml`, which is also the name of the folder cargo builds it in.
const PROFILE: &str = "web";

/// SIMD is in every browser that has WebGPU, and `burn`'s CPU kernels need it to be any use there.
const TARGET_FEATURES: &str = "target-feature=+simd128";

/// The oldest compiler the workspace builds with, as in the root `Cargo.toml`.
const OLDEST_RUSTC: (u32, u32) = (1, 95);

/// Debian's compiler for building browsers: newer than the distribution's own.
const DEBIAN_PACKAGES: [&str; 3] = ["rustc-web", "cargo-web", "rust-web-src"];
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_CARGO: &str = "/usr/bin/cargo";

/// How long the page may take, software adapter and shader compilation included.
const PAGE_SECONDS: &str = "900";

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

/// Everything the proof needs that cannot be built from the checkout.
pub struct Requirements {
    toolchain: Toolchain,
    bindgen: PathBuf,
    browser: PathBuf,
    node: PathBuf,
    npm: PathBuf,
}

/// Finds, and where possible installs or builds, what the proof needs.
pub fn requirements(workspace: &Workspace, runner: &mut Runner) -> Result<Requirements, Failure> {
    let (browser, node, npm) =
        runner.perform("browser and node", || Ok((find_browser()?, find_node()?, find_npm()?)))?;
    println!("   {}\n   {}\n   {}", browser.display(), node.display(), npm.display());
    let (toolchain, bindgen) = toolchain(workspace, runner)?;
    Ok(Requirements { toolchain, bindgen, browser, node, npm })
}

fn find_browser() -> Result<PathBuf, Failure> {
    if let Some(chosen) = env::var_os("SELFSAME_BROWSER") {
        let chosen = PathBuf::from(chosen);
        return if chosen.is_file() {
            Ok(chosen)
        } else {
            Err(Failure(format!("SELFSAME_BROWSER is `{}`, which is no file", chosen.display())))
        };
    }
    find_program(&["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"])
        .ok_or_else(|| Failure("no Chromium on PATH; install it or set SELFSAME_BROWSER to the program".into()))
}

fn find_node() -> Result<PathBuf, Failure> {
    find_program(&["node", "nodejs"]).ok_or_else(|| Failure("no node (18 or newer) on PATH".into()))
}

fn find_npm() -> Result<PathBuf, Failure> {
    find_program(&["npm"]).ok_or_else(|| Failure("no npm on PATH".into()))
}

/// Prepares a compiler for the web and the program that binds its output to JavaScript.
pub fn toolchain(workspace: &Workspace, runner: &mut Runner) -> Result<(Toolchain, PathBuf), Failure> {
    let toolchain = runner.perform("wasm compiler", || {
        if native_has_target(workspace) {
            println!("The native compiler has {TARGET}.");
            return Ok(Toolchain::Native);
        }
        debian_toolchain(workspace)
    })?;
    let bindgen = runner.perform("wasm-bindgen", || bindgen(workspace))?;
    Ok((toolchain, bindgen))
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

/// A `wasm-bindgen` of exactly the version the workspace is locked to: the one on `PATH` if it is
/// that, else our own small program, which is built first.
fn bindgen(workspace: &Workspace) -> Result<PathBuf, Failure> {
    let version = workspace.locked_version("wasm-bindgen")?;
    if let Some(program) = find_program(&["wasm-bindgen"]) {
        let found = output(command(&program, workspace).arg("--version")).unwrap_or_default();
        if found.split_whitespace().nth(1) == Some(version.as_str()) {
            println!("{} is version {version}.", program.display());
            return Ok(program);
        }
        println!("{} says `{found}`, but {version} is needed.", program.display());
    }
    let folder = workspace.root.join("web/toolchain/bindgen");
    let pin = format!("wasm-bindgen-cli-support = \"={version}\"");
    if !read(&folder.join("Cargo.toml"))?.contains(&pin) {
        return Err(Failure(format!("web/toolchain/bindgen/Cargo.toml does not pin {version}")));
    }
    let target = workspace.web_target().join("bindgen");
    let mut build = command("cargo", workspace);
    build
        .args(["build", "--release", "--locked", "--manifest-path"])
        .arg(folder.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(&target);
    execute(&mut build)?;
    Ok(target.join("release").join(format!("selfsame-bindgen{}", env::consts::EXE_SUFFIX)))
}

/// Builds the web module, binds it, puts the page together and runs it in the browser.
pub fn proof(workspace: &Workspace, runner: &mut Runner, requirements: &Requirements) -> Result<(), Failure> {
    let mut build = build_command(workspace, &requirements.toolchain);
    runner.run("wasm build", &mut build)?;

    let site = workspace.web_target().join("site");
    runner.perform("site", || assemble_site(workspace, &requirements.bindgen, &site))?;

    let harness = workspace.root.join("web/harness");
    if !harness_is_installed(&harness)? {
        let mut npm = command(&requirements.npm, workspace);
        npm.args(["ci", "--no-audit", "--no-fund", "--prefix"]).arg(&harness);
        runner.run("npm ci", &mut npm)?;
    }

    let mut run = command(&requirements.node, workspace);
    run.arg(harness.join("run.mjs"))
        .arg("--site")
        .arg(&site)
        .args(["--page", "proof.html", "--timeout", PAGE_SECONDS, "--browser"])
        .arg(&requirements.browser);
    runner.run("browser proof", &mut run)
}

/// The command that compiles the web module.
fn build_command(workspace: &Workspace, toolchain: &Toolchain) -> Command {
    let variable = |name: &str| format!("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_{name}");
    let mut build = match toolchain {
        Toolchain::Native => {
            let mut cargo = command("cargo", workspace);
            cargo.env(variable("RUSTFLAGS"), format!("-C {TARGET_FEATURES}"));
            cargo
        }
        Toolchain::Debian { linker, sysroot } => {
            let mut cargo = debian_cargo(workspace);
            cargo
                .env(variable("LINKER"), linker)
                .env(variable("RUSTFLAGS"), format!("--sysroot {} -C {TARGET_FEATURES}", sysroot.display()));
            cargo
        }
    };
    build
        .env("CARGO_TARGET_DIR", workspace.web_target())
        .args(["build", "--locked", "--profile", PROFILE, "--target", TARGET])
        .args(["--package", "selfsame-web"]);
    build
}

/// Fills `site` with what a server would serve: the page, the bound module and the starter model.
fn assemble_site(workspace: &Workspace, bindgen: &Path, site: &Path) -> Result<(), Failure> {
    // From nothing each time, so that a file that is no longer made cannot be served.
    remove_folder(site)?;
    create_folder(site)?;
    let module = workspace.web_target().join(TARGET).join(PROFILE).join("selfsame_web.wasm");
    let package = site.join("pkg");
    let mut bind = command(bindgen, workspace);
    if bindgen.file_stem().is_some_and(|stem| stem == "wasm-bindgen") {
        bind.args(["--target", "web", "--no-typescript", "--out-dir"]).arg(&package).arg(&module);
    } else {
        bind.arg(&module).arg(&package);
    }
    execute(&mut bind)?;
    copy_into(&workspace.root.join("web/harness/proof.html"), site)?;
    copy_into(&workspace.root.join("web/harness/expected.json"), site)?;
    let starter = files_in(&workspace.root.join("assets/starter"));
    create_folder(&site.join("starter"))?;
    for file in &starter {
        copy_into(file, &site.join("starter"))?;
    }
    for file in files_in(&package).iter().chain(&files_in(&site.join("starter"))) {
        let bytes = fs::metadata(file).map_or(0, |found| found.len());
        println!("{:>12} bytes  {}", bytes, file.display());
    }
    Ok(())
}

/// Whether `node_modules` already holds the version the harness pins.
fn harness_is_installed(harness: &Path) -> Result<bool, Failure> {
    let wanted = read(&harness.join("package.json"))?;
    let wanted = json_string(&wanted, "playwright-core");
    let installed = fs::read_to_string(harness.join("node_modules/playwright-core/package.json"))
        .ok()
        .and_then(|text| json_string(&text, "version"));
    Ok(wanted.is_some() && wanted == installed)
}

/// The first string value of `key` in a JSON text. Enough for a package manifest.
fn json_string(json: &str, key: &str) -> Option<String> {
    let (_, rest) = json.split_once(&format!("\"{key}\""))?;
    let rest = rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    rest.split_once('"').map(|(value, _)| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bindgen_tool_is_of_the_locked_version() -> Result<(), Failure> {
        let workspace = Workspace::locate();
        let version = workspace.locked_version("wasm-bindgen")?;
        let folder = workspace.root.join("web/toolchain/bindgen");
        let manifest = read(&folder.join("Cargo.toml"))?;
        assert!(manifest.contains(&format!("wasm-bindgen-cli-support = \"={version}\"")));
        let lock = read(&folder.join("Cargo.lock"))?;
        assert!(lock.contains(&format!("name = \"wasm-bindgen-shared\"\nversion = \"{version}\"")));
        Ok(())
    }

    #[test]
    fn rustc_describes_itself() -> Result<(), Failure> {
        let text = "rustc 1.96.0 (0123 2026-05-25)\nrelease: 1.96.0\nLLVM version: 22.1.8\n";
        let compiler = DebianCompiler::parse(text)?;
        assert_eq!((compiler.version.as_str(), compiler.llvm.as_str()), ("1.96.0", "22"));
        assert!(DebianCompiler::parse(&text.replace("1.96", "1.63")).is_err());
        assert!(DebianCompiler::parse("rustc 1.96.0").is_err());
        Ok(())
    }

    #[test]
    fn the_harness_pins_an_exact_version() -> Result<(), Failure> {
        let manifest = read(&Workspace::locate().root.join("web/harness/package.json"))?;
        let version = json_string(&manifest, "playwright-core").unwrap_or_default();
        assert!(version.split('.').all(|part| part.parse::<u32>().is_ok()), "{version}");
        Ok(())
    }
}
