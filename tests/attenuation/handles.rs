//! What the handle of a grant is good for, in the hands of whoever lends on with it, and what a proxy tells of a grant that
//! is somebody else's.

use super::*;
use std::sync::Mutex;

type Closure = Arc<dyn Fn(u64) -> Result<Arc<dyn Guest>, Error> + Send + Sync>;
type Items = Box<dyn Iterator<Item = Result<Arc<dyn Guest>, Error>> + Send>;

#[interface]
trait Guest {
    fn ping(&self) -> Result<u64, Error>;
    fn destroy(&self) -> Result<u64, Error>;
}

#[interface]
trait Desk {
    fn leave(&self, guest: Arc<dyn Guest>) -> Result<(), Error>;
    fn take(&self) -> Result<Arc<dyn Guest>, Error>;
    fn closure(&self) -> Result<Closure, Error>;
    fn items(&self) -> Result<Items, Error>;
}

struct Person;

impl Guest for Person {
    fn ping(&self) -> Result<u64, Error> {
        Ok(7)
    }
    fn destroy(&self) -> Result<u64, Error> {
        Ok(13)
    }
}

/// Gives back what was left there, in each form.
#[derive(Default)]
struct Counter(Mutex<Option<Arc<dyn Guest>>>);

impl Counter {
    fn left(&self) -> Arc<dyn Guest> {
        self.0.lock().unwrap().clone().expect("left before")
    }
}

impl Desk for Counter {
    fn leave(&self, guest: Arc<dyn Guest>) -> Result<(), Error> {
        *self.0.lock().unwrap() = Some(guest);
        Ok(())
    }
    fn take(&self) -> Result<Arc<dyn Guest>, Error> {
        Ok(self.left())
    }
    fn closure(&self) -> Result<Closure, Error> {
        let left = self.left();
        Ok(Arc::new(move |_| Ok(left.clone())))
    }
    fn items(&self) -> Result<Items, Error> {
        Ok(Box::new(std::iter::once(Ok(self.left()))))
    }
}

fn desks(homecoming: Homecoming) -> Policy {
    Policy::builder()
        .inbound(allow!(dyn Desk: leave, take, closure, items))
        .outbound(allow!(dyn Guest: ping))
        .inbound(allow!(dyn Guest: ping))
        .homecoming(homecoming)
        .build()
        .unwrap()
}

/// Whoever has a handle stands on both sides of its membrane: what comes home on the far side comes home to them. A policy
/// that keeps objects wrapped holds for them, too.
#[test]
fn holder_of_a_handle_gets_no_object_of_the_further_holder_where_it_is_kept_wrapped() {
    for homecoming in [Homecoming::KeepWrapped, Homecoming::Unwrap] {
        let root = Membrane::new(desks(homecoming));
        let on = root.attenuate(&desks(homecoming)).unwrap();
        let desk = Arc::new(Counter::default());
        let lent = on.wrap::<dyn Desk>(desk.clone()).unwrap();
        let guest: Arc<dyn Guest> = Arc::new(Person);
        lent.leave(guest.clone()).unwrap();
        let held = desk.left();
        assert_eq!((held.ping(), held.destroy().is_err()), (Ok(7), true));

        let wrapped = on.wrap(held.clone()).unwrap();
        let passed = on.pass(held.clone(), Direction::Outbound).unwrap();
        let taken = lent.take().unwrap();
        let closed = lent.closure().unwrap()(1).unwrap();
        let item = lent.items().unwrap().next().unwrap().unwrap();
        for got in [wrapped, passed, taken, closed, item] {
            if homecoming == Homecoming::Unwrap {
                assert!(
                    Arc::ptr_eq(&got, &guest),
                    "identity is what the policy chose"
                );
                continue;
            }
            assert!(!Arc::ptr_eq(&got, &guest));
            assert_eq!(got.ping(), Ok(7));
            assert_eq!(got.destroy().unwrap_err().kind(), ErrorKind::Refused);
        }
    }
}

/// What comes up through a grant of a holder's own tells the owner which grant that is, and lets the owner take it back.
#[test]
fn proxy_of_a_grant_that_the_holder_made_can_be_revoked_by_the_owner_who_is_given_no_handle() {
    let root = Membrane::new(desks(Homecoming::Unwrap));
    let desk = Arc::new(Counter::default());
    let held = root.wrap::<dyn Desk>(desk.clone()).unwrap();
    let private = root.attenuate(&desks(Homecoming::Unwrap)).unwrap();
    let lent_on = private.wrap(held.clone()).unwrap();
    lent_on.leave(Arc::new(Person)).unwrap();
    let found = root
        .lent(&desk.left())
        .expect("it came up through the grant");
    assert_eq!(found.grant(), private.id());
    assert_eq!(found.direction(), Direction::Inbound);
    assert_eq!(found.check(), Ok(()));
    // Those further out do not ask about those further in.
    assert!(private.lent(&held).is_none());

    found.revoker().revoke("enough");
    assert_eq!(found.check().unwrap_err().reason(), private.reason());
    assert!(private.is_revoked() && !root.is_revoked());
    assert!(held.take().is_ok() && lent_on.take().is_err());
}
