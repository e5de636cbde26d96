//! Scales as a core takes them with the weights.

use bitplane_formats::{ScaleFormat, ZeroPoint};

use crate::grid::Grid;
use crate::matrix::Matrix;
use crate::packed::PackedWeights;
use crate::quantise::WeightQuantiser;
use crate::quantised::QuantisedWeights;

/// The scales of a matrix as codes.
#[derive(Clone, Debug, PartialEq)]
pub struct ScaleCodes {
    /// What the scale 1 of an output channel stands for; results of the core are multiplied by it.
    pub units: Vec<f64>,
    /// Codes [output channels, quantisation groups], row-major.
    pub codes: Vec<u32>,
}

/// What the scale 1 of an output channel stands for: 1, but for integers and E4M3 the least power of two
/// with which they reach the largest of the channel's `scales`.
fn unit(format: ScaleFormat, scales: &[f32]) -> f64 {
    let largest = scales.iter().fold(0.0, |largest: f64, &scale| largest.max(scale.into()));
    match format.largest_of_a_channel() {
        Some(most) if largest > 0.0 => (largest / f64::from(most)).log2().ceil().exp2(),
        _ => 1.0,
    }
}

impl PackedWeights {
    /// The scales as codes of `format`; nothing if one of them has none.
    pub fn scale_codes(&self, format: ScaleFormat) -> Option<ScaleCodes> {
        let groups = self.grouping().count();
        let channels = (0..self.outputs())
            .map(|output| (0..groups).map(|group| self.scale(output, group)).collect::<Vec<f32>>());
        let mut found = ScaleCodes { units: Vec::new(), codes: Vec::new() };
        for scales in channels {
            let unit = unit(format, &scales);
            let codes = scales.iter().map(|&scale| format.code(f64::from(scale) / unit));
            found.codes.extend(codes.collect::<Option<Vec<u32>>>()?);
            found.units.push(unit);
        }
        Some(found)
    }
}

impl QuantisedWeights {
    /// The weights `original`, which these came from, with scales that have codes of `format`: of the
    /// two next to each scale the one that leaves the smaller squared error. Zero points stay. A span
    /// of zeros gets the smallest scale.
    pub fn with_scales(&self, original: &Matrix, format: ScaleFormat) -> Self {
        let (groups, columns) = (self.grouping.count(), self.columns());
        let mut result = self.clone();
        for row in 0..self.rows {
            let scales = &self.scales[row * groups..][..groups];
            let weights = &original.data()[row * columns..][..columns];
            let spans: Vec<&[f32]> = weights.chunks(self.grouping.span()).collect();
            let is_zero = |span: &&[f32]| span.iter().all(|&weight| weight == 0.0);
            let used = scales.iter().zip(&spans).filter(|(_, span)| !is_zero(span));
            let unit = unit(format, &used.map(|(scale, _)| *scale).collect::<Vec<f32>>());
            for (group, span) in spans.iter().enumerate() {
                let place = row * groups + group;
                let start = row * columns + group * self.grouping.span();
                let codes = &self.codes[start..][..span.len()];
                let old = Span { weights: span, codes, zero_point: self.zero_points[place] };
                let wanted = if is_zero(span) { 0.0 } else { f64::from(scales[group]) / unit };
                let near = format.next_to(wanted).map(|scale| (scale * unit) as f32);
                let [below, above] = near.map(|scale| self.placed(&old, scale));
                let best = if above.error < below.error { above } else { below };
                result.scales[place] = best.scale;
                result.codes[start..][..span.len()].copy_from_slice(&best.codes);
            }
        }
        result
    }

    /// A span with another scale: its codes anew, but for binary ones, which are signs.
    fn placed(&self, old: &Span<'_>, scale: f32) -> Rescaled {
        let codes = match self.grid(old.zero_point) {
            Some(grid) if scale > 0.0 => grid.place(self.format, old.weights, scale).codes,
            _ => old.codes.to_vec(),
        };
        let value = |code: u8| self.format.value(code, old.zero_point) as f32 * scale;
        let differences = codes.iter().zip(old.weights).map(|(&code, &weight)| {
            let difference = f64::from(value(code)) - f64::from(weight);
            difference * difference
        });
        Rescaled { error: differences.sum(), scale, codes }
    }

    /// The grid of a span with `zero_point`; nothing where codes do not follow from the scale.
    fn grid(&self, zero_point: ZeroPoint) -> Option<Grid> {
        let of_code = |zero: &u32| ZeroPoint::of_code(self.format, *zero as u8) == zero_point;
        match WeightQuantiser::parse(&self.quantiser).ok()? {
            _ if self.format.bits() == 1 => None,
            WeightQuantiser::MidRise(_) => Some(Grid::Odd { bits: self.format.bits() }),
            WeightQuantiser::Ternary(..) => Some(Grid::TERNARY),
            _ => (0..self.format.codes())
                .find(of_code)
                .map(|zero| Grid::with_zero(self.format, zero)),
        }
    }
}

/// The weights that share a scale.
struct Span<'a> {
    weights: &'a [f32],
    codes: &'a [u8],
    zero_point: ZeroPoint,
}

/// The same with another scale.
struct Rescaled {
    error: f64,
    scale: f32,
    codes: Vec<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PackLayout, pack, unpack};
    use bitplane_formats::WeightWord;
    use proptest::prelude::*;

    const FORMATS: [ScaleFormat; 4] =
        [ScaleFormat::Fp16, ScaleFormat::E4m3, ScaleFormat::E8m0, ScaleFormat::Int8];

    fn quantised(name: &str, weights: &Matrix, group: usize) -> QuantisedWeights {
        let quantiser = WeightQuantiser::parse(name).unwrap();
        let grouping = quantiser.grouping(weights.columns(), group).unwrap();
        quantiser.quantise("w", weights, grouping)
    }

    fn packed(weights: &QuantisedWeights) -> PackedWeights {
        let layout = PackLayout::new(WeightWord::Folded, 4).unwrap();
        unpack(&pack(weights, layout).unwrap()).unwrap()
    }

    proptest! {
        #[test]
        fn rescaled_weights_have_codes_for_all_scales_and_stay_near(
            seed in prop::collection::vec(-1.0f32..1.0, 48), zeros in 0usize..24,
        ) {
            let mut data = seed;
            data[..zeros].fill(0.0);
            let weights = Matrix::new(2, 24, data).unwrap();
            for name in WeightQuantiser::all().iter().map(ToString::to_string) {
                let group = if name.ends_with("per_channel") { 0 } else { 8 };
                let before = quantised(&name, &weights, group);
                for format in FORMATS {
                    let after = before.with_scales(&weights, format);
                    let codes = packed(&after).scale_codes(format);
                    prop_assert!(codes.is_some(), "{name} {format:?} {:?}", after.scales);
                    prop_assert_eq!(&after.zero_points, &before.zero_points);
                    // A power of two is at worst a factor of the square root of two away.
                    let (was, is) = (before.nmse(&weights), after.nmse(&weights));
                    let slack = if format == ScaleFormat::Fp16 { 0.001 } else { 0.3 };
                    prop_assert!(is < was * 2.0 + slack, "{name} {format:?}: {was} {is}");
                }
            }
        }
    }

    #[test]
    fn integers_count_in_a_power_of_two_of_their_channel() {
        let weights: Vec<f32> = (0..8).map(|i| [1.0, -1.0, 0.02, 0.01][i / 2]).collect();
        let weights = Matrix::new(2, 4, weights).unwrap();
        let after = quantised("int1", &weights, 2).with_scales(&weights, ScaleFormat::Int8);
        let found = packed(&after).scale_codes(ScaleFormat::Int8).unwrap();
        assert_eq!(found.units, [2f64.powi(-6), 2f64.powi(-12)]);
        assert_eq!(found.codes, [64, 64, 82, 41]);
    }

    #[test]
    fn scales_without_a_code_are_told() {
        let weights = Matrix::new(1, 4, vec![0.3, -0.3, 0.3, 0.3]).unwrap();
        let packed = packed(&quantised("int1", &weights, 0));
        assert_eq!(FORMATS.map(|format| packed.scale_codes(format)), [None, None, None, None]);
    }
}
