//! Ridge regression on what a model thinks while it reads: fitted, kept and asked.

use std::{
    fs,
    path::{Path, PathBuf},
};

use selfsame_core::{
    Error as CoreError, device,
    judge::{Readout, States},
    model::Decoder,
    text::Tokenizer,
};
use serde::{Deserialize, Serialize};

use super::{
    figures::{Row, held_out},
    rated::Rated,
};
use crate::{
    Error, Result,
    cli::TrainArgs,
    folder, format, output,
    shelf::{Disk, Place, Shelf},
};

/// The file that a readout is kept in.
pub const FILE: &str = "readout.toml";

const PREDICTOR: &str = "hidden states (ridge)";

/// A readout and the model that it reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// The model, as a manifest names it.
    pub model: String,
    /// SHA-256 of its weights.
    pub sha256: String,
    /// Texts were cut after so many tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longest: Option<u32>,
    /// The regression.
    pub readout: Readout,
}

/// A model that reads.
struct Reader {
    model: Decoder,
    tokenizer: Tokenizer,
    sha256: String,
}

impl Reader {
    fn load(place: &Place, device: crate::cli::DeviceChoice) -> Result<Self> {
        let tokenizer = Disk.tokenizer(place)?;
        let (model, sha256) = Disk.model(place, &device::acquire(device.into())?)?;
        Ok(Self { model, tokenizer, sha256 })
    }

    /// The tokens of texts.
    fn read(&self, rated: &Rated, longest: Option<u32>) -> Result<Vec<Vec<u32>>> {
        let most = self.model.config().max_position_embeddings;
        let longest = longest.map_or(usize::MAX, |longest| longest as usize);
        rated.read(&self.tokenizer, (most, most), |text| {
            let mut tokens = self.tokenizer.encode(text)?;
            tokens.truncate(longest);
            Ok(tokens)
        })
    }
}

/// The figures of readouts: on held-out rows where there are folds, and on other files. The one of all rows is kept
/// where that is asked for.
///
/// # Errors
/// If the model cannot be read, a row does not fit it, the device fails, or the folder cannot be written.
pub fn rows(args: &TrainArgs, rated: &Rated, others: &[Rated], fold_of: &[usize]) -> Result<Vec<Row>> {
    let place = match &args.model {
        Some(path) => Place::of(Some(path), &Disk)?,
        None => Place::AdsStarter,
    };
    let reader = Reader::load(&place, args.device)?;
    let budget = args.rated.token_budget as usize;
    let tokens = reader.read(rated, args.rated.longest)?;
    let began = format::now();
    let states = pollster::block_on(States::read(&reader.model, &slices(&tokens), budget))?;
    output::note(&format!("{} texts read in {}", format::count(tokens.len()), format::duration(format::now() - began)));
    let fit = |rows: &[usize], what: &str| {
        let scores: Vec<f64> = rows.iter().map(|row| rated.recalls[*row]).collect();
        let readout = Readout::fit(&states, rows, &scores)
            .ok_or_else(|| Error::told("the model has no blocks to read the states of"))?;
        output::note(&format!(
            "{what}: read after block {} of {}",
            readout.depth,
            reader.model.config().num_hidden_layers
        ));
        Ok::<Readout, Error>(readout)
    };
    let mut rows = Vec::new();
    if !fold_of.is_empty() {
        let mut fold = 0;
        let predicted = held_out(fold_of, |within, out| {
            fold += 1;
            let readout = fit(within, &format!("fold {fold}"))?;
            Ok(out.iter().filter_map(|row| readout.predict(&states, *row)).collect())
        })?;
        rows.push(Row::held_out(PREDICTOR, &predicted, rated, fold_of, args.seed));
    }
    if args.out.is_none() && others.is_empty() {
        return Ok(rows);
    }
    let readout = fit(&(0..rated.texts.len()).collect::<Vec<_>>(), "all rows")?;
    if let Some(out) = &args.out {
        let kept = Kept {
            model: place.name()?,
            sha256: reader.sha256.clone(),
            longest: args.rated.longest,
            readout: readout.clone(),
        };
        keep(&kept, out)?;
    }
    for other in others {
        let predicted = predicted(&reader, &readout, other, args.rated.longest, budget)?;
        rows.push(Row::transfer(PREDICTOR, &predicted, other, args.seed));
    }
    Ok(rows)
}

/// What a kept readout expects of texts; `None` where the folder holds none.
///
/// # Errors
/// If it cannot be read, its model is another one by now, a row does not fit the model, or the device fails.
pub fn asked(
    folder: &Path,
    rated: &Rated,
    budget: usize,
    device: crate::cli::DeviceChoice,
) -> Result<Option<Vec<f64>>> {
    let path = folder.join(FILE);
    if !path.exists() {
        return Ok(None);
    }
    let text = fs::read_to_string(&path).map_err(|e| CoreError::read(&path, e))?;
    let kept: Kept = toml::from_str(&text).map_err(|e| CoreError::model(&path, e.message().to_owned()))?;
    let reader = Reader::load(&Place::named(&kept.model), device)?;
    if reader.sha256 != kept.sha256 {
        let problem = format!("was fitted to another model than {} is now; fit it again", kept.model);
        return Err(CoreError::model(&path, problem).into());
    }
    predicted(&reader, &kept.readout, rated, kept.longest, budget).map(Some)
}

fn predicted(
    reader: &Reader,
    readout: &Readout,
    rated: &Rated,
    longest: Option<u32>,
    budget: usize,
) -> Result<Vec<f64>> {
    let tokens = reader.read(rated, longest)?;
    let states = pollster::block_on(States::read_after(&reader.model, &[readout.depth], &slices(&tokens), budget))?;
    Ok((0..tokens.len()).filter_map(|row| readout.predict(&states, row)).collect())
}

fn slices(tokens: &[Vec<u32>]) -> Vec<&[u32]> {
    tokens.iter().map(Vec::as_slice).collect()
}

fn keep(kept: &Kept, out: &PathBuf) -> Result<()> {
    fs::create_dir_all(out).map_err(|e| CoreError::write(out, e))?;
    let text = toml::to_string(kept).map_err(|e| Error::told(format!("{FILE} cannot be written: {e}")))?;
    folder::replace(&out.join(FILE), &text)?;
    output::note(&format!(
        "the readout is in {}; ask it with `selfsame ads score FILE --model {}`",
        out.display(),
        out.display()
    ));
    Ok(())
}
