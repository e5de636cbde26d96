//! The bundle's files beside the RTL: manifest, file list, FuseSoC core and README.

use std::cmp::Ordering;

use askama::Template;
use bitplane_design::{Design, GroupTiming};
use bitplane_formats::{
    AlignedFormat, DataType, FloatFormat, ProductFormat, QuantisedEntry, Range, RoundedProduct,
    ScaleFormat, TermArray, TermSum, WeightReading, WideNumber, signed_bits,
};
use bitplane_spec::{AlignBlock, FloatActivation, ProductWord, Spec, WeightWidth};

use crate::bundle::BundleFile;
use crate::manifest::Manifest;

#[derive(Template)]
#[template(path = "bundle/fusesoc.core")]
struct FuseSocText<'a> {
    manifest: &'a Manifest,
    version: &'static str,
}

#[derive(Template)]
#[template(path = "bundle/README.md")]
struct ReadmeText<'a> {
    manifest: &'a Manifest,
    design: &'a Design,
    summary: String,
    timing: Vec<String>,
    numerics: Vec<String>,
}

pub(crate) fn files(spec: &Spec, design: &Design, manifest: &Manifest) -> Vec<BundleFile> {
    let name = &manifest.name;
    let json = serde_json::to_string_pretty(manifest).expect("a manifest is plain data");
    let list: String = manifest.files.iter().map(|file| format!("{file}\n")).collect();
    let core = FuseSocText { manifest, version: env!("CARGO_PKG_VERSION") };
    vec![
        BundleFile::new("README.md", readme(spec, design, manifest)),
        BundleFile::new("files.f", list),
        BundleFile::new("manifest.json", json),
        BundleFile::new(format!("{name}.core"), core.render().expect("plain text")),
    ]
}

fn readme(spec: &Spec, design: &Design, manifest: &Manifest) -> String {
    let text = ReadmeText {
        manifest,
        design,
        summary: summary(spec),
        timing: design.timing.group.map(|group| group_timing(design, group)).unwrap_or_default(),
        numerics: numerics(spec, design),
    };
    text.render().expect("plain text")
}

fn group_timing(design: &Design, group: GroupTiming) -> Vec<String> {
    let core = &design.core;
    vec![
        format!(
            "A quantisation group of {} elements of K takes {} k-steps; the last one's places behind \
             the group's end are zeroed by their keep bits. Behind its last plane comes one weight \
             beat of {}{}.",
            group.size,
            group.steps,
            match (core.group_zero_points, core.scales) {
                (true, true) => "zero points and scales",
                (false, true) => "scales",
                (_, false) => "zero points",
            },
            match core.heads {
                true => ", before its first one that tells data types and special values",
                false => "",
            }
        ),
        match core.shadow {
            false => format!(
                "At the end of every group, the run's last included, the array stands still for {} \
                 cycles, in which {} columns a cycle are corrected: a whole group takes {} cycles, and \
                 {:.1} multiply-accumulates a cycle are sustained.",
                design.timing.stall_cycles, core.drain, group.cycles, group.macs_per_cycle
            ),
            true => format!(
                "A group drains in {} cycles from registers of its own, {} columns a cycle, while the \
                 array goes on: it stands still for {} cycle(s) of a whole group, which takes {} cycles; \
                 {:.1} multiply-accumulates a cycle are sustained.",
                group.drain_cycles,
                core.drain,
                design.timing.stall_cycles,
                group.cycles,
                group.macs_per_cycle
            ),
        },
    ]
}

fn summary(spec: &Spec) -> String {
    let tile = spec.tile;
    format!(
        "A `{}` with tile m = {}, n = {}, k = {}, groups = {}: {} activations, {} weights{}.",
        spec.kind().name(),
        tile.m,
        tile.n,
        tile.k,
        tile.groups,
        match spec.float {
            Some(float) if spec.aligned().is_none() => float.format.to_string(),
            Some(float) => format!("{} (as {})", float.format, spec.activation),
            None => spec.activation.to_string(),
        },
        weights(spec),
        match (spec.weight_width, spec.weight_pairs()) {
            (WeightWidth::Fixed, _) => String::new(),
            (WeightWidth::Runtime, None) => " or narrower ones, as each run says".to_owned(),
            (WeightWidth::Runtime, Some(pairs)) => {
                format!(" or two of {} in the place of one, as each run says", pairs.each())
            }
        }
    )
}

/// The weights as a summary names them.
fn weights(spec: &Spec) -> String {
    match spec.terms() {
        Some(terms) => terms.types().iter().map(|each| each.name()).collect::<Vec<_>>().join(", "),
        None => spec.weight.to_string(),
    }
}

/// What becomes of floating-point activations and of their sums.
fn rounding(spec: &Spec, float: &FloatActivation) -> String {
    let exact = spec.aligned().is_some_and(AlignedFormat::is_exact);
    let aligned = if exact {
        format!("become {} without loss", spec.activation)
    } else {
        format!(
            "are rounded to {}, to nearest even, in units that the largest {} of their row and {} sets",
            spec.activation,
            match spec.quantised_entries() {
                Some(_) => format!("sum of {} magnitudes", spec.tile.k),
                None => "exponent".to_owned(),
            },
            match float.block {
                AlignBlock::K => "run",
                AlignBlock::Group => "quantisation group",
            }
        )
    };
    let rounded = match spec.scale() {
        Some(_) => "Sums of groups are exact, and scaled in units of the row's block".to_owned(),
        None => format!(
            "Sums{} are exact, and rounded once to {}, to nearest even",
            if spec.quantised_entries().is_some() { " of entries" } else { "" },
            float.result
        ),
    };
    format!(
        "Activations in {} {aligned}. {rounded}; those of a row with an infinity or NaN are NaN.",
        float.format
    )
}

/// What becomes of the sums in tables, and what of that is kept.
fn entries(spec: &Spec, entry: QuantisedEntry) -> String {
    let kept = match spec.dropped_bits() {
        0 => "Sums and accumulators count in these units".to_owned(),
        bits => {
            format!("The lowest {bits} bits of their sums are 0, and accumulators do not hold them")
        }
    };
    format!(
        "Entries of tables are their sums rounded to {} bits, to nearest even, in units of {}; no entry is beyond \
         {largest} or -{largest}. {kept}.",
        QuantisedEntry::BITS,
        1u64 << entry.dropped_bits,
        largest = QuantisedEntry::LARGEST,
    )
}

/// What becomes of the products of floating-point numbers.
fn fused(spec: &Spec, products: ProductFormat, word: ProductWord) -> Vec<String> {
    let result = spec.float.map_or(FloatFormat::FP32, |float| float.result);
    vec![
        format!(
            "Products of {} activations and {} weights are exact, {} bits of significand. Their \
             magnitudes are moved down to the largest exponent of their run so far and cut off below \
             {} bits, towards zero; with each larger exponent the sum so far is moved down too, and \
             rounded down.",
            products.activation(),
            products.weight(),
            products.product_bits(),
            products.magnitude_bits()
        ),
        format!(
            "An accumulator holds {} bits of sum, two's complement, and {} of exponent. Sums are rounded \
             once to {result}, to nearest even; a sum of 0 is positive. Infinite and NaN products count \
             as in IEEE 754, in any order.",
            word.sum_bits, word.exponent_bits
        ),
    ]
}

/// What becomes of products and sums that are floating-point numbers.
fn discrete(spec: &Spec, product: RoundedProduct) -> Vec<String> {
    let (sum, k) = (product.sum, spec.tile.k);
    let products = match product.is_exact() {
        true => format!("are exact as {sum} numbers"),
        false => format!("are rounded to {sum}, to nearest even"),
    };
    let order = match k {
        1 => "Each is added to the sum so far".to_owned(),
        _ => "Those of a k-step are added two by two, neighbours first, and their sum to the sum so far"
            .to_owned(),
    };
    let lines = vec![
        format!("Products of activations and weights {products}; what is too large is infinite."),
        format!(
            "{order}; every sum is rounded to {sum}, to nearest even. A run starts from +0. Subnormal \
             numbers, infinities, NaN and signed zeros are those of IEEE 754; NaN has one code."
        ),
    ];
    let pairs = spec.weight_pairs().map(|pairs| {
        format!(
            "In a run of {0} weights each column has two, the first in the upper half of its {1} bits, both two's \
             complement, and each has a sum of its own; the first is in the lower half of a result. Otherwise \
             the upper half is +0.",
            pairs.each(),
            pairs.bits()
        )
    });
    lines.into_iter().chain(pairs).collect()
}

/// What becomes of entries and look-ups that are floating-point numbers.
fn rounded_look_ups(spec: &Spec, number: WideNumber) -> Vec<String> {
    let sum = number.sum;
    let planes = match spec.weight.planes() {
        1 => "",
        _ => {
            " What plane j looks up counts 2^j, exactly or as an infinity; plane 0 of a k-step comes first."
        }
    };
    let order = match spec.tile.groups {
        1 => "A look-up is added to the sum so far",
        _ => {
            "The look-ups of a k-step's groups are added two by two, neighbours first, and their sum to the sum so far"
        }
    };
    vec![
        format!(
            "The entries of a table are sums of {} activations: that of the lower half of them and that of the \
             upper half, made alike, are added.{planes} {order}. Every sum is rounded to {sum}, to nearest \
             even.",
            spec.tile.k
        ),
        format!(
            "A run starts from +0. Subnormal numbers, infinities and NaN are those of IEEE 754; NaN has one code. \
             Between additions numbers have {} bits of exponent, so that none is subnormal.",
            number.exponent_bits
        ),
        "Results are sum A * q' with q' = 2 q - (2^b - 1) for the unsigned code q, or of ternary weights; no \
         zero point is corrected."
            .to_owned(),
    ]
}

/// What becomes of the sums of terms that are floating-point numbers.
fn rounded_terms(spec: &Spec, sums: TermSum) -> Vec<String> {
    let (activation, sum) = (sums.activation(), sums.sum());
    let mut lines = vec![
        format!(
            "In each cycle the products of {activation} activations and terms that are not zero move down to the \
             largest exponent among them and keep {} bits behind their significands; more is cut off, \
             towards zero. Their sum is rounded to a number of {} bits of exponent and {} of fraction \
             ({sum}), to nearest even.",
            TermSum::GUARD_BITS,
            sum.exponent_bits(),
            sum.fraction_bits()
        ),
        format!(
            "It is added to the sum of the quantisation group so far, which starts from +0, and that is \
             rounded to the same format, to nearest even. No sum of a group leaves the format or is \
             subnormal. An infinity or NaN among the activations makes the sums of its row NaN."
        ),
    ];
    lines.extend(spec.terms().map(data_types).into_iter().flatten());
    lines.extend(scaling(spec, "rounded"));
    lines
}

/// What becomes of the sums of groups that are scaled.
fn scaling(spec: &Spec, kind: &str) -> Option<String> {
    let (scale, result) = spec.scale().zip(spec.result_format())?;
    let scale = match scale {
        ScaleFormat::Fp16 => "an FP16 number",
        ScaleFormat::E4m3 => "an FP8 E4M3 number",
        ScaleFormat::E8m0 => "a power of two, 2^(code - 127)",
        ScaleFormat::Int8 => "an integer of 8 bits",
    };
    Some(format!(
        "Each group's {kind} sum is multiplied by the scale of its column and group, {scale}, and the \
         exact product is added to the result so far, a {result} number that is +0 at first: one \
         rounding a group, to nearest even."
    ))
}

fn numerics(spec: &Spec, design: &Design) -> Vec<String> {
    if let Some(product) = spec.rounded_products() {
        return discrete(spec, product);
    }
    if let Some(number) = spec.look_up_sums() {
        return rounded_look_ups(spec, number);
    }
    if let Some(sums) = spec.term_sums() {
        return rounded_terms(spec, sums);
    }
    if let Some((products, word)) = spec.products().zip(spec.product_word()) {
        return fused(spec, products, word);
    }
    let core = &design.core;
    let range = spec.exact_result();
    let mut lines: Vec<String> = spec.float.iter().map(|float| rounding(spec, float)).collect();
    lines.extend(spec.quantised_entries().map(|entry| entries(spec, entry)));
    lines.push(format!(
        "Sums of up to {} elements lie in {} to {}; {} have {} bits, two's complement{}.",
        core.max_k,
        range.min,
        range.max,
        match (core.per_group(), spec.float) {
            _ if core.scales => "unscaled, they",
            (true, None) => "results",
            (true, Some(_)) => "they",
            (false, None) => "accumulators and results",
            (false, Some(_)) => "accumulators",
        },
        core.result_bits,
        unused(range, core.result_bits)
    ));
    if core.per_group() {
        let range = spec.exact_accumulator();
        lines.push(format!(
            "Sums of one quantisation group, up to {} elements, lie in {} to {}; accumulators have \
             {} bits{}.",
            core.accumulated_elements,
            range.min,
            range.max,
            core.accumulator_bits,
            unused(range, core.accumulator_bits)
        ));
    }
    if let Some(terms) = spec.terms() {
        lines.extend(data_types(terms));
    } else {
        lines.push(what_results_are(spec, design));
    }
    lines.extend(scaling(spec, "exact"));
    if core.passes {
        lines.push(
            "Planes come most significant first, each with all k-steps; where a plane starts, the \
             sum is doubled. Activations are sent again for each plane and summed in the first."
                .to_string(),
        );
    }
    if core.result_bits < signed_bits(range) && core.per_group() && !core.scales {
        lines.push("Results are narrower than that: they keep their low bits.".to_string());
    } else if let Some(narrow) = design.accumulator.as_ref().filter(|unit| !unit.exact) {
        lines.push(format!(
            "The accumulator is narrower than that: after every weight beat it {}.",
            if narrow.saturates { "clamps" } else { "keeps its low bits" }
        ));
    }
    lines
}

/// What results are sums of, where weights are integers or trits.
fn what_results_are(spec: &Spec, design: &Design) -> String {
    let core = &design.core;
    if core.group_zero_points {
        "Results are sum A * w: w = (q' - z') / 2 for an odd z' of the weight's column and group, \
         w = q' for z' = 0, with q' = 2 q - (2^b - 1) for the unsigned code q."
            .to_string()
    } else if core.corrected {
        "Results are sum A * w: w = (q' - z') / 2 for an odd z', w = q' for z' = 0, with \
         q' = 2 q - (2^b - 1) for the unsigned code q."
            .to_string()
    } else {
        let uncorrected = match spec.weight_reading() {
            _ if spec.weight.is_ternary() => {
                "Results are sum A * w for the ternary weights w, -1, 0 or 1."
            }
            WeightReading::Signs => {
                "Results are sum A * q' with q' = 2 q - (2^b - 1) for the unsigned code q; no zero \
                 point is corrected."
            }
            WeightReading::Bits => {
                "Results are sum A * q for the unsigned code q; no zero point is corrected."
            }
            WeightReading::TwosComplement => {
                "Results are sum A * w for two's-complement weights w."
            }
        };
        uncorrected.to_string()
    }
}

/// How `bits` compare with the fewest that hold `range`.
fn unused(range: Range, bits: u32) -> String {
    match bits.cmp(&signed_bits(range)) {
        Ordering::Less => String::new(),
        Ordering::Equal => ", the fewest that hold them".to_owned(),
        Ordering::Greater => format!(", {} of them never used", bits - signed_bits(range)),
    }
}

/// What the codes of a `bitmod_tile` stand for.
fn data_types(terms: &TermArray) -> Vec<String> {
    let mut lines = vec![
        "Results are sum A * w for the values w of the codes in units of their group's data type, \
         2^-fraction bits, to which the group's scale belongs."
            .to_string(),
    ];
    lines.extend(terms.plans().iter().enumerate().map(|(number, plan)| {
        let data_type = &plan.data_type;
        let values: Vec<String> =
            (0..data_type.codes()).map(|code| value(data_type, code)).collect();
        let values = match data_type.is_integer() {
            true => "two's complement".to_owned(),
            false => format!("codes from 0 up {}", values.join(", ")),
        };
        format!(
            "Data type {number}: {data_type}, codes of {} bits, {} fraction bits, {} cycle(s) a k-step; {values}.",
            data_type.bits(),
            data_type.fraction_bits(),
            plan.cycles
        )
    }));
    if terms.special_cycles() > 0 {
        lines.push(format!(
            "A special value s is any sum of {} terms, the i-th of them 0 or a signed 2^(2 i) to 2^(2 i + {}).",
            terms.special_cycles(),
            terms.reach()
        ));
    }
    lines
}

fn value(data_type: &DataType, code: u16) -> String {
    match data_type.special_code() == Some(code) {
        true => "s".to_owned(),
        false => data_type.value(code, 0).to_string(),
    }
}
