//! `selfsame ads score`: how memorable a taught model takes texts to be.

use selfsame_core::{device, judge::Henry, measure::prediction::Prediction};
use serde::Serialize;

use super::{
    rated::{Asked, Columns, Rated},
    readout,
};
use crate::{
    Result,
    cli::ScoreAdsArgs,
    format, output,
    shelf::{Disk, Place, Shelf},
};

#[derive(Serialize)]
struct Scored {
    row: usize,
    memorability: f64,
}

/// Runs the command.
///
/// # Errors
/// If the table or the model cannot be read, or a row does not fit the model.
pub fn run(args: &ScoreAdsArgs) -> Result<()> {
    let columns = Columns::of(&args.rated);
    let rated = Rated::load(Columns { score: columns.score.filter(|_| args.compare), ..columns })?;
    let budget = args.rated.token_budget as usize;
    let scores = match readout::asked(&args.model, &rated, budget, args.device)? {
        Some(scores) => scores,
        None => henry(args, &rated, budget)?,
    };
    if !args.compare {
        for (row, memorability) in (1..).zip(scores) {
            if args.json {
                output::json(&Scored { row, memorability })?;
            } else {
                output::print(&format!("{memorability:.3}\t{}\n", rated.texts[row - 1].replace(['\n', '\t'], " ")))?;
            }
        }
        return Ok(());
    }
    let quality = Prediction::of(&scores, &rated.recalls, &[], args.seed);
    match quality {
        _ if args.json => output::json(&quality),
        None => output::print("the predictions or the scores are all alike\n"),
        Some(quality) => {
            let rho = quality.spearman;
            output::print(&format!(
                "Spearman {:.3} [{:.3}, {:.3}], calibration error {:.3}, {} rows\n",
                rho.value,
                rho.low,
                rho.high,
                quality.calibration_error,
                format::count(rho.count)
            ))?;
            quality.bins.iter().try_for_each(|bin| {
                output::print(&format!(
                    "  expected {:.3}, observed {:.3}, {} rows\n",
                    bin.predicted, bin.observed, bin.count
                ))
            })
        }
    }
}

/// What a taught model expects of every text.
fn henry(args: &ScoreAdsArgs, rated: &Rated, budget: usize) -> Result<Vec<f64>> {
    let asked = Asked::read(&args.model)?;
    let place = Place::of(Some(&args.model), &Disk)?;
    let tokenizer = Disk.tokenizer(&place)?;
    let selected = device::acquire(args.device.into())?;
    let (model, _) = Disk.model(&place, &selected)?;
    let henry = Henry::new(&asked.template, &tokenizer)?;
    let read = rated.asked(&henry, (&model, &tokenizer), args.rated.longest)?;
    let read: Vec<&[u32]> = read.iter().map(Vec::as_slice).collect();
    let began = format::now();
    let scores = pollster::block_on(henry.score(&model, &read, budget))?;
    let seconds = format::now() - began;
    #[allow(clippy::cast_precision_loss)] // a count
    let speed = scores.len() as f64 / seconds.max(1e-9);
    output::note(&format!(
        "{} texts in {}, {speed:.0} a second",
        format::count(scores.len()),
        format::duration(seconds)
    ));
    Ok(scores)
}
