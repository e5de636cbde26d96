//! The top module around a mutated core: the ports of the core, and a plus argument that selects.

use std::fmt::Write;

use bitplane_emit::manifest::{Manifest, Port};

/// Name of the mutated core.
pub(super) fn inner(top: &str) -> String {
    format!("{top}_mutants")
}

/// A module named as the core, with its ports, whose plus argument `+<selector>=N` drives the
/// `bits` wide input `selector` of the mutated core.
pub(super) fn text(manifest: &Manifest, selector: &str, bits: u32) -> String {
    let (top, inner) = (&manifest.top, inner(&manifest.top));
    let ports: Vec<String> = manifest.ports.iter().map(declaration).collect();
    let mut text = format!(
        "module {top} (\n{}\n);\n  logic [31:0] number;\n\n  initial begin\n    \
         if ($value$plusargs(\"{selector}=%d\", number) == 0) number = 0;\n  end\n\n  \
         {inner} u_mutants (\n",
        ports.join(",\n")
    );
    for Port { name, .. } in &manifest.ports {
        // A string only grows.
        let _ = writeln!(text, "    .{name}({name}),");
    }
    let _ = writeln!(text, "    .{selector}(number[{}:0])\n  );\nendmodule", bits - 1);
    text
}

fn declaration(port: &Port) -> String {
    let Port { name, direction, bits, .. } = port;
    format!("  {direction} logic [{}:0] {name}", bits - 1)
}
