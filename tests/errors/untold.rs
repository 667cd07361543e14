//! What is never told.

use super::*;

/// E3, E4, E5, M12. Fails if a proxy's `Debug` asks its target, or an error keeps anything of a payload.
#[test]
fn no_text_tells_of_the_other_side() {
    for direction in DIRECTIONS {
        let (debugged, membrane) = (Arc::new(AtomicUsize::new(0)), Membrane::new(desk_policy()));
        let target = SecretDesk::share(&debugged);
        let address = format!("{:p}", Arc::as_ptr(&target).cast::<()>());
        let desk = membrane.pass(target.clone(), direction).unwrap();
        let mut told = vec![format!("{desk:?}"), format!("{desk:#?}")];
        let named: Arc<dyn Named> = desk.clone();
        told.push(format!("{named:?}"));
        let mut errors = vec![
            desk.unlisted().unwrap_err(),
            desk.panics().unwrap_err(),
            membrane
                .pass(7, direction)
                .map_or_else(|error| error, |_: i32| ErrorKind::Rejected.into()),
        ];
        for kind in [
            ErrorKind::Refused,
            ErrorKind::Revoked,
            ErrorKind::Panicked,
            ErrorKind::TooDeep,
            ErrorKind::Rejected,
        ] {
            errors.push(desk.fails(kind.into()).unwrap_err());
            told.push(format!("{kind:?}"));
        }
        membrane.revoke("why not");
        errors.push(desk.name().unwrap_err());
        told.push(format!("{desk:?}"));
        for error in errors {
            told.extend(texts(error));
            assert!(error.source().is_none(), "no cause");
        }
        for text in &told {
            for never in [
                "0x",
                "/",
                "\\",
                "::",
                ".rs",
                "s3cret",
                "Secret",
                "src",
                "desk",
                &address[2..],
            ] {
                assert!(!text.contains(never), "{never:?} in {text:?}");
            }
        }
        assert_eq!(debugged.load(SeqCst), 0, "the target was asked");
        assert!(
            format!("{target:?}").contains("s3cret"),
            "the positive control"
        );
    }
}

/// M12. Two targets behind one interface cannot be told apart, nor a live one from a dead one.
#[test]
fn debug_of_a_proxy_shows_its_interface_and_allowed_methods() {
    let membrane = Membrane::new(desk_policy());
    let [one, two] = [(); 2].map(|()| lend_desk(&membrane, Direction::Outbound));
    let shown = format!("{one:?}");
    assert_eq!(
        shown,
        "dyn Desk {probe, probe_and_meet, panics, fails, name}"
    );
    assert_eq!(format!("{two:?}"), shown);
    let narrow = membrane.attenuate(
        &Policy::builder()
            .inbound(allow!(dyn Desk: name))
            .build()
            .unwrap(),
    );
    let narrow = narrow.unwrap();
    assert_eq!(
        format!("{:?}", narrow.wrap(one.clone()).unwrap()),
        "dyn Desk {name}"
    );
    let opaque = Membrane::new(Policy::deny_all());
    assert_eq!(
        format!("{:?}", lend_desk(&opaque, Direction::Inbound)),
        "dyn Desk {}"
    );
    membrane.revoke("gone");
    assert_eq!(format!("{one:?}"), shown);
}

/// E5. Whatever the panic says, the caller gets one and the same word.
#[test]
fn every_panic_is_told_alike() {
    let mut told = HashSet::new();
    let payloads: [fn(); 4] = [
        || panic!("literal"),
        || panic!("{}", String::from("formatted")),
        || std::panic::panic_any(42_u8),
        || std::panic::resume_unwind(Box::new(plain_worker())),
    ];
    for direction in DIRECTIONS {
        for payload in payloads {
            let membrane = Membrane::new(worker_policy());
            let worker = Scripted::new(move |_| {
                payload();
                Ok(0)
            });
            let error = membrane
                .pass(worker.share(), direction)
                .unwrap()
                .run()
                .unwrap_err();
            told.insert((error, texts(error)));
        }
    }
    let told: Vec<_> = told.into_iter().collect();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].0, ErrorKind::Panicked.into());
    assert_eq!(told[0].1[0], "the call panicked");
}

#[test]
fn error_is_one_word_without_a_handle() {
    fn plain<T: Copy + Send + Sync + std::hash::Hash + Eq + 'static>() {}
    plain::<Error>();
    plain::<ErrorKind>();
    plain::<Reason>();
    assert_eq!(size_of::<Error>(), size_of::<u64>());
    assert_eq!(size_of::<Option<Error>>(), size_of::<u64>());
    assert_eq!(size_of::<Result<(), Error>>(), size_of::<u64>());
}

#[test]
fn kinds_have_texts_of_their_own() {
    let kinds = [
        ErrorKind::Refused,
        ErrorKind::Revoked,
        ErrorKind::Panicked,
        ErrorKind::TooDeep,
        ErrorKind::Rejected,
    ];
    let all: HashSet<_> = kinds
        .iter()
        .flat_map(|kind| texts((*kind).into()))
        .collect();
    assert_eq!(all.len(), 3 * kinds.len(), "{all:?}");
    for kind in kinds {
        let error = Error::from(kind);
        assert_eq!((error.kind(), error.reason()), (kind, None));
        assert_eq!(error.is_revoked(), kind == ErrorKind::Revoked);
    }
}

/// D15. The question that a hostile object holds for a moment shows nothing.
#[test]
fn question_whether_it_is_a_proxy_shows_nothing() {
    struct Curious(Mutex<Vec<String>>);
    impl Worker for Curious {
        fn run(&self) -> Result<u64, Error> {
            Ok(0)
        }
        fn run_with(&self, _: Arc<dyn Worker>) -> Result<u64, Error> {
            Ok(0)
        }
        fn unlisted(&self, _: Arc<dyn Worker>) -> Result<u64, Error> {
            Ok(0)
        }
        fn __membrane_worker(&self, query: &membrane::__private::Query<'_>) {
            self.0.lock().unwrap().push(format!("{query:?} {query:#?}"));
        }
    }
    for direction in DIRECTIONS {
        let curious = Arc::new(Curious(Mutex::default()));
        let membrane = Membrane::new(worker_policy());
        let lent: Arc<dyn Worker> = membrane
            .pass(curious.clone() as Arc<dyn Worker>, direction)
            .unwrap();
        assert_eq!(lent.run(), Ok(0));
        assert_eq!(*curious.0.lock().unwrap(), ["Query Query"]);
    }
}
