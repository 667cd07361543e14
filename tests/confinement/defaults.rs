//! Default methods.

use super::*;

/// E21: what the object does within its own side is its own affair. Fails when a default method is run on the holder's
/// side, since there `top` would be refused.
#[test]
fn default_method_runs_as_one_call_on_the_objects_own_side() {
    let policy = Policy::builder()
        .inbound(allow!(dyn Top: sum))
        .depth_limit(1)
        .build()
        .unwrap();
    let membrane = Membrane::new(policy);
    let thing = Arc::new(Thing::default());
    let lent = membrane.wrap::<dyn Top>(thing.clone()).unwrap();
    assert_eq!(lent.sum(), Ok(7));
    assert_eq!(thing.take_entered(), ["top", "middle", "base"]);
    assert_eq!(lent.top().map_err(Error::kind), Err(ErrorKind::Refused));
}

#[test]
fn default_method_that_is_not_listed_is_not_put_together_from_the_listed_ones() {
    let policy = Policy::builder()
        .inbound(allow!(dyn Top: top, middle, base))
        .build()
        .unwrap();
    let membrane = Membrane::new(policy);
    let thing = Arc::new(Thing::default());
    let lent = membrane.wrap::<dyn Top>(thing.clone()).unwrap();
    assert_eq!(lent.sum().map_err(Error::kind), Err(ErrorKind::Refused));
    assert_eq!(thing.take_entered(), [""; 0]);
}

#[derive(Debug)]
struct Overriding;

impl Base for Overriding {
    fn base(&self) -> Result<u64, Error> {
        Ok(0)
    }
}

impl Middle for Overriding {
    fn middle(&self) -> Result<u64, Error> {
        Ok(0)
    }
}

impl Top for Overriding {
    fn top(&self) -> Result<u64, Error> {
        Ok(0)
    }
    fn sum(&self) -> Result<u64, Error> {
        Ok(1000)
    }
}

#[test]
fn default_method_that_the_object_overrides_is_the_objects() {
    let membrane = Membrane::new(tempting("").build().unwrap());
    let lent = membrane.wrap::<dyn Top>(Arc::new(Overriding)).unwrap();
    assert_eq!(lent.sum(), Ok(1000));
}
