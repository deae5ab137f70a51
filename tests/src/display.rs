//! The window of the program on a display that nobody sees (Xvfb): found, looked at, and worked by
//! pointer and keyboard as a person would, through the extension of X for tests.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use image::RgbaImage;
use x11rb::{
    connection::Connection,
    protocol::{
        xproto::{
            AtomEnum, BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, ClientMessageEvent, ConnectionExt, EventMask,
            ImageFormat, InputFocus, KEY_PRESS_EVENT, KEY_RELEASE_EVENT, MOTION_NOTIFY_EVENT, Window,
        },
        xtest::ConnectionExt as _,
    },
    rust_connection::RustConnection,
};

use crate::{picture::content, program};

/// Longest time for anything; the measured times are printed.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Names of keys for X.
pub mod keys {
    /// Tab.
    pub const TAB: u32 = 0xff09;
    /// The space bar.
    pub const SPACE: u32 = 0x20;
    /// The key that goes round between navigation, panel and top.
    pub const F6: u32 = 0xffc3;
    /// The left control key.
    pub const CONTROL: u32 = 0xffe3;
}

/// Between two things a person does: longer than any frame, since two presses of Tab within one frame
/// would count as one.
const BREATH: Duration = Duration::from_millis(150);

/// A display in memory, gone when dropped.
pub struct Display {
    server: Child,
    name: String,
}

impl Display {
    /// Starts one. Where there is no Xvfb the caller skips its test, loudly; on continuous
    /// integration (`SELFSAME_CI=1`) that is a failure.
    ///
    /// # Panics
    /// If it does not start, or there is none and `SELFSAME_CI` is 1.
    #[must_use]
    pub fn start(test: &str) -> Option<Self> {
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
pub struct Eye {
    connection: RustConnection,
    root: Window,
}

impl Eye {
    /// Looks at a display.
    ///
    /// # Panics
    /// If the display is gone.
    #[must_use]
    pub fn on(display: &Display) -> Self {
        let (connection, screen) = RustConnection::connect(Some(&display.name)).unwrap();
        let root = connection.setup().roots[screen].root;
        Self { connection, root }
    }

    /// The window of the program, once it has one.
    #[must_use]
    pub fn find(&self) -> Option<Window> {
        let tree = self.connection.query_tree(self.root).ok()?.reply().ok()?;
        tree.children.into_iter().find(|window| {
            let title = self.connection.get_property(false, *window, AtomEnum::WM_NAME, AtomEnum::ANY, 0, 64);
            title.is_ok_and(|title| title.reply().is_ok_and(|title| title.value == b"Selfsame"))
        })
    }

    /// What the screen shows where the window is.
    #[must_use]
    pub fn look(&self, window: Window) -> Option<RgbaImage> {
        let place = self.connection.get_geometry(window).ok()?.reply().ok()?;
        let whole = (place.width, place.height);
        let shot = self.connection.get_image(ImageFormat::Z_PIXMAP, window, 0, 0, whole.0, whole.1, !0);
        let shot = shot.ok()?.reply().ok()?;
        // Blue, green, red, nothing.
        let pixels = shot.data.chunks_exact(4).flat_map(|p| [p[2], p[1], p[0], 255]).collect();
        RgbaImage::from_raw(whole.0.into(), whole.1.into(), pixels)
    }

    /// Gives the keyboard to the window, as a window manager would.
    ///
    /// # Panics
    /// If the display is gone.
    pub fn focus(&self, window: Window) {
        self.connection.set_input_focus(InputFocus::PARENT, window, x11rb::CURRENT_TIME).unwrap();
        self.done();
    }

    /// Presses keys one after the other, holding each, and lets go of them: one key, or a combination.
    ///
    /// # Panics
    /// If the keyboard has no such key.
    pub fn press(&self, keys: &[u32]) {
        let setup = self.connection.setup();
        let (first, count) = (setup.min_keycode, setup.max_keycode - setup.min_keycode + 1);
        let map = self.connection.get_keyboard_mapping(first, count).unwrap().reply().unwrap();
        let code = |key: &u32| {
            let at = map.keysyms.chunks(map.keysyms_per_keycode.into()).position(|names| names.first() == Some(key));
            first + u8::try_from(at.unwrap_or_else(|| panic!("no key {key:#x}"))).unwrap()
        };
        let codes: Vec<u8> = keys.iter().map(code).collect();
        for code in &codes {
            self.fake(KEY_PRESS_EVENT, *code, [0, 0]);
        }
        for code in codes.iter().rev() {
            self.fake(KEY_RELEASE_EVENT, *code, [0, 0]);
        }
        sleep(BREATH);
    }

    /// Moves the pointer to a place of the window and presses its first button.
    ///
    /// # Panics
    /// If the display is gone.
    pub fn click(&self, window: Window, [x, y]: [i16; 2]) {
        let place = self.connection.translate_coordinates(window, self.root, x, y).unwrap().reply().unwrap();
        self.fake(MOTION_NOTIFY_EVENT, 0, [place.dst_x, place.dst_y]);
        sleep(BREATH);
        self.fake(BUTTON_PRESS_EVENT, 1, [0, 0]);
        sleep(BREATH);
        self.fake(BUTTON_RELEASE_EVENT, 1, [0, 0]);
        sleep(BREATH);
    }

    fn fake(&self, kind: u8, detail: u8, [x, y]: [i16; 2]) {
        self.connection.xtest_fake_input(kind, detail, x11rb::CURRENT_TIME, self.root, x, y, 0).unwrap();
        self.done();
    }

    /// Waits until the display has done what it was asked for.
    fn done(&self) {
        self.connection.get_input_focus().unwrap().reply().unwrap();
    }

    /// Presses the button of the window's frame that closes it.
    ///
    /// # Panics
    /// If the display is gone.
    pub fn close(&self, window: Window) {
        let atom = |name: &str| self.connection.intern_atom(false, name.as_bytes()).unwrap().reply().unwrap().atom;
        let data = [atom("WM_DELETE_WINDOW"), x11rb::CURRENT_TIME, 0, 0, 0];
        let message = ClientMessageEvent::new(32, window, atom("WM_PROTOCOLS"), data);
        self.connection.send_event(false, window, EventMask::NO_EVENT, message).unwrap();
        self.connection.flush().unwrap();
    }
}

/// The program with a home of its own, ended when dropped.
pub struct Program {
    /// The program.
    pub child: Child,
    began: Instant,
    patience: Duration,
}

impl Program {
    /// Starts it; without a display it has to find that out.
    ///
    /// # Panics
    /// If it cannot be started.
    #[must_use]
    pub fn start(program: &Path, home: &Path, display: Option<&Display>, arguments: &[&str]) -> Self {
        let mut command = program::command(program);
        command.args(arguments).current_dir(home).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        for other in ["WAYLAND_DISPLAY", "WAYLAND_SOCKET", "DISPLAY"] {
            command.env_remove(other);
        }
        command.env("XDG_STATE_HOME", home.join("state")).env("HOME", home);
        if let Some(display) = display {
            command.env("DISPLAY", &display.name);
        }
        Self { began: Instant::now(), child: command.spawn().unwrap(), patience: PATIENCE }
    }

    /// The same, but what is waited for from now on may take so long.
    #[must_use]
    pub fn patient(mut self, patience: Duration) -> Self {
        self.patience = self.began.elapsed() + patience;
        self
    }

    /// Waits until something is there; the program must not end before.
    ///
    /// # Panics
    /// If it does, or nothing comes.
    pub fn until<T>(&mut self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        loop {
            if let Some(found) = look() {
                return found;
            }
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("{what}: the program ended ({status})");
            }
            assert!(self.began.elapsed() < self.patience, "{what} does not come");
            sleep(Duration::from_millis(10));
        }
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// If it does not end.
    #[must_use]
    pub fn end(mut self) -> Output {
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

/// The file of what the window remembers.
#[must_use]
pub fn state(home: &Path) -> PathBuf {
    home.join("state/selfsame/window.toml")
}

/// Opens the window and waits until it shows text; says how long both took.
///
/// # Panics
/// If it does not.
pub fn appear(program: &mut Program, eye: &Eye, what: &str) -> (Window, RgbaImage) {
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

/// Waits for the end of a program that was closed.
///
/// # Panics
/// If it failed.
pub fn assert_ended_well(program: Program, what: &str) {
    let output = program.end();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what}: {}\n{stderr}", output.status);
    assert!(!stderr.contains("panicked"), "{what}: {stderr}");
}
