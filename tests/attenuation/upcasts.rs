//! Upcasts.

use super::*;

#[interface]
trait Named {
    fn name(&self) -> Result<u64, Error>;
}

#[interface]
trait Account: Named {
    fn balance(&self) -> Result<u64, Error>;
}

/// Takes and gives at the level of the supertrait.
#[interface]
trait Register {
    fn enter(&self, named: Arc<dyn Named>) -> Result<Arc<dyn Named>, Error>;
}

struct Savings;
impl Named for Savings {
    fn name(&self) -> Result<u64, Error> {
        Ok(1)
    }
}
impl Account for Savings {
    fn balance(&self) -> Result<u64, Error> {
        Ok(2)
    }
}

/// What it was given it tries, and gives back.
#[derive(Default)]
struct Trying(std::sync::Mutex<Option<Tried>>);

type Tried = (Arc<dyn Named>, Result<u64, Error>);

impl Register for Trying {
    fn enter(&self, named: Arc<dyn Named>) -> Result<Arc<dyn Named>, Error> {
        let result = named.name();
        *self.0.lock().unwrap() = Some((named.clone(), result));
        Ok(named)
    }
}

/// Fails when `elsewhere` does not compare the interfaces: then the proxy is replaced by one with the supertrait's list.
#[test]
fn upcast_before_deriving_widens_nothing_on_the_way_out_or_back() {
    let policy = || {
        let accounts = allow!(dyn Account: balance);
        let (names, registers) = (allow!(dyn Named: name), allow!(dyn Register: enter));
        let out = Policy::builder()
            .inbound(accounts)
            .inbound(names)
            .inbound(registers);
        out.outbound(accounts)
            .outbound(names)
            .outbound(registers)
            .build()
            .unwrap()
    };
    let root = Membrane::new(policy());
    let on = root.attenuate(&policy()).unwrap();
    let held = root.wrap::<dyn Account>(Arc::new(Savings)).unwrap();
    let further = on.wrap(held.clone()).unwrap();
    let kinds = |one: &Arc<dyn Named>| one.name().map_err(Error::kind);
    assert_eq!((held.balance(), further.balance()), (Ok(2), Ok(2)));

    // Out.
    let up: Arc<dyn Named> = held;
    assert_eq!(kinds(&up), Err(ErrorKind::Refused));
    assert_eq!(kinds(&on.wrap(up).unwrap()), Err(ErrorKind::Refused));
    // Back.
    let up: Arc<dyn Named> = further;
    assert_eq!(
        kinds(&on.wrap_inbound(up.clone()).unwrap()),
        Err(ErrorKind::Refused)
    );
    let trying = Arc::new(Trying::default());
    let register = on.wrap::<dyn Register>(trying.clone()).unwrap();
    let echoed = register.enter(up.clone()).unwrap();
    let (given, result) = trying.0.lock().unwrap().take().expect("it was reached");
    assert_eq!(result.map_err(Error::kind), Err(ErrorKind::Refused));
    assert_eq!(kinds(&given), Err(ErrorKind::Refused));
    assert!(Arc::ptr_eq(&echoed, &up));
    assert_eq!(kinds(&echoed), Err(ErrorKind::Refused));
    // Two generations down, and up again.
    let deeper = on.attenuate(&policy()).unwrap();
    let down = deeper.wrap(up).unwrap();
    assert_eq!(kinds(&down), Err(ErrorKind::Refused));
    assert_eq!(
        kinds(&deeper.wrap_inbound(down.clone()).unwrap()),
        Err(ErrorKind::Refused)
    );
    assert_eq!(
        kinds(&on.wrap_inbound(down).unwrap()),
        Err(ErrorKind::Refused)
    );

    // Control: what crosses as `Named` is good for its name, all the way.
    let named = root.wrap::<dyn Named>(Arc::new(Savings)).unwrap();
    let derived = deeper.wrap(on.wrap(named.clone()).unwrap()).unwrap();
    assert_eq!((kinds(&named), kinds(&derived)), (Ok(1), Ok(1)));
}
