//! What rounding costs a layer with floating-point activations, beside what it costs multipliers.

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
    ways: [Sums; 3],
}

#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    count: u64,
    sum: f64,
    max: f64,
}

impl Rounding {
    /// What the differences belong to, in the order of [`Rounding::differences`]: the core; a fused
    /// multiply-add that keeps its sum in FP16; one that keeps it in FP32.
    pub const WAYS: [&'static str; 3] = ["core", "fp16_accumulation", "fp32_accumulation"];

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
                let ways = [
                    float.result.to_f64(*result as u32),
                    accumulated(row, column, FloatFormat::FP16),
                    accumulated(row, column, FloatFormat::FP32),
                ];
                for (sums, way) in self.ways.iter_mut().zip(ways) {
                    sums.add((way - exact).abs() / magnitude);
                }
            }
        }
    }

    /// The differences, in the order of [`Rounding::WAYS`]; nothing if there is none to tell.
    pub fn differences(&self) -> Option<[Difference; 3]> {
        let any = self.ways[0].count > 0;
        any.then(|| {
            self.ways.map(|sums| Difference { mean: sums.sum / sums.count as f64, max: sums.max })
        })
    }

    /// The same for people; empty if there is none to tell.
    pub fn text(&self) -> String {
        let Some([core, fp16, fp32]) = self.differences() else { return String::new() };
        format!(
            "rounding, over the sum of magnitudes: mean {:.1e}, largest {:.1e}; multiply-add with FP16 \
             sums {:.1e}, {:.1e}, with FP32 sums {:.1e}, {:.1e}\n",
            core.mean, core.max, fp16.mean, fp16.max, fp32.mean, fp32.max
        )
    }

    /// The same for programs: `null` if there is none to tell.
    pub fn json(&self) -> Value {
        let Some(differences) = self.differences() else { return Value::Null };
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
        let [core, fp16, fp32] = rounding.differences().unwrap();
        assert!(core.max <= 2f64.powi(-24), "{core:?}");
        assert!(fp16.max > 1e-4 && fp32.max < 1e-5, "{fp16:?} {fp32:?}");
    }

    #[test]
    fn integers_have_no_rounding_to_tell() {
        assert_eq!(Rounding::default().text(), "");
        assert!(Rounding::default().json().is_null());
    }
}
