//! Cuts a netlist at its registers, so that a proof about its logic is one about all its states.

/// Types of register that elaboration leaves.
const REGISTERS: [&str; 9] =
    ["$dff", "$dffe", "$adff", "$adffe", "$sdff", "$sdffe", "$sdffce", "$aldff", "$dffsr"];
/// Port numbers beyond those that a module has.
const FIRST_PORT: usize = 1 << 20;

/// Every register of a module in Yosys's own text form becomes an input, its output, and outputs,
/// its other ports. Two netlists whose cells have the same names so get the same ports.
pub(super) fn cut(rtlil: &str) -> String {
    let mut text = String::with_capacity(rtlil.len());
    let mut joints = String::new();
    let mut port = FIRST_PORT;
    let mut lines = rtlil.lines();
    while let Some(line) = lines.next() {
        match register(line) {
            Some(name) => {
                let body: Vec<&str> =
                    lines.by_ref().take_while(|line| line.trim() != "end").collect();
                for joint in joints_of(&body) {
                    port += 1;
                    let ended = format!("\\{name}.{}", joint.port);
                    let direction = if joint.port == "Q" { "input" } else { "output" };
                    let width = joint.width;
                    text.push_str(&format!("  wire width {width} {direction} {port} {ended}\n"));
                    joints.push_str(&match joint.port {
                        "Q" => format!("  connect {} {ended}\n", joint.signal),
                        _ => format!("  connect {ended} {}\n", joint.signal),
                    });
                }
            }
            None => {
                if line == "end" {
                    text.push_str(&std::mem::take(&mut joints));
                }
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    text
}

/// Name of the register that `line` begins, in the characters of a plain name.
fn register(line: &str) -> Option<String> {
    let mut words = line.split_whitespace();
    let kind = words.next().filter(|word| *word == "cell").and(words.next())?;
    let name = words.next()?.trim_start_matches('\\');
    REGISTERS.contains(&kind).then(|| name.to_owned())
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
          attribute \src "a:1"
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
