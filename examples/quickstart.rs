//! An account is lent with one of its two methods, and taken back.
//!
//! Look for: the holder's `Arc<dyn Account>` is an ordinary one; the method that is not on the list
//! fails; after `revoke` everything fails, with the reason.
//!
//! Weak: the holder here is a function of the same program. In safe Rust it cannot get at the
//! account behind the proxy, but it could open files of its own: to hand out no ambient authority is
//! the embedder's part (see `plugin_host`).

use std::sync::Arc;

use membrane::{Error, ErrorKind, Membrane, Policy, allow, interface};

#[interface]
trait Account {
    fn balance(&self) -> Result<u64, Error>;
    fn close(&self) -> Result<(), Error>;
}

struct Savings(u64);

impl Account for Savings {
    fn balance(&self) -> Result<u64, Error> {
        Ok(self.0)
    }

    fn close(&self) -> Result<(), Error> {
        unreachable!("nobody is allowed to")
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let policy = Policy::builder()
        .inbound(allow!(dyn Account: balance))
        .build()?;
    let membrane = Membrane::new(policy);
    let lent: Arc<dyn Account> = membrane.wrap::<dyn Account>(Arc::new(Savings(7)))?;

    assert_eq!(lent.balance(), Ok(7));
    println!("balance: {}", lent.balance()?);

    let error = lent.close().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    println!("close: {error}");

    membrane.revoke("the visit is over");
    let error = lent.balance().unwrap_err();
    assert_eq!(error.to_string(), "revoked: the visit is over");
    println!("balance: {error}");
    Ok(())
}

#[test]
fn quickstart_shows_what_it_says() {
    main().unwrap();
}
