//! Programs that are started: waited for, given up, and stopped with all their children.

use crate::failure::Failure;
use crate::interrupt;
use rustix::process::{Pid, Signal, kill_process_group};
use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const POLL: Duration = Duration::from_millis(10);

/// What a program left behind.
#[derive(Debug)]
pub struct Finished {
    /// How it ended.
    pub status: ExitStatus,
    /// Standard output and standard error, interleaved as written.
    pub output: String,
}

/// Why a program did not finish.
#[derive(Debug)]
pub enum Unfinished {
    /// It could not be started, or its output not be kept.
    Io(io::Error),
    /// It took longer than it was given.
    TimedOut,
    /// The user asked to stop.
    Interrupted,
}

impl From<io::Error> for Unfinished {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Runs `command` to its end with no input. It and its children are killed when the user asks to
/// stop or `limit` has passed.
pub fn run(command: &mut Command, limit: Duration) -> Result<Finished, Unfinished> {
    let mut log = tempfile::tempfile()?;
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log.try_clone()?);
    let mut child = command.process_group(0).spawn()?;
    let status = wait(&mut child, limit).inspect_err(|_| stop(&mut child))?;
    Ok(Finished { status, output: contents(&mut log)? })
}

fn wait(child: &mut Child, limit: Duration) -> Result<ExitStatus, Unfinished> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if interrupt::check().is_err() {
            return Err(Unfinished::Interrupted);
        }
        if start.elapsed() > limit {
            return Err(Unfinished::TimedOut);
        }
        sleep(POLL);
    }
}

fn stop(child: &mut Child) {
    // Either can only fail because the process is gone already.
    let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
    let _ = child.wait();
}

fn contents(log: &mut File) -> io::Result<String> {
    let mut bytes = Vec::new();
    log.rewind()?;
    log.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

impl Unfinished {
    /// The failure to report when `program` should have run.
    pub fn into_failure(self, program: &std::path::Path) -> Failure {
        match self {
            Self::Io(error) => Failure::of_io(&error, "run the program", program),
            Self::TimedOut => {
                let error = io::Error::new(io::ErrorKind::TimedOut, "it did not come to an end");
                Failure::of_io(&error, "run the program", program)
            }
            Self::Interrupted => Failure::interrupted(),
        }
    }
}

/// The last lines of a log, indented, for a message.
pub fn tail(log: &str) -> String {
    const LINES: usize = 8;
    let lines: Vec<&str> = log.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = &lines[lines.len().saturating_sub(LINES)..];
    last.iter().map(|line| format!("\n    {line}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn both_outputs_and_the_status_are_kept() {
        let mut command = shell("echo one; echo two >&2; exit 3");
        let finished = run(&mut command, Duration::from_secs(9)).unwrap();
        assert_eq!((finished.status.code(), finished.output.as_str()), (Some(3), "one\ntwo\n"));
    }

    #[test]
    fn a_program_that_takes_too_long_is_stopped_with_its_children() {
        let start = Instant::now();
        let result = run(&mut shell("sleep 60 & sleep 60"), Duration::from_millis(50));
        assert!(matches!(result, Err(Unfinished::TimedOut)));
        assert!(start.elapsed() < Duration::from_secs(9));
    }

    #[test]
    fn a_tail_is_the_last_lines_that_say_something() {
        let log: String = (1..20).map(|line| format!("{line}\n\n")).collect();
        assert!(tail(&log).starts_with("\n    12\n"));
        assert!(tail(&log).ends_with("\n    19"));
    }
}
