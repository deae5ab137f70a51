//! Selfsame in a browser: what it is built with, the proof of its engine, the page, and the page's
//! tests.

use std::path::PathBuf;

use crate::steps::{Beside, Failure, Runner};
use crate::tools::Workspace;

mod build;
mod node;
pub mod page;
mod proof;
mod toolchain;

pub use proof::{proof, proof_beside, report};

const TARGET: &str = "wasm32-unknown-unknown";

/// Everything that cannot be built from the checkout, except for the browser.
pub struct Requirements {
    toolchain: toolchain::Toolchain,
    bindgen: PathBuf,
    node: node::Node,
}

/// Finds, and where possible installs or builds, what the web modules are built with.
pub fn requirements(workspace: &Workspace, runner: &mut Runner) -> Result<Requirements, Failure> {
    let node = runner.perform("node", || {
        let node = node::Node::find()?;
        node.install(workspace)?;
        Ok(node)
    })?;
    let (toolchain, bindgen) = toolchain(workspace, runner)?;
    Ok(Requirements { toolchain, bindgen, node })
}

/// Finds the browser.
pub fn browser(runner: &mut Runner) -> Result<PathBuf, Failure> {
    runner.perform("browser", node::browser)
}

/// Prepares a compiler for the web and the program that binds its output to JavaScript.
pub fn toolchain(workspace: &Workspace, runner: &mut Runner) -> Result<(toolchain::Toolchain, PathBuf), Failure> {
    let toolchain = runner.perform("wasm compiler", || toolchain::Toolchain::find(workspace))?;
    let bindgen = runner.perform("wasm-bindgen", || build::bindgen(workspace))?;
    Ok((toolchain, bindgen))
}

/// Compiles the web modules.
pub fn compile(workspace: &Workspace, runner: &mut Runner, requirements: &Requirements) -> Result<(), Failure> {
    runner.run(build::TITLE, &mut build::compilation(workspace, &requirements.toolchain))
}

/// Compiles the web modules beside what else is done: the compilers of the two targets share nothing.
pub fn compile_beside(workspace: &Workspace, runner: &Runner, requirements: &Requirements) -> Result<Beside, Failure> {
    let log = workspace.web_target().join("build.log");
    runner.beside(build::TITLE, &mut build::compilation(workspace, &requirements.toolchain), &log)
}
