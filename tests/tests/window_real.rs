//! The window itself, on a display that nobody sees (Xvfb): it appears, shows something, and closes
//! with everything remembered, by its button and by Ctrl-C. Without a display the program says how
//! to use the command line.

#![cfg(target_os = "linux")]

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use selfsame_tests::{
    picture::content,
    program::{assert_refused, locate},
};
use x11rb::{
    connection::Connection,
    protocol::xproto::{AtomEnum, ClientMessageEvent, ConnectionExt, EventMask, ImageFormat, Window},
    rust_connection::RustConnection,
};

/// Longest time for anything; the measured times are printed.
const PATIENCE: Duration = Duration::from_secs(60);

/// A display in memory, gone when dropped.
struct Display {
    server: Child,
    name: String,
}

impl Display {
    /// Starts one. Where there is no Xvfb the caller skips its test, loudly; on continuous
    /// integration (`SELFSAME_CI=1`) that is a failure.
    fn start(test: &str) -> Option<Self> {
        let mut command = Command::new("Xvfb");
        command.args(["-displayfd", "1", "-screen", "0", "1400x1000x24", "-nolisten", "tcp"]);
        let Ok(mut server) = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn() else {
            assert_ne!(std::env::var("SELFSAME_CI").as_deref(), Ok("1"), "there is no Xvfb; install xvfb");
            eprintln!("SKIPPED {test}: there is no Xvfb; Debian's package is xvfb");
            return None;
        };
        let mut number = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut number).unwrap();
        assert!(!number.trim().is_empty(), "Xvfb does not start");
        Some(Self { server, name: format!(":{}", number.trim()) })
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// The display server's view of the window.
struct Eye {
    connection: RustConnection,
    root: Window,
}

impl Eye {
    fn on(display: &Display) -> Self {
        let (connection, screen) = RustConnection::connect(Some(&display.name)).unwrap();
        let root = connection.setup().roots[screen].root;
        Self { connection, root }
    }

    /// The window of the program, once it has one.
    fn find(&self) -> Option<Window> {
        let tree = self.connection.query_tree(self.root).ok()?.reply().ok()?;
        tree.children.into_iter().find(|window| {
            let title = self.connection.get_property(false, *window, AtomEnum::WM_NAME, AtomEnum::ANY, 0, 64);
            title.is_ok_and(|title| title.reply().is_ok_and(|title| title.value == b"Selfsame"))
        })
    }

    /// What the screen shows where the window is.
    fn look(&self, window: Window) -> Option<image::RgbaImage> {
        let place = self.connection.get_geometry(window).ok()?.reply().ok()?;
        let whole = (place.width, place.height);
        let shot = self.connection.get_image(ImageFormat::Z_PIXMAP, window, 0, 0, whole.0, whole.1, !0);
        let shot = shot.ok()?.reply().ok()?;
        // Blue, green, red, nothing.
        let pixels = shot.data.chunks_exact(4).flat_map(|p| [p[2], p[1], p[0], 255]).collect();
        image::RgbaImage::from_raw(whole.0.into(), whole.1.into(), pixels)
    }

    /// Presses the button of the window's frame that closes it.
    fn close(&self, window: Window) {
        let atom = |name: &str| self.connection.intern_atom(false, name.as_bytes()).unwrap().reply().unwrap().atom;
        let data = [atom("WM_DELETE_WINDOW"), x11rb::CURRENT_TIME, 0, 0, 0];
        let message = ClientMessageEvent::new(32, window, atom("WM_PROTOCOLS"), data);
        self.connection.send_event(false, window, EventMask::NO_EVENT, message).unwrap();
        self.connection.flush().unwrap();
    }
}

/// The program with a home of its own, ended when dropped.
struct Program {
    child: Child,
    began: Instant,
}

impl Program {
    fn start(program: &Path, home: &Path, display: Option<&Display>, arguments: &[&str]) -> Self {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(home).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        for other in ["WAYLAND_DISPLAY", "WAYLAND_SOCKET", "DISPLAY"] {
            command.env_remove(other);
        }
        command.env("XDG_STATE_HOME", home.join("state")).env("HOME", home);
        if let Some(display) = display {
            command.env("DISPLAY", &display.name);
        }
        Self { began: Instant::now(), child: command.spawn().unwrap() }
    }

    /// Waits until something is there; the program must not end before.
    fn until<T>(&mut self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        loop {
            if let Some(found) = look() {
                return found;
            }
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("{what}: the program ended ({status})");
            }
            assert!(self.began.elapsed() < PATIENCE, "{what} does not come");
            sleep(Duration::from_millis(10));
        }
    }

    /// Waits for its end.
    fn end(mut self) -> Output {
        let began = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(began.elapsed() < PATIENCE, "the program does not end");
            sleep(Duration::from_millis(10));
        }
        let mut out = Output { status: self.child.wait().unwrap(), stdout: Vec::new(), stderr: Vec::new() };
        std::io::Read::read_to_end(&mut self.child.stdout.take().unwrap(), &mut out.stdout).unwrap();
        std::io::Read::read_to_end(&mut self.child.stderr.take().unwrap(), &mut out.stderr).unwrap();
        out
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn state(home: &Path) -> PathBuf {
    home.join("state/selfsame/window.toml")
}

/// Opens the window and waits until it shows text; says how long both took.
fn appear(program: &mut Program, eye: &Eye, what: &str) -> (Window, image::RgbaImage) {
    let window = program.until("the window", || eye.find());
    let appeared = program.began.elapsed();
    let picture = program.until("something to see", || {
        let picture = eye.look(window)?;
        let seen = content(&picture, [0, 0]);
        (seen.colors > 20 && seen.ink > 0.001).then_some(picture)
    });
    println!("{what}: a window after {appeared:?}, its content after {:?}", program.began.elapsed());
    (window, picture)
}

fn assert_ended_well(program: Program, what: &str) {
    let output = program.end();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what}: {}\n{stderr}", output.status);
    assert!(!stderr.contains("panicked"), "{what}: {stderr}");
}

#[test]
fn it_appears_moves_and_remembers() {
    let Some(program) = locate("it_appears_moves_and_remembers") else { return };
    let Some(display) = Display::start("it_appears_moves_and_remembers") else { return };
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let eye = Eye::on(&display);

    // The first start shows the recorded run, moving.
    let mut first = Program::start(&program, home, Some(&display), &[]);
    let (window, picture) = appear(&mut first, &eye, "first start");
    let folder = program.parent().unwrap().join("pictures");
    fs::create_dir_all(&folder).unwrap();
    picture.save(folder.join("xvfb.png")).unwrap();
    first.until("a change", || eye.look(window).filter(|later| *later != picture));
    eye.close(window);
    assert_ended_well(first, "closed by its button");
    let text = fs::read_to_string(state(home)).unwrap();
    assert!(text.contains("panel = \"iterations\"") && text.contains("runs = []"), "{text}");

    // With a run of one's own; Ctrl-C in the terminal is as good as the button.
    let run = home.join("a run");
    fs::create_dir(&run).unwrap();
    let records = selfsame::recorded::records().unwrap();
    let half: String =
        records[..records.len() / 2].iter().map(|record| serde_json::to_string(record).unwrap() + "\n").collect();
    fs::write(run.join("events.jsonl"), half).unwrap();
    let mut second = Program::start(&program, home, Some(&display), &["view", "a run"]);
    appear(&mut second, &eye, "with a run");
    // What changes is remembered while the window is open, in case it is not closed.
    let remembered = |text: &str| text.contains(&format!("\"{}\"", run.display()));
    second.until("what is open in the file", || fs::read_to_string(state(home)).ok().filter(|text| remembered(text)));
    let pid = second.child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert_ended_well(second, "Ctrl-C");

    // It comes back with the run; a damaged file costs what is damaged.
    let text = fs::read_to_string(state(home)).unwrap();
    assert!(remembered(&text), "{text}");
    fs::write(state(home), text.replace("scale = 1.0", "scale = \"huge\"")).unwrap();
    let mut third = Program::start(&program, home, Some(&display), &[]);
    let (window, _) = appear(&mut third, &eye, "again");
    eye.close(window);
    assert_ended_well(third, "again");
    let text = fs::read_to_string(state(home)).unwrap();
    assert!(remembered(&text) && text.contains("scale = 1.0"), "{text}");
    assert_eq!(fs::read_dir(state(home).parent().unwrap()).unwrap().count(), 1, "a temporary file was left");
}

#[test]
fn without_a_display_it_says_what_to_do() {
    let Some(program) = locate("without_a_display_it_says_what_to_do") else { return };
    let home = tempfile::tempdir().unwrap();
    let output = Program::start(&program, home.path(), None, &[]).end();
    assert_refused(&output, &["no display", "selfsame --help", "selfsame run"], "without a display");
    assert!(!state(home.path()).exists());
    let output = Program::start(&program, home.path(), None, &["view", "nothing-here"]).end();
    assert_refused(&output, &["nothing-here", "holds no run"], "no such run");
}
