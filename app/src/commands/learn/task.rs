//! What is minimised, from the arguments and the type of the data.

use selfsame_core::{
    learn::{
        loss::{Mix, PairLoss, PairObjective, UnpairedLoss, UnpairedObjective},
        tune::Task,
    },
    prompt::dataset::Kind,
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Error, Result,
    cli::{Assignment, LearnArgs},
    settings::{assign, parse},
};

/// An objective by its name.
pub(super) enum Asked {
    /// Over pairs: a mix of losses, or cross-entropy.
    Pairs(Mix),
    /// Over single answers.
    Unpaired(UnpairedLoss),
}

impl Asked {
    /// `NAME[=WEIGHT],...` as a mix of losses, or the name of a loss over single answers.
    ///
    /// # Errors
    /// Says what is wrong with a name or a weight.
    pub(super) fn parse(text: &str) -> Result<Self> {
        match text.trim().parse() {
            Ok(loss) => Ok(Self::Unpaired(loss)),
            Err(_) => Ok(Self::Pairs(text.replace(',', "+").replace('=', ":").parse()?)),
        }
    }

    /// What rows have to be for it; cross-entropy learns from several kinds.
    fn wanted(&self) -> Option<Kind> {
        match self {
            Self::Pairs(mix) if mix.terms().iter().all(|(loss, _)| *loss == PairLoss::Sft) => None,
            Self::Pairs(_) => Some(Kind::Preference),
            Self::Unpaired(_) => Some(Kind::UnpairedPreference),
        }
    }
}

/// What the rows have to be: what was asked for, else what the objective learns from.
pub(super) fn wanted(args: &LearnArgs, asked: Option<&Asked>) -> Option<Kind> {
    args.data.wanted().or_else(|| asked.and_then(Asked::wanted))
}

/// The task for a type of data.
///
/// # Errors
/// If the objective does not learn from such data, or something was asked for that would change nothing.
pub(super) fn task(args: &LearnArgs, asked: Option<Asked>, kind: Kind) -> Result<Task> {
    let sft = |mix: &Mix| mix.terms() == [(PairLoss::Sft, 1.0)];
    let mix = match (kind, asked) {
        (Kind::UnpairedPreference, None) => return unpaired(args, UnpairedLoss::default()),
        (Kind::UnpairedPreference, Some(Asked::Unpaired(loss))) => return unpaired(args, loss),
        (_, Some(Asked::Unpaired(loss))) => {
            return Err(Error::told(format!(
                "the objective `{loss}` learns from single answers with labels, and {} is {}",
                args.data.data.display(),
                kind.data_set()
            )));
        }
        (_, Some(Asked::Pairs(mix))) => Some(mix),
        (_, None) => None,
    };
    match kind {
        Kind::Preference | Kind::ImplicitPreference => {
            let objective = PairObjective {
                loss_type: mix.unwrap_or_default(),
                beta: args.beta.unwrap_or(PairObjective::default().beta),
                label_smoothing: args.label_smoothing.unwrap_or(0.0),
                ..PairObjective::default()
            };
            let objective = with_parts(objective, &args.set)?;
            objective.check()?;
            Ok(Task::Pairs(objective))
        }
        Kind::PromptCompletion | Kind::LanguageModelling => match mix {
            Some(mix) if !sft(&mix) => Err(Error::told(format!(
                "the objective `{mix}` learns from preferences, and {} is {}; use `--objective sft`",
                args.data.data.display(),
                kind.data_set()
            ))),
            None | Some(_) => completions(args, kind),
        },
        Kind::UnpairedPreference => Err(Error::told(format!(
            "{} is {}; use `--objective kto` or `apo_zero_unpaired`",
            args.data.data.display(),
            kind.data_set()
        ))),
        Kind::PromptOnly => Err(Error::told(format!(
            "{} is {}, and there is no answer to learn from in it",
            args.data.data.display(),
            kind.data_set()
        ))),
    }
}

/// The task of completions, in which nothing of an objective is left to choose.
fn completions(args: &LearnArgs, kind: Kind) -> Result<Task> {
    let given = [
        ("--beta", args.beta.is_some()),
        ("--label-smoothing", args.label_smoothing.is_some()),
        ("--set", !args.set.is_empty()),
    ];
    match given.into_iter().find(|(_, given)| *given) {
        Some((flag, _)) => Err(Error::told(format!(
            "{flag} changes objectives on preferences and on single answers, and {} is {}; leave it out",
            args.data.data.display(),
            kind.data_set()
        ))),
        None => Ok(Task::Completions),
    }
}

/// The task of single answers.
fn unpaired(args: &LearnArgs, loss_type: UnpairedLoss) -> Result<Task> {
    if args.label_smoothing.is_some() {
        return Err(Error::told(format!("--label-smoothing changes nothing in `{loss_type}`; leave it out")));
    }
    let usual = UnpairedObjective::default();
    let objective = UnpairedObjective { loss_type, beta: args.beta.unwrap_or(usual.beta), ..usual };
    let objective = changed(&objective, &args.set)?;
    objective.check()?;
    Ok(Task::Unpaired(objective))
}

/// Parts of objectives that have a flag of their own.
const FLAGS: [(&str, &str); 3] =
    [("loss_type", "--objective"), ("beta", "--beta"), ("label_smoothing", "--label-smoothing")];

/// An objective with parts of it changed, by their names.
fn changed<T: Serialize + DeserializeOwned>(objective: &T, parts: &[Assignment]) -> Result<T> {
    let failed = |e: String| Error::told(format!("the objective cannot be changed like this: {}", e.trim()));
    let mut table = toml::Table::try_from(objective).map_err(|e| failed(e.to_string()))?;
    for (index, Assignment { key, value }) in parts.iter().enumerate() {
        if let Some((_, flag)) = FLAGS.iter().find(|(part, _)| part == key) {
            return Err(Error::told(format!(
                "`{key}` has a flag of its own; write `{flag} {value}` instead of `--set {key}={value}`"
            )));
        }
        if parts.iter().take(index).any(|other| other.key == *key) {
            return Err(Error::told(format!("--set gives `{key}` twice; leave one of the two out")));
        }
        assign(&mut table, key, parse(value), "", "`selfsame learn --help` names them")?;
    }
    table.try_into().map_err(|e: toml::de::Error| failed(e.message().to_owned()))
}

/// [`changed`] for an objective on pairs, one part of which is absent until it is set.
fn with_parts(objective: PairObjective, parts: &[Assignment]) -> Result<PairObjective> {
    let asked = parts.iter().any(|part| part.key == "ld_alpha");
    let whole = PairObjective { ld_alpha: Some(1.0), ..objective };
    let whole = changed(&whole, parts)?;
    Ok(if asked { whole } else { PairObjective { ld_alpha: None, ..whole } })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn of(more: &[&str], kind: Kind) -> Result<Task> {
        let line = ["selfsame", "learn", "--data", "rows.jsonl", "--out", "out"];
        let Some(Command::Learn(args)) = Cli::try_parse_from(line.iter().chain(more)).unwrap().command else {
            panic!("{more:?}")
        };
        let asked = args.objective.as_deref().map(Asked::parse).transpose()?;
        task(&args, asked, kind)
    }

    #[test]
    fn what_would_change_nothing_is_refused() {
        let (pairs, thumbs, rows) = (Kind::Preference, Kind::UnpairedPreference, Kind::PromptCompletion);
        for (more, kind, words) in [
            (
                &["--label-smoothing", "0.1"][..],
                rows,
                &["--label-smoothing", "a prompt-completion data set", "leave it out"][..],
            ),
            (&["--beta", "5"], rows, &["--beta", "a prompt-completion data set"]),
            (&["--set", "ld_alpha=1"], Kind::LanguageModelling, &["--set", "a language-modelling data set"]),
            (&["--label-smoothing", "0.1"], thumbs, &["--label-smoothing", "`kto`"]),
            (&["--set", "simpo_gamma=3"], pairs, &["`simpo_gamma`", "changes nothing in `sigmoid`"]),
            (&["--set", "f_alpha_divergence_coef=0.9"], pairs, &["`f_alpha_divergence_coef`", "alpha_divergence"]),
            (
                &["--objective", "ipo", "--set", "discopop_tau=1"],
                pairs,
                &["`discopop_tau`", "changes nothing in `ipo`"],
            ),
            (&["--set", "loss_type=hinge"], pairs, &["`loss_type`", "`--objective hinge`"]),
            (&["--beta", "0.2", "--set", "beta=.7"], pairs, &["`beta`", "`--beta .7`"]),
            (&["--set", "beta=.7"], thumbs, &["`beta`", "`--beta .7`"]),
            (&["--set", "ld_alpha=0.5", "--set", "ld_alpha=0.2"], pairs, &["`ld_alpha` twice"]),
            (&["--objective", "kto"], pairs, &["`kto`", "is a preference data set"]),
            (&["--objective", "sigmoid"], thumbs, &["is an unpaired-preference data set"]),
        ] {
            let said = of(more, kind).unwrap_err().to_string();
            for word in words {
                assert!(said.contains(word), "{more:?}: {word:?} is not in: {said}");
            }
        }
    }

    #[test]
    fn flags_and_parts_make_the_objective() {
        let Task::Pairs(objective) = of(&["--beta", "0.5", "--set", "ld_alpha=0.25"], Kind::Preference).unwrap() else {
            panic!("no pairs")
        };
        assert_eq!(objective, PairObjective { beta: 0.5, ld_alpha: Some(0.25), ..PairObjective::default() });
        let asked = ["--objective", " apo_zero_unpaired", "--set", "desirable_weight=2"];
        let expected = UnpairedObjective {
            loss_type: UnpairedLoss::ApoZeroUnpaired,
            desirable_weight: 2.0,
            ..UnpairedObjective::default()
        };
        assert_eq!(of(&asked, Kind::UnpairedPreference).unwrap(), Task::Unpaired(expected));
        assert_eq!(of(&["--objective", "sft"], Kind::PromptCompletion).unwrap(), Task::Completions);
    }

    #[test]
    fn names_of_losses_that_are_not_one_are_answered_with_what_is_meant() {
        for (name, words) in [
            ("dpo", "did you mean `sigmoid`?"),
            ("SIGMOID", "did you mean `sigmoid`?"),
            ("Kto", "did you mean `kto`?"),
            ("kto,sigmoid", "`kto` is a loss over single answers, each called good or bad: it cannot be mixed"),
            ("sigmoid=0.5,kto=0.5", "it cannot be mixed"),
        ] {
            let said = of(&["--objective", name], Kind::Preference).unwrap_err().to_string();
            assert!(said.contains(words), "{name}: {said}");
        }
    }
}
