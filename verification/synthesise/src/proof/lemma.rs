//! What is proved of a unit.

/// What becomes of a unit's registers in a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registers {
    /// They are wires: the unit is a pipeline without feedback, and its value is what matters.
    Transparent,
    /// They are inputs, their state, and outputs, their next state: one step from any state.
    NextState,
}

/// One statement about one unit, as a module whose output `wrong` is 1 where it does not hold.
#[derive(Clone, Debug)]
pub struct Lemma {
    /// The unit.
    pub unit: String,
    /// Its module.
    pub module: String,
    /// What holds for all inputs.
    pub statement: String,
    /// Sizes that it is proved for.
    pub widths: String,
    /// What becomes of registers.
    pub registers: Registers,
    /// SystemVerilog of the module `lemma`.
    pub text: String,
}
