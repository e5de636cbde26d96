//! From a bundle to the cells of an FPGA. No area: an FPGA has none that a cell could be given.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use bitplane_emit::manifest::Manifest;
use bitplane_spec::Problem;
use serde::{Deserialize, Serialize};

use crate::error::Failure;
use crate::flow::absolute;
use crate::parse::{self, Statistics};
use crate::report::{self, instances};
use crate::script;
use crate::yosys::{Run, Watch, Yosys, crashed};

/// Cell counts after elaboration, with widths: latches are still what they were written as.
const ELABORATED: &str = "fpga_elaborated.json";
/// Cell counts, with widths, before registers move into multiplier blocks.
const REGISTERS: &str = "fpga_registers.json";

/// A family of FPGAs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fpga {
    /// Lattice iCE40 HX.
    Ice40,
    /// Lattice ECP5.
    Ecp5,
    /// AMD (Xilinx) 7 series.
    Xilinx,
}

/// What a cell of an FPGA is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Lut,
    WideMultiplexer,
    Carry,
    Flop,
    Latch,
    BlockRam,
    LutRam,
    Dsp,
}

impl Fpga {
    /// Name in arguments and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ice40 => "ice40",
            Self::Ecp5 => "ecp5",
            Self::Xilinx => "xilinx",
        }
    }

    /// Cell types by the start of their names; the first that fits counts. An inverter of the
    /// 7 series counts as the look-up table it becomes.
    fn classes(self) -> &'static [(&'static str, Class)] {
        match self {
            Self::Ice40 => &[
                ("SB_LUT4", Class::Lut),
                ("SB_CARRY", Class::Carry),
                ("SB_DFF", Class::Flop),
                ("SB_RAM40_", Class::BlockRam),
                ("SB_SPRAM", Class::BlockRam),
                ("SB_MAC16", Class::Dsp),
            ],
            Self::Ecp5 => &[
                ("LUT", Class::Lut),
                ("PFUMX", Class::WideMultiplexer),
                ("L6MUX21", Class::WideMultiplexer),
                ("CCU2C", Class::Carry),
                ("TRELLIS_FF", Class::Flop),
                ("TRELLIS_DPR16X4", Class::LutRam),
                ("DP16KD", Class::BlockRam),
                ("PDPW16KD", Class::BlockRam),
                ("MULT", Class::Dsp),
                ("ALU54B", Class::Dsp),
            ],
            Self::Xilinx => &[
                ("LUT", Class::Lut),
                ("INV", Class::Lut),
                ("MUXF", Class::WideMultiplexer),
                ("CARRY", Class::Carry),
                ("FD", Class::Flop),
                ("LD", Class::Latch),
                ("RAMB", Class::BlockRam),
                ("RAM", Class::LutRam),
                ("SRL", Class::LutRam),
                ("DSP", Class::Dsp),
            ],
        }
    }

    fn class(self, cell: &str) -> Option<Class> {
        let fits = self.classes().iter().find(|(start, _)| cell.starts_with(start));
        fits.map(|(_, class)| *class)
    }

    /// Maps `top`. A core is no whole chip, so it gets no pads and no clock buffers; its drain is no
    /// shift register of its own, since every stage is an accumulator that is read and written.
    fn map(self, top: &str) -> String {
        match self {
            Self::Ice40 => format!("synth_ice40 -top {top}\n"),
            Self::Ecp5 => format!("synth_ecp5 -top {top}\n"),
            Self::Xilinx => {
                let map =
                    format!("synth_xilinx -family xc7 -flatten -noiopad -noclkbuf -top {top}");
                format!(
                    "{map} -run begin:map_dsp\ntee -q -o {REGISTERS} stat -width -json\n\
                     {map} -run map_dsp:\n"
                )
            }
        }
    }

    /// Whether registers move into multiplier blocks.
    fn packs_registers(self) -> bool {
        self == Self::Xilinx
    }
}

/// What to map, to what, and where the files go.
#[derive(Clone, Debug)]
pub struct FpgaRequest {
    /// The bundle's folder.
    pub bundle_dir: PathBuf,
    /// Its manifest.
    pub manifest: Manifest,
    /// The family.
    pub fpga: Fpga,
    /// Folder for scripts and logs; created if it is not there. One synthesis at a time.
    pub work_dir: PathBuf,
    /// The tool.
    pub yosys: Yosys,
}

/// What a core takes of an FPGA. Problems are checks that failed: the figures stand, the core does
/// not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FpgaReport {
    /// `ice40`, `ecp5` or `xilinx`.
    pub fpga: String,
    /// Name and version of the tool.
    pub tool: String,
    /// Look-up tables of the FPGA, of whatever number of inputs.
    pub luts: u64,
    /// Multiplexers that join look-up tables to wider ones.
    pub wide_multiplexers: u64,
    /// Cells of the carry chains: one bit each in iCE40, two in ECP5, four in the 7 series.
    pub carry_cells: u64,
    /// Flip-flops outside multiplier blocks.
    pub flops: u64,
    /// Register bits that moved into multiplier blocks.
    pub flops_in_dsps: u64,
    /// Flip-flops the manifest predicts: `flops` and `flops_in_dsps` together.
    pub predicted_flops: u64,
    /// Latches of the elaborated core.
    pub latches: u64,
    /// Blocks of memory.
    pub block_rams: u64,
    /// Look-up tables used as memory.
    pub lut_rams: u64,
    /// Multiplier blocks.
    pub dsps: u64,
    /// All cells.
    pub cells: u64,
    /// All cells by the family's name for them.
    pub cells_by_type: BTreeMap<String, u64>,
    /// Failed checks: codes `flop-count`, `latch`, `unmapped-cell`, `netlist-check`.
    #[serde(skip)]
    pub problems: Vec<Problem>,
}

/// Maps the core to the cells of an FPGA, flattened (modules marked `keep_hierarchy` stay).
///
/// A check that fails ends up in [`FpgaReport::problems`].
///
/// # Errors
/// A file or Yosys; or the interrupt flag was set. Log and script stay in the working folder.
pub fn synthesise_for_fpga(
    request: &FpgaRequest,
    watch: &Watch<'_>,
) -> Result<FpgaReport, Failure> {
    let folder = &request.work_dir;
    fs::create_dir_all(folder).map_err(|error| Failure::written(folder, error))?;
    let log = request.yosys.run(folder, Run::Fpga, &request.script()?, watch, &NEVER)?;
    let counts = Counts {
        elaborated: request.statistics(ELABORATED, &log)?,
        registers: match request.fpga.packs_registers() {
            true => Some(request.statistics(REGISTERS, &log)?),
            false => None,
        },
        mapped: request.statistics(&script::statistics(Run::Fpga), &log)?,
        check_problems: parse::check_problems(&log),
    };
    Ok(counts.report(request))
}

/// Nothing runs beside the one run.
static NEVER: AtomicBool = AtomicBool::new(false);

impl FpgaRequest {
    fn script(&self) -> Result<String, Failure> {
        let bundle = absolute(&self.bundle_dir)?;
        let sources: Vec<_> = self.manifest.files.iter().map(|file| bundle.join(file)).collect();
        let top = &self.manifest.top;
        let (read, map) = (script::read(&sources, top)?, self.fpga.map(top));
        let statistics = script::statistics(Run::Fpga);
        Ok(format!(
            "{read}proc\ntee -q -o {ELABORATED} stat -width -json\n\
             {map}delete t:$scopeinfo\ntee -q -o {statistics} stat -json\n"
        ))
    }

    fn statistics(&self, name: &str, log: &str) -> Result<Statistics, Failure> {
        let path = self.work_dir.join(name);
        let text = fs::read_to_string(&path).map_err(|error| Failure::read(&path, error))?;
        parse::statistics(&text)
            .filter(|statistics| statistics.modules.contains_key(&self.manifest.top))
            .ok_or_else(|| {
                let reason = format!("cell counts of {} could not be read", self.yosys.label());
                crashed(reason, &self.work_dir.join(format!("{}.log", Run::Fpga.stem())), log)
            })
    }
}

/// What Yosys counted.
struct Counts {
    elaborated: Statistics,
    registers: Option<Statistics>,
    mapped: Statistics,
    check_problems: u64,
}

impl Counts {
    fn report(&self, request: &FpgaRequest) -> FpgaReport {
        let (fpga, manifest) = (request.fpga, &request.manifest);
        let top = manifest.top.as_str();
        let cells_by_type = cells_by_type(&self.mapped, top);
        let count = |class: Class| -> u64 {
            let of_class = cells_by_type.iter().filter(|(cell, _)| fpga.class(cell) == Some(class));
            of_class.map(|(_, count)| count).sum()
        };
        let flops = count(Class::Flop);
        let registers = self.registers.as_ref().map(|counts| bits(counts, top, is_flop));
        // Those that hold the word that was read are a part of block RAM.
        let words = manifest.memories.iter().map(|memory| memory.banks * memory.bits).sum::<u32>();
        let registers = registers.map_or(flops, |bits| bits.saturating_sub(words.into()));
        let latches = bits(&self.elaborated, top, is_latch).max(count(Class::Latch));
        let tally = report::Tally {
            flops: registers,
            latches,
            unmapped: cells_by_type
                .iter()
                .filter(|(cell, _)| fpga.class(cell).is_none())
                .map(|(cell, count)| (cell.clone(), *count))
                .collect(),
            ..report::Tally::default()
        };
        let of_memories: u64 = manifest.memories.iter().map(|memory| memory.flops).sum();
        let predicted = manifest.flops + of_memories;
        FpgaReport {
            fpga: fpga.name().into(),
            tool: request.yosys.label(),
            luts: count(Class::Lut),
            wide_multiplexers: count(Class::WideMultiplexer),
            carry_cells: count(Class::Carry),
            flops,
            flops_in_dsps: registers.saturating_sub(flops),
            predicted_flops: predicted,
            latches,
            block_rams: count(Class::BlockRam),
            lut_rams: count(Class::LutRam),
            dsps: count(Class::Dsp),
            cells: cells_by_type.values().sum(),
            problems: report::checks(&tally, predicted, self.check_problems),
            cells_by_type,
        }
    }
}

/// Cells of the whole core, submodules resolved.
fn cells_by_type(statistics: &Statistics, top: &str) -> BTreeMap<String, u64> {
    let mut sums = BTreeMap::new();
    for (module, times) in instances(statistics, top) {
        let cells = statistics.modules[&module].iter();
        let own = cells.filter(|(name, _)| !statistics.modules.contains_key(*name));
        for (cell, count) in own {
            *sums.entry(cell.clone()).or_default() += count * times;
        }
    }
    sums
}

/// Bits of all cells that are `wanted`, in counts with widths: `$dffe_22` is 22 bits.
fn bits(statistics: &Statistics, top: &str, wanted: fn(&str) -> bool) -> u64 {
    let cells = cells_by_type(statistics, top);
    let wide = cells.iter().filter_map(|(cell, count)| {
        let (kind, width) = cell.strip_prefix('$')?.rsplit_once('_')?;
        let width: u64 = width.parse().ok()?;
        wanted(kind).then_some(width * count)
    });
    wide.sum()
}

fn is_flop(kind: &str) -> bool {
    kind.contains("dff") || kind == "ff"
}

fn is_latch(kind: &str) -> bool {
    kind.contains("latch") || kind == "sr"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_tells_its_cells_apart() {
        for (fpga, cell, class) in [
            (Fpga::Ice40, "SB_DFFESR", Some(Class::Flop)),
            (Fpga::Ecp5, "L6MUX21", Some(Class::WideMultiplexer)),
            (Fpga::Ecp5, "LUT4", Some(Class::Lut)),
            (Fpga::Xilinx, "RAMB36E1", Some(Class::BlockRam)),
            (Fpga::Xilinx, "RAM32M", Some(Class::LutRam)),
            (Fpga::Xilinx, "LDCE", Some(Class::Latch)),
            (Fpga::Xilinx, "$_DFF_P_", None),
        ] {
            assert_eq!(fpga.class(cell), class, "{cell}");
        }
    }

    #[test]
    fn register_bits_are_widths_times_cells_times_instances() {
        let text = r#"{"modules": {
            "\\t": {"num_cells_by_type": {"$adffe_10": 1, "$dff_3": 2, "$add_8": 5, "bank": 4}},
            "\\bank": {"num_cells_by_type": {"$dffe_20": 1, "$dlatch_2": 1}}
        }}"#;
        let counts = parse::statistics(text).unwrap();
        assert_eq!(bits(&counts, "t", is_flop), 10 + 6 + 80);
        assert_eq!(bits(&counts, "t", is_latch), 8);
    }
}
