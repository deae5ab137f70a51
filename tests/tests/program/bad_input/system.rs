//! What the system lacks: a graphics adapter, room on the disk.

use std::{fs, process::Command};

use selfsame_tests::{
    files::tree,
    program::{assert_nothing_half_written, assert_refused, run},
    runs::records,
};

use super::Desk;

#[test]
fn a_gpu_that_is_not_there() {
    let Some(desk) = Desk::new("a_gpu_that_is_not_there") else { return };
    let mut arguments = desk.arguments();
    let device = arguments.iter().position(|a| a == "cpu").unwrap();
    arguments[device] = "gpu".to_owned();
    let mut command = Command::new(&desk.program);
    command.args(arguments);
    command.env("VK_ICD_FILENAMES", "/nonexistent").env_remove("VK_DRIVER_FILES").env_remove("VK_ADD_DRIVER_FILES");
    assert_refused(&command.output().unwrap(), &["adapter", "--device cpu"], "no graphics adapter");
    desk.assert_clean("no graphics adapter");
}

/// The largest file the system lets the program write stands for a full disk: the write in which
/// the limit falls is cut short, and the next one fails.
#[test]
fn a_disk_that_fills_up() {
    let Some(desk) = Desk::new("a_disk_that_fills_up") else { return };
    let whole = desk.run();
    assert!(whole.status.success(), "{}", String::from_utf8_lossy(&whole.stderr));
    let expected = fs::read(desk.out().join("events.jsonl")).unwrap();
    // In blocks of 512 bytes. The whole log is smaller than the weights.
    let log_blocks = expected.len() / 512 + 1;
    let weights = fs::metadata(desk.model().join("model.safetensors")).unwrap().len();
    assert!(expected.len() + 1024 < usize::try_from(weights).unwrap());
    let mut leftovers = Vec::new();
    for (blocks, word) in [(1, "run.toml"), (log_blocks / 2, "events.jsonl"), (log_blocks + 1, "model.safetensors")] {
        fs::remove_dir_all(desk.out()).unwrap();
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        let output = Command::new("dash").args(["-c", &script]).arg(&desk.program).args(desk.arguments()).output();
        let Ok(output) = output else {
            eprintln!("SKIPPED a_disk_that_fills_up: there is no dash");
            return;
        };
        assert_refused(&output, &[word, "disk"], &format!("{blocks} blocks"));
        leftovers.extend(tree(&desk.out()).into_iter().filter(|name| name.contains(".tmp")));
        // With room again, the run goes on from what is there, or begins anew.
        let begun = fs::read(desk.out().join("events.jsonl")).is_ok_and(|log| log.contains(&b'\n'));
        let output = if begun { run(&desk.program, ["resume".into(), desk.out()]) } else { desk.run() };
        assert!(output.status.success(), "{blocks} blocks: {}", String::from_utf8_lossy(&output.stderr));
        let log = fs::read(desk.out().join("events.jsonl")).unwrap();
        assert_eq!(records(&log), records(&expected), "{blocks} blocks");
        assert_nothing_half_written(&desk.out());
    }
    assert!(leftovers.is_empty(), "what could not be written takes up no room: {leftovers:?}");
}
