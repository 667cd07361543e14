//! Files that are no guests: each is named, with what was found and what was expected.

use super::{code, engine, knowing, policy};
use membrane::{ErrorKind, Policy};
use probe::Probe;
use runtime::wasm::{Engine, EngineOptions, Found, Guest, LoadError, StartError};
use runtime::{CallError, Limits, Runtime};
use std::fs;

const EXPECTED: &str =
    "expected a component of the world object-membrane:guest/plugin@0.1.0, found ";

#[track_caller]
fn refused(name: &str, bytes: &[u8]) -> Found {
    let LoadError { file, found } = engine().compile(name, bytes).expect_err("it is no guest");
    assert_eq!(file, name);
    found
}

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("the test's own text")
}

fn probe_bytes() -> Vec<u8> {
    fs::read(env!("PROBE")).expect("it was built")
}

/// The same component, for another version of the WIT package: the names are as long.
fn built_against(version: &str) -> Vec<u8> {
    let mut bytes = probe_bytes();
    let (from, to) = (b"@0.1.0", format!("@{version}"));
    assert_eq!(from.len(), to.len());
    let places: Vec<usize> = (0..bytes.len() - from.len())
        .filter(|at| bytes[*at..].starts_with(from))
        .collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at..at + from.len()].copy_from_slice(to.as_bytes());
    }
    bytes
}

#[test]
fn file_that_cannot_be_read_is_named() {
    let missing = std::env::temp_dir().join("object-membrane-no-such-file.wasm");
    let error = engine().load(&missing).expect_err("it is not there");
    assert_eq!(error.file, missing.display().to_string());
    assert!(matches!(error.found, Found::Unreadable(_)), "{error}");
    assert!(
        error.to_string().contains("nothing that can be read: "),
        "{error}"
    );
    let directory = engine()
        .load(std::env::temp_dir())
        .expect_err("it is a directory");
    assert!(
        matches!(directory.found, Found::Unreadable(_)),
        "{directory}"
    );
}

#[test]
fn what_is_no_wasm_is_not_compiled() {
    for bytes in [
        &b""[..],
        b"\0",
        b"\0asm\x0d\0\x01",
        b"hello, I am a plugin",
        b"\x7fELF\x02\x01\x01\0\0",
    ] {
        assert_eq!(refused("some file", bytes), Found::NotWasm, "{bytes:?}");
    }
    let error = engine()
        .compile("notes.txt", b"hello, I am a plugin")
        .expect_err("it is text");
    assert_eq!(
        error.to_string(),
        format!("notes.txt: {EXPECTED}something other than WebAssembly")
    );
}

#[test]
fn core_module_is_told_from_a_component() {
    let module = wat("(module (func (export \"run\")))");
    assert_eq!(refused("core.wasm", &module), Found::CoreModule);
    let error = engine()
        .compile("core.wasm", &module)
        .expect_err("it is a core module");
    assert!(
        error
            .to_string()
            .starts_with(&format!("core.wasm: {EXPECTED}a core module: ")),
        "{error}"
    );
}

#[test]
fn other_format_is_named_by_its_number() {
    let mut bytes = probe_bytes();
    bytes[4] = 0x0e;
    assert_eq!(
        refused("new.wasm", &bytes),
        Found::OtherFormat { version: 0x0e }
    );
    assert_eq!(
        refused("odd.wasm", b"\0asm\x01\0\x02\0"),
        Found::OtherFormat { version: 1 },
        "neither a module nor a component"
    );
    let error = engine()
        .compile("new.wasm", &bytes)
        .expect_err("it is of another format");
    assert!(
        error
            .to_string()
            .ends_with("found WebAssembly in format 14"),
        "{error}"
    );
}

#[test]
fn damaged_component_is_invalid_wherever_it_is_cut() {
    let bytes = probe_bytes();
    for length in [8, 9, 100, bytes.len() / 2, bytes.len() - 1] {
        let found = refused("cut.wasm", &bytes[..length]);
        // An empty component is a valid one.
        let right = if length == 8 {
            matches!(found, Found::NoExport(_))
        } else {
            matches!(found, Found::Invalid(_) | Found::NoExport(_))
        };
        assert!(right, "{length}: {found:?}");
    }
    let mut bytes = bytes;
    let middle = bytes.len() / 2;
    bytes[middle..middle + 64].fill(0xff);
    assert!(matches!(refused("damaged.wasm", &bytes), Found::Invalid(_)));
}

/// A file of a few thousand bytes that the engine would read on a stack of megabytes, or make gigabytes of. Fails with a stack
/// overflow, or without an end, if the engine is shown what there is no need of.
#[test]
fn component_whose_parts_lie_in_each_other_is_refused_before_the_engine_sees_it() {
    const INSTANCE: u8 = 0x42;
    const COMPONENT: u8 = 0x41;
    // Types in each other, each with one declaration: deeper than any text may be.
    let types = |of: u8, levels: usize| {
        let mut body = vec![1];
        (1..levels).for_each(|_| body.extend([of, 1, 1]));
        body.extend([of, 0]);
        let size = [
            u8::try_from(body.len() & 0x7f).unwrap() | 0x80,
            u8::try_from(body.len() >> 7).unwrap(),
        ];
        [&b"\0asm\x0d\0\x01\0\x07"[..], &size, &body].concat()
    };
    let bomb = |levels: usize| {
        let begin = (0..levels).fold(String::new(), |text, level| {
            format!("{text}(component $c{level} ")
        });
        let end = (0..levels).fold(String::new(), |text, level| {
            let inner = levels - level - 1;
            format!(
                "{text}){}",
                format!("(instance (instantiate $c{inner}))").repeat(10)
            )
        });
        wat(&format!("(component {begin}{end})"))
    };
    let too_complex = |bytes: &[u8]| match refused("bomb.wasm", bytes) {
        Found::TooComplex { most, .. } => most,
        other => panic!("{other:?}"),
    };
    for levels in [65, 200, 900] {
        assert_eq!(too_complex(&types(INSTANCE, levels)), 64);
        assert_eq!(too_complex(&types(COMPONENT, levels)), 64);
    }
    assert_eq!(too_complex(&bomb(2)), 1);
    assert_eq!(too_complex(&bomb(9)), 1);
    let wide = "(instance (instantiate $c))".repeat(65);
    assert_eq!(
        too_complex(&wat(&format!("(component (component $c) {wide})"))),
        64
    );
    let error = engine().compile("bomb.wasm", &bomb(2)).expect_err("a bomb");
    assert!(
        error.to_string().ends_with(
            "found one with more than 1 level of components in it: too much for a guest"
        ),
        "{error}"
    );
    // What is let in, the engine reads on the stack of a thread as it comes.
    let found = std::thread::spawn(move || {
        [types(INSTANCE, 64), types(COMPONENT, 64), bomb(1)]
            .map(|bytes| refused("small.wasm", &bytes))
    });
    for found in found.join().expect("no overflow") {
        assert!(!matches!(found, Found::TooComplex { .. }), "{found:?}");
    }
}

#[test]
fn engine_without_stack_is_an_error_that_names_the_option() {
    let error = Engine::new(EngineOptions {
        stack_bytes: 0,
        ..EngineOptions::default()
    });
    let error = error.expect_err("nothing runs on it").to_string();
    assert!(error.contains("`stack_bytes` is 0"), "{error}");
}

#[test]
fn thread_whose_stack_is_smaller_than_a_guests_is_an_error() {
    let options = EngineOptions::default();
    let error = Engine::new(EngineOptions {
        thread_stack_bytes: options.stack_bytes - 1,
        ..options
    });
    assert!(
        error
            .expect_err("it is smaller")
            .to_string()
            .contains("make it at least `stack_bytes`")
    );
}

/// Fails if the text of a file, or its name, is written as it is.
#[test]
fn text_of_a_file_does_not_steer_a_terminal() {
    const STEERS: &str = "\u{1b}[2J\n\u{202e}all is well";
    let shows = |text: &str| {
        assert!(text.contains(r"\u{1b}[2J\n\u{202e}all is well"), "{text}");
        assert!(!text.contains(['\u{1b}', '\n', '\u{202e}']), "{text:?}");
    };
    let component = wat(
        r#"(component (core module $m (import "\1b[2J\0a\e2\80\aeall is well" "f" (func))) (core instance (instantiate $m)))"#,
    );
    let error = engine()
        .compile("hostile.wasm", &component)
        .expect_err("nothing is imported as that");
    assert!(matches!(error.found, Found::Invalid(_)), "{error}");
    shows(&error.to_string());
    let text = || STEERS.to_owned();
    for found in [
        Found::Unreadable(text()),
        Found::Invalid(text()),
        Found::Import(text()),
        Found::OtherVersion {
            found: text(),
            expected: "another".into(),
        },
        Found::NoExport(text()),
        Found::OtherType(text()),
    ] {
        let file = "hostile.wasm".into();
        shows(&LoadError { file, found }.to_string());
    }
    let error = engine().compile(STEERS, b"").expect_err("it is empty");
    assert_eq!(error.file, STEERS, "for a program, as it is");
    shows(&error.to_string());
}

#[test]
fn import_that_is_not_granted_is_named() {
    let component =
        wat(r#"(component (import "example:other/thing@1.0.0" (instance (export "f" (func)))))"#);
    assert_eq!(
        refused("greedy.wasm", &component),
        Found::Import("example:other/thing@1.0.0".into())
    );
    let error = engine()
        .compile("greedy.wasm", &component)
        .expect_err("it imports");
    assert!(
        error
            .to_string()
            .ends_with("one that imports example:other/thing@1.0.0, which is not granted"),
        "{error}"
    );
    for import in [
        "wasi:cli/environment@0.2.0",
        "object-membrane:guest/other@0.1.0",
        "object-membrane:guest/host",
    ] {
        let component = wat(&format!(r#"(component (import "{import}" (instance)))"#));
        assert_eq!(
            refused("greedy.wasm", &component),
            Found::Import(import.into())
        );
    }
}

#[test]
fn other_version_of_the_package_is_told_with_both() {
    let expected = Found::OtherVersion {
        found: "object-membrane:guest/host@0.2.0".into(),
        expected: "object-membrane:guest/host@0.1.0".into(),
    };
    let component = wat(r#"(component (import "object-membrane:guest/host@0.2.0" (instance)))"#);
    assert_eq!(refused("new.wasm", &component), expected);
    let export = wat(
        r#"(component (instance $i) (export "object-membrane:guest/guest@0.2.0" (instance $i)))"#,
    );
    assert!(matches!(
        refused("export.wasm", &export),
        Found::OtherVersion { .. }
    ));
    let found = refused("whole.wasm", &built_against("0.2.0"));
    assert!(matches!(found, Found::OtherVersion { .. }), "{found:?}");
    let error = engine()
        .compile("new.wasm", &component)
        .expect_err("it is of another version");
    assert!(
        error.to_string().ends_with(
            "one that was built against object-membrane:guest/host@0.2.0: build it against object-membrane:guest/host@0.1.0"
        ),
        "{error}"
    );
}

#[test]
fn component_without_the_export_is_told_so() {
    let export = "object-membrane:guest/guest@0.1.0";
    assert_eq!(
        refused("bare.wasm", &wat("(component)")),
        Found::NoExport(export.into())
    );
    let error = engine()
        .compile("bare.wasm", &wat("(component)"))
        .expect_err("it exports nothing");
    assert!(
        error
            .to_string()
            .ends_with(&format!("one without the export {export}")),
        "{error}"
    );
}

#[test]
fn right_name_of_another_type_is_told_so() {
    let export = "(instance $i) (export \"object-membrane:guest/guest@0.1.0\" (instance $i))";
    let wrong_import = format!(
        r#"(component (import "object-membrane:guest/host@0.1.0" (instance (export "f" (func)))) {export})"#
    );
    for text in [format!("(component {export})"), wrong_import] {
        let found = refused("other.wasm", &wat(&text));
        assert!(matches!(found, Found::OtherType(_)), "{found:?}");
    }
}

#[test]
fn root_of_an_interface_that_is_not_known_starts_nothing() {
    let runtime = Runtime::new();
    let error = Guest::start(&runtime, code(), "unknown", policy(), Limits::default())
        .expect_err("nobody knows it");
    assert_eq!(
        error,
        StartError::NoRoot(CallError::Membrane(ErrorKind::Rejected.into()))
    );
    assert!(error.to_string().contains("Runtime::know"), "{error}");
    // What the probe mentions is not the probe.
    runtime.know::<dyn probe::Service>();
    assert!(Guest::start(&runtime, code(), "unknown", policy(), Limits::default()).is_err());
    runtime.know::<dyn Probe>();
    assert!(Guest::start(&runtime, code(), "known", policy(), Limits::default()).is_ok());
}

#[test]
fn root_of_another_version_of_its_interface_starts_nothing() {
    let runtime = Runtime::new();
    runtime.know::<dyn other::Probe>();
    let error = Guest::start(&runtime, code(), "other", policy(), Limits::default())
        .expect_err("another version");
    assert!(matches!(error, StartError::NoRoot(_)), "{error}");
}

#[test]
fn root_is_of_its_own_interface_only() {
    let runtime = knowing();
    let guest = Guest::start(
        &runtime,
        code(),
        "probe",
        Policy::deny_all(),
        Limits::default(),
    )
    .expect("it starts");
    assert_eq!(
        guest
            .root::<dyn probe::Service>()
            .map(|_| ())
            .map_err(membrane::Error::kind),
        Err(ErrorKind::Rejected)
    );
    assert!(guest.root::<dyn Probe>().is_ok());
}

/// An older build of the probe's interface.
mod other {
    use membrane::{Error, interface};

    #[interface(dynamic, version = 6)]
    pub(super) trait Probe {
        fn spin(&self) -> Result<(), Error>;
    }
}
