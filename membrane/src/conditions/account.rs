//! What one membrane's conditions allow, what is left of it, and what a call asks of it.

use super::condition::Condition;
use super::rate::Rate;
use crate::direction::Direction;
use crate::error::Error;
use std::time::Duration;

/// The limits that are counted. `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) calls: Option<u64>,
    pub(crate) rate: Option<Rate>,
    pub(crate) concurrency: Option<u32>,
    pub(crate) bytes_in: Option<u64>,
    pub(crate) bytes_out: Option<u64>,
    pub(crate) proxies: Option<u64>,
}

/// What moves, under the lock of its ledger.
#[derive(Debug)]
pub(crate) struct Account {
    /// Left.
    pub(crate) calls: u64,
    /// The time until which the rate is used up, in nanoseconds.
    used_until: u64,
    pub(crate) running: u32,
    /// Left.
    pub(crate) bytes_in: u64,
    /// Left.
    pub(crate) bytes_out: u64,
    pub(crate) proxies: u64,
}

/// What is asked of each account of a line at once.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ask {
    /// Whether a call may go on to its arguments, and a place to run in.
    Admit { now: u64 },
    /// The target is entered, with so many bytes of arguments.
    Enter {
        now: u64,
        direction: Direction,
        bytes: u64,
    },
    /// So many bytes of a result.
    Deliver { direction: Direction, bytes: u64 },
    /// A proxy.
    Proxy,
}

impl Limits {
    pub(crate) fn account(&self) -> Account {
        Account {
            calls: self.calls.unwrap_or(0),
            used_until: 0,
            running: 0,
            bytes_in: self.bytes_in.unwrap_or(0),
            bytes_out: self.bytes_out.unwrap_or(0),
            proxies: 0,
        }
    }

    fn bytes(&self, direction: Direction) -> Option<u64> {
        match direction {
            Direction::Inbound => self.bytes_in,
            Direction::Outbound => self.bytes_out,
        }
    }

    /// Whether the answer depends on these limits at all.
    pub(crate) fn concern(&self, ask: Ask) -> bool {
        match ask {
            Ask::Admit { .. } => {
                self.calls.is_some() || self.rate.is_some() || self.concurrency.is_some()
            }
            Ask::Enter { direction, .. } => {
                self.calls.is_some() || self.rate.is_some() || self.bytes(direction).is_some()
            }
            Ask::Deliver { direction, .. } => self.bytes(direction).is_some(),
            Ask::Proxy => self.proxies.is_some(),
        }
    }

    /// Whether the account can give what is asked.
    pub(crate) fn check(&self, account: &Account, ask: Ask) -> Result<(), Error> {
        match ask {
            Ask::Admit { now } => {
                self.check_call(account, now)?;
                if self.concurrency.is_some_and(|most| account.running >= most) {
                    return Err(Error::unmet(Condition::Concurrency, None));
                }
            }
            Ask::Enter {
                now,
                direction,
                bytes,
            } => {
                self.check_call(account, now)?;
                self.check_bytes(account, direction, bytes)?;
            }
            Ask::Deliver { direction, bytes } => self.check_bytes(account, direction, bytes)?,
            Ask::Proxy => {
                if self.proxies.is_some_and(|most| account.proxies >= most) {
                    return Err(Error::unmet(Condition::Proxies, None));
                }
            }
        }
        Ok(())
    }

    fn check_call(&self, account: &Account, now: u64) -> Result<(), Error> {
        if self.calls.is_some() && account.calls == 0 {
            return Err(Error::unmet(Condition::Calls, None));
        }
        let taken = self.rate.map(|rate| rate.take(account.used_until, now));
        match taken {
            Some(Err(wait)) => Err(Error::unmet(
                Condition::Rate,
                Some(Duration::from_nanos(wait)),
            )),
            None | Some(Ok(_)) => Ok(()),
        }
    }

    fn check_bytes(
        &self,
        account: &Account,
        direction: Direction,
        bytes: u64,
    ) -> Result<(), Error> {
        let (left, condition) = match direction {
            Direction::Inbound => (account.bytes_in, Condition::BytesIn),
            Direction::Outbound => (account.bytes_out, Condition::BytesOut),
        };
        if self.bytes(direction).is_some() && bytes > left {
            return Err(Error::unmet(condition, None));
        }
        Ok(())
    }

    /// Takes from the account what it was found to have, under the same lock.
    pub(crate) fn commit(&self, account: &mut Account, ask: Ask) {
        match ask {
            Ask::Admit { .. } => account.running += u32::from(self.concurrency.is_some()),
            Ask::Enter {
                now,
                direction,
                bytes,
            } => {
                account.calls = account.calls.saturating_sub(1);
                if let Some(Ok(then)) = self.rate.map(|rate| rate.take(account.used_until, now)) {
                    account.used_until = then;
                }
                self.commit(account, Ask::Deliver { direction, bytes });
            }
            Ask::Deliver { direction, bytes } => {
                let left = match direction {
                    Direction::Inbound => &mut account.bytes_in,
                    Direction::Outbound => &mut account.bytes_out,
                };
                *left = left.saturating_sub(bytes);
            }
            Ask::Proxy => account.proxies += u64::from(self.proxies.is_some()),
        }
    }
}
