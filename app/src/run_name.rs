//! What runs are called where nobody says otherwise.

use crate::format;

/// The folder that new runs go to.
pub const RUNS: &str = "runs";

/// The name of a run that begins now: `RECIPE-seedSEED-TIME`.
#[must_use]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // times are positive
pub fn new_name(recipe: &str, seed: u64) -> String {
    named(recipe, seed, format::now() as u64)
}

fn named(recipe: &str, seed: u64, seconds: u64) -> String {
    format!("{recipe}-seed{seed}-{}", format::timestamp(seconds))
}

/// The part of a run's name that says when it began, by which names can be sorted. Of a name that somebody chose it is
/// what begins with the last hyphen but one, or all.
#[must_use]
pub fn time_of(name: &str) -> &str {
    let at = name.match_indices('-').rev().nth(1).map_or(0, |(at, _)| at);
    &name[at..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_runs_and_when_it_began() {
        // `date -u -d @1795468500`.
        let name = named("self-rewarding-ads", 7, 1_795_468_500);
        assert_eq!(name, "self-rewarding-ads-seed7-20261123-211500");
        assert_eq!(time_of(&name), "-20261123-211500");
        assert_eq!((time_of("mine"), time_of("my-run")), ("mine", "my-run"));
    }

    #[test]
    fn names_are_sorted_by_their_times() {
        let mut names = [named("srlm", 1, 200_000_000), named("dpo", 12, 300_000_000), named("zero", 3, 100_000_000)];
        names.sort_by(|a, b| time_of(b).cmp(time_of(a)));
        assert_eq!(names.map(|name| name[..3].to_owned()), ["dpo", "srl", "zer"]);
    }
}
