//! Who lives in the world: user types with weights of their own, and what all of them together prefer.

use super::attributes::Attributes;

/// How sure a user is: the log-odds of a choice are so many times the difference in utility.
const SHARPNESS: f64 = 20.0;

/// What every user gives to doing as asked. The rest is taste.
const OBEDIENCE: f64 = 0.4;

/// Users of three types in equal parts. A user's utility is linear in the attributes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Population {
    users: [Attributes; 3],
}

impl Population {
    /// A user who likes it short, one who likes it rich, one who likes animals.
    pub(super) const PLURAL: Self = Self {
        users: [
            Attributes { brevity: 0.4, plainness: 0.2, ..obedient() },
            Attributes { variety: 0.3, plainness: 0.3, ..obedient() },
            Attributes { animals: 0.4, plants: 0.2, ..obedient() },
        ],
    };

    /// Each user has a first, a second and a last among the classes of words, turned by one from user to user
    /// (Condorcet 1785). Two of three prefer animals to plants, two plants to weather, two weather to animals; and
    /// since every class is first, second and last once, the mean utility of all texts that do as asked is the same.
    pub(super) const CYCLIC: Self = Self {
        users: [
            Attributes { animals: 0.6, plants: 0.3, ..obedient() },
            Attributes { plants: 0.6, weather: 0.3, ..obedient() },
            Attributes { weather: 0.6, animals: 0.3, ..obedient() },
        ],
    };

    /// The utility of an answer to each user.
    #[must_use]
    pub fn utilities(&self, attributes: &Attributes) -> [f64; 3] {
        self.users.map(|weights| attributes.weighted(&weights))
    }

    /// The mean utility of an answer.
    #[must_use]
    pub fn mean(&self, attributes: &Attributes) -> f64 {
        self.utilities(attributes).iter().sum::<f64>() / 3.0
    }

    /// The probability that each user chooses the first of two answers: the logistic function of
    /// `SHARPNESS` times the difference in utility.
    #[must_use]
    pub fn choices(&self, [first, second]: [&Attributes; 2]) -> [f64; 3] {
        let (first, second) = (self.utilities(first), self.utilities(second));
        std::array::from_fn(|user| 1.0 / (1.0 + (SHARPNESS * (second[user] - first[user])).exp()))
    }

    /// The probability that a user drawn evenly chooses the first of two answers.
    #[must_use]
    pub fn prefers(&self, answers: [&Attributes; 2]) -> f64 {
        self.choices(answers).iter().sum::<f64>() / 3.0
    }
}

const fn obedient() -> Attributes {
    Attributes {
        obedience: OBEDIENCE,
        brevity: 0.0,
        plainness: 0.0,
        variety: 0.0,
        animals: 0.0,
        plants: 0.0,
        weather: 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pure(class: usize) -> Attributes {
        let share = |of| f64::from(u8::from(of == class));
        Attributes { obedience: 1.0, animals: share(0), plants: share(1), weather: share(2), ..Attributes::default() }
    }

    #[test]
    fn two_of_three_prefer_each_class_to_the_next() {
        let logistic = |x: f64| 1.0 / (1.0 + (-x).exp());
        // Two users see a difference of 0.3 in its favour, one of 0.6 against it.
        let expected = (2.0 * logistic(6.0) + logistic(-12.0)) / 3.0;
        for class in 0..3 {
            let pair = [&pure(class), &pure((class + 1) % 3)];
            let found = Population::CYCLIC.prefers(pair);
            assert!((found - expected).abs() < 1e-12 && found > 0.66, "{found} instead of {expected}");
            assert!((Population::CYCLIC.mean(pair[0]) - Population::CYCLIC.mean(pair[1])).abs() < 1e-12);
        }
    }

    #[test]
    fn all_prefer_who_does_as_asked() {
        let (good, bad) = (pure(0), Attributes { obedience: 0.5, ..pure(0) });
        // 20 times 0.4 times a half.
        let expected = 1.0 / (1.0 + (-4.0_f64).exp());
        for population in [Population::PLURAL, Population::CYCLIC] {
            assert!((population.prefers([&good, &bad]) - expected).abs() < 1e-12);
            assert!((population.prefers([&bad, &good]) + population.prefers([&good, &bad]) - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn utilities_by_hand() {
        let short = Attributes { obedience: 0.5, brevity: 0.75, plainness: 0.5, variety: 1.0, ..Attributes::default() };
        let found = Population::PLURAL.utilities(&short);
        for (found, expected) in found.iter().zip([0.2 + 0.3 + 0.1, 0.2 + 0.3 + 0.15, 0.2]) {
            assert!((found - expected).abs() < 1e-12, "{found}");
        }
        assert!((Population::PLURAL.mean(&short) - 1.45 / 3.0).abs() < 1e-12);
    }
}
