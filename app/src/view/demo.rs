//! What the large button starts. A page learns only from its engine how much the device can do, and the button may
//! be pressed before: then the run begins as soon as that is known.

use crate::engine::Request;

/// The demonstration.
#[derive(Debug)]
pub(super) enum Demo {
    /// It can be started.
    Known(Box<Request>),
    /// It is not known yet how large it is to be.
    Awaited {
        /// Whether somebody waits for it.
        pressed: bool,
    },
}

impl Demo {
    /// The button is pressed; gives what is to be started now.
    pub(super) fn press(&mut self) -> Option<Request> {
        match self {
            Self::Known(request) => Some(Request::clone(request)),
            Self::Awaited { pressed } => {
                *pressed = true;
                None
            }
        }
    }

    /// It is known what the button starts; gives it if somebody waits for it.
    pub(super) fn know(&mut self, request: Request) -> Option<Request> {
        let now = self.pressed().then(|| request.clone());
        *self = Self::Known(Box::new(request));
        now
    }

    /// Whether somebody waits for it.
    pub(super) fn pressed(&self) -> bool {
        matches!(self, Self::Awaited { pressed: true })
    }
}
