//! Who is on the stage: a vault that may be named and never opened.

use membrane::{Error, Policy, PolicyBuilder, allow, interface};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// What `Vault::open` answers.
pub(crate) const GOLD: u64 = 1_848;

/// What an attack is after. [`listed`] lists `name` and nothing else.
#[interface]
pub(crate) trait Vault: Send + Sync {
    /// Harmless.
    fn name(&self) -> Result<String, Error>;
    /// What nobody was given.
    fn open(&self) -> Result<u64, Error>;
}

/// A vault that counts how often it was opened.
#[derive(Default)]
pub(crate) struct Safe {
    opened: AtomicUsize,
}

impl Safe {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    /// How often it was opened.
    pub(crate) fn opened(&self) -> usize {
        self.opened.load(SeqCst)
    }
}

impl Vault for Safe {
    fn name(&self) -> Result<String, Error> {
        Ok("a safe".into())
    }

    fn open(&self) -> Result<u64, Error> {
        self.opened.fetch_add(1, SeqCst);
        Ok(GOLD)
    }
}

/// Whether whoever holds `vault` has what it should not have: the vault itself, by address or by what it does.
pub(crate) fn is_raw(vault: &Arc<dyn Vault>, safe: &Arc<Safe>) -> bool {
    let own: Arc<dyn Vault> = safe.clone();
    Arc::ptr_eq(vault, &own) || vault.open().is_ok()
}

/// Vaults may be named, on either side.
pub(crate) fn listed() -> PolicyBuilder {
    Policy::builder()
        .inbound(allow!(dyn Vault: name))
        .outbound(allow!(dyn Vault: name))
}
