//! The weights of a layer, whichever kind of core they are for.

use bitplane_weights::{PackedWeights, TypedWeights};

/// The content of a packed file.
#[derive(Debug)]
pub enum LayerWeights {
    /// Integers.
    Integers(PackedWeights),
    /// Weights of data types.
    Types(TypedWeights),
}

impl LayerWeights {
    /// The tensor's name.
    pub fn tensor(&self) -> &str {
        match self {
            Self::Integers(weights) => &weights.header().tensor,
            Self::Types(weights) => &weights.name,
        }
    }

    /// The quantiser's name.
    pub fn quantiser(&self) -> &str {
        match self {
            Self::Integers(weights) => &weights.header().quantiser,
            Self::Types(weights) => &weights.quantiser,
        }
    }

    /// Output channels.
    pub fn outputs(&self) -> usize {
        match self {
            Self::Integers(weights) => weights.outputs(),
            Self::Types(weights) => weights.rows,
        }
    }

    /// Input channels.
    pub fn inputs(&self) -> usize {
        match self {
            Self::Integers(weights) => weights.inputs(),
            Self::Types(weights) => weights.columns(),
        }
    }

    /// Input channels of a quantisation group; 0: all of an output channel.
    pub fn group(&self) -> usize {
        match self {
            Self::Integers(weights) => weights.grouping().size(),
            Self::Types(weights) => weights.grouping.size(),
        }
    }

    /// The real weights that the codes stand for [output channels, input channels], in the order of the
    /// tensor.
    pub fn dequantise(&self) -> Vec<f32> {
        match self {
            Self::Integers(weights) => weights.quantised().dequantise(),
            Self::Types(weights) => weights.in_tensor_order().dequantise(),
        }
    }

    /// The output channel of the tensor that the file's channel `place` is.
    pub fn channel(&self, place: usize) -> usize {
        match self {
            Self::Integers(_) => place,
            Self::Types(weights) => weights.order[place] as usize,
        }
    }
}
