//! Every panel as it looks: in light and dark, in a usual window and in the smallest.
//!
//! `SELFSAME_BLESS=1` (or `cargo xtask screenshots`) makes the committed pictures anew.

use egui_kittest::kittest::Queryable;
use selfsame::view::panels::Panel;
use selfsame_tests::{
    lab::{harness, with_recorded_run},
    picture::{Studio, compare, content},
};

const USUAL: [f32; 2] = [1280.0, 840.0];
const LEAST: [f32; 2] = [900.0, 600.0];

/// Where the panel begins: right of the navigation, below the bars.
const PANEL: [u32; 2] = [170, 96];

#[test]
fn every_panel_in_light_and_dark() {
    let Some(studio) = Studio::open("every_panel_in_light_and_dark") else { return };
    let mut problems = Vec::new();
    let mut pictures = Vec::new();
    for panel in Panel::ALL {
        for (theme, mode) in [(egui::Theme::Light, "light"), (egui::Theme::Dark, "dark")] {
            for size in [USUAL, LEAST] {
                let name = format!("{}-{mode}", panel.id());
                let what = format!("{name} at {} × {}", size[0], size[1]);
                let mut harness = harness(with_recorded_run(panel), size, theme, Some(studio.painter()));
                harness.get_all_by_label(panel.title()).next().expect("the navigation");
                let picture = harness.render().unwrap_or_else(|e| panic!("{what}: {e}"));
                let whole = content(&picture, [0, 0]);
                assert!(whole.colors > 20 && whole.ink > 0.001, "{what}: {whole:?}");
                println!("{what}: {whole:?}, panel {:?}", content(&picture, PANEL));
                if size == USUAL {
                    problems.extend(compare(&name, &picture).err());
                    pictures.push((panel, mode, picture));
                }
            }
        }
    }
    // Light is light, dark is dark.
    for (panel, mode, picture) in &pictures {
        let bright = f64::from(picture.get_pixel(4, 4).0[0]) > 128.0;
        assert_eq!(bright, *mode == "light", "{panel:?} in {mode}");
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
