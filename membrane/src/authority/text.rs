//! Text of other people's inside a line or a picture's source: whatever it says, it stays where it is.

use crate::fault::{self, Fault};

/// What is shown instead of the characters that act on the text around them: line ends, other control characters, and the
/// marks that change the direction or join of what follows.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() || is_format(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Characters that are not seen themselves, but change what is: directional marks, joiners, separators, tags.
fn is_format(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// `text` for a quoted label of Mermaid's: letters, digits and a few harmless signs as they are, everything else by number.
///
/// So no quote, bracket, backtick, `%%{`, `$$`, `:` or `<` of a label's is one to Mermaid, and `#` starts no other entity.
pub(super) fn mermaid(text: &str) -> String {
    if fault::on(Fault::RawLabels) {
        return text.to_owned();
    }
    let mut source = String::with_capacity(text.len());
    for character in visible(text).chars() {
        if character.is_alphanumeric() || " .,()-_".contains(character) {
            source.push(character);
        } else {
            source.push('#');
            source.push_str(&u32::from(character).to_string());
            source.push(';');
        }
    }
    source
}

/// `text` for a quoted string of Graphviz's, which reads backslashes and HTML entities in it.
pub(super) fn dot(text: &str) -> String {
    if fault::on(Fault::RawLabels) {
        return text.to_owned();
    }
    let mut source = String::with_capacity(text.len());
    for character in visible(text).chars() {
        match character {
            '"' => source.push_str("\\\""),
            '\\' => source.push_str("\\\\"),
            '&' => source.push_str("&amp;"),
            other => source.push(other),
        }
    }
    source
}

#[cfg(test)]
mod tests {
    use super::{dot, mermaid, visible};

    #[test]
    fn plain_words_stay_as_they_are() {
        for text in ["billing plugin, v2.1 (beta)", "Ärger_42", "日本語"] {
            assert_eq!(visible(text), text);
            assert_eq!(mermaid(text), text);
            assert_eq!(dot(text), text);
        }
    }

    #[test]
    fn line_ends_and_hidden_marks_are_shown() {
        assert_eq!(visible("a\nb\r\t\0"), r"a\nb\r\t\u{0}");
        assert_eq!(
            visible("a\u{202e}b\u{2028}\u{feff}"),
            r"a\u{202e}b\u{2028}\u{feff}"
        );
        assert_eq!(visible("\u{85}\u{9b}"), r"\u{85}\u{9b}");
    }

    /// Fails if a sign with a meaning to Mermaid is let through.
    #[test]
    fn mermaid_source_has_no_sign_of_the_labels() {
        for sign in "\"'`[]{}<>|#&;:%$*~^@!?=+\\/\u{b0}\u{b6}\n".chars() {
            let source = mermaid(&format!("a{sign}b"));
            let signs: String = source.chars().filter(|c| !c.is_alphanumeric()).collect();
            assert_eq!(signs, "#;", "{source}");
        }
        assert_eq!(mermaid(r#""]:::x"#), "#34;#93;#58;#58;#58;x");
        assert_eq!(mermaid("#35;"), "#35;35#59;");
        assert_eq!(mermaid("%%{init}%%"), "#37;#37;#123;init#125;#37;#37;");
        assert_eq!(mermaid("\n"), "#92;n");
    }

    /// Fails if one of the three replacements is left out.
    #[test]
    fn dot_source_ends_where_it_should() {
        assert_eq!(dot(r#"a" ]; evil ["#), r#"a\" ]; evil ["#);
        assert_eq!(dot(r"a\"), r"a\\");
        assert_eq!(dot(r"\N \G \l"), r"\\N \\G \\l");
        assert_eq!(dot("&lt;b&gt;"), "&amp;lt;b&amp;gt;");
        assert_eq!(dot("a\nb"), r"a\\nb");
    }
}
