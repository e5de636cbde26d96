//! The container of packed weight files: what comes before the header, and the checksums.

use bitplane_spec::Problem;
use sha2::{Digest, Sha256};

use crate::layout::hex;
use crate::recognise::likeness;

/// First bytes of a packed weight file.
pub const MAGIC: &[u8; 8] = b"BITPLANE";
/// Bytes before the header.
pub(crate) const PREAMBLE_BYTES: usize = 8 + 4 + 8 + 32;

/// What a packed file holds, which its version tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// Integer weights, in the words of a weight port.
    Integers,
    /// Weights of data types.
    DataTypes,
}

impl Content {
    const ALL: [Self; 2] = [Self::Integers, Self::DataTypes];

    /// The version of its files.
    pub const fn version(self) -> u32 {
        match self {
            Self::Integers => 2,
            Self::DataTypes => 3,
        }
    }

    fn what(self) -> &'static str {
        match self {
            Self::Integers => "integer weights",
            Self::DataTypes => "weights of data types",
        }
    }
}

/// The bytes of a file with the given header and payload.
pub(crate) fn assemble(content: Content, header: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut file = Vec::with_capacity(PREAMBLE_BYTES + header.len() + payload.len());
    file.extend(MAGIC);
    file.extend(content.version().to_le_bytes());
    file.extend((header.len() as u64).to_le_bytes());
    file.extend(Sha256::digest(header));
    file.extend(header);
    file.extend(payload);
    file
}

/// Splits a file into its header and what follows, checking everything before them.
pub(crate) fn split(content: Content, bytes: &[u8]) -> Result<(&[u8], &[u8]), Problem> {
    if bytes.is_empty() {
        return Err(empty());
    }
    if !bytes.starts_with(&MAGIC[..bytes.len().min(MAGIC.len())]) {
        return Err(foreign(bytes));
    }
    let found = bytes.len() as u64;
    let version = number(bytes, 8..12).ok_or_else(|| truncated(found, PREAMBLE_BYTES as u64))?;
    if version != u64::from(content.version()) {
        return Err(other_version(content, version));
    }
    let Some((preamble, rest)) = bytes.split_at_checked(PREAMBLE_BYTES) else {
        return Err(truncated(found, PREAMBLE_BYTES as u64));
    };
    let length = number(preamble, 12..20).unwrap_or_default();
    let Some((header, payload)) = split_at(rest, length) else {
        return Err(truncated(found, length.saturating_add(PREAMBLE_BYTES as u64)));
    };
    if preamble[20..] != Sha256::digest(header)[..] {
        return Err(altered("header"));
    }
    Ok((header, payload))
}

/// The little-endian number in a range of at most eight bytes.
fn number(bytes: &[u8], range: std::ops::Range<usize>) -> Option<u64> {
    let mut wide = [0; 8];
    wide[..range.len()].copy_from_slice(bytes.get(range)?);
    Some(u64::from_le_bytes(wide))
}

fn split_at(bytes: &[u8], length: u64) -> Option<(&[u8], &[u8])> {
    bytes.split_at_checked(usize::try_from(length).ok()?)
}

/// Checks that `payload` has the length and the checksum that its header states; `found` is the length
/// of the file.
pub(crate) fn check_payload(
    [length, found]: [usize; 2],
    checksum: &str,
    payload: &[u8],
) -> Result<(), Problem> {
    let before = (found - payload.len()) as u64;
    let (found, needed) = (found as u64, before.saturating_add(length as u64));
    if found < needed {
        return Err(truncated(found, needed));
    }
    if found > needed {
        return Err(trailing(found - needed));
    }
    if hex(&Sha256::digest(payload)) != checksum {
        return Err(altered("data"));
    }
    Ok(())
}

/// The way out of all that is wrong with a file itself.
const PACK_AGAIN: &str = "pack the weights again with `bitplane quantize`";

fn empty() -> Problem {
    let message = "the file is empty; a packed weight file (.bitplane) is expected";
    Problem::new("packed-empty", "", message, PACK_AGAIN)
}

fn foreign(bytes: &[u8]) -> Problem {
    Problem::new(
        "packed-foreign",
        "",
        format!("this is not a packed weight file{}", likeness(bytes)),
        "make one from a checkpoint: `bitplane quantize MODEL.safetensors --tensor NAME --format \
         FMT --config CONFIG --out FILE`",
    )
}

fn other_version(content: Content, found: u64) -> Problem {
    let (version, what) = (content.version(), content.what());
    let Some(other) = Content::ALL.into_iter().find(|other| u64::from(other.version()) == found)
    else {
        let message =
            format!("the file has packing version {found}; this program reads version {version}");
        return Problem::new("packed-version", "", message, PACK_AGAIN);
    };
    let message = format!("the file holds {}; the configuration takes {what}", other.what());
    let help = "pack for this configuration: bitplane quantize MODEL.safetensors --tensor NAME --format FMT \
                --config CONFIG --out FILE";
    Problem::new("packed-content", "", message, help)
}

fn truncated(found: u64, needed: u64) -> Problem {
    Problem::new(
        "packed-truncated",
        "",
        format!("the file is cut off: it has {found} bytes where {needed} are needed"),
        PACK_AGAIN,
    )
}

fn trailing(extra: u64) -> Problem {
    Problem::new(
        "packed-trailing",
        "",
        format!("{extra} bytes follow the end of the packed weights"),
        PACK_AGAIN,
    )
}

fn altered(part: &str) -> Problem {
    Problem::new(
        "packed-checksum",
        "",
        format!("the {part} of the file does not match its checksum: it was altered or damaged"),
        PACK_AGAIN,
    )
}

pub(crate) fn inconsistent(reason: &str) -> Problem {
    Problem::new(
        "packed-inconsistent",
        "",
        format!("the file is undamaged but not as this program writes one: {reason}"),
        PACK_AGAIN,
    )
}
