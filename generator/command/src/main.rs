//! The `bitplane` command.
fn main() {}
