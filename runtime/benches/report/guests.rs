//! Guests: a call to the host against a bare import of the same signature, and what starting and keeping them costs.

use crate::row::{least, limited, told};
use membrane::{Error, Policy, allow, interface};
use runtime::{DynamicInterface, Limits, Runtime, wasm};
use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use wasmtime::component::{Component, Linker, Resource, ResourceType};
use wasmtime::{Store, StoreContextMut};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

const WIT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/wit");

#[interface(dynamic)]
trait Tick {
    fn tick(&self, number: u64) -> Result<u64, Error>;
}

struct Clock;

impl Tick for Clock {
    fn tick(&self, number: u64) -> Result<u64, Error> {
        Ok(number + 1)
    }
}

/// The guest's root object.
type Caller = dyn Fn(u64, Arc<dyn Tick>) -> Result<u64, Error> + Send + Sync;

fn component() -> Vec<u8> {
    let hash = format!("0x{}", Caller::interface().hash());
    let text = include_str!("caller.wat").replace("HASH", &hash);
    let mut module = wat::parse_str(text).expect("valid text");
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(Path::new(WIT)).expect("valid WIT");
    let world = resolve
        .select_world(&[package], Some("plugin"))
        .expect("the world");
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).expect("a module");
    let mut encoder = ComponentEncoder::default();
    let encoder = encoder.module(&module).expect("a module");
    encoder.encode().expect("a component")
}

/// The same component with a host that does nothing but answer.
mod bare {
    wasmtime::component::bindgen!({
        path: "wit",
        world: "plugin",
        with: { "object-membrane:guest/host.object": super::Bare },
        imports: { default: trappable },
    });
}

/// What a bare handle stands for.
#[allow(
    unreachable_pub,
    reason = "generated code re-exports it, within this file"
)]
pub struct Bare;

use bare::object_membrane::guest::host::{Failure, Message};
use bare::object_membrane::guest::values::{LentObject, Node};

type Arguments = (Resource<Bare>, u32, u32, Vec<Node>, Vec<Resource<Bare>>);
type Answer = Result<Message, Failure>;

#[allow(clippy::unnecessary_wraps, reason = "the engine calls it")]
fn bare_call(
    _: StoreContextMut<'_, ()>,
    (_, _, _, nodes, _): Arguments,
) -> wasmtime::Result<(Answer,)> {
    let number = match nodes.first() {
        Some(Node::Integer(number)) => *number,
        _ => return Ok((Err(Failure::Refused),)),
    };
    let nodes = vec![Node::Integer(number + 1)];
    let objects = Vec::new();
    Ok((Ok(Message { nodes, objects }),))
}

fn bare_guest(bytes: &[u8]) -> (Store<()>, bare::Plugin) {
    let mut config = wasmtime::Config::new();
    config.wasm_component_model(true).epoch_interruption(true);
    let engine = wasmtime::Engine::new(&config).expect("an engine");
    let component = Component::from_binary(&engine, bytes).expect("a component");
    let mut linker = Linker::<()>::new(&engine);
    let mut host = linker
        .instance("object-membrane:guest/host@0.1.0")
        .expect("a name");
    host.resource("object", ResourceType::host::<Bare>(), |_, _| Ok(()))
        .expect("a resource");
    host.func_wrap("[method]object.call", bare_call)
        .expect("a function");
    let mut store = Store::new(&engine, ());
    store.set_epoch_deadline(u64::MAX / 2);
    let plugin = bare::Plugin::instantiate(&mut store, &component, &linker).expect("an instance");
    (store, plugin)
}

fn policy() -> Policy {
    Policy::builder()
        .inbound(allow!(dyn Tick: tick))
        .build()
        .expect("a plain policy")
}

pub(crate) fn report(count: u32) {
    let bytes = component();
    let engine = wasm::Engine::new(wasm::EngineOptions::default()).expect("an engine");
    let code = engine.compile("caller", &bytes).expect("a component");
    let start = || {
        let runtime = Runtime::new();
        runtime.know::<Caller>();
        wasm::Guest::start(&runtime, &code, "caller", policy(), Limits::default())
            .expect("it starts")
    };
    let guest = start();
    let root: Arc<Caller> = guest.root().expect("a closure");
    let clock: Arc<dyn Tick> = Arc::new(Clock);
    assert_eq!(root(10, clock.clone()), Ok(1), "the calls are answered");

    let bare = RefCell::new(bare_guest(&bytes));
    let bare_calls = |calls: u64| {
        let (store, plugin) = &mut *bare.borrow_mut();
        let nodes = [
            Node::Integer(calls.cast_signed()),
            Node::Lent(LentObject {
                place: 0,
                id: 0,
                interface: 0,
            }),
        ];
        let answer = plugin
            .object_membrane_guest_guest()
            .call_call(store, 1, 0, 2, &nodes, &[Resource::new_own(0)])
            .expect("no trap");
        u64::from(answer.is_ok())
    };
    let [through, bare] = least(
        // Short ones: of a long one, on a machine at work, none is without an interruption.
        2_000,
        500,
        [
            &|calls| root(calls, clock.clone()).unwrap_or(0),
            &bare_calls,
        ],
    );
    told("guest to host, bare import", &format!("{bare:.0} ns"));
    limited(
        "guest to host, through the membrane to bare",
        through / bare,
        1.15,
        "x",
    );

    drop((root, guest));
    drop(start());
    let before = resident();
    let begin = Instant::now();
    for _ in 0..count {
        drop(start());
    }
    let seconds = begin.elapsed().as_secs_f64();
    told(
        "guests started and dropped",
        &format!("{:.0} a second", f64::from(count) / seconds),
    );
    told(
        &format!("host memory before and after {count} guests"),
        &format!("{before} and {} KiB", resident()),
    );
    let before = resident();
    let idle: Vec<_> = (0..200).map(|_| start()).collect();
    let after = resident();
    told(
        "memory of an idle guest",
        &format!("{} KiB", after.saturating_sub(before) / 200),
    );
    drop(idle);
}

/// Resident memory of this process in KiB, as Linux tells it; 0 elsewhere.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}
