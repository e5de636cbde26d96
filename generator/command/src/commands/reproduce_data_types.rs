//! `bitplane reproduce bitmod-dtypes`: the error of data types on a real model.

use super::reproduce::write_svg;
use crate::config::about;
use crate::failure::Failure;
use crate::folder;
use crate::interrupt;
use crate::outcome::Outcome;
use crate::progress::Progress;
use crate::reproduce::data_types::{
    GROUP_SIZES, PUBLISHED_SOURCE, bars, document, measure, tables,
};
use crate::reproduce::page::Page;
use crate::reproduce::plot;
use crate::reproduce::table::Table;
use bitplane_spec::Problem;
use bitplane_weights::{Checkpoint, Matrix};
use serde_json::{Map, json};
use std::path::Path;

/// Where the results go.
pub struct Targets<'a> {
    /// The plot.
    pub plot: Option<&'a Path>,
    /// The page with a place for the tables.
    pub page: Option<Page>,
}

/// Measures the linear layers of the checkpoint at `model`.
pub fn run(model: &Path, targets: Targets<'_>) -> Result<Outcome, Failure> {
    if let Some(path) = targets.plot {
        folder::check_writable(path)?;
    }
    let progress = Progress::start("reading the checkpoint");
    let bytes = folder::read_bytes(model)?;
    let (names, layers): (Vec<String>, Vec<Matrix>) = layers(&bytes, model)?.into_iter().unzip();
    let errors = measure(&layers, |done, all| {
        progress.report("quantising", done, all);
        interrupt::check()
    })?;
    drop(progress);
    let shown = tables(&errors);
    let weights: usize = layers.iter().map(|layer| layer.data().len()).sum();
    let what = format!("{} linear layers, {weights} weights", layers.len());
    if let Some(path) = targets.plot {
        let sizes = GROUP_SIZES.map(|size| format!("groups of {size}"));
        write_svg(path, plot::data_types_svg(&bars(&errors), &sizes))?;
    }
    if let Some(page) = targets.page {
        let file = model.file_name().unwrap_or_default().to_string_lossy();
        let command = format!("`bitplane reproduce bitmod-dtypes --model {file}`: {what}");
        page.write(&markdown(&command, &shown))?;
    }
    let json = json!({
        "reproduction": "bitmod-dtypes",
        "published_source": PUBLISHED_SOURCE,
        "layers": names,
        "weights": weights,
        "rows": document(&errors),
        "verdicts": shown.iter().flat_map(|(_, said)| said).collect::<Vec<_>>(),
    });
    let json = json.as_object().cloned().unwrap_or_else(Map::new);
    Ok(Outcome { text: text(&what, &shown), json })
}

/// The matrices of the checkpoint that are no embeddings, with their names.
fn layers(bytes: &[u8], model: &Path) -> Result<Vec<(String, Matrix)>, Failure> {
    let refused = |problem| Failure::bad_input(about(problem, model));
    let checkpoint = Checkpoint::parse(bytes).map_err(refused)?;
    let is_linear = |name: &&str| {
        name.ends_with(".weight")
            && !name.contains("embed")
            && checkpoint.shape(name).is_ok_and(|[_, columns]| columns > 1)
    };
    let names: Vec<&str> = checkpoint.names().into_iter().filter(is_linear).collect();
    let read = |name: &str| Ok((name.to_owned(), checkpoint.matrix(name).map_err(refused)?));
    let layers: Vec<(String, Matrix)> =
        names.into_iter().map(read).collect::<Result<_, Failure>>()?;
    if layers.is_empty() {
        let message =
            "holds no linear layer: a matrix whose name ends in .weight, embeddings not counted";
        let help = "give the checkpoint of a transformer";
        let key = model.display().to_string();
        return Err(Failure::bad_input(Problem::new("no-layers", key, message, help)));
    }
    Ok(layers)
}

fn text(what: &str, shown: &[(Table, Vec<String>)]) -> String {
    let tables = shown.iter().map(|(table, said)| {
        let said: String = said.iter().map(|line| format!("{line}\n")).collect();
        format!("{}{said}\n", table.text())
    });
    format!("{what}\n\n{}published: {PUBLISHED_SOURCE}\n", tables.collect::<String>())
}

fn markdown(command: &str, shown: &[(Table, Vec<String>)]) -> String {
    let tables = shown.iter().map(|(table, said)| {
        let said: String = said.iter().map(|line| format!("- {line}\n")).collect();
        let between = if said.is_empty() { "" } else { "\n" };
        format!("{}{between}{said}", table.markdown())
    });
    let tables = tables.collect::<Vec<_>>().join("\n");
    format!("{command}\n\n{tables}\nPublished: {PUBLISHED_SOURCE}.\n")
}
