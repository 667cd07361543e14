//! Data types of other crates, each behind a feature.

/// `bytes::Bytes` crosses as a copy: its buffer may belong to an owner whose `Drop` is the other side's code.
#[cfg(feature = "bytes")]
impl super::Passable for bytes::Bytes {
    const BARE: bool = false;

    fn pass(self, _: &crate::Crossing<'_>) -> Result<Self, crate::Error> {
        if crate::fault::on(crate::fault::Fault::BareBuffers) {
            return Ok(self);
        }
        Ok(Self::copy_from_slice(&self))
    }

    fn size_bytes(&self) -> u64 {
        self.len() as u64
    }

    const SHAPE: crate::Shape = crate::Shape::List(&crate::Shape::Integer);

    fn inspected(&self) -> crate::Inspected<'_> {
        crate::Inspected::list(&**self)
    }
}
