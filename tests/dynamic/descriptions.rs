//! Descriptions.

use super::*;

macro_rules! hash_of {
    ([$($option:tt)*] $($item:tt)*) => {{
        #[allow(dead_code, reason = "it is described, not called")]
        #[interface(dynamic $($option)*)]
        trait $($item)*
        <dyn Probe>::interface().hash()
    }};
}

#[test]
fn hash_tells_interfaces_apart_and_does_not_depend_on_documentation() {
    let plain = hash_of!([] Probe { fn a(&self, x: u8) -> Result<(), Error>; fn b(&self) -> Result<(), Error>; });
    let others = [
        hash_of!([, version = 2] Probe { fn a(&self, x: u8) -> Result<(), Error>; fn b(&self) -> Result<(), Error>; }),
        hash_of!([] Probe { fn b(&self) -> Result<(), Error>; fn a(&self, x: u8) -> Result<(), Error>; }),
        hash_of!([] Probe { fn a(&self, y: u8) -> Result<(), Error>; fn b(&self) -> Result<(), Error>; }),
        hash_of!([] Probe { fn a(&self, x: u16) -> Result<(), Error>; fn b(&self) -> Result<(), Error>; }),
        hash_of!([] Probe { fn a(&self, x: u8) -> Result<u8, Error>; fn b(&self) -> Result<(), Error>; }),
        hash_of!([] Probe { fn a(&self, x: u8) -> Result<(), Problem>; fn b(&self) -> Result<(), Error>; }),
        hash_of!([] Probe { fn a(&self, x: u8) -> Result<(), Error>; fn c(&self) -> Result<(), Error>; }),
        hash_of!([] Probe { fn a(&self, x: u8) -> Result<(), Error>; }),
        <dyn Top>::interface().hash(),
    ];
    let mut all = HashSet::from(others);
    assert!(all.insert(plain) && all.len() == others.len() + 1);
    let same = [
        hash_of!([, version = 1] Probe { fn a(&self, x: u8) -> Result<(), Error>; fn b(&self) -> Result<(), Error>; }),
        hash_of!([] Probe {
            /// Documented.
            fn a(&self, x: u8) -> Result<(), Error>;
            fn b(&self) -> Result<(), Error> { Ok(()) }
        }),
    ];
    assert_eq!(same, [plain; 2]);
    assert_eq!(InterfaceHash::from_bits(plain.to_bits()), plain);
}

#[test]
fn method_is_described_as_it_is_declared() {
    let top = <dyn Top>::interface();
    assert_eq!((top.name(), top.version()), ("Top", 7));
    assert_eq!(
        top.methods()[0].to_string(),
        "sum(numbers: list of (integer from 0 to 4294967295), more: record Named {name: text, type: integer from 0 to 255}) -> integer from 0 to 4294967295 or membrane error"
    );
    assert_eq!(
        top.methods()[4].to_string(),
        "fail(code: integer from 0 to 255) -> null or choice Problem {Membrane: membrane error, Own: record Problem::Own {code: integer from 0 to 255}}"
    );
    assert_eq!(
        (top.methods()[6].name(), top.methods()[6].doc()),
        ("who", "Says who it is.")
    );
}
