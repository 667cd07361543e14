//! A holder lends on less than it has. Asking for more than one has is an error, and whoever lends can take back.
//!
//! Look for: the owner lends a room to Alice and to Bob by a grant each. Alice lends hers on to Carol by a derived
//! membrane, without the owner's help: Carol gets less than Alice, dies with Alice, and leaves Bob alone.
//!
//! Weak: Alice could have lent Carol her own proxy as it is, and the owner could not tell. Who holds a reference decides
//! who else does; a membrane bounds what the reference is good for.

use std::error::Error as StdError;
use std::sync::Arc;

use membrane::{Error, ErrorKind, Membrane, Policy, allow, interface};

#[interface]
trait Room {
    fn enter(&self) -> Result<(), Error>;
    fn paint(&self, colour: &str) -> Result<(), Error>;
    fn demolish(&self) -> Result<(), Error>;
}

struct Workshop;

impl Room for Workshop {
    fn enter(&self) -> Result<(), Error> {
        Ok(())
    }

    fn paint(&self, _colour: &str) -> Result<(), Error> {
        Ok(())
    }

    fn demolish(&self) -> Result<(), Error> {
        unreachable!("it is on nobody's list")
    }
}

/// What Alice does with her room and the means of lending it on. She never sees the owner's membrane.
fn alice(
    room: &Arc<dyn Room>,
    mine: &Membrane,
) -> Result<(Membrane, Arc<dyn Room>), Box<dyn StdError>> {
    room.enter()?;
    room.paint("green")?;

    let more = Policy::builder()
        .inbound(allow!(dyn Room: enter, demolish))
        .build()?;
    let refused = mine.attenuate(&more).unwrap_err();
    println!("Alice asks for more: {refused}");

    let entering = Policy::builder().inbound(allow!(dyn Room: enter)).build()?;
    let for_carol = mine.attenuate(&entering)?;
    let room = for_carol.wrap(room.clone())?;
    Ok((for_carol, room))
}

fn kind(result: Result<(), Error>) -> Option<ErrorKind> {
    result.err().map(Error::kind)
}

fn main() -> Result<(), Box<dyn StdError>> {
    let policy = Policy::builder()
        .inbound(allow!(dyn Room: enter, paint))
        .build()?;
    let owner = Membrane::new(policy.clone());
    let workshop: Arc<dyn Room> = Arc::new(Workshop);
    let (alices, bobs) = (owner.grant(&policy)?, owner.grant(&policy)?);
    let (for_alice, for_bob) = (alices.wrap(workshop.clone())?, bobs.wrap(workshop)?);

    // Alice's means of lending on: a membrane whose wet side is the dry side of hers.
    let (for_carol, carols_room) = alice(&for_alice, &alices.attenuate(&policy)?)?;
    assert_eq!(kind(carols_room.enter()), None);
    assert_eq!(kind(carols_room.paint("red")), Some(ErrorKind::Refused));
    assert_eq!(kind(for_alice.paint("red")), None);
    println!(
        "Carol may enter; paint: {}",
        carols_room.paint("red").unwrap_err()
    );

    // A further loan of Carol's, to see that it ends with hers. The guard revokes when the closure returns.
    let briefly = for_carol.with_grant(for_carol.policy(), Membrane::clone)?;
    assert!(briefly.is_revoked() && !for_carol.is_revoked());

    alices.revoke("Alice has moved out");
    assert_eq!(
        carols_room.enter().unwrap_err().to_string(),
        "revoked: Alice has moved out"
    );
    assert_eq!(kind(for_alice.enter()), Some(ErrorKind::Revoked));
    assert_eq!(kind(for_bob.enter()), None);
    println!(
        "Carol enters: {}; Bob still may",
        carols_room.enter().unwrap_err()
    );

    owner.revoke("the house is sold");
    assert_eq!(kind(for_bob.enter()), Some(ErrorKind::Revoked));
    Ok(())
}

#[test]
fn who_lends_on_lends_less_and_can_be_taken_back() {
    main().unwrap();
}
