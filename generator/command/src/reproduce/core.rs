//! A core of a reproduction: a few settings, its configuration as text, its specification.

use bitplane_spec::{Spec, parse};

const FP16_BITS: u32 = 16;
/// Whole weights of [`Organisation::PairedMultiply`].
const INTEGER_BITS: u32 = 8;

/// What a core does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Organisation {
    /// Table look-up, one bit plane a cycle.
    LookUp(Tables),
    /// The same with every entry and every sum rounded, as published for floating-point activations.
    RoundedLookUp(Tables),
    /// Adders, one bit plane a cycle; key `group.zero_point`.
    Add(&'static str),
    /// Multipliers, all bits of a weight at once.
    Multiply,
    /// Floating-point multipliers in fused dot products; weights of 16 bits are in the format of the
    /// activations, others are integers.
    FusedMultiply,
    /// The same with every product and every sum rounded.
    RoundedMultiply,
    /// The same with INT8 weights or, run by run, two INT4 weights in the place of each; its throughput is told
    /// for weights of 8 or of 4 bits.
    PairedMultiply,
    /// Adders of terms, as many cycles a k-step as weights have terms.
    Terms(TermTile),
}

/// What a tile of terms has besides its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TermTile {
    /// Key `weight.format`, as it stands in the file.
    pub formats: &'static str,
    /// Cycles of a k-step of the weights that its throughput is told for.
    pub cycles: u32,
    /// How sums are kept.
    pub sums: Sums,
    /// Key `group.size`.
    pub group: u32,
}

/// How a tile of terms keeps its sums: key `accumulate.mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sums {
    /// Integers, of activations that are aligned to so many bits once a row.
    Aligned(u32),
    /// Floating-point numbers, to which every element aligns the terms of each cycle.
    Float,
}

impl Sums {
    /// Its keys in the section `accumulate`.
    fn lines(self) -> String {
        match self {
            Self::Aligned(bits) => format!("align_bits = {bits}\n"),
            Self::Float => "mode = \"float\"\n".to_owned(),
        }
    }
}

/// Keys of the section `table`, and how results are corrected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tables {
    /// Lines `symmetry` and `fold`.
    pub stored: Stored,
    /// Key `precompute`.
    pub precompute: &'static str,
    /// Key `select`.
    pub select: &'static str,
    /// Key `copies`.
    pub copies: u32,
    /// Key `group.zero_point`.
    pub zero_point: &'static str,
}

/// How much of a table is stored, and where planes are folded onto it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// Every sum of a subset, for weights 1 and 0.
    Subsets,
    /// Half of them, folded at the weight port.
    HalfFoldedAtRunTime,
    /// Half of them, folded by the packer.
    HalfFoldedOffline,
}

impl Stored {
    fn lines(self) -> &'static str {
        match self {
            Self::Subsets => "",
            Self::HalfFoldedAtRunTime => "symmetry = \"half\"\nfold = \"runtime\"\n",
            Self::HalfFoldedOffline => "symmetry = \"half\"\nfold = \"offline\"\n",
        }
    }
}

/// Settings of one core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What it does.
    pub organisation: Organisation,
    /// Key `activation.format`.
    pub activation: &'static str,
    /// Width of the weights.
    pub weight_bits: u32,
    /// Key `accumulate.result`; nothing for the kind's default.
    pub result: Option<&'static str>,
    /// Key `tile.m`.
    pub m: u32,
    /// Key `tile.k`.
    pub k: u32,
    /// Key `tile.groups`.
    pub groups: u32,
    /// `m * n * k * groups`, which `n` follows from.
    pub product: u32,
    /// Key `tile.drain`; nothing for the kind's default.
    pub drain: Option<u32>,
}

impl Settings {
    /// Columns; nothing where no whole number of them gives the product.
    pub fn n(&self) -> Option<u32> {
        let others = self.m * self.k * self.groups;
        (self.product >= others && self.product.is_multiple_of(others))
            .then(|| self.product / others)
    }

    /// Multiplications of an activation by one bit of a weight in one cycle.
    pub fn bit_macs_per_cycle(&self) -> u32 {
        match self.organisation {
            Organisation::LookUp(_) | Organisation::RoundedLookUp(_) | Organisation::Add(_) => {
                self.product
            }
            Organisation::Multiply
            | Organisation::FusedMultiply
            | Organisation::RoundedMultiply => self.product * self.weight_bits,
            Organisation::PairedMultiply => self.product * INTEGER_BITS,
            Organisation::Terms(tile) => self.product * self.weight_bits / tile.cycles,
        }
    }

    /// Multiplications of an activation by a whole weight in one cycle, on average.
    pub fn macs_per_cycle(&self) -> f64 {
        match self.organisation {
            Organisation::Terms(tile) => f64::from(self.product) / f64::from(tile.cycles),
            _ => f64::from(self.bit_macs_per_cycle()) / f64::from(self.weight_bits),
        }
    }

    /// Processing elements: [`TermTile::TERMS`] terms or one multiplication a cycle.
    pub fn elements(&self) -> f64 {
        match self.organisation {
            Organisation::Terms(_) => f64::from(self.product) / f64::from(TermTile::TERMS),
            _ => f64::from(self.product),
        }
    }

    /// Shorter form for people: `m2 n64 k4 groups1`.
    pub fn tile(&self) -> String {
        let tile = format!("m{} n{} k{}", self.m, self.n().unwrap_or_default(), self.k);
        match self.organisation {
            Organisation::LookUp(_) | Organisation::RoundedLookUp(_) | Organisation::Add(_) => {
                format!("{tile} groups{}", self.groups)
            }
            Organisation::Multiply
            | Organisation::FusedMultiply
            | Organisation::RoundedMultiply
            | Organisation::PairedMultiply
            | Organisation::Terms(_) => tile,
        }
    }

    /// Short form for people: `m2 n64 k4 groups1 binary copies1`.
    pub fn shape(&self) -> String {
        let tile = self.tile();
        match self.organisation {
            Organisation::LookUp(Tables { select, copies, .. })
            | Organisation::RoundedLookUp(Tables { select, copies, .. }) => {
                format!("{tile} {select} copies{copies}")
            }
            _ => tile,
        }
    }

    /// The configuration file of a core called `name`; nothing where the product has no such tile.
    pub fn config(&self, name: &str) -> Option<String> {
        let n = self.n()?;
        let groups = format!("groups = {}\n", self.groups);
        let none = String::new;
        let (kind, groups, rest) = match self.organisation {
            Organisation::LookUp(tables) | Organisation::RoundedLookUp(tables) => {
                let kind = match tables.stored {
                    Stored::Subsets => "lut_conventional",
                    Stored::HalfFoldedAtRunTime | Stored::HalfFoldedOffline => "lut_tensor_core",
                };
                (kind, groups, tables.sections())
            }
            Organisation::Add(zero_point) => {
                let rest = format!("\n[group]\nzero_point = \"{zero_point}\"\n");
                ("add_array", groups, rest)
            }
            Organisation::Multiply => ("mac_array", none(), none()),
            Organisation::FusedMultiply
            | Organisation::RoundedMultiply
            | Organisation::PairedMultiply => ("fp_mac_array", none(), none()),
            Organisation::Terms(tile) => ("bitmod_tile", none(), tile.sections(self)),
        };
        let drain = self.drain.map_or_else(none, |results| format!("drain = {results}\n"));
        let mode = match self.organisation {
            Organisation::RoundedLookUp(_)
            | Organisation::RoundedMultiply
            | Organisation::PairedMultiply => "mode = \"float\"\n".to_owned(),
            Organisation::Terms(tile) => tile.sums.lines(),
            _ => none(),
        };
        let result = self
            .result
            .map_or_else(none, |format| format!("\n[accumulate]\n{mode}result = \"{format}\"\n"));
        Some(format!(
            "name = \"{name}\"\nkind = \"{kind}\"\n\n[activation]\nformat = \"{}\"\n\n\
             [weight]\nformat = {}\n\n[tile]\nm = {}\nn = {n}\nk = {}\n{groups}{drain}{rest}{result}",
            self.activation,
            self.weight_format(),
            self.m,
            self.k
        ))
    }

    fn weight_format(&self) -> String {
        match self.organisation {
            Organisation::FusedMultiply | Organisation::RoundedMultiply
                if self.weight_bits == FP16_BITS =>
            {
                format!("\"{}\"", self.activation)
            }
            Organisation::PairedMultiply => format!("\"int{INTEGER_BITS}\"\nruntime_bits = true"),
            Organisation::Terms(tile) => tile.formats.to_owned(),
            _ => format!("\"int{}\"", self.weight_bits),
        }
    }
}

impl TermTile {
    /// Terms that a processing element adds in a cycle, as published.
    pub const TERMS: u32 = 4;
    /// Cycles of a k-step of the fastest weights that every tile takes, those of four bits.
    const FEWEST_CYCLES: u32 = 2;

    /// Quantisation groups with INT8 scales that drain while the array goes on, with as many scale
    /// units as that takes.
    fn sections(&self, settings: &Settings) -> String {
        format!(
            "\n[group]\nsize = {}\nscale = \"int8\"\nscale_units = {}\ndrain = \"shadow\"\n",
            self.group,
            self.scale_units(settings)
        )
    }

    /// The fewest scale units, a power of two, with which sums leave while the next group is summed, whatever its
    /// weights.
    fn scale_units(&self, settings: &Settings) -> u32 {
        let sums = settings.m * settings.n().unwrap_or_default();
        let cycles = self.group / settings.k * Self::FEWEST_CYCLES;
        sums.div_ceil(cycles).next_power_of_two()
    }
}

impl Tables {
    fn sections(&self) -> String {
        format!(
            "\n[table]\n{}precompute = \"{}\"\nselect = \"{}\"\ncopies = {}\n\n\
             [group]\nzero_point = \"{}\"\n",
            self.stored.lines(),
            self.precompute,
            self.select,
            self.copies,
            self.zero_point
        )
    }
}

/// A core with a name and a title for people.
#[derive(Clone, Debug)]
pub struct Core {
    /// Name of the core and stem of its file.
    pub name: String,
    /// What it is in its reproduction.
    pub title: String,
    /// What it was made from.
    pub settings: Settings,
    /// Its configuration file.
    pub config: String,
    /// The same, checked.
    pub spec: Spec,
}

impl Core {
    /// The core, where the generator takes such a configuration.
    pub fn legal(name: &str, title: &str, settings: Settings) -> Option<Self> {
        let config = settings.config(name)?;
        let spec = parse(&config, name).ok()?.spec;
        Some(Self { name: name.to_owned(), title: title.to_owned(), settings, config, spec })
    }
}
