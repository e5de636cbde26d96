//! Everything derived from a Spec, computed once: widths, bounds, latencies, ports, module tree.
