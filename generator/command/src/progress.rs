//! A progress bar for anything that takes over two seconds, on a terminal only.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(2);
const TICK: Duration = Duration::from_millis(100);

/// A bar on standard error, gone when dropped.
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Starts with a step called `what`, of unknown length.
    pub fn start(what: impl Into<String>) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        bar.set_style(style(UNKNOWN_LENGTH));
        bar.set_message(what.into());
        if std::io::stderr().is_terminal() {
            show_later(bar.clone());
        }
        Self { bar }
    }

    /// `done` of `total` parts of the step `what` are done; a `total` of 0 is not known.
    pub fn report(&self, what: &str, done: u64, total: u64) {
        if self.bar.message() != what {
            self.bar.set_message(what.to_owned());
        }
        let length = (total > 0).then_some(total);
        if self.bar.length() != length {
            self.change_length(length);
        }
        self.bar.set_position(done);
    }

    fn change_length(&self, length: Option<u64>) {
        match length {
            Some(length) => {
                self.bar.set_style(style(KNOWN_LENGTH));
                self.bar.set_length(length);
            }
            None => {
                self.bar.set_style(style(UNKNOWN_LENGTH));
                self.bar.unset_length();
            }
        }
    }
}

const UNKNOWN_LENGTH: &str = "{spinner} {msg} ({elapsed})";
const KNOWN_LENGTH: &str = "{msg} [{bar:30}] {percent}% ({eta} left)";

/// The templates are constants; one that could not be read would show the library's own style.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn show_later(bar: ProgressBar) {
    std::thread::spawn(move || {
        std::thread::sleep(PATIENCE);
        if !bar.is_finished() {
            bar.set_draw_target(ProgressDrawTarget::stderr());
            bar.enable_steady_tick(TICK);
        }
    });
}
