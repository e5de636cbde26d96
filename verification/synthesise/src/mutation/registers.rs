//! Cuts a netlist at its registers, so that a proof about its logic is one about all its states.

/// Types of register that elaboration leaves.
const REGISTERS: [&str; 9] =
    ["$dff", "$dffe", "$adff", "$adffe", "$sdff", "$sdffe", "$sdffce", "$aldff", "$dffsr"];
/// The register that takes its input at every edge.
const PLAIN: &str = "$dff";
/// Port numbers beyond those that a module has.
const FIRST_PORT: usize = 1 << 20;

/// Every register of a module in Yosys's own text form becomes an input, its output, and outputs,
/// its other ports. Two netlists whose cells have the same names so get the same ports.
pub(crate) fn cut(rtlil: &str) -> String {
    replaced(rtlil, &REGISTERS, |name, body, port| {
        joints_of(body)
            .into_iter()
            .map(|joint| {
                let ended = format!("\\{name}.{}", joint.port);
                joined(&joint, &ended, port)
            })
            .collect()
    })
}

/// As [`cut`] with registers named by what they drive: the register of `sum_q` becomes the input
/// `sum_q_was` and the output `sum_q_next`. Only registers without reset and enable, whose input is
/// all of their next state; others stay.
pub(crate) fn named(rtlil: &str) -> String {
    replaced(rtlil, &[PLAIN], |name, body, port| {
        let joints = joints_of(body);
        let driven = joints.iter().find(|joint| joint.port == "Q").map(|joint| joint.signal);
        let driven = driven.and_then(|signal| signal.strip_prefix('\\'));
        let name = driven.filter(|signal| !signal.contains(' ')).unwrap_or(name).to_owned();
        let ends = [("Q", "was"), ("D", "next")];
        let of_end = |(wanted, end): (&str, &str)| {
            let joint = joints.iter().find(|joint| joint.port == wanted)?;
            Some(joined(joint, &format!("\\{name}_{end}"), port))
        };
        ends.into_iter().filter_map(of_end).collect()
    })
}

/// Every register without reset and enable becomes a wire from its input to its output; others stay.
pub(crate) fn transparent(rtlil: &str) -> String {
    replaced(rtlil, &[PLAIN], |_, body, _| {
        let joints = joints_of(body);
        let of = |port| joints.iter().find(|joint| joint.port == port).map(|joint| joint.signal);
        let wire = of("Q").zip(of("D"));
        wire.map(|(q, d)| (String::new(), format!("  connect {q} {d}\n"))).into_iter().collect()
    })
}

/// A port of a module, and what joins it to the netlist.
type Joined = (String, String);

fn joined(joint: &Joint, ended: &str, port: &mut usize) -> Joined {
    *port += 1;
    let Joint { signal, width, .. } = joint;
    match joint.port {
        "Q" => (
            format!("  wire width {width} input {port} {ended}\n"),
            format!("  connect {signal} {ended}\n"),
        ),
        _ => (
            format!("  wire width {width} output {port} {ended}\n"),
            format!("  connect {ended} {signal}\n"),
        ),
    }
}

/// Every register of a module replaced by what `by` makes of its name and its lines.
fn replaced(
    rtlil: &str,
    kinds: &[&str],
    by: impl Fn(&str, &[&str], &mut usize) -> Vec<Joined>,
) -> String {
    let mut text = String::with_capacity(rtlil.len());
    let mut joints = String::new();
    // Those of a register go with it.
    let mut attributes = String::new();
    let mut port = FIRST_PORT;
    let mut lines = rtlil.lines();
    while let Some(line) = lines.next() {
        if line.trim_start().starts_with("attribute ") {
            attributes.push_str(line);
            attributes.push('\n');
            continue;
        }
        match register(line, kinds) {
            Some(name) => {
                attributes.clear();
                let body: Vec<&str> =
                    lines.by_ref().take_while(|line| line.trim() != "end").collect();
                for (declared, joint) in by(&name, &body, &mut port) {
                    text.push_str(&declared);
                    joints.push_str(&joint);
                }
            }
            None => {
                if line == "end" {
                    text.push_str(&std::mem::take(&mut joints));
                }
                text.push_str(&std::mem::take(&mut attributes));
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    text
}

/// Name of the register of one of these `kinds` that `line` begins.
fn register(line: &str, kinds: &[&str]) -> Option<String> {
    let mut words = line.split_whitespace();
    let kind = words.next().filter(|word| *word == "cell").and(words.next())?;
    let name = words.next()?.trim_start_matches('\\');
    kinds.contains(&kind).then(|| name.to_owned())
}

/// A port of a register and what it is connected to.
struct Joint<'a> {
    port: &'a str,
    signal: &'a str,
    width: u32,
}

fn joints_of<'a>(body: &[&'a str]) -> Vec<Joint<'a>> {
    let of = |keyword: &'static str| {
        let lines = body.iter().map(|line| line.trim());
        lines.filter_map(move |line| line.strip_prefix(keyword)?.trim().split_once(' '))
    };
    let width = of("parameter").find(|(name, _)| *name == "\\WIDTH");
    let width = width.and_then(|(_, value)| value.parse().ok()).unwrap_or(1);
    let joint = |(port, signal): (&'a str, &'a str)| {
        let port = port.trim_start_matches('\\');
        let width = if ["D", "Q", "AD"].contains(&port) { width } else { 1 };
        Joint { port, signal, width }
    };
    of("connect").map(joint).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_register_becomes_ports_and_other_cells_stay() {
        let rtlil = "module \\gold\n  wire width 4 \\d\n  attribute \\src \"a:1\"\n  \
                     cell $dff $procdff$7\n    parameter \\WIDTH 4\n    connect \\CLK \\clk_i\n    \
                     connect \\D \\d\n    connect \\Q { \\q \\p }\n  end\n  \
                     cell $not $n$1\n    connect \\A \\q\n  end\nend\n";
        insta::assert_snapshot!(cut(rtlil), @r#"
        module \gold
          wire width 4 \d
          wire width 1 output 1048577 \$procdff$7.CLK
          wire width 4 output 1048578 \$procdff$7.D
          wire width 4 input 1048579 \$procdff$7.Q
          cell $not $n$1
            connect \A \q
          end
          connect \$procdff$7.CLK \clk_i
          connect \$procdff$7.D \d
          connect { \q \p } \$procdff$7.Q
        end
        "#);
    }
}
