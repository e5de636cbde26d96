//! Whether a core can use a packed file.

use bitplane_formats::ZeroPoint;
use bitplane_spec::{Architecture, Problem, Spec, WeightWidth, ZeroPointMode};

use crate::layout::PackLayout;
use crate::packed::PackedWeights;

impl PackedWeights {
    /// Everything that keeps the core of `spec` from using these weights; empty if it can.
    ///
    /// Codes: `weights-bits`, `weights-word`, `weights-k` and `weights-zero-point`. The key is the
    /// configuration's key that the file disagrees with.
    pub fn require(&self, spec: &Spec) -> Vec<Problem> {
        let checks = [
            self.require_bits(spec),
            self.require_word(spec),
            self.require_k(spec),
            self.require_zero_point(spec),
        ];
        checks.into_iter().flatten().collect()
    }

    fn require_bits(&self, spec: &Spec) -> Option<Problem> {
        let (found, wanted) = (self.format(), spec.weight);
        let narrower = match spec.weight_width {
            WeightWidth::Fixed => "",
            WeightWidth::Runtime => " or narrower",
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
        let key = match spec.architecture {
            Architecture::LutTensorCore(_) => "table",
            Architecture::MacArray => "kind",
        };
        (found != wanted).then(|| self.problem("weights-word", key, message, spec))
    }

    fn require_k(&self, spec: &Spec) -> Option<Problem> {
        let (found, wanted) = (self.layout().k(), spec.tile.k);
        let message = format!("the file is packed for k = {found}, the configuration has {wanted}");
        (found != wanted).then(|| self.problem("weights-k", "tile.k", message, spec))
    }

    fn require_zero_point(&self, spec: &Spec) -> Option<Problem> {
        let quantiser = &self.header().quantiser;
        let mid_rise = self.zero_point() == ZeroPoint::MID_RISE;
        match spec.architecture {
            Architecture::MacArray if mid_rise => {
                let message = format!(
                    "the file holds {quantiser} weights, which are odd integers; a mac_array \
                     multiplies two's-complement ones"
                );
                Some(self.problem("weights-zero-point", "kind", message, spec))
            }
            Architecture::LutTensorCore(_) if !mid_rise && !corrects(spec) => {
                let message = format!(
                    "the file's {quantiser} weights have the reinterpreted zero point {}, which a \
                     configuration with zero_point = \"none\" does not correct",
                    self.zero_point().0
                );
                let problem = self.problem("weights-zero-point", "group.zero_point", message, spec);
                let help = format!("set group.zero_point = \"constant\", or {}", problem.help);
                Some(Problem { help, ..problem })
            }
            _ => None,
        }
    }

    /// A problem whose way out is the command that packs the tensor for `spec`.
    fn problem(&self, code: &'static str, key: &str, message: String, spec: &Spec) -> Problem {
        let tensor = &self.header().tensor;
        let format = self.fitting_format(spec);
        let help = format!(
            "pack for this configuration: bitplane quantize MODEL.safetensors --tensor {tensor} \
             --format {format} --config CONFIG --out FILE"
        );
        Problem::new(code, key, message, help)
    }

    /// The weight format to pack in for `spec`: the file's own where the core can use it.
    fn fitting_format(&self, spec: &Spec) -> String {
        let mid_rise = self.zero_point() == ZeroPoint::MID_RISE;
        match (&spec.architecture, spec.weight.bits()) {
            (Architecture::LutTensorCore(_), bits) if bits > 1 && !corrects(spec) => {
                format!("int{bits}_mid_rise")
            }
            (Architecture::MacArray, _) if mid_rise => spec.weight.to_string(),
            _ if !spec.run_weights().any(|weight| weight == self.format()) => {
                spec.weight.to_string()
            }
            _ => self.header().quantiser.clone(),
        }
    }
}

/// Whether the core subtracts a zero point.
fn corrects(spec: &Spec) -> bool {
    spec.zero_point == ZeroPointMode::Constant
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Matrix, WeightQuantiser, pack, unpack};
    use bitplane_formats::{IntegerFormat, WeightFormat, WeightWord};
    use bitplane_spec::{
        Accumulate, AccumulatorFormat, Bus, Fold, Overflow, Pipeline, PlaneOrder, Precompute,
        Reset, Select, Stages, Symmetry, Table, Tile,
    };
    use insta::assert_snapshot;

    fn spec(architecture: Architecture, zero_point: ZeroPointMode) -> Spec {
        Spec {
            name: "core".to_owned(),
            architecture,
            activation: IntegerFormat::new(8).unwrap(),
            weight: WeightFormat::new(2).unwrap(),
            weight_width: WeightWidth::Fixed,
            bus: Bus { activation: 64, weight: 64 },
            tile: Tile { m: 2, n: 64, k: 4, groups: 1, drain: 16, plane_order: PlaneOrder::Inner },
            accumulate: Accumulate {
                max_k: 4096,
                format: AccumulatorFormat::Auto,
                overflow: Overflow::Refuse,
            },
            zero_point,
            pipeline: Pipeline { stages: Stages::Auto, reset: Reset::Async },
        }
    }

    fn look_up(zero_point: ZeroPointMode) -> Spec {
        let table = Table {
            symmetry: Symmetry::Half { fold: Fold::Offline },
            precompute: Precompute::Shared,
            select: Select::OneHot,
            copies: 1,
        };
        spec(Architecture::LutTensorCore(table), zero_point)
    }

    fn packed(format: &str, word: WeightWord, k: u32) -> PackedWeights {
        let matrix = Matrix::new(1, 4, vec![0.5, -1.0, 0.25, 1.0]).unwrap();
        let weights = WeightQuantiser::parse(format).unwrap().quantise("query.weight", &matrix);
        unpack(&pack(&weights, PackLayout::new(word, k).unwrap()).unwrap()).unwrap()
    }

    fn told(problems: &[Problem]) -> String {
        let lines = problems.iter().map(|p| format!("{} ({}): {p}\n  {}", p.code, p.key, p.help));
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn weights_packed_for_the_configuration_are_taken() {
        let corrected = look_up(ZeroPointMode::Constant);
        for format in ["int2", "ternary_int2", "int2_asymmetric", "int2_mid_rise"] {
            assert_eq!(packed(format, WeightWord::Folded, 4).require(&corrected), []);
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
}
