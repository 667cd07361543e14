//! The ways to the desk.

use super::program::{Method, Step};
use super::{Complaint, Desk, Oak, derived, listed, told, told_own, typed};
use membrane::{Conditions, Direction, Error, Membrane, Policy, allow, interface, lease, rule};
use runtime::{CallError, Domain, Dynamic, Limits, Object, Runtime, Value};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// A way to the desk.
pub(super) struct Route {
    pub(super) name: &'static str,
    pub(super) lay: fn(&Oak) -> Laid,
}

/// A way that leads to one desk.
pub(super) struct Laid {
    pub(super) call: Box<dyn Fn(&Step) -> String>,
    pub(super) revoke: Arc<dyn Fn() + Send + Sync>,
}

/// The plain one first.
pub(super) const ROUTES: &[Route] = &[
    Route {
        name: "plain",
        lay: plain,
    },
    Route {
        name: "on a thread's first call",
        lay: first,
    },
    Route {
        name: "inside a call",
        lay: nested,
    },
    Route {
        name: "audited",
        lay: audited,
    },
    Route {
        name: "counted",
        lay: counted,
    },
    Route {
        name: "under conditions",
        lay: conditioned,
    },
    Route {
        name: "under a rule",
        lay: ruled,
    },
    Route {
        name: "resumed",
        lay: resumed,
    },
    Route {
        name: "by a grant of eight",
        lay: granted,
    },
    Route {
        name: "by two hops",
        lay: two_hops,
    },
    Route {
        name: "inward",
        lay: inward,
    },
    Route {
        name: "leased",
        lay: leased,
    },
    Route {
        name: "by a closure",
        lay: closure,
    },
    Route {
        name: "by number",
        lay: by_number,
    },
    Route {
        name: "by name",
        lay: by_name,
    },
];

fn revoker(membrane: &Membrane) -> Arc<dyn Fn() + Send + Sync> {
    let revoker = membrane.revoker();
    Arc::new(move || revoker.revoke("over"))
}

fn policy() -> Policy {
    listed().build().expect("one list each")
}

fn lent(membrane: &Membrane, oak: &Oak) -> Arc<dyn Desk> {
    let desk: Arc<dyn Desk> = Arc::new(oak.clone());
    membrane.wrap(desk).expect("live")
}

/// A desk that is called as it is held.
fn direct(desk: Arc<dyn Desk>, revoked_by: &Membrane) -> Laid {
    Laid {
        call: Box::new(move |step| typed(&*desk, &desk, step)),
        revoke: revoker(revoked_by),
    }
}

fn plain(oak: &Oak) -> Laid {
    let membrane = Membrane::new(policy());
    direct(lent(&membrane, oak), &membrane)
}

fn first(oak: &Oak) -> Laid {
    let membrane = Membrane::new(policy());
    let desk = lent(&membrane, oak);
    Laid {
        call: Box::new(move |step| {
            let call = || typed(&*desk, &desk, step);
            thread::scope(|scope| scope.spawn(call).join().expect("refusals do not panic"))
        }),
        revoke: revoker(&membrane),
    }
}

type Task = Arc<dyn Fn() -> Result<String, Error> + Send + Sync>;

#[interface]
trait Host: Send + Sync {
    fn run(&self, task: Task) -> Result<String, Error>;
}

struct Runs;

impl Host for Runs {
    fn run(&self, task: Task) -> Result<String, Error> {
        task()
    }
}

fn nested(oak: &Oak) -> Laid {
    let membrane = Membrane::new(policy());
    let desk = lent(&membrane, oak);
    let around = Policy::builder().inbound(allow!(dyn Host: run)).build();
    let around = Membrane::new(around.expect("one list"));
    let host: Arc<dyn Host> = around.wrap(Arc::new(Runs) as Arc<dyn Host>).expect("live");
    Laid {
        call: Box::new(move |step| {
            let (desk, step) = (desk.clone(), step.clone());
            let task: Task = Arc::new(move || Ok(typed(&*desk, &desk, &step)));
            host.run(task).expect("what is around is live")
        }),
        revoke: revoker(&membrane),
    }
}

fn audited(oak: &Oak) -> Laid {
    let membrane = Membrane::new(policy());
    membrane.audit(|_: &membrane::AuditRecord<'_>| {});
    direct(lent(&membrane, oak), &membrane)
}

fn counted(oak: &Oak) -> Laid {
    let membrane = Membrane::new(policy());
    membrane.count_calls(true);
    direct(lent(&membrane, oak), &membrane)
}

fn conditioned(oak: &Oak) -> Laid {
    let wide = Conditions::builder()
        .calls(u64::MAX)
        .concurrency(u32::MAX)
        .bytes_in(u64::MAX)
        .bytes_out(u64::MAX)
        .proxies(u64::MAX)
        .expires_after(Duration::from_hours(1))
        .build();
    let membrane = Membrane::with_conditions(policy(), &wide.expect("none is zero"));
    let membrane = membrane.expect("none is zero");
    direct(lent(&membrane, oak), &membrane)
}

fn ruled(oak: &Oak) -> Laid {
    let always = rule!(dyn Desk: two, |_, _| true);
    let policy = listed().inbound_rule(always).build();
    let membrane = Membrane::new(policy.expect("one list each"));
    direct(lent(&membrane, oak), &membrane)
}

fn resumed(oak: &Oak) -> Laid {
    let membrane = Membrane::new(policy());
    let desk = lent(&membrane, oak);
    membrane.suspend("for a while", None);
    assert!(desk.none().is_err(), "it is suspended");
    membrane.resume();
    direct(desk, &membrane)
}

/// A line of grants; what comes from its end is one hop. One in the middle is revoked.
fn granted(oak: &Oak) -> Laid {
    let root = Membrane::new(policy());
    let mut line = vec![root];
    for _ in 0..8 {
        let last = line.last().expect("there is one");
        let next = last.grant(&policy()).expect("it is no wider");
        line.push(next);
    }
    direct(lent(&line[8], oak), &line[4])
}

fn two_hops(oak: &Oak) -> Laid {
    let near = Membrane::new(policy());
    let far = Membrane::new(policy());
    let desk = near.wrap(lent(&far, oak)).expect("live");
    direct(desk, &near)
}

fn inward(oak: &Oak) -> Laid {
    let membrane = Membrane::new(policy());
    let desk: Arc<dyn Desk> = Arc::new(oak.clone());
    let desk = membrane.pass(desk, Direction::Inbound).expect("live");
    direct(desk, &membrane)
}

fn leased(oak: &Oak) -> Laid {
    let membrane = Membrane::new(policy());
    let desk = lent(&membrane, oak);
    Laid {
        call: Box::new(move |step| {
            let lease = lease(&desk);
            typed(&*lease, &desk, step)
        }),
        revoke: revoker(&membrane),
    }
}

/// What a closure does is what the method does that it calls: the closure itself crossed with the desk.
fn closure(oak: &Oak) -> Laid {
    type Two = Arc<dyn Fn(u64, u64) -> Result<u64, Error> + Send + Sync>;
    let membrane = Membrane::new(policy());
    let desk = lent(&membrane, oak);
    let two: Two = {
        let oak = oak.clone();
        Arc::new(move |a, b| oak.two(a, b))
    };
    let two = membrane.pass(two, Direction::Outbound).expect("live");
    Laid {
        call: Box::new(move |step| match step.method {
            Method::Two => told(two(step.numbers[0], step.numbers[1])),
            _ => typed(&*desk, &desk, step),
        }),
        revoke: revoker(&membrane),
    }
}

/// The number and the arguments of a step; `own` is the desk, as the caller holds it.
fn dynamic(step: &Step, own: &Object) -> (&'static str, Vec<Value>) {
    let [a, b] = step.numbers;
    let (c, d, e) = derived(step);
    let d = Value::from(i64::from(d));
    match step.method {
        Method::None => ("none", vec![]),
        Method::Two => ("two", vec![a.into(), b.into()]),
        Method::Four => ("four", vec![a.into(), step.flag.into(), c.into(), d]),
        Method::Six => (
            "six",
            vec![a.into(), step.flag.into(), c.into(), d, e.into(), b.into()],
        ),
        Method::Text => ("text", vec![step.text.as_str().into()]),
        Method::Lent => ("lent", vec![step.text.as_str().into()]),
        Method::Wide => ("wide", vec![a.into()]),
        Method::Own => ("own", vec![a.into()]),
        Method::Same => ("same", vec![own.clone().into()]),
        Method::Make => ("make", vec![a.into()]),
        Method::Unlisted => ("unlisted", vec![a.into()]),
    }
}

/// The answer to a dynamic call, as the typed one would tell it.
fn told_dynamic(
    step: &Step,
    guest: &Domain,
    own: &Object,
    result: Result<Value, CallError>,
) -> String {
    fn of<T: Dynamic + std::fmt::Debug>(value: Value, guest: &Domain) -> String {
        told(Ok(
            T::take_value(value, guest).expect("what the method returns")
        ))
    }
    let value = match result {
        Ok(value) => value,
        Err(CallError::Raised(value)) => {
            let error = Complaint::take_value(value, guest).expect("what the method raises");
            return told_own(&Err(error));
        }
        Err(CallError::Membrane(error)) => return told::<u64>(Err(error)),
        Err(other) => return format!("{other:?}"),
    };
    match step.method {
        Method::Text => of::<String>(value, guest),
        Method::Lent => of::<Vec<u8>>(value, guest),
        Method::Wide => of::<(u64, String, Option<u64>)>(value, guest),
        Method::Same => told(Ok(matches!(value, Value::Object(same) if same == *own))),
        Method::Make => {
            let Value::List(made) = value else {
                panic!("a list")
            };
            let refuses = |made: &&Value| {
                let Value::Object(made) = made else {
                    panic!("an object")
                };
                guest.call_named(made, "unlisted", &[0_u64.into()]).is_err()
            };
            told(Ok((made.len(), made.iter().filter(refuses).count())))
        }
        _ => of::<u64>(value, guest),
    }
}

/// By dynamic calls of a guest's; `call` makes one.
fn by(oak: &Oak, call: fn(&Domain, &Object, &str, &[Value]) -> Result<Value, CallError>) -> Laid {
    let runtime = Runtime::new();
    let guest = runtime.domain("guest", Limits::default());
    let membrane = runtime
        .join(runtime.host(), &guest, policy())
        .expect("both are open");
    let desk = runtime.host().own::<dyn Desk>(Arc::new(oak.clone()));
    let desk = runtime.host().send(&desk, &guest).expect("they are joined");
    Laid {
        call: Box::new(move |step| {
            // Keeps the host's domain.
            let _ = &runtime;
            let (method, arguments) = dynamic(step, &desk);
            let result = call(&guest, &desk, method, &arguments);
            told_dynamic(step, &guest, &desk, result)
        }),
        revoke: revoker(&membrane),
    }
}

fn by_number(oak: &Oak) -> Laid {
    by(oak, |guest, desk, method, arguments| {
        // The number of one that is not listed is known all the same.
        let methods = <dyn Desk as membrane::Interface>::METHODS;
        let number = methods
            .iter()
            .position(|name| *name == method)
            .expect("a method");
        guest.call(desk, u32::try_from(number).expect("few"), arguments)
    })
}

fn by_name(oak: &Oak) -> Laid {
    by(oak, |guest, desk, method, arguments| {
        guest.call_named(desk, method, arguments)
    })
}
