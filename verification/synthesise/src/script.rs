//! The Yosys scripts. All files but the sources are named relative to the working folder.

use std::path::{Path, PathBuf};

use bitplane_emit::manifest::Manifest;

use crate::error::Failure;
use crate::library::LOAD_FF;
use crate::yosys::Run;

pub(crate) const LIBRARY: &str = "library.lib";
pub(crate) const CONSTRAINTS: &str = "constraints.txt";
/// Type given to latches, so that they are counted: newer versions stop at a latch the library
/// cannot hold.
pub(crate) const LATCH: &str = "bitplane_latch";
/// Flattened netlist with whole adders, before mapping.
const GENERIC: &str = "generic.il";
/// How adders are made where area counts most.
pub(crate) const CHAINED_ADDERS: &str = "chained_adders.v";
pub(crate) const CHAINED_ADDERS_TEXT: &str = include_str!("chained_adders.v");

/// Mapped netlist of a run.
pub(crate) fn mapped(run: Run) -> String {
    format!("{}.il", run.stem())
}

/// Cell counts of a run.
pub(crate) fn statistics(run: Run) -> String {
    format!("{}.json", run.stem())
}

/// Which way from operators to cells is taken.
#[derive(Clone, Copy)]
enum Effort {
    /// Chained adders and a mapper that looks at area alone.
    Area,
    /// The same mapper, and adders with carry look-ahead.
    Balanced,
    /// Structure as written, which is shallower.
    Speed,
}

impl Effort {
    fn of(run: Run) -> Self {
        match run {
            Run::Faster => Self::Balanced,
            Run::Fastest => Self::Speed,
            _ => Self::Area,
        }
    }

    /// Commands that turn adders into something else than what Yosys makes of them by itself.
    fn adders(self) -> String {
        match self {
            Self::Area => format!("maccmap\ntechmap -map {CHAINED_ADDERS}\n"),
            Self::Balanced | Self::Speed => String::new(),
        }
    }

    /// What ABC does before it sizes the cells.
    fn mapping(self) -> &'static str {
        match self {
            Self::Area | Self::Balanced => "strash;dch,-f;amap,-m;",
            Self::Speed => "strash;&get,-n;&dch,-f;&nf,{D};&put;",
        }
    }
}

/// What every script needs to know.
pub(crate) struct Script<'a> {
    pub manifest: &'a Manifest,
    pub sources: Vec<PathBuf>,
    /// Time for logic between registers, in picoseconds.
    pub budget_ps: u64,
}

impl Script<'_> {
    /// Flattened, mapped and counted.
    pub fn total(&self) -> Result<String, Failure> {
        let mut script = self.read()?;
        let top = &self.manifest.top;
        script.push_str(&format!("synth -flatten -noabc -noshare -top {top} -run begin:fine\n"));
        // Flattening leaves scope markers in newer versions; they are no cells. Another name for
        // them in an older version selects nothing.
        script.push_str(&format!("delete t:$scopeinfo\nwrite_rtlil {GENERIC}\n"));
        script.push_str(&self.map(Run::Total));
        Ok(script)
    }

    /// The flattened netlist mapped again, as `run` does it.
    pub fn again(&self, run: Run) -> String {
        format!("read_rtlil {GENERIC}\n{}", self.map(run))
    }

    /// Every module kept, mapped and counted.
    pub fn breakdown(&self) -> Result<String, Failure> {
        let mut script = self.read()?;
        let top = &self.manifest.top;
        script.push_str(&format!("synth -noabc -noshare -top {top} -run begin:fine\n"));
        script.push_str(&self.map(Run::Breakdown));
        Ok(script)
    }

    /// The mapped netlist of `from` as Verilog in `file`, with the cells' functions in place of
    /// the cells. Newer versions write a register with an inverted reset; one inverter serves all.
    pub fn netlist(&self, from: Run, file: &str) -> String {
        let (top, mapped) = (&self.manifest.top, mapped(from));
        format!(
            "read_rtlil {mapped}\nread_liberty -overwrite -ignore_miss_func {LIBRARY}\n\
             hierarchy -top {top}\nsetattr -mod -unset keep_hierarchy\nflatten\n\
             delete t:$scopeinfo\nopt_expr\nopt_merge\nopt_clean -purge\n\
             write_verilog -noattr {file}\n"
        )
    }

    /// Reads the sources; memories are macros of their own and leave the count.
    fn read(&self) -> Result<String, Failure> {
        let mut script = read(&self.sources, &self.manifest.top)?;
        for memory in &self.manifest.memories {
            script.push_str(&format!("blackbox {}\n", memory.module));
        }
        Ok(script)
    }

    fn map(&self, run: Run) -> String {
        let effort = Effort::of(run);
        let (adders, mapping, period) = (effort.adders(), effort.mapping(), self.budget_ps);
        let top = &self.manifest.top;
        let (mapped, statistics) = (mapped(run), statistics(run));
        format!(
            "{adders}synth -noabc -noshare -top {top} -run fine:\ncheck\n\
             chtype -set {LATCH} t:$_DLATCH* t:$_SR_*\ndfflibmap -liberty {LIBRARY}\n\
             abc -liberty {LIBRARY} -D {period} -constr {CONSTRAINTS} -script +{mapping}\
             buffer;upsize,{{D}};dnsize,{{D}};stime,-p;print_stats\n\
             opt_clean\nwrite_rtlil {mapped}\ntee -q -o {statistics} stat -json\n"
        )
    }
}

/// Reads the sources and elaborates `top`.
pub(crate) fn read(sources: &[PathBuf], top: &str) -> Result<String, Failure> {
    let mut script = String::new();
    for source in sources {
        script.push_str(&format!("read_verilog -sv {}\n", quoted(source)?));
    }
    script.push_str(&format!("hierarchy -check -top {top}\n"));
    Ok(script)
}

/// ABC's constraints. It takes a load in femtofarads whatever the library's unit.
pub(crate) fn constraints(driver: &str) -> String {
    format!("set_driving_cell {driver}\nset_load {LOAD_FF}\n")
}

fn quoted(path: &Path) -> Result<String, Failure> {
    let text = path.to_str().ok_or_else(|| Failure::Path(path.into()))?;
    if text.contains('"') || text.chars().any(char::is_control) {
        return Err(Failure::Path(path.into()));
    }
    Ok(format!("\"{text}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_a_space_is_quoted_and_one_with_a_quote_is_refused() {
        assert_eq!(quoted(Path::new("/a b/c.sv")).unwrap(), "\"/a b/c.sv\"");
        assert!(quoted(Path::new("/a\"b")).is_err());
        assert!(quoted(Path::new("/a\nb")).is_err());
    }

    #[test]
    fn constraints_name_the_driver_and_the_load() {
        insta::assert_snapshot!(constraints("BUF_X1"), @r"
        set_driving_cell BUF_X1
        set_load 5
        ");
    }
}
