//! A reason comes from a revoker.

use membrane::{Error, Reason};

fn main() {
    let reason = Reason::from("mine");
    let _ = (reason, Error::from(membrane::ErrorKind::Revoked));
}
