//! Paths for people and for JSON. A path is any bytes; what is printed is text, and says which bytes they were.

use std::fmt::Write;

/// `path` as text. A byte that is not UTF-8 becomes `\xNN`, and a backslash two, so that nothing is lost.
pub(crate) fn lossless(path: &[u8]) -> String {
    escaped(path, |_| false)
}

/// As [`lossless`], and what could steer a terminal or mislead a reader is escaped as well.
pub(crate) fn printable(path: &[u8]) -> String {
    escaped(path, |letter| {
        letter.is_control() || is_invisible_format(letter)
    })
}

fn escaped(path: &[u8], hide: impl Fn(char) -> bool) -> String {
    let mut text = String::new();
    for chunk in path.utf8_chunks() {
        for letter in chunk.valid().chars() {
            match letter {
                '\\' => text.push_str("\\\\"),
                _ if hide(letter) => text.extend(letter.escape_default()),
                _ => text.push(letter),
            }
        }
        for byte in chunk.invalid() {
            let _infallible = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

/// Marks that change the direction or the look of other text without being seen.
fn is_invisible_format(letter: char) -> bool {
    matches!(letter, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_names_stay_different() {
        let names: [&[u8]; 6] = [
            b"a\xff",
            b"a\\xff",
            b"a\\\\xff",
            b"a\xc3",
            b"a\xc3\xbf",
            b"a",
        ];
        let texts = names.map(lossless);
        assert_eq!(
            texts,
            [r"a\xff", r"a\\xff", r"a\\\\xff", r"a\xc3", "aÿ", "a"]
        );
    }

    #[test]
    fn a_name_cannot_steer_the_terminal() {
        let name = "\u{1b}[2J\r\nfile\u{202e}txt.exe\t\u{85}".as_bytes();
        assert_eq!(printable(name), r"\u{1b}[2J\r\nfile\u{202e}txt.exe\t\u{85}");
        assert_eq!(lossless(name), "\u{1b}[2J\r\nfile\u{202e}txt.exe\t\u{85}");
        assert_eq!(
            printable("Straße 'n' \"x\" 日本".as_bytes()),
            "Straße 'n' \"x\" 日本"
        );
    }
}
