//! `selfsame report`: what a run's log says.

use crate::{
    Result,
    cli::ReportArgs,
    fold::RunView,
    folder, output,
    report::{html, terminal},
};

/// Runs the command.
///
/// # Errors
/// If the folder holds no run, its log is damaged, or the page cannot be written.
pub fn run(args: &ReportArgs) -> Result<()> {
    let view = RunView::load(&args.dir)?;
    let page = match &args.html {
        Some(path) => Some(path.clone()),
        None => (!args.json).then(|| args.dir.join("report.html")),
    };
    if args.json {
        output::json(&view.json())?;
    } else {
        output::print(&terminal::render(&view))?;
    }
    if let Some(path) = page {
        folder::replace(&path, &html::render(&view))?;
        output::note(&format!("page: {}", path.display()));
    }
    Ok(())
}
