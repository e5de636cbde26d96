//! Ports of the generated modules, as their text declares them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use bitplane_emit::manifest::Manifest;

use crate::error::Failure;

/// Widths of the ports of every module of a bundle.
pub(super) struct Ports {
    top: String,
    modules: BTreeMap<String, BTreeMap<String, u32>>,
}

impl Ports {
    /// Reads the files of the bundle.
    pub(super) fn read(bundle: &Path, manifest: &Manifest) -> Result<Self, Failure> {
        let mut modules = BTreeMap::new();
        for file in &manifest.files {
            let path = bundle.join(file);
            let text = fs::read_to_string(&path).map_err(|error| Failure::read(&path, error))?;
            let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            modules.insert(stem, widths(&text));
        }
        Ok(Self { top: manifest.top.clone(), modules })
    }

    /// The unit of that name, if the core has it.
    pub(super) fn unit(&self, unit: &str) -> Option<UnitPorts<'_>> {
        let module = format!("{}_{unit}", self.top);
        let widths = self.modules.get(&module)?;
        Some(UnitPorts { unit: unit.to_owned(), module, widths })
    }
}

/// Ports of one unit.
pub(super) struct UnitPorts<'a> {
    pub unit: String,
    pub module: String,
    widths: &'a BTreeMap<String, u32>,
}

impl UnitPorts<'_> {
    /// Width of a port, if the unit has it.
    pub(super) fn bits(&self, port: &str) -> Option<u32> {
        self.widths.get(port).copied()
    }

    /// The connection of the clock, where there is one.
    pub(super) fn clock(&self) -> &'static str {
        if self.widths.contains_key("clk_i") { ".clk_i(clk), " } else { "" }
    }
}

/// Ports by name, of declarations such as `input  logic [72:0]    tables_i,`.
fn widths(text: &str) -> BTreeMap<String, u32> {
    let ports = text.lines().filter_map(|line| {
        let line = line.trim().trim_end_matches(',');
        let rest = line.strip_prefix("input").or_else(|| line.strip_prefix("output"))?;
        let rest = rest.trim().strip_prefix("logic")?.trim();
        let (range, name) = match rest.strip_prefix('[') {
            Some(rest) => rest.split_once(']')?,
            None => ("0:0", rest),
        };
        let high: u32 = range.split(':').next()?.parse().ok()?;
        Some((name.trim().to_owned(), high + 1))
    });
    ports.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_have_the_widths_of_their_declarations() {
        let text = "module m (\n  input  logic           clk_i,\n  // Sum.\n  input  logic [72:0]    \
                    tables_i,\n  output logic [10:0]    partial_o\n);\n  logic [3:0] inner;\n";
        let expected = [("clk_i", 1), ("partial_o", 11), ("tables_i", 73)];
        let expected = expected.map(|(name, bits)| (name.to_owned(), bits));
        assert_eq!(widths(text), expected.into());
    }
}
