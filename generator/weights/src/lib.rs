//! Reads checkpoints, quantises and packs weights and activations.
