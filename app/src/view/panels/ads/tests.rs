use egui::{Key, Role};
use egui_kittest::{
    Harness,
    kittest::{NodeT, Queryable},
};
use selfsame_core::{
    judge::Opinion,
    run::{Event, Record},
    world::ads::{Ad, Brief},
};

use super::*;
use crate::{
    engine::{Chat, Command, Rate},
    shelf::STARTER_HENRIES,
    view::{
        Action,
        panels::stage::{Stage, stage},
        session::Session,
    },
};

type Bench = Stage<AdsPanel>;

const AD: &str = "pace:high <scene> woman film red gold on white warm fear faces:1 clear Belado why-wait <scene> dog \
                  black on gray blue cool joy faces:0 busy untitled silent";

fn harness(sessions: Vec<Session>, size: [f32; 2]) -> Harness<'static, Bench> {
    let mut harness = stage(AdsPanel::ui, sessions, size);
    harness.run_steps(3);
    harness
}

fn go(harness: &mut Harness<'_, Bench>, part: Part) {
    harness.get_by_role_and_label(Role::RadioButton, part.title()).click();
    harness.run_steps(3);
}

/// What nodes of a role are called.
fn named(harness: &Harness<'_, Bench>, role: Role) -> Vec<String> {
    let name = |node: egui_kittest::Node<'_>| {
        // egui keeps the text of a label in its value.
        let node = node.accesskit_node();
        node.label().or_else(|| node.value())
    };
    harness.query_all_by_role(role).filter_map(name).collect()
}

/// What was sent since the last call.
fn sent(harness: &mut Harness<'_, Bench>) -> Vec<Command> {
    let actions = harness.state_mut().actions.drain(..);
    actions.filter_map(|action| if let Action::Send(command) = action { Some(command) } else { None }).collect()
}

fn chats(harness: &mut Harness<'_, Bench>) -> Vec<(u32, Chat)> {
    let chat = |command| if let Command::Chat { slot, chat } = command { Some((slot, chat)) } else { None };
    sent(harness).into_iter().filter_map(chat).collect()
}

fn rates(harness: &mut Harness<'_, Bench>) -> Vec<Rate> {
    let rate = |command| if let Command::Rate { rate, .. } = command { Some(rate) } else { None };
    sent(harness).into_iter().filter_map(rate).collect()
}

/// An opinion between two numbers of a hundred.
fn opinion(low: usize, high: usize) -> Opinion {
    let mut chances = vec![0.0; 100];
    (chances[low], chances[high]) = (0.5, 0.5);
    Opinion::new(chances)
}

fn say(harness: &mut Harness<'_, Bench>, ticket: u64, text: &str, done: bool) {
    let tokens: Vec<(String, f32)> = text.split_inclusive(' ').map(|word| (word.to_owned(), -0.5)).collect();
    harness.state_mut().panel.said(ticket, &tokens, done, None);
    harness.run_steps(3);
}

fn rate(harness: &mut Harness<'_, Bench>, ticket: u64, opinions: Vec<Opinion>, done: bool) {
    harness.state_mut().panel.rated(ticket, opinions, done, None);
    harness.run_steps(3);
}

/// A run of which only the first lines up to the measurement of an iteration have come.
fn live(until: u32) -> Session {
    let measured = |record: &Record| record.iteration == until && matches!(record.event, Event::Measured { .. });
    let mut records = recorded::ads::records();
    let end = records.iter().rposition(measured).unwrap();
    records.truncate(end + 1);
    let mut session = Session::new(3, "runs/seed-ads-live".to_owned(), true);
    session.extend(records);
    session.show(usize::MAX);
    session
}

#[test]
fn without_a_run_there_is_a_recorded_ad_and_the_viewers_are_said_to_be_simulated() {
    let mut harness = harness(Vec::new(), [1280.0, 2600.0]);
    harness.get_by_label_contains("the viewers who remember or forget are simulated");
    let pictures = named(&harness, Role::Figure);
    assert!(pictures.iter().any(|name| name.starts_with("Scene 1 of ")), "{pictures:?}");
    assert!(pictures.iter().any(|name| name.starts_with("Pace of the ad: ")), "{pictures:?}");
    let meters = named(&harness, Role::Meter);
    assert_eq!(meters.len(), 3, "{meters:?}");
    assert!(meters[0].starts_with("Henry: ") && meters[0].contains("most likely between"), "{meters:?}");
    assert!(meters[1].starts_with("Second Henry: ") && meters[2].starts_with("The truth: "), "{meters:?}");
    harness.get_by_label_contains("how undecided he is, not how wrong he can be");
    assert!(sent(&mut harness).is_empty(), "nothing is asked unasked");
}

#[test]
fn an_ad_grows_scene_by_scene_and_is_then_rated_by_both_henries() {
    let mut harness = harness(Vec::new(), [1280.0, 2600.0]);
    harness.get_by_label("Write ads").click();
    harness.run_steps(3);
    let asked = chats(&mut harness);
    let slots: Vec<u32> = asked.iter().map(|(slot, _)| *slot).collect();
    assert_eq!(slots, [FIRST_SLOT, FIRST_SLOT + work::SLOTS]);
    for (index, (_, chat)) in (1..).zip(&asked) {
        assert_eq!((chat.model.as_str(), chat.form.as_deref(), chat.seed), ("starter-ads", Some("ads"), index));
        assert!(Brief::parse(&chat.prompt).is_ok());
    }
    assert_eq!(harness.query_all_by_label(t("ads.writing")).count(), 2);
    let ticket = asked[0].1.ticket;
    let (first, second) = AD.split_once("<scene> dog").unwrap();
    say(&mut harness, ticket, &format!("{first}<scene> dog"), false);
    harness.get_by_label_contains("Scene 1 of 1: woman, film; red, gold on white; warm tone; fear; one face");
    say(&mut harness, ticket, second, true);
    harness.get_by_label_contains("Scene 2 of 2: dog; black on gray, blue; cool tone; joy; no face; busy picture");
    harness.get_by_label("Voice: “Why wait”");
    let asked = rates(&mut harness);
    let henries: Vec<&str> = asked.iter().map(|rate| rate.henry.as_str()).collect();
    assert_eq!(henries, STARTER_HENRIES);
    assert!(asked[0].texts[0].ends_with(&Ad::parse(AD).unwrap().tokens()));
    harness.get_by_label(t("ads.reading"));
    rate(&mut harness, asked[0].ticket, vec![opinion(20, 60)], true);
    rate(&mut harness, asked[1].ticket, vec![opinion(30, 30)], true);
    harness.get_by_label("Henry: 40 of 100 viewers, most likely between 20 and 61");
    harness.get_by_label_contains("Henry expects 40 of 100 viewers");
    // What comes for an ad that is not there any more is not taken.
    rate(&mut harness, 999, vec![opinion(99, 99)], true);
    harness.get_by_label("Henry: 40 of 100 viewers, most likely between 20 and 61");
}

#[test]
fn what_drives_a_score_stands_beside_the_truth() {
    let mut harness = harness(Vec::new(), [1280.0, 3400.0]);
    harness.get_by_label(t("ads.why")).click();
    harness.run_steps(3);
    let asked = rates(&mut harness);
    let [rating] = &asked[..] else { panic!("{asked:?}") };
    let all = rating.texts.len();
    assert!(rating.henry == STARTER_HENRIES[0] && all > 8);
    rate(&mut harness, rating.ticket, vec![opinion(50, 50); 4], false);
    harness.get_by_label_contains(&format!("4 of {all}"));
    // Every word less costs another point.
    let rest = (4..all).map(|index| opinion(50 - index.min(40), 50 - index.min(40))).collect();
    rate(&mut harness, rating.ticket, rest, true);
    let rows = named(&harness, Role::ListItem);
    assert!(rows.iter().any(|row| row.starts_with("Scene 1: Henry ")), "{rows:?}");
    assert!(rows.iter().filter(|row| row.contains(", ") && row.contains("the truth")).count() > 5, "{rows:?}");
    let figures = named(&harness, Role::Figure);
    assert!(figures.iter().any(|figure| figure.starts_with("Rank agreement of Henry with the truth: ")), "{figures:?}");
    harness.get_by_label(t("ads.terms"));
}

#[test]
fn every_word_has_its_share_beside_the_true_one() {
    let mut harness = harness(Vec::new(), [1280.0, 4200.0]);
    harness.get_by_label(t("ads.words")).click();
    harness.run_steps(3);
    let asked = rates(&mut harness);
    let [asked] = &asked[..] else { panic!("{asked:?}") };
    let own: Vec<&str> = asked.texts[0].split_whitespace().collect();
    assert!(asked.henry == STARTER_HENRIES[0] && asked.texts.len() > own.len());
    rate(&mut harness, asked.ticket, vec![opinion(50, 50); 4], false);
    harness.get_by_label_contains(&format!("4 of {}", asked.texts.len()));
    // Whoever has another pace is remembered less, and whoever has other faces more.
    let rest = asked.texts.iter().skip(4).map(|text| {
        let changed = text.split_whitespace().zip(&own).find(|(word, own)| word != *own).unwrap().1;
        let digits = if changed.starts_with("pace:") { 40 } else { 50 + usize::from(changed.starts_with("faces:")) };
        opinion(digits, digits)
    });
    rate(&mut harness, asked.ticket, rest.collect(), true);
    let rows = named(&harness, Role::ListItem);
    let of = |own: &str| rows.iter().filter(|row| row.starts_with(own)).collect::<Vec<_>>();
    let pace = own.iter().find(|word| word.starts_with("pace:")).unwrap();
    assert!(of(pace)[0].starts_with(&format!("{pace}: Henry +10.1 points, the truth ")), "{rows:?}");
    let faces = own.iter().filter(|word| word.starts_with("faces:")).count();
    assert!(
        of("faces:").len() == faces && of("faces:").iter().all(|row| row.contains("Henry -1.0 points")),
        "{rows:?}"
    );
    assert!(of("<scene>").iter().all(|row| row.ends_with("Henry 0.0 points, the truth 0.0")), "{rows:?}");
    let people = of("People: Henry ")[0];
    assert!(people.starts_with(&format!("People: Henry -{faces}")), "{people}");
    let figures = named(&harness, Role::Figure);
    // The strongest colour is the largest share there is, Henry's or the truth's.
    let shares = rows.iter().filter(|row| row.contains(" points, the truth "));
    let sizes = shares.flat_map(|row| row.split_whitespace().filter_map(|word| word.parse::<f64>().ok()));
    let largest = sizes.map(f64::abs).fold(0.0, f64::max);
    let legend = format!("Colours of the words: from -{largest:.1} points");
    assert!(largest >= 10.1 && figures.iter().any(|figure| figure.starts_with(&legend)), "{legend}: {figures:?}");
    assert!(harness.query_by_label(t("ads.words")).is_none(), "it is answered");
}

#[test]
fn a_problem_is_told_and_stopping_is_sent() {
    let mut harness = harness(Vec::new(), [1280.0, 1800.0]);
    harness.get_by_label("Write ads").click();
    harness.run_steps(3);
    let asked = chats(&mut harness);
    harness.state_mut().panel.said(asked[0].1.ticket, &[], true, Some("there are no weights in x".to_owned()));
    harness.run_steps(3);
    harness.get_by_label("× there are no weights in x");
    harness.get_by_label("Stop").click();
    harness.run_steps(3);
    assert_eq!(sent(&mut harness), [Command::Hush { slot: FIRST_SLOT + work::SLOTS }]);
    say(&mut harness, asked[1].1.ticket, "", true);
    harness.get_by_label("Stopped.");
}

#[test]
fn a_field_that_is_emptied_stays_empty_and_ads_stay_on_the_table() {
    let mut harness = harness(Vec::new(), [1280.0, 2600.0]);
    let field = |harness: &Harness<'_, Bench>| {
        harness.get_by_role_and_label(Role::TextInput, t("ads.brief_text")).value().unwrap_or_default()
    };
    assert!(Brief::parse(&field(&harness)).is_ok());
    harness.get_by_label("Write ads").click();
    harness.run_steps(3);
    harness.state_mut().panel.studio.set_text("");
    harness.run_steps(3);
    assert_eq!(field(&harness), "");
    assert_eq!(harness.query_all_by_label(t("ads.writing")).count(), 2);
}

#[test]
fn what_was_stopped_can_be_asked_again() {
    let mut harness = harness(Vec::new(), [1280.0, 3400.0]);
    harness.get_by_label(t("ads.why")).click();
    harness.run_steps(3);
    let ticket = rates(&mut harness)[0].ticket;
    assert!(harness.query_by_label(t("ads.why")).is_none(), "it is being answered");
    rate(&mut harness, ticket, vec![opinion(50, 50)], true);
    harness.get_by_label("Stopped.");
    harness.get_by_label(t("ads.why")).click();
    harness.run_steps(3);
    let again = rates(&mut harness);
    assert!(again.len() == 1 && again[0].ticket > ticket, "{again:?}");
    harness.get_by_label_contains("parts: 0 of ");
}

#[test]
fn another_run_has_other_pairs() {
    let other = live(1);
    let mut harness = harness(vec![live(2)], [1280.0, 2600.0]);
    go(&mut harness, Part::Blind);
    harness.key_press(Key::Num1);
    harness.run_steps(3);
    assert!(!named(&harness, Role::Meter).is_empty());
    let pairs = |harness: &Harness<'_, Bench>| {
        let label = named(harness, Role::Label).into_iter().find(|label| label.starts_with("Pair 1 of ")).unwrap();
        label.rsplit(' ').next().unwrap().parse::<usize>().unwrap()
    };
    let many = pairs(&harness);
    harness.state_mut().sessions = vec![other];
    harness.run_steps(3);
    assert!(named(&harness, Role::Meter).is_empty(), "nothing of it was guessed");
    assert!(pairs(&harness) < many);
}

#[test]
fn a_brief_is_chosen_from_lists_or_written() {
    let mut harness = harness(Vec::new(), [1280.0, 1800.0]);
    harness.state_mut().panel.studio.set_text("Belado entertainment pizza first-light 30s landscape <resp>");
    harness.run_steps(3);
    harness.get_by_label_contains("This is no brief: word 3 is `pizza`");
    harness.get_by_label("Write ads").click();
    harness.run_steps(3);
    assert!(sent(&mut harness).is_empty(), "nobody can write to it");
    harness.state_mut().panel.studio.set_text("Belado entertainment film first-light 30s landscape <resp>");
    harness.run_steps(3);
    harness.get_by_label("Product: film").click();
    harness.run_steps(3);
    harness.get_by_label("concert").click();
    harness.run_steps(3);
    harness.get_by_label("Product: concert");
    harness.get_by_label("Industry: entertainment").click();
    harness.run_steps(3);
    harness.get_by_label("finance").click();
    harness.run_steps(3);
    harness.get_by_label("Product: loan");
}

#[test]
fn before_and_after_are_lines_of_both_henries_and_the_truth() {
    let mut harness = harness(Vec::new(), [1280.0, 3400.0]);
    go(&mut harness, Part::Rounds);
    harness.get_by_label(t("ads.of_recorded"));
    harness.get_by_label_contains("points more of 100 viewers than is true");
    let charts = named(&harness, Role::Figure);
    let all = charts.iter().find(|chart| chart.starts_with(t("ads.all_briefs"))).unwrap();
    for line in ["Henry: ", "Second Henry: ", "The truth: "] {
        assert!(all.contains(line) && all.contains("(0)"), "{all}");
    }
    for heading in ["At the start", "After imitating the authors", "After round 1", "After round 3"] {
        harness.get_by_label(heading);
    }
    // Another brief has other ads.
    let before = named(&harness, Role::Figure);
    harness.get_by_label(t("ads.next")).click();
    harness.run_steps(3);
    assert_ne!(named(&harness, Role::Figure), before);
}

#[test]
fn a_run_that_goes_on_is_shown_as_far_as_it_is() {
    let mut harness = harness(vec![live(2)], [1280.0, 3400.0]);
    go(&mut harness, Part::Rounds);
    harness.get_by_label("The ads of seed-ads-live so far; it is still being computed.");
    harness.get_by_label("After round 1");
    assert!(harness.query_by_label("After round 2").is_none());
    // Before the Henries are taught there is nothing to compare with, and nothing to guess.
    let mut harness = self::harness(vec![live(0)], [1280.0, 2000.0]);
    go(&mut harness, Part::Rounds);
    harness.get_by_label(t("ads.not_measured"));
    harness.get_by_label("At the start");
    go(&mut harness, Part::Blind);
    harness.get_by_label(t("ads.no_pairs"));
}

#[test]
fn the_blind_test_is_taken_with_the_keyboard_and_counted() {
    let mut harness = harness(Vec::new(), [1280.0, 2600.0]);
    go(&mut harness, Part::Blind);
    harness.get_by_label("Ad A is remembered");
    assert!(named(&harness, Role::Meter).is_empty(), "nothing is given away");
    harness.key_press(Key::Num1);
    harness.run_steps(3);
    let meters = named(&harness, Role::Meter);
    // Three rows for each ad, three of the tally.
    assert_eq!(meters.len(), 9, "{meters:?}");
    let verdict = |harness: &Harness<'_, Bench>, who: &str| {
        let labels = named(harness, Role::Label);
        labels.into_iter().find(|label| label.starts_with(&format!("{who} said "))).unwrap()
    };
    let you = verdict(&harness, "You");
    assert!(you.starts_with("You said A: "), "{you}");
    let right = usize::from(you.ends_with("right"));
    harness.get_by_label_contains("More viewers remember ad ");
    assert!(meters.iter().any(|meter| *meter == format!("You: right {right} of 1 times")), "{meters:?}");
    harness.key_press(Key::Num2);
    harness.run_steps(2);
    assert_eq!(named(&harness, Role::Meter), meters, "a guess stands");
    harness.key_press(Key::N);
    harness.run_steps(3);
    harness.get_by_label_contains("Pair 2 of ");
    let first = harness.get_by_label("Ad A is remembered");
    assert!(first.is_focused(), "the next guess is where the keyboard is");
    harness.key_press(Key::Enter);
    harness.run_steps(3);
    assert!(named(&harness, Role::Meter).iter().any(|meter| meter.starts_with("You: right") && meter.contains("of 2")));
    harness.get_by_label(t("ads.again")).click();
    harness.run_steps(3);
    harness.get_by_label_contains("Pair 1 of ");
    harness.key_press(Key::Num1);
    harness.run_steps(3);
    assert_eq!(verdict(&harness, "You"), you, "the same pairs in the same order");
}

/// From a telephone to a wall nothing leaves the window.
#[test]
fn every_part_fits_at_every_width() {
    for width in [360.0, 620.0, 1280.0, 3840.0] {
        let mut harness = harness(Vec::new(), [width, 4200.0]);
        for part in Part::ALL {
            go(&mut harness, part);
            if part == Part::Blind {
                harness.key_press(Key::Num2);
                harness.run_steps(3);
            }
            for role in [Role::Label, Role::Heading, Role::Figure, Role::Meter, Role::Button, Role::ComboBox] {
                for node in harness.query_all_by_role(role) {
                    let rect = node.rect();
                    assert!(rect.right() <= width + 0.5, "{part:?} in {width}: {rect:?} {node:?}");
                }
            }
        }
    }
}

#[test]
fn the_keyboard_reaches_every_control() {
    let mut harness = harness(Vec::new(), [1280.0, 2600.0]);
    let mut reached = std::collections::BTreeSet::new();
    for _ in 0..40 {
        harness.key_press(Key::Tab);
        harness.run_steps(1);
        for role in [Role::Button, Role::RadioButton, Role::ComboBox, Role::SpinButton, Role::TextInput] {
            let focused = harness.query_all_by_role(role).filter(egui_kittest::Node::is_focused);
            reached.extend(focused.filter_map(|node| node.accesskit_node().label()));
        }
    }
    for control in ["Blind test", "Write ads", t("ads.why"), t("ads.ask_henry"), t("ads.take")] {
        assert!(reached.contains(control), "{control}: {reached:?}");
    }
    assert!(reached.iter().any(|label| label.starts_with("Brand: ")), "{reached:?}");
    // Whatever can be operated has a name.
    for role in [Role::Button, Role::RadioButton, Role::ComboBox] {
        for node in harness.query_all_by_role(role) {
            assert!(node.accesskit_node().label().is_some_and(|label| !label.is_empty()), "{node:?}");
        }
    }
}
