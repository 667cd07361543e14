//! Errors as data, and data in errors.

use super::*;

/// M9: reasons are for the holders of the scope that was revoked. Fails if `Error` crosses bare.
#[test]
fn error_as_payload_loses_its_reason() {
    #[derive(Debug, PartialEq, Passable)]
    enum Wide {
        Text(String),
        Told(Option<Error>),
        Many(Vec<Result<u64, Error>>),
        Membrane(Error),
    }
    impl From<Error> for Wide {
        fn from(error: Error) -> Self {
            Self::Membrane(error)
        }
    }
    #[interface]
    trait Relay {
        fn plain(&self) -> Result<u64, Error>;
        fn text(&self) -> Result<u64, Wide>;
        fn inside(&self) -> Result<u64, Wide>;
        fn option(&self) -> Result<u64, Wide>;
        fn many(&self) -> Result<u64, Wide>;
        fn value(&self) -> Result<(Error, Vec<Error>), Wide>;
        fn closure(&self) -> Result<Arc<dyn Fn() -> Result<u64, Error> + Send + Sync>, Error>;
        fn items(&self) -> Result<Box<dyn Iterator<Item = Result<Error, Error>> + Send>, Error>;
        fn take(&self, error: Error) -> Result<u64, Error>;
    }
    struct Told(Error, Mutex<Option<Error>>);
    impl Relay for Told {
        fn plain(&self) -> Result<u64, Error> {
            Err(self.0)
        }
        fn text(&self) -> Result<u64, Wide> {
            Err(Wide::Text("my own words".into()))
        }
        fn inside(&self) -> Result<u64, Wide> {
            Err(self.0.into())
        }
        fn option(&self) -> Result<u64, Wide> {
            Err(Wide::Told(Some(self.0)))
        }
        fn many(&self) -> Result<u64, Wide> {
            Err(Wide::Many(vec![Ok(1), Err(self.0)]))
        }
        fn value(&self) -> Result<(Error, Vec<Error>), Wide> {
            Ok((self.0, vec![self.0]))
        }
        fn closure(&self) -> Result<Arc<dyn Fn() -> Result<u64, Error> + Send + Sync>, Error> {
            let error = self.0;
            Ok(Arc::new(move || Err(error)))
        }
        fn items(&self) -> Result<Box<dyn Iterator<Item = Result<Error, Error>> + Send>, Error> {
            Ok(Box::new([Ok(self.0), Err(self.0)].into_iter()))
        }
        fn take(&self, error: Error) -> Result<u64, Error> {
            *self.1.lock().unwrap() = Some(error);
            Ok(0)
        }
    }
    // What the owner was told, by a membrane of its own.
    let own = Membrane::new(worker_policy());
    let broken = own.wrap(plain_worker()).unwrap();
    own.revoke("not for others");
    let told = broken.run().unwrap_err();
    assert!(told.reason().is_some());
    let bare = Error::from(ErrorKind::Revoked);
    let list = || allow!(dyn Relay: plain, text, inside, option, many, value, closure, items, take);
    for direction in DIRECTIONS {
        let membrane = Membrane::new(
            Policy::builder()
                .inbound(list())
                .outbound(list())
                .build()
                .unwrap(),
        );
        let owner = Arc::new(Told(told, Mutex::default()));
        let relay: Arc<dyn Relay> = membrane
            .pass(owner.clone() as Arc<dyn Relay>, direction)
            .unwrap();
        assert_eq!(relay.plain(), Err(bare));
        assert_eq!(
            relay.text(),
            Err(Wide::Text("my own words".into())),
            "its own data stays"
        );
        assert_eq!(relay.inside(), Err(Wide::Membrane(bare)));
        assert_eq!(relay.option(), Err(Wide::Told(Some(bare))));
        assert_eq!(relay.many(), Err(Wide::Many(vec![Ok(1), Err(bare)])));
        assert_eq!(relay.value(), Ok((bare, vec![bare])));
        assert_eq!((relay.closure().unwrap())(), Err(bare));
        assert_eq!(
            relay.items().unwrap().collect::<Vec<_>>(),
            [Ok(bare), Err(bare)]
        );
        assert_eq!(relay.take(told), Ok(0));
        assert_eq!(*owner.1.lock().unwrap(), Some(bare), "arguments, too");
        assert_eq!(
            membrane.pass(told, direction),
            Ok(bare),
            "and what is passed by hand"
        );
    }
}

/// A1, A3: the error path wraps as the result path does.
#[test]
fn reference_in_an_error_is_wrapped() {
    #[derive(Passable)]
    enum Refusal {
        Ask(Arc<dyn Worker>),
        Membrane(Error),
    }
    impl From<Error> for Refusal {
        fn from(error: Error) -> Self {
            Self::Membrane(error)
        }
    }
    #[interface]
    trait Counter {
        fn serve(&self) -> Result<(), Refusal>;
    }
    struct Closed(Arc<dyn Worker>);
    impl Counter for Closed {
        fn serve(&self) -> Result<(), Refusal> {
            Err(Refusal::Ask(self.0.clone()))
        }
    }
    for direction in DIRECTIONS {
        let allow = allow!(dyn Counter: serve);
        let membrane = Membrane::new(
            Policy::builder()
                .inbound(allow)
                .outbound(allow)
                .build()
                .unwrap(),
        );
        let worker = plain_worker();
        let counter: Arc<dyn Counter> = Arc::new(Closed(worker.clone()));
        let lent = membrane.pass(counter, direction).unwrap();
        let Err(Refusal::Ask(other)) = lent.serve() else {
            panic!("reached")
        };
        assert!(!Arc::ptr_eq(&worker, &other));
        assert_kind(other.run(), ErrorKind::Refused);
        membrane.revoke("shut");
        let Err(Refusal::Membrane(error)) = lent.serve() else {
            panic!("delivered")
        };
        assert_eq!(error.to_string(), "revoked: shut");
    }
}
