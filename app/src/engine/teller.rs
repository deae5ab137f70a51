//! What an observer of a run tells the view, and how fast the run goes.

use selfsame_core::run::{Observer, Progress, Record};
use web_time::Instant;

use super::{Message, Moment, RunId};

/// Seconds over which the speed of a run is averaged.
const SPEED_OVER: f64 = 2.0;

/// Tells the view what an observer sees, by whatever way it is told things.
pub struct Teller<F> {
    run: RunId,
    say: F,
    speed: Speed,
}

impl<F: FnMut(Message)> Teller<F> {
    /// An observer of a run that calls `say` with everything.
    #[must_use]
    pub fn new(run: RunId, say: F) -> Self {
        Self { run, say, speed: Speed::since(Instant::now()) }
    }
}

impl<F: FnMut(Message)> Observer for Teller<F> {
    fn record(&mut self, record: &Record) {
        (self.say)(Message::Records { run: self.run, records: vec![record.clone()] });
    }

    fn progress(&mut self, progress: &Progress) {
        let speed = self.speed.after(progress.tokens, Instant::now());
        (self.say)(Message::Progress { run: self.run, progress: Moment::of(progress, speed) });
    }
}

/// Tokens per second, averaged over stretches of some seconds.
struct Speed {
    /// Tokens since the beginning of the stretch.
    tokens: usize,
    since: Instant,
    /// The speed of the stretch before.
    last: f64,
}

impl Speed {
    fn since(since: Instant) -> Self {
        Self { tokens: 0, since, last: 0.0 }
    }

    /// The speed when further tokens are done.
    #[allow(clippy::cast_precision_loss)] // token counts
    fn after(&mut self, tokens: usize, now: Instant) -> f64 {
        self.tokens += tokens;
        let elapsed = now.duration_since(self.since).as_secs_f64();
        if elapsed > SPEED_OVER {
            *self = Self { tokens: 0, since: now, last: self.tokens as f64 / elapsed };
        }
        self.last
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use selfsame_core::run::Arm;

    use super::*;
    use crate::fold::tests::synthetic;

    #[test]
    fn the_speed_is_that_of_the_last_whole_stretch() {
        let begin = Instant::now();
        let at = |seconds: f64| begin + Duration::from_secs_f64(seconds);
        let mut speed = Speed::since(begin);
        for (tokens, seconds, expected) in [
            (100, 1.0, 0.0),
            // Not yet more than the stretch.
            (50, 2.0, 0.0),
            // 250 tokens in 2.5 seconds.
            (100, 2.5, 100.0),
            (900, 4.0, 100.0),
            // 1000 in 4 seconds: what was before them counts no more.
            (100, 6.5, 250.0),
            (0, 8.0, 250.0),
            // A stretch without tokens.
            (0, 16.5, 0.0),
        ] {
            assert_eq!(speed.after(tokens, at(seconds)), expected, "after {seconds} s");
        }
    }

    #[test]
    fn what_is_seen_is_said_of_its_run() {
        let mut said = Vec::new();
        let record = synthetic().remove(0);
        let progress = Progress { arm: Arm::Main, iteration: 3, phase: "learn", done: 1, total: 4, tokens: 9 };
        let mut teller = Teller::new(7, |message| said.push(message));
        teller.record(&record);
        teller.progress(&progress);
        let expected = [
            Message::Records { run: 7, records: vec![record] },
            Message::Progress { run: 7, progress: Moment::of(&progress, 0.0) },
        ];
        assert_eq!(said, expected);
    }
}
