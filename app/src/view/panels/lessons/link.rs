//! Links in lessons that drive the window.

use selfsame_core::recipe::by_id;

use crate::{
    engine::{Command, Request},
    view::{
        Action, Scene,
        panels::Panel,
        session::{Session, State},
        words::t,
    },
};

/// How all of them begin.
const SCHEME: &str = "selfsame:";

/// What a link does.
#[derive(Debug, Clone, PartialEq)]
pub enum Link {
    /// `go/judges`: go to a panel.
    Go(Panel),
    /// `seek/50%`: show this share of the log.
    Seek(f64),
    /// `play`: play the run.
    Play,
    /// `pause`: stop playing.
    Pause,
    /// `run/scir`: begin a run of a recipe with all defaults.
    Run(String),
}

impl Link {
    /// Reads an address.
    pub fn parse(address: &str) -> Option<Self> {
        let command = address.strip_prefix(SCHEME)?;
        match command.split_once('/') {
            None if command == "play" => Some(Self::Play),
            None if command == "pause" => Some(Self::Pause),
            Some(("go", panel)) => Panel::by_id(panel).map(Self::Go),
            Some(("seek", share)) => {
                let percent: f64 = share.strip_suffix('%')?.parse().ok()?;
                (0.0..=100.0).contains(&percent).then_some(Self::Seek(percent / 100.0))
            }
            Some(("run", recipe)) => by_id(recipe).ok().map(|_| Self::Run(recipe.to_owned())),
            _ => None,
        }
    }

    /// What it asks of the laboratory.
    pub fn actions(&self, scene: &Scene<'_>) -> Vec<Action> {
        let of_run = |make: &dyn Fn(&Session) -> Vec<Action>| {
            scene.current.map_or_else(|| vec![Action::Notice(t("lessons.needs_run").to_owned())], make)
        };
        match self {
            Self::Go(panel) => vec![Action::Go(*panel)],
            Self::Seek(share) => of_run(&|session| vec![Action::Seek(session.run, line(*share, session.position().1))]),
            Self::Play => of_run(&|session| vec![Action::Play(session.run, true), Action::Go(Panel::Iterations)]),
            Self::Pause => of_run(&|session| vec![Action::Play(session.run, false)]),
            Self::Run(recipe) => {
                if scene.sessions.iter().any(|s| matches!(s.state, State::Running | State::Stopping)) {
                    return vec![Action::Notice(t("lessons.busy").to_owned())];
                }
                let request = Request::new(recipe);
                vec![Action::Send(Command::Start { request }), Action::Go(Panel::Iterations)]
            }
        }
    }
}

/// The line of a log at a share of it; at least the first.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)] // line counts
fn line(share: f64, all: usize) -> usize {
    ((share * all as f64).round() as usize).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::tests::synthetic;

    #[test]
    fn addresses_are_read_and_wrong_ones_are_not() {
        assert_eq!(Link::parse("selfsame:go/judges"), Some(Link::Go(Panel::Judges)));
        assert_eq!(Link::parse("selfsame:seek/25%"), Some(Link::Seek(0.25)));
        assert_eq!(Link::parse("selfsame:play"), Some(Link::Play));
        assert_eq!(Link::parse("selfsame:pause"), Some(Link::Pause));
        assert_eq!(Link::parse("selfsame:run/scir"), Some(Link::Run("scir".to_owned())));
        for wrong in [
            "https://example.org",
            "selfsame:go/nowhere",
            "selfsame:seek/25",
            "selfsame:seek/101%",
            "selfsame:seek/NaN%",
            "selfsame:run/nothing",
            "selfsame:stop",
            "play",
        ] {
            assert_eq!(Link::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn links_become_actions_of_the_shown_run() {
        let session = Session::film(7, "runs/x".to_owned(), synthetic());
        let all = session.position().1;
        let mut actions = Vec::new();
        let scene = Scene { sessions: &[], current: Some(&session), actions: &mut actions };
        assert_eq!(Link::Seek(0.5).actions(&scene), [Action::Seek(7, all.div_ceil(2))]);
        assert_eq!(Link::Seek(0.0).actions(&scene), [Action::Seek(7, 1)]);
        assert_eq!(Link::Seek(1.0).actions(&scene), [Action::Seek(7, all)]);
        assert_eq!(Link::Play.actions(&scene)[0], Action::Play(7, true));
        assert_eq!(Link::Pause.actions(&scene), [Action::Play(7, false)]);
    }

    #[test]
    fn without_a_run_it_is_said_and_a_second_run_is_not_begun() {
        let mut actions = Vec::new();
        let scene = Scene { sessions: &[], current: None, actions: &mut actions };
        for link in [Link::Seek(0.5), Link::Play, Link::Pause] {
            assert!(matches!(link.actions(&scene)[..], [Action::Notice(_)]));
        }
        let begun = Link::Run("scir".to_owned()).actions(&scene);
        assert_eq!(begun[0], Action::Send(Command::Start { request: Request::new("scir") }));
        let running = [Session::new(1, "runs/y".to_owned(), true)];
        let mut actions = Vec::new();
        let scene = Scene { sessions: &running, current: None, actions: &mut actions };
        assert!(matches!(Link::Run("scir".to_owned()).actions(&scene)[..], [Action::Notice(_)]));
    }
}
