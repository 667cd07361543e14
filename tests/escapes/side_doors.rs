//! E: lifetime, asynchrony, debugging, resources.

use crate::cast::{Safe, Vault, listed};
use crate::catalogue::{Classes, Stand::Staged};
use crate::lab::{breaks, contained};
use membrane::{Direction, Membrane};
use std::sync::Arc;

pub(crate) const CLASSES: Classes = &[(
    "E13",
    Staged(&["side_doors::e13_reference_kept_from_before"]),
)];

/// E13: a reference that was kept from before the revocation, on either side.
#[test]
fn e13_reference_kept_from_before() {
    contained(breaks![gate::NoCut, membrane::OneWay], |lab| {
        for direction in [Direction::Outbound, Direction::Inbound] {
            let safe = Safe::new();
            let membrane = Membrane::new(listed().build().expect("one list each"));
            let vault: Arc<dyn Vault> = safe.clone();
            let vault = membrane.pass(vault, direction).expect("live");
            assert!(vault.name().is_ok(), "it may be named before");
            membrane.revoke("over");
            lab.reached();
            lab.escaped_if(vault.name().is_ok(), format!("{direction:?}: a call"));
            lab.escaped_if(safe.opened() > 0, "the gold");
        }
    });
}
