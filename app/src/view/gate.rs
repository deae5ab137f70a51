//! When that which is made of a whole log is made again while the log grows. A live run adds lines in every frame, and
//! what is made of all of them costs the more the longer it is: made for each, a run would cost the square of its
//! length.

use std::time::Duration;

use egui::Context;

/// Seconds between two times at least.
const BETWEEN: f64 = 0.5;

/// Says when one thing is to be made. `Of` is what it is made of: which run, and what the person chose to see of it;
/// `Grown` is how far the log has come, as far as the thing depends on it.
#[derive(Debug)]
pub(super) struct Gate<Of, Grown> {
    /// What it was made of last, and when, in seconds since the start.
    last: Option<(Of, Grown, f64)>,
    /// How often it was made.
    #[cfg(test)]
    made: usize,
}

impl<Of, Grown> Default for Gate<Of, Grown> {
    fn default() -> Self {
        Self {
            last: None,
            #[cfg(test)]
            made: 0,
        }
    }
}

impl<Of: PartialEq, Grown: PartialEq> Gate<Of, Grown> {
    /// Whether it is to be made now, which the caller then does. At once if it is of something else than before, or of
    /// a log that grew and has `ended`; otherwise if the log grew and the last time is long enough ago. A frame is
    /// asked for where that is later, so that the last lines are never left out.
    #[must_use]
    pub(super) fn passes(&mut self, context: &Context, of: Of, grown: Grown, ended: bool) -> bool {
        let now = context.input(|input| input.time);
        if let Some((last_of, last_grown, made)) = &self.last
            && *last_of == of
        {
            if *last_grown == grown {
                return false;
            }
            let wait = made + BETWEEN - now;
            if wait > 0.0 && !ended {
                context.request_repaint_after(Duration::from_secs_f64(wait));
                return false;
            }
        }
        self.last = Some((of, grown, now));
        #[cfg(test)]
        {
            self.made += 1;
        }
        true
    }

    /// What it was made of last.
    pub(super) fn of(&self) -> Option<&Of> {
        self.last.as_ref().map(|(of, ..)| of)
    }

    /// Forgets what it was made of, because nothing is shown: it is made at once when something is.
    pub(super) fn forget(&mut self) {
        self.last = None;
    }

    /// How often it was made.
    #[cfg(test)]
    pub(super) fn made(&self) -> usize {
        self.made
    }
}

#[cfg(test)]
pub(super) mod tests {
    use egui::{Pos2, RawInput, Rect, Ui, ViewportId, vec2};

    use super::*;

    /// Frames a second; a power of two, so that times are exact.
    pub(in crate::view) const FRAMES: u32 = 32;

    /// Draws the frame of a number; returns how long the next may be waited for.
    pub(in crate::view) fn frame(context: &Context, number: u32, draw: impl FnMut(&mut Ui)) -> Duration {
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, vec2(1400.0, 900.0))),
            time: Some(f64::from(number) / f64::from(FRAMES)),
            ..RawInput::default()
        };
        let output = context.run_ui(input, draw);
        let delay = output.viewport_output[&ViewportId::ROOT].repaint_delay;
        output.drop_without_applying_deltas();
        delay
    }

    /// What `passes` says in a frame, and how long the next may be waited for.
    fn asked(gate: &mut Gate<u64, usize>, context: &Context, number: u32, of: (u64, usize, bool)) -> (bool, Duration) {
        let mut passed = false;
        let delay = frame(context, number, |ui| passed |= gate.passes(ui.ctx(), of.0, of.1, of.2));
        (passed, delay)
    }

    #[test]
    fn what_grows_in_every_frame_is_made_twice_a_second() {
        let (context, mut gate) = (Context::default(), Gate::default());
        let made: Vec<u32> =
            (0..=4 * FRAMES).filter(|n| asked(&mut gate, &context, *n, (1, *n as usize, false)).0).collect();
        assert_eq!(made, [0, 16, 32, 48, 64, 80, 96, 112, 128]);
        assert_eq!(gate.made(), made.len());
    }

    #[test]
    fn the_last_lines_are_waited_for_and_an_end_is_not() {
        let (context, mut gate) = (Context::default(), Gate::default());
        let mut ask = |number, grown, ended| asked(&mut gate, &context, number, (1, grown, ended));
        assert!(ask(0, 1, false).0);
        // The first frames are asked for by egui.
        (1..8).for_each(|number| assert!(!ask(number, 1, false).0));
        assert_eq!(ask(8, 1, false), (false, Duration::MAX), "nothing is waited for");
        // Half a second is 16 frames, of which 9 are over: 7 / 32 of a second.
        assert_eq!(ask(9, 2, false), (false, Duration::from_micros(218_750)));
        assert!(!ask(15, 2, false).0 && ask(16, 2, false).0 && !ask(40, 2, false).0);
        // Long after, what is new is made at once.
        assert!(ask(41, 3, false).0 && !ask(42, 4, false).0);
        assert!(ask(43, 4, true).0 && !ask(44, 4, true).0);
        assert_eq!(gate.made(), 4);
    }

    #[test]
    fn another_run_or_choice_is_made_at_once() {
        let (context, mut gate) = (Context::default(), Gate::default());
        let mut ask = |number, of| asked(&mut gate, &context, number, of).0;
        assert!(ask(0, (1, 5, false)) && ask(1, (2, 5, false)) && ask(2, (1, 5, false)) && !ask(3, (1, 5, false)));
        assert_eq!(gate.of(), Some(&1));
        gate.forget();
        assert!(asked(&mut gate, &context, 4, (1, 5, false)).0);
        assert_eq!(gate.made(), 4);
    }
}
