//! The page: a folder of files that any web host can serve, put together from `web/site`, the modules
//! and the assets.

use std::fs;
use std::path::{Path, PathBuf};

use super::Requirements;
use super::build::{Module, Names, bind, shrink};
use crate::steps::{Failure, Runner};
use crate::tools::{Workspace, files_below, read, remove_folder};

pub mod pack;
mod sizes;

use pack::Folder;

/// What is kept of the page for later is written here when it is built.
const KEEPER: &str = "sw.js";

/// How a page is built.
pub struct Options {
    /// Where to.
    pub out: PathBuf,
    /// Leaves out what only makes it small, and takes minutes.
    pub quick: bool,
}

impl Options {
    /// Reads the words behind the verb: `[--out DIR] [--quick]`.
    pub fn parse(workspace: &Workspace, words: &[&str]) -> Result<Self, Failure> {
        let mut options = Self { out: workspace.target.join("page"), quick: false };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match (*word, words.as_slice()) {
                ("--quick", _) => options.quick = true,
                ("--out", [folder, ..]) => {
                    // Read from where the person is, as every program does.
                    options.out = std::path::absolute(folder).map_err(|e| Failure::io(folder, &e))?;
                    words.next();
                }
                _ => return Err(Failure(format!("a page is built with [--out DIR] [--quick], not `{word}`"))),
            }
        }
        Ok(options)
    }
}

/// Builds the page from the compiled modules, and fails if it has become too large to load.
pub fn build(
    workspace: &Workspace,
    runner: &mut Runner,
    requirements: &Requirements,
    options: &Options,
) -> Result<(), Failure> {
    runner.perform("page", || {
        // Under another name until it is whole: a build that is interrupted leaves the older page as it is.
        let unfinished = options.out.with_extension("unfinished");
        check_ours(workspace, &options.out)?;
        remove_folder(&unfinished)?;
        let mut folder = Folder::new(&unfinished, !options.quick);
        modules(workspace, requirements, options.quick, &mut folder)?;
        site(workspace, &mut folder)?;
        assets(workspace, &mut folder)?;
        let keeper = read(&workspace.root.join("web/site").join(KEEPER))?;
        folder.put(KEEPER, filled(&keeper, &folder)?.as_bytes())?;
        remove_folder(&options.out)?;
        fs::rename(&unfinished, &options.out).map_err(|e| Failure::io(options.out.display(), &e))?;
        println!("{}", options.out.display());
        sizes::check(folder.files(), options.quick)
    })
}

/// Tests a page that is built, in the browser; `strict` fails where a test would otherwise be skipped.
pub fn test(
    workspace: &Workspace,
    runner: &mut Runner,
    requirements: &Requirements,
    browser: &Path,
    options: &Options,
    strict: bool,
    arguments: &[&str],
) -> Result<(), Failure> {
    let mut run = requirements.node.script(workspace, "tests/run.mjs");
    run.arg("--site").arg(&options.out).arg("--browser").arg(browser);
    run.arg("--failures").arg(workspace.target.join("page-failures"));
    // The one that the tests were built with; a page is compared with it where there is one.
    let program = workspace.program();
    if program.is_file() {
        run.arg("--program").arg(&program);
    }
    if strict {
        run.arg("--strict");
    }
    run.args(arguments);
    runner.run("page tests", &mut run)
}

/// Refuses a folder that holds something else than an older page, which may be somebody's home. What
/// lies below the target directory was built.
fn check_ours(workspace: &Workspace, out: &Path) -> Result<(), Failure> {
    let used = fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_some());
    if used && !out.starts_with(&workspace.target) && !out.join(KEEPER).is_file() {
        return Err(Failure(format!("{} holds something that is no page; choose another folder", out.display())));
    }
    Ok(())
}

/// The modules with their JavaScript.
fn modules(
    workspace: &Workspace,
    requirements: &Requirements,
    quick: bool,
    folder: &mut Folder,
) -> Result<(), Failure> {
    for module in Module::ALL {
        let bound = workspace.web_target().join("bound").join(module.folder());
        remove_folder(&bound)?;
        bind(workspace, requirements, module, Names::Strip, &bound)?;
        let binary = format!("{}_bg.wasm", module.stem());
        for file in files_below(&bound) {
            let name = format!("pkg/{}/{}", module.folder(), relative(&file, &bound));
            if file.file_name().is_some_and(|name| name == binary.as_str()) {
                let bytes = if quick { load(&file)? } else { shrink(workspace, &requirements.node, &file)? };
                match module {
                    // It cannot unpack itself.
                    Module::Unpack => folder.put(&name, &bytes)?,
                    Module::Page | Module::Worker => folder.put_packed(&name, &bytes)?,
                }
            } else {
                folder.put(&name, &load(&file)?)?;
            }
        }
    }
    Ok(())
}

/// What is written by hand. The look of what mirrors the canvas stands beside the code that makes it.
fn site(workspace: &Workspace, folder: &mut Folder) -> Result<(), Failure> {
    folder.put("mirror.css", &load(&workspace.root.join("web/page/mirror.css"))?)?;
    let site = workspace.root.join("web/site");
    for file in files_below(&site) {
        let name = relative(&file, &site);
        if name != KEEPER {
            folder.put(&name, &load(&file)?)?;
        }
    }
    Ok(())
}

/// The starter models, the base of one and the Henries of another, and the recorded run.
fn assets(workspace: &Workspace, folder: &mut Folder) -> Result<(), Failure> {
    let from = |name: &str| load(&workspace.root.join("assets").join(name));
    for name in
        ["starter/config.json", "starter/tokenizer.json", "starter-ads/config.json", "starter-ads/tokenizer.json"]
    {
        folder.put(&format!("assets/{name}"), &from(name)?)?;
    }
    for name in ["starter/model.safetensors", "starter/base/model.safetensors", "starter-ads/model.safetensors"] {
        folder.put_packed(&format!("assets/{name}"), &from(name)?)?;
    }
    for name in [
        "starter-ads/henry-a/model.safetensors.gz",
        "starter-ads/henry-b/model.safetensors.gz",
        "recorded/scir.jsonl.gz",
    ] {
        folder.put_repacked(&format!("assets/{name}"), &from(name)?)?;
    }
    Ok(())
}

/// The script that keeps the page for later, told which files there are. The version is that of all of
/// them together and of the script itself.
fn filled(keeper: &str, folder: &Folder) -> Result<String, Failure> {
    let list = |later: bool| {
        let of = folder.files().iter().filter(|file| sizes::later(&file.name) == later);
        let entries: Vec<String> = of.map(|file| format!("\"{}\":\"{}\"", file.name, file.hash)).collect();
        entries.join(",")
    };
    let files = format!("{{\"now\":{{{}}},\"later\":{{{}}}}}", list(false), list(true));
    if files.contains(['\'', '\\', '\n']) {
        return Err(Failure(format!("a file of the page has a name that no string can hold: {files}")));
    }
    let version = pack::hash(format!("{keeper}{files}").as_bytes());
    Ok(keeper.replace("{{version}}", &version).replace("{{files}}", &files))
}

/// A path below a folder, as an address has it.
fn relative(file: &Path, folder: &Path) -> String {
    let parts = file.strip_prefix(folder).unwrap_or(file).components();
    parts.map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

fn load(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|e| Failure::io(path.display(), &e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_options() -> Result<(), Failure> {
        let workspace = Workspace::locate();
        let plain = Options::parse(&workspace, &[])?;
        assert!(plain.out.ends_with("page") && !plain.quick);
        let told = Options::parse(&workspace, &["--quick", "--out", "/tmp/x"])?;
        assert!(told.out == Path::new("/tmp/x") && told.quick);
        assert!(Options::parse(&workspace, &["--out"]).is_err());
        assert!(Options::parse(&workspace, &["somewhere"]).is_err());
        Ok(())
    }

    #[test]
    fn the_keeper_is_told_every_file() -> Result<(), Failure> {
        let root = std::env::temp_dir().join(format!("selfsame-page-{}", std::process::id()));
        let mut folder = Folder::new(&root, false);
        folder.put("app.js", b"1")?;
        folder.put_packed("assets/starter/base/model.safetensors", b"2")?;
        let text = filled(&read(&Workspace::locate().root.join("web/site/sw.js"))?, &folder)?;
        assert!(!text.contains("{{"), "{text}");
        let now = pack::hash(b"1");
        let later = &folder.files()[1].hash;
        let files = format!(
            r#"{{"now":{{"app.js":"{now}"}},"later":{{"assets/starter/base/model.safetensors.xz":"{later}"}}}}"#
        );
        assert!(text.contains(&files), "{text}");
        // What the folder holds is a page only once the keeper is there.
        let workspace = Workspace::locate();
        assert!(check_ours(&workspace, &root).is_err());
        let built = Workspace { target: std::env::temp_dir(), ..workspace };
        check_ours(&built, &root)?;
        folder.put(KEEPER, text.as_bytes())?;
        check_ours(&Workspace::locate(), &root)?;
        remove_folder(&root)
    }

    /// The loading screen has the colours of the views, which come from another file.
    #[test]
    fn the_site_has_the_colours_of_the_theme() -> Result<(), Failure> {
        let root = Workspace::locate().root;
        let theme = read(&root.join("assets/theme.toml"))?;
        let (style, index) = (read(&root.join("web/site/style.css"))?, read(&root.join("web/site/index.html"))?);
        for colour in ["ground", "text", "muted", "accent", "on_accent", "bad"] {
            let prefix = format!("{colour} = \"");
            let values: Vec<&str> =
                theme.lines().filter_map(|line| line.strip_prefix(&prefix)?.strip_suffix('"')).collect();
            let name = colour.replace('_', "-");
            let used: Vec<&str> = style
                .lines()
                .filter_map(|line| line.trim().strip_prefix(&format!("--{name}: "))?.strip_suffix(';'))
                .collect();
            assert_eq!((values.len(), &values), (2, &used), "{colour}");
            assert!(colour != "ground" || values.iter().all(|value| index.contains(value)));
        }
        Ok(())
    }
}
