use crate::process::{cannot_start, end_group, last_lines};
use crate::{Batch, Error, Response, Simulator};
use bitplane_emit::wire::{self, Beat, hello};
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread::JoinHandle;

/// How a simulation starts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Start {
    /// Seed of the random initial state of every register.
    pub seed: u64,
    /// Waveform file, if the simulator was built with [`crate::Trace::Vcd`].
    pub trace: Option<PathBuf>,
    /// Further plus arguments, handed on as they are.
    pub plus_arguments: Vec<String>,
}

/// One running simulator. Dropping it ends the process.
pub struct Session {
    child: Child,
    input: Option<ChildStdin>,
    output: ChildStdout,
    printed: Option<JoinHandle<String>>,
    result_words: usize,
    scan_words: usize,
}

impl Session {
    /// Starts `simulator` and checks that it is the one for its manifest.
    ///
    /// # Errors
    /// [`Error::Tool`] if it does not start, [`Error::Died`] if it stops at once,
    /// [`Error::Input`] if it simulates another configuration.
    pub fn start(simulator: &Simulator, start: &Start) -> Result<Self, Error> {
        let mut command = Command::new(&simulator.binary);
        // Verilator takes 31 bits and treats 0 as "choose one".
        let seed = start.seed % 0x7fff_fffe + 1;
        command
            .arg(format!("+verilator+seed+{seed}"))
            .arg("+verilator+rand+reset+2")
            .args(start.trace.iter().map(|file| format!("+trace={}", file.display())))
            .args(&start.plus_arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        let mut child = command.spawn().map_err(|error| cannot_start(&command, &error))?;
        let (input, output) = (child.stdin.take(), child.stdout.take().expect("piped"));
        let mut messages = child.stderr.take().expect("piped");
        let printed = std::thread::spawn(move || {
            let mut text = Vec::new();
            // What was read before an error is still worth telling.
            let _ = messages.read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        });
        let result_words = 1 + Beat::of(&simulator.manifest, "result").words;
        let [_, exponents] = Beat::of_scan(&simulator.manifest);
        let (printed, scan_words) = (Some(printed), exponents.words);
        let mut session = Self { child, input, output, printed, result_words, scan_words };
        session.check_hello(simulator)?;
        Ok(session)
    }

    /// Runs one batch to its end.
    ///
    /// # Errors
    /// [`Error::Died`] if the simulation stops, with what it said.
    pub fn run(&mut self, batch: &Batch) -> Result<Response, Error> {
        let Batch { activation, weight, scan, command, addend, .. } = batch;
        let sent = [&batch.header()[..], activation, weight, scan, command, addend]
            .into_iter()
            .try_for_each(|words| self.write(words));
        if sent.is_err() {
            return Err(self.died());
        }
        let header = self.read(wire::response::WORDS)?;
        let response = Response::of_header(&header, self.result_words, self.scan_words);
        let Some((mut response, [beats, scans, fetches])) = response else {
            return Err(self.died());
        };
        response.results = self.read(beats * self.result_words)?;
        response.scans = self.read(scans * self.scan_words)?;
        response.fetches = self.read(fetches)?;
        Ok(response)
    }

    fn check_hello(&mut self, simulator: &Simulator) -> Result<(), Error> {
        let words = self.read(hello::WORDS)?;
        let digest = wire::digest_words(&simulator.manifest.digest).unwrap_or_default();
        let expected = [wire::HELLO_MAGIC, wire::VERSION, digest[0], digest[1]];
        if words == expected {
            return Ok(());
        }
        Err(Error::input(
            "wrong-simulator",
            simulator.binary.display().to_string(),
            format!(
                "the simulator answers {words:08x?} where that of configuration {} answers \
                 {expected:08x?}: it was built from another bundle or by another version",
                simulator.manifest.digest
            ),
            "generate the bundle again and build its simulator",
        ))
    }

    fn write(&mut self, words: &[u32]) -> std::io::Result<()> {
        let Some(input) = &mut self.input else {
            return Ok(());
        };
        let mut bytes = vec![0; 4 * words.len().min(CHUNK)];
        for chunk in words.chunks(CHUNK) {
            let bytes = &mut bytes[..4 * chunk.len()];
            let (places, _) = bytes.as_chunks_mut();
            places.iter_mut().zip(chunk).for_each(|(place, word)| *place = word.to_le_bytes());
            input.write_all(bytes)?;
        }
        Ok(())
    }

    fn read(&mut self, words: usize) -> Result<Vec<u32>, Error> {
        let mut bytes = vec![0; 4 * words];
        if self.output.read_exact(&mut bytes).is_err() {
            return Err(self.died());
        }
        let word = |bytes: &[u8]| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        Ok(bytes.chunks_exact(4).map(word).collect())
    }

    /// Ends the process and tells what it said.
    fn died(&mut self) -> Error {
        let ended = self.end();
        let text = self.printed.take().and_then(|thread| thread.join().ok()).unwrap_or_default();
        Error::died(
            "simulation-stopped",
            "",
            format!("the simulation stopped ({ended}):\n{}", last_lines(&text, 8)),
            "if an assertion failed, the hardware is wrong",
        )
    }

    /// Closes the input, which lets the simulator finish and close its waveform file; one that
    /// does not is killed.
    fn end(&mut self) -> String {
        self.input = None;
        for _ in 0..PATIENCE {
            match self.child.try_wait() {
                Ok(Some(status)) => return status.to_string(),
                Ok(None) => std::thread::sleep(std::time::Duration::from_millis(5)),
                Err(error) => return error.to_string(),
            }
        }
        end_group(&mut self.child);
        "killed, it did not end with its input".to_owned()
    }
}

/// Words written at once.
const CHUNK: usize = 1 << 14;
/// Waits of 5 ms before a simulator that does not end is killed.
const PATIENCE: u32 = 200;

impl Drop for Session {
    fn drop(&mut self) {
        self.end();
    }
}
