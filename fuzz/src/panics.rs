//! Panics that are part of a program, told from those that are a finding.
//!
//! libFuzzer's hook ends the process at any panic. While a program runs, this module's hook stays quiet instead, and keeps
//! the message for the report: whatever is wrong is returned as text, and panics only outside.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
    static LAST: RefCell<String> = const { RefCell::new(String::new()) };
    static VIOLATION: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// The payload of a panic that a program asked for. It may carry something of its side, and panic once more when dropped.
pub struct Planned {
    /// What an escaping payload would give away.
    pub carried: Option<Box<dyn Any + Send>>,
    /// Whether its `Drop` panics.
    pub drop_panics: bool,
}

impl Drop for Planned {
    fn drop(&mut self) {
        if self.drop_panics && !std::thread::panicking() {
            std::panic::panic_any(Self {
                carried: None,
                drop_panics: false,
            });
        }
    }
}

/// Drops `value`, and whatever its `Drop` panics with.
pub fn drop_all(value: impl Sized) {
    let mut payload = catch_unwind(AssertUnwindSafe(|| drop(value))).err();
    while let Some(inner) = payload {
        payload = catch_unwind(AssertUnwindSafe(|| drop(inner))).err();
    }
}

/// Reports that an oracle does not hold. The first report counts; what follows may be its consequence.
///
/// # Panics
///
/// Always: whatever runs is given up. What is above must look at [`violated`].
pub fn violation(text: String) -> ! {
    note(text);
    std::panic::panic_any(Planned {
        carried: None,
        drop_panics: false,
    })
}

/// Reports that an oracle does not hold, where a panic would do harm: what is above finds it by [`violated`].
pub fn note(text: String) {
    VIOLATION.with(|first| {
        first.borrow_mut().get_or_insert(text);
    });
}

/// Says that the documentation leaves open what comes next: the program ends here, without a finding.
pub fn give_up() {
    VIOLATION.with(|first| {
        first
            .borrow_mut()
            .get_or_insert_with(|| String::from(LEFT_OPEN));
    });
}

const LEFT_OPEN: &str = "left open";

/// Whether an oracle has been reported, or the program is at its end for another reason.
pub fn violated() -> bool {
    VIOLATION.with(|first| first.borrow().is_some())
}

/// The message and the place of the last panic that was kept quiet.
pub fn last() -> String {
    LAST.with(|last| last.borrow().clone())
}

/// Runs `program`; panics are quiet inside.
///
/// # Errors
///
/// The first [`violation`], or the message of a panic that reached this function.
pub fn run(program: impl FnOnce()) -> Result<(), String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |info| {
            if QUIET.try_with(Cell::get).unwrap_or(false) {
                let _ = LAST.try_with(|last| last.replace(info.to_string()));
            } else {
                before(info);
            }
        }));
    });
    let was_quiet = QUIET.replace(true);
    VIOLATION.with(|first| first.replace(None));
    let outcome = catch_unwind(AssertUnwindSafe(program));
    QUIET.set(was_quiet);
    let violation = VIOLATION.with(|first| first.replace(None));
    match (violation, outcome) {
        (Some(violation), outcome) => {
            drop_all(outcome);
            if violation == LEFT_OPEN {
                Ok(())
            } else {
                Err(violation)
            }
        }
        (None, Ok(())) => Ok(()),
        (None, Err(payload)) => {
            drop_all(payload);
            Err(format!("a panic outside of any call: {}", last()))
        }
    }
}
