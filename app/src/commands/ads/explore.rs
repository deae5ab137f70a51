//! `selfsame ads explore`: what goes with being remembered, with effect sizes, intervals and corrections.

use std::{fs, path::Path};

use selfsame_core::{
    Error as CoreError,
    measure::Mean,
    prompt::scored::{Table, answers_beside, parse_lambda},
    world::ads::Study,
};

use crate::{
    Error, Result,
    ads::{Answered, answer, figures, html, of_lambda, of_study, of_table, text},
    cli::ExploreArgs,
    folder, output,
    view::theme,
};

/// Runs the command.
///
/// # Errors
/// If the data cannot be read or a file cannot be written.
pub fn run(args: &ExploreArgs) -> Result<()> {
    let answered = match &args.data {
        Some(path) => of_file(args, path)?,
        None => of_world(args),
    };
    if let Some(path) = &args.out {
        folder::replace(path, &html(&answered))?;
    }
    if let Some(folder) = &args.svg {
        fs::create_dir_all(folder).map_err(|e| CoreError::write(folder, e))?;
        for figure in figures(&answered) {
            folder::replace(&folder.join(format!("{}.svg", figure.id)), &figure.svg(&theme::of_mode(false)))?;
        }
    }
    if args.json { output::json(&answered) } else { output::print(&text(&answered)) }
}

fn of_world(args: &ExploreArgs) -> Answered {
    let config = args.world.config();
    let study = Study::run(&config);
    let scores = study.ads.iter().flat_map(|ad| ad.labels.map(selfsame_core::world::ads::Label::score));
    Answered {
        subject: format!("AdWorld, {} ads of {} brands, {} viewers", config.ads, config.brands, config.viewers),
        synthetic: true,
        score: Mean::of(scores),
        findings: answer(of_study(&study), args.world.seed),
    }
}

fn of_file(args: &ExploreArgs, path: &Path) -> Result<Answered> {
    let seed = args.world.seed;
    let name = path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
    if let Some(answers) = args.answers.clone().or_else(|| answers_beside(path)).filter(|_| args.score.is_none()) {
        let read = |path: &Path| fs::read_to_string(path).map_err(|e| CoreError::read(path, e));
        let (questions, scores) = (read(path)?, read(&answers)?);
        let ads = parse_lambda((&questions, path), Some((&scores, &answers)))?;
        return Ok(Answered {
            subject: format!("{name}, {} real ads of LAMBDA", ads.len()),
            synthetic: false,
            score: Mean::of(ads.iter().filter_map(|ad| ad.score)),
            findings: answer(of_lambda(&ads), seed),
        });
    }
    let table = Table::read(path)?;
    let (Some(text), Some(score)) = (&args.text, &args.score) else {
        return Err(Error::told(format!(
            "say with --text and --score which columns of {} hold the texts and their scores; there are {}",
            path.display(),
            table.columns().join(", ")
        )));
    };
    let (scores, questions) = of_table(&table, text, score)?;
    Ok(Answered {
        subject: format!("{name}, {score}"),
        synthetic: false,
        score: Mean::of(scores),
        findings: answer(questions, seed),
    })
}
