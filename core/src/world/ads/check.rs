//! Whether ads do what their briefs ask for, and whether they are more than one template.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    ad::{Ad, Brief, Phrase, Scene, Tag},
    brand::Brand,
};

/// Whether an ad does what its brief asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools)] // four separate facts
pub struct Validity {
    /// The brand of the brief is named, on the screen or by the voice.
    pub names_brand: bool,
    /// Another brand is named.
    pub names_rival: bool,
    /// A scene shows the product of the brief.
    pub shows_product: bool,
    /// A scene shows a product that the brief does not ask for.
    pub shows_other: bool,
}

impl Validity {
    /// Looks at an ad.
    #[must_use]
    pub fn of(brief: &Brief, ad: &Ad) -> Self {
        let brands: BTreeSet<Brand> = ad.scenes.iter().flat_map(Scene::brands).collect();
        let shows = |wanted: bool| {
            let mut tags = ad.scenes.iter().flat_map(|scene| &scene.tags);
            tags.any(|tag| matches!(tag, Tag::Product(product) if (*product == brief.product) == wanted))
        };
        Self {
            names_brand: brands.contains(&brief.brand),
            names_rival: brands.iter().any(|brand| *brand != brief.brand),
            shows_product: shows(true),
            shows_other: shows(false),
        }
    }

    /// Whether it names its brand and no other.
    #[must_use]
    pub fn brand_valid(&self) -> bool {
        self.names_brand && !self.names_rival
    }

    /// Whether everything is as the brief asks.
    #[must_use]
    pub fn fits(&self) -> bool {
        self.brand_valid() && self.shows_product && !self.shows_other
    }
}

/// The template of an ad: its token form without what belongs to the brief. Its own brand and product are marks,
/// so that the same ad for two brands is one template.
#[must_use]
pub fn template(brief: &Brief, ad: &Ad) -> String {
    let mut ad = ad.clone();
    let mut words = Vec::new();
    for scene in &mut ad.scenes {
        for phrase in [&mut scene.text, &mut scene.voice] {
            if *phrase == Some(Phrase::Brand(brief.brand)) {
                *phrase = None;
                words.push("<brand>");
            } else {
                words.push("<other>");
            }
        }
    }
    let own = brief.product.word();
    let text = ad.tokens();
    let text = text.split_whitespace().map(|word| if word == own { "<product>" } else { word });
    text.chain(words).collect::<Vec<_>>().join(" ")
}

/// How alike two ads are: the share of adjacent word pairs of their templates that both have (Jaccard's index, of
/// sets). 1 is the same.
#[must_use]
#[allow(clippy::cast_precision_loss)] // word counts
pub fn similarity(first: (&Brief, &Ad), second: (&Brief, &Ad)) -> f64 {
    let [first, second] = [first, second].map(|(brief, ad)| template(brief, ad));
    let pairs = |text: &str| {
        let words: Vec<&str> = text.split_whitespace().collect();
        words.windows(2).map(|pair| pair.join(" ")).collect::<BTreeSet<_>>()
    };
    let (first, second) = (pairs(&first), pairs(&second));
    let union = first.union(&second).count();
    if union == 0 { 1.0 } else { first.intersection(&second).count() as f64 / union as f64 }
}

/// How varied a set of ads is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Diversity {
    /// Distinct templates over all ads; 1 where all differ.
    pub distinct: f64,
    /// The share of the most frequent template.
    pub most_frequent: f64,
    /// The mean [`similarity`] of neighbours in the list.
    pub similarity: f64,
}

impl Diversity {
    /// Of a list of ads; `None` of fewer than two.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // counts of ads
    pub fn of(ads: &[(&Brief, &Ad)]) -> Option<Self> {
        if ads.len() < 2 {
            return None;
        }
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for (brief, ad) in ads {
            *counts.entry(template(brief, ad)).or_default() += 1;
        }
        let count = ads.len() as f64;
        let alike: f64 = ads.windows(2).map(|pair| similarity(pair[0], pair[1])).sum();
        Some(Self {
            distinct: counts.len() as f64 / count,
            most_frequent: counts.values().copied().max().unwrap_or(0) as f64 / count,
            similarity: alike / (count - 1.0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ad(brand: &str, product: &str) -> Ad {
        Ad::parse(&format!(
            "pace:low <scene> woman {product} red on blue warm joy faces:1 clear {brand} silent \
             <scene> dog red on blue warm fear faces:0 clear untitled why-wait"
        ))
        .unwrap()
    }

    fn brief(brand: &str, industry: &str, product: &str) -> Brief {
        Brief::parse(&format!("{brand} {industry} {product} first-light 30s landscape <resp>")).unwrap()
    }

    #[test]
    fn validity_is_about_brand_and_product() {
        let brief = brief("Belado", "entertainment", "film");
        let of = |brand: &str, product: &str| Validity::of(&brief, &ad(brand, product));
        let good = of("Belado", "film");
        assert!(good.brand_valid() && good.fits());
        let rival = of("Corado", "film");
        assert!(!rival.names_brand && rival.names_rival && !rival.fits());
        let mut both = ad("Belado", "film");
        both.scenes[1].voice = Some(Phrase::Brand(Brand::of("Corado").unwrap()));
        assert!(Validity::of(&brief, &both).names_brand && !Validity::of(&brief, &both).brand_valid());
        let other = of("Belado", "pizza");
        assert!(other.brand_valid() && other.shows_other && !other.shows_product && !other.fits());
        assert!(!of("untitled", "film").brand_valid());
    }

    #[test]
    fn the_same_ad_for_two_brands_is_one_template() {
        let (first, second) = (brief("Belado", "entertainment", "film"), brief("Corado", "technology", "phone"));
        let (one, two) = (ad("Belado", "film"), ad("Corado", "phone"));
        assert_eq!(template(&first, &one), template(&second, &two));
        assert!((similarity((&first, &one), (&second, &two)) - 1.0).abs() < 1e-12);
        // Without a name it is another template.
        assert_ne!(template(&first, &one), template(&first, &ad("untitled", "film")));
        let diversity = Diversity::of(&[(&first, &one), (&second, &two), (&first, &two), (&first, &one)]).unwrap();
        assert!((diversity.distinct - 0.5).abs() < 1e-12 && (diversity.most_frequent - 0.75).abs() < 1e-12);
        assert!((0.5..1.0).contains(&diversity.similarity), "{diversity:?}");
        assert_eq!(Diversity::of(&[(&first, &one)]), None);
    }
}
