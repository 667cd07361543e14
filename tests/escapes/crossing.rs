//! A: a value crosses without being wrapped.

use crate::cast::{Safe, Vault, is_raw, listed};
use crate::catalogue::{
    Classes,
    Stand::{Impossible, Staged},
};
use crate::lab::{breaks, contained};
use membrane::{Error, Membrane, Passable, allow, interface};
use std::sync::Arc;

pub(crate) const CLASSES: Classes = &[
    ("A1", Staged(&["crossing::a1_error_payload"])),
    (
        "A23",
        Impossible(
            "a method is called on a reference that exists: Rust has no null receiver, and so no object that stands in for it",
            None,
        ),
    ),
];

/// An error that carries an object.
#[derive(Passable)]
enum Misfortune {
    Carries(Arc<dyn Vault>),
    Membrane(Error),
}

impl From<Error> for Misfortune {
    fn from(error: Error) -> Self {
        Self::Membrane(error)
    }
}

#[interface]
trait Clerk: Send + Sync {
    fn fail(&self) -> Result<u64, Misfortune>;
}

struct Clumsy(Arc<Safe>);

impl Clerk for Clumsy {
    fn fail(&self) -> Result<u64, Misfortune> {
        Err(Misfortune::Carries(self.0.clone()))
    }
}

/// A1: what is thrown is a value like any other.
#[test]
fn a1_error_payload() {
    contained(
        breaks![membrane::BareErrors, membrane::BareReferences],
        |lab| {
            let safe = Safe::new();
            let policy = listed().inbound(allow!(dyn Clerk: fail)).build();
            let membrane = Membrane::new(policy.expect("one list each"));
            let clerk: Arc<dyn Clerk> = Arc::new(Clumsy(safe.clone()));
            let clerk = membrane.wrap(clerk).expect("live");
            if let Err(Misfortune::Carries(vault)) = clerk.fail() {
                lab.reached();
                lab.escaped_if(is_raw(&vault, &safe), "the vault in the error");
            }
        },
    );
}
