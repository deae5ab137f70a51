//! An atlas of methods, as the program keeps it and as the window shows one that it is given.

use selfsame::atlas::{Atlas, render};

use super::window::{draw, laboratory};

pub(super) fn read(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(atlas) = Atlas::parse(text, "atlas.json") {
        let _ = (render::table(&atlas), render::markdown(&atlas), render::html(&atlas));
        for row in atlas.rows.clone() {
            let _ = (render::of_row(&row), render::sentences(&row));
            atlas.clone().put(row);
        }
    }
    let mut laboratory = laboratory();
    laboratory.open_atlas("atlas.json", text);
    draw(&mut laboratory);
}
