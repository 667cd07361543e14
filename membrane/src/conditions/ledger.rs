//! The ledger of a membrane with conditions, and the line of those above it, charged together.

use super::account::{Account, Ask, Limits};
use super::builder::Conditions;
use super::clock::{Time, nanoseconds};
use super::condition::Condition;
use super::rate::Rate;
use crate::direction::Direction;
use crate::error::{Error, ErrorKind};
use crate::fault::{self, Fault};
use crate::policy::PolicyProblem;
use object_membrane_gate::sync::{Mutex, MutexGuard, lock};
use std::sync::Arc;
use std::time::Duration;

/// What one membrane with conditions has left, and which ones its line consists of.
pub(crate) struct Ledger {
    above: Option<Arc<Self>>,
    limits: Limits,
    account: Mutex<Account>,
    time: Time,
    /// When the whole line expires: the nearest deadline is never later than those above it.
    deadline: Option<u64>,
    needs: Needs,
}

/// What some ledger of the line counts, so that the rest need not be looked up.
#[derive(Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is asked on its own")]
struct Needs {
    time: bool,
    places: bool,
    bytes_in: bool,
    bytes_out: bool,
    proxies: bool,
}

impl Needs {
    fn new(conditions: &Conditions, above: Option<&Ledger>) -> Self {
        let limits = &conditions.limits;
        let own = Self {
            time: conditions.is_timed(),
            places: limits.concurrency.is_some(),
            bytes_in: limits.bytes_in.is_some(),
            bytes_out: limits.bytes_out.is_some(),
            proxies: limits.proxies.is_some(),
        };
        match above.map(|above| above.needs) {
            None => own,
            Some(above) => Self {
                time: own.time || above.time,
                places: own.places || above.places,
                bytes_in: own.bytes_in || above.bytes_in,
                bytes_out: own.bytes_out || above.bytes_out,
                proxies: own.proxies || above.proxies,
            },
        }
    }

    fn bytes(self, direction: Direction) -> bool {
        match direction {
            Direction::Inbound => self.bytes_in,
            Direction::Outbound => self.bytes_out,
        }
    }
}

impl Ledger {
    /// The ledger of a membrane under `above`: that one itself, if there is nothing to add to it.
    ///
    /// Reads the clock, which is foreign code.
    ///
    /// # Errors
    ///
    /// What `conditions` ask for beyond what the line above has left; another clock than one that counts there; a clock that
    /// panics.
    pub(crate) fn under(
        above: Option<&Arc<Self>>,
        conditions: &Conditions,
    ) -> Result<Option<Arc<Self>>, Vec<PolicyProblem>> {
        if conditions.is_empty() {
            return Ok(above.cloned());
        }
        let above = above.filter(|_| !fault::on(Fault::OwnPurse));
        let time = match (&conditions.time, above) {
            (Some(time), Some(above)) if above.needs.time && !time.is_same(&above.time) => {
                return Err(vec![PolicyProblem::OtherClock]);
            }
            (Some(time), _) => time.clone(),
            (None, Some(above)) => above.time.clone(),
            (None, None) => Time::default(),
        };
        let needs = Needs::new(conditions, above.map(|above| &**above));
        let now = if needs.time {
            time.now().map_err(|_| vec![PolicyProblem::ClockPanicked])?
        } else {
            0
        };
        if let Some(above) = above {
            let problems = above.excess(conditions, now);
            if !problems.is_empty() {
                return Err(problems);
            }
        }
        let inherited = above.and_then(|above| above.deadline);
        let own = conditions
            .expiry
            .and_then(|expiry| now.checked_add(nanoseconds(expiry)));
        Ok(Some(Arc::new(Self {
            above: above.cloned(),
            limits: conditions.limits,
            account: Mutex::new(conditions.limits.account()),
            time,
            deadline: own.or(inherited),
            needs,
        })))
    }

    /// In what `conditions` ask for more than this line has left.
    fn excess(&self, conditions: &Conditions, now: u64) -> Vec<PolicyProblem> {
        let mut problems = Vec::new();
        let asked = &conditions.limits;
        let left = self.left();
        if let (Some(asked), Some(deadline)) = (conditions.expiry, self.deadline) {
            let left = Duration::from_nanos(deadline.saturating_sub(now));
            if asked > left {
                problems.push(PolicyProblem::WiderExpiry { asked, left });
            }
        }
        let rates = || self.line().filter_map(|ledger| ledger.limits.rate);
        if let Some(asked) = asked.rate
            && let Some(has) = rates().find(|has| asked.exceeds(*has))
        {
            problems.push(PolicyProblem::WiderRate { asked, has });
        }
        let budgets = [
            (Condition::Calls, asked.calls, left.calls),
            (
                Condition::Concurrency,
                asked.concurrency.map(u64::from),
                left.most_places.map(u64::from),
            ),
            (Condition::BytesIn, asked.bytes_in, left.bytes_in),
            (Condition::BytesOut, asked.bytes_out, left.bytes_out),
            (Condition::Proxies, asked.proxies, left.most_proxies),
        ];
        for (condition, asked, left) in budgets {
            if let (Some(asked), Some(left)) = (asked, left)
                && asked > left
            {
                problems.push(PolicyProblem::WiderBudget {
                    condition,
                    asked,
                    left,
                });
            }
        }
        problems
    }

    /// This ledger and those above it.
    fn line(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |ledger| {
            if fault::on(Fault::ChildAlone) {
                return None;
            }
            ledger.above.as_deref()
        })
    }

    /// The time, if anything in the line depends on it.
    fn now(&self) -> Result<u64, Error> {
        if self.needs.time {
            self.time.now()
        } else {
            Ok(0)
        }
    }

    /// The time, unless the line is expired by then.
    fn now_unexpired(&self) -> Result<u64, Error> {
        let now = self.now()?;
        if self.deadline.is_some_and(|deadline| now >= deadline) {
            return Err(ErrorKind::Expired.into());
        }
        Ok(now)
    }

    /// Asks the line's accounts, and takes from each what was asked, or from none. The nearest to refuse is the one that is
    /// told of.
    fn ask(&self, ask: Ask) -> Result<(), Error> {
        if fault::on(Fault::ChargeUnlocked) {
            return self.ask_unlocked(ask);
        }
        if self.above.is_none() {
            let mut account = lock(&self.account);
            self.limits.check(&account, ask)?;
            self.limits.commit(&mut account, ask);
            return Ok(());
        }
        let mut held: Vec<(&Limits, MutexGuard<'_, Account>)> = Vec::new();
        for ledger in self.line().filter(|ledger| ledger.limits.concern(ask)) {
            let account = lock(&ledger.account);
            ledger.limits.check(&account, ask)?;
            held.push((&ledger.limits, account));
        }
        for (limits, mut account) in held {
            limits.commit(&mut account, ask);
        }
        Ok(())
    }

    /// The fault: what was found is taken later, under the lock once more.
    fn ask_unlocked(&self, ask: Ask) -> Result<(), Error> {
        for ledger in self.line() {
            ledger.limits.check(&lock(&ledger.account), ask)?;
        }
        for ledger in self.line() {
            ledger.limits.commit(&mut lock(&ledger.account), ask);
        }
        Ok(())
    }

    /// Lets a call in.
    ///
    /// # Errors
    ///
    /// The condition that is not met.
    pub(crate) fn admit(self: &Arc<Self>) -> Result<Place, Error> {
        let now = self.now_unexpired()?;
        self.ask(Ask::Admit { now })?;
        Ok(Place {
            ledger: self.clone(),
            counted: true,
        })
    }

    /// Lets a call go on that was let in before, with the place that it has.
    ///
    /// # Errors
    ///
    /// Expired; then the place is given back.
    pub(crate) fn admit_again(self: &Arc<Self>, place: Option<Place>) -> Result<Place, Error> {
        self.now_unexpired()?;
        Ok(place.unwrap_or_else(|| Place {
            ledger: self.clone(),
            counted: false,
        }))
    }

    /// The target is entered: spends a call, and the bytes of its arguments, which go in `direction`.
    ///
    /// # Errors
    ///
    /// The condition that is no longer met, or not with that many bytes.
    pub(crate) fn enter(
        &self,
        direction: Direction,
        bytes: impl FnOnce() -> u64,
    ) -> Result<(), Error> {
        let bytes = self.measured(direction, bytes);
        let now = self.now_unexpired()?;
        if fault::on(Fault::EarlyPlace) {
            self.give_back_place();
        }
        self.ask(Ask::Enter {
            now,
            direction,
            bytes,
        })
    }

    /// A result is delivered: spends its bytes.
    ///
    /// # Errors
    ///
    /// Expired, or the condition that there are not that many bytes.
    pub(crate) fn deliver(
        &self,
        direction: Direction,
        bytes: impl FnOnce() -> u64,
    ) -> Result<(), Error> {
        let bytes = self.measured(direction, bytes);
        if self.deadline.is_some() {
            self.now_unexpired()?;
        }
        if bytes == 0 {
            return Ok(());
        }
        self.ask(Ask::Deliver { direction, bytes })
    }

    fn measured(&self, direction: Direction, bytes: impl FnOnce() -> u64) -> u64 {
        if self.needs.bytes(direction) && !fault::on(Fault::UncountedBytes) {
            bytes()
        } else {
            0
        }
    }

    /// Counts a proxy.
    ///
    /// # Errors
    ///
    /// The condition that there are as many as may be.
    pub(crate) fn reserve_proxy(&self) -> Result<(), Error> {
        if self.needs.proxies && !fault::on(Fault::UncountedProxies) {
            self.ask(Ask::Proxy)
        } else {
            Ok(())
        }
    }

    /// So many proxies are gone.
    pub(crate) fn release_proxies(&self, proxies: usize) {
        if !self.needs.proxies || fault::on(Fault::UncountedProxies) {
            return;
        }
        for ledger in self.line().filter(|ledger| ledger.limits.proxies.is_some()) {
            lock(&ledger.account).proxies -= proxies as u64;
        }
    }

    fn give_back_place(&self) {
        if !self.needs.places {
            return;
        }
        let limited = self
            .line()
            .filter(|ledger| ledger.limits.concurrency.is_some());
        for ledger in limited {
            lock(&ledger.account).running -= 1;
        }
    }

    /// Whether no call will ever be let in again.
    pub(crate) fn is_spent(&self) -> bool {
        self.now_unexpired().is_err() || self.left().calls == Some(0)
    }

    /// How long until the line expires, if it does; nothing left if the clock panics.
    pub(crate) fn expires_in(&self) -> Option<Duration> {
        let deadline = self.deadline?;
        let left = self.now().map_or(0, |now| deadline.saturating_sub(now));
        Some(Duration::from_nanos(left))
    }

    /// The rate of the nearest membrane that has one.
    pub(crate) fn rate(&self) -> Option<Rate> {
        self.line().find_map(|ledger| ledger.limits.rate)
    }

    /// The least that the line has left of each, and has of each in all.
    pub(crate) fn left(&self) -> Left {
        let mut left = Left::default();
        for ledger in self.line() {
            let limits = &ledger.limits;
            let account = lock(&ledger.account);
            lower(&mut left.calls, limits.calls.map(|_| account.calls));
            lower(
                &mut left.bytes_in,
                limits.bytes_in.map(|_| account.bytes_in),
            );
            lower(
                &mut left.bytes_out,
                limits.bytes_out.map(|_| account.bytes_out),
            );
            let places = limits.concurrency.map(|most| most - account.running);
            lower(&mut left.places, places);
            lower(&mut left.most_places, limits.concurrency);
            let proxies = limits.proxies.map(|most| most - account.proxies);
            lower(&mut left.proxies, proxies);
            lower(&mut left.most_proxies, limits.proxies);
        }
        left
    }
}

impl Drop for Ledger {
    /// Frees a long line one by one instead of each inside the next.
    fn drop(&mut self) {
        let mut above = self.above.take();
        while let Some(next) = above {
            above = Arc::into_inner(next).and_then(|mut last| last.above.take());
        }
    }
}

fn lower<N: Ord + Copy>(least: &mut Option<N>, new: Option<N>) {
    if let Some(new) = new {
        *least = Some(least.map_or(new, |least| least.min(new)));
    }
}

/// What a line has left; `None` where nothing is counted.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Left {
    pub(crate) calls: Option<u64>,
    pub(crate) bytes_in: Option<u64>,
    pub(crate) bytes_out: Option<u64>,
    pub(crate) places: Option<u32>,
    pub(crate) proxies: Option<u64>,
    most_places: Option<u32>,
    most_proxies: Option<u64>,
}

/// A call that was let in: its place at every ledger of the line that counts what runs, given back when this is dropped.
pub(crate) struct Place {
    ledger: Arc<Ledger>,
    /// Whether there is anything to give back.
    counted: bool,
}

impl Place {
    pub(crate) fn ledger(&self) -> &Ledger {
        &self.ledger
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.counted && !fault::on(Fault::EarlyPlace) {
            self.ledger.give_back_place();
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::{Conditions, Ledger};
    use std::sync::Arc;

    fn under(above: Option<&Arc<Ledger>>) -> Arc<Ledger> {
        let one = Conditions::builder().concurrency(1).build().expect("sound");
        let ledger = Ledger::under(above, &one).expect("no more than is there");
        ledger.expect("there is a condition")
    }

    /// Fails if a place that was never taken is given back: then two calls run at once.
    #[test]
    fn call_that_goes_on_without_a_place_gives_none_back() {
        let ledger = under(None);
        let place = ledger.admit().expect("the first");
        drop(ledger.admit_again(None).expect("no deadline"));
        assert_eq!(ledger.left().places, Some(0));
        assert!(ledger.admit().is_err());
        drop(ledger.admit_again(Some(place)).expect("no deadline"));
        assert_eq!(ledger.left().places, Some(1));
    }

    /// Fails, by overflow, if each ledger is dropped inside the one below.
    #[test]
    fn long_line_is_freed_on_a_small_stack() {
        let (mut last, levels) = (under(None), if cfg!(miri) { 50 } else { 2_000 });
        for _ in 1..levels {
            last = under(Some(&last));
        }
        let small = std::thread::Builder::new().stack_size(64 << 10);
        let freeing = small.spawn(move || drop(last)).expect("there is room");
        freeing.join().expect("no panic");
    }
}
