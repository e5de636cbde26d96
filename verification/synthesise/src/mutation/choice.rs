//! Reading Yosys's list of mutations and choosing among them.

use std::collections::VecDeque;

use bitplane_emit::manifest::Manifest;

use super::{Mutation, unit_of};

/// Pins of a clock: of a register and of a unit.
const CLOCKS: [&str; 2] = ["CLK", "clk_i"];

/// The mutation of a line of `mutate -list`; `None` if it is one of a clock.
pub(super) fn parse(line: &str, manifest: &Manifest) -> Option<Mutation> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let all = |option: &'static str| {
        let pairs = words.windows(2).filter(move |pair| pair[0] == option);
        pairs.map(|pair| pair[1])
    };
    let one = |option| all(option).next();
    let (module, cell, port) = (one("-module")?, one("-cell")?, one("-port")?);
    if CLOCKS.contains(&port) {
        return None;
    }
    let bit = |option| one(option).map(|bit| format!("[{bit}]")).unwrap_or_default();
    let (file, line) =
        all("-src").next_back().map_or_else(Default::default, |source| place(source, manifest));
    let decider = one("-ctrlbit").map(|bit| format!(" by [{bit}]")).unwrap_or_default();
    Some(Mutation {
        number: 0,
        unit: unit_of(module, &manifest.top),
        file,
        line,
        mode: format!("{}{decider}", one("-mode")?),
        cell: kind(cell).to_owned(),
        port: format!("{port}{}", bit("-portbit")),
        signal: one("-wire").map(|wire| format!("{wire}{}", bit("-wirebit"))),
        command: words.join(" "),
        module: module.to_owned(),
    })
}

/// `$add` of `$add$../rtl/unit.sv:12$34`; an instance keeps its name.
fn kind(cell: &str) -> &str {
    match cell.strip_prefix('$').and_then(|name| name.split('$').next()) {
        Some(name) => &cell[..=name.len()],
        None => cell,
    }
}

/// File of the bundle and first line of `../rtl/unit.sv:12.3-14.5`.
fn place(source: &str, manifest: &Manifest) -> (String, u32) {
    let (path, range) = source.rsplit_once(':').unwrap_or((source, ""));
    let file = manifest.files.iter().find(|file| path.ends_with(file.as_str()));
    let line = range.split(['.', '-']).next().and_then(|line| line.parse().ok());
    (file.cloned().unwrap_or_else(|| path.to_owned()), line.unwrap_or(0))
}

/// `wanted` of the candidates, numbered from 1: units get equal shares, what a unit has no room for
/// goes to those that have, and within a unit every line of the source has its turn.
pub(super) fn choose(units: Vec<Vec<Mutation>>, wanted: usize) -> Vec<Mutation> {
    let counts: Vec<usize> = units.iter().map(Vec::len).collect();
    let shares = shares(&counts, wanted);
    let chosen = units.into_iter().zip(shares).flat_map(|(unit, share)| spread(unit, share));
    chosen.zip(1..).map(|(mutation, number)| Mutation { number, ..mutation }).collect()
}

/// How many of each unit: as equal as the `counts` allow, the first units one more where it does
/// not come out even.
fn shares(counts: &[usize], wanted: usize) -> Vec<usize> {
    let mut shares = vec![0; counts.len()];
    let mut left = wanted.min(counts.iter().sum());
    while left > 0 {
        let open: Vec<usize> = (0..counts.len()).filter(|i| shares[*i] < counts[*i]).collect();
        let each = (left / open.len()).max(1);
        for i in open.into_iter().take(left) {
            let more = each.min(counts[i] - shares[i]).min(left);
            shares[i] += more;
            left -= more;
        }
    }
    shares
}

/// `share` of the candidates of a unit, one of each line, then another of each.
fn spread(candidates: Vec<Mutation>, share: usize) -> Vec<Mutation> {
    let mut lines: VecDeque<(u32, VecDeque<Mutation>)> = VecDeque::new();
    for mutation in candidates {
        match lines.iter_mut().find(|(line, _)| *line == mutation.line) {
            Some((_, of_line)) => of_line.push_back(mutation),
            None => lines.push_back((mutation.line, [mutation].into())),
        }
    }
    let mut chosen = Vec::new();
    while chosen.len() < share
        && let Some((line, mut of_line)) = lines.pop_front()
    {
        chosen.extend(of_line.pop_front());
        if !of_line.is_empty() {
            lines.push_back((line, of_line));
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mutation::tests::manifest;

    const LISTED: &str = "mutate -mode cnot1 -module unit_lane -cell $add$../rtl/unit_lane.sv:67$162 \
                          -port Y -portbit 8 -ctrlbit 5 -wire partial_o -wirebit 9 \
                          -src ../rtl/unit_lane.sv:23.26-23.35 -src ../rtl/unit_lane.sv:67.13-67.39";

    #[test]
    fn a_listed_mutation_is_told_by_unit_line_cell_port_and_signal() {
        let mutation = parse(LISTED, &manifest()).unwrap();
        assert_eq!(mutation.place(), "rtl/unit_lane.sv:67");
        assert_eq!((mutation.unit.as_str(), mutation.mode.as_str()), ("lane", "cnot1 by [5]"));
        assert_eq!((mutation.cell.as_str(), mutation.port.as_str()), ("$add", "Y[8]"));
        assert_eq!(mutation.signal.as_deref(), Some("partial_o[9]"));
        assert_eq!(mutation.command, LISTED);
    }

    #[test]
    fn clock_pins_are_left_alone() {
        for pin in CLOCKS {
            assert_eq!(
                parse(&LISTED.replace("-port Y", &format!("-port {pin}")), &manifest()),
                None
            );
        }
    }

    #[test]
    fn an_instance_keeps_its_name_and_a_register_is_one() {
        assert_eq!(kind("u_control"), "u_control");
        assert_eq!(kind("$procdff$487"), "$procdff");
    }

    #[test]
    fn shares_are_equal_as_far_as_units_have_room() {
        assert_eq!(shares(&[100, 100, 100], 30), [10, 10, 10]);
        assert_eq!(shares(&[2, 100, 100], 30), [2, 14, 14]);
        assert_eq!(shares(&[100, 100, 100], 32), [11, 11, 10]);
        assert_eq!(shares(&[1, 2], 30), [1, 2]);
        assert_eq!(shares(&[0, 5], 3), [0, 3]);
    }

    #[test]
    fn every_line_has_its_turn_before_one_has_a_second() {
        let at = |line| Mutation { line, ..parse(LISTED, &manifest()).unwrap() };
        let candidates = [1, 1, 1, 2, 3, 3].map(at).to_vec();
        let lines = |share| -> Vec<u32> {
            choose(vec![candidates.clone()], share).iter().map(|each| each.line).collect()
        };
        assert_eq!(lines(4), [1, 2, 3, 1]);
        assert_eq!(lines(9), [1, 2, 3, 1, 3, 1]);
    }
}
