//! A second, independent description of the leaf units in rust-hdl.
