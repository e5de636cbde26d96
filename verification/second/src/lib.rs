//! A second, independent description of leaf units in rust-hdl.
//!
//! Written from the definitions and not from the templates: each block is simulated in Rust
//! without any tool, and the Verilog that rust-hdl prints for it is proved equivalent to the
//! generated SystemVerilog by Yosys (`tests/equivalence.rs`). Widths are those of groups of four
//! INT8 activations: entries of 10 bits, 8 of them a table.

// The derive macros print code without comments.
#![allow(missing_docs)]

use rust_hdl::prelude::*;

/// Runtime fold and one-hot decode of one group of four plain weight bits.
#[derive(LogicBlock, Default)]
pub struct RuntimeFold {
    /// Element i in bit i; 1 adds.
    pub word_i: Signal<In, Bits<4>>,
    /// The looked-up entry is negated.
    pub negate_o: Signal<Out, Bit>,
    /// Bit e selects entry e.
    pub select_o: Signal<Out, Bits<8>>,
    index: Signal<Local, Bits<8>>,
}

impl Logic for RuntimeFold {
    #[hdl_gen]
    fn update(&mut self) {
        self.negate_o.next = !self.word_i.val().get_bit(3);
        self.index.next = bit_cast::<8, 3>(self.word_i.val().get_bits::<3>(0));
        if !self.word_i.val().get_bit(3) {
            self.index.next = bit_cast::<8, 3>(self.word_i.val().get_bits::<3>(0) ^ 7);
        }
        self.select_o.next = bits::<8>(1) << self.index.val();
    }
}

/// Look-up of one offline-folded group in a table: the entry, negated where the sign says so.
#[derive(LogicBlock, Default)]
pub struct LookUp {
    /// Table index in bits 0 to 2, sign in bit 3.
    pub word_i: Signal<In, Bits<4>>,
    /// The lowest bit of all eight entries, then their other nine bits, entry 0 lowest, two's
    /// complement.
    pub table_i: Signal<In, Bits<73>>,
    /// The signed sum, 11 bits, two's complement.
    pub partial_o: Signal<Out, Bits<11>>,
    offset: Signal<Local, Bits<8>>,
    entry: Signal<Local, Bits<11>>,
}

impl Logic for LookUp {
    #[hdl_gen]
    fn update(&mut self) {
        self.offset.next = bit_cast::<8, 3>(self.word_i.val().get_bits::<3>(0));
        // Index times nine, as a shift: the printed Verilog has no multiplier.
        self.offset.next = (self.offset.val() << 3) + self.offset.val();
        self.entry.next = bit_cast::<11, 73>(self.table_i.val() >> self.offset.val()) & 0x3fe;
        if self.table_i.val().get_bit(0) {
            self.entry.next = self.entry.val() | 1;
        }
        if self.entry.val().get_bit(9) {
            self.entry.next = self.entry.val() | 0x400;
        }
        self.partial_o.next = self.entry.val();
        if self.word_i.val().get_bit(3) {
            self.partial_o.next = bits::<11>(0) - self.entry.val();
        }
    }
}
