//! Reading what Yosys and ABC print. Both ends of the supported range of versions are covered.

use std::collections::BTreeMap;

use serde::Deserialize;

/// `0.23` of `Yosys 0.23 (git sha1 7ce5011c24b)`, `0.70+12` of a build between releases.
pub(crate) fn version(text: &str) -> Option<String> {
    let words = text.split("Yosys ").skip(1);
    let mut words = words.filter_map(|rest| rest.split([' ', '"', '\n', '(']).next());
    words.find(|word| release(word).is_some()).map(str::to_owned)
}

/// Major and minor number of a version.
pub(crate) fn release(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.');
    let major = parts.next()?.parse().ok()?;
    let minor = parts.next()?;
    let digits = minor.find(|c: char| !c.is_ascii_digit()).unwrap_or(minor.len());
    Some((major, minor[..digits].parse().ok()?))
}

/// Cells by type of every module, submodules among them, names without a leading backslash.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Statistics {
    pub modules: BTreeMap<String, BTreeMap<String, u64>>,
}

#[derive(Deserialize)]
struct StatFile {
    modules: BTreeMap<String, StatModule>,
}

#[derive(Deserialize)]
struct StatModule {
    #[serde(default)]
    num_cells_by_type: BTreeMap<String, u64>,
    #[serde(default)]
    num_submodules_by_type: BTreeMap<String, u64>,
}

/// Output of `stat -json`, with whatever the version prints around it.
pub(crate) fn statistics(text: &str) -> Option<Statistics> {
    let body = text.get(text.find('{')?..=text.rfind('}')?)?;
    let file: StatFile = serde_json::from_str(body).ok()?;
    let modules = file.modules.into_iter();
    let modules = modules.map(|(name, module)| (plain(&name), cells(module))).collect();
    Some(Statistics { modules })
}

/// Submodules are listed among the cells, apart from them, or both, depending on the version.
fn cells(module: StatModule) -> BTreeMap<String, u64> {
    let both = module.num_submodules_by_type.into_iter().chain(module.num_cells_by_type);
    both.map(|(name, count)| (plain(&name), count)).collect()
}

fn plain(name: &str) -> String {
    name.strip_prefix('\\').unwrap_or(name).to_owned()
}

/// The module as written: Yosys calls one with parameters `$paramod\name\P=..` or
/// `$paramod$HASH\name`.
pub(crate) fn base_name(module: &str) -> &str {
    if module.starts_with("$paramod") {
        module.split('\\').nth(1).unwrap_or(module)
    } else {
        module
    }
}

/// What ABC says of the netlists it mapped.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Mapping {
    /// Largest delay in picoseconds.
    pub delay_ps: f64,
    /// Cells on the longest path.
    pub depth: u64,
}

/// The slowest and the deepest of the mapper's runs in a log; nothing if it did not run.
pub(crate) fn mapping(log: &str) -> Option<Mapping> {
    let lines = || log.lines().filter(|line| line.starts_with("ABC: "));
    let delays = lines().filter(|line| line.contains("WireLoad"));
    let delay_ps = delays.filter_map(|line| number_after(line, "Delay =")).max_by(f64::total_cmp);
    let depths = lines().filter(|line| line.contains("i/o ="));
    let depth = depths.filter_map(|line| number_after(line, "lev =")).max_by(f64::total_cmp);
    Some(Mapping { delay_ps: delay_ps?, depth: depth.unwrap_or(0.0) as u64 })
}

fn number_after(line: &str, label: &str) -> Option<f64> {
    let rest = &line[line.rfind(label)? + label.len()..];
    rest.split_whitespace().next()?.parse().ok()
}

/// What Yosys says of a source that it does not take: its last error. Errors of the mapper it has
/// started, and of files it cannot open, are not about the source.
pub(crate) fn refusal(log: &str) -> Option<&str> {
    let error = log.lines().rfind(|line| line.contains("ERROR: "))?;
    let of_the_machine = ["ERROR: ABC", "ERROR: Can't open", "ERROR: Failed to open"];
    (!of_the_machine.iter().any(|start| error.contains(start))).then(|| error.trim())
}

/// Problems `check` found, as its summary line gives them.
pub(crate) fn check_problems(log: &str) -> u64 {
    let lines = log.lines().filter_map(|line| line.strip_prefix("Found and reported "));
    let counts = lines.filter_map(|line| line.split(' ').next()?.parse().ok());
    counts.max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_each_program_prints() {
        let native = "Yosys 0.23 (git sha1 7ce5011c24b)\n";
        let python = "{\n \"creator\": \"Yosys 0.70 (git sha1 28ba3cb92, Release)\",\n";
        assert_eq!(version(native).as_deref(), Some("0.23"));
        assert_eq!(version(python).as_deref(), Some("0.70"));
        assert_eq!(version("Yosys 0.9+4081 (git)").as_deref(), Some("0.9+4081"));
        assert_eq!(version("bash: yosys: not found"), None);
        assert_eq!(release("0.9+4081"), Some((0, 9)));
        assert!(release("0.23") < release("0.70"));
    }

    const OLD: &str = r#"
   "creator" is not here {
   "creator": "Yosys 0.23 (git sha1 7ce5011c24b)",
   "modules": {
      "$paramod\\t_bank\\W=s32'00000000000000000000000000001000": {
         "num_cells":         16,
         "num_cells_by_type": {
            "DFF_X1": 8,
            "MUX2_X1": 8
         }
      },
      "\\t": {
         "num_cells":         2,
         "num_cells_by_type": {
            "$paramod\\t_bank\\W=s32'00000000000000000000000000001000": 2
         }
      }
   },
      "design": {
         "num_cells":         32
      }
}
"#;
    const NEW: &str = r#"{
   "creator": "Yosys 0.70 (git sha1 28ba3cb92, Release)",
   "modules": {
      "$paramod\\t_bank\\W=s32'00000000000000000000000000001000": {
         "num_cells":         16,
         "num_submodules":       0,
         "num_cells_by_type": {
            "DFF_X1": 8,
            "MUX2_X1": 8
         }
      },
      "\\t": {
         "num_cells":         0,
         "num_submodules":       2,
         "num_cells_by_type": {
         },
         "num_submodules_by_type": {
            "$paramod\\t_bank\\W=s32'00000000000000000000000000001000": 2
         }
      }
   }
}
"#;

    #[test]
    fn cell_counts_of_both_versions_read_the_same() {
        let old = statistics(&OLD[OLD.find("{\n   \"creator\"").unwrap()..]).unwrap();
        assert_eq!(old, statistics(NEW).unwrap());
        let bank = r"$paramod\t_bank\W=s32'00000000000000000000000000001000";
        assert_eq!(old.modules["t"][bank], 2);
        assert_eq!(old.modules[bank]["DFF_X1"], 8);
        assert_eq!(statistics("ERROR"), None);
        assert_eq!(statistics("} {"), None);
    }

    #[test]
    fn modules_with_parameters_are_known_by_their_own_name() {
        assert_eq!(base_name(r"$paramod\t_bank\W=s32'00001000"), "t_bank");
        assert_eq!(base_name(r"$paramod$5fd0a1\t_bank"), "t_bank");
        assert_eq!(base_name("t_bank"), "t_bank");
    }

    const ABC: &str = "\
ABC: + stime -p 
ABC: WireLoad = \"none\"  Gates =     89 ( 10.1 %)   Cap =  2.8 ff (  1.1 %)   Area =      \
156.14 ( 89.9 %)   Delay =   180.93 ps  (100.0 %)               
ABC: Path  0 --       2 : 0    1 pi      A =   0.00  Df =   2.7   -0.7 ps  S =   5.6 ps
ABC: netlist                       : i/o =   82/   80  lat =    0  nd =    89  edge =    249  \
area =156.14  delay = 3.00  lev = 3
ABC: WireLoad = \"none\"  Gates =  46297 ( 18.6 %)   Cap =  3.9 ff (  1.0 %)   Area =    \
51044.60 ( 91.5 %)   Delay =  1670.56 ps  (  2.5 %)               
ABC: netlist                       : i/o = 3822/ 3800  lat =    0  nd = 46297  edge =   249  \
area =51044.60  delay =31.00  lev = 31
";

    #[test]
    fn the_slowest_of_the_mapped_modules_counts() {
        assert_eq!(mapping(ABC), Some(Mapping { delay_ps: 1670.56, depth: 31 }));
        assert_eq!(mapping("ABC: Error"), None);
    }

    #[test]
    fn an_error_about_the_source_is_told_from_one_of_the_machine() {
        let syntax = "1. Executing\nm.sv:1: ERROR: syntax error, unexpected ';'\n";
        assert_eq!(refusal(syntax), Some("m.sv:1: ERROR: syntax error, unexpected ';'"));
        let abc = "ERROR: ABC: execution of command \"yosys-abc\" failed: return code 137.\n";
        assert_eq!(refusal(abc), None);
        assert_eq!(refusal("terminate called after throwing std::bad_alloc\n"), None);
    }

    #[test]
    fn the_netlist_check_is_read_from_its_summary() {
        assert_eq!(check_problems("Found and reported 0 problems.\n"), 0);
        assert_eq!(check_problems("x\nFound and reported 3 problems.\n"), 3);
    }
}
