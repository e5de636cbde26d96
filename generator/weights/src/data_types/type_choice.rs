//! A data type with the special values that its groups choose from.

use std::fmt;

use bitplane_formats::{DataType, TermArray, TermPlan, terms_of};
use bitplane_spec::Problem;

use super::group_fit::GroupFit;
use super::value_set::ValueSet;
use crate::suggest::nearest;

/// A data type that groups can have, and the special values that they choose from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeChoice {
    data_type: DataType,
    /// As it was written, behind the colon.
    variant: Option<String>,
    /// One for each special value; a single one without.
    sets: Vec<ValueSet>,
}

impl TypeChoice {
    /// The data type with its usual special values.
    pub fn usual(data_type: DataType) -> Self {
        Self::with(data_type.clone(), None, data_type.special_values())
    }

    fn with(data_type: DataType, variant: Option<String>, specials: &[i32]) -> Self {
        let specials = if specials.is_empty() { &[0] } else { specials };
        let sets = specials.iter().map(|special| ValueSet::new(&data_type, *special)).collect();
        Self { data_type, variant, sets }
    }

    /// The choice that `text` names: a data type, and behind a colon, for a type with special values,
    /// `basic` (none), `er` (those below the largest value: extra resolution), `ea` (those above it: extra
    /// asymmetry) or the values themselves with slashes between them, as in `bitmod_fp4:5/-5/8/-8`.
    ///
    /// # Errors
    /// `data-type-unknown` or `special-value`.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        Self::parse_among(text, &DataType::ALL)
    }

    /// The same with a data type that is one of `types`.
    ///
    /// # Errors
    /// `data-type-unknown` or `special-value`.
    pub fn parse_among(text: &str, types: &[DataType]) -> Result<Self, Problem> {
        let (name, variant) = match text.split_once(':') {
            Some((name, variant)) => (name, Some(variant)),
            None => (text, None),
        };
        let data_type = types.iter().find(|data_type| data_type.name() == name);
        let data_type = data_type.ok_or_else(|| unknown(name, types))?;
        let Some(variant) = variant else { return Ok(Self::usual(data_type.clone())) };
        if data_type.special_code().is_none() {
            return Err(without_special(data_type, variant));
        }
        let basic = ValueSet::new(data_type, 0).largest();
        let usual = || data_type.special_values().iter().copied();
        let specials: Vec<i32> = match variant {
            "basic" => Vec::new(),
            "er" => usual().filter(|value| value.abs() < basic).collect(),
            "ea" => usual().filter(|value| value.abs() > basic).collect(),
            values => values
                .split('/')
                .map(|value| special_value(data_type, value))
                .collect::<Result<_, _>>()?,
        };
        Ok(Self::with(data_type.clone(), Some(variant.to_owned()), &specials))
    }

    /// The data type.
    pub fn data_type(&self) -> &DataType {
        &self.data_type
    }

    /// The special values that groups choose from, in units of the data type, in the order in which they
    /// are tried; none for a type without.
    pub fn specials(&self) -> Vec<i32> {
        let has_special = self.data_type.special_code().is_some() && !self.is_basic();
        let values = self.sets.iter().filter(|_| has_special);
        values.map(ValueSet::special).collect()
    }

    fn is_basic(&self) -> bool {
        self.variant.as_deref() == Some("basic")
    }

    /// `span` with the special value of the least squared error.
    pub fn fit(&self, span: &[f32]) -> GroupFit {
        GroupFit::best(&self.sets, span)
    }

    /// `span` with the special value of `fit` and another step.
    pub(super) fn refit(&self, fit: &GroupFit, span: &[f32], step: f64) -> GroupFit {
        let set = self.sets.iter().find(|set| set.special() == fit.special);
        GroupFit::at(set.expect("a fit is one of this choice"), span, step)
    }
}

impl fmt::Display for TypeChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.variant {
            None => write!(f, "{}", self.data_type),
            Some(variant) => write!(f, "{}:{variant}", self.data_type),
        }
    }
}

/// The special value `text` in units of `data_type`.
fn special_value(data_type: &DataType, text: &str) -> Result<i32, Problem> {
    let unit = 0.5f64.powi(data_type.fraction_bits() as i32);
    let units = text.trim().parse::<f64>().map(|value| value / unit);
    let reach = *TermArray::REACH.end();
    let cycles = TermPlan::of(data_type, reach).cycles;
    let has_terms = |units: f64| {
        units.fract() == 0.0
            && units.abs() < 1024.0
            && terms_of(units as i32, cycles, reach).is_some()
    };
    match units {
        Ok(units) if has_terms(units) => Ok(units as i32),
        _ => Err(illegal_special(data_type, text, unit, cycles)),
    }
}

fn unknown(name: &str, types: &[DataType]) -> Problem {
    let names: Vec<&str> = types.iter().map(DataType::name).collect();
    let help = match nearest(name, names.iter().copied()) {
        Some(near) => format!("did you mean {near}?"),
        None => "give one of these names".to_owned(),
    };
    let message = format!("there is no data type {name:?}; legal are {}", names.join(", "));
    Problem::new("data-type-unknown", "--format", message, help)
}

fn without_special(data_type: &DataType, variant: &str) -> Problem {
    let message = format!(
        "{data_type}:{variant} asks for special values, which {data_type} does not have; bitmod_fp4 and \
         bitmod_fp3 have"
    );
    Problem::new("special-value", "--format", message, format!("write {data_type}"))
}

fn illegal_special(data_type: &DataType, text: &str, unit: f64, cycles: u32) -> Problem {
    let message = format!(
        "{text:?} is no special value of {data_type}; legal are basic, er, ea, or multiples of {unit} that \
         are a sum of {cycles} signed powers of two, one a cycle"
    );
    let help =
        format!("write {data_type} for the usual ones, or values as in {data_type}:5/-5/8/-8");
    Problem::new("special-value", "--format", message, help)
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;

    fn choice(text: &str) -> TypeChoice {
        TypeChoice::parse(text).unwrap()
    }

    #[test]
    fn variants_are_the_special_values_of_their_names() {
        for (text, specials) in [
            ("bitmod_fp4", vec![10, -10, 16, -16]),
            ("bitmod_fp4:basic", vec![]),
            ("bitmod_fp4:er", vec![10, -10]),
            ("bitmod_fp4:ea", vec![16, -16]),
            ("bitmod_fp4:3.5/-8", vec![7, -16]),
            ("bitmod_fp3:er", vec![3, -3]),
            ("bitmod_fp3:ea", vec![6, -6]),
            ("int6", vec![]),
        ] {
            assert_eq!(choice(text).specials(), specials, "{text}");
            assert_eq!(choice(text).to_string(), text);
        }
    }

    #[test]
    fn what_is_no_type_and_no_special_value_is_told() {
        let told = |text: &str| {
            let problem = TypeChoice::parse(text).unwrap_err();
            format!("{} ({}): {}\n  {}", problem.code, problem.key, problem.message, problem.help)
        };
        assert_snapshot!(told("bitmod_fp5"), @r#"
        data-type-unknown (--format): there is no data type "bitmod_fp5"; legal are bitmod_fp4, bitmod_fp3, int8, int6, int5, int4, int3, fp6_e2m3, fp6_e3m2, fp4_e2m1, fp3_e2m0, nf4
          did you mean bitmod_fp4?
        "#);
        assert_snapshot!(told("int6:er"), @r"
        special-value (--format): int6:er asks for special values, which int6 does not have; bitmod_fp4 and bitmod_fp3 have
          write int6
        ");
        assert_snapshot!(told("bitmod_fp4:5.5"), @r#"
        special-value (--format): "5.5" is no special value of bitmod_fp4; legal are basic, er, ea, or multiples of 0.5 that are a sum of 2 signed powers of two, one a cycle
          write bitmod_fp4 for the usual ones, or values as in bitmod_fp4:5/-5/8/-8
        "#);
        assert_snapshot!(told("bitmod_fp3:"), @r#"
        special-value (--format): "" is no special value of bitmod_fp3; legal are basic, er, ea, or multiples of 1 that are a sum of 2 signed powers of two, one a cycle
          write bitmod_fp3 for the usual ones, or values as in bitmod_fp3:5/-5/8/-8
        "#);
    }

    #[test]
    fn the_special_value_of_the_least_error_is_taken_and_the_first_of_equals() {
        // On the values times 0.5, with 3 among them.
        let fit = choice("bitmod_fp3").fit(&[2.0, 1.5, -1.0, 0.5, 0.0]);
        assert_eq!((fit.special, fit.step, fit.squared_error), (3, 0.5, 0.0));
        assert_eq!(fit.codes, [3, 4, 6, 1, 0]);
        // -6 alone reaches as far down as this span.
        let fit = choice("bitmod_fp3").fit(&[-6.0, 4.0, 2.0, -2.0, 1.0]);
        assert_eq!((fit.special, fit.squared_error), (-6, 0.0));
        // Exact with every special value below 4: the first.
        let fit = choice("bitmod_fp3:3/-3").fit(&[4.0, -1.0]);
        assert_eq!((fit.special, fit.squared_error), (3, 0.0));
    }

    #[test]
    fn a_group_of_zeros_has_the_step_one_and_codes_of_zero() {
        for data_type in DataType::ALL {
            let fit = TypeChoice::usual(data_type.clone()).fit(&[0.0, -0.0]);
            assert_eq!((fit.step, fit.squared_error), (1.0, 0.0));
            let zeros = fit.codes.iter().map(|code| data_type.value((*code).into(), fit.special));
            assert_eq!(zeros.collect::<Vec<i32>>(), [0, 0], "{data_type}");
        }
    }

    #[test]
    fn more_special_values_never_leave_more_error() {
        let span: Vec<f32> =
            (0..64u32).map(|i| ((i * i * 37 % 101) as f32 - 40.0) / 13.0).collect();
        for name in ["bitmod_fp4", "bitmod_fp3"] {
            let error =
                |variant: &str| choice(&format!("{name}{variant}")).fit(&span).squared_error;
            assert!(error("") <= error(":er") && error("") <= error(":ea"), "{name}");
        }
    }
}
