//! Everything derived from a Spec, computed once.
//!
//! A [`Design`] holds every number that is printed: widths, depths, latencies, predicted
//! flip-flops, the port list and the module tree. It is a pure function of the Spec and cannot
//! fail. Each hardware unit has its own module here, named as the field names it.

mod adder;
mod buffer;
mod chain;
mod control;
mod core;
mod design;
mod discrete;
mod float;
mod float_term;
mod lane;
mod port;
mod precompute;
mod product;
mod registers;
mod result;
mod rounded;
mod scale;
mod sequencer;
mod shadow;
mod term;
mod throughput;

pub use adder::{AdderRegisters, FloatingPointAdder};
pub use buffer::{Memory, ReplayBuffer, ReplayBuffers};
pub use chain::{Chain, Link, ResultCollector};
pub use control::Control;
pub use core::Core;
pub use design::{
    AddDatapath, Correction, Datapath, Design, FpLane, FpMacDatapath, GroupTiming, LutDatapath,
    MacDatapath, TermDatapath, Timing, UnitCount,
};
pub use discrete::{
    DeferredAdder, DiscreteLane, FactorCode, FactorDecoder, FloatAdder, FloatMultiplier, LaneAdder,
    PairDecoder, PairMultiplier,
};
pub use float::{
    Aligner, CodeFields, ExponentScanner, FixedToFloat, FloatEdge, ResultRounder, TableExponent,
};
pub use float_term::{FloatOperands, FloatTermLane, FloatTerms};
pub use lane::{AddLane, DotLane, PlaneAccumulator, SelectLane, WeightDecoder};
pub use port::{Direction, Port, Stream};
pub use precompute::{Node, Operand, RoundedParts, StepSum, TablePrecompute, TableRounder};
pub use product::{FloatOperand, FusedLane};
pub use registers::{
    ActivationRegister, BusPort, OperandRegister, TableRegisters, TritUnpacker, WeightRegister,
};
pub use result::{
    ActivationSum, Dequantiser, GroupAccumulator, GroupEdge, LastUse, ResultDrain,
    ZeroPointCorrection, ZeroPointSelect,
};
pub use rounded::{Held, NumberDecoder, NumberEncoder, Rounded, RoundedSelectLane, RoundedTables};
pub use scale::{GroupScaler, ScalePipeline, ScaleSelect, ScaledAccumulator, Scaling};
pub use sequencer::{
    ACTIVATION_BEAT, CommandFields, ResultEdge, Sequenced, Sequencer, WEIGHT_BEAT, ZeroDetector,
};
pub use shadow::{GroupRegister, Shadow, ShadowRegister};
pub use term::{GroupHead, TermEncoder, TermLane, TermLanes, Terms};
pub use throughput::Throughput;
