//! What handles get that a guest was not given: three guests that forge them, each ended for it.

use std::sync::Arc;

use membrane::{Error, Policy};
use runtime::{Dir, Limits, Runtime, wasm};

use crate::host::Failure;

/// The forger, from `forger.wat`.
const FORGER: &[u8] = include_bytes!(env!("FORGER"));

/// What it is to do; the directory is there to be forged.
type Forger = dyn Fn(u64, Arc<dyn Dir>) -> Result<u64, Error> + Send + Sync;

const MADE_UP: u64 = 0;
const STALE: u64 = 1;
const TELL: u64 = 2;
const USE: u64 = 1000;

/// What came of each forgery.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Forged {
    pub(crate) made_up: Result<u64, Error>,
    pub(crate) stale: Result<u64, Error>,
    pub(crate) foreign: Result<u64, Error>,
}

impl Forged {
    pub(crate) fn all(&self) -> [(&'static str, &Result<u64, Error>); 3] {
        [
            ("a made-up handle", &self.made_up),
            ("a stale handle", &self.stale),
            ("another guest's handle", &self.foreign),
        ]
    }
}

/// Has guests forge handles of `dir`.
pub(crate) fn forge(engine: &wasm::Engine, dir: &Arc<dyn Dir>) -> Result<Forged, Failure> {
    let code = engine.compile("forger", FORGER)?;
    let start = || One::start(&code);
    let (one, other) = (start()?, start()?);
    // One holds a few handles, so that its last has a number that the other does not have.
    for _ in 0..4 {
        one.forger(TELL, dir.clone())?;
    }
    let number = one.forger(TELL, dir.clone())?;
    Ok(Forged {
        made_up: start()?.forger(MADE_UP, dir.clone()),
        stale: start()?.forger(STALE, dir.clone()),
        foreign: other.forger(USE + number, dir.clone()),
    })
}

/// A guest that forges.
struct One {
    guest: wasm::Guest,
}

impl One {
    fn start(code: &wasm::Code) -> Result<Self, Failure> {
        let runtime = Runtime::new();
        runtime.know::<Forger>();
        // It may call nothing.
        let guest = wasm::Guest::start(
            &runtime,
            code,
            "forger",
            Policy::deny_all(),
            Limits::default(),
        )?;
        Ok(Self { guest })
    }

    fn forger(&self, deed: u64, dir: Arc<dyn Dir>) -> Result<u64, Error> {
        let root: Arc<Forger> = self.guest.root()?;
        root(deed, dir)
    }
}

#[cfg(test)]
mod tests {
    use runtime::DynamicInterface;

    use super::*;

    /// The hash stands in the text of the forger: it does not change from build to build, nor from target to target.
    #[test]
    fn the_forger_names_the_interface_of_its_closure() {
        let text = include_str!("forger.wat");
        let hash = format!("(i64.const 0x{})", Forger::interface().hash());
        assert!(text.contains(&hash), "write {hash}");
    }
}
