//! Quantisation groups: which input channels share a scale and a zero point.

use std::ops::Range;

use bitplane_spec::Problem;

/// The quantisation groups of every output channel: `size` successive input channels each, the
/// last group shorter where `size` does not divide their number. Size 0 makes the whole output
/// channel one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grouping {
    inputs: usize,
    size: usize,
}

impl Grouping {
    /// Groups of `size` of the `inputs` input channels.
    ///
    /// # Errors
    /// `group-too-large` if there are fewer input channels than one group takes.
    pub fn new(inputs: usize, size: usize) -> Result<Self, Problem> {
        if size <= inputs { Ok(Self { inputs, size }) } else { Err(too_large(inputs, size)) }
    }

    /// One group per output channel.
    pub fn per_channel(inputs: usize) -> Self {
        Self { inputs, size: 0 }
    }

    /// Input channels of an output channel.
    pub fn inputs(self) -> usize {
        self.inputs
    }

    /// The size as it was stated; 0 stands for the whole output channel.
    pub fn size(self) -> usize {
        self.size
    }

    /// Input channels of every group but the last.
    pub fn span(self) -> usize {
        if self.size == 0 { self.inputs } else { self.size }
    }

    /// Groups of an output channel.
    pub fn count(self) -> usize {
        self.inputs.div_ceil(self.span().max(1))
    }

    /// The input channels of a group.
    pub fn members(self, group: usize) -> Range<usize> {
        let start = group * self.span();
        start.min(self.inputs)..(start + self.span()).min(self.inputs)
    }

    /// The group that an input channel belongs to.
    pub fn group_of(self, input: usize) -> usize {
        input / self.span().max(1)
    }
}

fn too_large(inputs: usize, size: usize) -> Problem {
    Problem::new(
        "group-too-large",
        "--group",
        format!("a group of {size} input channels does not fit the {inputs} that there are"),
        format!("give 1 to {inputs}, or leave --group out for one scale per output channel"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_group_is_shorter_where_the_size_does_not_divide_the_channels() {
        let groups = Grouping::new(10, 4).unwrap();
        assert_eq!(groups.count(), 3);
        assert_eq!([0, 1, 2].map(|group| groups.members(group)), [0..4, 4..8, 8..10]);
        assert_eq!([0, 3, 4, 9].map(|input| groups.group_of(input)), [0, 0, 1, 2]);
    }

    #[test]
    fn size_zero_is_one_group_of_all_channels() {
        let whole = Grouping::per_channel(10);
        assert_eq!((whole.size(), whole.span(), whole.count()), (0, 10, 1));
        assert_eq!((whole.members(0), whole.group_of(9)), (0..10, 0));
    }

    #[test]
    fn a_group_of_more_channels_than_there_are_is_refused() {
        let problem = Grouping::new(10, 11).unwrap_err();
        insta::assert_snapshot!(problem, @"a group of 11 input channels does not fit the 10 that there are");
        insta::assert_snapshot!(problem.help, @"give 1 to 10, or leave --group out for one scale per output channel");
    }
}
