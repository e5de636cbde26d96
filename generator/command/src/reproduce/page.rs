//! A Markdown page that a reproduction writes its tables into.

use crate::failure::Failure;
use crate::folder;
use std::path::{Path, PathBuf};

/// A Markdown file with a place for the tables.
pub struct Page {
    path: PathBuf,
    before: String,
    after: String,
}

impl Page {
    /// The file at `path`; one that is not there is begun.
    ///
    /// # Errors
    /// The file cannot be read or written, or has no place for the tables.
    pub fn open(path: &Path, name: &str) -> Result<Self, Failure> {
        let (begin, end) = (format!("<!-- {name}: begin -->"), format!("<!-- {name}: end -->"));
        folder::check_writable(path)?;
        if !path.exists() {
            let (before, after) = (format!("{begin}\n"), format!("{end}\n"));
            return Ok(Self { path: path.to_owned(), before, after });
        }
        let text = folder::read_text(path)?;
        let parts = text.split_once(&begin).and_then(|(before, rest)| {
            let (_, after) = rest.split_once(&end)?;
            Some((format!("{before}{begin}\n"), format!("{end}{after}")))
        });
        let (before, after) = parts.ok_or_else(|| {
            let message = format!("has no lines `{begin}` and `{end}` to write the tables between");
            let help = "add the two lines, or give a file that is not there yet";
            folder::unusable("no-place", path, &message, help)
        })?;
        Ok(Self { path: path.to_owned(), before, after })
    }

    /// Puts `tables` in their place.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, tables: &str) -> Result<(), Failure> {
        folder::write_file(&self.path, format!("{}\n{tables}\n{}", self.before, self.after))
    }
}
