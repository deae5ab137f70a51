//! Policies as players: who wins how often against whom, by the truth.

use super::oracle::OracleKey;
use crate::{
    prompt::Prompt,
    rng::{Purpose, Stream},
    select::Pair,
    world::{Split, World},
};

/// The answers of a player: for each prompt some texts.
pub(crate) type Play = Vec<Vec<String>>;

/// The mean probability that an answer of the first player is preferred to one of the second.
#[allow(clippy::cast_precision_loss)] // pair counts
pub(crate) fn win_rate(world: &dyn World, prompts: &[Prompt], first: &Play, second: &Play) -> f64 {
    let key = OracleKey::new();
    let mut wins = Vec::new();
    for ((prompt, first), second) in prompts.iter().zip(first).zip(second) {
        for a in first {
            wins.extend(second.iter().map(|b| world.prefer(&key, &prompt.text, [a, b])));
        }
    }
    if wins.is_empty() { 0.5 } else { wins.iter().sum::<f64>() / wins.len() as f64 }
}

/// The world's own players who know how to exploit its preferences, by name; the same in every iteration.
pub(crate) fn rivals(world: &dyn World, seed: u64, prompts: &[Prompt]) -> Vec<(&'static str, Play)> {
    let key = OracleKey::new();
    let mut players: Vec<(&'static str, Play)> = Vec::new();
    for (index, prompt) in prompts.iter().enumerate() {
        let mut stream = Stream::new(seed, Purpose::Measure, 0, 1 << 32 | index as u64);
        for (name, text) in world.rivals(&key, &prompt.text, &mut stream) {
            match players.iter_mut().find(|(known, _)| *known == name) {
                Some((_, play)) => play.push(vec![text]),
                None => players.push((name, vec![vec![text]])),
            }
        }
    }
    players
}

/// Whether the world has players of its own: measuring a policy there is measuring it as a player too.
/// One prompt says it, where there are any.
pub(crate) fn has_rivals(world: &dyn World, seed: u64, held_out: usize) -> bool {
    !rivals(world, seed, &world.prompts(seed, Split::HeldOut, held_out.min(1))).is_empty()
}

/// How often opinions about pairs are on the side of the truth; pairs of equal answers are left out, and an opinion
/// that takes no side is half right. `None` without pairs.
#[allow(clippy::cast_precision_loss)] // pair counts
pub(crate) fn accuracy(world: &dyn World, pairs: &[Pair], opinions: &[f32]) -> Option<f64> {
    let key = OracleKey::new();
    let right: Vec<f64> = pairs
        .iter()
        .zip(opinions)
        .filter_map(|(pair, opinion)| {
            let truth = world.margin(&key, &pair.text, [&pair.answers[0].text, &pair.answers[1].text]);
            let side = f64::from(*opinion) - 0.5;
            let right = if side == 0.0 { 0.5 } else { f64::from(u8::from((side > 0.0) == (truth > 0.0))) };
            (truth != 0.0).then_some(right)
        })
        .collect();
    (!right.is_empty()).then(|| right.iter().sum::<f64>() / right.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::{rules::Rules, style::Style};

    #[test]
    fn rivals_go_round_in_a_circle_and_do_as_asked() {
        let world = Style::cyclic();
        let prompts = world.prompts(1, Split::HeldOut, 60);
        let players = rivals(&world, 1, &prompts);
        let names: Vec<&str> = players.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["animals", "plants", "weather"]);
        for player in 0..3 {
            let rate = win_rate(&world, &prompts, &players[player].1, &players[(player + 1) % 3].1);
            assert!(rate > 0.6, "{} wins {rate}", names[player]);
            let itself = win_rate(&world, &prompts, &players[player].1, &players[player].1);
            assert!((itself - 0.5).abs() < 1e-12);
        }
        assert_eq!(players, rivals(&world, 1, &prompts));
        assert!(rivals(&Rules, 1, &prompts).is_empty(), "rewards say everything");
        assert!(has_rivals(&world, 1, prompts.len()) && !has_rivals(&Rules, 1, prompts.len()));
        assert!(!has_rivals(&world, 1, 0), "nobody is asked");
    }

    #[test]
    fn the_larger_reward_always_wins_in_rules() {
        let prompts = [Prompt { id: "p".to_owned(), text: "must:fox last:owl <resp>".to_owned() }];
        let play = |texts: &[&str]| vec![texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>()];
        // fox owl beats both, the fox beats the sun.
        let rate = win_rate(&Rules, &prompts, &play(&["fox owl", "the fox"]), &play(&["the fox", "the sun"]));
        assert!((rate - (1.0 + 1.0 + 0.5 + 1.0) / 4.0).abs() < 1e-12, "{rate}");
    }
}
