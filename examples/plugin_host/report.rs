//! What happened, for a person and for a program.

use std::{
    io::{self, Write},
    path::Path,
};

use membrane::Error;
use plugin::{Snapshot, Unreadable};
use serde::Serialize;

use crate::{
    escape::{lossless, printable},
    host::{Outcome, REASON},
};

/// How many unreadable entries are named to a person.
const NAMED: usize = 1_000;

/// Writes what happened with `dir`, for a person.
pub(crate) fn human(outcome: &Outcome, dir: &Path, out: &mut dyn Write) -> io::Result<()> {
    let survey = &outcome.survey;
    let Snapshot {
        files,
        bytes,
        lines,
    } = survey.counted;
    writeln!(
        out,
        "Lent {} to the plugin, which may list, open_dir, open_file, len and read_at.",
        printable(dir.as_os_str().as_encoded_bytes())
    )?;
    writeln!(out)?;
    writeln!(out, "  files      {:>16}", grouped(files))?;
    writeln!(out, "  bytes      {:>16}", grouped(bytes))?;
    writeln!(out, "  lines      {:>16}", grouped(lines))?;
    match &survey.largest {
        Some((path, bytes)) => writeln!(
            out,
            "  largest    {:>16}  {}",
            grouped(*bytes),
            printable(path)
        )?,
        None => writeln!(out, "  largest    {:>16}", "-")?,
    }
    if survey.links > 0 {
        writeln!(
            out,
            "  links      {:>16}  not followed",
            grouped(survey.links)
        )?;
    }
    if survey.special > 0 {
        writeln!(
            out,
            "  special    {:>16}  not opened",
            grouped(survey.special)
        )?;
    }
    unreadable(outcome, out)?;
    if let Some(error) = &survey.cut {
        writeln!(out, "The walk ended early: {}", printable(error.as_bytes()))?;
    }

    writeln!(out)?;
    writeln!(out, "The plugin tried:")?;
    for attempt in &outcome.attempts {
        let result = match attempt.outcome {
            Ok(()) => "DONE".into(),
            Err(error) => error.to_string(),
        };
        writeln!(
            out,
            "  {:<16} {}: {result}",
            printable(attempt.method.as_bytes()),
            printable(attempt.name.as_bytes())
        )?;
    }
    writeln!(
        out,
        "The host asked it {} how far it was.",
        times(outcome.progress_calls)
    )?;

    writeln!(out)?;
    writeln!(
        out,
        "During a second walk, after {} of {} files, the host revoked: \"{REASON}\".",
        grouped(outcome.revoked_after),
        grouped(files)
    )?;
    for call in &outcome.running {
        writeln!(
            out,
            "  running at that moment      {call}; its result was not delivered"
        )?;
    }
    writeln!(
        out,
        "  the plugin's next call      {}",
        printable(after_revoke(outcome).as_bytes())
    )?;
    let own = match outcome.lent_after_revoke {
        Err(error) => error.to_string(),
        Ok(()) => "answered".into(),
    };
    writeln!(out, "  the host's own use of it    {own}")?;
    let callback = match outcome.callback_after_revoke {
        Some(kind) => format!("{kind:?}"),
        None => "answered".into(),
    };
    writeln!(out, "  the host's call to it       {callback}")?;
    writeln!(out, "  calls still running         {}", outcome.in_flight)?;
    writeln!(
        out,
        "  lent objects still alive    {} of {} (at most {} at once)",
        outcome.lent.alive,
        grouped(outcome.lent.ever),
        grouped(outcome.lent.most_at_once)
    )?;
    apart(outcome, out)
}

/// What is told of a plugin that is a guest of its own.
fn apart(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    let (Some((now, most)), Some(forged)) = (outcome.memory, &outcome.forged) else {
        return Ok(());
    };
    writeln!(out)?;
    writeln!(
        out,
        "The plugin is a WebAssembly component with {} bytes of memory of its own, of at most {}.",
        grouped(now as u64),
        grouped(most as u64)
    )?;
    writeln!(
        out,
        "Other components used handles that they were not given, and each was ended:"
    )?;
    for (what, result) in forged.all() {
        writeln!(out, "  {what:<26}  {}", got(*result))?;
    }
    Ok(())
}

fn unreadable(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    let Unreadable {
        files,
        directories,
        named,
    } = &outcome.survey.unreadable;
    if files.saturating_add(*directories) == 0 {
        return Ok(());
    }
    writeln!(
        out,
        "  unreadable {:>16}  files, which are counted above without their bytes and lines",
        grouped(*files)
    )?;
    writeln!(
        out,
        "             {:>16}  directories, which may hold more",
        grouped(*directories)
    )?;
    for (path, error) in named.iter().take(NAMED) {
        writeln!(out, "    {}: {error}", shown(path))?;
    }
    match files
        .saturating_add(*directories)
        .saturating_sub(named.len().min(NAMED) as u64)
    {
        0 => Ok(()),
        more => writeln!(out, "    and {} more", grouped(more)),
    }
}

/// The root of the tree has an empty path.
fn shown(path: &[u8]) -> String {
    if path.is_empty() {
        ".".into()
    } else {
        printable(path)
    }
}

/// One line that says how far the plugin is.
pub(crate) fn progress(snapshot: Snapshot) -> String {
    format!(
        "{} files, {} bytes, {} lines",
        grouped(snapshot.files),
        grouped(snapshot.bytes),
        grouped(snapshot.lines)
    )
}

/// In the plugin's words.
fn after_revoke(outcome: &Outcome) -> &str {
    match &outcome.after_revoke {
        Err(seen) => seen,
        Ok(()) => "answered",
    }
}

fn times(number: u64) -> String {
    match number {
        0 => "never".into(),
        1 => "once".into(),
        _ => format!("{} times", grouped(number)),
    }
}

/// `1234567` as `1,234,567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The fields in the order in which they are written.
#[derive(Serialize)]
struct Json<'a> {
    files: u64,
    bytes: u64,
    lines: u64,
    largest: String,
    denied: Vec<&'a str>,
    progress_calls: u64,
    revoked_after: u64,
    after_revoke: &'a str,
    in_flight: usize,
    targets_alive: u64,
    /// Only where there are handles to forge.
    #[serde(skip_serializing_if = "Option::is_none")]
    forged: Option<ForgedJson>,
    /// Only where there are any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unreadable: Vec<String>,
}

/// What each got.
#[derive(Serialize)]
struct ForgedJson {
    made_up: String,
    stale: String,
    foreign: String,
}

fn got(result: Result<u64, Error>) -> String {
    result.map_or_else(|error| error.to_string(), |number| format!("got {number}"))
}

/// Writes what happened as one JSON object, on one line.
pub(crate) fn json(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    let survey = &outcome.survey;
    let denied = outcome.attempts.chunk_by(|one, next| one.what == next.what);
    let denied = denied.filter(|tries| tries.iter().all(|attempt| attempt.outcome.is_err()));
    let json = Json {
        files: survey.counted.files,
        bytes: survey.counted.bytes,
        lines: survey.counted.lines,
        largest: survey
            .largest
            .as_ref()
            .map(|(path, _)| lossless(path))
            .unwrap_or_default(),
        denied: denied
            .filter_map(|tries| tries.first())
            .map(|attempt| attempt.what.as_str())
            .collect(),
        progress_calls: outcome.progress_calls,
        revoked_after: outcome.revoked_after,
        after_revoke: after_revoke(outcome),
        in_flight: outcome.in_flight,
        targets_alive: outcome.lent.alive,
        forged: outcome.forged.as_ref().map(|forged| ForgedJson {
            made_up: got(forged.made_up),
            stale: got(forged.stale),
            foreign: got(forged.foreign),
        }),
        unreadable: survey
            .unreadable
            .named
            .iter()
            .map(|(path, _)| lossless(path))
            .collect(),
    };
    serde_json::to_writer(&mut *out, &json)?;
    writeln!(out)
}
