//! Writing through what was lent for reading, and reading what cannot be called.

use crate::lab::{breaks, contained};
use crate::stage::{Chest, OPEN, Oak, chests, guests, is_bare, locked, policy, sent};
use membrane::{Direction, Error, Membrane, Policy, allow, interface, lease};
use runtime::{Domain, Object, Runtime};
use std::sync::{Arc, Mutex};

/// A file, and the ones beside it.
#[interface]
trait File: Send + Sync {
    fn read(&self) -> Result<Vec<u64>, Error>;
    fn write(&self, data: Vec<u64>) -> Result<(), Error>;
    fn sibling(&self) -> Result<Arc<dyn File>, Error>;
    fn copy_to(&self, other: Arc<dyn File>) -> Result<(), Error>;
}

#[derive(Default)]
struct Disk {
    data: Mutex<Vec<u64>>,
    beside: Option<Arc<Disk>>,
}

impl File for Disk {
    fn read(&self) -> Result<Vec<u64>, Error> {
        Ok(locked(&self.data).clone())
    }

    fn write(&self, data: Vec<u64>) -> Result<(), Error> {
        *locked(&self.data) = data;
        Ok(())
    }

    fn sibling(&self) -> Result<Arc<dyn File>, Error> {
        match &self.beside {
            Some(beside) => Ok(beside.clone()),
            None => Ok(Arc::new(Self::default())),
        }
    }

    fn copy_to(&self, other: Arc<dyn File>) -> Result<(), Error> {
        other.write(self.read()?)
    }
}

/// D11: "field set via a derived or child object lands on the target": a grant for reading only gives no way to write: not by
/// what it derives, what is reached from what it lends, what it lends on, nor by its own list of what it holds.
#[test]
fn d11_write_through_a_derived_reference() {
    contained(breaks![membrane::ParentsLists, membrane::AllowAll], |lab| {
        let whole = allow!(dyn File: read, write, sibling, copy_to);
        let reading = allow!(dyn File: read, sibling);
        let root = Membrane::new(policy(Policy::builder().inbound(whole).outbound(whole)));
        let narrow = policy(Policy::builder().inbound(reading).outbound(reading));
        let beside = Arc::new(Disk::default());
        let disk = Arc::new(Disk {
            data: Mutex::new(vec![1]),
            beside: Some(beside.clone()),
        });
        let file: Arc<dyn File> = disk.clone();
        let written = root.wrap(file.clone()).expect("live");
        written
            .write(vec![1, 2])
            .expect("the root's holder may write");

        let grant = root.grant(&narrow).expect("narrower");
        let on = root.attenuate(&narrow).expect("narrower");
        let deeper = grant.grant(&narrow).expect("as wide");
        let lent = [
            ("a grant's", grant.wrap(file.clone()).expect("live")),
            (
                "a grant's, of a proxy",
                grant.wrap(written.clone()).expect("live"),
            ),
            ("lent on", on.wrap(written.clone()).expect("live")),
            ("a grant's grant's", deeper.wrap(file).expect("live")),
        ];
        for (whose, file) in lent {
            // What was read is a copy.
            let mut copy = file.read().expect("listed");
            assert_eq!(copy[..2], [1, 2]);
            copy.push(666);
            lab.reached();
            lab.escaped_if(
                file.write(copy.clone()).is_ok(),
                format!("{whose}: written"),
            );
            lab.escaped_if(
                lease(&file).write(copy.clone()).is_ok(),
                format!("{whose}: by a lease"),
            );
            let reached = file.sibling().expect("listed");
            lab.escaped_if(
                reached.write(copy.clone()).is_ok(),
                format!("{whose}: the sibling"),
            );
            let further = reached.sibling().expect("listed");
            lab.escaped_if(further.write(copy).is_ok(), format!("{whose}: its sibling"));
            lab.escaped_if(
                file.copy_to(reached).is_ok(),
                format!("{whose}: by the target"),
            );
        }
        lab.escaped_if(locked(&disk.data).contains(&666), "the file");
        lab.escaped_if(locked(&beside.data).contains(&666), "the file beside it");
    });
}

/// A guest with a chest of the host's, and a host with one of the guest's.
fn both(runtime: &Runtime, guest: &Domain) -> [(Domain, Object, Arc<Oak>); 2] {
    let host = runtime.host();
    [(host, guest), (guest, host)].map(|(owner, holder)| {
        let oak = Oak::new();
        (holder.clone(), sent(owner, holder, &oak), oak)
    })
}

/// D12: "introspection returns a capability that direct access denies": a description has no method that cannot be called, no
/// number, and none of the documentation that speaks of it.
#[test]
fn d12_description_of_an_object() {
    contained(breaks![runtime::DescribesAll], |lab| {
        let (runtime, [guest]) = guests(&policy(chests()));
        for (holder, lent, oak) in both(&runtime, &guest) {
            let description = holder.describe(&lent).expect("held");
            lab.reached();
            for (number, method) in description.methods() {
                let can_be_called = lent.allows(*number) && lent.method(method.name()).is_some();
                lab.escaped_if(
                    !can_be_called,
                    format!("{}, which is not listed", method.name()),
                );
            }
            let shown = format!("{description:?} {lent:?}");
            lab.escaped_if(shown.contains("open"), "its name, in what is shown");
            lab.escaped_if(shown.contains("What nobody was given"), "its documentation");
            lab.escaped_if(
                description.doc().contains("open"),
                "the interface's documentation",
            );
            lab.escaped_if(description.is_own(), "said to be one's own");
            assert!(description.methods().len() >= 4);
            assert_eq!(oak.entered(), 0, "nobody asked the object");
        }
    });
}

/// D12: an object as what it is in Rust, and what that is asked and given, is what was lent.
#[test]
fn d12_object_as_what_it_is_in_rust() {
    contained(breaks![runtime::SendsBare, membrane::AllowAll], |lab| {
        let (runtime, [guest]) = guests(&policy(chests()));
        for (holder, lent, oak) in both(&runtime, &guest) {
            let typed = lent.typed::<dyn Chest>().expect("a chest");
            lab.reached();
            lab.escaped_if(is_bare(&typed, &oak), "the object itself");
            let held = holder.own::<dyn Chest>(typed.clone());
            lab.escaped_if(holder.call(&held, OPEN, &[]).is_ok(), "as one's own");
            lab.escaped_if(holder.import_key(&lent).is_some(), "the key of an import");
            lab.escaped_if(typed.open().is_ok() || oak.opened() > 0, "the gold");
        }
    });
}

#[interface]
trait Shown: std::fmt::Debug + Send + Sync {
    fn name(&self) -> Result<u64, Error>;
    fn hidden_door(&self) -> Result<u64, Error>;
}

/// Shows what it holds to whoever asks.
struct Secretive(Arc<Mutex<usize>>);

impl std::fmt::Debug for Secretive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        *locked(&self.0) += 1;
        f.write_str("the combination is 1848")
    }
}

impl Shown for Secretive {
    fn name(&self) -> Result<u64, Error> {
        Ok(1)
    }

    fn hidden_door(&self) -> Result<u64, Error> {
        Ok(2)
    }
}

/// D12: to show a proxy tells what may be called on it, and asks nobody.
#[test]
fn d12_debug_of_a_proxy() {
    contained(breaks![membrane::DebugAsks], |lab| {
        for direction in [Direction::Outbound, Direction::Inbound] {
            let list = allow!(dyn Shown: name);
            let membrane = Membrane::new(policy(Policy::builder().inbound(list).outbound(list)));
            let asked = Arc::<Mutex<usize>>::default();
            let object: Arc<dyn Shown> = Arc::new(Secretive(asked.clone()));
            let address = format!("{:p}", Arc::as_ptr(&object));
            let lent = membrane.pass(object, direction).expect("live");
            for shown in [
                format!("{lent:?}"),
                format!("{lent:#?}"),
                format!("{:?}", Some(&lent)),
            ] {
                lab.reached();
                for secret in ["1848", "combination", "hidden_door", "Secretive", &address] {
                    lab.escaped_if(shown.contains(secret), format!("{secret} in {shown:?}"));
                }
                assert!(shown.contains("name"));
            }
            lab.escaped_if(lent.hidden_door().is_ok(), "the door");
            lab.escaped_if(*locked(&asked) > 0, "the object was asked");
        }
    });
}
