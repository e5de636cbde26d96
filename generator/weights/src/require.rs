//! Whether a core can use a packed file.

use bitplane_formats::{WeightReading, ZeroPoint};
use bitplane_spec::{Kind, Problem, Spec, WeightWidth, ZeroPointMode};

use crate::layout::PackLayout;
use crate::packed::PackedWeights;

impl PackedWeights {
    /// Everything that keeps the core of `spec` from using these weights; empty if it can.
    ///
    /// Codes: `weights-bits`, `weights-word`, `weights-k`, `weights-max-k`, `weights-zero-point`,
    /// `weights-group` and `weights-scale`.
    /// The key is the configuration's key that the file disagrees with.
    pub fn require(&self, spec: &Spec) -> Vec<Problem> {
        let checks = [
            self.require_bits(spec),
            self.require_word(spec),
            self.require_k(spec),
            self.require_max_k(spec),
            self.require_zero_point(spec),
            self.require_group_size(spec),
            self.require_scales(spec),
        ];
        checks.into_iter().flatten().collect()
    }

    fn require_bits(&self, spec: &Spec) -> Option<Problem> {
        let (found, wanted) = (self.format(), spec.weight);
        // Of a pair of weights each has outputs of its own, which a file's order of words does not have.
        let narrower = match (spec.weight_width, spec.weight_pairs()) {
            (WeightWidth::Fixed, _) => "",
            (WeightWidth::Runtime, Some(_)) => ", in a layer no pairs of narrower ones",
            (WeightWidth::Runtime, None) => " or narrower",
        };
        let message =
            format!("the file holds {found} weights, the configuration reads {wanted}{narrower}");
        let legal = spec.run_weights().any(|weight| weight == found);
        (!legal).then(|| self.problem("weights-bits", "weight.format", message, spec))
    }

    fn require_word(&self, spec: &Spec) -> Option<Problem> {
        let found = self.layout().word_name();
        let wanted = PackLayout::of(spec).word_name();
        let message =
            format!("the file holds {found} words, the configuration reads {wanted} ones");
        let key = match spec.kind() {
            Kind::LutTensorCore => "table",
            Kind::LutConventional | Kind::AddArray | Kind::MacArray | Kind::FpMacArray => "kind",
            Kind::BitmodTile => "weight.format",
        };
        (found != wanted).then(|| self.problem("weights-word", key, message, spec))
    }

    fn require_k(&self, spec: &Spec) -> Option<Problem> {
        let (found, wanted) = (self.layout().k(), PackLayout::of(spec).k());
        let message = format!("the file is packed for k = {found}, the configuration has {wanted}");
        (found != wanted).then(|| self.problem("weights-k", "tile.k", message, spec))
    }

    /// Every quantisation group is a run of its own, so it is their length that counts; with scales in
    /// the core there is one run for all.
    fn require_max_k(&self, spec: &Spec) -> Option<Problem> {
        let longest = spec.accumulate.max_k;
        let found = match spec.scale() {
            Some(_) => self.inputs(),
            None => self.grouping().span(),
        };
        if found as u64 <= longest {
            return None;
        }
        if spec.scale().is_some() {
            let message = format!(
                "the file's runs have {found} elements, the longest run of the configuration has \
                 {longest}"
            );
            let help = format!("set accumulate.max_k = {found} or more");
            return Some(Problem::new("weights-max-k", "accumulate.max_k", message, help));
        }
        let message = format!(
            "the file's runs have {found} elements, the configuration's accumulators hold the sums \
             of {longest}"
        );
        let help = format!(
            "set accumulate.max_k = {found} or more, or quantise in groups: --group {longest}"
        );
        Some(Problem::new("weights-max-k", "accumulate.max_k", message, help))
    }

    /// Groups with a scale in the core lie within groups of the file.
    fn require_group_size(&self, spec: &Spec) -> Option<Problem> {
        let scale = spec.scale()?;
        let size = spec.quantisation_group?.size;
        let (span, groups) = (self.grouping().span(), self.grouping().count());
        if groups == 1 || (span as u64).is_multiple_of(size) {
            return None;
        }
        let word = scale.name();
        let message = format!(
            "the file has a scale for every {span} input channels, the configuration takes one for every \
             {size}; with scale = \"{word}\" legal are groups of a multiple of {size}, or of whole \
             channels"
        );
        let help = format!("pack with --group {size}, or set group.size = {span}");
        Some(Problem::new("weights-group", "group.size", message, help))
    }

    /// Scales that the core takes have codes; those of others are applied after it.
    fn require_scales(&self, spec: &Spec) -> Option<Problem> {
        let scale = spec.scale()?;
        if self.scale_codes(scale).is_some() {
            return None;
        }
        let word = scale.name();
        let message = format!(
            "the file's scales were not made for this configuration: not all of them can be written as \
             scale = \"{word}\" says"
        );
        Some(self.problem("weights-scale", "group.scale", message, spec))
    }

    fn require_zero_point(&self, spec: &Spec) -> Option<Problem> {
        match (spec.weight_reading(), spec.zero_point) {
            // Trits have their zero, and other weights are told of by their words.
            _ if spec.weight.is_ternary() => None,
            (WeightReading::TwosComplement, _) => self.require_twos_complement(spec),
            (_, ZeroPointMode::None) => self.require_fixed(spec),
            (_, ZeroPointMode::Constant) => self.require_common(spec),
            // Every column of every quantisation group has a zero point of its own.
            (_, ZeroPointMode::PerGroup) => None,
        }
    }

    fn require_twos_complement(&self, spec: &Spec) -> Option<Problem> {
        let message = format!(
            "the file holds {} weights, which are odd integers; a mac_array multiplies \
             two's-complement ones",
            self.header().quantiser
        );
        let mid_rise = self.zero_points().contains(&ZeroPoint::MID_RISE);
        mid_rise.then(|| self.problem("weights-zero-point", "kind", message, spec))
    }

    fn require_fixed(&self, spec: &Spec) -> Option<Problem> {
        let fixed = spec.fixed_zero_point(self.format())?;
        let found = self.zero_points().iter().find(|z| **z != fixed)?;
        let message = format!(
            "the file's {} weights have the reinterpreted zero point {}, which a configuration \
             with zero_point = \"none\" does not correct",
            self.header().quantiser,
            found.0
        );
        let problem = self.problem("weights-zero-point", "group.zero_point", message, spec);
        if self.differing().is_some() {
            return Some(problem);
        }
        let help = format!("set group.zero_point = \"constant\", or {}", problem.help);
        Some(Problem { help, ..problem })
    }

    fn require_common(&self, spec: &Spec) -> Option<Problem> {
        let (group, output) = self.differing()?;
        let place = match self.grouping().count() {
            1 => String::new(),
            _ => format!("in quantisation group {group} "),
        };
        let message = format!(
            "{place}the reinterpreted zero point of output channel 0 is {} and that of output \
             channel {output} is {}; zero_point = \"constant\" corrects all columns by the same one",
            self.zero_point(0, group).0,
            self.zero_point(output, group).0
        );
        Some(self.problem("weights-zero-point", "group.zero_point", message, spec))
    }

    /// The first quantisation group and the first output channel whose zero point differs from that
    /// of output channel 0.
    fn differing(&self) -> Option<(usize, usize)> {
        (0..self.grouping().count()).find_map(|group| {
            let first = self.zero_point(0, group);
            let differs = |&output: &usize| self.zero_point(output, group) != first;
            (0..self.outputs()).find(differs).map(|output| (group, output))
        })
    }

    /// A problem whose way out is the command that packs the tensor for `spec`.
    fn problem(&self, code: &'static str, key: &str, message: String, spec: &Spec) -> Problem {
        let tensor = &self.header().tensor;
        let format = self.fitting_format(spec);
        let group = match self.grouping().size() {
            0 => String::new(),
            size => format!(" --group {size}"),
        };
        let help = format!(
            "pack for this configuration: bitplane quantize MODEL.safetensors --tensor {tensor} \
             --format {format}{group} --config CONFIG --out FILE"
        );
        Problem::new(code, key, message, help)
    }

    /// The weight format to pack in for `spec`: the file's own where the core can use it.
    fn fitting_format(&self, spec: &Spec) -> String {
        let mid_rise = self.zero_points().contains(&ZeroPoint::MID_RISE);
        let bits = spec.weight.bits();
        if spec.weight.is_ternary() {
            return "ternary_int2".to_owned();
        }
        match (spec.weight_reading(), spec.zero_point) {
            (WeightReading::Signs, ZeroPointMode::None) if bits > 1 => {
                format!("int{bits}_mid_rise")
            }
            (_, ZeroPointMode::Constant) if bits > 1 && self.differing().is_some() => {
                format!("int{bits}_asymmetric_common")
            }
            (WeightReading::TwosComplement, _) if mid_rise => spec.weight.to_string(),
            _ if !spec.run_weights().any(|weight| weight == self.format()) => {
                spec.weight.to_string()
            }
            _ => self.header().quantiser.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Matrix, WeightQuantiser, pack, unpack};
    use bitplane_formats::{IntegerFormat, WeightFormat, WeightWord};
    use bitplane_spec::{
        Accumulate, AccumulatorFormat, Architecture, Bus, Chain, Entry, Fold, GroupDrain, Overflow,
        Packing, Pipeline, PlaneOrder, Precompute, QuantisationGroup, Reset, Select, Stages,
        Symmetry, Table, Tile,
    };
    use insta::assert_snapshot;

    fn spec(architecture: Architecture, zero_point: ZeroPointMode) -> Spec {
        Spec {
            name: "core".to_owned(),
            architecture,
            activation: IntegerFormat::new(8).unwrap(),
            float: None,
            weight: WeightFormat::new(2).unwrap(),
            weight_width: WeightWidth::Fixed,
            packing: Packing::Words,
            bus: Bus { activation: 64, weight: 64 },
            chain: Chain::ONE_TILE,
            tile: Tile { m: 2, n: 64, k: 4, groups: 1, drain: 16, plane_order: PlaneOrder::Inner },
            accumulate: Accumulate {
                max_k: 4096,
                format: AccumulatorFormat::Auto,
                overflow: Overflow::Refuse,
            },
            zero_point,
            quantisation_group: None,
            pipeline: Pipeline { stages: Stages::Auto, reset: Reset::Async },
            sequencer: None,
        }
    }

    fn look_up(zero_point: ZeroPointMode) -> Spec {
        let table = Table {
            symmetry: Symmetry::Half { fold: Fold::Offline },
            precompute: Precompute::Shared,
            select: Select::OneHot,
            entry: Entry::Exact,
            copies: 1,
        };
        spec(Architecture::LookUp(table), zero_point)
    }

    fn packed(format: &str, word: WeightWord, k: u32) -> PackedWeights {
        packed_in_groups(format, 0, word, k)
    }

    /// Two output channels, the first mostly negative, the second mostly positive.
    fn packed_in_groups(format: &str, group: usize, word: WeightWord, k: u32) -> PackedWeights {
        let data = vec![0.5, -2.0, 0.25, -1.0, -0.5, 2.0, 0.25, 1.0];
        let matrix = Matrix::new(2, 4, data).unwrap();
        let quantiser = WeightQuantiser::parse(format).unwrap();
        let grouping = quantiser.grouping(4, group).unwrap();
        let weights = quantiser.quantise("query.weight", &matrix, grouping);
        unpack(&pack(&weights, PackLayout::new(word, k).unwrap()).unwrap()).unwrap()
    }

    fn told(problems: &[Problem]) -> String {
        let lines = problems.iter().map(|p| format!("{} ({}): {p}\n  {}", p.code, p.key, p.help));
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn weights_packed_for_the_configuration_are_taken() {
        let corrected = look_up(ZeroPointMode::Constant);
        for format in ["int2", "ternary_int2", "int2_asymmetric_common", "int2_mid_rise"] {
            assert_eq!(packed(format, WeightWord::Folded, 4).require(&corrected), []);
            let groups = packed_in_groups(format, 3, WeightWord::Folded, 4);
            assert_eq!(groups.require(&corrected), []);
        }
        let plain_core = look_up(ZeroPointMode::None);
        assert_eq!(packed("int2_mid_rise", WeightWord::Folded, 4).require(&plain_core), []);
        let multipliers = spec(Architecture::MacArray, ZeroPointMode::None);
        for format in ["int2", "ternary_int2"] {
            assert_eq!(packed(format, WeightWord::TwosComplement, 4).require(&multipliers), []);
        }
    }

    #[test]
    fn a_core_of_runtime_widths_takes_narrower_weights_and_no_wider_ones() {
        let mut wide = look_up(ZeroPointMode::Constant);
        (wide.weight, wide.weight_width) = (WeightFormat::new(4).unwrap(), WeightWidth::Runtime);
        for format in ["int1", "int2", "ternary_int2", "int3", "int4"] {
            assert_eq!(packed(format, WeightWord::Folded, 4).require(&wide), []);
        }
        let problems = packed("int5", WeightWord::Folded, 4).require(&wide);
        assert_snapshot!(told(&problems), @"
        weights-bits (weight.format): the file holds int5 weights, the configuration reads int4 or narrower
          pack for this configuration: bitplane quantize MODEL.safetensors --tensor query.weight --format int4 --config CONFIG --out FILE
        ");
    }

    #[test]
    fn a_ternary_core_takes_trits_and_says_how_to_pack_them() {
        let mut ternary = look_up(ZeroPointMode::None);
        (ternary.weight, ternary.tile.k) = (WeightFormat::TERNARY, 3);
        assert_eq!(packed("ternary_int2", WeightWord::Ternary, 3).require(&ternary), []);
        let bytes = Spec { packing: Packing::Bytes, ..ternary.clone() };
        assert_eq!(packed("ternary_int2", WeightWord::TernaryBytes, 3).require(&bytes), []);
        let problems = packed("ternary_int2", WeightWord::Folded, 3).require(&ternary);
        assert_snapshot!(told(&problems), @"
        weights-bits (weight.format): the file holds int2 weights, the configuration reads ternary
          pack for this configuration: bitplane quantize MODEL.safetensors --tensor query.weight --format ternary_int2 --config CONFIG --out FILE
        weights-word (table): the file holds folded words, the configuration reads ternary ones
          pack for this configuration: bitplane quantize MODEL.safetensors --tensor query.weight --format ternary_int2 --config CONFIG --out FILE
        ");
    }

    #[test]
    fn everything_that_differs_is_told_at_once_with_both_sides() {
        let problems = packed("int4", WeightWord::Plain, 3).require(&look_up(ZeroPointMode::None));
        assert_snapshot!(told(&problems), @r#"
        weights-bits (weight.format): the file holds int4 weights, the configuration reads int2
          pack for this configuration: bitplane quantize MODEL.safetensors --tensor query.weight --format int2_mid_rise --config CONFIG --out FILE
        weights-word (table): the file holds plain words, the configuration reads folded ones
          pack for this configuration: bitplane quantize MODEL.safetensors --tensor query.weight --format int2_mid_rise --config CONFIG --out FILE
        weights-k (tile.k): the file is packed for k = 3, the configuration has 4
          pack for this configuration: bitplane quantize MODEL.safetensors --tensor query.weight --format int2_mid_rise --config CONFIG --out FILE
        weights-zero-point (group.zero_point): the file's int4 weights have the reinterpreted zero point 1, which a configuration with zero_point = "none" does not correct
          set group.zero_point = "constant", or pack for this configuration: bitplane quantize MODEL.safetensors --tensor query.weight --format int2_mid_rise --config CONFIG --out FILE
        "#);
    }

    #[test]
    fn odd_integers_are_not_for_multipliers() {
        let multipliers = spec(Architecture::MacArray, ZeroPointMode::None);
        let problems = packed("int2_mid_rise", WeightWord::Plain, 4).require(&multipliers);
        assert_snapshot!(told(&problems), @r"
        weights-word (kind): the file holds plain words, the configuration reads twos_complement ones
          pack for this configuration: bitplane quantize MODEL.safetensors --tensor query.weight --format int2 --config CONFIG --out FILE
        weights-zero-point (kind): the file holds int2_mid_rise weights, which are odd integers; a mac_array multiplies two's-complement ones
          pack for this configuration: bitplane quantize MODEL.safetensors --tensor query.weight --format int2 --config CONFIG --out FILE
        ");
    }

    #[test]
    fn runs_longer_than_max_k_are_refused_unless_groups_make_them_shorter() {
        let mut short = look_up(ZeroPointMode::Constant);
        short.accumulate.max_k = 3;
        let problems = packed("int2", WeightWord::Folded, 4).require(&short);
        assert_snapshot!(told(&problems), @r"
        weights-max-k (accumulate.max_k): the file's runs have 4 elements, the configuration's accumulators hold the sums of 3
          set accumulate.max_k = 4 or more, or quantise in groups: --group 3
        ");
        assert_eq!(packed_in_groups("int2", 3, WeightWord::Folded, 4).require(&short), []);
    }

    #[test]
    fn a_core_that_takes_scales_takes_files_whose_scales_and_groups_it_can_have() {
        let text = "kind = 'lut_tensor_core'\nactivation.format = 'int8'\nweight.format = 'int2'\n\
                    tile = { m = 1, n = 1, k = 4, groups = 5 }\n\
                    group = { scale = 'fp16', size = 4, zero_point = 'per_group' }\n";
        let spec = bitplane_spec::parse(text, "scaled").unwrap().spec;
        let weights: Vec<f32> = (0..24).map(|i| (i * 7 % 11) as f32 - 4.9).collect();
        let weights = Matrix::new(2, 12, weights).unwrap();
        let quantiser = WeightQuantiser::parse("int2").unwrap();
        let packed = |group, scaled| {
            let grouping = quantiser.grouping(12, group).unwrap();
            let own = quantiser.quantise("query.weight", &weights, grouping);
            let rounded = own.with_scales(&weights, bitplane_formats::ScaleFormat::Fp16);
            let layout = PackLayout::new(WeightWord::Folded, 4).unwrap();
            unpack(&pack(if scaled { &rounded } else { &own }, layout).unwrap()).unwrap()
        };
        for group in [0, 4, 8] {
            assert_eq!(packed(group, true).require(&spec), []);
        }
        assert_snapshot!(told(&packed(0, false).require(&spec)), @r#"
        weights-scale (group.scale): the file's scales were not made for this configuration: not all of them can be written as scale = "fp16" says
          pack for this configuration: bitplane quantize MODEL.safetensors --tensor query.weight --format int2 --config CONFIG --out FILE
        "#);
        assert_snapshot!(told(&packed(6, true).require(&spec)), @r#"
        weights-group (group.size): the file has a scale for every 6 input channels, the configuration takes one for every 4; with scale = "fp16" legal are groups of a multiple of 4, or of whole channels
          pack with --group 4, or set group.size = 6
        "#);
    }

    #[test]
    fn zero_points_that_differ_between_columns_are_not_for_a_constant_one() {
        let corrected = look_up(ZeroPointMode::Constant);
        let problems = packed("int2_asymmetric", WeightWord::Folded, 4).require(&corrected);
        assert_snapshot!(told(&problems), @r#"
        weights-zero-point (group.zero_point): the reinterpreted zero point of output channel 0 is 1 and that of output channel 1 is -1; zero_point = "constant" corrects all columns by the same one
          pack for this configuration: bitplane quantize MODEL.safetensors --tensor query.weight --format int2_asymmetric_common --config CONFIG --out FILE
        "#);
        let groups = packed_in_groups("int2_asymmetric", 2, WeightWord::Folded, 4);
        assert_snapshot!(told(&groups.require(&corrected)), @r#"
        weights-zero-point (group.zero_point): in quantisation group 0 the reinterpreted zero point of output channel 0 is 1 and that of output channel 1 is -1; zero_point = "constant" corrects all columns by the same one
          pack for this configuration: bitplane quantize MODEL.safetensors --tensor query.weight --format int2_asymmetric_common --group 2 --config CONFIG --out FILE
        "#);
        let group =
            QuantisationGroup { size: 2, scale_units: 16, scale: None, drain: GroupDrain::Stall };
        let each = look_up(ZeroPointMode::PerGroup);
        let each = Spec { quantisation_group: Some(group), ..each };
        assert_eq!(groups.require(&each), []);
        assert_snapshot!(told(&groups.require(&look_up(ZeroPointMode::None))), @r#"
        weights-zero-point (group.zero_point): the file's int2_asymmetric weights have the reinterpreted zero point 1, which a configuration with zero_point = "none" does not correct
          pack for this configuration: bitplane quantize MODEL.safetensors --tensor query.weight --format int2_mid_rise --group 2 --config CONFIG --out FILE
        "#);
    }
}
