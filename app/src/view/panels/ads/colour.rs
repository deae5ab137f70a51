//! The colours of storyboards: what the words of colours look like. They are pictures, and the same in light and dark;
//! the word always stands beside its swatch.

use egui::Color32;
use selfsame_core::world::ads::words::Color;

use crate::view::theme::luminance;

/// What a word of colour looks like.
pub fn ink(color: Color) -> Color32 {
    match color {
        Color::Red => Color32::from_rgb(0xc8, 0x3a, 0x32),
        Color::Orange => Color32::from_rgb(0xe0, 0x86, 0x30),
        Color::Yellow => Color32::from_rgb(0xef, 0xd0, 0x52),
        Color::Green => Color32::from_rgb(0x4f, 0x94, 0x58),
        Color::Blue => Color32::from_rgb(0x3a, 0x74, 0xb5),
        Color::Purple => Color32::from_rgb(0x7a, 0x57, 0xa6),
        Color::Pink => Color32::from_rgb(0xe4, 0x9a, 0xb4),
        Color::Brown => Color32::from_rgb(0x86, 0x5a, 0x3c),
        Color::Black => Color32::from_rgb(0x26, 0x28, 0x2c),
        Color::White => Color32::from_rgb(0xf4, 0xf2, 0xec),
        Color::Gray => Color32::from_rgb(0x93, 0x98, 0xa0),
        Color::Gold => Color32::from_rgb(0xc9, 0xa2, 0x3e),
    }
}

/// Black or white, whichever is read better on a colour.
pub fn on(color: Color32) -> Color32 {
    // Contrast with black and with white is the same where the luminance is 0.179.
    if luminance(color) > 0.179 { Color32::from_rgb(0x16, 0x17, 0x1a) } else { Color32::WHITE }
}

/// A colour between two, `share` of the way.
pub fn mixed(from: Color32, to: Color32, share: f32) -> Color32 {
    from.lerp_to_gamma(to, share)
}
