//! Runs a rewritten template and keeps count of what it writes.

use std::{
    io,
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value, syntax::SyntaxConfig};

use super::{
    filters,
    limits::{Limits, RECURSION, SOURCE, exceeded},
    statements::{Generation, rewrite},
    time::Moment,
};

/// The name of the one template of an environment.
const NAME: &str = "chat";

/// A compiled template.
#[derive(Clone)]
pub(super) struct Engine {
    environment: Environment<'static>,
    prefix: String,
    pub generation: Generation,
}

impl Engine {
    /// Compiles a template.
    pub(super) fn compile(source: &str) -> crate::Result<Self> {
        if source.len() > SOURCE {
            return Err(crate::Error::Template(format!(
                "its source has {} bytes, and at most {SOURCE} are read",
                source.len()
            )));
        }
        let source = source.replace("\r\n", "\n").replace('\r', "\n");
        let rewritten = rewrite(&source)?;
        let mut environment = Environment::new();
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.map_err(|e| crate::Error::Template(told(&e)))?);
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        environment.set_undefined_behavior(UndefinedBehavior::Lenient);
        environment.set_recursion_limit(RECURSION);
        environment.add_template_owned(NAME, rewritten.text).map_err(|e| crate::Error::Template(told(&e)))?;
        Ok(Self { environment, prefix: rewritten.prefix, generation: rewritten.generation })
    }

    /// The text, and the bytes of it that are inside `{% generation %}`.
    pub(super) fn render(
        &self,
        context: Value,
        now: Moment,
        limits: &Limits,
    ) -> Result<(String, Vec<Range<usize>>), Error> {
        let marks = Arc::new(Marks::default());
        let mut environment = self.environment.clone();
        filters::install(&mut environment, &self.prefix, now);
        environment.set_fuel(Some(limits.steps));
        let at = Arc::clone(&marks);
        environment.add_function(format!("{}begin", self.prefix), move || at.begin());
        let at = Arc::clone(&marks);
        environment.add_function(format!("{}end", self.prefix), move || at.end());
        let mut output = Counted { bytes: Vec::new(), limit: limits.output, full: false, marks: Arc::clone(&marks) };
        // Nothing of the engine is used after a panic.
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            environment.get_template(NAME)?.render_captured_to(context, &mut output).map(|_| ())
        }));
        if output.full {
            return Err(exceeded(format_args!("the text would be longer than {} bytes", limits.output)));
        }
        outcome
            .unwrap_or_else(|_| Err(Error::new(ErrorKind::InvalidOperation, "the template made the engine fail")))?;
        let text = String::from_utf8(output.bytes)
            .map_err(|_| Error::new(ErrorKind::WriteFailure, "the template wrote half a character"))?;
        let ranges = marks.ranges.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok((text, ranges))
    }
}

/// Where generated text begins and ends, in bytes of the output. No text can forge it: these are
/// counts and not marks in the text.
#[derive(Default)]
struct Marks {
    written: AtomicUsize,
    open: Mutex<Vec<usize>>,
    ranges: Mutex<Vec<Range<usize>>>,
}

impl Marks {
    fn begin(&self) {
        let at = self.written.load(Ordering::Relaxed);
        self.open.lock().unwrap_or_else(PoisonError::into_inner).push(at);
    }

    fn end(&self) {
        let at = self.written.load(Ordering::Relaxed);
        if let Some(start) = self.open.lock().unwrap_or_else(PoisonError::into_inner).pop() {
            self.ranges.lock().unwrap_or_else(PoisonError::into_inner).push(start..at);
        }
    }
}

/// The output, which refuses to grow beyond its limit.
struct Counted {
    bytes: Vec<u8>,
    limit: usize,
    full: bool,
    marks: Arc<Marks>,
}

impl io::Write for Counted {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        if self.bytes.len().saturating_add(piece.len()) > self.limit {
            self.full = true;
            return Err(io::Error::other("the text would be too long"));
        }
        self.bytes.extend_from_slice(piece);
        self.marks.written.store(self.bytes.len(), Ordering::Relaxed);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What an error of the engine says, and where.
pub(super) fn told(error: &Error) -> String {
    let what = match (error.kind(), error.detail()) {
        (ErrorKind::OutOfFuel, None) => "it takes too many steps; no chat template needs that many".to_owned(),
        (ErrorKind::InvalidOperation | ErrorKind::OutOfFuel, Some(detail)) => detail.to_owned(),
        (kind, Some(detail)) => format!("{kind}: {detail}"),
        (kind, None) => kind.to_string(),
    };
    match error.line() {
        Some(line) => format!("line {line}: {what}"),
        None => what,
    }
}
