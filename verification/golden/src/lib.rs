//! The golden model: exact values of a run, computed without looking at the structure of the hardware.
