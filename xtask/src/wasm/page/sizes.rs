//! What has to be loaded until what can be seen, and how much that may be.

use super::pack::File;
use crate::steps::Failure;

/// Everything that has to be loaded before a model answers is to be less: 7 seconds at 10 Mbit/s. What is above is
/// said at every build.
const AIM: usize = 9_000_000;

/// A page that is larger is not built: 8 seconds.
const MOST: usize = 10_000_000;

/// When a file is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    FirstFrame,
    FirstSample,
    Later,
}

impl Stage {
    const ALL: [(Self, &'static str); 3] =
        [(Self::FirstFrame, "first frame"), (Self::FirstSample, "first sample"), (Self::Later, "later")];

    fn of(name: &str) -> Self {
        let begins = |parts: &[&str]| parts.iter().any(|part| name.starts_with(part));
        if begins(&["assets/starter/base/", "assets/starter-ads/", "assets/recorded/", "sw.js"]) {
            Self::Later
        } else if begins(&["pkg/worker/", "worker.js", "gpu.js", "assets/"]) {
            Self::FirstSample
        } else {
            Self::FirstFrame
        }
    }
}

/// Whether a file is only needed for some of what the page does.
pub fn later(name: &str) -> bool {
    Stage::of(name) == Stage::Later
}

/// Prints the files by the time at which they are needed, and fails if what is needed first is too
/// much. A quickly built page is as large as it likes.
pub fn check(files: &[File], quick: bool) -> Result<(), Failure> {
    let mut first = 0;
    for (stage, title) in Stage::ALL {
        let of: Vec<&File> = files.iter().filter(|file| Stage::of(&file.name) == stage).collect();
        let sum: usize = of.iter().map(|file| file.size).sum();
        println!("{sum:>12} bytes  {title}");
        for file in of {
            println!("{:>12}          {}", file.size, file.name);
        }
        if stage < Stage::Later {
            first += sum;
        }
    }
    println!("{first:>12} bytes  before a model answers, of {MOST}");
    if first >= AIM && !quick {
        println!("{:>12} bytes  TOO MANY for the aim of {AIM}", first - AIM);
    }
    if first >= MOST && !quick {
        return Err(Failure(format!("the page has to load {first} bytes before a model answers; {MOST} are too many")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_counted_where_they_are_needed() {
        assert_eq!(Stage::of("pkg/page/selfsame_page.js"), Stage::FirstFrame);
        assert_eq!(Stage::of("assets/starter/model.safetensors.xz"), Stage::FirstSample);
        assert!(later("assets/starter/base/model.safetensors.xz") && !later("index.html"));
        assert!(later("assets/starter-ads/model.safetensors.xz") && later("assets/starter-ads/tokenizer.json"));
        let file = |name: &str, size| File { name: name.to_owned(), size, hash: String::new() };
        let mut files = vec![file("app.js", MOST - 1), file("assets/recorded/scir.jsonl.xz", MOST)];
        assert!(check(&files, false).is_ok());
        files.push(file("worker.js", 1));
        assert!(check(&files, false).is_err() && check(&files, true).is_ok());
    }
}
