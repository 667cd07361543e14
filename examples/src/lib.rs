//! Runnable programs: see the `README.md` beside this file.
