//! One layer more than is looked through, and one moment later than was looked.

use crate::cast::{Safe, Vault};
use crate::lab::{breaks, contained};
use crate::stage::{Chest, NAME, OPEN, Oak, Post, at_once, chests, guests, is_bare, policy, posts};
use membrane::{Direction, Error, Membrane, Passable, Policy, allow, interface, lease};
use std::sync::Arc;

/// How many layers there are: around one, around the sixteen that are looked through for an object's home, and beyond.
const LAYERS: [usize; 9] = [1, 2, 3, 15, 16, 17, 18, 40, 100];

/// C9: "depth-bounded check bypassed by one more layer": a narrow grant's proxy is lent on by wide siblings of that grant, each
/// around the one before.
#[test]
fn c9_layers_of_siblings() {
    contained(breaks![membrane::LayerPeeled], |lab| {
        let wide = allow!(dyn Chest: name, open, read, keep, kept, seize);
        let wide = policy(Policy::builder().inbound(wide).outbound(wide));
        let root = Membrane::new(wide.clone());
        let narrow = root.grant(&policy(chests())).expect("narrower");
        let siblings = [(); 2].map(|()| root.grant(&wide).expect("as wide"));
        let oak = Oak::new();
        for layers in LAYERS {
            let mut chest = narrow.wrap(oak.chest()).expect("live");
            for layer in 0..layers {
                chest = siblings[layer % 2].wrap(chest).expect("live");
            }
            assert!(chest.name().is_ok(), "{layers} layers: what all allow");
            lab.reached();
            lab.escaped_if(chest.open().is_ok(), format!("{layers} layers"));
            lab.escaped_if(lease(&chest).open().is_ok(), format!("{layers}: a lease"));
            let outermost = &siblings[(layers - 1) % 2];
            let lent = outermost.lent(&chest).expect("a proxy");
            lab.escaped_if(lent.allows(OPEN), format!("{layers}: said to be allowed"));
            // Handed back to the owner, it is the owner's chest, or what has no more rights than this.
            let inward = outermost.wrap_inbound(chest).expect("live");
            let is_home = Arc::ptr_eq(&inward, &oak.chest());
            lab.escaped_if(
                !is_home && inward.open().is_ok(),
                format!("{layers}: on the way back"),
            );
        }
        lab.escaped_if(oak.opened() > 0, "the gold");
    });
}

type Give = Arc<dyn Fn() -> Result<Nest, Error> + Send + Sync>;

/// An object, at some depth.
#[derive(Passable)]
#[passable(recursive)]
enum Nest {
    Chest(Arc<dyn Chest>),
    Closure(Give),
    Boxed(Box<Nest>),
    List(Vec<Nest>),
}

impl Nest {
    fn around(chest: Arc<dyn Chest>, layers: usize) -> Self {
        (0..layers).fold(Self::Chest(chest), |inner, layer| match layer % 3 {
            0 => Self::Boxed(Box::new(inner)),
            1 => Self::List(vec![inner]),
            _ => {
                let inner = std::sync::Mutex::new(Some(inner));
                Self::Closure(Arc::new(move || {
                    let inner = inner.lock().expect("no panic").take();
                    inner.ok_or(membrane::ErrorKind::Failed.into())
                }))
            }
        })
    }

    fn innermost(self) -> Arc<dyn Chest> {
        match self {
            Self::Chest(chest) => chest,
            Self::Closure(give) => give().expect("for the first time").innermost(),
            Self::Boxed(inner) => inner.innermost(),
            Self::List(list) => list.into_iter().next().expect("one").innermost(),
        }
    }
}

/// C9: "laundered by call/bind/apply": what gives what gives an object: the object is wrapped, however far down it lies.
#[test]
fn c9_closures_in_closures() {
    contained(
        breaks![
            membrane::BareResults,
            membrane::BareElements,
            membrane::BareReferences,
        ],
        |lab| {
            for direction in [Direction::Outbound, Direction::Inbound] {
                for layers in LAYERS {
                    let oak = Oak::new();
                    let membrane = Membrane::new(policy(chests()));
                    let nest = Nest::around(oak.chest(), layers);
                    let nest = membrane.pass(nest, direction).expect("live");
                    let chest = nest.innermost();
                    lab.reached();
                    lab.escaped_if(is_bare(&chest, &oak), format!("{layers} layers"));
                    assert!(chest.name().is_ok() || oak.opened() > 0);
                }
            }
        },
    );
}

#[interface]
trait Source: Send + Sync {
    fn numbers(&self) -> Result<Box<dyn Iterator<Item = Result<u64, Error>> + Send>, Error>;
}

impl Source for Safe {
    fn numbers(&self) -> Result<Box<dyn Iterator<Item = Result<u64, Error>> + Send>, Error> {
        Ok(Box::new((0..).map(Ok)))
    }
}

/// C10: "method value taken now, called later": a bound method, an unpolled future, an iterator, a lease and a method's number
/// are each taken while the call would be let in, or from an object on which it is, and used when it is not.
#[test]
fn c10_method_taken_and_called_later() {
    contained(breaks![gate::NoCut, membrane::AllowAll], |lab| {
        let builder = posts().inbound(allow!(dyn Source: numbers));
        let membrane = Membrane::new(policy(builder.inbound(allow!(dyn Vault: name))));
        let (oak, safe) = (Oak::new(), Safe::new());
        let chest = membrane.wrap(oak.chest()).expect("live");
        let post = membrane.wrap::<dyn Post>(oak.clone()).expect("live");
        let source = membrane.wrap::<dyn Source>(safe.clone()).expect("live");
        let vault = membrane.wrap::<dyn Vault>(safe.clone()).expect("live");
        let open = {
            let vault = vault.clone();
            move || vault.open()
        };
        let name = {
            let chest = chest.clone();
            move || chest.name()
        };
        let future = post.name();
        let mut numbers = source.numbers().expect("listed");
        assert_eq!(numbers.next(), Some(Ok(0)));
        let leased = lease(&chest);
        assert!(name().is_ok() && leased.name().is_ok());

        // A number that was found on an object of one's own.
        let (runtime, [guest]) = guests(&policy(chests()));
        let own = guest.own::<dyn Chest>(Oak::new());
        let number = own.method("open").expect("it is the guest's own");
        let lent = runtime.host().own::<dyn Chest>(oak.clone());
        let lent = runtime.host().send(&lent, &guest).expect("joined");
        assert!(guest.call(&lent, NAME, &[]).is_ok());

        membrane.revoke("over");
        lab.reached();
        lab.escaped_if(open().is_ok(), "a bound method that is not listed");
        lab.escaped_if(name().is_ok(), "a bound method");
        lab.escaped_if(at_once(future).is_ok(), "an unpolled future");
        lab.escaped_if(matches!(numbers.next(), Some(Ok(_))), "an iterator");
        lab.escaped_if(leased.name().is_ok(), "a lease");
        let by_number = guest.call(&lent, number, &[]);
        lab.escaped_if(by_number.is_ok(), "a number");
        lab.escaped_if(oak.opened() + safe.opened() > 0, "the gold");
    });
}

/// C10: a call of an async method that is not listed is made, and polled later.
#[test]
fn c10_future_of_an_unlisted_method() {
    contained(
        breaks![membrane::UnlistedAsync, membrane::AllowAll],
        |lab| {
            for direction in [Direction::Outbound, Direction::Inbound] {
                let membrane = Membrane::new(policy(posts()));
                let oak = Oak::new();
                let post: Arc<dyn Post> = oak.clone();
                let post = membrane.pass(post, direction).expect("live");
                let leased = lease(&post);
                let futures = [post.open(), leased.open()].map(|future| {
                    assert_eq!(oak.opened(), 0, "nothing happens before it is polled");
                    future
                });
                for future in futures {
                    lab.reached();
                    lab.escaped_if(at_once(future).is_ok(), format!("{direction:?}: opened"));
                }
                lab.escaped_if(oak.opened() > 0, "the gold");
            }
        },
    );
}
