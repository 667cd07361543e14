//! Where an escape is tried: against the library as it is, and against one that is broken on purpose.
//!
//! An attack says where it was [reached](Lab::reached): where a membrane with the fault would give way. It says what got
//! [out](Lab::escaped). In the ordinary build the attack must be reached, and nothing may get out. In a build with
//! `--cfg membrane_faults` it is the positive control: with each of its faults switched on, one at a time, something must
//! get out; with none, nothing.

use std::fmt::Display;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// One try.
#[derive(Debug, Default)]
pub(crate) struct Lab {
    reached: AtomicUsize,
    escaped: Mutex<Vec<String>>,
}

impl Lab {
    /// The attack is where a broken membrane would give way.
    pub(crate) fn reached(&self) {
        self.reached.fetch_add(1, SeqCst);
    }

    /// Something got out.
    pub(crate) fn escaped(&self, what: impl Display) {
        self.escaped
            .lock()
            .expect("no panic")
            .push(what.to_string());
    }

    /// Something got out, if `condition` holds.
    pub(crate) fn escaped_if(&self, condition: bool, what: impl Display) {
        if condition {
            self.escaped(what);
        }
    }

    /// What got out, if the attack was reached.
    #[track_caller]
    fn outcome(self, of: &str) -> Vec<String> {
        assert!(
            self.reached.into_inner() > 0,
            "{of}: the attack was never reached"
        );
        self.escaped.into_inner().expect("no panic")
    }
}

/// A fault of one of the crates, by which an attack gets through.
pub(crate) struct Break {
    /// The crate and the fault.
    #[cfg_attr(
        not(membrane_faults),
        expect(dead_code, reason = "told by the positive control")
    )]
    pub(crate) name: &'static str,
    /// Switches it on, or off.
    #[cfg(membrane_faults)]
    pub(crate) switch: fn(bool),
}

/// The faults by which an attack gets through, each alone: `breaks![membrane::BareErrors, gate::NoCut]`.
macro_rules! breaks {
    ($($krate:ident :: $fault:ident),+ $(,)?) => {
        &[$($crate::lab::Break {
            name: concat!(stringify!($krate), "::", stringify!($fault)),
            #[cfg(membrane_faults)]
            switch: |on| $crate::lab::$krate::fault::set(on.then_some($crate::lab::$krate::fault::Fault::$fault)),
        }),+]
    };
}
pub(crate) use breaks;

#[cfg(membrane_faults)]
#[allow(unused_imports, reason = "named by `breaks!`")]
pub(crate) use {membrane, object_membrane_gate as gate, runtime};

/// Tries `attack` on the library as it is: it is reached, and nothing gets out. `breaks` are for the other build.
#[cfg(not(membrane_faults))]
#[track_caller]
pub(crate) fn contained(breaks: &[Break], attack: impl Fn(&Lab)) {
    assert!(
        !breaks.is_empty(),
        "an attack that no fault lets through shows nothing"
    );
    assert_contained(&attack);
}

/// Tries `attack` as it is, and with each of `breaks`, when something must get out.
#[cfg(membrane_faults)]
#[track_caller]
pub(crate) fn contained(breaks: &[Break], attack: impl Fn(&Lab)) {
    // Faults are the whole process's: one attack at a time.
    static STAGE: Mutex<()> = Mutex::new(());
    let _stage = STAGE
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);

    assert!(
        !breaks.is_empty(),
        "an attack that no fault lets through shows nothing"
    );
    assert_contained(&attack);
    for fault in breaks {
        let lab = Lab::default();
        (fault.switch)(true);
        let tried = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| attack(&lab)));
        (fault.switch)(false);
        let name = fault.name;
        assert!(tried.is_ok(), "{name}: the attack itself failed");
        let escaped = lab.outcome(name);
        assert!(
            !escaped.is_empty(),
            "{name}: nothing got out, so that the attack shows nothing"
        );
        let first = &escaped[..escaped.len().min(3)];
        println!("{name}: {} got out, at first {first:?}", escaped.len());
    }
}

#[track_caller]
fn assert_contained(attack: &impl Fn(&Lab)) {
    let lab = Lab::default();
    attack(&lab);
    let escaped = lab.outcome("as it is");
    assert!(escaped.is_empty(), "got out: {escaped:?}");
}
