//! The closed vocabulary of the world: every choice an ad can make is a word.

use serde::{Deserialize, Serialize};

/// An enum whose variants are words of the token form.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $(#[doc = concat!("`", $word, "`.")] #[serde(rename = $word)] $variant),+
        }

        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its word in the token form.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The one of a word.
            #[must_use]
            pub fn of(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.word() == word)
            }
        }
    };
}

words! {
    /// What a brand sells.
    Industry {
        Food = "food", Entertainment = "entertainment", Technology = "technology", Cars = "cars",
        Fashion = "fashion", Beauty = "beauty", Health = "health", Finance = "finance", Travel = "travel",
        Home = "home",
    }
}

words! {
    /// What an ad is for: four products of each industry, in the order of the industries.
    Product {
        Pizza = "pizza", Coffee = "coffee", Noodles = "noodles", Chocolate = "chocolate",
        Film = "film", Game = "game", Series = "series", Concert = "concert",
        Phone = "phone", Laptop = "laptop", Headphones = "headphones", Camera = "camera",
        Sedan = "sedan", Van = "van", Scooter = "scooter", Tyres = "tyres",
        Sneakers = "sneakers", Jacket = "jacket", Jeans = "jeans", Watch = "watch",
        Perfume = "perfume", Lipstick = "lipstick", Shampoo = "shampoo", Cream = "cream",
        Vitamins = "vitamins", Toothpaste = "toothpaste", Glasses = "glasses", Massage = "massage",
        Loan = "loan", Insurance = "insurance", Card = "card", Fund = "fund",
        Flight = "flight", Hotel = "hotel", Cruise = "cruise", Train = "train",
        Sofa = "sofa", Lamp = "lamp", Paint = "paint", Mattress = "mattress",
    }
}

/// Products of one industry.
pub const PRODUCTS_EACH: usize = 4;

impl Industry {
    /// Its products.
    #[must_use]
    pub fn products(self) -> &'static [Product] {
        Product::ALL.chunks(PRODUCTS_EACH).nth(self as usize).unwrap_or_default()
    }
}

words! {
    /// What an ad is called.
    Title {
        FirstLight = "first-light", SecondChance = "second-chance", OneMore = "one-more", LongWay = "the-long-way",
        BigDay = "the-big-day", SmallThings = "small-things", NoLimits = "no-limits", AfterHours = "after-hours",
        ComeHome = "come-home", WakeUp = "wake-up", OurStory = "our-story", TheSwitch = "the-switch",
        BetterTogether = "better-together", NightShift = "night-shift", FreshStart = "fresh-start",
        TheLetter = "the-letter",
    }
}

words! {
    /// How the picture is held.
    Orientation { Landscape = "landscape", Portrait = "portrait", Square = "square" }
}

words! {
    /// How fast an ad cuts.
    Pace { Low = "pace:low", Medium = "pace:medium", High = "pace:high" }
}

words! {
    /// Something that a scene shows, besides products.
    Thing {
        Woman = "woman", Man = "man", Child = "child", Couple = "couple", Crowd = "crowd",
        Dog = "dog", Cat = "cat", Bird = "bird", Horse = "horse",
        Street = "street", Kitchen = "kitchen", Beach = "beach", Office = "office", Forest = "forest",
        Stage = "stage", Garden = "garden", Rain = "rain",
        Table = "table", Window = "window", Box = "box", Sign = "sign", Door = "door",
        Runs = "runs", Laughs = "laughs", Dances = "dances", Sleeps = "sleeps", Waits = "waits", Shouts = "shouts",
    }
}

impl Thing {
    /// Whether it is one person or several.
    #[must_use]
    pub const fn is_person(self) -> bool {
        matches!(self, Self::Woman | Self::Man | Self::Child | Self::Couple | Self::Crowd)
    }
}

words! {
    /// A colour.
    Color {
        Red = "red", Orange = "orange", Yellow = "yellow", Green = "green", Blue = "blue", Purple = "purple",
        Pink = "pink", Brown = "brown", Black = "black", White = "white", Gray = "gray", Gold = "gold",
    }
}

words! {
    /// The dominant tone of a scene's colours.
    Tone { Warm = "warm", Neutral = "neutral", Cool = "cool" }
}

words! {
    /// What a scene makes one feel; `flat` is nothing in particular.
    Emotion {
        Joy = "joy", Love = "love", Pride = "pride", Calm = "calm", Fun = "fun", Hope = "hope",
        Fear = "fear", Anger = "anger", Sadness = "sadness", Danger = "danger", Pain = "pain", Guilt = "guilt",
        Flat = "flat",
    }
}

/// Whether a feeling is a good one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Valence {
    /// Fear, anger and the like.
    Negative,
    /// Nothing in particular.
    Neutral,
    /// Joy, love and the like.
    Positive,
}

impl Emotion {
    /// Whether it is a good one.
    #[must_use]
    pub const fn valence(self) -> Valence {
        match self {
            Self::Joy | Self::Love | Self::Pride | Self::Calm | Self::Fun | Self::Hope => Valence::Positive,
            Self::Fear | Self::Anger | Self::Sadness | Self::Danger | Self::Pain | Self::Guilt => Valence::Negative,
            Self::Flat => Valence::Neutral,
        }
    }
}

words! {
    /// How much there is to see in a scene.
    Complexity { Low = "clear", High = "busy" }
}

words! {
    /// A line that is shown or spoken, besides brand names.
    Line {
        Offer = "half-price", New = "new-now", Why = "why-wait", Yours = "made-for-you",
        Proof = "tried-and-tested", Hurry = "only-today", Treat = "you-deserve-it", Never = "never-again",
    }
}

/// The lengths of ads, in seconds.
pub const DURATIONS: [u16; 9] = [6, 10, 15, 20, 30, 45, 60, 90, 120];

/// The word of a length in the token form.
#[must_use]
pub fn duration_word(seconds: u16) -> String {
    format!("{seconds}s")
}

/// The length of a word.
#[must_use]
pub fn duration_of(word: &str) -> Option<u16> {
    let seconds = word.strip_suffix('s')?.parse().ok()?;
    DURATIONS.contains(&seconds).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_lead_back_and_serde_uses_them() {
        for product in Product::ALL {
            assert_eq!(Product::of(product.word()), Some(*product));
            let json = serde_json::to_string(product).unwrap();
            assert_eq!(json, format!("\"{}\"", product.word()));
            assert_eq!(serde_json::from_str::<Product>(&json).unwrap(), *product);
        }
        assert_eq!(Tone::of("lukewarm"), None);
        assert_eq!(DURATIONS.map(|seconds| duration_of(&duration_word(seconds))), DURATIONS.map(Some));
        assert_eq!(duration_of("31s"), None);
    }

    #[test]
    fn every_product_belongs_to_one_industry() {
        assert_eq!(Product::ALL.len(), PRODUCTS_EACH * Industry::ALL.len());
        let all: Vec<Product> = Industry::ALL.iter().flat_map(|industry| industry.products()).copied().collect();
        assert_eq!(all, Product::ALL);
        assert_eq!(Industry::Home.products()[0], Product::Sofa);
    }
}
