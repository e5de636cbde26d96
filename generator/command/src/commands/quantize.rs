//! `bitplane quantize`: a real tensor as packed low-bit weights.

use crate::config::{self, about};
use crate::console::Console;
use crate::failure::{Class, Failure};
use crate::folder;
use crate::interrupt;
use crate::outcome::Outcome;
use crate::progress::Progress;
use crate::types_report::TypesReport;
use bitplane_formats::{DataType, ScaleFormat, TermArray, TermPlan, WeightWord};
use bitplane_spec::{Kind, Problem, Spec};
use bitplane_weights::{
    AttentionCache, Cached, Checkpoint, ChoiceSpan, Grouping, Matrix, PackLayout, QuantisedWeights,
    TypeQuantiser, TypedWeights, WeightQuantiser, pack, pack_types, unpack,
};
use clap::{Args, ValueEnum};
use serde_json::{Map, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Layout where no configuration asks for another: folded planes, k = 4.
const DEFAULT_K: u32 = 4;
/// Scales of data types where no configuration asks for others.
const DEFAULT_SCALE: ScaleFormat = ScaleFormat::Fp16;

/// Options of `quantize`.
#[derive(Args, Debug)]
pub struct Quantize {
    /// Checkpoint with F32, F16 or BF16 tensors
    #[arg(value_name = "MODEL.safetensors")]
    model: PathBuf,
    /// Weight tensor of shape [output channels, input channels]
    #[arg(long, value_name = "NAME")]
    tensor: String,
    /// How weights become codes, b bits each:
    ///   int1               binary: sign, scale = mean magnitude
    ///   int1_centred       binary: sign less the mean, scale = mean magnitude (BitNet)
    ///   int2..int8         symmetric: two's complement, searched scale
    ///   int2..8_mid_rise   odd integers, searched scale, no zero point to correct
    ///   int2..8_asymmetric a zero point per channel or group, searched scale
    ///   int2..8_asymmetric_common          one zero point for all, as a constant core needs it
    ///   ternary_int2[_per_channel]         -1, 0, 1; scale = mean magnitude (BitNet b1.58)
    ///   ternary_int2_median[_per_channel]  -1, 0, 1; scale = median magnitude
    /// For a bitmod_tile, one to four data types with commas between them: bitmod_fp4, bitmod_fp3, int8,
    /// int6, int5, int4, int3, fp6_e2m3, fp6_e3m2, fp4_e2m1, fp3_e2m0, nf4, or names that the --config gives
    /// to lists of values. Of bitmod_fp4 and bitmod_fp3
    ///   :basic             have no special value
    ///   :er, :ea           only those of more resolution, of more range
    ///   :5/-5/8/-8         the ones listed
    #[arg(long, value_name = "FORMAT", verbatim_doc_comment)]
    format: String,
    /// Input channels that share a scale and a zero point; 0: all of an output channel
    #[arg(long, value_name = "N", default_value_t = 0)]
    group: usize,
    /// What has one of several data types
    #[arg(long, value_enum, value_name = "SPAN")]
    choose: Option<Choose>,
    /// Bits of a code on average, at most, where there are several data types [default: each group or
    /// channel takes the data type of the least error]
    #[arg(long, value_name = "B")]
    bits: Option<f64>,
    /// The tensor is the keys or values of an attention head, [tokens, width], quantised as tokens arrive; --group
    /// counts what is summed: numbers of a key, tokens of values
    #[arg(long, value_enum, value_name = "WHAT")]
    cache: Option<Cache>,
    /// Order of the output channels in the file; `run` puts the outputs back
    #[arg(long, value_enum, value_name = "ORDER")]
    order: Option<Order>,
    /// Core to pack for, with scales as it takes them [default: any lut_tensor_core with k = 4 and weights folded offline]
    #[arg(long, value_name = "CONFIG")]
    config: Option<PathBuf>,
    /// Packed file to write; without it only the errors are reported
    #[arg(long, value_name = "FILE.bitplane")]
    out: Option<PathBuf>,
}

/// What has one of several data types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Choose {
    /// A quantisation group [default]
    Group,
    /// An output channel
    Channel,
}

/// What an attention head keeps of its tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Cache {
    /// Weights [tokens, width]: activations are queries, results scores
    Keys,
    /// Weights [width, tokens]: activations are shares of attention, results the head's output
    Values,
}

/// The order of the output channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Order {
    /// That of the tensor [default]
    Tensor,
    /// Those whose data types take the most cycles first, so that the columns of a tile take as many
    Cycles,
}

/// How weights become codes.
enum Quantiser {
    Integers(WeightQuantiser),
    Types(TypeQuantiser),
}

impl Quantise<'_> {
    /// What `--format` means: data types for a `bitmod_tile`, integers for other cores; without a core
    /// integers where they have that name.
    fn quantiser(&self) -> Result<Quantiser, Failure> {
        let names = &self.options.format;
        let first = names.split([',', ':']).next().unwrap_or_default();
        let is_type = DataType::named(first).is_some();
        let integers = || match WeightQuantiser::parse(names) {
            Ok(quantiser) => self.without_types().map(|()| Quantiser::Integers(quantiser)),
            Err(problem) => Err(Failure::bad_input(problem)),
        };
        match self.spec.map(Spec::kind) {
            Some(Kind::BitmodTile) => self.types(),
            Some(kind) if is_type && WeightQuantiser::parse(names).is_err() => {
                Err(Failure::bad_input(for_a_tile(names, kind)))
            }
            None if is_type && WeightQuantiser::parse(names).is_err() => self.types(),
            _ => integers(),
        }
    }

    /// The data types that have names: those of the configuration too.
    fn known_types(&self) -> Vec<DataType> {
        let own = self.spec.and_then(Spec::terms).map_or(&[][..], |terms| terms.types());
        let own = own.iter().filter(|data_type| DataType::named(data_type.name()).is_none());
        DataType::ALL.into_iter().chain(own.cloned()).collect()
    }

    fn types(&self) -> Result<Quantiser, Failure> {
        let Quantize { format, choose, bits, .. } = self.options;
        let span = match choose {
            Some(Choose::Channel) => ChoiceSpan::Channel,
            Some(Choose::Group) | None => ChoiceSpan::Group,
        };
        TypeQuantiser::parse_among(format, &self.known_types(), span, *bits)
            .map(Quantiser::Types)
            .map_err(|problems| Failure::new(Class::BadInput, problems))
    }

    /// Refuses options that are about data types.
    fn without_types(&self) -> Result<(), Failure> {
        let Quantize { choose, bits, order, cache, format, .. } = self.options;
        let given = [
            ("--choose", choose.is_some()),
            ("--bits", bits.is_some()),
            ("--order", order.is_some()),
            ("--cache", cache.is_some()),
        ];
        let problems: Vec<Problem> = given
            .iter()
            .filter(|(_, is_given)| *is_given)
            .map(|(option, _)| {
                let message = format!(
                    "{format} weights are integers of one format, which {option} is not for"
                );
                let help = format!(
                    "delete {option}, or give data types and the --config of a bitmod_tile"
                );
                Problem::new("contradictory-options", *option, message, help)
            })
            .collect();
        if problems.is_empty() { Ok(()) } else { Err(Failure::new(Class::BadInput, problems)) }
    }
}

fn for_a_tile(names: &str, kind: Kind) -> Problem {
    let message =
        format!("{names} is for a bitmod_tile, and the configuration is a {}", kind.name());
    let help = "give a format of integers such as int4, or the --config of a bitmod_tile";
    Problem::new("quantiser-unknown", "--format", message, help)
}

/// Quantises, packs, and reports the error.
pub fn run(options: &Quantize, console: &Console) -> Result<Outcome, Failure> {
    let spec = match &options.config {
        Some(config) => Some(config::load(config, console)?.spec),
        None => None,
    };
    let task = Quantise { options, spec: spec.as_ref() };
    let quantiser = task.quantiser()?;
    if let Some(out) = &options.out {
        folder::check_writable(out)?;
    }
    let progress = Progress::start("reading the checkpoint");
    let bytes = folder::read_bytes(&options.model)?;
    let refused = |problem| Failure::bad_input(about(problem, &options.model));
    let checkpoint = Checkpoint::parse(&bytes).map_err(refused)?;
    let weights = checkpoint.matrix(&options.tensor).map_err(refused)?;
    interrupt::check()?;
    progress.report("quantising", 0, 0);
    match quantiser {
        Quantiser::Integers(quantiser) => task.integers(quantiser, &weights),
        Quantiser::Types(quantiser) => task.data_types(&quantiser, &weights),
    }
}

/// What is asked for.
struct Quantise<'a> {
    options: &'a Quantize,
    spec: Option<&'a Spec>,
}

impl Quantise<'_> {
    fn integers(&self, quantiser: WeightQuantiser, weights: &Matrix) -> Result<Outcome, Failure> {
        let options = self.options;
        let grouping = quantiser.grouping(weights.columns(), options.group);
        let grouping = grouping.map_err(Failure::bad_input)?;
        let quantised = quantiser.quantise(&options.tensor, weights, grouping);
        let quantised = match self.spec.and_then(Spec::scale) {
            Some(scale) => quantised.with_scales(weights, scale),
            None => quantised,
        };
        interrupt::check()?;
        let packed = pack_for(&quantised, self.spec)?;
        self.write(&packed)?;
        let nmse = quantised.nmse(weights);
        Ok(report(&quantised, nmse, packed.len(), options.out.as_deref()))
    }

    fn data_types(&self, quantiser: &TypeQuantiser, weights: &Matrix) -> Result<Outcome, Failure> {
        let options = self.options;
        let scale = self.spec.and_then(Spec::scale).unwrap_or(DEFAULT_SCALE);
        let (quantised, weights) = match options.cache {
            Some(cache) => self.cached(cache, quantiser, weights, scale)?,
            None => {
                let grouping =
                    Grouping::new(weights.columns(), options.group).map_err(Failure::bad_input)?;
                let quantised = quantiser.quantise(&options.tensor, weights, grouping, scale);
                (quantised, weights.clone())
            }
        };
        let weights = &weights;
        let quantised = match options.order {
            Some(Order::Cycles) => quantised.ordered(|data_type| self.cycles(data_type)),
            Some(Order::Tensor) | None => quantised,
        };
        interrupt::check()?;
        let problems = self.spec.map_or(Vec::new(), |spec| quantised.require(spec));
        if !problems.is_empty() {
            return Err(Failure::new(Class::BadInput, problems));
        }
        let packed = pack_types(&quantised).map_err(Failure::bad_input)?;
        self.write(&packed)?;
        let nmse = quantised.nmse(weights);
        Ok(TypesReport { weights: &quantised, nmse, bytes: packed.len() }
            .outcome(options.out.as_deref()))
    }

    /// Keys or values of `tokens`, one after the other, and the weights that they stand for.
    fn cached(
        &self,
        cache: Cache,
        quantiser: &TypeQuantiser,
        tokens: &Matrix,
        scale: ScaleFormat,
    ) -> Result<(TypedWeights, Matrix), Failure> {
        let (cached, weights) = match cache {
            Cache::Keys => (Cached::Keys, tokens.clone()),
            Cache::Values => (Cached::Values, tokens.transposed()),
        };
        let (width, size) = (tokens.columns(), self.options.group);
        let mut cache = AttentionCache::new(quantiser.clone(), cached, width, size, scale)
            .map_err(|problems| Failure::new(Class::BadInput, problems))?;
        (0..tokens.rows()).for_each(|row| cache.push(tokens.row(row)));
        let quantised = cache.weights(&self.options.tensor);
        Ok((quantised.expect("a matrix has rows"), weights))
    }

    /// Cycles of a k-step of `data_type` in the core; without one, in the usual one.
    fn cycles(&self, data_type: &DataType) -> u32 {
        let usual = TermArray::least_reach(&DataType::ALL);
        let reach = self.spec.and_then(Spec::terms).map_or(usual, TermArray::reach);
        TermPlan::of(data_type, reach).cycles
    }

    fn write(&self, packed: &[u8]) -> Result<(), Failure> {
        interrupt::check()?;
        match &self.options.out {
            Some(out) => folder::write_file(out, packed),
            None => Ok(()),
        }
    }
}

/// The bytes of the packed file, which the core of `spec` can use.
fn pack_for(weights: &QuantisedWeights, spec: Option<&Spec>) -> Result<Vec<u8>, Failure> {
    let layout = match spec {
        Some(spec) => PackLayout::of(spec),
        None => PackLayout::new(WeightWord::Folded, DEFAULT_K).map_err(Failure::bad_input)?,
    };
    let bytes = pack(weights, layout).map_err(Failure::bad_input)?;
    if let Some(spec) = spec {
        let problems = unpack(&bytes).map_err(Failure::bad_input)?.require(spec);
        if !problems.is_empty() {
            return Err(Failure::new(Class::BadInput, problems));
        }
    }
    Ok(bytes)
}

fn report(weights: &QuantisedWeights, nmse: f64, bytes: usize, out: Option<&Path>) -> Outcome {
    let (rows, columns) = (weights.rows, weights.columns());
    let kept = match out {
        Some(out) => format!("wrote {}, {bytes} bytes", out.display()),
        None => format!("{bytes} bytes packed, not written (--out)"),
    };
    let text = format!(
        "{}  {rows} x {columns}  {}\n{}\nnormalised mean square error {nmse:.5}\n{kept}\n",
        weights.name,
        weights.quantiser,
        spans(weights)
    );
    let keys = json!({
        "tensor": weights.name,
        "shape": [rows, columns],
        "format": weights.quantiser,
        "group": weights.grouping.size(),
        "scales": weights.scales.len(),
        "zero_points": zero_points(weights),
        "nmse": nmse,
        "special_values": [],
        "bytes": bytes,
        "file": out.map(|out| out.display().to_string()),
    });
    Outcome { text, json: keys.as_object().cloned().unwrap_or_else(Map::new) }
}

/// Scales and zero points in words.
fn spans(weights: &QuantisedWeights) -> String {
    let of = match weights.grouping.size() {
        0 => "one per output channel".to_owned(),
        size => format!("one per {size} input channels"),
    };
    let zeros = match zero_points(weights)[..] {
        [only] => format!("zero point z' = {only}"),
        ref several => {
            format!("zero points z' = {} to {}", several[0], several[several.len() - 1])
        }
    };
    format!("{} scales, {of}; {zeros}", weights.scales.len())
}

/// The reinterpreted zero points that occur, in ascending order.
fn zero_points(weights: &QuantisedWeights) -> Vec<i32> {
    let found: BTreeSet<i32> = weights.zero_points.iter().map(|zero_point| zero_point.0).collect();
    found.into_iter().collect()
}
