//! Steps of quantisation groups as scales that a core takes.

use bitplane_formats::ScaleFormat;

use super::group_fit::GroupFit;
use super::type_choice::TypeChoice;

/// A group with its scale.
pub(super) struct Scaled {
    /// The code of the scale.
    pub scale: u32,
    /// A code for each weight.
    pub codes: Vec<u8>,
}

/// What the scale 1 of an output channel stands for: 1, but for integers and E4M3 what makes the largest
/// step of the channel the largest of them (VS-Quant, Dai et al. 2021). Groups of zeros have no part in it.
pub(super) fn unit(format: ScaleFormat, steps: impl Iterator<Item = f64>) -> f32 {
    let largest = steps.fold(0.0, f64::max);
    match format.largest_of_a_channel() {
        Some(most) if largest > 0.0 => ((largest / f64::from(most)) as f32).max(f32::MIN_POSITIVE),
        _ => 1.0,
    }
}

/// `fit`, which `choice` made of `span`, with a scale of `format` in units of `unit`. Codes stay as they
/// are and integers and floating-point numbers are the nearest to the step, of two the even one; a power of two is
/// the one of the two next to the step whose codes leave the smaller error, of equals the lower.
pub(super) fn scaled(
    format: ScaleFormat,
    unit: f32,
    choice: &TypeChoice,
    fit: GroupFit,
    span: &[f32],
) -> Scaled {
    let is_zero = span.iter().all(|&weight| weight == 0.0);
    let wanted = if is_zero { fit.step } else { fit.step / f64::from(unit) };
    let code = |value: f64| format.code(value).expect("scales next to a number have codes");
    match format {
        ScaleFormat::Int8 => {
            let nearest = wanted.round_ties_even().clamp(0.0, 127.0);
            Scaled { scale: code(nearest), codes: fit.codes }
        }
        ScaleFormat::Fp16 | ScaleFormat::E4m3 => {
            Scaled { scale: code(format.next_to(wanted)[0]), codes: fit.codes }
        }
        ScaleFormat::E8m0 => {
            let [below, above] =
                format.next_to(wanted).map(|step| (step, choice.refit(&fit, span, step)));
            let (step, best) =
                if above.1.squared_error < below.1.squared_error { above } else { below };
            Scaled { scale: code(step), codes: best.codes }
        }
    }
}
