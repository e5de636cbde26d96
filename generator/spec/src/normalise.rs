//! A spec as the text that gives exactly this spec.

use sha2::{Digest, Sha256};

use crate::keys::{SECTIONS, Section, keys_of};
use crate::spec::Spec;

impl Spec {
    /// The configuration as TOML with every key that the kind takes written out, in a fixed order.
    /// Parsing it gives this spec again.
    pub fn to_toml(&self) -> String {
        let sections = SECTIONS.iter().filter(|section| section.kinds.contains(&self.kind()));
        sections.map(|section| self.section_to_toml(section)).collect::<Vec<_>>().join("\n")
    }

    /// The first 16 hexadecimal digits of the SHA-256 of [`Spec::to_toml`].
    pub fn digest(&self) -> String {
        let hash = Sha256::digest(self.to_toml());
        hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    fn section_to_toml(&self, section: &Section) -> String {
        let header = header(section);
        let lines = keys_of(section.name).filter_map(|key| {
            let setting = (key.get)(self)?;
            Some(format!("{} = {}\n", key.name, setting.to_toml()))
        });
        header.into_iter().chain(lines).collect()
    }
}

/// The line that starts `section`, with its newline.
pub(crate) fn header(section: &Section) -> Option<String> {
    (!section.name.is_empty()).then(|| format!("[{}]\n", section.name))
}
