//! Runs Yosys on a bundle and reads area, cells, flops and delay.
