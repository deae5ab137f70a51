//! The panel as a person or a screen reader meets it.

use std::{cell::RefCell, path::Path, path::PathBuf, rc::Rc, sync::Arc};

use egui::{OutputCommand, Role};
use egui_kittest::{
    Harness,
    kittest::{By, NodeT, Queryable},
};

use crate::{
    engine::{Command, Message, Planned, Request, Scripted},
    fold::tests::synthetic,
    view::{Action, Laboratory, Pick, panels::Panel, session::Session, theme},
};

type Engine = Rc<RefCell<Scripted>>;

struct Bench {
    engine: Engine,
    harness: Harness<'static, Laboratory>,
}

const WIDE: [f32; 2] = [1600.0, 3200.0];
const SMALL: [f32; 2] = [900.0, 600.0];

impl Bench {
    fn new(size: [f32; 2]) -> Self {
        let engine = Engine::default();
        let mut laboratory = Laboratory::new(Box::new(Rc::clone(&engine)));
        laboratory.go(Panel::Compose);
        let harness = Harness::builder()
            .with_size(size)
            .with_step_dt(0.05)
            .with_context_setup(theme::install)
            .build_ui_state(|ui, laboratory: &mut Laboratory| laboratory.ui(ui), laboratory);
        let mut bench = Self { engine, harness };
        bench.frames(2);
        bench
    }

    /// Twentieths of a second.
    fn frames(&mut self, count: usize) {
        self.harness.run_steps(count);
    }

    /// Long enough for the engine to be asked.
    fn pause(&mut self) {
        self.frames(24);
    }

    fn click(&mut self, label: &str) {
        self.harness.get_by_label(label).click();
        self.frames(3);
    }

    /// Writes over what stands in a field.
    fn write(&mut self, field: &str, text: &str) {
        self.harness.get_by_role_and_label(Role::TextInput, field).set_text_value_accesskit(text);
        self.frames(2);
    }

    fn value(&self, field: &str) -> String {
        self.harness.get_by_role_and_label(Role::TextInput, field).value().unwrap_or_default()
    }

    fn says(&self, part: &str) -> bool {
        self.harness.query_all(By::new().label_contains(part)).next().is_some()
    }

    fn sent(&self) -> Vec<Command> {
        self.engine.borrow().sent.clone()
    }

    /// The tickets and requests of the plans that were asked for.
    fn plans(&self) -> Vec<(u64, Request)> {
        let plan = |command| match command {
            Command::Plan { ticket, request } => Some((ticket, request)),
            _ => None,
        };
        self.sent().into_iter().filter_map(plan).collect()
    }

    fn answer(&mut self, plan: Result<Planned, String>) {
        let (ticket, _) = self.plans().pop().expect("nothing was asked");
        self.engine.borrow_mut().say.push(Message::Planned { ticket, plan });
        self.frames(2);
    }

    fn start_enabled(&self) -> bool {
        !self.harness.get_by_label("Start").accesskit_node().is_disabled()
    }

    fn copied(&mut self, button: &str) -> String {
        self.harness.get_by_label(button).click();
        for _ in 0..3 {
            self.harness.step();
            for command in &self.harness.output().platform_output.commands {
                if let OutputCommand::CopyText(text) = command {
                    return text.clone();
                }
            }
        }
        panic!("nothing was copied")
    }
}

fn needs() -> Planned {
    Planned {
        device: "cpu (no graphics card)".to_owned(),
        memory: 300 << 20,
        weights: 4 << 20,
        seconds: 200.0,
        notes: vec!["a note".to_owned()],
    }
}

#[test]
fn at_first_everything_is_at_its_default_and_planned() {
    let mut bench = Bench::new(WIDE);
    assert!(bench.says("scir: Self-Consistency") && bench.says("could not be read; symmetric KL"));
    assert!(bench.says("Not yet known"));
    assert_eq!(bench.value("loop.iterations"), "3");
    assert!(bench.says("selfsame run scir"));
    assert!(!bench.says("Reset loop") && bench.start_enabled());
    assert_eq!(bench.plans(), [], "not before a pause");
    bench.pause();
    let plans = bench.plans();
    assert_eq!(plans.len(), 1, "once");
    assert_eq!(plans[0].1, Request::new("scir"));
    assert!(bench.says("Working out"));
    bench.answer(Ok(needs()));
    for part in ["no graphics card", "300.0 MiB", "4.0 MiB", "about 3 min 20 s", "a note"] {
        assert!(bench.says(part), "{part}");
    }
    bench.pause();
    assert_eq!(bench.plans().len(), 1, "what is known is not asked again");
}

#[test]
fn every_setting_says_what_it_is() {
    let bench = Bench::new(WIDE);
    for part in ["How often the model samples", "Default 3", "from 2 to 64", "Source: Self-Rewarding Language Models"] {
        assert!(bench.says(part), "{part}");
    }
}

#[test]
fn a_wrong_value_is_said_beside_its_field_and_nothing_starts() {
    let mut bench = Bench::new(WIDE);
    bench.write("loop.samples", "1");
    assert!(bench.says("Not possible: must be a whole number from 2 to 64"));
    assert!(bench.says("Not possible: loop.samples: must be"));
    assert!(bench.says("1 changed, 1 invalid"));
    assert!(!bench.start_enabled());
    bench.pause();
    assert_eq!(bench.plans(), [], "what cannot work is not planned");
    bench.harness.get_by_label("Start").click();
    bench.frames(2);
    assert_eq!(bench.sent(), []);
    bench.click("Reset loop.samples to 4");
    assert_eq!(bench.value("loop.samples"), "4");
    assert!(bench.start_enabled() && !bench.says("Not possible"));
}

#[test]
fn a_change_is_marked_in_words_and_in_the_command_line() {
    let mut bench = Bench::new(WIDE);
    bench.write("loop.beta", "0.3");
    bench.write("Seed", "7");
    assert!(bench.says("Reset loop.beta to 0.1") && bench.harness.query_by_label("changed").is_some());
    let line = "selfsame run scir --set loop.beta=0.3 --seed 7";
    assert_eq!(bench.copied("Copy command"), line);
    bench.write("Seed", "seven");
    assert!(!bench.start_enabled());
    bench.click("Everything to its default");
    assert_eq!(bench.copied("Copy command"), "selfsame run scir");
}

#[test]
fn the_shell_is_asked_for_folders_and_what_was_picked_is_taken() {
    let mut bench = Bench::new(WIDE);
    for (button, pick) in [("Choose model…", Pick::Model), ("Choose base…", Pick::Base), ("Choose folder…", Pick::Out)]
    {
        bench.click(button);
        assert_eq!(bench.harness.state_mut().wishes(), [Action::Pick(pick)]);
    }
    bench.click("From a file of my own");
    assert!(bench.says("choose a file of prompts") && bench.says("Nobody knows the truth") && !bench.start_enabled());
    bench.click("Choose file…");
    assert_eq!(bench.harness.state_mut().wishes(), [Action::Pick(Pick::Data)]);
    for (pick, path) in [(Pick::Model, "/m/own"), (Pick::Base, "/m/base"), (Pick::Out, "/o"), (Pick::Data, "/p.jsonl")]
    {
        bench.harness.state_mut().picked(pick, path);
    }
    bench.frames(2);
    assert_eq!(bench.value("Model"), "/m/own");
    let line = "selfsame run scir --model /m/own --base /m/base --data /p.jsonl --out /o";
    assert_eq!(bench.copied("Copy command"), line);
}

#[derive(Debug)]
struct File(PathBuf);

impl egui::DroppedFile for File {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        Err("views read no files".to_owned())
    }
}

#[test]
fn folders_and_files_can_be_dropped() {
    let mut bench = Bench::new(WIDE);
    for path in ["/m/own-1.7B", "/p.jsonl", "/notes.txt"] {
        bench.harness.input_mut().dropped_files.push(Arc::new(File(path.into())));
        bench.frames(2);
    }
    assert_eq!(bench.copied("Copy command"), "selfsame run scir --model /m/own-1.7B --data /p.jsonl");
    assert!(bench.says("/notes.txt is neither"));
}

#[test]
fn a_plan_that_is_refused_says_why_and_can_be_asked_again() {
    let mut bench = Bench::new(WIDE);
    bench.pause();
    bench.answer(Err("error: model /m/own: there is no config.json".to_owned()));
    assert!(bench.says("Not possible: model /m/own: there is no config.json"));
    assert!(!bench.start_enabled());
    bench.click("Plan");
    assert_eq!(bench.plans().len(), 2);
    assert_ne!(bench.plans()[0].0, bench.plans()[1].0);
    bench.answer(Ok(needs()));
    assert!(bench.start_enabled() && bench.says("300.0 MiB"));
}

#[test]
fn start_sends_what_is_shown_and_goes_to_the_iterations() {
    let mut bench = Bench::new(WIDE);
    bench.click("srlm: Self-Rewarding Language Models");
    bench.write("loop.prompts", "50");
    bench.click("Quick: a tenth of the work");
    bench.click("Control lines");
    bench.click("Start");
    let mut request = Request::new("srlm");
    request.changes = [("loop.prompts".to_owned(), "50".to_owned())].into();
    request.quick = true;
    request.controls = false;
    let starts = bench.sent().into_iter().filter(|command| matches!(command, Command::Start { .. }));
    assert_eq!(starts.collect::<Vec<_>>(), [Command::Start { request }]);
    assert_eq!(bench.harness.state().panel(), Panel::Iterations);
}

#[test]
fn a_run_that_is_worked_on_is_named_and_not_disturbed() {
    let mut bench = Bench::new(WIDE);
    bench.harness.state_mut().add(Session::new(1, "runs/long-one".to_owned(), true));
    bench.pause();
    assert!(bench.says("long-one is being worked on"));
    assert_eq!(bench.plans(), [], "the probe would slow it");
    assert!(bench.start_enabled());
}

#[test]
fn the_settings_of_an_open_run_are_taken_over() {
    let mut bench = Bench::new(WIDE);
    let again = "Same again as…";
    assert!(bench.harness.get_by_label(again).accesskit_node().is_disabled());
    let mut session = Session::new(1, "runs/first".to_owned(), false);
    session.extend(synthetic());
    bench.harness.state_mut().add(session);
    bench.frames(2);
    bench.click(again);
    bench.harness.get_all_by_label("first").last().unwrap().click();
    bench.frames(3);
    assert!(bench.copied("Copy command").starts_with("selfsame run srlm "));
}

#[test]
fn settings_go_out_as_toml_and_come_back() {
    let mut bench = Bench::new(WIDE);
    bench.write("loop.beta", "0.3");
    bench.click("Show as TOML");
    bench.frames(4);
    bench.click("Save…");
    let wishes = bench.harness.state_mut().wishes();
    let [Action::Save { name, bytes }] = &wishes[..] else { panic!("{wishes:?}") };
    assert_eq!(name, "scir.toml");
    let text = String::from_utf8(bytes.clone()).unwrap();
    assert!(text.contains("beta = 0.3") && text.contains("[options]"), "{text}");
    bench.click("Everything to its default");
    bench.click("Load from TOML");
    bench.frames(4);
    let field = bench.harness.get_by_role_and_label(Role::MultilineTextInput, "Settings to load");
    field.set_text_value_accesskit(&text);
    bench.frames(2);
    bench.click("Load");
    assert!(bench.says("Loaded."));
    assert_eq!(bench.value("loop.beta"), "0.3");
    let field = bench.harness.get_by_role_and_label(Role::MultilineTextInput, "Settings to load");
    field.set_text_value_accesskit("no_such_thing = 1");
    bench.frames(2);
    bench.click("Load");
    assert!(bench.says("no_such_thing"));
    assert_eq!(bench.value("loop.beta"), "0.3", "nothing was changed");
}

#[test]
fn searching_shows_what_is_closed_and_the_switches_are_named() {
    let mut bench = Bench::new(WIDE);
    assert!(bench.harness.query_by_role_and_label(Role::TextInput, "loop.learn.adamw.beta2").is_none());
    bench.write("Search", "beta2");
    bench.frames(4);
    assert_eq!(bench.value("loop.learn.adamw.beta2"), "0.999");
    assert!(bench.harness.query_by_role_and_label(Role::TextInput, "loop.iterations").is_none());
    bench.write("Search", "filter");
    bench.frames(4);
    bench.harness.get_by_role_and_label(Role::CheckBox, "filter").click();
    bench.frames(2);
    assert_eq!(bench.copied("Copy command"), "selfsame run scir --set filter=false");
}

#[test]
fn in_a_small_window_start_stays_in_sight() {
    let mut bench = Bench::new(SMALL);
    bench.pause();
    bench.answer(Ok(needs()));
    let screen = egui::Rect::from_min_size(egui::Pos2::ZERO, SMALL.into());
    for label in ["Start", "Plan", "Choose model…"] {
        let rect = bench.harness.get_by_label(label).rect();
        assert!(rect.left() >= 0.0 && rect.right() <= screen.right(), "{label}: {rect:?}");
    }
    assert!(screen.contains_rect(bench.harness.get_by_label("Start").rect()));
    // Nothing reaches over the right edge.
    for node in bench.harness.get_all(By::new().predicate(|_| true)) {
        if matches!(node.accesskit_node().role(), Role::TextInput | Role::Button | Role::ComboBox | Role::CheckBox) {
            assert!(node.rect().right() <= screen.right() + 1.0, "{node:?}");
        }
    }
}

#[test]
fn a_method_can_ask_for_its_world() {
    let mut bench = Bench::new(WIDE);
    let asked = |bench: &mut Bench, recipe: &str, world: &'static str| {
        bench.harness.state_mut().act(Action::ComposeIn(recipe.to_owned(), world), 0.0);
        bench.pause();
        let (_, request) = bench.plans().pop().unwrap();
        // The engine is asked one thing at a time.
        bench.answer(Ok(needs()));
        (request.recipe, request.world)
    };
    assert_eq!(asked(&mut bench, "sharpening", "grammar"), ("sharpening".to_owned(), Some("grammar".to_owned())));
    assert_eq!(asked(&mut bench, "cream", "rules"), ("cream".to_owned(), None), "the default is not written");
    assert_eq!(asked(&mut bench, "flr", "rules"), ("flr".to_owned(), Some("rules".to_owned())), "its own is another");
    assert_eq!(asked(&mut bench, "flr", "dialog"), ("flr".to_owned(), None));
}
