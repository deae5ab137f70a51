//! `selfsame ads train`: teaches a model what people recall, and says how well it and simpler ones predict it.

use std::path::Path;

use selfsame_core::{
    device,
    judge::{
        Henry, HenryConfig,
        baseline::{Baseline, Features},
    },
    learn::LearnConfig,
    measure::{folds::folds, prediction::Prediction},
    model::{self, Config, Decoder, Precision},
    prompt::scored::Table,
    text::Tokenizer,
};
use serde::Serialize;

use super::rated::{Asked, HENRY, ratings, read, recalls, texts};
use crate::{
    Error, Result,
    cli::TrainArgs,
    folder, format, output,
    shelf::{Disk, Place, Shelf},
};

/// The name of a model of random weights on the command line.
const FRESH: &str = "fresh";

/// The quality of one predictor.
#[derive(Serialize)]
struct Row {
    predictor: &'static str,
    #[serde(flatten)]
    quality: Option<Prediction>,
}

/// Runs the command.
///
/// # Errors
/// If the table or the model cannot be read, a row does not fit, training fails, or the folder cannot be written.
pub fn run(args: &TrainArgs) -> Result<()> {
    if args.folds.is_none() && args.out.is_none() {
        return Err(Error::told(
            "nothing would be kept or shown; say where the taught model goes with --out, or ask for --folds",
        ));
    }
    if let Some(out) = &args.out {
        folder::check_new(out)?;
    }
    let table = Table::read(&args.rated.data)?;
    let (texts, recalls) = (texts(&table, &args.rated)?, recalls(&table, &args.rated)?);
    let fold_of = match args.folds {
        None => Vec::new(),
        Some(count) => fold_of(&table, args, count as usize)?,
    };
    let mut rows = if fold_of.is_empty() { Vec::new() } else { baselines(&texts, &recalls, &fold_of, args.seed) };
    if !args.baselines {
        rows.splice(0..0, henry(args, (&table, &texts, &recalls), &fold_of)?);
    }
    if args.json { output::json(&rows) } else { rows.iter().try_for_each(|row| output::print(&(line(row) + "\n"))) }
}

fn fold_of(table: &Table, args: &TrainArgs, count: usize) -> Result<Vec<usize>> {
    let groups = match &args.group {
        None => vec![None; table.rows()],
        Some(column) => table.column(column)?,
    };
    Ok(folds(&groups, count, args.seed))
}

/// Predictions for every row by what was fitted without its fold.
fn held_out<T>(
    fold_of: &[usize],
    mut predict: impl FnMut(&[usize], &[usize]) -> Result<Vec<T>>,
) -> Result<Vec<Option<T>>> {
    let mut all: Vec<Option<T>> = fold_of.iter().map(|_| None).collect();
    for fold in 0..fold_of.iter().max().map_or(0, |last| last + 1) {
        let (out, within): (Vec<usize>, Vec<usize>) = (0..fold_of.len()).partition(|row| fold_of[*row] == fold);
        for (row, value) in out.iter().zip(predict(&within, &out)?) {
            all[*row] = Some(value);
        }
    }
    Ok(all)
}

fn baselines(texts: &[String], recalls: &[f64], fold_of: &[usize], seed: u64) -> Vec<Row> {
    [
        ("words (TF-IDF)", Features::Words),
        ("pieces of words (TF-IDF)", Features::Pieces),
        ("length and make-up", Features::Statistics),
    ]
    .into_iter()
    .map(|(predictor, features)| {
        let predicted = held_out(fold_of, |within, out| {
            let known: Vec<&str> = within.iter().map(|row| texts[*row].as_str()).collect();
            let scores: Vec<f64> = within.iter().map(|row| recalls[*row]).collect();
            let fitted = Baseline::fit(features, &known, &scores);
            Ok(out.iter().map(|row| fitted.predict(&texts[*row])).collect())
        });
        let predicted: Vec<f64> = predicted.unwrap_or_default().into_iter().flatten().collect();
        Row { predictor, quality: Prediction::of(&predicted, recalls, fold_of, seed) }
    })
    .collect()
}

/// Henry, fold by fold where there are folds; taught on all rows and kept where that is asked for.
fn henry(
    args: &TrainArgs,
    (table, texts, recalls): (&Table, &[String], &[f64]),
    fold_of: &[usize],
) -> Result<Vec<Row>> {
    let selected = device::acquire(args.device.into())?;
    let fresh = args.model.as_deref() == Some(Path::new(FRESH)) && !Path::new(FRESH).exists();
    let place = match &args.model {
        Some(path) if !fresh => Place::of(Some(path), &Disk)?,
        _ => Place::AdsStarter,
    };
    let tokenizer = Disk.tokenizer(&place)?;
    let model = if fresh { random(&tokenizer, args.seed, &selected) } else { Disk.model(&place, &selected)?.0 };
    let asked = Asked::new(&tokenizer)?;
    let henry = Henry::new(&asked.template, &tokenizer)?;
    let read = read(&henry, (&model, &tokenizer), (table, &args.rated), texts)?;
    let config = HenryConfig {
        seed: args.seed,
        spread: args.spread,
        learn: LearnConfig {
            learning_rate: args.learning_rate,
            epochs: args.epochs as usize,
            batch_size: args.batch_size as usize,
            ..HenryConfig::default().learn
        },
    };
    let teach = |rows: &mut dyn Iterator<Item = usize>, what: &str| -> Result<Decoder> {
        let pupil = match args.lora {
            None => model.clone(),
            Some(lora) => model.with_adapters(lora, args.seed)?,
        };
        let ratings = ratings(&read, recalls, rows);
        let mut shown = 0;
        let taught = henry.train(pupil, &ratings, &config, |report| {
            let tenth = 10 * (report.step + 1) / report.total.max(1);
            if tenth > shown {
                shown = tenth;
                output::note(&format!("{what}: step {} of {}, loss {:.3}", report.step + 1, report.total, report.loss));
            }
        });
        Ok(pollster::block_on(taught)?)
    };
    let budget = args.rated.token_budget as usize;
    let mut rows = Vec::new();
    if !fold_of.is_empty() {
        let mut fold = 0;
        let predicted = held_out(fold_of, |within, out| {
            fold += 1;
            let taught = teach(&mut within.iter().copied(), &format!("fold {fold}"))?;
            let asked: Vec<&[u32]> = out.iter().map(|row| read[*row].as_slice()).collect();
            Ok(pollster::block_on(henry.score(&taught, &asked, budget))?)
        })?;
        let predicted: Vec<f64> = predicted.into_iter().flatten().collect();
        rows.push(Row { predictor: "Henry", quality: Prediction::of(&predicted, recalls, fold_of, args.seed) });
    }
    if let Some(out) = &args.out {
        let taught = teach(&mut (0..recalls.len()), "all rows")?.merged();
        keep(&taught, &tokenizer, &asked, out)?;
        output::note(&format!(
            "the taught model is in {}; ask it with `selfsame ads score FILE --model {}`",
            out.display(),
            out.display()
        ));
    }
    Ok(rows)
}

/// A small model of random weights.
fn random(tokenizer: &Tokenizer, seed: u64, selected: &device::Selected) -> Decoder {
    let mut shape = Config::llama(128, 320, 3, 4, 2, tokenizer.size());
    shape.max_position_embeddings = 160;
    Decoder::random(shape, seed, &[], &selected.device)
}

fn keep(model: &Decoder, tokenizer: &Tokenizer, asked: &Asked, out: &Path) -> Result<()> {
    std::fs::create_dir_all(out).map_err(|e| selfsame_core::Error::write(out, e))?;
    pollster::block_on(model::save(model, out, Precision::F32))?;
    folder::replace(&out.join("tokenizer.json"), tokenizer.json())?;
    let text = toml::to_string(asked).map_err(|e| Error::told(format!("{HENRY} cannot be written: {e}")))?;
    folder::replace(&out.join(HENRY), &text)
}

/// A predictor's figures for people.
fn line(row: &Row) -> String {
    let Some(quality) = &row.quality else {
        return format!("{:<26}  its predictions or the scores are all alike", row.predictor);
    };
    let rho = quality.spearman;
    let folds = quality.fold_mean.map_or_else(String::new, |mean| format!(", mean of folds {mean:.3}"));
    format!(
        "{:<26}  Spearman {:.3} [{:.3}, {:.3}]{folds}, calibration error {:.3}, {} rows",
        row.predictor,
        rho.value,
        rho.low,
        rho.high,
        quality.calibration_error,
        format::count(rho.count)
    )
}
