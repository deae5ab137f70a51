//! The window itself, on a display that nobody sees (Xvfb): it appears, shows something, and closes
//! with everything remembered, by its button, by Ctrl-C and by the end of the session. Without a display
//! the program says how to use the command line.

#![cfg(target_os = "linux")]

use std::{fs, process::Command};

use selfsame_tests::{
    display::{Display, Eye, Program, appear, assert_ended_well, state},
    program::{assert_refused, locate},
};

#[test]
fn it_appears_moves_and_remembers() {
    let Some(program) = locate("it_appears_moves_and_remembers") else { return };
    let Some(display) = Display::start("it_appears_moves_and_remembers") else { return };
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let eye = Eye::on(&display);

    // The first start shows the recorded run, moving.
    let mut first = Program::start(&program, home, Some(&display), &[]);
    let (window, picture) = appear(&mut first, &eye, "first start");
    let folder = program.parent().unwrap().join("pictures");
    fs::create_dir_all(&folder).unwrap();
    picture.save(folder.join("xvfb.png")).unwrap();
    first.until("a change", || eye.look(window).filter(|later| *later != picture));
    eye.close(window);
    assert_ended_well(first, "closed by its button");
    let text = fs::read_to_string(state(home)).unwrap();
    assert!(text.contains("panel = \"iterations\"") && text.contains("runs = []"), "{text}");

    // With a run of one's own; Ctrl-C in the terminal and the end of the session are as good as the button.
    let run = home.join("a run");
    fs::create_dir(&run).unwrap();
    let records = selfsame::recorded::records().unwrap();
    let half: String =
        records[..records.len() / 2].iter().map(|record| serde_json::to_string(record).unwrap() + "\n").collect();
    fs::write(run.join("events.jsonl"), half).unwrap();
    let remembered = |text: &str| text.contains(&format!("\"{}\"", run.display()));
    for (signal, what) in [("-INT", "Ctrl-C"), ("-TERM", "the end of the session")] {
        let _ = fs::remove_file(state(home));
        let mut second = Program::start(&program, home, Some(&display), &["view", "a run"]);
        appear(&mut second, &eye, "with a run");
        // What changes is remembered while the window is open, in case it is not closed.
        let open = || fs::read_to_string(state(home)).ok().filter(|text| remembered(text));
        second.until("what is open in the file", open);
        let pid = second.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
        assert_ended_well(second, what);
    }

    // It comes back with the run; a damaged file costs what is damaged.
    let text = fs::read_to_string(state(home)).unwrap();
    assert!(remembered(&text), "{text}");
    fs::write(state(home), text.replace("scale = 1.0", "scale = \"huge\"")).unwrap();
    let mut third = Program::start(&program, home, Some(&display), &[]);
    let (window, _) = appear(&mut third, &eye, "again");
    eye.close(window);
    assert_ended_well(third, "again");
    let text = fs::read_to_string(state(home)).unwrap();
    assert!(remembered(&text) && text.contains("scale = 1.0"), "{text}");
    assert_eq!(fs::read_dir(state(home).parent().unwrap()).unwrap().count(), 1, "a temporary file was left");
}

#[test]
fn without_a_display_it_says_what_to_do() {
    let Some(program) = locate("without_a_display_it_says_what_to_do") else { return };
    let home = tempfile::tempdir().unwrap();
    let output = Program::start(&program, home.path(), None, &[]).end();
    assert_refused(&output, &["no display", "selfsame --help", "selfsame run"], "without a display");
    assert!(!state(home.path()).exists());
    let output = Program::start(&program, home.path(), None, &["view", "nothing-here"]).end();
    assert_refused(&output, &["nothing-here", "holds no run"], "no such run");
}
