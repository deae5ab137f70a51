//! How far the phase that is being computed is, and how long it will take.

use egui::{ProgressBar, Role, Ui, WidgetInfo};
use selfsame_core::run::Arm;

use crate::{
    engine::Moment,
    format,
    view::{
        session::{Session, State},
        theme,
        words::{self, t},
    },
};

/// What is being done, as far as it can be told apart.
type Stretch = (Arm, u32, String, usize);

/// Watches how fast a phase goes.
#[derive(Debug, Default)]
pub struct Pace {
    stretch: Option<Stretch>,
    /// When the stretch was first seen, and what was done then.
    began: (f64, usize),
    /// When something was last done, and what was done then.
    last: (f64, usize),
}

impl Pace {
    /// Draws the progress of a session that is worked on.
    pub fn ui(&mut self, ui: &mut Ui, session: &Session) {
        if !matches!(session.state, State::Running | State::Stopping) {
            self.stretch = None;
            return;
        }
        let Some(moment) = &session.moment else {
            ui.weak(t("iterations.preparing"));
            return;
        };
        let left = self.left(ui.input(|input| input.time), moment);
        let text = text(moment, left);
        #[allow(clippy::cast_precision_loss)] // a bar has fewer pixels
        let share = moment.done as f32 / moment.total.max(1) as f32;
        ui.label(&text);
        let bar = ui.add(ProgressBar::new(share).desired_height(2.0 * theme::sizes().step));
        bar.widget_info(|| WidgetInfo::labeled(Role::ProgressIndicator, true, &text));
        ui.ctx().request_repaint_after(std::time::Duration::from_secs(1));
    }

    /// Seconds left of the phase, once something was seen to be done.
    #[allow(clippy::cast_precision_loss)] // counts
    fn left(&mut self, now: f64, moment: &Moment) -> Option<f64> {
        let stretch = (moment.arm, moment.iteration, moment.phase.clone(), moment.total);
        if self.stretch.as_ref() != Some(&stretch) || moment.done < self.last.1 {
            self.stretch = Some(stretch);
            (self.began, self.last) = ((now, moment.done), (now, moment.done));
        }
        if moment.done > self.last.1 {
            self.last = (now, moment.done);
        }
        let done = self.last.1 - self.began.1;
        if done == 0 {
            return None;
        }
        let each = (self.last.0 - self.began.0) / done as f64;
        let left = each * moment.total.saturating_sub(moment.done) as f64;
        Some((left - (now - self.last.0)).max(0.0))
    }
}

fn text(moment: &Moment, left: Option<f64>) -> String {
    let phase = words::known(&format!("verb.{}", moment.phase)).unwrap_or(&moment.phase);
    let values: [(&str, &dyn std::fmt::Display); 3] =
        [("phase", &phase), ("done", &format::count(moment.done)), ("all", &format::count(moment.total))];
    let mut text = words::with("iterations.progress", &values);
    if moment.tokens_per_second > 0.0 {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a speed
        let speed = format::count(moment.tokens_per_second.round() as usize);
        text += ", ";
        text += &words::with("run.tokens_per_second", &[("count", &speed)]);
    }
    if let Some(left) = left {
        text += ", ";
        text += &words::with("iterations.left", &[("time", &format::duration(left))]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(phase: &str, done: usize) -> Moment {
        Moment { arm: Arm::Main, iteration: 1, phase: phase.to_owned(), done, total: 30, tokens_per_second: 1234.4 }
    }

    #[test]
    fn the_time_left_is_that_of_the_phase() {
        let mut pace = Pace::default();
        assert_eq!(pace.left(100.0, &moment("sample", 10)), None);
        // Ten in twenty seconds: ten more take as long, of which five have passed.
        assert_eq!(pace.left(120.0, &moment("sample", 20)), Some(20.0));
        assert_eq!(pace.left(125.0, &moment("sample", 20)), Some(15.0));
        assert_eq!(pace.left(190.0, &moment("sample", 20)), Some(0.0));
        // Another phase begins anew, and so does the same one in a second stretch.
        assert_eq!(pace.left(200.0, &moment("learn", 12)), None);
        assert_eq!(pace.left(201.0, &moment("learn", 13)), Some(17.0));
        assert_eq!(pace.left(202.0, &moment("learn", 1)), None);
    }

    #[test]
    fn the_text_has_what_is_known() {
        let text = text(&moment("learn", 12), Some(65.0));
        assert_eq!(text, "learn: 12 of 30, 1,234 tokens/s, about 1 min 05 s left");
        assert_eq!(super::text(&Moment { tokens_per_second: 0.0, ..moment("other", 0) }, None), "other: 0 of 30");
    }
}
