//! What egui makes of requests, and the page of egui's own controls.

use std::task::{Context, Poll, Waker};

use egui::accesskit::{Action, ActionData, NodeId, Role};

use super::super::exchange::{Bridge, Exchange, Update};
use super::*;

/// egui with a mirror, and what its controls show.
struct Bench {
    ctx: egui::Context,
    exchange: Exchange,
    model: Model,
    pressed: u32,
    text: String,
    rate: f32,
    method: String,
    focused: Vec<bool>,
}

impl Bench {
    fn new() -> Self {
        let (ctx, exchange) = (egui::Context::default(), Exchange::default());
        ctx.add_plugin(Bridge::new(exchange.clone()));
        let (pressed, text, rate, method) = (0, String::new(), 3.0, "SCIR".to_owned());
        let mut bench =
            Self { ctx, exchange, model: Model::default(), pressed, text, rate, method, focused: Vec::new() };
        bench.frame(false);
        bench
    }

    /// Draws a frame; the page shows what the answer says.
    fn frame(&mut self, canvas_has_focus: bool) -> (Scene, u64) {
        let Self { ctx, pressed, text, rate, method, focused, .. } = self;
        let input = egui::RawInput { focused: canvas_has_focus, ..egui::RawInput::default() };
        let output = ctx.run_ui(input, |ui| {
            focused.extend(ui.input(|input| {
                let said = input.events.iter().filter_map(|event| match event {
                    egui::Event::WindowFocused(focused) => Some(*focused),
                    _ => None,
                });
                said.collect::<Vec<_>>()
            }));
            if ui.button("Press").clicked() {
                *pressed += 1;
            }
            ui.add(egui::TextEdit::singleline(text)).accessible_name("Text");
            ui.add(egui::Slider::new(rate, 0.0..=9.0).text("Rate"));
            egui::ComboBox::from_label("Method").selected_text(method.clone()).show_ui(ui, |ui| {
                for name in ["SCIR", "DPO"] {
                    ui.selectable_value(method, name.to_owned(), name);
                }
            });
        });
        output.drop_without_applying_deltas();
        let mut task = Context::from_waker(Waker::noop());
        let Poll::Ready(Some(Update { tree, zoom, seen })) = self.exchange.poll_update(&mut task) else {
            panic!("egui sent no tree");
        };
        self.model.take(tree);
        (project(&mut self.model, zoom), seen)
    }

    fn find(&mut self, role: &str, name: &str) -> NodeId {
        let (scene, _) = self.frame(false);
        let named = |element: &&Element| element.attribute("role") == role && element.name() == name;
        let found = scene.elements().iter().find(named).map(|element| element.id);
        found.unwrap_or_else(|| panic!("no {role} {name} in {:#?}", outline(&scene)))
    }
}

#[test]
fn eguis_controls_have_roles_and_names() {
    let mut bench = Bench::new();
    let (scene, _) = bench.frame(false);
    let expected =
        ["button Press", "text Text", "slider Rate", "spinbutton Rate", "text Rate", "combobox Method", "text Method"];
    assert_eq!(outline(&scene), expected);
}

#[test]
fn requests_are_carried_out() {
    let mut bench = Bench::new();
    let button = bench.find("button", "Press");
    let number = bench.exchange.request(button, Action::Click, None);
    let (_, seen) = bench.frame(false);
    assert_eq!((bench.pressed, seen), (1, number));
    bench.frame(false);
    assert_eq!(bench.pressed, 1);

    let field = bench.find("", "Text");
    bench.exchange.request(field, Action::SetValue, Some(ActionData::Value("typed".into())));
    // What the field holds is in the tree of the same frame.
    let (scene, _) = bench.frame(false);
    assert_eq!((bench.text.as_str(), scene.get(field).unwrap().value.as_deref()), ("typed", Some("typed")));

    let slider = bench.find("slider", "Rate");
    bench.exchange.request(slider, Action::SetValue, Some(ActionData::NumericValue(5.0)));
    bench.frame(false);
    assert_eq!(bench.rate, 5.0);
}

#[test]
fn the_focus_goes_where_it_is_asked_to() {
    let mut bench = Bench::new();
    let field = bench.find("", "Text");
    assert_eq!(bench.model.focus(), None);
    bench.exchange.request(field, Action::Focus, None);
    bench.frame(false);
    assert_eq!(bench.model.focus(), Some(field));
}

#[test]
fn choices_of_a_combo_box_are_options() {
    let mut bench = Bench::new();
    let combo = bench.find("combobox", "Method");
    bench.exchange.request(combo, Action::Click, None);
    bench.frame(false);
    let option = bench.find("option", "DPO");
    let (scene, _) = bench.frame(false);
    assert!(scene.is_in_popup(option));
    assert_eq!(scene.get(combo).unwrap().text, "SCIR");
    bench.exchange.request(option, Action::Click, None);
    bench.frame(false);
    let (scene, _) = bench.frame(false);
    assert_eq!(scene.get(combo).unwrap().text, "DPO");
    // If this fails, egui closes the list by itself now, and the page need not do it.
    assert!(scene.get(option).is_some());
}

#[test]
fn the_window_has_the_focus_while_the_mirror_does() {
    let mut bench = Bench::new();
    assert_eq!(bench.focused, [false]);
    bench.exchange.set_focused(true);
    bench.frame(false);
    bench.frame(true);
    bench.exchange.set_focused(false);
    bench.frame(true);
    assert_eq!(bench.focused, [false, true]);
    bench.frame(false);
    assert_eq!(bench.focused, [false, true, false]);
}

#[test]
fn a_closed_exchange_is_silent() {
    let mut bench = Bench::new();
    let button = bench.find("button", "Press");
    bench.exchange.request(button, Action::Click, None);
    bench.exchange.close();
    let mut task = Context::from_waker(Waker::noop());
    assert!(matches!(bench.exchange.poll_update(&mut task), Poll::Ready(None)));
}

#[test]
fn the_lines_of_a_text_are_not_kept() {
    let mut bench = Bench::new();
    let (scene, _) = bench.frame(false);
    for element in scene.elements() {
        let node = bench.model.node(element.id).unwrap();
        assert!(node.children().iter().all(|child| bench.model.node(*child).is_none_or(|n| n.role() != Role::TextRun)));
    }
}
