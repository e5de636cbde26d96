//! Keys and values of an attention head as weights, quantised while tokens arrive.

use bitplane_formats::ScaleFormat;
use bitplane_spec::Problem;

use super::quantiser::TypeQuantiser;
use super::typed_weights::TypedWeights;
use crate::grouping::Grouping;
use crate::matrix::Matrix;

/// What of each token is kept, and what its weights are multiplied with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cached {
    /// Keys, weights [tokens, width of the head]: queries times keys are scores.
    Keys,
    /// Values, weights [width of the head, tokens]: shares of attention times values are the head's output.
    Values,
}

/// The keys or values of the tokens so far. A token's key is quantised when it arrives; values wait until they
/// fill a quantisation group, which runs over tokens, and those that fill none yet are a shorter group. What is
/// quantised stays as it is, so that nothing has to be kept in full precision but values that wait.
#[derive(Clone, Debug)]
pub struct AttentionCache {
    quantiser: TypeQuantiser,
    cached: Cached,
    width: usize,
    size: usize,
    format: ScaleFormat,
    /// Keys of a token each, or values of a group each.
    blocks: Vec<TypedWeights>,
    waiting: Vec<Vec<f32>>,
}

impl AttentionCache {
    /// An empty cache of tokens of `width` numbers, with groups of `size` along what is summed (0: for keys the
    /// whole width) and scales of `format`.
    ///
    /// # Errors
    /// `group-too-large` if a group of keys is wider than a token; `cache-group` if values have no groups;
    /// `cache-choice` if the quantiser chooses for a channel or within a budget of bits, and `cache-scale` if
    /// scales of values count in a unit of their channel: all of which are known at the last token only.
    pub fn new(
        quantiser: TypeQuantiser,
        cached: Cached,
        width: usize,
        size: usize,
        format: ScaleFormat,
    ) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        if cached == Cached::Keys {
            problems.extend(Grouping::new(width, size).err());
        } else {
            problems.extend((size == 0).then(values_without_groups));
            problems.extend(format.largest_of_a_channel().map(|_| scale_of_channels(format)));
        }
        problems.extend(quantiser.chooses_at_the_end().then(late_choice));
        if !problems.is_empty() {
            return Err(problems);
        }
        let (blocks, waiting) = Default::default();
        Ok(Self { quantiser, cached, width, size, format, blocks, waiting })
    }

    /// Tokens so far.
    pub fn tokens(&self) -> usize {
        let of_a_block = if self.cached == Cached::Keys { 1 } else { self.size };
        self.blocks.len() * of_a_block + self.waiting.len()
    }

    /// Adds the key or value of a token.
    ///
    /// # Panics
    /// If it has not the width of the cache, or holds an infinity or NaN.
    pub fn push(&mut self, token: &[f32]) {
        assert_eq!(token.len(), self.width, "the width of a token");
        assert!(token.iter().all(|number| number.is_finite()), "a token holds numbers");
        self.waiting.push(token.to_vec());
        let is_whole = self.cached == Cached::Keys || self.waiting.len() == self.size;
        if is_whole {
            self.blocks.extend(self.quantised());
            self.waiting.clear();
        }
    }

    /// The weights of all tokens so far; nothing before the first. Values of fewer tokens than a group are one
    /// group of all.
    pub fn weights(&self, name: &str) -> Option<TypedWeights> {
        let tail = self.quantised();
        let blocks: Vec<&TypedWeights> = self.blocks.iter().chain(&tail).collect();
        let first = *blocks.first()?;
        let (rows, columns) = match self.cached {
            Cached::Keys => (blocks.len(), self.width),
            Cached::Values => (self.width, self.tokens()),
        };
        let size = if self.size > columns { 0 } else { self.size };
        let mut weights = TypedWeights {
            name: name.to_owned(),
            rows,
            grouping: Grouping::new(columns, size).ok()?,
            order: (0..rows as u32).collect(),
            units: vec![1.0; rows],
            groups: Vec::new(),
            codes: Vec::new(),
            ..first.clone()
        };
        match self.cached {
            Cached::Keys => {
                weights.units = blocks.iter().flat_map(|block| block.units.clone()).collect();
                weights.groups = blocks.iter().flat_map(|block| block.groups.clone()).collect();
                weights.codes = blocks.iter().flat_map(|block| block.codes.clone()).collect();
            }
            // A block has one group for each channel.
            Cached::Values => {
                for row in 0..rows {
                    weights.groups.extend(blocks.iter().map(|block| block.groups[row]));
                    weights.codes.extend(blocks.iter().flat_map(|block| {
                        let tokens = block.columns();
                        block.codes[row * tokens..][..tokens].iter().copied()
                    }));
                }
            }
        }
        Some(weights)
    }

    /// What waits, as weights; nothing if nothing does.
    fn quantised(&self) -> Option<TypedWeights> {
        let tokens = Matrix::new(self.waiting.len(), self.width, self.waiting.concat()).ok()?;
        let (matrix, size) = match self.cached {
            Cached::Keys => (tokens, self.size),
            Cached::Values => (tokens.transposed(), 0),
        };
        let grouping = Grouping::new(matrix.columns(), size).ok()?;
        Some(self.quantiser.quantise("", &matrix, grouping, self.format))
    }
}

fn values_without_groups() -> Problem {
    let message = "values are quantised in groups of tokens, and a group of all of them has no end";
    Problem::new(
        "cache-group",
        "--group",
        message,
        "give the tokens of a group, for example --group 32",
    )
}

fn scale_of_channels(format: ScaleFormat) -> Problem {
    let message = format!(
        "{} scales count in a unit of their channel, which for values is known at the last token",
        format.name()
    );
    let help = "take scale = \"fp16\" or \"e8m0\" in [group]";
    Problem::new("cache-scale", "group.scale", message, help)
}

fn late_choice() -> Problem {
    let message = "a cache takes the data type of a group when the group is there, not for a whole channel or \
                   within --bits";
    Problem::new("cache-choice", "--cache", message, "leave out --choose channel and --bits")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ChoiceSpan;

    const WIDTH: usize = 12;

    fn token(number: usize) -> Vec<f32> {
        (0..WIDTH).map(|i| ((number * 53 + i * i * 29) % 101) as f32 * 0.07 - 3.0).collect()
    }

    fn quantiser(names: &str) -> TypeQuantiser {
        TypeQuantiser::parse(names, ChoiceSpan::Group, None).unwrap()
    }

    /// The same tokens quantised all at once.
    fn at_once(names: &str, cached: Cached, tokens: usize, size: usize) -> TypedWeights {
        let matrix = Matrix::new(tokens, WIDTH, (0..tokens).flat_map(token).collect()).unwrap();
        let matrix = if cached == Cached::Keys { matrix } else { matrix.transposed() };
        let size = if size > matrix.columns() { 0 } else { size };
        let grouping = Grouping::new(matrix.columns(), size).unwrap();
        quantiser(names).quantise("cache", &matrix, grouping, ScaleFormat::Fp16)
    }

    #[test]
    fn after_every_token_weights_are_those_of_all_tokens_at_once() {
        for names in ["int8", "int4", "int3", "bitmod_fp4,int6"] {
            for (cached, size) in [(Cached::Keys, 4), (Cached::Keys, 0), (Cached::Values, 4)] {
                let format = ScaleFormat::Fp16;
                let cache = AttentionCache::new(quantiser(names), cached, WIDTH, size, format);
                let mut cache = cache.unwrap();
                assert_eq!(cache.weights("cache"), None);
                for number in 0..11 {
                    cache.push(&token(number));
                    let expected = at_once(names, cached, number + 1, size);
                    assert_eq!(cache.tokens(), number + 1);
                    assert_eq!(
                        cache.weights("cache"),
                        Some(expected),
                        "{names} {cached:?} {number}"
                    );
                }
            }
        }
    }

    #[test]
    fn whole_groups_of_values_never_change_and_full_precision_is_kept_of_fewer_than_a_group() {
        let format = ScaleFormat::E8m0;
        let mut cache =
            AttentionCache::new(quantiser("int4"), Cached::Values, WIDTH, 4, format).unwrap();
        (0..4).for_each(|number| cache.push(&token(number)));
        let first = cache.blocks[0].clone();
        for number in 4..20 {
            cache.push(&token(number).iter().map(|x| x * 100.0).collect::<Vec<f32>>());
            assert!(cache.waiting.len() < 4);
            assert_eq!(cache.blocks[0], first);
        }
    }

    #[test]
    fn keys_take_scales_that_count_in_a_unit_of_their_token() {
        let mut cache =
            AttentionCache::new(quantiser("int4"), Cached::Keys, WIDTH, 4, ScaleFormat::Int8)
                .unwrap();
        (0..3).for_each(|number| cache.push(&token(number)));
        let weights = cache.weights("keys").unwrap();
        assert_eq!((weights.rows, weights.units.len(), weights.groups.len()), (3, 3, 9));
        assert!(weights.units.iter().all(|unit| *unit != 1.0));
    }

    #[test]
    fn what_is_known_at_the_last_token_only_is_refused() {
        let codes = |quantiser, cached, size, format| -> Vec<&'static str> {
            let refused = AttentionCache::new(quantiser, cached, WIDTH, size, format);
            refused.unwrap_err().iter().map(|problem| problem.code).collect()
        };
        let int4 = || quantiser("int4");
        assert_eq!(codes(int4(), Cached::Keys, 13, ScaleFormat::Fp16), ["group-too-large"]);
        assert_eq!(
            codes(int4(), Cached::Values, 0, ScaleFormat::Int8),
            ["cache-group", "cache-scale"]
        );
        let budget = TypeQuantiser::parse("int4,int8", ChoiceSpan::Group, Some(5.0)).unwrap();
        assert_eq!(codes(budget, Cached::Keys, 4, ScaleFormat::Fp16), ["cache-choice"]);
        let channel = TypeQuantiser::parse("int4,int8", ChoiceSpan::Channel, None).unwrap();
        assert_eq!(codes(channel, Cached::Values, 4, ScaleFormat::Fp16), ["cache-choice"]);
    }
}
