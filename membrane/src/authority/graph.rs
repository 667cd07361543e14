//! A snapshot as the source of a picture.

use super::snapshot::{GrantKind, GrantSnapshot, GrantState, InterfaceSnapshot, Snapshot};
use super::text;
use std::collections::HashMap;
use std::fmt::Write as _;

/// A Mermaid flowchart.
pub(super) fn mermaid(snapshot: &Snapshot) -> String {
    let mut source = String::from("flowchart TD\n");
    for (index, grant) in snapshot.grants.iter().enumerate() {
        let lines: Vec<_> = lines(grant)
            .iter()
            .map(|line| text::mermaid(line))
            .collect();
        let _ = writeln!(source, "    g{index}[\"{}\"]", lines.join("<br/>"));
    }
    for (from, to, grant) in arrows(snapshot) {
        let _ = writeln!(source, "    g{from} -->|{}| g{to}", kind(grant));
    }
    let revoked: Vec<_> = (0..snapshot.grants.len())
        .filter(|index| is_revoked(&snapshot.grants[*index]))
        .map(|index| format!("g{index}"))
        .collect();
    if !revoked.is_empty() {
        source.push_str("    classDef revoked stroke-dasharray: 4\n");
        let _ = writeln!(source, "    class {} revoked", revoked.join(","));
    }
    source
}

/// A Graphviz digraph.
pub(super) fn dot(snapshot: &Snapshot) -> String {
    let mut source = String::from("digraph membrane {\n    node [shape=box];\n");
    for (index, grant) in snapshot.grants.iter().enumerate() {
        let lines: Vec<_> = lines(grant).iter().map(|line| text::dot(line)).collect();
        let style = if is_revoked(grant) {
            ", style=dashed"
        } else {
            ""
        };
        let _ = writeln!(
            source,
            "    g{index} [label=\"{}\"{style}];",
            lines.join("\\n")
        );
    }
    for (from, to, grant) in arrows(snapshot) {
        let _ = writeln!(source, "    g{from} -> g{to} [label=\"{}\"];", kind(grant));
    }
    source.push_str("}\n");
    source
}

fn is_revoked(grant: &GrantSnapshot) -> bool {
    matches!(grant.state, GrantState::Revoked { .. })
}

/// Where each grant that derives from another comes from, as places in the list.
fn arrows(snapshot: &Snapshot) -> impl Iterator<Item = (usize, usize, &GrantSnapshot)> {
    let places: HashMap<_, _> = snapshot
        .grants
        .iter()
        .enumerate()
        .map(|(index, grant)| (grant.id, index))
        .collect();
    snapshot
        .grants
        .iter()
        .enumerate()
        .filter_map(move |(to, grant)| {
            let from = places.get(&grant.parent?)?;
            Some((*from, to, grant))
        })
}

fn kind(grant: &GrantSnapshot) -> &'static str {
    match grant.kind {
        GrantKind::Membrane => "membrane",
        GrantKind::Grant => "grant",
        GrantKind::Attenuate => "attenuate",
    }
}

/// What a grant's box says, line by line.
fn lines(grant: &GrantSnapshot) -> Vec<String> {
    let state = match &grant.state {
        GrantState::Live => "live".into(),
        GrantState::Suspended { reason, .. } => format!("suspended ({reason})"),
        GrantState::Revoked { reason } => format!("revoked ({reason})"),
    };
    let mut lines = Vec::new();
    lines.extend(grant.label.clone().filter(|label| !label.is_empty()));
    lines.push(format!("{}, {state}", kind(grant)));
    lines.extend(grant.interfaces.iter().map(interface));
    lines.extend(grant.conditions.in_words());
    lines.extend(grant.calls.map(|calls| format!("calls {calls}")));
    lines.extend(refused(grant));
    lines.extend(grant.running.iter().map(|call| {
        let method = call.method.as_deref().unwrap_or("(being passed on)");
        format!("running {}.{method}", call.interface)
    }));
    lines
}

fn interface(listed: &InterfaceSnapshot) -> String {
    let allowed = match &*listed.allowed {
        [] => "nothing".into(),
        allowed => allowed.join(", "),
    };
    let proxies = match listed.live_proxies {
        0 => String::new(),
        1 => ", 1 proxy".into(),
        more => format!(", {more} proxies"),
    };
    format!("{} {} ({allowed}){proxies}", listed.calls, listed.interface)
}

fn refused(grant: &GrantSnapshot) -> Option<String> {
    let kinds: Vec<_> = grant
        .refused
        .by_kind()
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("{count} {name}"))
        .collect();
    (!kinds.is_empty()).then(|| format!("refused {}", kinds.join(", ")))
}

#[cfg(all(test, not(loom)))]
mod tests {
    use crate::membrane_handle::Membrane;
    use crate::policy::Policy;

    /// Labels that try to end the quotes, the node, the line, the string or the document, to start a directive, a comment, a
    /// formula, a link or markup, or to turn the text around.
    const HOSTILE: [&str; 20] = [
        "\"]",
        "\"]; evil --> g0; x[\"",
        "\"]\n    click g0 call evil()\n    x[\"",
        "`**bold**`",
        "%%{init: {'securityLevel': 'loose'}}%%",
        "%% comment",
        "$$x^2$$",
        "<img src=x onerror=evil()>",
        "<script>evil()</script>",
        "&quot;]",
        "#quot;]",
        "#34;]",
        "style a:b#c;",
        "end",
        "\\",
        "\\\"];evil [label=\"",
        "\\N\\G\\l",
        "}",
        "\u{202e}evil\u{2028}\0",
        "a\r\nsubgraph evil\r\nend",
    ];

    fn graph(label: &str) -> (String, String) {
        let membrane = Membrane::new(Policy::deny_all()).labelled("top");
        let _grant = membrane
            .grant(&Policy::deny_all())
            .expect("live")
            .labelled(label);
        let snapshot = membrane.snapshot();
        (snapshot.to_mermaid(), snapshot.to_dot())
    }

    /// Fails if `text::mermaid` lets any sign through that ends the label.
    #[test]
    fn hostile_label_stays_in_its_node_in_mermaid() {
        for label in HOSTILE {
            let (mermaid, _) = graph(label);
            let lines: Vec<_> = mermaid.lines().collect();
            let [head, top, node, arrow] = *lines else {
                panic!("{label:?} made\n{mermaid}");
            };
            assert_eq!(
                (head, top, arrow),
                (
                    "flowchart TD",
                    r#"    g0["top<br/>membrane, live"]"#,
                    "    g0 -->|grant| g1"
                )
            );
            let inside = node
                .strip_prefix("    g1[\"")
                .and_then(|rest| rest.strip_suffix("<br/>grant, live\"]"))
                .unwrap_or_else(|| panic!("{label:?} made {node}"));
            let harmless = |c: char| c.is_alphanumeric() || " .,()-_#;".contains(c);
            assert!(inside.chars().all(harmless), "{label:?} made {node}");
        }
    }

    /// The contents of the quoted string at the start of `source`, and what follows it, as Graphviz reads them.
    fn quoted(source: &str) -> (&str, &str) {
        let source = source.strip_prefix('"').expect("a quoted string");
        let mut escaped = false;
        for (index, character) in source.char_indices() {
            match character {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => return (&source[..index], &source[index + 1..]),
                _ => {}
            }
        }
        panic!("the string {source:?} does not end");
    }

    /// Fails if `text::dot` leaves a quote or a backslash alone.
    #[test]
    fn hostile_label_stays_in_its_node_in_dot() {
        for label in HOSTILE {
            let (_, dot) = graph(label);
            let lines: Vec<_> = dot.lines().collect();
            assert_eq!(lines.len(), 6, "{label:?} made\n{dot}");
            let node = lines[3].strip_prefix("    g1 [label=").expect("the node");
            let (inside, rest) = quoted(node);
            assert!(inside.ends_with("\\ngrant, live"), "{label:?} made {node}");
            assert_eq!(rest, "];", "{label:?} made {node}");
            assert!(inside.chars().all(|c| !c.is_control()));
        }
    }
}
