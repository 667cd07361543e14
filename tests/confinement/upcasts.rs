//! Upcasts.

use super::*;

/// Gives and takes at each level.
#[interface]
trait Desk {
    fn put_base(&self, object: Arc<dyn Base>) -> Result<(), Error>;
    fn put_middle(&self, object: Arc<dyn Middle>) -> Result<(), Error>;
    fn put_top(&self, object: Arc<dyn Top>) -> Result<(), Error>;
    fn take_base(&self) -> Result<Arc<dyn Base>, Error>;
    fn take_middle(&self) -> Result<Arc<dyn Middle>, Error>;
    fn take_top(&self) -> Result<Arc<dyn Top>, Error>;
}

#[derive(Default)]
struct Drawer {
    base: Mutex<Option<Arc<dyn Base>>>,
    middle: Mutex<Option<Arc<dyn Middle>>>,
    top: Mutex<Option<Arc<dyn Top>>>,
}

fn put<T: ?Sized>(place: &Mutex<Option<Arc<T>>>, object: Arc<T>) {
    *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(object);
}

fn take<T: ?Sized>(place: &Mutex<Option<Arc<T>>>) -> Arc<T> {
    place
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take()
        .expect("something was put there")
}

impl Desk for Drawer {
    fn put_base(&self, object: Arc<dyn Base>) -> Result<(), Error> {
        put(&self.base, object);
        Ok(())
    }
    fn put_middle(&self, object: Arc<dyn Middle>) -> Result<(), Error> {
        put(&self.middle, object);
        Ok(())
    }
    fn put_top(&self, object: Arc<dyn Top>) -> Result<(), Error> {
        put(&self.top, object);
        Ok(())
    }
    fn take_base(&self) -> Result<Arc<dyn Base>, Error> {
        Ok(take(&self.base))
    }
    fn take_middle(&self) -> Result<Arc<dyn Middle>, Error> {
        Ok(take(&self.middle))
    }
    fn take_top(&self) -> Result<Arc<dyn Top>, Error> {
        Ok(take(&self.top))
    }
}

fn desk_policy() -> PolicyBuilder {
    let list = allow!(dyn Desk: put_base, put_middle, put_top, take_base, take_middle, take_top);
    Policy::builder().inbound(list).outbound(list)
}

/// Fails when `Target::offer` does not offer the target as its super-interfaces.
#[test]
fn upcast_proxy_comes_home_as_the_object_at_every_level() {
    let membrane = Membrane::new(desk_policy().build().unwrap());
    let drawer = Arc::new(Drawer::default());
    let desk = membrane.wrap::<dyn Desk>(drawer.clone()).unwrap();
    let raw: Arc<dyn Top> = Arc::new(Thing::default());
    let raw_middle: Arc<dyn Middle> = raw.clone();
    let raw_base: Arc<dyn Base> = raw.clone();
    let lent = membrane.wrap(raw.clone()).unwrap();
    let middle: Arc<dyn Middle> = lent.clone();

    desk.put_top(lent.clone()).unwrap();
    assert!(Arc::ptr_eq(&take(&drawer.top), &raw));
    desk.put_middle(lent.clone()).unwrap();
    assert!(Arc::ptr_eq(&take(&drawer.middle), &raw_middle));
    desk.put_base(lent.clone()).unwrap();
    assert!(Arc::ptr_eq(&take(&drawer.base), &raw_base));
    desk.put_base(middle).unwrap();
    let home = take(&drawer.base);
    assert!(Arc::ptr_eq(&home, &raw_base));
    // The very object, and not a proxy that looks like it: nothing is listed for it.
    assert_eq!(home.base(), Ok(1));
    assert_eq!(lent.base().map_err(Error::kind), Err(ErrorKind::Refused));

    // The other way: an object of the dry side goes in as `Top` and comes back as its supertraits.
    desk.put_top(raw.clone()).unwrap();
    let taken_in = take(&drawer.top);
    assert!(!Arc::ptr_eq(&taken_in, &raw));
    put::<dyn Base>(&drawer.base, taken_in.clone());
    put::<dyn Middle>(&drawer.middle, taken_in);
    assert!(Arc::ptr_eq(&desk.take_base().unwrap(), &raw_base));
    assert!(Arc::ptr_eq(&desk.take_middle().unwrap(), &raw_middle));
}

#[test]
fn upcast_proxy_of_a_diamond_comes_home_as_the_object_on_either_path() {
    let membrane = Membrane::new(Policy::deny_all());
    let raw: Arc<dyn Bottom> = Arc::new(Thing::default());
    let raw_base: Arc<dyn Base> = raw.clone();
    let lent = membrane.wrap(raw).unwrap();
    let by_left: Arc<dyn Left> = lent.clone();
    let by_right: Arc<dyn Right> = lent.clone();
    for up in [by_left as Arc<dyn Base>, by_right, lent] {
        assert!(Arc::ptr_eq(&membrane.wrap_inbound(up).unwrap(), &raw_base));
    }
}

/// An upcast proxy that goes out once more, or crosses another way, keeps the list that it had.
#[test]
fn upcast_proxy_gains_no_right_however_it_is_passed_on() {
    let policy = || {
        desk_policy()
            .inbound(allow!(dyn Base: base))
            .outbound(allow!(dyn Base: base))
    };
    let membrane = Membrane::new(policy().build().unwrap());
    let other = Membrane::new(policy().build().unwrap());
    let thing = Arc::new(Thing::default());
    let lent: Arc<dyn Base> = membrane.wrap::<dyn Top>(thing.clone()).unwrap();
    assert!(lent.base().is_err());

    let grant = membrane.grant(&policy().build().unwrap()).unwrap();
    let lending_on = membrane.attenuate(&policy().build().unwrap()).unwrap();
    for passed_on in [
        membrane.wrap(lent.clone()).unwrap(),
        lending_on.wrap(lent.clone()).unwrap(),
        grant.wrap(lent.clone()).unwrap(),
        other.wrap(lent.clone()).unwrap(),
        other.wrap_inbound(lent.clone()).unwrap(),
    ] {
        assert_eq!(
            passed_on.base().map_err(Error::kind),
            Err(ErrorKind::Refused),
            "{passed_on:?}"
        );
    }
    assert_eq!(thing.take_entered(), [""; 0]);

    // What crosses as `Base` in the first place has what is listed for `Base`: rights follow from the interface.
    let as_base = membrane.wrap::<dyn Base>(thing).unwrap();
    assert_eq!(as_base.base(), Ok(1));
    assert!(!Arc::ptr_eq(&as_base, &lent));
}

type Call<T> = fn(&T) -> Result<u64, Error>;

/// Asserts that `calls`, the methods of `object` in their order, go through as the owner is told. How many that are.
#[track_caller]
fn assert_told<T: ?Sized + Interface>(
    membrane: &Membrane,
    object: &Arc<T>,
    calls: &[Call<T>],
) -> usize {
    let lent = membrane.lent(object).expect("a proxy of the membrane's");
    for (number, call) in (0..).zip(calls) {
        let name = <T as Interface>::METHODS[number as usize];
        assert_eq!(
            lent.allows(number),
            call(object).is_ok(),
            "`{name}` as {}",
            <T as Interface>::NAME
        );
    }
    let beyond = u32::try_from(calls.len()).expect("few");
    for number in [beyond, 63, 64, 65, u32::MAX] {
        assert!(!lent.allows(number), "there is no method {number}");
    }
    (0..beyond).filter(|number| lent.allows(*number)).count()
}

/// Fails if the bits of the interface that crossed are taken for those of the one that is asked.
#[test]
fn owner_who_asks_about_an_upcast_proxy_is_told_exactly_what_may_be_called() {
    let told = |list: Allow| {
        let policy = tempting("Top").inbound(list).build().unwrap();
        let membrane = Membrane::new(policy);
        let top = membrane
            .wrap::<dyn Top>(Arc::new(Thing::default()))
            .unwrap();
        let middle: Arc<dyn Middle> = top.clone();
        let base: Arc<dyn Base> = top.clone();
        [
            assert_told(
                &membrane,
                &top,
                &[|t| t.top(), |t| t.sum(), |t| t.middle(), |t| t.base()],
            ),
            assert_told(&membrane, &middle, &[|m| m.middle(), |m| m.base()]),
            assert_told(&membrane, &base, &[|b| b.base()]),
        ]
    };
    assert_eq!(told(allow!(dyn Top: top)), [1, 0, 0]);
    assert_eq!(told(allow!(dyn Top: top, sum)), [2, 0, 0]);
    assert_eq!(told(allow!(dyn Top: middle)), [1, 1, 0]);
    assert_eq!(told(allow!(dyn Top: base)), [1, 1, 1]);
    assert_eq!(told(allow!(dyn Top: top, base)), [2, 1, 1]);
    assert_eq!(told(allow!(dyn Top: top, sum, middle, base)), [4, 2, 1]);
    assert_eq!(told(allow!(dyn Top:)), [0, 0, 0]);
}

/// Fails if names are compared instead of places: a method that is inherited twice has two, of which one is called.
#[test]
fn owner_who_asks_about_an_upcast_proxy_is_told_of_what_is_inherited_twice() {
    let listed = allow!(dyn Bottom: left, base);
    let policy = tempting("Bottom").inbound(listed).build().unwrap();
    let membrane = Membrane::new(policy);
    let bottom = membrane.wrap::<dyn Bottom>(Arc::new(Thing::default()));
    let bottom = bottom.unwrap();
    let left: Arc<dyn Left> = bottom.clone();
    let right: Arc<dyn Right> = bottom.clone();
    for base in [left.clone() as Arc<dyn Base>, right.clone(), bottom] {
        assert_eq!(assert_told(&membrane, &base, &[|b| b.base()]), 1);
    }
    let told = assert_told(&membrane, &left, &[|l| l.left(), |l| l.base()]);
    assert_eq!(told, 2);
    let told = assert_told(&membrane, &right, &[|r| r.right(), |r| r.base()]);
    assert_eq!(told, 1);
}

/// Fails if what is below an upcast proxy's own proxy is not looked at, or as the wrong interface.
#[test]
fn owner_is_told_what_both_let_through_of_a_proxy_around_an_upcast_one() {
    for (below, allowed) in [(allow!(dyn Top: base), 1), (allow!(dyn Top: top), 0)] {
        let policy = || tempting("Top").inbound(below).build().unwrap();
        let membrane = Membrane::new(policy());
        let siblings = [(); 2].map(|()| membrane.grant(&policy()).unwrap());
        let top = siblings[0].wrap::<dyn Top>(Arc::new(Thing::default()));
        let around = siblings[1].wrap::<dyn Base>(top.unwrap()).unwrap();
        let told = assert_told(&membrane, &around, &[|b| b.base()]);
        assert_eq!(told, allowed);
    }
}
