//! The probe itself.

use crate::interfaces::{Closure, Counter, Everything, Fault, Items, Probe, Service, Visitor};
use membrane::Error;
use std::sync::{Arc, Mutex, PoisonError};

pub(crate) fn probe() -> Arc<dyn Probe> {
    Arc::new(Guest::default())
}

#[derive(Default)]
struct Guest {
    kept: Mutex<Vec<Arc<dyn Service>>>,
    counter: Mutex<Option<Arc<dyn Counter>>>,
    memory: Mutex<Vec<Vec<u8>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn said<T>(result: Result<T, Error>) -> String {
    result.map_or_else(|error| error.to_string(), |_| "done".into())
}

/// Counts its visits, and goes on to visit where it came from as often as is left.
#[derive(Default)]
struct Visited {
    count: Mutex<u64>,
    onwards: Option<Arc<dyn Service>>,
    panics: bool,
    drops: Option<Arc<Guest>>,
}

impl Visitor for Visited {
    fn visited(&self, depth: u64) -> Result<u64, Error> {
        *lock(&self.count) += 1;
        if let Some(guest) = &self.drops {
            lock(&guest.kept).clear();
        }
        assert!(!self.panics, "as told");
        match &self.onwards {
            Some(service) if depth > 0 => service.visit(
                Arc::new(Self {
                    onwards: self.onwards.clone(),
                    ..Self::default()
                }),
                depth - 1,
            ),
            _ => Ok(depth),
        }
    }
}

impl Counter for Visited {
    fn count(&self) -> Result<u64, Error> {
        Ok(*lock(&self.count))
    }
}

/// Goes back and forth for ever.
struct Endless(Arc<dyn Service>, Arc<Mutex<u64>>);

impl Visitor for Endless {
    fn visited(&self, _: u64) -> Result<u64, Error> {
        *lock(&self.1) += 1;
        self.0
            .visit(Arc::new(Self(self.0.clone(), self.1.clone())), 0)
    }
}

impl Probe for Guest {
    fn echo(&self, everything: Everything) -> Result<Everything, Error> {
        Ok(everything)
    }

    fn lengths(&self, text: &str, bytes: &[u8], numbers: &[u64]) -> Result<u64, Error> {
        Ok((text.len() + bytes.len() + numbers.len()) as u64)
    }

    fn fault(&self, missing: u64) -> Result<(), Fault> {
        Err(Fault::Poor { missing })
    }

    fn counter(&self) -> Result<Arc<dyn Counter>, Error> {
        Ok(Arc::new(Visited::default()))
    }

    fn counters(&self, count: u64) -> Result<Vec<Arc<dyn Counter>>, Error> {
        (0..count).map(|_| self.counter()).collect()
    }

    fn one_counter(&self) -> Result<Arc<dyn Counter>, Error> {
        let mut counter = lock(&self.counter);
        Ok(counter
            .get_or_insert_with(|| Arc::new(Visited::default()))
            .clone())
    }

    fn work(&self, service: Arc<dyn Service>, times: u64) -> Result<u64, Error> {
        (0..times).try_fold(0, |sum, number| Ok(sum + service.next(number)?))
    }

    fn refused(&self, service: Arc<dyn Service>) -> Result<Vec<String>, Error> {
        Ok(vec![
            said(service.secret()),
            format!("{:?}", service.fail(3)),
        ])
    }

    fn round_trip(&self, service: Arc<dyn Service>) -> Result<bool, Error> {
        let visitor: Arc<dyn Visitor> = Arc::new(Visited::default());
        Ok(Arc::ptr_eq(&service.echo(visitor.clone())?, &visitor))
    }

    fn call_back(&self, service: Arc<dyn Service>, times: u64) -> Result<u64, Error> {
        let visited = Arc::new(Visited {
            onwards: Some(service.clone()),
            ..Visited::default()
        });
        service.visit(visited, times)
    }

    fn back_and_forth(&self, service: Arc<dyn Service>) -> Result<(u64, String), Error> {
        let depth = Arc::new(Mutex::new(0));
        let said = said(service.visit(Arc::new(Endless(service.clone(), depth.clone())), 0));
        let depth = *lock(&depth);
        Ok((depth, said))
    }

    fn keep(&self, service: Arc<dyn Service>) -> Result<(), Error> {
        lock(&self.kept).push(service);
        Ok(())
    }

    fn use_kept(&self) -> Result<String, Error> {
        let kept = lock(&self.kept).last().cloned();
        Ok(kept.map_or_else(|| "nothing".into(), |service| said(service.next(1))))
    }

    fn forget(&self) -> Result<(), Error> {
        let forgotten = std::mem::take(&mut *lock(&self.kept));
        drop(forgotten);
        Ok(())
    }

    fn same(
        &self,
        one: Arc<dyn Service>,
        other: Arc<dyn Service>,
    ) -> Result<(bool, Arc<dyn Service>), Error> {
        Ok((Arc::ptr_eq(&one, &other), one))
    }

    fn drop_inside(&self, service: Arc<dyn Service>) -> Result<u64, Error> {
        let guest = Arc::new(Self::default());
        lock(&guest.kept).push(service);
        let last = lock(&guest.kept)[0].clone();
        let visitor = Arc::new(Visited {
            drops: Some(guest),
            ..Visited::default()
        });
        let result = last.visit(visitor, 5);
        drop(last);
        result
    }

    fn flood(&self, service: Arc<dyn Service>, most: u64) -> Result<(u64, String), Error> {
        let mut children = Vec::new();
        for count in 0..most {
            match service.child() {
                Ok(child) => children.push(child),
                Err(error) => return Ok((count, error.to_string())),
            }
        }
        Ok((most, "enough".into()))
    }

    fn sum(&self, items: Items) -> Result<u64, Error> {
        let mut sum = 0;
        for item in items {
            sum += item?;
        }
        Ok(sum)
    }

    fn apply(&self, f: Closure, to: u64) -> Result<u64, Error> {
        f(to)
    }

    fn adder(&self, by: u64) -> Result<Closure, Error> {
        Ok(Arc::new(move |to| Ok(to + by)))
    }

    fn items(&self, count: u64) -> Result<Items, Error> {
        Ok(Box::new((0..count).map(Ok)))
    }

    fn large(&self, service: Arc<dyn Service>, bytes: u64) -> Result<(String, Vec<u8>), Error> {
        Ok((said(service.bytes(bytes)), vec![0; bytes as usize]))
    }

    fn spin(&self) -> Result<(), Error> {
        loop {
            std::hint::black_box(0);
        }
    }

    #[allow(unconditional_recursion, reason = "that is what it is for")]
    fn recurse(&self, depth: u64) -> Result<u64, Error> {
        let deeper = self.recurse(std::hint::black_box(depth + 1))?;
        Ok(std::hint::black_box(deeper) + 1)
    }

    fn grow(&self, bytes: u64) -> Result<u64, Error> {
        let mut block = Vec::new();
        if block.try_reserve_exact(bytes as usize).is_err() {
            return Ok(0);
        }
        block.resize(bytes as usize, 1);
        lock(&self.memory).push(block);
        Ok(bytes)
    }

    fn panic(&self) -> Result<(), Error> {
        panic!("as told")
    }

    fn panic_inside(&self, service: Arc<dyn Service>) -> Result<u64, Error> {
        let visitor = Arc::new(Visited {
            panics: true,
            ..Visited::default()
        });
        service.visit(visitor, 0)
    }

    fn wait(&self, service: Arc<dyn Service>) -> Result<String, Error> {
        Ok(said(service.wait()))
    }

    fn meet(&self, other: Arc<dyn Probe>, service: Arc<dyn Service>) -> Result<String, Error> {
        Ok(said(other.call_back(service, 1)))
    }
}
