//! From a method's name to its number, by one multiplication and one look: a perfect hash, made for the names there are.
//!
//! Of a name of up to seven bytes the digest and the length tell all. The caller compares a longer one with the name that it
//! finds, so that a name which is not there finds a wrong method, and no more.

/// A table in which each name has a place of its own.
#[derive(Debug)]
pub(crate) struct Names {
    factor: u64,
    /// 64 less the number of bits of an index.
    shift: u32,
    slots: Box<[Slot]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Slot {
    digest: u64,
    /// In bytes.
    length: usize,
    number: u32,
}

impl Slot {
    /// No name is as long.
    const FREE: Self = Self {
        digest: 0,
        length: usize::MAX,
        number: 0,
    };
}

/// The one method that a name can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) number: u32,
    /// Whether it surely has that name.
    pub(crate) is_it: bool,
}

/// The most slots, as a power of two, before names are considered to be alike to the hash. 63 names find a table of
/// 4,096 slots within a few factors.
const MAX_BITS: u32 = 12;
const FACTORS_PER_SIZE: u64 = 256;

impl Names {
    /// A table of `names`, each with its position as its number. Of names that occur twice, the first counts.
    pub(crate) fn new<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let mut digests: Vec<Slot> = Vec::new();
        for (number, name) in names.enumerate() {
            let (digest, length) = (digest(name), name.len());
            if digests.iter().all(|earlier| earlier.digest != digest) {
                let number = u32::try_from(number).expect("an interface has at most 63 methods");
                digests.push(Slot {
                    digest,
                    length,
                    number,
                });
            }
        }
        let least = (digests.len().max(1) * 2).next_power_of_two().ilog2();
        for bits in least..=MAX_BITS {
            for attempt in 0..FACTORS_PER_SIZE {
                let factor = 0x9E37_79B9_7F4A_7C15_u64.wrapping_add(attempt << 1);
                if let Some(table) = Self::fill(&digests, factor, bits) {
                    return table;
                }
            }
        }
        // Does not happen with names that somebody writes: then each lookup finds nothing, and the call is refused.
        Self::fill(&[], 1, 1).expect("an empty table has no collision")
    }

    fn fill(digests: &[Slot], factor: u64, bits: u32) -> Option<Self> {
        let mut table = Self {
            factor,
            shift: u64::BITS - bits,
            slots: vec![Slot::FREE; 1 << bits].into(),
        };
        for named in digests {
            let slot = table.slot(named.digest);
            if table.slots[slot] != Slot::FREE {
                return None;
            }
            table.slots[slot] = *named;
        }
        Some(table)
    }

    #[inline]
    fn slot(&self, digest: u64) -> usize {
        usize::try_from(digest.wrapping_mul(self.factor) >> self.shift).unwrap_or(0)
    }

    #[inline]
    pub(crate) fn find(&self, name: &str) -> Option<Candidate> {
        let digest = digest(name);
        let slot = &self.slots[self.slot(digest)];
        (slot.digest == digest && slot.length == name.len()).then_some(Candidate {
            number: slot.number,
            is_it: name.len() < size_of::<u64>(),
        })
    }
}

/// A word that stands for a name. Two different ones of up to seven bytes and one length have two different words.
#[inline]
fn digest(name: &str) -> u64 {
    let mut rest = name.as_bytes();
    // Spread, so that names of two lengths have little in common.
    let mut digest = (rest.len() as u64).wrapping_mul(0xA24B_AED4_963E_E407);
    while let Some((word, after)) = rest.split_first_chunk::<8>() {
        digest = (digest ^ u64::from_le_bytes(*word)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
        digest ^= digest >> 32;
        rest = after;
    }
    digest ^= tail(rest);
    digest ^ digest >> 29
}

/// Fewer than eight bytes, all of them: read from both ends, so that there is no loop. That some are read twice tells no two
/// tails of one length apart any less.
#[inline]
fn tail(bytes: &[u8]) -> u64 {
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        return u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32;
    }
    match (bytes.first(), bytes.get(bytes.len() / 2), bytes.last()) {
        (Some(first), Some(middle), Some(last)) => {
            u64::from(*first) | u64::from(*middle) << 8 | u64::from(*last) << 16
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_and_has_its_own_place() {
        for count in [0_usize, 1, 2, 3, 10, 63] {
            for style in [
                "method",
                "get_the_value_of_",
                "",
                "öffne_",
                "a_rather_long_name_that_many_share_",
            ] {
                let names: Vec<String> =
                    (0..count).map(|index| format!("{style}{index}")).collect();
                let table = Names::new(names.iter().map(String::as_str));
                for (number, name) in names.iter().enumerate() {
                    let found = table.find(name).map(|found| found.number);
                    assert_eq!(found, u32::try_from(number).ok(), "{name}");
                }
            }
        }
    }

    #[test]
    fn words_that_differ_in_one_place_are_told_apart() {
        let names = [
            "read",
            "read_at",
            "write",
            "write_at",
            "len",
            "list",
            "open_dir",
            "open_file",
            "sync",
            "create",
            "create_dir",
            "remove",
            "remove_dir",
        ];
        let table = Names::new(names.into_iter());
        for (number, name) in names.iter().enumerate() {
            let found = table.find(name).map(|found| found.number);
            assert_eq!(found, u32::try_from(number).ok());
        }
    }

    #[test]
    fn of_a_name_that_occurs_twice_the_first_counts() {
        let table = Names::new(["a", "b", "a"].into_iter());
        assert_eq!(table.find("a").map(|found| found.number), Some(0));
    }
    /// What is said to be it is it: names of one length differ in their digests if they are short. Fails if a byte is left out.
    #[test]
    fn short_names_have_digests_of_their_own() {
        for length in 0..8_usize {
            let base = vec![b'm'; length];
            let mut names = vec![base.clone()];
            for place in 0..length {
                for byte in [b'a', b'z', b'_', b'0'] {
                    let mut other = base.clone();
                    other[place] = byte;
                    names.push(other.clone());
                    other.rotate_left(1);
                    names.push(other);
                }
            }
            names.sort();
            names.dedup();
            let names: Vec<_> = names
                .into_iter()
                .map(|name| String::from_utf8(name).expect("ASCII"))
                .collect();
            let mut digests: Vec<_> = names.iter().map(|name| digest(name)).collect();
            digests.sort_unstable();
            digests.dedup();
            assert_eq!(digests.len(), names.len(), "of {length} bytes");
        }
        let table = Names::new(["open", "open_directory"].into_iter());
        let found = |name| table.find(name).map(|found| (found.number, found.is_it));
        assert_eq!(found("open"), Some((0, true)));
        assert_eq!(found("open_directory"), Some((1, false)));
        assert_eq!(found("opem"), None);
    }
}
