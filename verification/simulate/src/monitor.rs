use crate::Error;
use std::sync::atomic::{AtomicBool, Ordering};

static NEVER: AtomicBool = AtomicBool::new(false);

/// How a caller watches and stops long work.
#[derive(Clone, Copy)]
pub struct Monitor<'a> {
    /// Called with what is being done and how much of it is done, in units of `total`. A `total`
    /// of 0 means that the end is not known.
    pub progress: &'a (dyn Fn(&str, u64, u64) + Sync),
    /// Set from outside to stop; child processes are ended and nothing half-made is left.
    pub interrupt: &'a AtomicBool,
}

impl Monitor<'_> {
    /// Reports to nobody and is never interrupted.
    pub fn silent() -> Self {
        Self { progress: &|_, _, _| {}, interrupt: &NEVER }
    }

    pub(crate) fn report(&self, what: &str, done: u64, total: u64) -> Result<(), Error> {
        (self.progress)(what, done.min(total), total);
        self.check()
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.interrupt.load(Ordering::Relaxed) { Err(Error::Interrupted) } else { Ok(()) }
    }
}
