//! `selfsame ads study`: the synthetic study as data.

use selfsame_core::world::ads::{Ad, Brief, Group, Label, Study, verbalise};
use serde::Serialize;

use crate::{Result, cli::StudyArgs, folder, output};

/// An ad of the study as a line of JSON.
#[derive(Serialize)]
struct Line<'a> {
    /// What a tiny model is asked.
    prompt: String,
    /// What it answers.
    completion: String,
    /// Brief and ad in words, for models that read English.
    text: String,
    /// Whose ad it is.
    brand: String,
    /// What group A recalled, 0 to 1.
    score: f64,
    /// What group B recalled.
    score_b: f64,
    /// `held-out` where nothing of the brand is to be learned from.
    split: &'static str,
    a: Label,
    b: Label,
    brief: &'a Brief,
    ad: &'a Ad,
}

/// Runs the command.
///
/// # Errors
/// If the file cannot be written.
pub fn run(args: &StudyArgs) -> Result<()> {
    let study = Study::run(&args.world.config());
    let mut lines = String::new();
    for studied in &study.ads {
        let (a, b) = (studied.label(Group::A), studied.label(Group::B));
        lines += &output::to_json(&Line {
            prompt: studied.brief.prompt(),
            completion: studied.ad.tokens(),
            text: verbalise(&studied.brief, &studied.ad),
            brand: studied.brief.brand.name(),
            score: a.score(),
            score_b: b.score(),
            split: if studied.held_out() { "held-out" } else { "learn" },
            a,
            b,
            brief: &studied.brief,
            ad: &studied.ad,
        })?;
        lines.push('\n');
    }
    match &args.out {
        Some(path) => folder::replace(path, &lines),
        None => output::print(&lines),
    }
}
