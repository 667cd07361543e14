//! Rules on arguments: what they see, what they refuse, who inherits them, and what is wrong with a wrong one.
//!
//! | file | claim |
//! |---|---|
//! | `rules/checks` | each check at its boundaries, and against a model |
//! | `rules/data` | checks that are read, as JSON and TOML, and written |
//! | `rules/closures` | a closure sees what is delivered, once, under no lock; a panic refuses |
//! | `rules/inheritance` | a derived policy has every rule of its ancestors |
//! | `rules/problems` | each mistake is reported, and nothing is built |
//! | `rules/dynamic` | a dynamic call obeys them, too |

#[path = "rules/checks.rs"]
mod checks;
#[path = "rules/closures.rs"]
mod closures;
#[path = "rules/data.rs"]
mod data;
#[path = "rules/dynamic.rs"]
mod dynamic;
#[path = "rules/inheritance.rs"]
mod inheritance;
#[path = "rules/problems.rs"]
mod problems;

use membrane::{Error, Policy, PolicyBuilder, allow, interface};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

/// Inherited.
#[interface]
trait Named {
    fn rename(&self, name: &str) -> Result<u64, Error>;
}

#[interface]
trait Account: Named {
    fn deposit(&self, amount: u64) -> Result<u64, Error>;
    fn transfer(&self, to: &str, amount: u64) -> Result<u64, Error>;
    fn close(&self) -> Result<u64, Error>;
}

/// Answers how often it was entered, this time included.
#[derive(Default)]
struct Ledger(AtomicU64);

impl Ledger {
    #[allow(clippy::unnecessary_wraps, reason = "it is what the methods answer")]
    fn enter(&self) -> Result<u64, Error> {
        Ok(self.0.fetch_add(1, SeqCst) + 1)
    }

    fn entered(&self) -> u64 {
        self.0.load(SeqCst)
    }
}

impl Named for Ledger {
    fn rename(&self, _: &str) -> Result<u64, Error> {
        self.enter()
    }
}

impl Account for Ledger {
    fn deposit(&self, _: u64) -> Result<u64, Error> {
        self.enter()
    }

    fn transfer(&self, _: &str, _: u64) -> Result<u64, Error> {
        self.enter()
    }

    fn close(&self) -> Result<u64, Error> {
        self.enter()
    }
}

/// Lists everything, both ways.
fn everything() -> PolicyBuilder {
    Policy::builder()
        .inbound(allow!(dyn Account: deposit, transfer, close, rename))
        .inbound(allow!(dyn Named: rename))
        .outbound(allow!(dyn Account: deposit, transfer, close, rename))
}

fn ledger() -> (Arc<Ledger>, Arc<dyn Account>) {
    let ledger = Arc::<Ledger>::default();
    (ledger.clone(), ledger)
}
