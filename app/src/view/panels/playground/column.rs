//! One model and its answer.

use egui::{ComboBox, RichText, Ui};
use selfsame_core::{
    measure::policy::answer_quality,
    sample::{Answer, FinishReason},
    world::{self, World},
};

use super::{
    builder::demands,
    tokens,
    voices::{Voice, Voices},
};
use crate::{
    engine::Chat,
    format,
    view::{
        theme,
        words::{self, t},
    },
};

/// A question that was asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Who was asked.
    pub voice: Voice,
    /// What was asked.
    pub chat: Chat,
}

/// A column of the panel.
#[derive(Debug, Default)]
pub struct Column {
    /// The model that was chosen; `None` is the one that suits the run.
    pub model: Option<String>,
    /// Whether this column is greedy whatever the temperature.
    pub greedy: bool,
    asked: Option<Asked>,
    tokens: Vec<(String, f32)>,
    done: bool,
    /// Whether it was ended before its end.
    stopped: bool,
    problem: Option<String>,
}

/// What the oracle says about an answer, and about each demand of its prompt.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The reward.
    pub reward: f64,
    /// Each demand and whether it is met.
    pub met: Vec<(String, bool)>,
}

impl Column {
    /// Begins the answer to a question.
    pub fn ask(&mut self, asked: Asked) {
        *self = Self { model: self.model.take(), greedy: self.greedy, asked: Some(asked), ..Self::default() };
    }

    /// Whether an answer is being drawn.
    pub fn growing(&self) -> bool {
        self.asked.is_some() && !self.done
    }

    /// Takes tokens; those of an earlier question come too late.
    pub fn said(&mut self, ticket: u64, tokens: Vec<(String, f32)>, done: bool, problem: Option<String>) {
        if self.asked.as_ref().is_some_and(|asked| asked.chat.ticket == ticket) && !self.done {
            // Who ends an answer where it is has no token for it.
            self.stopped = done && tokens.is_empty();
            self.tokens.extend(tokens);
            self.done = done;
            self.problem = problem;
        }
    }

    fn text(&self) -> String {
        self.tokens.iter().map(|(text, _)| text.as_str()).collect()
    }

    /// What the oracle says; `None` where there is none for this question.
    pub fn verdict(&self) -> Option<Verdict> {
        let asked = self.asked.as_ref()?;
        let world = asked.voice.world.and_then(world::by_name)?;
        let demands = demands(&asked.chat.prompt);
        if demands.is_empty() {
            return None;
        }
        let answer = Answer {
            ids: Vec::new(),
            text: self.text(),
            logprobs: Vec::new(),
            sampling_logprob: 0.0,
            finish: FinishReason::Stop,
        };
        let graded = |prompt: &str| answer_quality(Some(&*world as &dyn World), &[(prompt, &answer)]);
        Some(Verdict {
            reward: graded(&asked.chat.prompt).reward?.mean,
            met: demands
                .into_iter()
                .map(|demand| {
                    let met = graded(&demand).all_met == Some(1.0);
                    (demand, met)
                })
                .collect(),
        })
    }

    /// Draws the column.
    pub fn ui(&mut self, ui: &mut Ui, index: usize, voices: &Voices, probabilities: bool) {
        let row = egui::vec2(ui.available_width(), theme::sizes().control_height);
        let layout = egui::Layout::right_to_left(egui::Align::Center);
        ui.allocate_ui_with_layout(row, layout, |ui| self.choose(ui, index, voices));
        ui.separator();
        let palette = theme::palette(ui);
        let Some(asked) = &self.asked else {
            ui.weak(t("playground.quiet"));
            return;
        };
        let how = if asked.chat.temperature == 0.0 {
            t("playground.how_greedy").to_owned()
        } else {
            let temperature = std::format!("{:.2}", asked.chat.temperature);
            words::with("playground.how_warm", &[("temperature", &temperature)])
        };
        ui.small(words::with(
            "playground.asked",
            &[("model", &asked.voice.name), ("how", &how), ("seed", &asked.chat.seed)],
        ));
        ui.add_space(theme::sizes().step);
        if let Some(problem) = &self.problem {
            ui.colored_label(palette.bad, std::format!("× {problem}"));
            return;
        }
        if probabilities {
            tokens::ui(ui, &self.tokens, self.done);
        } else {
            ui.label(RichText::new(self.text()).monospace());
        }
        ui.add_space(theme::sizes().step);
        if !self.done {
            ui.weak(if self.tokens.is_empty() { t("playground.reading") } else { t("playground.writing") });
            return;
        }
        self.summary(ui, asked);
        self.truth(ui);
    }

    fn choose(&mut self, ui: &mut Ui, index: usize, voices: &Voices) {
        let greedy = ui.checkbox(&mut self.greedy, t("playground.greedy")).on_hover_text(t("playground.greedy_hint"));
        let label = words::with("playground.greedy_of", &[("column", &(index + 1))]);
        let on = self.greedy;
        greedy.widget_info(|| egui::WidgetInfo::selected(egui::Role::CheckBox, true, on, &label));
        let current = voices.chosen(self.model.as_deref(), index);
        let name = current.map(|voice| voice.name.clone()).unwrap_or_default();
        let label = words::with("playground.model", &[("column", &(index + 1)), ("name", &name)]);
        let chosen = ComboBox::from_id_salt(("model", index))
            .width(ui.available_width())
            .truncate()
            .selected_text(&name)
            .show_ui(ui, |ui| {
                for voice in &voices.all {
                    let shown = current.is_some_and(|current| current.model == voice.model);
                    if ui.selectable_label(shown, &voice.name).clicked() {
                        self.model = Some(voice.model.clone());
                    }
                }
            });
        chosen.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, &label));
    }

    #[allow(clippy::cast_precision_loss)] // token counts
    fn summary(&self, ui: &mut Ui, asked: &Asked) {
        let count = self.tokens.len();
        let logprob: f64 = self.tokens.iter().map(|(_, logprob)| f64::from(*logprob)).sum();
        let per = if count == 0 { format::NOTHING.to_owned() } else { format::number(logprob / count as f64) };
        ui.small(words::with(
            "playground.summary",
            &[("count", &count), ("logprob", &format::number(logprob)), ("per", &per)],
        ));
        let by_itself = self.tokens.last().is_some_and(|(text, _)| text.is_empty());
        ui.small(if self.stopped {
            t("playground.stopped").to_owned()
        } else if by_itself {
            t("playground.ended").to_owned()
        } else if count < asked.chat.max_new_tokens {
            t("playground.full").to_owned()
        } else {
            words::with("playground.cut", &[("longest", &asked.chat.max_new_tokens)])
        });
    }

    /// The oracle's opinion, or that nobody has one.
    fn truth(&self, ui: &mut Ui) {
        let palette = theme::palette(ui);
        ui.add_space(theme::sizes().step);
        let Some(verdict) = self.verdict() else {
            ui.weak(t("playground.nobody_knows"));
            return;
        };
        let reward = words::with("playground.oracle", &[("reward", &format::number(verdict.reward))]);
        ui.strong(reward).on_hover_text(t("playground.oracle_hint"));
        ui.horizontal_wrapped(|ui| {
            for (demand, met) in &verdict.met {
                let (mark, color) = if *met { ("√", palette.good) } else { ("×", palette.bad) };
                let shown = ui.label(RichText::new(std::format!("{mark} {demand}")).monospace().color(color));
                let name = if *met {
                    words::with("playground.met", &[("what", demand)])
                } else {
                    words::with("playground.missed", &[("what", demand)])
                };
                shown.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &name));
            }
        });
    }
}
