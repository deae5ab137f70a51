//! What the window remembers from one time to the next: a small file of the user's, in the folder
//! that their system has for such things. Whatever in it cannot be read counts as absent.

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::mpsc,
    thread::{self, JoinHandle},
};

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::{
    Error, Result, folder,
    view::{panels::lessons::Progress, theme::ZOOM},
};

/// The least and the greatest size that is believed.
const SIZES: std::ops::RangeInclusive<f32> = 300.0..=16_000.0;

/// What is remembered.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct State {
    /// The panel in front, by its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub panel: Option<String>,
    /// `light`, `dark` or `system`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub theme: Option<String>,
    /// The scale of everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale: Option<f32>,
    /// The size of the window, in points of the system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<[f32; 2]>,
    /// Whether the window filled the screen.
    pub maximized: bool,
    /// The folders of the open runs.
    pub runs: Vec<String>,
    /// The one that was shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shown: Option<String>,
    /// The folders of runs that were open lately, the last one first.
    pub recent: Vec<String>,
    /// What was done in the lessons.
    #[serde(skip_serializing_if = "Progress::is_empty")]
    pub lessons: Progress,
}

impl State {
    /// Reads what is remembered; nothing is, where there is no file or it is damaged.
    #[must_use]
    pub fn read(path: &Path) -> Self {
        fs::read_to_string(path).map(|text| Self::parse(&text)).unwrap_or_default()
    }

    /// Every entry for itself: one that makes no sense does not cost the others.
    #[allow(clippy::cast_possible_truncation)] // sizes and scales
    fn parse(text: &str) -> Self {
        let table = text.parse::<Table>().unwrap_or_default();
        let word = |key: &str| table.get(key).and_then(Value::as_str).map(str::to_owned);
        let number = |value: &Value| match value {
            Value::Float(number) => Some(*number as f32),
            Value::Integer(number) => i16::try_from(*number).ok().map(f32::from),
            _ => None,
        };
        let list = |key: &str| table.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
        let words = |key: &str| list(key).iter().filter_map(Value::as_str).map(str::to_owned).collect();
        let sizes: Vec<f32> = list("size").iter().filter_map(number).filter(|size| SIZES.contains(size)).collect();
        Self {
            panel: word("panel"),
            theme: word("theme"),
            scale: table.get("scale").and_then(number).filter(|scale| ZOOM.contains(scale)),
            size: <[f32; 2]>::try_from(sizes).ok(),
            maximized: table.get("maximized").and_then(Value::as_bool).unwrap_or_default(),
            runs: words("runs"),
            shown: word("shown"),
            recent: words("recent"),
            lessons: table.get("lessons").cloned().and_then(|lessons| lessons.try_into().ok()).unwrap_or_default(),
        }
    }

    /// Writes it, so that the old one stays until the new one is complete.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|e| selfsame_core::Error::write(parent, e))?;
        }
        let text = toml::to_string(self)
            .map_err(|e| Error::told(format!("what the window remembers cannot be written: {e}")))?;
        folder::replace(path, &text)
    }
}

/// The file, where the system has a place for it.
#[must_use]
pub fn path() -> Option<PathBuf> {
    // A relative path here would be one of the folder that the program happened to start in.
    let variable = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let root = if cfg!(windows) {
        variable("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        variable("HOME").map(|home| home.join("Library/Application Support"))
    } else {
        variable("XDG_STATE_HOME").or_else(|| Some(variable("HOME")?.join(".local/state")))
    };
    Some(root?.join("selfsame").join("window.toml"))
}

/// Writes what changed on a thread of its own: a disk can be slow, and the window must not be.
pub struct Keeper {
    sender: Option<mpsc::Sender<State>>,
    thread: Option<JoinHandle<()>>,
    last: State,
}

impl Keeper {
    /// A keeper of `path`, which holds `now`.
    #[must_use]
    pub fn new(path: PathBuf, now: State) -> Self {
        let (sender, states) = mpsc::channel::<State>();
        let thread = thread::Builder::new().name("remember".to_owned()).spawn(move || {
            while let Ok(mut state) = states.recv() {
                // Only the last one counts.
                while let Ok(later) = states.try_recv() {
                    state = later;
                }
                if let Err(e) = state.write(&path) {
                    log::warn!("{}", e.line());
                }
            }
        });
        Self { sender: Some(sender), thread: thread.ok(), last: now }
    }

    /// What is kept.
    #[must_use]
    pub fn last(&self) -> &State {
        &self.last
    }

    /// Whether something is different from what is kept.
    #[must_use]
    pub fn differs(&self, state: &State) -> bool {
        self.last != *state
    }

    /// Keeps it.
    pub fn keep(&mut self, state: State) {
        if let Some(sender) = &self.sender {
            // Without the thread nothing is remembered; nothing else depends on it.
            let _ = sender.send(state.clone());
        }
        self.last = state;
    }
}

/// Waits for what is being written.
impl Drop for Keeper {
    fn drop(&mut self) {
        self.sender = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has nothing left to write.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::panels::lessons::Answered;

    fn full() -> State {
        let answered = Answered {
            done: true,
            question: "00ff".to_owned(),
            choice: Some(2),
            text: "25 % \"or\" so".to_owned(),
            checked: true,
        };
        State {
            panel: Some("judges".to_owned()),
            theme: Some("dark".to_owned()),
            scale: Some(1.25),
            size: Some([1280.0, 840.5]),
            maximized: true,
            runs: vec!["/runs/a \"b\"".to_owned(), "/runs/ü".to_owned()],
            shown: Some("/runs/ü".to_owned()),
            recent: vec!["/runs/c".to_owned()],
            lessons: Progress {
                open: Some("judge".to_owned()),
                lessons: [
                    ("judge".to_owned(), answered),
                    ("bias".to_owned(), Answered { done: true, ..Answered::default() }),
                ]
                .into(),
            },
        }
    }

    #[test]
    fn what_is_kept_is_read_back_and_nothing_else_is_left() {
        let root = env::temp_dir().join(format!("selfsame-state-{}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        let path = root.join("deep/window.toml");
        assert_eq!(State::read(&path), State::default());
        let mut keeper = Keeper::new(path.clone(), State::default());
        assert!(keeper.differs(&full()));
        keeper.keep(State::default());
        keeper.keep(full());
        assert!(!keeper.differs(&full()));
        drop(keeper);
        assert_eq!(State::read(&path), full());
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "a temporary file was left");
        fs::remove_dir_all(&root).unwrap();
    }

    #[test]
    fn damage_costs_only_what_is_damaged() {
        assert_eq!(State::parse("not toml = = 3"), State::default());
        assert_eq!(State::parse(""), State::default());
        let odd = State::parse(
            "panel = 3\ntheme = \"dark\"\nscale = 1e9\nsize = [800, \"x\"]\nmaximized = 1\nruns = [\"/a\", 2]\nrecent = 7\nnew = 1\nlessons = 5",
        );
        assert_eq!(odd, State { theme: Some("dark".to_owned()), runs: vec!["/a".to_owned()], ..State::default() });
        let lessons = State::parse("[lessons]\nopen = 1\n[lessons.lessons]\nbias = 7\njudge = { done = true, choice = -1 }\nreward = { done = true }").lessons;
        let kept: Vec<&str> = lessons.lessons.keys().map(String::as_str).collect();
        assert_eq!((lessons.open.as_deref(), kept), (None, vec!["reward"]));
        let whole = State::parse("size = [1000, 700]\nscale = 1");
        assert_eq!((whole.size, whole.scale), (Some([1000.0, 700.0]), Some(1.0)));
        let text = toml::to_string(&full()).unwrap();
        for cut in (0..text.len()).filter(|cut| text.is_char_boundary(*cut)) {
            // Half a file is no reason not to start.
            let _ = State::parse(&text[..cut]);
        }
    }
}
