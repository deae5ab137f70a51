//! Reports of a run: in the terminal, and as a page that needs nothing but itself.

pub mod html;
pub mod page;
pub mod plot;
pub mod table;
pub mod tables;
pub mod terminal;
