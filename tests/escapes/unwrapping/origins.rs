//! B1, B3, B10, B11: whose an object is.

use crate::crossing::chests::{self, Chest};
use crate::crossing::loot::{BOTH, back, is_more, look, ways};
use crate::lab::{breaks, contained};
use membrane::__private::Query;
use membrane::{Direction, ErrorKind, Membrane, Policy, allow};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use tests::fixtures::parcel::{Actor, Fault, Inbox, Load, Peer, Ref, Secret, shapes, swap_policy};
use tests::fixtures::ways::Link;

fn wide() -> Policy {
    let list = allow!(dyn Peer: ping, swap, fail, forbidden);
    let policy = Policy::builder().inbound(list).outbound(list).build();
    policy.expect("one list each way")
}

// ---------------------------------------------------------------------------------------------------------------------
// B1: one's own, as another's.

/// B1: a holder lends on to itself, and has what it was lent unwrapped into an object of its own.
#[test]
fn b1_own_object_wrapped_as_anothers() {
    for shape in shapes() {
        contained(
            breaks![
                membrane::ToTheTarget,
                membrane::HomeAnywhere,
                membrane::BareReferences
            ],
            |lab| {
                let membrane = Membrane::new(swap_policy());
                let secret = Secret::new(1);
                let stolen = membrane.wrap(secret.raw.clone()).expect("live");
                // All that the holder has.
                let on = membrane.attenuate(&swap_policy()).expect("as wide");
                let inbox = Inbox::default();
                let mirror = on.wrap(Actor::keeping(&inbox)).expect("live");
                let lent_on = on.wrap(stolen).expect("live");
                lab.escaped_if(is_more(&lent_on, &secret), "lent on");
                mirror.swap(shape.build(&lent_on)).expect("listed");
                look(lab, inbox.take(), &secret, format!("in a {}", shape.name));
                let thrown = mirror.fail(Load::One(lent_on)).expect_err("it fails");
                assert!(matches!(thrown, Fault::Payload(_)), "listed");
                look(lab, inbox.take(), &secret, "on the way to an error");
            },
        );
    }
}

/// B1: an object goes in and comes out as what it is, and what is then put into it stays what it was.
#[test]
fn b1_own_object_that_comes_back() {
    for direction in BOTH {
        contained(
            breaks![membrane::BareReferences, membrane::BareArguments],
            |lab| {
                let membrane = Membrane::new(swap_policy());
                let secret = Secret::new(1);
                let stolen = membrane.pass(secret.raw.clone(), direction).expect("live");
                let inbox = Inbox::default();
                let mine = Actor::keeping(&inbox);
                let taken_in = membrane.pass(mine.clone(), back(direction)).expect("live");
                let again = membrane.pass(taken_in.clone(), direction).expect("live");
                lab.reached();
                lab.escaped_if(!Arc::ptr_eq(&again, &mine), "one's own, as another's");
                // By its holder, and by the owner of the secret.
                again.swap(Load::One(stolen)).expect("its own");
                look(lab, inbox.take(), &secret, "put in by its holder");
                let own = Load::One(secret.raw.clone());
                taken_in.swap(own).expect("listed");
                look(lab, inbox.take(), &secret, "put in by the owner");
            },
        );
    }
}

/// B1, dynamically: a domain is made to say that what it holds is its own.
#[test]
fn b1_held_object_called_ones_own() {
    contained(breaks![membrane::AllowAll, runtime::SendsBare], |lab| {
        let stage = chests::Stage::new();
        for (owner, holder) in stage.sides() {
            let (oak, lent) = chests::lend(owner, holder);
            let typed = lent.typed::<dyn Chest>().expect("it is one");
            let mistaken = holder.own(typed);
            chests::look(lab, holder, &mistaken.clone().into(), "as its own");
            let given = holder.call_named(&mistaken, "all", &[]).expect("listed");
            chests::look(lab, holder, &given, "what it gives");
            // At the owner it is the owner's.
            let home = holder.send(&mistaken, owner).expect("joined");
            let home = home.typed::<dyn Chest>().expect("it is one");
            let raw: Arc<dyn Chest> = oak;
            lab.escaped_if(!Arc::ptr_eq(&home, &raw), "another's, at home");
        }
    });
}

// ---------------------------------------------------------------------------------------------------------------------
// B3: how an object is recognised.

/// What an impostor answers to whoever calls it.
const IMPOSTOR: u64 = 666;

/// Has whoever asks it ask `stolen` instead.
struct Impostor {
    stolen: Ref,
    asked: AtomicUsize,
}

impl Impostor {
    fn new(stolen: &Ref) -> Arc<Self> {
        Arc::new(Self {
            stolen: stolen.clone(),
            asked: AtomicUsize::new(0),
        })
    }
}

impl Peer for Impostor {
    fn ping(&self) -> Result<u64, Fault> {
        Ok(IMPOSTOR)
    }
    fn swap(&self, load: Load) -> Result<Load, Fault> {
        Ok(load)
    }
    fn fail(&self, load: Load) -> Result<(), Fault> {
        Err(Fault::Payload(load))
    }
    fn forbidden(&self) -> Result<u64, Fault> {
        Err(membrane::Error::from(ErrorKind::Rejected).into())
    }
    fn __membrane_peer(&self, query: &Query<'_>) {
        self.asked.fetch_add(1, SeqCst);
        self.stolen.__membrane_peer(query);
    }
}

/// B3: an object that has a stolen proxy answer for it is not taken for the stolen one's target, by whatever way it arrives.
#[test]
fn b3_object_that_has_a_stolen_proxy_answer_for_it() {
    for shape in shapes() {
        for direction in BOTH {
            contained(breaks![membrane::BelieveAnyone], |lab| {
                for (_, way) in ways().filter(|(way, _)| *way == direction) {
                    let membrane = Membrane::new(swap_policy());
                    let secret = Secret::new(1);
                    let stolen = membrane.pass(secret.raw.clone(), back(direction));
                    let impostor = Impostor::new(&stolen.expect("live"));
                    let object: Ref = impostor.clone();
                    let got = way.carry(Link(Some(&membrane)), shape.build(&object));
                    for got in got.reach() {
                        lab.reached();
                        lab.escaped_if(is_more(&got, &secret), way.name);
                        let answer = got.ping().expect("listed");
                        lab.escaped_if(answer != IMPOSTOR, "the victim's answer");
                    }
                    assert!(impostor.asked.load(SeqCst) > 0, "it was asked");
                }
            });
        }
    }
}

/// B3: nor is it when it is leased.
#[test]
fn b3_lease_of_an_object_that_has_another_answer() {
    for direction in BOTH {
        contained(breaks![membrane::BelieveAnyone], |lab| {
            let membrane = Membrane::new(swap_policy());
            let secret = Secret::new(1);
            let stolen = membrane.pass(secret.raw.clone(), direction).expect("live");
            let impostor = Impostor::new(&stolen);
            let object: Ref = impostor.clone();
            let lease = membrane::lease(&object);
            assert!(impostor.asked.load(SeqCst) > 0, "it was asked");
            lab.reached();
            lab.escaped_if(lease.ping().ok() != Some(IMPOSTOR), "the victim's answer");
            lab.escaped_if(secret.calls.listed() > 0, "a call of the victim");
        });
    }
}

/// B3: closures are recognised by where they are: one that is freed leaves its place to others, which are nobody's proxy.
#[test]
fn b3_closure_in_the_place_of_another() {
    type Exchange = Arc<dyn Fn(Load) -> Result<Load, Fault> + Send + Sync>;
    contained(
        breaks![membrane::ClosuresKept, membrane::BareReferences],
        |lab| {
            let membrane = Membrane::new(swap_policy());
            let secret = Secret::new(1);
            let own = secret.raw.clone();
            let giving: Exchange = Arc::new(move |_| Ok(Load::One(own.clone())));
            for _ in 0..100 {
                // Lent, and freed: the holder's own are made where it was.
                let lent = membrane.wrap(giving.clone()).expect("live");
                let place = Arc::as_ptr(&lent).cast::<()>();
                drop(lent);
                let mine: Vec<Exchange> = (0..8_u64)
                    .map(|number| -> Exchange {
                        let (a, b) = (number, number);
                        Arc::new(move |load| if a == b { Ok(load) } else { Ok(Load::Nothing) })
                    })
                    .collect();
                for mine in mine {
                    let same = Arc::as_ptr(&mine).cast::<()>() == place;
                    let got = membrane.wrap_inbound(mine.clone()).expect("live");
                    lab.escaped_if(Arc::ptr_eq(&got, &giving), "the owner's, for another's");
                    let answer = got(Load::Nothing).expect("it is carried");
                    let is_its_own = matches!(answer, Load::Nothing);
                    lab.escaped_if(!is_its_own, format!("another's answer, there: {same}"));
                }
            }
            let lent = membrane.wrap(giving).expect("live");
            look(
                lab,
                lent(Load::Nothing).expect("it is carried"),
                &secret,
                "given",
            );
        },
    );
}

// ---------------------------------------------------------------------------------------------------------------------
// B10: wrappers of one's own.

/// B10: a holder makes proxies around what it was lent, by its own handle or by a membrane of its own, with all the bits that it
/// can name. That it cannot make one by hand is shown by `ui/fail/hostile_proxy_made.rs`, `hostile_allow_widened.rs` and others.
#[test]
fn b10_proxy_of_a_holders_own_making() {
    contained(
        breaks![
            membrane::WiderChild,
            membrane::StripForeign,
            membrane::AllowAll
        ],
        |lab| {
            let membrane = Membrane::new(swap_policy());
            let secret = Secret::new(1);
            let stolen = membrane.wrap(secret.raw.clone()).expect("live");
            let on = membrane.attenuate(&swap_policy()).expect("as wide");
            let all = membrane::__private::allow::<dyn Peer>(u64::MAX);
            let all = Policy::builder().inbound(all).outbound(all).build();
            for policy in [wide(), all.expect("one list each")] {
                let own = Membrane::new(policy.clone());
                let derived = [
                    on.grant(&policy),
                    on.attenuate(&policy),
                    own.grant(&policy),
                    own.attenuate(&policy),
                ];
                let handles = derived.into_iter().flatten().chain([own, on.clone()]);
                for handle in handles {
                    for direction in BOTH {
                        lab.reached();
                        let got = handle.pass(stolen.clone(), direction).expect("live");
                        lab.escaped_if(is_more(&got, &secret), "by a handle of its own");
                        let got = handle.pass(got, back(direction)).expect("live");
                        lab.escaped_if(is_more(&got, &secret), "there and back");
                    }
                }
            }
        },
    );
}

// ---------------------------------------------------------------------------------------------------------------------
// B11: on both sides.

/// B11: what is the other side's already, or seems so, does not pass through as it is.
#[test]
fn b11_proxy_that_is_sent_where_it_belongs() {
    for (direction, way) in ways() {
        contained(
            breaks![membrane::HomeAnywhere, membrane::BareReferences],
            |lab| {
                for shape in shapes() {
                    let membrane = Membrane::new(swap_policy());
                    let secret = Secret::new(1);
                    let lent = membrane.pass(secret.raw.clone(), direction).expect("live");
                    let got = way.carry(Link(Some(&membrane)), shape.build(&lent));
                    for got in got.reach() {
                        lab.reached();
                        lab.escaped_if(is_more(&got, &secret), way.name);
                        lab.escaped_if(!Arc::ptr_eq(&got, &lent), "a second identity");
                    }
                }
            },
        );
    }
}

/// B11: an object that both sides lend has two proxies, each by its own list, and both end together.
#[test]
fn b11_object_that_both_sides_lend() {
    contained(
        breaks![membrane::OneWay, membrane::AllowAll, gate::NoCut],
        |lab| {
            let membrane = Membrane::new(swap_policy());
            let secret = Secret::new(1);
            let pair = BOTH.map(|way| membrane.pass(secret.raw.clone(), way).expect("live"));
            lab.reached();
            lab.escaped_if(Arc::ptr_eq(&pair[0], &pair[1]), "one proxy for both");
            for one in &pair {
                assert!(one.ping().is_ok(), "as listed");
                lab.escaped_if(one.forbidden().is_ok(), "what is not listed");
            }
            // Each leads home, where it came from, and nowhere else.
            let [out, inward] = pair;
            let again = membrane.wrap(out.clone()).expect("live");
            lab.escaped_if(!Arc::ptr_eq(&again, &out), "out again");
            let again = membrane.wrap_inbound(inward.clone()).expect("live");
            lab.escaped_if(!Arc::ptr_eq(&again, &inward), "in again");
            membrane.revoke("over");
            lab.escaped_if(out.ping().is_ok(), "outward, after the end");
            lab.escaped_if(inward.ping().is_ok(), "inward, after the end");
            let late = membrane.pass(secret.raw.clone(), Direction::Inbound);
            lab.escaped_if(late.is_ok_and(|late| late.ping().is_ok()), "late");
        },
    );
}
