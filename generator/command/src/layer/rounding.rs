//! What rounding costs a layer with floating-point activations, beside what it costs multipliers.

use super::scaled_tables::looked_up;
use bitplane_formats::FloatFormat;
use bitplane_simulate::{Layer, ZeroPoints};
use bitplane_spec::Spec;
use serde_json::{Value, json};

/// Differences from the exact sums of products of the same activations and weights, each over the
/// sum of the magnitudes of its products.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Difference {
    /// Mean.
    pub mean: f64,
    /// Largest.
    pub max: f64,
}

/// The rounding of one layer done in several ways; rows and outputs without a finite product left
/// out.
#[derive(Clone, Debug, Default)]
pub struct Rounding {
    ways: [Sums; 4],
}

#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    count: u64,
    sum: f64,
    max: f64,
}

impl Rounding {
    /// What the differences belong to: the core; a fused multiply-add that keeps its sum in FP16; one that keeps
    /// it in FP32; and, beside a core whose tables hold 8 bits, such tables with a scale for each block.
    pub const WAYS: [&'static str; 4] =
        ["core", "fp16_accumulation", "fp32_accumulation", "scaled_int8_tables"];

    /// Adds the `results` of a run of the core.
    pub fn add(&mut self, spec: &Spec, layer: &Layer<'_>, results: &[i128]) {
        let Some(float) = spec.float else { return };
        let real = |code: &i32| float.format.to_f64(*code as u32);
        let activations: Vec<f64> = layer.activations.iter().map(real).collect();
        let weights = weights(spec, layer);
        for (place, result) in results.iter().enumerate() {
            let (token, output) = (place / layer.outputs, place % layer.outputs);
            let row = &activations[token * layer.inputs..][..layer.inputs];
            let column = &weights[output * layer.inputs..][..layer.inputs];
            let magnitude: f64 = row.iter().zip(column).map(|(a, w)| (a * w).abs()).sum();
            if magnitude > 0.0 && magnitude.is_finite() {
                let exact: f64 = row.iter().zip(column).map(|(a, w)| a * w).sum();
                let tables = spec.quantised_entries();
                let ways = [
                    Some(float.result.to_f64(*result as u32)),
                    Some(accumulated(row, column, FloatFormat::FP16)),
                    Some(accumulated(row, column, FloatFormat::FP32)),
                    tables.map(|_| looked_up(spec, layer, row, output)),
                ];
                for (sums, way) in self.ways.iter_mut().zip(ways) {
                    way.into_iter().for_each(|way| sums.add((way - exact).abs() / magnitude));
                }
            }
        }
    }

    /// The differences, in the order of [`Rounding::WAYS`], as far as there are any to tell.
    pub fn differences(&self) -> Vec<Difference> {
        let counted = self.ways.iter().filter(|sums| sums.count > 0);
        counted
            .map(|sums| Difference { mean: sums.sum / sums.count as f64, max: sums.max })
            .collect()
    }

    /// The same for people; empty if there is none to tell.
    pub fn text(&self) -> String {
        let differences = self.differences();
        let [core, fp16, fp32, rest @ ..] = &differences[..] else { return String::new() };
        let tables = rest
            .iter()
            .map(|each| format!("; INT8 tables with scales {:.1e}, {:.1e}", each.mean, each.max));
        format!(
            "rounding, over the sum of magnitudes: mean {:.1e}, largest {:.1e}; multiply-add with FP16 \
             sums {:.1e}, {:.1e}, with FP32 sums {:.1e}, {:.1e}{}\n",
            core.mean,
            core.max,
            fp16.mean,
            fp16.max,
            fp32.mean,
            fp32.max,
            tables.collect::<String>()
        )
    }

    /// The same for programs: `null` if there is none to tell.
    pub fn json(&self) -> Value {
        let differences = self.differences();
        if differences.is_empty() {
            return Value::Null;
        }
        let each = Self::WAYS.iter().zip(differences);
        each.map(|(way, each)| ((*way).to_owned(), json!({"mean": each.mean, "max": each.max})))
            .collect::<serde_json::Map<_, _>>()
            .into()
    }
}

impl Sums {
    fn add(&mut self, difference: f64) {
        self.count += 1;
        self.sum += difference;
        self.max = self.max.max(difference);
    }
}

/// The values of all weights, [outputs, inputs], times the scales that the core takes.
fn weights(spec: &Spec, layer: &Layer<'_>) -> Vec<f64> {
    let group_at = |place: usize, size: usize| {
        let (output, input) = (place / layer.inputs, place % layer.inputs);
        output * layer.inputs.div_ceil(size) + input / size
    };
    let value = |(place, code): (usize, &u16)| match &layer.zero_points {
        ZeroPoints::Constant(zero_point) => f64::from(layer.weight.value(*code, *zero_point)),
        ZeroPoints::PerGroup(groups) => {
            let group = group_at(place, groups.size);
            let value = match (spec.terms(), groups.types.get(group)) {
                (Some(terms), Some(of)) => terms.types()[of.number].value(*code, of.special),
                _ => layer.weight.value(*code, groups.values[group]),
            };
            let scale = spec.scale().map(|format| format.value(groups.scales[group]));
            f64::from(value) * scale.unwrap_or(1.0)
        }
    };
    layer.codes.iter().enumerate().map(value).collect()
}

/// The sum of products, rounded to `format` with every product added.
fn accumulated(row: &[f64], column: &[f64], format: FloatFormat) -> f64 {
    // A product of an activation and a weight, and its sum with a number of `format`, lose nothing
    // that decides on rounding in 53 bits unless the summands are 2^20 apart.
    row.iter().zip(column).fold(0.0, |sum, (a, w)| format.to_f64(format.of_f64(a.mul_add(*w, sum))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bitplane_formats::{WeightFormat, ZeroPoint};
    use bitplane_simulate::Weights;

    #[test]
    fn an_exact_core_is_off_by_the_rounding_of_its_result_and_fp16_sums_by_more() {
        let text = "kind = 'lut_tensor_core'\nactivation.format = 'fp16'\nweight.format = 'int4'\n\
                    tile = { m = 1, n = 1, k = 3 }\ngroup.zero_point = 'constant'\n\
                    accumulate.align_bits = 'exact'\n";
        let spec = bitplane_spec::parse(text, "core").unwrap().spec;
        let activations: Vec<i32> = (0..300).map(|i| 0x3c00 + (i * 37) % 1024).collect();
        let codes: Vec<u16> = (0..300).map(|i| 9 + (i % 3) as u16).collect();
        let layer = Layer {
            tokens: 1,
            inputs: 300,
            outputs: 1,
            activations: &activations,
            weight: WeightFormat::new(4).unwrap(),
            codes: &codes,
            weights: Weights::Codes,
            zero_points: ZeroPoints::Constant(ZeroPoint::TWOS_COMPLEMENT),
        };
        let run = bitplane_golden::Run {
            rows: 1,
            columns: 1,
            elements: 300,
            activations: activations.clone(),
            weight: layer.weight,
            codes: codes.clone(),
            zero_points: layer.zero_points.clone(),
        };
        let mut rounding = Rounding::default();
        rounding.add(&spec, &layer, &bitplane_golden::results(&spec, &run));
        let [core, fp16, fp32] = rounding.differences()[..] else { panic!("three ways") };
        assert!(core.max <= 2f64.powi(-24), "{core:?}");
        assert!(fp16.max > 1e-4 && fp32.max < 1e-5, "{fp16:?} {fp32:?}");
    }

    #[test]
    fn tables_of_eight_bits_with_scales_are_off_by_half_a_unit_an_entry_at_most() {
        let text = "kind = 'lut_tensor_core'\nactivation.format = 'fp16'\nweight.format = 'int1'\n\
                    tile = { m = 1, n = 1, k = 4 }\ntable.entry = 'int8'\n";
        let spec = bitplane_spec::parse(text, "core").unwrap().spec;
        let codes: Vec<u16> = (0..64).map(|i| (i * i / 3) % 2).collect();
        let layer = Layer {
            tokens: 1,
            inputs: 64,
            outputs: 1,
            activations: &[],
            weight: WeightFormat::new(1).unwrap(),
            codes: &codes,
            weights: Weights::Codes,
            zero_points: ZeroPoints::Constant(ZeroPoint::MID_RISE),
        };
        let row: Vec<f64> = (0..64).map(|i| f64::from((i * 37) % 101) - 50.0).collect();
        let exact: f64 = row.iter().zip(&codes).map(|(a, c)| a * (2.0 * f64::from(*c) - 1.0)).sum();
        let difference = (looked_up(&spec, &layer, &row, 0) - exact).abs();
        // The largest sum of four magnitudes is below 200.
        assert!(difference > 0.0 && difference <= 16.0 * 0.5 * 200.0 / 127.0, "{difference}");
        // Numbers that are whole units lose nothing.
        let whole: Vec<f64> = (0..64).map(|i| if i == 0 { 124.0 } else { 1.0 }).collect();
        let exact: f64 =
            whole.iter().zip(&codes).map(|(a, c)| a * (2.0 * f64::from(*c) - 1.0)).sum();
        assert!((looked_up(&spec, &layer, &whole, 0) - exact).abs() < 1e-9);
    }

    #[test]
    fn integers_have_no_rounding_to_tell() {
        assert_eq!(Rounding::default().text(), "");
        assert!(Rounding::default().json().is_null());
    }
}
