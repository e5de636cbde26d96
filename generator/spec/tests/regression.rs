//! The configurations of the long regression go over the whole legal space together: what the
//! schema lets through is run by `scripts/regression`, or stands here with the reason why not.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use bitplane_spec::{Spec, json_schema, parse};
use serde_json::Value;

/// An end of a legal range that no configuration takes.
struct NotRun {
    kinds: &'static [&'static str],
    key: &'static str,
    end: u64,
    /// What is run in its place.
    instead: &'static [u64],
    /// Why, as a clause.
    reason: &'static str,
}

const LUT: &str = "lut_tensor_core";
const CONVENTIONAL: &str = "lut_conventional";
const ADD: &str = "add_array";
const MAC: &str = "mac_array";
const FP_MAC: &str = "fp_mac_array";
const BITMOD: &str = "bitmod_tile";

const NOT_RUN: &[NotRun] = &[
    NotRun {
        kinds: &[LUT, CONVENTIONAL, FP_MAC],
        key: "activation.bus",
        end: 1,
        instead: &[4, 8],
        reason: "a k-step has 4 bits or more, and a port of less than a byte is built only for a \
                 k-step of fewer bits",
    },
    NotRun {
        kinds: &[ADD, MAC],
        key: "activation.bus",
        end: 1,
        instead: &[2, 8],
        reason: "a k-step has 2 bits or more, and a port of less than a byte is built only for a \
                 k-step of fewer bits",
    },
    NotRun {
        kinds: &[FP_MAC],
        key: "tile.n",
        end: 1024,
        instead: &[16],
        reason: "minutes of compilation for multipliers that differ in nothing",
    },
    NotRun {
        kinds: &[FP_MAC],
        key: "tile.drain",
        end: 1024,
        instead: &[16],
        reason: "minutes of compilation for roundings that differ in nothing",
    },
    NotRun {
        kinds: &[LUT, CONVENTIONAL],
        key: "weight.bus",
        end: 1,
        instead: &[2, 8],
        reason: "the smallest tile takes 2 bits a cycle, and a port of less than a byte is built \
                 only for fewer bits",
    },
    NotRun {
        kinds: &[BITMOD],
        key: "activation.bus",
        end: 1,
        instead: &[2],
        reason: "a k-step has 2 bits or more, and a port as narrow as that is not built for quantisation groups",
    },
    NotRun {
        kinds: &[BITMOD],
        key: "weight.bus",
        end: 1,
        instead: &[8],
        reason: "a column has the 8 bits of a scale, and ports of quantisation groups are as wide as the array \
                 takes them",
    },
    NotRun {
        kinds: &[BITMOD],
        key: "tile.n",
        end: 1024,
        instead: &[64],
        reason: "minutes of compilation for loops over columns that lut_tensor_core runs",
    },
    NotRun {
        kinds: &[BITMOD],
        key: "tile.drain",
        end: 1024,
        instead: &[64],
        reason: "minutes of compilation for floating-point adders that differ in nothing",
    },
    NotRun {
        kinds: &[LUT, CONVENTIONAL, ADD, MAC, FP_MAC, BITMOD],
        key: "activation.bus",
        end: WIDEST_BUS,
        instead: &[],
        reason: "no k-step has so many bits",
    },
    NotRun {
        kinds: &[LUT, CONVENTIONAL, ADD, MAC, FP_MAC, BITMOD],
        key: "weight.bus",
        end: WIDEST_BUS,
        instead: &[],
        reason: "no array takes so many bits",
    },
    NotRun {
        kinds: &[MAC],
        key: "tile.n",
        end: 1024,
        instead: &[256],
        reason: "a minute of compilation for the loops over columns that lut_tensor_core runs",
    },
    NotRun {
        kinds: &[MAC],
        key: "tile.drain",
        end: 1024,
        instead: &[256],
        reason: "a minute of compilation for the result drain that lut_tensor_core runs",
    },
    NotRun {
        kinds: &[CONVENTIONAL, ADD],
        key: "tile.n",
        end: 1024,
        instead: &[64],
        reason: "a minute of compilation for the loops over columns that lut_tensor_core runs",
    },
    NotRun {
        kinds: &[CONVENTIONAL, ADD],
        key: "tile.drain",
        end: 1024,
        instead: &[64],
        reason: "a minute of compilation for the result drain that lut_tensor_core runs",
    },
    NotRun {
        kinds: &[LUT, CONVENTIONAL],
        key: "table.copies",
        end: 1024,
        instead: &[16],
        reason: "minutes of compilation for tables that differ in nothing",
    },
    NotRun {
        kinds: &[LUT, BITMOD],
        key: "group.size",
        end: 0,
        instead: &[1],
        reason: "0 stands for no groups and is never set",
    },
    NotRun {
        kinds: &[LUT],
        key: "group.scale_units",
        end: 1024,
        instead: &[32],
        reason: "two minutes of compilation for multipliers that differ in nothing",
    },
    NotRun {
        kinds: &[BITMOD],
        key: "group.scale_units",
        end: 1024,
        instead: &[64],
        reason: "minutes of compilation for floating-point adders that differ in nothing",
    },
];

const WIDEST_BUS: u64 = 1 << 20;

/// Pairs of features that the rules between keys refuse.
const CONTRADICTORY: &[[&str; 2]] = &[
    ["activation.format = fp16", "sequencer.addend = given"],
    ["activation.format = bf16", "sequencer.addend = given"],
    ["activation.format = fp8_e4m3", "sequencer.addend = given"],
    ["activation.format = fp8_e5m2", "sequencer.addend = given"],
    ["activation.format = fp6_e3m2", "sequencer.addend = given"],
    ["activation.format = fp6_e2m3", "sequencer.addend = given"],
    ["activation.format = fp4_e2m1", "sequencer.addend = given"],
    ["accumulate.result = fp32", "sequencer.addend = given"],
    ["accumulate.result = fp16", "sequencer.addend = given"],
    ["accumulate.result = bf16", "sequencer.addend = given"],
    ["accumulate.align_bits = exact", "sequencer.addend = given"],
    ["accumulate.mode = aligned", "sequencer.addend = given"],
    ["accumulate.mode = aligned", "accumulate.format = given"],
    ["accumulate.mode = float", "accumulate.align_bits = exact"],
    ["accumulate.mode = float", "accumulate.align_block = k"],
    ["accumulate.mode = float", "accumulate.align_block = group"],
    ["accumulate.mode = aligned", "pipeline.stages = 3"],
    ["accumulate.align_bits = exact", "pipeline.stages = 3"],
    ["accumulate.align_block = k", "pipeline.stages = 3"],
    ["accumulate.align_block = group", "pipeline.stages = 3"],
    ["sequencer.commands = none", "sequencer.addend = none"],
    ["sequencer.commands = none", "sequencer.addend = given"],
    ["group.zero_point = per_group", "weight.runtime_bits = true"],
    ["group.zero_point = per_group", "tile.plane_order = outer"],
    ["group.zero_point = per_group", "accumulate.overflow = saturate"],
    ["group.zero_point = per_group", "activation.bus = narrow"],
    ["group.zero_point = per_group", "weight.bus = narrow"],
    ["group.scale = fp16", "weight.runtime_bits = true"],
    ["group.scale = fp16", "tile.plane_order = outer"],
    ["group.scale = fp16", "accumulate.overflow = saturate"],
    ["group.scale = fp16", "activation.bus = narrow"],
    ["group.scale = fp16", "weight.bus = narrow"],
    ["group.scale = fp16", "accumulate.format = given"],
    ["group.scale = fp16", "group.zero_point = constant"],
    ["group.scale = fp16", "weight.packing = bytes"],
    ["group.scale = fp16", "sequencer.addend = given"],
    ["group.scale = e4m3", "weight.runtime_bits = true"],
    ["group.scale = e4m3", "tile.plane_order = outer"],
    ["group.scale = e4m3", "accumulate.overflow = saturate"],
    ["group.scale = e4m3", "activation.bus = narrow"],
    ["group.scale = e4m3", "weight.bus = narrow"],
    ["group.scale = e4m3", "accumulate.format = given"],
    ["group.scale = e4m3", "group.zero_point = constant"],
    ["group.scale = e4m3", "weight.packing = bytes"],
    ["group.scale = e4m3", "sequencer.addend = given"],
    ["group.scale = e8m0", "weight.runtime_bits = true"],
    ["group.scale = e8m0", "tile.plane_order = outer"],
    ["group.scale = e8m0", "accumulate.overflow = saturate"],
    ["group.scale = e8m0", "activation.bus = narrow"],
    ["group.scale = e8m0", "weight.bus = narrow"],
    ["group.scale = e8m0", "accumulate.format = given"],
    ["group.scale = e8m0", "group.zero_point = constant"],
    ["group.scale = e8m0", "weight.packing = bytes"],
    ["group.scale = e8m0", "sequencer.addend = given"],
    ["group.scale = int8", "weight.runtime_bits = true"],
    ["group.scale = int8", "tile.plane_order = outer"],
    ["group.scale = int8", "accumulate.overflow = saturate"],
    ["group.scale = int8", "activation.bus = narrow"],
    ["group.scale = int8", "weight.bus = narrow"],
    ["group.scale = int8", "accumulate.format = given"],
    ["group.scale = int8", "group.zero_point = constant"],
    ["group.scale = int8", "weight.packing = bytes"],
    ["group.scale = int8", "sequencer.addend = given"],
    ["sequencer.skip = zero_steps", "activation.bus = narrow"],
    ["sequencer.skip = zero_steps", "sequencer.commands = none"],
    ["sequencer.skip = none", "sequencer.commands = none"],
    ["sequencer.skip = zero_steps", "table.precompute = external"],
    ["table.symmetry = full", "table.fold = offline"],
    ["table.symmetry = full", "table.fold = runtime"],
    ["weight.format = ternary", "weight.runtime_bits = true"],
    ["weight.packing = words", "weight.runtime_bits = true"],
    ["weight.packing = words", "table.symmetry = full"],
    ["weight.packing = words", "table.fold = runtime"],
    ["weight.packing = words", "group.zero_point = constant"],
    ["weight.packing = words", "group.zero_point = per_group"],
    ["weight.packing = bytes", "weight.runtime_bits = true"],
    ["weight.packing = bytes", "table.symmetry = full"],
    ["weight.packing = bytes", "table.fold = runtime"],
    ["weight.packing = bytes", "group.zero_point = constant"],
    ["weight.packing = bytes", "group.zero_point = per_group"],
    ["weight.packing = bytes", "weight.bus = narrow"],
    ["weight.format = ternary", "table.symmetry = full"],
    ["weight.format = ternary", "table.fold = runtime"],
    ["weight.format = ternary", "group.zero_point = constant"],
    ["weight.format = ternary", "group.zero_point = per_group"],
    ["weight.format = floating point, InfinityAndNan", "weight.runtime_bits = true"],
    ["weight.format = floating point, Nan", "weight.runtime_bits = true"],
    ["weight.format = floating point, Nothing", "weight.runtime_bits = true"],
    ["accumulate.align_block = group", "accumulate.align_bits = exact"],
    ["accumulate.align_block = group", "accumulate.format = given"],
    ["accumulate.align_block = group", "accumulate.overflow = saturate"],
    ["accumulate.align_block = group", "activation.bus = narrow"],
    ["accumulate.align_block = group", "activation.format = fp4_e2m1"],
    ["accumulate.align_block = group", "activation.format = fp6_e2m3"],
    ["accumulate.align_block = group", "group.scale = none"],
    ["accumulate.align_block = group", "group.zero_point = constant"],
    ["accumulate.align_block = group", "sequencer.addend = given"],
    ["accumulate.align_block = group", "tile.plane_order = outer"],
    ["accumulate.align_block = group", "weight.bus = narrow"],
    ["accumulate.align_block = group", "weight.packing = bytes"],
    ["accumulate.align_block = group", "weight.runtime_bits = true"],
    ["accumulate.align_block = k", "accumulate.format = given"],
    ["accumulate.align_block = k", "sequencer.addend = given"],
    ["group.drain = stall", "accumulate.overflow = saturate"],
    ["group.drain = stall", "activation.bus = narrow"],
    ["group.drain = stall", "group.zero_point = constant"],
    ["group.drain = stall", "tile.plane_order = outer"],
    ["group.drain = stall", "weight.bus = narrow"],
    ["group.drain = stall", "weight.packing = bytes"],
    ["group.drain = stall", "weight.runtime_bits = true"],
    ["group.drain = shadow", "accumulate.overflow = saturate"],
    ["group.drain = shadow", "activation.bus = narrow"],
    ["group.drain = shadow", "group.zero_point = constant"],
    ["group.drain = shadow", "tile.plane_order = outer"],
    ["group.drain = shadow", "weight.bus = narrow"],
    ["group.drain = shadow", "weight.packing = bytes"],
    ["group.drain = shadow", "weight.runtime_bits = true"],
    ["activation.format = bf16", "accumulate.align_bits = exact"],
    ["activation.format = bf16", "accumulate.result = fp16"],
    ["accumulate.align_bits = exact", "accumulate.format = given"],
    ["accumulate.mode = float", "accumulate.format = given"],
    ["accumulate.mode = float", "accumulate.overflow = saturate"],
    ["accumulate.mode = float", "accumulate.overflow = wrap"],
    ["accumulate.mode = float", "group.zero_point = constant"],
    ["accumulate.mode = float", "group.zero_point = per_group"],
    ["accumulate.mode = float", "sequencer.addend = given"],
    ["accumulate.mode = float", "table.precompute = external"],
    ["accumulate.mode = float", "tile.plane_order = outer"],
    ["accumulate.result = fp32", "accumulate.format = given"],
    ["accumulate.result = fp16", "accumulate.format = given"],
    ["accumulate.result = bf16", "accumulate.format = given"],
    ["activation.format = fp16", "accumulate.format = given"],
    ["activation.format = bf16", "accumulate.format = given"],
    ["activation.format = fp8_e4m3", "accumulate.format = given"],
    ["activation.format = fp8_e5m2", "accumulate.format = given"],
    ["activation.format = fp6_e3m2", "accumulate.format = given"],
    ["activation.format = fp6_e2m3", "accumulate.format = given"],
    ["activation.format = fp4_e2m1", "accumulate.format = given"],
];

/// One file of the regression.
struct Configuration {
    name: String,
    spec: Spec,
    /// What it sets each key to, by dotted key.
    settings: BTreeMap<String, String>,
}

fn configurations() -> Vec<Configuration> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../verification/configurations");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files.collect();
    files.sort();
    files.iter().map(|file| configuration(file)).collect()
}

fn configuration(file: &Path) -> Configuration {
    let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
    let text = std::fs::read_to_string(file).unwrap();
    let parsed = parse(&text, &name).unwrap_or_else(|problems| panic!("{name}: {problems:?}"));
    assert!(parsed.warnings.is_empty(), "{name}: {:?}", parsed.warnings);
    let table: toml::Table = parsed.spec.to_toml().parse().unwrap();
    Configuration { name, spec: parsed.spec, settings: flat(&table) }
}

/// What stands here for every data type that is given by its values.
const CODEBOOK: &str = "codebook";

fn codebook_schema(part: &Value) -> bool {
    !part["properties"]["values"].is_null()
}

fn codebook(value: &toml::Value) -> bool {
    value.get("values").is_some()
}

/// Every setting of a normalised file by its dotted key.
fn flat(file: &toml::Table) -> BTreeMap<String, String> {
    let mut settings = BTreeMap::new();
    for (name, value) in file {
        match value {
            toml::Value::Table(_) if codebook(value) => {
                settings.insert(name.clone(), CODEBOOK.to_owned());
            }
            toml::Value::Table(section) => {
                let inner = flat(section).into_iter();
                settings.extend(inner.map(|(key, value)| (format!("{name}.{key}"), value)));
            }
            toml::Value::String(text) => {
                settings.insert(name.clone(), text.clone());
            }
            toml::Value::Array(words) => {
                let word = |word: &toml::Value| match codebook(word) {
                    true => CODEBOOK.to_owned(),
                    false => word.as_str().unwrap().to_owned(),
                };
                let words: Vec<String> = words.iter().map(word).collect();
                settings.insert(name.clone(), words.join(", "));
            }
            other => {
                settings.insert(name.clone(), other.to_string());
            }
        }
    }
    settings
}

/// What a key takes in one kind.
#[derive(Default)]
struct Legal {
    words: Vec<String>,
    /// Lowest and highest integer, or bits of the narrowest and widest format.
    range: Option<(u64, u64)>,
}

impl Legal {
    fn of(schema: &Value) -> Self {
        let mut legal = Self::default();
        let parts = match schema.get("anyOf").and_then(Value::as_array) {
            Some(parts) => parts.clone(),
            None => vec![schema.clone()],
        };
        for part in &parts {
            if let (Some(low), Some(high)) = (part["minimum"].as_u64(), part["maximum"].as_u64()) {
                legal.range = Some((low, high));
            }
            for value in part["enum"].as_array().into_iter().flatten() {
                legal.add(&value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            }
            legal.words.extend(part["const"].as_str().map(str::to_owned));
            legal.words.extend(codebook_schema(part).then(|| CODEBOOK.to_owned()));
        }
        legal
    }

    fn add(&mut self, word: &str) {
        match (number(word), self.range) {
            (None, _) => self.words.push(word.to_owned()),
            (Some(bits), None) => self.range = Some((bits, bits)),
            (Some(bits), Some((low, high))) => self.range = Some((low.min(bits), high.max(bits))),
        }
    }
}

/// An integer, or the bits of a format.
fn number(setting: &str) -> Option<u64> {
    setting.strip_prefix("int").unwrap_or(setting).parse().ok()
}

/// Each kind with what its keys take.
fn schema() -> Vec<(String, BTreeMap<String, Legal>)> {
    let schema = json_schema();
    let kinds = schema["oneOf"].as_array().unwrap();
    let kind = |object: &Value| {
        let mut keys = BTreeMap::new();
        for (name, value) in object["properties"].as_object().unwrap() {
            match value["properties"].as_object() {
                None => {
                    keys.insert(name.clone(), Legal::of(value));
                }
                Some(section) => {
                    let inner = section.iter();
                    keys.extend(inner.map(|(key, v)| (format!("{name}.{key}"), Legal::of(v))));
                }
            }
        }
        (object["title"].as_str().unwrap().to_owned(), keys)
    };
    kinds.iter().map(kind).collect()
}

/// The settings of `key` in the configurations of `kind`, those of a list one by one.
fn used<'a>(configurations: &'a [Configuration], kind: &str, key: &str) -> BTreeSet<&'a str> {
    let of_kind = configurations.iter().filter(|c| c.spec.kind().name() == kind);
    of_kind.filter_map(|c| c.settings.get(key)).flat_map(|setting| setting.split(", ")).collect()
}

fn numbers(used: &BTreeSet<&str>) -> BTreeSet<u64> {
    used.iter().filter_map(|setting| number(setting)).collect()
}

/// Packing has a setting only where weights can be ternary. The keys about quantisation groups have no setting in a kind that works on none, those about
/// symmetry none in a kind whose tables have none.
fn has_settings(kind: &str, key: &str, keys: &BTreeMap<String, Legal>) -> bool {
    match key {
        "group.size" | "group.scale_units" | "group.drain" => {
            keys["group.drain"].words.iter().any(|word| word == "shadow")
        }
        "sequencer.addend" | "sequencer.skip" => {
            keys["sequencer.commands"].words.iter().any(|word| word == "lmma")
        }
        "weight.packing" => keys["weight.format"].words.iter().any(|word| word == "ternary"),
        "table.symmetry" | "table.fold" => kind != CONVENTIONAL,
        _ => true,
    }
}

fn assert_none(missing: &[String]) {
    assert!(missing.is_empty(), "no configuration has\n{}", missing.join("\n"));
}

#[test]
fn every_kind_is_run_with_every_word_and_both_ends_of_every_range() {
    let configurations = configurations();
    let mut missing = Vec::new();
    for (kind, keys) in &schema() {
        for (key, legal) in keys.iter().filter(|(key, _)| has_settings(kind, key, keys)) {
            let used = used(&configurations, kind, key);
            let words = legal.words.iter().filter(|word| !used.contains(word.as_str()));
            missing.extend(words.map(|word| format!("{kind}: {key} = {word}")));
            let ends: BTreeSet<u64> = legal.range.into_iter().flat_map(|(l, h)| [l, h]).collect();
            let wanted = ends.into_iter().flat_map(|end| ends_to_run(kind, key, end));
            let used = numbers(&used);
            let wanted = wanted.filter(|end| !used.contains(end));
            missing.extend(wanted.map(|end| format!("{kind}: {key} = {end}")));
        }
    }
    assert_none(&missing);
}

fn ends_to_run(kind: &str, key: &str, end: u64) -> Vec<u64> {
    let not_run = NOT_RUN.iter().find(|n| n.kinds.contains(&kind) && n.key == key && n.end == end);
    not_run.map_or_else(|| vec![end], |not_run| not_run.instead.to_vec())
}

#[test]
fn an_end_that_is_run_needs_no_reason() {
    let configurations = configurations();
    for NotRun { kinds, key, end, reason, .. } in NOT_RUN {
        for kind in *kinds {
            let used = numbers(&used(&configurations, kind, key));
            assert!(!used.contains(end), "{kind} runs {key} = {end}, though \"{reason}\"");
        }
    }
}

/// Values of a range up to which all of them are run.
const SHORT_RANGE: u64 = 16;

#[test]
fn every_value_of_a_short_range_is_run_by_some_kind() {
    let configurations = configurations();
    let schema = schema();
    let mut missing = Vec::new();
    for (kind, keys) in &schema {
        for (key, legal) in keys.iter().filter(|(key, _)| has_settings(kind, key, keys)) {
            let Some((low, high)) = legal.range.filter(|(l, h)| h - l < SHORT_RANGE) else {
                continue;
            };
            let all = schema.iter().flat_map(|(each, _)| used(&configurations, each, key));
            let used = numbers(&all.collect());
            let left = (low..=high).filter(|value| !used.contains(value));
            missing.extend(left.map(|value| format!("{key} = {value}")));
        }
    }
    missing.sort();
    missing.dedup();
    assert_none(&missing);
}

#[test]
fn the_shortest_and_the_longest_name_are_run() {
    let configurations = configurations();
    let lengths: BTreeSet<usize> = configurations.iter().map(|c| c.spec.name.len()).collect();
    assert_eq!((lengths.first(), lengths.last()), (Some(&1), Some(&40)));
}

/// Everything about a configuration that another feature could disturb, as `key = value`.
fn features(configuration: &Configuration) -> BTreeMap<&str, String> {
    let Configuration { spec, settings, .. } = configuration;
    let several = |count: &str| if count == "1" { "one" } else { "several" }.to_owned();
    let port = |beats: u32| if beats > 1 { "narrow" } else { "whole" }.to_owned();
    let features = settings.iter().filter_map(|(key, setting)| {
        let feature = match key.as_str() {
            "name" | "kind" => return None,
            "activation.bus" => port(spec.activation_bus_beats()),
            "weight.bus" => port(spec.weight_bus_beats()),
            "tile.m" | "tile.groups" | "table.copies" => several(setting),
            // Every number of stages is another data path.
            "pipeline.stages" => setting.clone(),
            "group.scale" => setting.clone(),
            "accumulate.format" if setting != "auto" => "given".to_owned(),
            // How codes become terms.
            "weight.format" if spec.terms().is_some() => match spec.terms()?.types() {
                [one] if one.is_integer() => "integers".to_owned(),
                [one] if one.special_code().is_some() => "special value".to_owned(),
                [_] => "table of values".to_owned(),
                _ => "several data types".to_owned(),
            },
            // What codes besides numbers there are is what makes data paths differ.
            "weight.format" if spec.weight.float().is_some() => {
                format!("floating point, {:?}", spec.weight.float()?.specials())
            }
            "sequencer.addend" if setting != "none" => "given".to_owned(),
            _ if number(setting).is_some() => return None,
            _ => setting.clone(),
        };
        Some((key.as_str(), format!("{key} = {feature}")))
    });
    features.collect()
}

#[test]
fn every_pair_of_features_that_can_be_combined_is_run() {
    let configurations = configurations();
    let all: Vec<_> = configurations.iter().map(features).collect();
    let run = |a: &str, b: &str| {
        let has = |f: &BTreeMap<&str, String>, x: &str| f.values().any(|value| value == x);
        all.iter().any(|features| has(features, a) && has(features, b))
    };
    // What one kind has and another lacks cannot be combined.
    let kinds = |x: &str| -> BTreeSet<&str> {
        let runs = configurations.iter().zip(&all);
        let having = runs.filter(|(_, features)| features.values().any(|value| value == x));
        having.map(|(configuration, _)| configuration.spec.kind().name()).collect()
    };
    let values: BTreeSet<(&str, &str)> =
        all.iter().flatten().map(|(key, value)| (*key, value.as_str())).collect();
    let mut missing = Vec::new();
    for (key, a) in &values {
        for (_, b) in values.iter().filter(|(other, _)| other > key) {
            let refused = CONTRADICTORY.iter().any(|pair| pair.contains(a) && pair.contains(b));
            match run(a, b) {
                true => assert!(!refused, "{a} with {b} is legal after all"),
                false if refused => {}
                false if kinds(a).is_disjoint(&kinds(b)) => {}
                false => missing.push(format!("{a} with {b}")),
            }
        }
    }
    assert_none(&missing);
}

/// `scripts/regression` knows them by their names.
#[test]
fn every_kind_has_a_configuration_that_is_checked_exhaustively() {
    let configurations = configurations();
    let exhaustive = configurations.iter().filter(|c| c.name.starts_with("exhaustive_"));
    let kinds: BTreeSet<&str> = exhaustive.map(|c| c.spec.kind().name()).collect();
    assert_eq!(kinds.len(), schema().len(), "{kinds:?}");
}
