//! The question is answered with what is at hand, or for a target type of the attacker's own making.

use super::*;

/// D15. `offer` counts only after a proxy has answered; nothing is learnt from what it returns, nor from the query.
#[test]
fn query_takes_no_answer_from_an_object_and_tells_it_nothing() {
    let stage = stage();
    let victim: Arc<dyn Safe> = stage.victim.clone();
    let (plain, stolen) = (Honest::new(4), stage.stolen.clone());
    let plain: Arc<dyn Safe> = plain;
    let observed: Arc<Mutex<Vec<String>>> = Arc::default();
    let notes = observed.clone();
    let evil = Evil::new(move |evil, query| {
        let up: Arc<dyn Named> = stolen.clone();
        let mut note = Vec::new();
        for suspect in [&plain, &stolen, &evil.me(), &victim] {
            // What is there to be seen of the suspect, before and after it was asked?
            let before = (
                query.offer(suspect),
                <dyn Safe as Target>::offer(suspect, query),
            );
            if !Arc::ptr_eq(suspect, &evil.me()) {
                suspect.__membrane_safe(query);
            }
            let after = (
                query.offer(suspect),
                <dyn Safe as Target>::offer(suspect, query),
            );
            note.push(format!("{before:?} {after:?} {query:?}"));
        }
        note.push(format!(
            "{:?}",
            (query.offer(&up), <dyn Named as Target>::offer(&up, query))
        ));
        notes.lock().unwrap().push(note.join(";"));
    });
    stage.arrives_as_itself(&evil);
    let observed = observed.lock().unwrap();
    assert!(
        observed.iter().all(|note| *note == observed[0]),
        "{observed:?}"
    );
    assert!(
        !observed[0].contains("true"),
        "an offer was taken: {observed:?}"
    );
    let mut suspects = observed[0].split(';').take(4);
    let first = suspects.next().unwrap();
    assert!(
        suspects.all(|other| other == first),
        "a proxy looks like any other object: {observed:?}"
    );
}

type Faces = Mutex<Vec<Arc<Proxy<Mine>>>>;

/// Implements by hand what `#[interface]` implements, so as to get hold of a proxy.
struct Mine {
    faces: Arc<Faces>,
    offered: Arc<dyn Safe>,
    asked_through: Arc<AtomicUsize>,
}

impl Target for Mine {
    const NAME: &'static str = "Safe";
    const METHODS: &'static [&'static str] =
        &["name", "open", "take", "take_named", "give", "destroy"];
    type Keep = ();

    fn face(proxy: Arc<Proxy<Self>>) -> Arc<Self> {
        let mine = Mutex::new(None);
        let _ = proxy.call(0, |target, _| {
            *mine.lock().unwrap() = Some((
                target.faces.clone(),
                target.offered.clone(),
                target.asked_through.clone(),
            ));
            Ok::<(), Error>(())
        });
        let (faces, offered, asked_through) =
            mine.into_inner().unwrap().expect("everything is allowed");
        faces.lock().unwrap().push(proxy);
        Arc::new(Self {
            faces,
            offered,
            asked_through,
        })
    }

    const CARRIED: bool = true;

    fn ask(_: &Arc<Self>, _: &Query<'_>) {}

    fn offer(target: &Arc<Self>, query: &Query<'_>) -> bool {
        target.asked_through.fetch_add(1, SeqCst);
        query.offer(&target.offered)
    }
}

/// A proxy of the attacker's own, first in an object of the attacker's own: at the same address.
#[repr(C)]
pub(super) struct Mask {
    proxy: Proxy<Mine>,
    pub(super) asked: AtomicUsize,
}

impl Debug for Mask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mask")
    }
}

impl Named for Mask {
    fn name(&self) -> Result<u64, Error> {
        Ok(EVIL)
    }
    fn __membrane_named(&self, query: &Query<'_>) {
        self.__membrane_safe(query);
    }
}

impl Safe for Mask {
    fn open(&self) -> Result<u64, Error> {
        Ok(EVIL)
    }
    fn take(&self, _: Arc<dyn Safe>) -> Result<(), Error> {
        Ok(())
    }
    fn take_named(&self, _: Arc<dyn Named>) -> Result<(), Error> {
        Ok(())
    }
    fn give(&self) -> Result<Arc<dyn Safe>, Error> {
        Err(ErrorKind::Rejected.into())
    }
    fn destroy(&self) -> Result<u64, Error> {
        Ok(EVIL)
    }
    fn __membrane_safe(&self, query: &Query<'_>) {
        self.asked.fetch_add(1, SeqCst);
        query.answer(&self.proxy);
    }
}

/// Makes a mask that answers for `handle`, as if it were its proxy in `direction`, and offers `offered` as the target.
pub(super) fn mask(
    handle: &Membrane,
    direction: Direction,
    offered: &Arc<dyn Safe>,
) -> (Arc<Mask>, Arc<AtomicUsize>) {
    let (faces, asked_through) = (Arc::<Faces>::default(), Arc::<AtomicUsize>::default());
    let mine = Mine {
        faces: faces.clone(),
        offered: offered.clone(),
        asked_through: asked_through.clone(),
    };
    drop(handle.pass(Arc::new(mine), direction).unwrap());
    let proxy = faces.lock().unwrap().pop().expect("the proxy was caught");
    let proxy = Arc::into_inner(proxy).expect("nobody else holds it");
    (
        Arc::new(Mask {
            proxy,
            asked: AtomicUsize::new(0),
        }),
        asked_through,
    )
}

/// D3, B3. An object that holds a proxy at its own address does get an answer in; with a handle of the holder's it can
/// only say what is true of that handle's objects, so it reaches the owner as any object of the holder's.
#[test]
fn object_that_holds_a_proxy_of_its_makers_at_its_own_address_stays_the_holders() {
    let stage = stage();
    let on = stage.membrane.attenuate(&open_policy()).unwrap();
    let foreign = Membrane::new(open_policy());
    let victim: Arc<dyn Safe> = stage.victim.clone();
    for (handle, heard) in [
        (&on, 1),
        // A proxy of another tree has no say in this one.
        (&foreign, 0),
        (&on.grant(&open_policy()).unwrap(), 1),
        (&on.attenuate(&open_policy()).unwrap(), 1),
    ] {
        for direction in [Direction::Outbound, Direction::Inbound] {
            let (mask, asked_through) = mask(handle, direction, &stage.stolen);
            let raw: Arc<dyn Safe> = mask.clone();
            stage.desk.take(raw.clone()).unwrap();
            assert_eq!(mask.asked.load(SeqCst), 1, "it was asked");
            assert_eq!(
                asked_through.load(SeqCst),
                heard,
                "and its answer was heard"
            );
            let arrived = stage.owner.taken();
            assert!(!Arc::ptr_eq(&arrived, &victim) && !Arc::ptr_eq(&arrived, &stage.stolen));
            assert!(!Arc::ptr_eq(&arrived, &raw));
            assert_eq!(
                arrived.destroy().map_err(Error::kind),
                Err(ErrorKind::Refused)
            );
            assert_eq!(arrived.open(), Ok(EVIL));
            assert_eq!(stage.victim.destroyed.load(SeqCst), 0);
        }
    }
}
