use bitplane_formats::IntegerFormat;
use bitplane_spec::{AccumulatorFormat, Overflow, Spec};

/// What becomes of a sum that does not fit.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Policy {
    /// Every sum fits.
    Exact,
    /// The low bits are kept.
    Wrap(IntegerFormat),
    /// The nearest value is kept, at every addition.
    Saturate(IntegerFormat),
}

impl Policy {
    pub(crate) fn of(spec: &Spec) -> Self {
        match (spec.accumulate.format, spec.accumulate.overflow) {
            (AccumulatorFormat::Auto, _) => Self::Exact,
            (AccumulatorFormat::Integer(format), Overflow::Saturate) => Self::Saturate(format),
            (AccumulatorFormat::Integer(format), _) => Self::Wrap(format),
        }
    }

    /// A corrected result as the result port carries it.
    pub(crate) fn keep(self, result: i128) -> i128 {
        match self {
            Self::Exact => result,
            Self::Wrap(format) | Self::Saturate(format) => format.wrap(result),
        }
    }
}
