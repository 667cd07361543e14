//! The command line.

use std::{
    ffi::OsString,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use membrane::Membrane;
use plugin::{Snapshot, plugin};
use runtime::Dir;

use crate::{
    component::{self, Component},
    escape::printable,
    forged::forge,
    host::{self, Failure, Outcome},
    report,
};

const HELP: &str = "\
Lends a directory to an untrusted plugin, and takes it back while the plugin is at work.

Usage: plugin_host [--json] [--native] [DIR]

  DIR         the directory to lend; the current one unless given
  --json      write one JSON object as the last line
  --native    run the plugin as a module of this program, not as a WebAssembly component
  -h, --help  show this

In names, a byte that is not UTF-8 is written \\xNN, and a backslash \\\\.

Exit status: 0 if all went as it should; 1 if the plugin got through with something, if something
was left after revoking, or if the program could not finish; 2 if DIR cannot be lent, or for a
mistake on the command line.
";

const OK: u8 = 0;
const BREACH: u8 = 1;
const USAGE: u8 = 2;

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
enum Command {
    Help,
    Lend {
        dir: PathBuf,
        json: bool,
        native: bool,
    },
}

fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, lexopt::Error> {
    use lexopt::prelude::{Long, Short, Value};
    let (mut dir, mut json, mut native) = (None, false, false);
    let mut parser = lexopt::Parser::from_args(arguments);
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Command::Help),
            Long("json") => json = true,
            Long("native") => native = true,
            Value(value) if dir.is_none() => dir = Some(PathBuf::from(value)),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Command::Lend {
        dir: dir.unwrap_or_else(|| ".".into()),
        json,
        native,
    })
}

/// Where to write.
pub(crate) struct Streams<'a> {
    pub(crate) out: &'a mut dyn Write,
    pub(crate) err: &'a mut dyn Write,
    /// Whether `err` is a terminal, where a line can be written over.
    pub(crate) is_terminal: bool,
}

/// Does what the arguments ask for, and returns the exit status.
pub(crate) fn run(arguments: impl IntoIterator<Item = OsString>, streams: Streams<'_>) -> u8 {
    match parse(arguments) {
        Ok(Command::Help) => ended(streams.out.write_all(HELP.as_bytes()), OK, streams.err),
        Ok(Command::Lend { dir, json, native }) => lend(&dir, json, native, streams),
        Err(error) => complain(
            streams.err,
            USAGE,
            &format!("{error} (--help shows the usage)"),
        ),
    }
}

fn lend(path: &Path, json: bool, native: bool, streams: Streams<'_>) -> u8 {
    let Streams {
        out,
        err,
        is_terminal,
    } = streams;
    let dir = match host::open(path) {
        Ok(dir) => dir,
        Err(error) => {
            return complain(
                err,
                USAGE,
                &format!(
                    "cannot lend {}: {error}",
                    printable(path.as_os_str().as_encoded_bytes())
                ),
            );
        }
    };
    let mut line = ProgressLine::new(&mut *err, is_terminal);
    let mut show = |snapshot| line.show(snapshot);
    let outcome = if native {
        native_plugin(Arc::new(dir), &mut show)
    } else {
        component(&(Arc::new(dir) as Arc<dyn Dir>), &mut show)
    };
    line.clear();
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(error) => return complain(err, BREACH, &error.to_string()),
    };
    let mut written = report::human(&outcome, path, out);
    if json {
        written = written.and_then(|()| report::json(&outcome, out));
    }
    let breaches = outcome.breaches();
    for breach in &breaches {
        complain(err, BREACH, breach);
    }
    let status = if breaches.is_empty() { OK } else { BREACH };
    ended(written.and_then(|()| out.flush()), status, err)
}

/// Lends to the plugin as a module of this program.
fn native_plugin(dir: Arc<dyn Dir>, show: &mut dyn FnMut(Snapshot)) -> Result<Outcome, Failure> {
    let membrane = Membrane::new(host::policy()?);
    host::lend(&membrane, plugin(), dir, show)
}

/// Lends to the plugin as a component, and then has other components forge handles of the directory.
fn component(dir: &Arc<dyn Dir>, show: &mut dyn FnMut(Snapshot)) -> Result<Outcome, Failure> {
    let component = Component::start()?;
    let mut outcome = host::lend(component.membrane(), component.plugin(), dir.clone(), show)?;
    outcome.memory = Some(component.memory());
    outcome.forged = Some(forge(component::engine()?, dir)?);
    Ok(outcome)
}

/// The status, unless it could not be written down. A reader that has gone away has seen what it wanted.
fn ended(written: io::Result<()>, status: u8, err: &mut dyn Write) -> u8 {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            complain(err, BREACH, &format!("cannot write: {error}"))
        }
        _ => status,
    }
}

fn complain(err: &mut dyn Write, status: u8, message: &str) -> u8 {
    // There is nobody left to tell if this fails.
    let _told = writeln!(err, "plugin_host: {message}");
    status
}

/// A line on a terminal that says how far the plugin is.
struct ProgressLine<'a> {
    err: &'a mut dyn Write,
    is_terminal: bool,
    started: Instant,
    shown: bool,
}

impl<'a> ProgressLine<'a> {
    /// Nothing is shown of what is done sooner.
    const DELAY: Duration = Duration::from_millis(500);
    /// Back to the start of the line, and erase it.
    const ERASE: &'static str = "\r\x1b[K";

    fn new(err: &'a mut dyn Write, is_terminal: bool) -> Self {
        Self {
            err,
            is_terminal,
            started: Instant::now(),
            shown: false,
        }
    }

    fn show(&mut self, snapshot: Snapshot) {
        if self.is_terminal && self.started.elapsed() >= Self::DELAY {
            self.shown = true;
            self.write(&report::progress(snapshot));
        }
    }

    fn clear(mut self) {
        if self.shown {
            self.write("");
        }
    }

    fn write(&mut self, text: &str) {
        // There is nobody left to tell if this fails.
        let _told = write!(self.err, "{}{text}", Self::ERASE).and_then(|()| self.err.flush());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Command, String> {
        parse(arguments.iter().map(OsString::from)).map_err(|error| error.to_string())
    }

    #[test]
    fn the_directory_is_the_current_one_unless_given() {
        let lend = |dir: &str, json| {
            Ok(Command::Lend {
                dir: dir.into(),
                json,
                native: false,
            })
        };
        assert_eq!(parsed(&[]), lend(".", false));
        assert_eq!(parsed(&["--json"]), lend(".", true));
        assert_eq!(parsed(&["a", "--json"]), lend("a", true));
        assert_eq!(parsed(&["--", "--json"]), lend("--json", false));
        assert_eq!(parsed(&["a", "--help"]), Ok(Command::Help));
        assert_eq!(parsed(&["-h"]), Ok(Command::Help));
        for wrong in [&["a", "b"][..], &["--jsn"], &["-j"], &["--json=yes"]] {
            assert!(parsed(wrong).is_err(), "{wrong:?}");
        }
    }
    #[test]
    fn a_progress_line_is_for_terminals_and_for_what_takes_a_while() {
        let wrote = |is_terminal, since: Duration| {
            let mut err = Vec::new();
            let mut line = ProgressLine::new(&mut err, is_terminal);
            line.started = Instant::now().checked_sub(since).unwrap();
            line.show(Snapshot {
                files: 12_345,
                bytes: 6,
                lines: 7,
            });
            line.clear();
            String::from_utf8(err).unwrap()
        };
        assert_eq!(
            wrote(true, Duration::from_secs(1)),
            "\r\x1b[K12,345 files, 6 bytes, 7 lines\r\x1b[K"
        );
        assert_eq!(wrote(true, Duration::ZERO), "");
        assert_eq!(wrote(false, Duration::from_secs(1)), "");
    }
}
