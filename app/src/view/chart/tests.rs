use egui_kittest::{
    Harness,
    kittest::{NodeT, Queryable},
};

use super::*;
use crate::view::session::Session;

const HOSTILE: &str = "</title><script>alert(\"1\")</script> & 'x' \u{0}\u{1b}]]>";

fn chart() -> Chart {
    Chart {
        id: "reward/of <run>".to_owned(),
        title: "Reward".to_owned(),
        x: "iteration".to_owned(),
        y: "share".to_owned(),
        whole_x: true,
        series: vec![
            Series {
                name: "run".to_owned(),
                points: vec![[0.0, 0.5], [1.0, 0.6], [2.0, 0.7]],
                errors: vec![0.01, 0.02, 0.03],
                ..Series::default()
            },
            Series {
                name: "random labels".to_owned(),
                points: vec![[0.0, 0.5], [1.0, f64::NAN], [2.0, 0.49]],
                color: 1,
                dash: Dash::Dashed,
                ..Series::default()
            },
        ],
        marks: vec![(1.0, "here".to_owned())],
        levels: vec![(0.5, "a coin".to_owned())],
        ..Chart::default()
    }
}

/// A chart alone, with everything it asks for.
fn harness(chart: Chart) -> Harness<'static, Vec<Action>> {
    let sessions: Vec<Session> = Vec::new();
    let app = move |ui: &mut Ui, actions: &mut Vec<Action>| {
        let mut scene = Scene { sessions: &sessions, current: None, actions };
        chart.show(ui, &mut scene, 260.0);
    };
    let mut harness = Harness::builder().with_size([640.0, 420.0]).build_ui_state(app, Vec::new());
    theme::install(&harness.ctx);
    harness.run();
    harness
}

/// Reads tags and texts; panics where the nesting is wrong or something is not escaped.
fn elements(xml: &str) -> Vec<String> {
    let (mut open, mut seen): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    let mut rest = xml.split_once("?>").unwrap().1;
    while let Some((text, after)) = rest.split_once('<') {
        assert!(!text.contains('>') && text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
        for entity in text.split('&').skip(1) {
            let name = entity.split_once(';').unwrap().0;
            assert!(["amp", "lt", "gt", "quot", "#39"].contains(&name), "{name}");
        }
        let (tag, after) = after.split_once('>').unwrap();
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap().to_owned();
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        if tag.starts_with('/') {
            assert_eq!(open.pop().as_deref(), Some(name.as_str()));
        } else {
            seen.push(name.clone());
            if !tag.ends_with('/') {
                open.push(name);
            }
        }
        rest = after;
    }
    assert!(open.is_empty() && rest.trim().is_empty());
    seen
}

fn svg_of(chart: &Chart) -> String {
    let state = State::default();
    let tracks = tracks::of(chart, &state, 0.6);
    let picture = picture::layout(chart, &tracks, &state, &Look::printed(1.0), &theme::of_mode(false));
    svg::svg(&picture, &chart.title, &chart.description())
}

#[test]
fn the_svg_is_well_formed_whatever_it_is_called() {
    let mut chart = chart();
    (chart.title, chart.x, chart.y, chart.note) =
        (HOSTILE.to_owned(), HOSTILE.to_owned(), HOSTILE.to_owned(), HOSTILE.to_owned());
    chart.series[0].name = HOSTILE.to_owned();
    chart.levels[0].1 = HOSTILE.to_owned();
    chart.marks[0].1 = HOSTILE.to_owned();
    let seen = elements(&svg_of(&chart));
    let known = ["svg", "title", "desc", "clipPath", "rect", "g", "path", "circle", "text"];
    assert!(seen.iter().all(|name| known.contains(&name.as_str())), "{seen:?}");
    // Three discs of the first line and the one in the legend.
    assert_eq!(seen.iter().filter(|name| *name == "circle").count(), 4);
}

#[test]
fn the_svg_has_error_bars_or_a_band_and_both_lines_when_smoothed() {
    let svg = svg_of(&chart());
    assert!(
        svg.contains("stroke-dasharray") && svg.contains(">random labels</text>") && svg.contains(">a coin</text>")
    );
    let mut long = chart();
    long.steps = true;
    long.marks.clear();
    long.series.truncate(1);
    long.series[0].points = (0..100).map(|x| [f64::from(x), f64::from(x % 3)]).collect();
    long.series[0].errors = vec![0.1; 100];
    let svg = svg_of(&long);
    assert_eq!(svg.matches("fill-opacity").count(), 1, "one band");
    assert_eq!(svg.matches("stroke-opacity=\"0.3").count(), 1, "one faint line");
    elements(&svg);
}

#[test]
fn nothing_to_draw_is_no_trouble() {
    for chart in [
        Chart::default(),
        Chart { series: vec![Series::default()], ..Chart::default() },
        Chart {
            series: vec![Series { points: vec![[f64::NAN, 1.0], [1.0, f64::INFINITY]], ..Series::default() }],
            levels: vec![(f64::NAN, String::new())],
            ..Chart::default()
        },
    ] {
        elements(&svg_of(&chart));
    }
}

#[test]
fn every_control_has_a_name_and_the_chart_a_description() {
    let harness = harness(chart());
    let figure = harness.get_by_role(egui::accesskit::Role::Figure);
    let label = figure.accesskit_node().label().unwrap();
    assert!(label.contains("run: 0.5000 (0) … 0.7000 (2)"), "{label}");
    harness.get_by_label("Options of Reward");
    harness.get_by_role_and_label(egui::accesskit::Role::CheckBox, "random labels");
}

#[test]
fn pointing_at_a_point_reads_it_with_its_error() {
    let mut harness = harness(chart());
    let rect = harness.get_by_role(egui::accesskit::Role::Figure).rect();
    let state = State::default();
    let chart = chart();
    let tracks = tracks::of(&chart, &state, 0.0);
    let picture = picture::layout(&chart, &tracks, &state, &Look::screen(rect), &theme::of_mode(false));
    harness.hover_at(picture.spot(1.0, 0.6) + egui::vec2(5.0, 5.0));
    harness.run();
    let value = harness.get_by_role(egui::accesskit::Role::Figure).value().unwrap();
    assert!(value.contains("run") && value.contains("0.6000 ± 0.02000") && value.contains("iteration 1"), "{value}");
}

#[test]
fn the_keyboard_reads_points_and_zooms() {
    let mut harness = harness(chart());
    let figure = |harness: &Harness<'static, Vec<Action>>| {
        harness.get_by_role(egui::accesskit::Role::Figure).value().unwrap_or_default()
    };
    harness.get_by_role(egui::accesskit::Role::Figure).focus();
    harness.run();
    for (key, expected) in [
        (egui::Key::ArrowRight, "run: 0.5000"),
        (egui::Key::ArrowRight, "run: 0.6000"),
        (egui::Key::ArrowRight, "run: 0.7000"),
        (egui::Key::ArrowDown, "random labels: 0.4900"),
        // The point that is no number is stepped over.
        (egui::Key::ArrowLeft, "random labels: 0.5000"),
    ] {
        harness.key_press(key);
        harness.run();
        assert!(figure(&harness).starts_with(expected), "{} instead of {expected}", figure(&harness));
    }
    harness.key_press(egui::Key::Plus);
    harness.run();
    harness.get_by_label("Show everything").click();
    harness.run();
    assert!(harness.query_by_label("Show everything").is_none());
}

#[test]
fn lines_can_be_hidden_and_the_axis_made_logarithmic() {
    let mut harness = harness(chart());
    harness.get_by_label("random labels").click();
    harness.get_by_label("Options of Reward").click();
    harness.run();
    harness.get_by_label("Logarithmic y axis").click();
    harness.run();
    let state = State::load(&harness.ctx, &chart().id);
    assert!(state.log && state.hidden.contains("random labels"));
}

#[test]
fn what_is_saved_has_a_safe_name_and_the_right_content() {
    let mut harness = harness(chart());
    for name in ["Save as CSV…", "Save as SVG…", "Save as PNG…"] {
        harness.get_by_label("Options of Reward").click();
        harness.run();
        harness.get_by_label(name).click();
        harness.run();
    }
    let saved: Vec<(&str, &[u8])> = harness
        .state()
        .iter()
        .map(|action| match action {
            Action::Save { name, bytes } => (name.as_str(), bytes.as_slice()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        saved.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
        ["reward-of--run-.csv", "reward-of--run-.svg", "reward-of--run-.png"]
    );
    assert!(saved[0].1.starts_with(b"series,iteration,share,standard error\r\nrun,0,0.5,0.01\r\n"));
    elements(std::str::from_utf8(saved[1].1).unwrap());
    let (width, height, pixels) = png::tests::decode(saved[2].1);
    assert_eq!((width, height), (1920, 1080));
    // Ground, lines in both colours and text are there.
    let palette = theme::of_mode(harness.ctx.theme() == egui::Theme::Dark);
    let count = |color: egui::Color32| pixels.chunks(3).filter(|p| *p == &color.to_array()[..3]).count();
    assert!(count(palette.panel) > 1_500_000, "{}", count(palette.panel));
    assert!(count(palette.line(0)) > 1000 && count(palette.line(1)) > 500 && count(palette.text) > 100);
}

#[test]
fn a_chart_without_a_scene_cannot_be_saved() {
    let chart = chart();
    let mut harness = Harness::new_ui(move |ui| chart.ui(ui, 200.0));
    harness.run();
    harness.get_by_label("Options of Reward").click();
    harness.run();
    assert!(harness.query_by_label("Save as CSV…").is_none() && harness.query_by_label("Logarithmic y axis").is_some());
}
