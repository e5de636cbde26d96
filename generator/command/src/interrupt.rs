//! Ctrl-C, and the signals that mean the same: one flag, looked at wherever time passes.

use crate::failure::{Class, Failure};
use std::sync::atomic::{AtomicBool, Ordering};

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// Starts listening. The first signal sets the flag; the second ends the process at once.
pub fn install() {
    let handler = || {
        if REQUESTED.swap(true, Ordering::SeqCst) {
            std::process::exit(Class::Interrupted.exit_code().into());
        }
    };
    // Without a handler Ctrl-C still ends the process; only the tidy way is lost.
    let _ = ctrlc::set_handler(handler);
}

/// The flag, for code that takes one.
pub fn flag() -> &'static AtomicBool {
    &REQUESTED
}

/// Fails once the user has asked to stop.
pub fn check() -> Result<(), Failure> {
    match REQUESTED.load(Ordering::SeqCst) {
        true => Err(Failure::interrupted()),
        false => Ok(()),
    }
}
