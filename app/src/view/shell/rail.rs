//! The navigation between panels.

use egui::{Atom, Button, Ui};

use crate::view::{
    Action, Laboratory,
    icons::{self, Icon},
    panels::Panel,
    theme,
};

/// Size of an icon.
const ICON: f32 = 16.0;

impl Laboratory {
    pub(super) fn rail(&mut self, ui: &mut Ui, narrow: bool, actions: &mut Vec<Action>) {
        let size = theme::sizes();
        ui.spacing_mut().item_spacing.y = size.step;
        for panel in Panel::ALL {
            if !narrow && starts_group(panel) {
                ui.add_space(size.step * 3.0);
            }
            let chosen = panel == self.panel;
            let icon = icons::atom(Icon::Panel(panel), ICON);
            let button = if narrow {
                Button::selectable(chosen, (icon, panel.title()))
            } else {
                Button::selectable(chosen, (icon, panel.title(), Atom::grow())).gap(size.step * 2.5)
            };
            let keys = super::keys::of_panel(panel).map(|keys| ui.ctx().format_shortcut(&keys)).unwrap_or_default();
            let response = ui.add(button.min_size(egui::vec2(0.0, size.control_height + 4.0))).on_hover_text(keys);
            response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, chosen, panel.title()));
            if chosen {
                self.shell.anchors[1] = Some(response.id);
                // Not by colour alone.
                let mark = egui::Rect::from_min_size(response.rect.min, egui::vec2(3.0, response.rect.height()));
                ui.painter().rect_filled(mark, 1.5, theme::palette(ui).accent);
            }
            if response.clicked() {
                actions.push(Action::Go(panel));
            }
        }
    }
}

/// Learning what this is, looking at one run, and what goes beyond it.
fn starts_group(panel: Panel) -> bool {
    matches!(panel, Panel::Iterations | Panel::Compare)
}
