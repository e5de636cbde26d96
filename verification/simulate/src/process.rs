use crate::{Error, Monitor};
use rustix::process::{Pid, Signal, kill_process_group};
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

const POLL: Duration = Duration::from_millis(20);

/// Runs `command` to its end in a process group of its own, with all it prints appended to `log`.
/// An interrupt ends the whole group.
pub(crate) fn run_logged(
    command: &mut Command,
    log: &Path,
    monitor: &Monitor,
) -> Result<ExitStatus, Error> {
    let open = || File::options().create(true).append(true).open(log);
    let failed = |error| Error::io("write", log, &error);
    let (out, err) = (open().map_err(failed)?, open().map_err(failed)?);
    command.stdin(Stdio::null()).stdout(out).stderr(err).process_group(0);
    let mut child = command.spawn().map_err(|error| cannot_start(command, &error))?;
    loop {
        if let Some(status) = child.try_wait().map_err(|error| cannot_start(command, &error))? {
            return Ok(status);
        }
        if let Err(interrupted) = monitor.check() {
            end_group(&mut child);
            return Err(interrupted);
        }
        std::thread::sleep(POLL);
    }
}

/// The error of a program that does not start.
pub(crate) fn cannot_start(command: &Command, error: &std::io::Error) -> Error {
    let program = command.get_program().to_string_lossy().into_owned();
    Error::tool(
        "tool-does-not-start",
        program.clone(),
        format!("{program} does not start: {error}"),
        "install it, or name another one",
    )
}

/// Ends a child that was started in a process group of its own, with all its descendants.
pub(crate) fn end_group(child: &mut Child) {
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    if let Some(group) = group {
        // It may have ended on its own just now.
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = child.wait();
}

/// The last `lines` lines of a text.
pub(crate) fn last_lines(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}
