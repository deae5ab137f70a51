//! Progress of a run on standard error, and its measurements as JSON on standard output.

use std::{io::IsTerminal, time::Instant};

use indicatif::{ProgressBar, ProgressStyle};
use selfsame_core::{
    measure::Measurement,
    run::{Arm, Event, Observer, Progress, Record},
};

use crate::{
    format::{self, mean, number},
    output,
};

/// What is being done, as far as it can be told apart.
type Phase = (Arm, u32, &'static str);

/// Shows a run as it happens.
pub struct Watch {
    /// Absent where nobody could see it move.
    bar: Option<ProgressBar>,
    json: bool,
    iterations: Option<u32>,
    pace: Pace,
    /// Seconds since 1970: lines that are older are replayed.
    began: f64,
    live: bool,
    phase: Option<Phase>,
    /// When the stretch of work began that `done` and `tokens` count.
    stretch_began: Instant,
    /// What was done and all there is at the last report.
    reported: (usize, usize),
    done_before: usize,
    tokens: usize,
    /// When the last thing ended that is not part of what comes next.
    last: Instant,
}

impl Watch {
    /// A watcher of a run of so many iterations in so many arms, as far as that is known.
    #[must_use]
    pub fn new(json: bool, iterations: Option<u32>, arms: u32) -> Self {
        Self {
            bar: std::io::stderr().is_terminal().then(progress_bar),
            json,
            iterations,
            pace: Pace::new(iterations.map(|count| count * arms), format::now()),
            began: format::now(),
            live: true,
            phase: None,
            stretch_began: Instant::now(),
            reported: (0, 0),
            done_before: 0,
            tokens: 0,
            last: Instant::now(),
        }
    }

    fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.println(line),
            None => output::note(line),
        }
    }

    fn title(&self, (arm, iteration, phase): Phase) -> String {
        match (iteration, self.iterations) {
            (0, _) => format!("start: {phase}"),
            (_, Some(all)) => format!("{}, iteration {iteration} of {all}: {phase}", arm.name()),
            (_, None) => format!("{}, iteration {iteration}: {phase}", arm.name()),
        }
    }

    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)] // for people
    fn message(&self, progress: &Progress) -> String {
        let elapsed = self.stretch_began.elapsed().as_secs_f64();
        let mut parts = Vec::new();
        if self.tokens > 0 && elapsed > 0.0 {
            parts.push(format!("{} tokens/s", format::count((self.tokens as f64 / elapsed).round() as usize)));
        }
        let done = progress.done.saturating_sub(self.done_before);
        if done > 0 {
            let left = progress.total.saturating_sub(progress.done);
            parts.push(format!("{} left", format::duration(elapsed / done as f64 * left as f64)));
        }
        if let Some(left) = self.pace.left(format::now()) {
            parts.push(format!("run about {}", format::duration(left)));
        }
        parts.join(", ")
    }
}

impl Observer for Watch {
    fn record(&mut self, record: &Record) {
        self.live = record.at >= self.began;
        if let Event::Measured { measurement, .. } = &record.event {
            self.pace.measured(record.iteration, record.at);
            if self.json {
                // A reader that has gone must not end the run: its results are in the log.
                let _ = output::json(record);
            }
            let what = if record.iteration == 0 {
                "start".to_owned()
            } else {
                format!("{}, iteration {}", record.arm.name(), record.iteration)
            };
            self.say(&format!("{what}: {}", summary(measurement)));
        }
        // These are logged when they are done and reported right after it.
        if !matches!(record.event, Event::Sampled { .. } | Event::Judged { .. } | Event::Step { .. }) {
            self.last = Instant::now();
        }
    }

    fn progress(&mut self, progress: &Progress) {
        let phase = (progress.arm, progress.iteration, progress.phase);
        // A phase can hold several stretches of work, such as one for each judge.
        if self.phase != Some(phase) || self.reported.1 != progress.total || progress.done < self.reported.0 {
            self.stretch_began = self.last;
            (self.done_before, self.tokens) = (0, 0);
        }
        self.reported = (progress.done, progress.total);
        if self.phase != Some(phase) {
            self.phase = Some(phase);
            let title = self.title(phase);
            match &self.bar {
                Some(bar) => bar.set_prefix(title),
                None => output::note(&title),
            }
        }
        if self.live {
            self.tokens += progress.tokens;
        } else {
            self.stretch_began = Instant::now();
            self.done_before = progress.done;
        }
        if let Some(bar) = &self.bar {
            bar.set_length(progress.total as u64);
            bar.set_position(progress.done as u64);
            bar.set_message(self.message(progress));
        }
        self.last = Instant::now();
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// A bar on standard error with a prefix and a message.
#[must_use]
pub fn progress_bar() -> ProgressBar {
    let bar = ProgressBar::new(1);
    // The template is fixed and valid; the default bar is good enough if it were not.
    if let Ok(style) = ProgressStyle::with_template("{prefix} [{bar:24}] {pos}/{len}  {msg}") {
        bar.set_style(style.progress_chars("=> "));
    }
    bar
}

/// The most important numbers of a measurement in one line.
#[must_use]
pub fn summary(m: &Measurement) -> String {
    let mut parts = Vec::new();
    if m.sampled.reward.is_some() {
        parts.push(format!("reward {} sampled, {} greedy", mean(m.sampled.reward), mean(m.greedy.reward)));
    }
    if m.label_accuracy.is_some() {
        parts.push(format!("labels right {}", mean(m.label_accuracy)));
    }
    parts.push(format!("length {:.1}, KL {}", m.sampled.length, number(m.kl_to_start)));
    parts.join("; ")
}

/// How long iterations take, to say when the run will be done.
#[derive(Debug, Clone, PartialEq)]
struct Pace {
    total: Option<u32>,
    began: f64,
    done: u32,
    spent: f64,
    last: Option<f64>,
}

impl Pace {
    fn new(total: Option<u32>, began: f64) -> Self {
        Self { total, began, done: 0, spent: 0.0, last: None }
    }

    fn measured(&mut self, iteration: u32, at: f64) {
        if let Some(last) = self.last
            && iteration > 0
        {
            self.done += 1;
            // The time between a stop and its resumption is nobody's work.
            self.spent += at - if at >= self.began { last.max(self.began) } else { last };
        }
        self.last = Some(at);
    }

    /// Seconds left, once an iteration is done.
    fn left(&self, now: f64) -> Option<f64> {
        let total = self.total.filter(|_| self.done > 0)?;
        let each = self.spent / f64::from(self.done);
        let under_way = now - self.last?.max(self.began);
        Some((f64::from(total.saturating_sub(self.done)) * each - under_way).max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_ignores_the_pause_before_a_resumption() {
        let mut pace = Pace::new(Some(6), 1000.0);
        assert_eq!(pace.left(1000.0), None);
        pace.measured(0, 100.0);
        pace.measured(1, 160.0);
        assert_eq!((pace.done, pace.spent), (1, 60.0));
        // Resumed at 1000 and done at 1040.
        pace.measured(2, 1040.0);
        assert_eq!((pace.done, pace.spent), (2, 100.0));
        assert_eq!(pace.left(1050.0), Some(4.0 * 50.0 - 10.0));
    }

    #[test]
    fn the_summary_leaves_out_what_is_unknown() {
        let records = crate::fold::tests::without_oracle();
        let Event::Measured { measurement, .. } = &records[3].event else { panic!("not a measurement") };
        assert_eq!(summary(measurement), "length 8.5, KL 0.500");
    }
}
