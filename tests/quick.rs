//! Scratch.
use membrane::*;
use std::sync::Arc;
#[interface]
pub trait Named { fn name(&self) -> Result<String, Error>; }
#[interface]
pub trait Account: Named { fn add(&self, x: u64) -> Result<u64, Error>; fn s(&self, x: u64) -> Result<String, Error>; fn peer(&self) -> Result<Arc<dyn Named>, Error>; }
struct A(u64);
impl Named for A { fn name(&self) -> Result<String, Error> { Ok("a".into()) } }
impl Account for A { fn add(&self, x: u64) -> Result<u64, Error> { Ok(x + self.0) } fn s(&self, _x: u64) -> Result<String, Error> { Ok(String::new()) } fn peer(&self) -> Result<Arc<dyn Named>, Error> { Ok(Arc::new(A(1))) } }
#[test]
fn works() {
    let m = Membrane::new(Policy::builder().outbound(allow!(dyn Account: add, s, peer, name)).outbound(allow!(dyn Named: name)).build().unwrap());
    let p = m.wrap::<dyn Account>(Arc::new(A(7))).unwrap();
    assert_eq!(p.add(1), Ok(8));
    assert_eq!(p.name().unwrap(), "a");
    assert_eq!(p.peer().unwrap().name().unwrap(), "a");
    m.revoke("x");
    assert!(p.add(1).is_err());
    println!("{:?} {}", m, std::mem::size_of_val(&*p));
}
