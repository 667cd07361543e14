//! What a component is made of, looked at before the engine sees it.
//!
//! The engine reads types that lie in each other by recursion, and makes a copy of what lies in a component for each time that it
//! is instantiated, ten times ten times ten. Neither is bounded by the size of the file, nor in time or memory. What a guest
//! needs of all that is little, so that little is allowed.
//!
//! Only the frames of sections are read here, one after the other. Where these make no sense this stops: so does the engine,
//! and says what is wrong.

use super::code::Found;

/// The most bytes of components that lie in the component. None may lie in these.
const INNER_BYTES: usize = 64 << 10;
/// The most instances of components, and bags of exports, that the file may ask for.
const INSTANCES: usize = 64;
/// The most types of components and of instances: as many can lie in each other.
const TYPES: usize = 64;

/// Magic word, version and layer.
const PREAMBLE: usize = 8;
const COMPONENT_SECTION: u8 = 4;
const INSTANCE_SECTION: u8 = 5;
const TYPE_SECTION: u8 = 7;
/// What the type of a component, or of an instance, begins with.
const NESTING: [u8; 2] = [0x41, 0x42];

/// Refuses a component that would cost more than its size says.
pub(super) fn check(component: &[u8]) -> Result<(), Found> {
    let mut outline = Outline::default();
    for section in sections(component) {
        if section.id == COMPONENT_SECTION {
            add(
                &mut outline.inner_bytes,
                section.body.len(),
                INNER_BYTES,
                "bytes of components in it",
            )?;
            for inner in sections(section.body) {
                if inner.id == COMPONENT_SECTION {
                    return Err(too_complex(1, "level of components in it"));
                }
                outline.count(&inner)?;
            }
        } else {
            outline.count(&section)?;
        }
    }
    Ok(())
}

#[derive(Default)]
struct Outline {
    inner_bytes: usize,
    instances: usize,
    types: usize,
}

impl Outline {
    fn count(&mut self, section: &Section<'_>) -> Result<(), Found> {
        match section.id {
            INSTANCE_SECTION => {
                let (count, _) = number(section.body).unwrap_or_default();
                add(
                    &mut self.instances,
                    count,
                    INSTANCES,
                    "instances of components",
                )
            }
            TYPE_SECTION => {
                // As many at most: other bytes may look alike.
                let types = section.body.iter().filter(|byte| NESTING.contains(byte));
                add(
                    &mut self.types,
                    types.count(),
                    TYPES,
                    "types that may lie in each other",
                )
            }
            _ => Ok(()),
        }
    }
}

fn add(sum: &mut usize, more: usize, most: usize, what: &'static str) -> Result<(), Found> {
    *sum = sum.saturating_add(more);
    if *sum > most {
        return Err(too_complex(most, what));
    }
    Ok(())
}

fn too_complex(most: usize, what: &'static str) -> Found {
    Found::TooComplex { most, what }
}

struct Section<'a> {
    id: u8,
    body: &'a [u8],
}

/// The sections of a component, up to the first that makes no sense.
fn sections(component: &[u8]) -> impl Iterator<Item = Section<'_>> {
    let mut rest = component.get(PREAMBLE..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (&id, after) = rest.split_first()?;
        let (size, after) = number(after)?;
        // The engine begins with a section that is longer than the file, and so do we.
        let (body, after) = after.split_at(size.min(after.len()));
        rest = after;
        Some(Section { id, body })
    })
}

/// An unsigned number of 32 bits in LEB128, and what comes after it.
fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0_u64;
    for (place, byte) in bytes.iter().take(5).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            let value = usize::try_from(u32::try_from(value).ok()?).ok()?;
            return Some((value, &bytes[place + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: [u8; PREAMBLE] = *b"\0asm\x0d\0\x01\0";

    fn leb(mut number: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        while number >= 0x80 {
            bytes.push(u8::try_from(number & 0x7f).expect("seven bits") | 0x80);
            number >>= 7;
        }
        bytes.push(u8::try_from(number).expect("seven bits"));
        bytes
    }

    fn section(id: u8, body: &[u8]) -> Vec<u8> {
        [&[id][..], &leb(body.len()), body].concat()
    }

    fn component(sections: &[Vec<u8>]) -> Vec<u8> {
        [&HEAD[..], &sections.concat()].concat()
    }

    fn found(sections: &[Vec<u8>]) -> Option<usize> {
        match check(&component(sections)) {
            Ok(()) => None,
            Err(Found::TooComplex { most, .. }) => Some(most),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_limit_is_exact_and_counts_inner_components_in() {
        let types = |count: usize| section(TYPE_SECTION, &vec![0x42; count]);
        let instances = |count: usize| section(INSTANCE_SECTION, &leb(count));
        let inner = |sections: &[Vec<u8>]| section(COMPONENT_SECTION, &component(sections));
        assert_eq!(found(&[types(TYPES)]), None);
        assert_eq!(found(&[types(TYPES + 1)]), Some(TYPES));
        assert_eq!(found(&[types(TYPES), inner(&[types(1)])]), Some(TYPES));
        assert_eq!(found(&[instances(INSTANCES)]), None);
        assert_eq!(found(&[instances(INSTANCES + 1)]), Some(INSTANCES));
        assert_eq!(
            found(&[inner(&[instances(INSTANCES)]), instances(1)]),
            Some(INSTANCES)
        );
        assert_eq!(found(&[instances(u32::MAX as usize)]), Some(INSTANCES));
        assert_eq!(found(&[inner(&[]), inner(&[])]), None);
        assert_eq!(found(&[inner(&[inner(&[])])]), Some(1));
        let padding = |bytes: usize| section(0, &vec![0; bytes]);
        assert_eq!(found(&[padding(INNER_BYTES)]), None);
        assert_eq!(found(&[inner(&[padding(INNER_BYTES)])]), Some(INNER_BYTES));
        let half = inner(&[padding(INNER_BYTES / 2)]);
        assert_eq!(found(&[half.clone(), half]), Some(INNER_BYTES));
    }

    /// What lies in a section that claims to be longer than the file is looked at all the same.
    #[test]
    fn section_that_is_longer_than_the_file_hides_nothing() {
        let deep = section(
            COMPONENT_SECTION,
            &component(&[section(COMPONENT_SECTION, &HEAD)]),
        );
        let mut bytes = component(&[vec![COMPONENT_SECTION], leb(1 << 20), component(&[deep])]);
        assert!(matches!(
            check(&bytes),
            Err(Found::TooComplex { most: 1, .. })
        ));
        bytes.truncate(PREAMBLE + 3);
        assert_eq!(check(&bytes), Ok(()));
        assert_eq!(check(&[]), Ok(()));
        // A number that is none ends it.
        let broken = component(&[vec![TYPE_SECTION, 0x80, 0x80, 0x80, 0x80, 0x80, 1, 0x42]]);
        assert_eq!(check(&broken), Ok(()));
    }
}
