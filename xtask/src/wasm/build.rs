//! The web modules: compiled, bound to JavaScript, and made small for a download.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Requirements, TARGET, node::Node, toolchain::Toolchain};
use crate::steps::{Failure, execute};
use crate::tools::{Workspace, command, create_folder, read};

/// The profile in `.cargo/config.toml`, which is also the name of the folder cargo builds it in.
const PROFILE: &str = "web";

/// What the modules use beyond the first version of WebAssembly; the optimiser has to be told.
const FEATURES: [&str; 7] =
    ["simd", "bulk-memory", "nontrapping-float-to-int", "sign-ext", "mutable-globals", "reference-types", "multivalue"];

/// How much the optimiser does. It hardly makes smaller what is downloaded: the worker's 27.7 MB (3.27 packed)
/// become 24.8 (3.23). But the browser unpacks and compiles a tenth less. More than `-O1` takes many minutes.
const EFFORT: &str = "-O1";

/// A module that is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Module {
    /// The page: the views, drawn on a canvas.
    Page,
    /// The engine behind it, in a worker.
    Worker,
    /// What unpacks the other two.
    Unpack,
}

impl Module {
    /// All modules.
    pub const ALL: [Self; 3] = [Self::Page, Self::Worker, Self::Unpack];

    /// Its crate.
    fn package(self) -> &'static str {
        match self {
            Self::Page => "selfsame-page",
            Self::Worker => "selfsame-web",
            Self::Unpack => "selfsame-unpack",
        }
    }

    /// What its files are called.
    pub fn stem(self) -> String {
        self.package().replace('-', "_")
    }

    /// Crates of which nothing is called in it, but which come into it by themselves; see the tool in
    /// `web/toolchain/bindgen`.
    fn unused(self) -> Option<&'static str> {
        match self {
            Self::Page => Some("cubecl,pliron,burn,combine,rustc_apfloat,cubek"),
            Self::Worker | Self::Unpack => None,
        }
    }

    /// The folder of its files on the page.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Worker => "worker",
            Self::Unpack => "unpack",
        }
    }
}

/// Whether a bound module keeps the names of its functions: without them a trap's stack trace is a
/// list of numbers, with them a module is a third larger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// They stay.
    Keep,
    /// They go.
    Strip,
}

/// What a compilation is called among the steps.
pub const TITLE: &str = "wasm build";

/// Compiles all modules, in one go: each for itself would build what they share with other features.
pub fn compilation(workspace: &Workspace, toolchain: &Toolchain) -> Command {
    let mut build = toolchain.cargo(workspace);
    build.env("CARGO_TARGET_DIR", workspace.web_target()).args([
        "build",
        "--locked",
        "--profile",
        PROFILE,
        "--target",
        TARGET,
    ]);
    for module in Module::ALL {
        build.args(["--package", module.package()]);
    }
    build
}

/// Writes a compiled module with its JavaScript into `folder`.
pub fn bind(
    workspace: &Workspace,
    requirements: &Requirements,
    module: Module,
    names: Names,
    folder: &Path,
) -> Result<(), Failure> {
    let compiled = workspace.web_target().join(TARGET).join(PROFILE).join(module.stem()).with_extension("wasm");
    let mut bind = command(&requirements.bindgen, workspace);
    if names == Names::Strip {
        bind.arg("--strip");
    }
    if let Some(crates) = module.unused() {
        bind.args(["--without", crates]);
    }
    bind.arg(&compiled).arg(folder);
    execute(&mut bind)
}

/// A smaller module that does the same. It takes minutes, so that it is kept for as long as the module
/// is the same.
pub fn shrink(workspace: &Workspace, node: &Node, module: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |path: &Path, e: &std::io::Error| Failure::io(path.display(), e);
    let bytes = fs::read(module).map_err(|e| failed(module, &e))?;
    let folder = workspace.web_target().join("small");
    create_folder(&folder)?;
    let small = folder.join(format!("{}{EFFORT}.wasm", super::page::pack::hash(&bytes)));
    if small.is_file() {
        println!("{} is that of {}", small.display(), module.display());
    } else {
        // Under another name first, so that an interrupted one is not taken for a finished one.
        let unfinished = small.with_extension("unfinished");
        let mut optimise = node.script(workspace, "node_modules/binaryen/bin/wasm-opt");
        optimise.args(FEATURES.map(|name| format!("--enable-{name}"))).arg(EFFORT);
        optimise.arg(module).arg("-o").arg(&unfinished);
        execute(&mut optimise)?;
        fs::rename(&unfinished, &small).map_err(|e| failed(&small, &e))?;
    }
    fs::read(&small).map_err(|e| failed(&small, &e))
}

/// Our own small `wasm-bindgen` of exactly the version the workspace is locked to, tested, which takes a second, and
/// built where it is not there.
pub fn bindgen(workspace: &Workspace) -> Result<PathBuf, Failure> {
    let version = workspace.locked_version("wasm-bindgen")?;
    let folder = workspace.root.join("web/toolchain/bindgen");
    let pin = format!("wasm-bindgen-cli-support = \"={version}\"");
    if !read(&folder.join("Cargo.toml"))?.contains(&pin) {
        return Err(Failure(format!("web/toolchain/bindgen/Cargo.toml does not pin {version}")));
    }
    let target = workspace.web_target().join("bindgen");
    for verb in ["test", "build"] {
        let mut cargo = command("cargo", workspace);
        cargo
            .args([verb, "--release", "--locked", "--manifest-path"])
            .arg(folder.join("Cargo.toml"))
            .arg("--target-dir")
            .arg(&target);
        execute(&mut cargo)?;
    }
    Ok(target.join("release").join(format!("selfsame-bindgen{}", env::consts::EXE_SUFFIX)))
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
}
