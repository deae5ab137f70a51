use clap::Parser;
use selfsame_core::recipe::claims::{studies, study};

use super::*;
use crate::cli::{Cli, Command};

fn args(line: &str) -> ReproduceArgs {
    let words = ["selfsame", "reproduce"].into_iter().chain(line.split_whitespace());
    match Cli::try_parse_from(words).unwrap().command {
        Some(Command::Reproduce(args)) => args,
        other => panic!("{other:?}"),
    }
}

fn planned(id: &str, line: &str) -> Vec<Planned> {
    let args = args(&format!("{id} {line}"));
    let model = args.model.first().map(PathBuf::as_path);
    Reproduction::new(study(id).unwrap(), &args, model, Path::new("out")).unwrap().planned().unwrap()
}

fn of<'a>(run: &'a Planned, name: &str) -> &'a toml::Value {
    name.split('.')
        .fold(None, |value: Option<&toml::Value>, part| {
            Some(value.map_or_else(|| &run.settings.parameters[part], |value| &value[part]))
        })
        .unwrap()
}

#[test]
fn every_arm_of_a_seed_comes_before_the_next_seed() {
    let runs = planned("cream", "--seeds 2");
    let folders: Vec<String> = runs.iter().map(|run| run.folder.display().to_string().replace('\\', "/")).collect();
    let expected = [
        "cream/cream/seed-1",
        "cream/no-consistency/seed-1",
        "cream/constant/seed-1",
        "cream/srlm/seed-1",
        "cream/cream/seed-2",
        "cream/no-consistency/seed-2",
        "cream/constant/seed-2",
        "cream/srlm/seed-2",
    ];
    assert_eq!(folders, expected);
    assert!(runs.iter().all(|run| run.args.out.as_deref() == Some(Path::new("out").join(&run.folder).as_path())));
    let later: Vec<u64> = planned("cream", "--seeds 4-5").iter().map(|run| run.seed).collect();
    assert_eq!(later, [4, 4, 4, 4, 5, 5, 5, 5]);
    let longer = planned("cream", "--seeds 1 --set loop.iterations=6 --as longer");
    assert_eq!(longer[1].folder, Path::new("cream/as-longer/no-consistency/seed-1"));
    let elsewhere = planned("cream", "--seeds 1 --model some/where/tuned");
    assert_eq!(elsewhere[1].folder, Path::new("cream/model-tuned/no-consistency/seed-1"));
}

#[test]
fn a_study_has_a_world_and_settings_of_its_own() {
    let runs = planned("dno-cyclic", "--seeds 1");
    assert_eq!(runs[0].folder, Path::new("dno-cyclic/dno/seed-1"));
    assert!(runs.iter().all(|run| run.args.world.as_deref() == Some("style-cyclic")), "its arms are in it too");
    let of_dno = |runs: &[Planned], name: &str| -> Vec<toml::Value> {
        runs.iter().filter(|run| run.args.recipe == "dno").map(|run| of(run, name).clone()).collect()
    };
    assert_eq!(of_dno(&runs, "floor"), vec![toml::Value::from(3); 4]);
    let annotated = of_dno(&runs, "annotated");
    assert_eq!(annotated.iter().filter(|value| value.as_str() == Some("preferences")).count(), 3, "one arm has scores");
    // What a person says counts more.
    let elsewhere = planned("dno-cyclic", "--seeds 1 --world style --set floor=2");
    assert_eq!(elsewhere[0].folder, Path::new("dno-cyclic/world-style/dno/seed-1"));
    assert_eq!(elsewhere[0].args.world.as_deref(), Some("style"));
    assert_eq!(of_dno(&elsewhere, "floor"), vec![toml::Value::from(2); 4]);
    for (id, world) in [("dno", "rules"), ("flr", "dialog"), ("seed-ads", "ads")] {
        let of_recipe = planned(id, "--seeds 1");
        assert!(of_recipe.iter().all(|run| run.args.world.as_deref() == Some(world)), "{id}");
    }
    assert_eq!(planned("flr", "--seeds 1 --world rules")[0].folder, Path::new("flr/world-rules/flr/seed-1"));
    assert_eq!(planned("flr", "--seeds 1 --world dialog")[0].folder, Path::new("flr/flr/seed-1"));
    assert_eq!(
        planned("dno", "--seeds 1 --world style-cyclic")[0].folder,
        Path::new("dno/world-style-cyclic/dno/seed-1")
    );
}

#[test]
fn settings_reach_the_baselines_and_controls_only_what_compares_with_them() {
    for run in planned("cream", "--seeds 1 --quick --set loop.beta=0.3 --set options.held_out=7") {
        assert_eq!(of(&run, "loop.beta").as_float(), Some(0.3), "{:?}", run.arm);
        assert_eq!(of(&run, "loop.prompts").as_integer(), Some(48));
        assert_eq!(run.settings.options["held_out"].as_integer(), Some(7));
        assert_eq!(run.settings.options["controls"].as_bool(), Some(false));
        assert_eq!(run.args.recipe == "cream", run.settings.parameters.contains_key("consistency"));
    }
    let srlm = planned("srlm", "--seeds 1");
    assert_eq!(srlm[0].settings.options["controls"].as_bool(), Some(true));
}

#[test]
fn every_study_can_be_planned_at_both_sizes() {
    for study in studies() {
        for line in ["", "--quick"] {
            let runs = planned(study.id, line);
            assert_eq!(runs.len(), 5 * (1 + study.arms.len()));
            for run in runs {
                by_id(&run.args.recipe).unwrap().check(&run.settings.parameters).unwrap();
                run.settings.typed_options().unwrap();
            }
        }
    }
}

#[test]
fn what_cannot_be_asked_for_is_refused() {
    let seeds = ["0", "101", "0-3", "5-4", "2-", "-3", "1-101", "x"].map(|seeds| format!("cream --seeds={seeds}"));
    let others = ["", "cream --all", "cream --jobs 0", "cream --world nowhere", "cream --as=../x", "cream --as=x."];
    let others = others.map(str::to_owned);
    for line in seeds.into_iter().chain(others) {
        let words = ["selfsame", "reproduce"].into_iter().chain(line.split_whitespace());
        assert!(Cli::try_parse_from(words).is_err(), "{line:?}");
    }
    let args = args("cream --set no.such=1");
    assert!(Reproduction::new(study("cream").unwrap(), &args, None, Path::new("out")).is_err());
}
