//! `selfsame ads train`: teaches a model what people recall, and says how well it and simpler ones predict it.

use std::path::Path;

use selfsame_core::{
    device,
    judge::{Henry, HenryConfig},
    learn::LearnConfig,
    measure::folds::folds,
    model::{self, Config, Decoder, Precision},
    text::Tokenizer,
};

use super::{
    figures::{Row, baselines, held_out, people, print},
    rated::{Asked, Columns, HENRY, Rated, ratings},
    readout,
};
use crate::{
    Error, Result,
    cli::TrainArgs,
    folder, output,
    shelf::{Disk, Place, Shelf},
};

/// The name of a model of random weights on the command line.
const FRESH: &str = "fresh";

/// Runs the command.
///
/// # Errors
/// If the table or the model cannot be read, a row does not fit, training fails, or the folder cannot be written.
pub fn run(args: &TrainArgs) -> Result<()> {
    if args.folds.is_none() && args.out.is_none() && args.transfer.is_empty() {
        return Err(Error::told(
            "nothing would be kept or shown; say where the taught model goes with --out, or ask for --folds or --transfer",
        ));
    }
    if let Some(out) = &args.out {
        folder::check_new(out)?;
    }
    let (again, group) = (args.again.as_deref(), args.group.as_deref());
    let rated = Rated::load(Columns { again, group, ..Columns::of(&args.rated) })?;
    let others = args.transfer.iter().map(|file| Rated::load(Columns::of_file(file))).collect::<Result<Vec<_>>>()?;
    let fold_of = args.folds.map_or_else(Vec::new, |count| {
        let groups: Vec<Option<&str>> = rated.groups.iter().map(Option::as_deref).collect();
        folds(&groups, count as usize, args.seed)
    });
    let mut rows = match (args.baselines, args.readout) {
        (true, _) => Vec::new(),
        (false, true) => readout::rows(args, &rated, &others, &fold_of)?,
        (false, false) => henry(args, &rated, &others, &fold_of)?,
    };
    if !(fold_of.is_empty() && others.is_empty()) {
        rows.extend(baselines(&rated, &others, &fold_of, args.seed));
        rows.push(people(&rated, args.seed));
    }
    if args.json { output::json(&rows) } else { print(&rows) }
}

/// Henry: fold by fold where there are folds; taught on all rows, kept, and asked about other files where that is
/// asked for.
fn henry(args: &TrainArgs, rated: &Rated, others: &[Rated], fold_of: &[usize]) -> Result<Vec<Row>> {
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
    let read = |rated: &Rated| rated.asked(&henry, (&model, &tokenizer), args.rated.longest);
    let own = read(rated)?;
    let others = others.iter().map(|other| Ok((other, read(other)?))).collect::<Result<Vec<_>>>()?;
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
        let ratings = ratings(&own, &rated.recalls, rows);
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
    let score = |taught: &Decoder, asked: &[&[u32]]| -> Result<Vec<f64>> {
        Ok(pollster::block_on(henry.score(taught, asked, args.rated.token_budget as usize))?)
    };
    let mut rows = Vec::new();
    if !fold_of.is_empty() {
        let mut fold = 0;
        let predicted = held_out(fold_of, |within, out| {
            fold += 1;
            let taught = teach(&mut within.iter().copied(), &format!("fold {fold}"))?;
            score(&taught, &out.iter().map(|row| own[*row].as_slice()).collect::<Vec<_>>())
        })?;
        rows.push(Row::held_out("Henry", &predicted, rated, fold_of, args.seed));
    }
    if args.out.is_none() && others.is_empty() {
        return Ok(rows);
    }
    let taught = teach(&mut (0..rated.recalls.len()), "all rows")?.merged();
    if let Some(out) = &args.out {
        keep(&taught, &tokenizer, &asked, out)?;
        output::note(&format!(
            "the taught model is in {}; ask it with `selfsame ads score FILE --model {}`",
            out.display(),
            out.display()
        ));
    }
    for (other, read) in &others {
        let predicted = score(&taught, &read.iter().map(Vec::as_slice).collect::<Vec<_>>())?;
        rows.push(Row::transfer("Henry", &predicted, other, args.seed));
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
