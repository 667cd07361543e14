//! An interface has at most 63 methods, inherited ones included.

use membrane::{Error, interface};

#[interface]
pub trait Named {
    fn m00(&self) -> Result<(), Error>;
    fn m01(&self) -> Result<(), Error>;
    fn m02(&self) -> Result<(), Error>;
    fn m03(&self) -> Result<(), Error>;
    fn m04(&self) -> Result<(), Error>;
    fn m05(&self) -> Result<(), Error>;
    fn m06(&self) -> Result<(), Error>;
    fn m07(&self) -> Result<(), Error>;
    fn m08(&self) -> Result<(), Error>;
    fn m09(&self) -> Result<(), Error>;
    fn m10(&self) -> Result<(), Error>;
    fn m11(&self) -> Result<(), Error>;
    fn m12(&self) -> Result<(), Error>;
    fn m13(&self) -> Result<(), Error>;
    fn m14(&self) -> Result<(), Error>;
    fn m15(&self) -> Result<(), Error>;
    fn m16(&self) -> Result<(), Error>;
    fn m17(&self) -> Result<(), Error>;
    fn m18(&self) -> Result<(), Error>;
    fn m19(&self) -> Result<(), Error>;
    fn m20(&self) -> Result<(), Error>;
    fn m21(&self) -> Result<(), Error>;
    fn m22(&self) -> Result<(), Error>;
    fn m23(&self) -> Result<(), Error>;
    fn m24(&self) -> Result<(), Error>;
    fn m25(&self) -> Result<(), Error>;
    fn m26(&self) -> Result<(), Error>;
    fn m27(&self) -> Result<(), Error>;
    fn m28(&self) -> Result<(), Error>;
    fn m29(&self) -> Result<(), Error>;
    fn m30(&self) -> Result<(), Error>;
    fn m31(&self) -> Result<(), Error>;
}

#[interface]
pub trait Account: Named {
    fn m32(&self) -> Result<(), Error>;
    fn m33(&self) -> Result<(), Error>;
    fn m34(&self) -> Result<(), Error>;
    fn m35(&self) -> Result<(), Error>;
    fn m36(&self) -> Result<(), Error>;
    fn m37(&self) -> Result<(), Error>;
    fn m38(&self) -> Result<(), Error>;
    fn m39(&self) -> Result<(), Error>;
    fn m40(&self) -> Result<(), Error>;
    fn m41(&self) -> Result<(), Error>;
    fn m42(&self) -> Result<(), Error>;
    fn m43(&self) -> Result<(), Error>;
    fn m44(&self) -> Result<(), Error>;
    fn m45(&self) -> Result<(), Error>;
    fn m46(&self) -> Result<(), Error>;
    fn m47(&self) -> Result<(), Error>;
    fn m48(&self) -> Result<(), Error>;
    fn m49(&self) -> Result<(), Error>;
    fn m50(&self) -> Result<(), Error>;
    fn m51(&self) -> Result<(), Error>;
    fn m52(&self) -> Result<(), Error>;
    fn m53(&self) -> Result<(), Error>;
    fn m54(&self) -> Result<(), Error>;
    fn m55(&self) -> Result<(), Error>;
    fn m56(&self) -> Result<(), Error>;
    fn m57(&self) -> Result<(), Error>;
    fn m58(&self) -> Result<(), Error>;
    fn m59(&self) -> Result<(), Error>;
    fn m60(&self) -> Result<(), Error>;
    fn m61(&self) -> Result<(), Error>;
    fn m62(&self) -> Result<(), Error>;
}

fn main() {}
