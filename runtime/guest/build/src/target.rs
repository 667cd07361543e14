//! The target that guests are compiled for.

use crate::error::BuildError;
use std::env;
use std::path::PathBuf;
use std::process::Command;

/// Sees to it that the standard library for `target` is there.
pub(crate) fn ensure(target: &str) -> Result<(), BuildError> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    if is_installed(&rustc, target) {
        return Ok(());
    }
    let toolchain = env::var("RUSTUP_TOOLCHAIN").ok();
    let mut words = vec!["target", "add", target];
    if let Some(toolchain) = &toolchain {
        words.extend(["--toolchain", toolchain]);
    }
    let command = format!("rustup {}", words.join(" "));
    let failed = |why: String| BuildError::NoTarget {
        target: target.into(),
        command: command.clone(),
        why,
    };
    let output = Command::new("rustup")
        .args(&words)
        .output()
        .map_err(|error| failed(format!("rustup could not be started: {error}")))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        return Err(failed(
            text.lines().last().unwrap_or("rustup failed").into(),
        ));
    }
    if is_installed(&rustc, target) {
        Ok(())
    } else {
        Err(failed("it is still missing after rustup added it".into()))
    }
}

fn is_installed(rustc: &std::ffi::OsStr, target: &str) -> bool {
    let output = Command::new(rustc)
        .args(["--print", "target-libdir", "--target", target])
        .output();
    output.is_ok_and(|output| {
        let path = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
        path.is_dir()
    })
}
