//! The proof: the engine's module does the whole loop once in a browser, and gets the native numbers.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Requirements;
use super::build::{Module, Names, bind};
use crate::steps::{Beside, Failure, Runner};
use crate::tools::{Workspace, copy_into, create_folder, files_in, remove_folder};

const TITLE: &str = "browser proof";

/// How long the page may take, software adapter and shader compilation included.
const SECONDS: &str = "900";

/// Binds the engine's module, puts the proof's page together and runs it in the browser.
pub fn proof(
    workspace: &Workspace,
    runner: &mut Runner,
    requirements: &Requirements,
    browser: &Path,
) -> Result<(), Failure> {
    let mut run = prepare(workspace, runner, requirements, browser)?;
    runner.run(TITLE, &mut run)
}

/// Begins the proof beside what else is done: a graphics device in software hardly uses more than one core.
pub fn proof_beside(
    workspace: &Workspace,
    runner: &mut Runner,
    requirements: &Requirements,
    browser: &Path,
) -> Result<Beside, Failure> {
    let mut run = prepare(workspace, runner, requirements, browser)?;
    runner.beside(TITLE, &mut run, &workspace.web_target().join("proof.log"))
}

/// Where the proof's page reports what it computed.
pub fn report(workspace: &Workspace) -> PathBuf {
    workspace.web_target().join("proof.json")
}

/// Puts the proof's page together; gives the command that opens it.
fn prepare(
    workspace: &Workspace,
    runner: &mut Runner,
    requirements: &Requirements,
    browser: &Path,
) -> Result<Command, Failure> {
    let site = workspace.web_target().join("site");
    runner.perform("site of the proof", || assemble(workspace, requirements, &site))?;
    let mut run = requirements.node.script(workspace, "run.mjs");
    run.arg("--site").arg(&site).args(["--page", "proof.html", "--timeout", SECONDS]);
    run.arg("--report").arg(report(workspace)).arg("--browser").arg(browser);
    Ok(run)
}

/// Fills `site` with what a server would serve: the page, the bound module and the starter model.
fn assemble(workspace: &Workspace, requirements: &Requirements, site: &Path) -> Result<(), Failure> {
    // From nothing each time, so that a file that is no longer made cannot be served.
    remove_folder(site)?;
    create_folder(&site.join("starter"))?;
    let package = site.join("pkg");
    bind(workspace, requirements, Module::Worker, Names::Keep, &package)?;
    for name in ["proof.html", "expected.json", "agreement.json"] {
        copy_into(&workspace.root.join("web/harness").join(name), site)?;
    }
    for file in files_in(&workspace.root.join("assets/starter")) {
        copy_into(&file, &site.join("starter"))?;
    }
    for file in files_in(&package).iter().chain(&files_in(&site.join("starter"))) {
        let bytes = fs::metadata(file).map_or(0, |found| found.len());
        println!("{:>12} bytes  {}", bytes, file.display());
    }
    Ok(())
}
