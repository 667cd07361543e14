//! A guest that no compiler made: a core module in text whose code is the attack, made a component.

use super::{Server, assert_works, engine, start_in};
use membrane::{Error, ErrorKind, Policy, PolicyBuilder, Reason, allow, interface};
use probe::{Service, Visitor};
use runtime::wasm::{Code, End, Engine, Guest, StartError};
use runtime::{DynamicInterface, Limits, Runtime};
use std::sync::{Arc, OnceLock};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata, metadata};

/// The root object: whichever method is called, the guest runs its attack.
#[interface(dynamic)]
pub(crate) trait Forger {
    fn strike(&self, victim: Arc<dyn Service>, other: Arc<dyn Service>) -> Result<u64, Error>;
    fn give(&self) -> Result<Vec<Arc<dyn Visitor>>, Error>;
}

/// What every attack is built on. `$mark` calls the service, for the test to see that the attack was reached; `$call7`
/// calls it with a pool that the attack has made, and `$told` answers with what the host said to that.
const BASE: &str = r#"(module
  (import "object-membrane:guest/host@0.1.0" "[method]object.call"
    (func $call (param i32 i32 i32 i32 i32 i32 i32 i32)))
  (import "object-membrane:guest/host@0.1.0" "[method]object.method" (func $method (param i32 i32 i32 i32)))
  (import "object-membrane:guest/host@0.1.0" "[method]object.describe" (func $describe (param i32 i32)))
  (import "object-membrane:guest/host@0.1.0" "[method]object.share" (func $share (param i32) (result i32)))
  (import "object-membrane:guest/host@0.1.0" "[resource-drop]object" (func $drop (param i32)))
  (memory (export "memory") 16)
  (global $top (mut i32) (i32.const 65536))
  (global $kept (mut i32) (i32.const 0))
  (func (export "cabi_realloc") (param $old i32) (param $was i32) (param $align i32) (param $size i32) (result i32)
    (local $at i32)
    REALLOC
    (local.set $at (i32.and (i32.add (global.get $top) (i32.const 7)) (i32.const -8)))
    (global.set $top (i32.add (local.get $at) (local.get $size)))
    (local.get $at))
  ;; The node 7, at 1024.
  (data (i32.const 1024) "\02") (data (i32.const 1032) "\07")
  (func $call7 (param $h i32) (param $arity i32) (param $nodes i32) (param $count i32)
    (call $call (local.get $h) (i32.const NEXT) (local.get $arity) (local.get $nodes) (local.get $count)
      (i32.const 0) (i32.const 0) (i32.const 2048)))
  (func $mark (param $h i32) (call $call7 (local.get $h) (i32.const 1) (i32.const 1024) (i32.const 1)))
  (func $answer (param $nodes i32) (param $count i32) (param $objects i32) (param $places i32) (result i32)
    (i32.store8 (i32.const 3072) (i32.const 0))
    (i32.store (i32.const 3076) (local.get $nodes))
    (i32.store (i32.const 3080) (local.get $count))
    (i32.store (i32.const 3084) (local.get $objects))
    (i32.store (i32.const 3088) (local.get $places))
    (i32.const 3072))
  (func $number (param $value i32) (result i32)
    (i32.store8 (i32.const 1024) (i32.const 2))
    (i64.store (i32.const 1032) (i64.extend_i32_u (local.get $value)))
    (call $answer (i32.const 1024) (i32.const 1) (i32.const 0) (i32.const 0)))
  ;; 100 if the host answered the last call, else the number of its failure.
  (func $told (result i32)
    (call $number (select (i32.load8_u (i32.const 2052)) (i32.const 100) (i32.load8_u (i32.const 2048)))))
  (func (export "object-membrane:guest/guest@0.1.0#start") (result i32)
    (i64.store (i32.const 4104) (i64.const 1))
    (i64.store (i32.const 4112) (i64.const ROOT))
    START
    (i32.const 4096))
  (func (export "object-membrane:guest/guest@0.1.0#call")
    (param $id i64) (param $method i32) (param $arity i32) (param $nodes i32) (param $count i32)
    (param $objects i32) (param $places i32) (result i32)
    (local $h i32) (local $other i32) (local $i i32)
    (if (i32.ge_u (local.get $places) (i32.const 1)) (then (local.set $h (i32.load (local.get $objects)))))
    (if (i32.ge_u (local.get $places) (i32.const 2))
      (then (local.set $other (i32.load (i32.add (local.get $objects) (i32.const 4))))))
    ATTACK)
  (func (export "object-membrane:guest/guest@0.1.0#release") (param i32 i32) RELEASE)
  REST)"#;

/// The parts of a guest that differ.
#[derive(Clone, Copy, Default)]
pub(crate) struct Parts<'a> {
    pub(crate) attack: &'a str,
    pub(crate) realloc: &'a str,
    pub(crate) start: &'a str,
    pub(crate) release: &'a str,
    pub(crate) rest: &'a str,
}

impl<'a> Parts<'a> {
    pub(crate) fn attack(attack: &'a str) -> Self {
        Self {
            attack,
            ..Self::default()
        }
    }

    fn code(self, engine: &Engine) -> Code {
        let next = <dyn Service>::interface()
            .number("next")
            .expect("it has it");
        let text = BASE
            .replace("NEXT", &next.to_string())
            .replace("REALLOC", self.realloc)
            .replace("START", self.start)
            .replace("RELEASE", self.release)
            .replace("REST", self.rest)
            .replace("ATTACK", self.attack)
            .replace("ROOT", &hash::<dyn Forger>())
            .replace("VISITOR", &hash::<dyn Visitor>())
            .replace("SERVICE", &hash::<dyn Service>());
        let mut module = wat::parse_str(text).expect("the test's own text");
        let (_, world) = metadata::decode(probe()).expect("the probe has a world");
        embed_component_metadata(
            &mut module,
            &world.resolve,
            world.world,
            StringEncoding::UTF8,
        )
        .expect("the probe's world");
        let component = ComponentEncoder::default()
            .module(&module)
            .and_then(ComponentEncoder::encode)
            .expect("a component");
        engine
            .compile("forger", &component)
            .expect("of the right types")
    }

    pub(crate) fn start(self, limits: Limits) -> Result<Forged, StartError> {
        self.start_on(engine(), limits)
    }

    pub(crate) fn start_on(self, engine: &Engine, limits: Limits) -> Result<Forged, StartError> {
        self.start_under(engine, policy(), limits)
    }

    pub(crate) fn start_under(
        self,
        engine: &Engine,
        policy: Policy,
        limits: Limits,
    ) -> Result<Forged, StartError> {
        let runtime = Runtime::new();
        runtime.know::<dyn Forger>();
        runtime.know::<dyn probe::Probe>();
        let guest = Guest::start(&runtime, &self.code(engine), "forger", policy, limits)?;
        let forger = guest.root().expect("a forger");
        Ok(Forged {
            runtime,
            guest,
            forger,
        })
    }
}

/// The core module of the probe, which lies beside the component.
fn probe() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| {
        std::fs::read(env!("PROBE").replace(".component.wasm", ".wasm")).expect("it was built")
    })
}

fn hash<T: ?Sized + DynamicInterface>() -> String {
    T::interface().hash().to_bits().to_string()
}

/// What the host may call of a forger's.
pub(crate) fn reachable() -> PolicyBuilder {
    Policy::builder()
        .outbound(allow!(dyn Forger: strike, give))
        .outbound(allow!(dyn Visitor: visited))
}

fn policy() -> Policy {
    reachable()
        .inbound(allow!(dyn Service: next, echo, visit))
        .build()
        .expect("one list for each")
}

/// A forger that runs.
pub(crate) struct Forged {
    pub(crate) runtime: Runtime,
    pub(crate) guest: Guest,
    pub(crate) forger: Arc<dyn Forger>,
}

impl Forged {
    pub(crate) fn new(attack: &str) -> Self {
        Parts::attack(attack)
            .start(Limits::default())
            .expect("it starts")
    }

    /// The host, another guest of the host's, and the engine are as they were; of this guest nothing is left.
    #[track_caller]
    pub(crate) fn assert_contained(self) {
        let Self {
            runtime,
            guest,
            forger,
        } = self;
        assert_eq!(runtime.host().handles(), 0);
        assert_eq!(guest.report().handles, 0, "what it was lent was given back");
        let (other, probe) = start_in(&runtime, "other", super::policy(), Limits::default());
        assert_works(&probe);
        drop((forger, probe, other));
        assert_eq!(runtime.host().imports(), 0);
    }
}

/// Strikes, and asserts that the attack ended the guest: no service was called beyond the mark, the holders are told what
/// kind of end it was, and nothing else is affected.
#[track_caller]
pub(crate) fn assert_ends(name: &str, attack: &str, ends: &[End]) {
    let forged = Forged::new(attack);
    let (victim, other) = (Server::new(), Server::new());
    let error = forged
        .forger
        .strike(victim.clone(), other.clone())
        .expect_err(name);
    assert_eq!(victim.calls(), 1, "{name}: reached, and went no further");
    assert_eq!(other.calls(), 0, "{name}");
    let ended = forged.guest.report().ended.expect(name);
    assert!(ends.contains(&ended), "{name}: {ended:?}");
    assert_eq!(error.kind(), ErrorKind::Revoked, "{name}");
    assert_eq!(
        error.reason().map(Reason::as_str),
        Some(&*ended.to_string()),
        "{name}"
    );
    let again = forged
        .forger
        .strike(victim.clone(), other.clone())
        .expect_err(name);
    assert_eq!(again, error, "{name}: it stays so");
    assert_eq!(
        (Arc::strong_count(&victim), Arc::strong_count(&other)),
        (1, 1),
        "{name}: given back"
    );
    assert_eq!(forged.guest.report().exports, 0, "{name}");
    forged.assert_contained();
}

/// Strikes, and asserts that the host told the guest no: with this failure, after the mark, and that the guest lives.
#[track_caller]
pub(crate) fn assert_told(name: &str, attack: &str, failure: u64) {
    let forged = Forged::new(attack);
    let (victim, other) = (Server::new(), Server::new());
    assert_eq!(
        forged.forger.strike(victim.clone(), other.clone()),
        Ok(failure),
        "{name}"
    );
    assert_eq!(victim.calls(), 1, "{name}: reached, and went no further");
    assert_eq!(forged.guest.report().ended, None, "{name}");
    drop(other);
    forged.guest.stop("done");
    assert_eq!(Arc::strong_count(&victim), 1, "{name}: given back");
    forged.assert_contained();
}
