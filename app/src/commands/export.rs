//! `selfsame export`: a model in the layout that other programs read.

use std::fs;

use selfsame_core::{device, model::Precision};

use crate::{
    Error, Result,
    cli::ExportArgs,
    inputs::check_vocabulary,
    model_folder, output,
    shelf::{Disk, Place, Shelf},
};

/// Runs the command.
///
/// # Errors
/// If the model cannot be read, or the folder is not empty or cannot be written.
pub fn run(args: &ExportArgs) -> Result<()> {
    let out = &args.out;
    if fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(Error::told(format!("{} is not empty; choose another --out", out.display())));
    }
    let place = Place::of(Some(&args.model), &Disk)?;
    let tokenizer = Disk.tokenizer(&place)?;
    let cpu = device::acquire(device::Choice::Cpu)?;
    let (model, _) = Disk.model(&place, &cpu)?;
    check_vocabulary(&place, &model, &tokenizer)?;
    let precision = if args.half { Precision::F16 } else { Precision::F32 };
    model_folder::write(&model, &tokenizer, None, &Disk.absolute(out)?, precision)?;
    output::note(&format!(
        "{} weights, tokenizer and what belongs to it: {}",
        model.config().parameters(),
        out.display()
    ));
    Ok(())
}
