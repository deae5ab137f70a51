//! `selfsame ads excerpt`: what the ads panel shows of a finished run of `seed-ads`, small enough to be part of the
//! program.

use std::{io::Write, path::Path};

use flate2::{Compression, GzBuilder};
use selfsame_core::{
    Error as CoreError,
    device::{self, Choice},
    measure::{Ballots, JudgeQuality},
    model::{self, Precision},
    run::{Arm, Event, Record},
    sample::Answer,
};

use crate::{Error, Result, cli::ExcerptArgs, fold::RunView, folder, format, output};

/// The Henries by their names in the log.
const HENRIES: [&str; 2] = ["henry-a", "henry-b"];

/// Decimals of the numbers that are kept; more are never shown.
const DECIMALS: f32 = 1e4;

/// Bits of a Henry's numbers that are rounded away, of the ten that stand behind the point in half precision.
const CUT: u32 = 5;

/// Runs the command.
///
/// # Errors
/// If the folder holds no finished run of `seed-ads`, or the file cannot be written.
pub fn run(args: &ExcerptArgs) -> Result<()> {
    let records = folder::records(&args.run)?;
    let finished = records.iter().any(|record| matches!(record.event, Event::Finished {}));
    let ads = records
        .first()
        .is_some_and(|first| matches!(&first.event, Event::Started { manifest } if manifest.recipe == "seed-ads"));
    if !(finished && ads) {
        return Err(Error::told(format!("{} holds no finished run of seed-ads", args.run.display())));
    }
    if let Some(to) = &args.henries {
        henries(&args.run, &records, to)?;
    }
    let briefs = args.briefs as usize;
    let kept: Vec<Record> = records.into_iter().filter_map(|record| excerpt(record, briefs)).collect();
    let mut text = String::new();
    for record in &kept {
        text += &output::to_json(record)?;
        text.push('\n');
    }
    let bytes = packed(text.as_bytes()).map_err(|e| CoreError::write(&args.out, e))?;
    write(&args.out, &bytes)?;
    output::note(&format!("{}: {} lines, {}", args.out.display(), kept.len(), format::bytes(bytes.len() as u64)));
    Ok(())
}

/// Copies the weights of the Henries that a run taught.
fn henries(run: &Path, records: &[Record], to: &Path) -> Result<()> {
    let view = RunView::of(records)?;
    let aside = view.arms.get(&Arm::Main).map(|arm| &arm.aside);
    for name in HENRIES {
        let folder = aside.and_then(|aside| aside.get(name)).map(|folder| run.join("checkpoints").join(folder));
        let Some(folder) = folder else {
            return Err(Error::told(format!("{} has no checkpoint of {name}", run.display())));
        };
        let henry = model::load(&folder, &device::select(Choice::Cpu)?.device)?;
        let to = to.join(name);
        std::fs::create_dir_all(&to).map_err(|e| CoreError::write(&to, e))?;
        let weights = coarse(pollster::block_on(model::to_bytes(&henry, Precision::F16))?);
        let to = to.join("model.safetensors.gz");
        write(&to, &packed(&weights).map_err(|e| CoreError::write(&to, e))?)?;
    }
    Ok(())
}

/// Weights of half precision with the last [`CUT`] bits of each number rounded away, which packs better: a number is
/// wrong by a 64th of itself at most, as in blocks of eight bits.
fn coarse(mut safetensors: Vec<u8>) -> Vec<u8> {
    // The numbers stand behind a header and the eight bytes that say how long it is.
    let (length, rest) = safetensors.split_first_chunk_mut().map_or((0, [].as_mut_slice()), |(length, rest)| {
        (usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX), rest)
    });
    for number in rest.get_mut(length..).unwrap_or_default().chunks_exact_mut(2) {
        if let [low, high] = number {
            let bits = u16::from_le_bytes([*low, *high]);
            [*low, *high] = (bits.saturating_add(1 << (CUT - 1)) & !((1 << CUT) - 1)).to_le_bytes();
        }
    }
    safetensors
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    Ok(std::fs::write(path, bytes).map_err(|e| CoreError::write(path, e))?)
}

/// Packed without a name and a time, so that the same run gives the same file.
fn packed(content: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut packer = GzBuilder::new().write(Vec::new(), Compression::best());
    packer.write_all(content)?;
    packer.finish()
}

/// What is kept of a record: the ads of the first briefs as texts, everything that was noted of ads, and how good the
/// policy is by the truth.
fn excerpt(mut record: Record, briefs: usize) -> Option<Record> {
    if record.arm != Arm::Main {
        return None;
    }
    let start = record.iteration == 0;
    match &mut record.event {
        Event::Started { .. } | Event::Finished {} => {}
        Event::Prompts { prompts } if start => prompts.truncate(briefs),
        Event::Sampled { purpose, first, answers } if purpose == "held-out" && *first < briefs => {
            answers.truncate(briefs - *first);
            answers.iter_mut().flatten().for_each(text_alone);
        }
        Event::Noted { name, values } if name.starts_with("ads: ") || name.starts_with("each ad") => {
            for value in values {
                *value = (*value * DECIMALS).round() / DECIMALS;
            }
        }
        Event::Measured { measurement, ballots } => {
            **ballots = Ballots::default();
            let none: Option<JudgeQuality> = None;
            (measurement.fixed, measurement.on_policy) = (none.clone(), none);
            measurement.kendall.clear();
            measurement.position_flips.clear();
            measurement.prefers_longer.clear();
        }
        _ => return None,
    }
    Some(record)
}

/// An answer without its tokens.
fn text_alone(answer: &mut Answer) {
    answer.ids.clear();
    answer.logprobs.clear();
    answer.sampling_logprob = 0.0;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_and_the_header_is_not() {
        let header = [0xff_u8; 6];
        // 1, 1 + 2⁻¹⁰, 1 + 2⁻⁶ (half way, so up), −1.5 and nought.
        let numbers: [u16; 5] = [0x3c00, 0x3c01, 0x3c10, 0xbe00, 0];
        let mut bytes = 6_u64.to_le_bytes().to_vec();
        bytes.extend(header);
        bytes.extend(numbers.iter().flat_map(|bits| bits.to_le_bytes()));
        let coarse = coarse(bytes.clone());
        assert_eq!(coarse[..14], bytes[..14]);
        let numbers: Vec<u16> =
            coarse[14..].chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        assert_eq!(numbers, [0x3c00, 0x3c00, 0x3c20, 0xbe00, 0]);
        assert_eq!(super::coarse(vec![1, 2]), [1, 2], "what is no file stays");
    }
}
