//! `selfsame export`: a model in the layout that other programs read.

use selfsame_core::{device, model::Precision};

use crate::{
    Result,
    cli::ExportArgs,
    folder,
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
    folder::check_empty(out)?;
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
