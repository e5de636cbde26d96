//! Whether a core can use weights of data types.

use bitplane_formats::TermArray;
use bitplane_spec::{Problem, Spec};

use super::typed_weights::TypedWeights;

impl TypedWeights {
    /// Everything that keeps the `bitmod_tile` of `spec` from using these weights; empty if it can.
    ///
    /// Codes: `weights-kind`, `weights-types`, `weights-special`, `weights-scale`, `weights-group` and
    /// `weights-max-k`. The key is the configuration's key that the weights disagree with.
    pub fn require(&self, spec: &Spec) -> Vec<Problem> {
        let Some(terms) = spec.terms() else { return vec![self.other_kind(spec)] };
        let checks = [
            self.require_types(terms),
            self.require_specials(terms),
            self.require_scale(spec),
            self.require_group(spec),
            self.require_max_k(spec),
        ];
        checks.into_iter().flatten().collect()
    }

    fn other_kind(&self, spec: &Spec) -> Problem {
        let message = format!(
            "the file holds weights of the data types {}, which a bitmod_tile takes; this is a {}",
            self.quantiser,
            spec.kind().name()
        );
        Problem::new(
            "weights-kind",
            "kind",
            message,
            "pack integer weights, or set kind = \"bitmod_tile\"",
        )
    }

    /// Types that no group has do not count.
    fn require_types(&self, terms: &TermArray) -> Option<Problem> {
        let shares = self.shares();
        let used = self.types.iter().zip(shares).filter(|(_, share)| *share > 0.0);
        let missing: Vec<&str> = used
            .map(|(data_type, _)| data_type)
            .filter(|data_type| !terms.types().contains(data_type))
            .map(|data_type| data_type.name())
            .collect();
        if missing.is_empty() {
            return None;
        }
        let legal: Vec<&str> = terms.types().iter().map(|data_type| data_type.name()).collect();
        if let Some(name) = missing.iter().find(|name| legal.contains(name)) {
            let message =
                format!("the file and the configuration have different values for {name}");
            let help = "pack with --config and this configuration".to_owned();
            return Some(Problem::new("weights-types", "weight.format", message, help));
        }
        let (missing, legal) = (missing.join(", "), legal.join(","));
        let message = format!("the file holds {missing} weights, the configuration takes {legal}");
        let help = format!("pack with --format {legal}, or add {missing} to weight.format");
        Some(Problem::new("weights-types", "weight.format", message, help))
    }

    fn require_specials(&self, terms: &TermArray) -> Option<Problem> {
        let with_special =
            self.groups.iter().filter(|group| self.types[group.number].special_code().is_some());
        let group = with_special
            .into_iter()
            .find(|group| group.special != 0 && terms.special_terms(group.special).is_none())?;
        let data_type = &self.types[group.number];
        let value = f64::from(group.special) * 0.5f64.powi(data_type.fraction_bits() as i32);
        let (cycles, reach) = (terms.special_cycles(), terms.reach());
        let message = format!(
            "the file has groups of {data_type} with the special value {value}, which is no sum of {cycles} \
             terms with shifts of up to {reach}"
        );
        let help =
            format!("raise term.reach, or pack with other special values: --format {data_type}");
        Some(Problem::new("weights-special", "term.reach", message, help))
    }

    fn require_scale(&self, spec: &Spec) -> Option<Problem> {
        let wanted = spec.scale().filter(|wanted| *wanted != self.scale)?;
        let message = format!(
            "the file's scales are written as {}, the configuration takes {}",
            self.scale.name(),
            wanted.name()
        );
        let help =
            format!("pack with --config CONFIG, or set group.scale = \"{}\"", self.scale.name());
        Some(Problem::new("weights-scale", "group.scale", message, help))
    }

    /// Groups of the core lie within groups of the file.
    fn require_group(&self, spec: &Spec) -> Option<Problem> {
        let size = spec.quantisation_group?.size;
        let span = self.grouping.span();
        if self.grouping.count() == 1 || (span as u64).is_multiple_of(size) {
            return None;
        }
        let message = format!(
            "the file has a data type and scale for every {span} input channels, the configuration takes \
             them for every {size}; legal are groups of a multiple of {size}, or of whole channels"
        );
        let help = format!("pack with --group {size}, or set group.size = {span}");
        Some(Problem::new("weights-group", "group.size", message, help))
    }

    fn require_max_k(&self, spec: &Spec) -> Option<Problem> {
        let (found, longest) = (self.columns(), spec.accumulate.max_k);
        if found as u64 <= longest {
            return None;
        }
        let message = format!(
            "the file's runs have {found} elements, the longest run of the configuration has {longest}"
        );
        let help = format!("set accumulate.max_k = {found} or more");
        Some(Problem::new("weights-max-k", "accumulate.max_k", message, help))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ChoiceSpan, Grouping, Matrix, TypeQuantiser};
    use bitplane_formats::ScaleFormat;
    use insta::assert_snapshot;

    fn weights(names: &str, group: usize, scale: ScaleFormat) -> TypedWeights {
        let data = (0..64).map(|i| ((i * 29 % 67) as f32 - 31.5) * 0.1).collect();
        let matrix = Matrix::new(2, 32, data).unwrap();
        let quantiser = TypeQuantiser::parse(names, ChoiceSpan::Group, None).unwrap();
        quantiser.quantise("w", &matrix, Grouping::new(32, group).unwrap(), scale)
    }

    fn told(weights: &TypedWeights, more: &str) -> String {
        let text = format!(
            "kind = 'bitmod_tile'\nactivation.format = 'fp16'\nweight.format = ['bitmod_fp4', 'int6']\n\
             tile = {{ m = 1, n = 1, k = 4 }}\n{more}"
        );
        let spec = bitplane_spec::parse(&text, "tile").unwrap().spec;
        let problems = weights.require(&spec);
        let each = problems.iter().map(|problem| {
            format!("{} ({}): {}\n  {}", problem.code, problem.key, problem.message, problem.help)
        });
        each.collect::<Vec<String>>().join("\n")
    }

    const GROUPS: &str = "group = { size = 8, scale = 'int8' }\n";

    #[test]
    fn a_tile_takes_what_was_made_for_it_and_larger_groups() {
        for group in [0, 8, 16] {
            let weights = weights("int6,bitmod_fp4:er", group, ScaleFormat::Int8);
            assert_eq!(told(&weights, GROUPS), "");
        }
    }

    #[test]
    fn everything_that_a_tile_cannot_take_is_told_at_once() {
        let weights = weights("bitmod_fp3", 12, ScaleFormat::Fp16);
        let more = format!("{GROUPS}accumulate.max_k = 16\nterm.reach = 2\n");
        assert_snapshot!(told(&weights, &more), @r#"
        weights-types (weight.format): the file holds bitmod_fp3 weights, the configuration takes bitmod_fp4,int6
          pack with --format bitmod_fp4,int6, or add bitmod_fp3 to weight.format
        weights-scale (group.scale): the file's scales are written as fp16, the configuration takes int8
          pack with --config CONFIG, or set group.scale = "fp16"
        weights-group (group.size): the file has a data type and scale for every 12 input channels, the configuration takes them for every 8; legal are groups of a multiple of 8, or of whole channels
          pack with --group 8, or set group.size = 12
        weights-max-k (accumulate.max_k): the file's runs have 32 elements, the longest run of the configuration has 16
          set accumulate.max_k = 32 or more
        "#);
    }

    #[test]
    fn a_special_value_without_terms_in_the_tile_is_told() {
        let weights = weights("bitmod_fp4:12", 8, ScaleFormat::Int8);
        assert_eq!(told(&weights, &format!("{GROUPS}term.reach = 3\n")), "");
        assert_snapshot!(told(&weights, &format!("{GROUPS}term.reach = 2\n")), @r"
        weights-special (term.reach): the file has groups of bitmod_fp4 with the special value 12, which is no sum of 2 terms with shifts of up to 2
          raise term.reach, or pack with other special values: --format bitmod_fp4
        ");
    }

    #[test]
    fn a_core_of_another_kind_takes_no_data_types() {
        let text = "kind = 'lut_tensor_core'\nactivation.format = 'int8'\nweight.format = 'int4'\n\
                    tile = { m = 1, n = 1, k = 4 }\n";
        let spec = bitplane_spec::parse(text, "core").unwrap().spec;
        let problems = weights("int6", 8, ScaleFormat::Int8).require(&spec);
        assert_snapshot!(problems[0], @"the file holds weights of the data types int6, which a bitmod_tile takes; this is a lut_tensor_core");
    }
}
