//! Plugins that go wrong. The host knows each as an `Arc<dyn Plugin>`.

use std::{
    fs, panic,
    sync::{
        Arc, Mutex,
        mpsc::{Sender, channel},
    },
    thread::{self, ThreadId},
    time::{Duration, Instant},
};

use membrane::{Error, ErrorKind, Membrane, Policy, allow};
use plugin::{Attempt, Plugin, Progress, Snapshot, Survey, Watch, plugin};
use runtime::{Dir, File, FileError};
use tempfile::TempDir;

use super::{lent, native, tampered::tampered};
use crate::{host, report};

fn two_files() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("a"), "x\n").unwrap();
    fs::write(root.path().join("b"), "y\n").unwrap();
    root
}

/// The plugin, with something added before each call of it.
struct Before<F> {
    plugin: Arc<dyn Plugin>,
    before: F,
}

fn before<F>(before: F) -> Arc<dyn Plugin>
where
    F: Fn(&str) + Send + Sync + 'static,
{
    let plugin = plugin();
    Arc::new(Before { plugin, before })
}

impl<F: Fn(&str) + Send + Sync + 'static> Plugin for Before<F> {
    fn start(&self, dir: Arc<dyn Dir>, watch: Arc<dyn Watch>) -> Result<(), FileError> {
        (self.before)("start");
        self.plugin.start(dir, watch)
    }
    fn survey(&self) -> Result<Survey, FileError> {
        (self.before)("survey");
        self.plugin.survey()
    }
    fn overreach(&self) -> Result<Vec<Attempt>, FileError> {
        (self.before)("overreach");
        self.plugin.overreach()
    }
    fn touch(&self) -> Result<Result<(), String>, FileError> {
        (self.before)("touch");
        self.plugin.touch()
    }
}

/// A payload that makes it worse.
struct Worse;
impl Drop for Worse {
    fn drop(&mut self) {
        panic!("on purpose, in a payload");
    }
}

/// Fails when a panic of the plugin's is not caught: it ends the host's thread, or, in the second walk, leaves the host
/// waiting for the plugin for ever.
#[test]
fn a_plugin_that_panics_is_a_failure_of_its_own_and_keeps_nothing() {
    let root = two_files();
    for (method, time, reason) in [
        ("start", 1, host::FAILED),
        ("survey", 1, host::FAILED),
        ("overreach", 1, host::FAILED),
        ("survey", 2, host::REASON),
        ("touch", 1, host::REASON),
    ] {
        let calls = Arc::new(Mutex::new(0));
        let target = calls.clone();
        let dir = tampered(root.path(), move |_, _| {
            *target.lock().unwrap() += 1;
            Ok(())
        });
        let times = Mutex::new(0);
        let kept = before(move |called| {
            let mut times = times.lock().unwrap();
            *times += u32::from(called == method);
            let now = called == method && *times == time;
            drop(times);
            if now {
                panic::panic_any(Worse);
            }
        });
        let failure = native(kept.clone(), dir, &mut |_| {}).err().unwrap();
        let at = format!("{method}, {time}");
        assert_eq!(failure.to_string(), "the plugin panicked", "{at}");
        // The plugin is still there, with the proxies that it was lent.
        assert_eq!(Arc::strong_count(&calls), 1, "{at}");
        let worked = !matches!((method, time), ("start" | "survey", 1));
        assert_eq!(*calls.lock().unwrap() > 0, worked, "{at}");
        if method != "start" {
            assert_eq!(kept.touch(), Ok(Err(format!("revoked: {reason}"))), "{at}");
        }
    }
}

/// Fails when the host drops the plugin as if it were its own.
#[test]
fn a_plugin_that_panics_as_it_is_dropped_is_a_failure_of_its_own() {
    let root = two_files();
    let worse = Worse;
    let plugin = before(move |_| _ = &worse);
    let failure = native(plugin, lent(root.path()), &mut |_| {}).err();
    assert_eq!(failure.unwrap().to_string(), "the plugin panicked");
}

/// Does nothing at all.
struct Idle;

impl Plugin for Idle {
    fn start(&self, _: Arc<dyn Dir>, _: Arc<dyn Watch>) -> Result<(), FileError> {
        Err(FileError::Refused)
    }
    fn survey(&self) -> Result<Survey, FileError> {
        Err(FileError::Refused)
    }
    fn overreach(&self) -> Result<Vec<Attempt>, FileError> {
        Err(FileError::Refused)
    }
    fn touch(&self) -> Result<Result<(), String>, FileError> {
        Err(FileError::Refused)
    }
}

#[test]
fn a_plugin_that_refuses_is_a_failure_of_its_own() {
    let root = two_files();
    let failure = native(Arc::new(Idle), lent(root.path()), &mut |_| {}).err();
    assert_eq!(
        failure.unwrap().to_string(),
        "the plugin failed: not offered by this facet"
    );
}

/// The control for the reason: behind one membrane more, the plugin is told that it was cut off and not why, and the host
/// notices.
#[test]
fn a_plugin_that_is_not_told_the_reason_is_told_of() {
    let root = two_files();
    let policy = Policy::builder()
        .inbound(allow!(dyn Dir: list, open_dir, open_file))
        .inbound(allow!(dyn File: len, read_at))
        .inbound(allow!(dyn Watch: watch))
        .outbound(allow!(dyn Progress: report))
        .outbound(allow!(dyn Plugin: start, survey, overreach, touch));
    let membrane = Membrane::new(policy.build().unwrap());
    let further = membrane.wrap_inbound(plugin()).unwrap();
    let outcome = native(further, lent(root.path()), &mut |_| {}).unwrap();
    assert_eq!(outcome.after_revoke, Err("revoked".into()));
    assert_eq!(
        outcome.breaches(),
        [
            "the plugin's running call was not cut off",
            "the plugin was not told why it was cut off, but: revoked"
        ]
    );
}

/// Says that all is well, whatever it was told.
struct Liar(Arc<dyn Plugin>);

impl Plugin for Liar {
    fn start(&self, dir: Arc<dyn Dir>, watch: Arc<dyn Watch>) -> Result<(), FileError> {
        self.0.start(dir, watch)
    }
    fn survey(&self) -> Result<Survey, FileError> {
        let survey = self.0.survey()?;
        Ok(Survey {
            cut: None,
            ..survey
        })
    }
    fn overreach(&self) -> Result<Vec<Attempt>, FileError> {
        let attempts = self.0.overreach()?;
        let outcome = Ok(());
        Ok(attempts
            .into_iter()
            .map(|attempt| Attempt { outcome, ..attempt })
            .collect())
    }
    fn touch(&self) -> Result<Result<(), String>, FileError> {
        Ok(Ok(()))
    }
}

#[test]
fn a_plugin_that_claims_to_get_through_is_told_of() {
    let root = two_files();
    let liar = Arc::new(Liar(plugin()));
    let outcome = native(liar, lent(root.path()), &mut |_| {}).unwrap();
    let breaches = outcome.breaches();
    assert!(breaches.contains(&"the plugin got through with: remove".into()));
    assert!(breaches.contains(&"the plugin's running call was not cut off".into()));
    assert!(breaches.contains(&"the plugin was not cut off".into()));
}

#[test]
fn what_a_plugin_says_cannot_steer_the_terminal() {
    let root = two_files();
    let mut outcome = native(plugin(), lent(root.path()), &mut |_| {}).unwrap();
    let steers = "\u{1b}[2J";
    outcome.survey.cut = Some(steers.into());
    outcome.after_revoke = Err(steers.into());
    outcome.attempts = vec![Attempt {
        what: steers.into(),
        method: steers.into(),
        name: steers.into(),
        outcome: Ok(()),
    }];
    let mut out = Vec::new();
    report::human(&outcome, root.path(), &mut out).unwrap();
    report::json(&outcome, &mut out).unwrap();
    let told = String::from_utf8(out).unwrap() + &outcome.breaches().concat();
    assert_eq!(told.matches(r"\u{1b}[2J").count(), 6, "{told}");
    assert!(!told.contains('\u{1b}'), "{told}");
}

/// Goes on listing its directory for a while, and hands in an object of the test's to be asked by, twice.
struct Lister {
    progress: Option<Arc<dyn Progress>>,
    lent: Mutex<Option<Arc<dyn Dir>>>,
    work: Duration,
    on: Sender<ThreadId>,
    again: Sender<Result<(), Error>>,
}

impl Plugin for Lister {
    fn start(&self, dir: Arc<dyn Dir>, watch: Arc<dyn Watch>) -> Result<(), FileError> {
        *self.lent.lock().unwrap() = Some(dir);
        if let Some(progress) = &self.progress {
            watch.watch(progress.clone())?;
            self.again.send(watch.watch(progress.clone())).unwrap();
        }
        Ok(())
    }
    fn survey(&self) -> Result<Survey, FileError> {
        self.on.send(thread::current().id()).unwrap();
        let dir = self.lent.lock().unwrap().clone().unwrap();
        let started = Instant::now();
        let mut survey = Survey::default();
        while started.elapsed() < self.work {
            survey.cut = dir.list().err().map(|error| error.to_string());
        }
        Ok(survey)
    }
    fn overreach(&self) -> Result<Vec<Attempt>, FileError> {
        Ok(Vec::new())
    }
    fn touch(&self) -> Result<Result<(), String>, FileError> {
        let dir = self.lent.lock().unwrap().clone().unwrap();
        Ok(dir.list().map(drop).map_err(|error| error.to_string()))
    }
}

/// Says where it was asked.
struct Where(Sender<ThreadId>);

impl Progress for Where {
    fn report(&self) -> Result<Snapshot, Error> {
        self.0.send(thread::current().id()).unwrap();
        Ok(Snapshot::default())
    }
}

/// Fails when the host asks from a thread of its own.
#[test]
fn progress_is_asked_for_on_the_thread_on_which_the_plugin_calls() {
    let root = two_files();
    let ((on, surveyed), (asked, answered), (again, handed)) = (channel(), channel(), channel());
    let lister = Arc::new(Lister {
        progress: Some(Arc::new(Where(asked))),
        lent: Mutex::default(),
        work: Duration::from_millis(350),
        on,
        again,
    });
    let mut shown = 0;
    let outcome = native(lister, lent(root.path()), &mut |_| shown += 1).unwrap();
    assert_eq!(outcome.breaches(), [""; 0]);
    let plugins: Vec<ThreadId> = surveyed.try_iter().collect();
    let asked_on: Vec<ThreadId> = answered.try_iter().collect();
    assert!(
        (1..=3).contains(&asked_on.len()),
        "once in 100 ms, at most: {}",
        asked_on.len()
    );
    assert_eq!(
        (shown, outcome.progress_calls),
        (asked_on.len(), shown as u64)
    );
    assert_eq!(plugins[0], plugins[1]);
    assert!(asked_on.iter().all(|thread| *thread == plugins[0]));
    assert_eq!(
        handed.try_iter().next().unwrap().unwrap_err().kind(),
        ErrorKind::Refused,
        "the object that was handed in first stays"
    );
}

#[test]
fn a_plugin_that_cannot_be_asked_is_a_failure() {
    let root = two_files();
    let ((on, _surveyed), (again, _handed)) = (channel(), channel());
    let lister = Arc::new(Lister {
        progress: None,
        lent: Mutex::default(),
        work: Duration::ZERO,
        on,
        again,
    });
    let failure = native(lister, lent(root.path()), &mut |_| {}).err();
    assert_eq!(
        failure.unwrap().to_string(),
        "the plugin cannot be asked how far it is"
    );
}
