//! What a file of the wrong kind looks like, so that the error can say so.

/// First bytes of kinds of files that people mix up with checkpoints and packed weights.
const KINDS: [(&[u8], &str); 8] = [
    (crate::MAGIC, "a packed weight file of bitplane"),
    (b"PK\x03\x04", "a zip archive, as PyTorch checkpoints, .npz files and wheels are"),
    (b"GGUF", "a GGUF model"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x1f\x8b", "a gzip file, to be unpacked first"),
    (b"version https://git-lfs", "a Git LFS pointer: the real file was not downloaded"),
    (b"\x80\x02", "a Python pickle"),
];

/// What a file that begins with `bytes` looks like, if it is recognised.
pub(crate) fn recognise(bytes: &[u8]) -> Option<&'static str> {
    let known = KINDS.iter().find(|(start, _)| bytes.starts_with(start)).map(|&(_, kind)| kind);
    known.or_else(|| looks_like_safetensors(bytes).then_some("a safetensors checkpoint"))
}

/// Whether `bytes` begin as a safetensors file does: a header length and a JSON object.
pub(crate) fn looks_like_safetensors(bytes: &[u8]) -> bool {
    bytes.get(8) == Some(&b'{')
}

/// "; it looks like ..." or nothing.
pub(crate) fn likeness(bytes: &[u8]) -> String {
    recognise(bytes).map_or_else(String::new, |kind| format!("; it looks like {kind}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_kinds_of_files_are_recognised_by_their_first_bytes() {
        assert!(recognise(b"PK\x03\x04...").unwrap().contains("PyTorch"));
        assert!(recognise(b"version https://git-lfs.github.com/spec/v1").unwrap().contains("LFS"));
        assert_eq!(recognise(b"\x10\0\0\0\0\0\0\0{\"a\""), Some("a safetensors checkpoint"));
        assert_eq!(recognise(b"hello, world"), None);
    }
}
