//! `bitplane doctor`: which tools are there, and what to do about those that are not.

use crate::failure::{Class, Failure};
use crate::outcome::Outcome;
use crate::places;
use crate::tools::pinned::{self, PinnedSet};
use crate::tools::system::{Prerequisite, apt_line, prerequisites};
use crate::tools::{self, Tool, VerilatorOption, YosysOption};
use bitplane_spec::Problem;
use clap::Args;
use serde_json::{Map, Value, json};
use std::path::Path;

/// Options of `doctor`.
#[derive(Args, Debug)]
pub struct Doctor {
    /// Install the pinned Verilator, Yosys, slang and Verible in the user's data folder (387 MB
    /// on the disk, no root needed, nothing to do when they are there)
    #[arg(long)]
    install: bool,
    #[command(flatten)]
    verilator: VerilatorOption,
    #[command(flatten)]
    yosys: YosysOption,
}

/// Looks at all tools, after installing them if asked to.
pub fn run(options: &Doctor) -> Result<Outcome, Failure> {
    let prerequisites = prerequisites();
    if options.install {
        require(&prerequisites)?;
        pinned::install()?;
    }
    let tools = [tools::verilator(&options.verilator), tools::yosys(&options.yosys)];
    let problems = problems(&tools, &prerequisites);
    let rows = rows(&tools, &prerequisites);
    let json = json(&rows, &prerequisites);
    if problems.is_empty() {
        return Ok(Outcome { text: table(&rows), json });
    }
    let failure = Failure::new(Class::ToolMissing, problems).with_details(json);
    Err(failure.with_text(table(&rows)))
}

/// Installing needs what only the system has; all of it is asked for at once.
fn require(prerequisites: &[Prerequisite]) -> Result<(), Failure> {
    match missing_from_system(prerequisites) {
        Some(problem) => Err(Failure::one(Class::ToolMissing, problem)),
        None => Ok(()),
    }
}

fn missing(prerequisites: &[Prerequisite]) -> impl Iterator<Item = &Prerequisite> {
    prerequisites.iter().filter(|prerequisite| prerequisite.found.is_none())
}

fn missing_from_system(prerequisites: &[Prerequisite]) -> Option<Problem> {
    let line = apt_line(missing(prerequisites))?;
    let names: Vec<&str> = missing(prerequisites).map(|each| each.name).collect();
    let names = names.join(", ");
    let message = format!("the system lacks {names}");
    Some(Problem::new("system-packages", names, message, format!("run `{line}`")))
}

fn problems(tools: &[Result<Tool, Failure>], prerequisites: &[Prerequisite]) -> Vec<Problem> {
    let of_tools = tools.iter().filter_map(|tool| tool.as_ref().err());
    missing_from_system(prerequisites)
        .into_iter()
        .chain(of_tools.flat_map(|failure| failure.problems.clone()))
        .collect()
}

/// One line of the table.
struct Row {
    name: String,
    version: Option<String>,
    origin: String,
    place: String,
}

fn rows(tools: &[Result<Tool, Failure>], prerequisites: &[Prerequisite]) -> Vec<Row> {
    let names = ["Verilator", "Yosys"];
    let of_tools = tools.iter().zip(names).map(|(tool, name)| match tool {
        Ok(tool) => Row::found(name, &tool.version, tool.origin.to_string(), &tool.program),
        Err(failure) => Row::absent(name, &failure.problems[0].message),
    });
    let of_system = prerequisites.iter().map(|each| match &each.found {
        Some((path, version)) => Row::found(each.name, version, "system".into(), path),
        None => Row::absent(each.name, &format!("needed for {}", each.purpose)),
    });
    let set = PinnedSet::installed();
    let of_linters = set.iter().flat_map(|set| {
        let row = |package: pinned::Package| {
            Row::found(package.name, &package.version, "pinned".into(), set.root())
        };
        set.linters().into_iter().map(row)
    });
    of_tools.chain(of_system).chain(of_linters).collect()
}

impl Row {
    fn found(name: &str, version: &str, origin: String, place: &Path) -> Self {
        let place = place.display().to_string();
        Self { name: name.to_owned(), version: Some(version.to_owned()), origin, place }
    }

    fn absent(name: &str, reason: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: None,
            origin: String::new(),
            place: reason.to_owned(),
        }
    }
}

fn table(rows: &[Row]) -> String {
    let line = |row: &Row| {
        let version = row.version.as_deref().unwrap_or("missing");
        format!("{:<14}{version:<14}{:<13}{}\n", row.name, row.origin, row.place)
    };
    rows.iter().map(line).collect()
}

fn json(rows: &[Row], prerequisites: &[Prerequisite]) -> Map<String, Value> {
    let tools: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "name": row.name,
                "found": row.version.is_some(),
                "version": row.version,
                "origin": row.origin,
                "path": row.version.as_ref().map(|_| &row.place),
            })
        })
        .collect();
    let folder = |path: Option<std::path::PathBuf>| path.map(|path| path.display().to_string());
    Map::from_iter([
        ("tools".to_owned(), tools.into()),
        ("install_line".to_owned(), apt_line(missing(prerequisites)).into()),
        ("pinned_folder".to_owned(), folder(PinnedSet::home()).into()),
        ("cache_folder".to_owned(), folder(places::cache()).into()),
    ])
}
