//! Prints a Design as a bundle: SystemVerilog, harness, manifest and documents.
//!
//! ```
//! let text = "kind = \"lut_tensor_core\"\n[activation]\nformat = \"int8\"\n\
//!             [weight]\nformat = \"int2\"\n[tile]\nm = 2\nn = 64\nk = 4\n";
//! let spec = bitplane_spec::parse(text, "example").unwrap().spec;
//! let bundle = bitplane_emit::bundle(&spec);
//! assert_eq!(bundle.manifest.top, "example");
//! assert!(bundle.files.iter().any(|file| file.path == "rtl/example_select_lane.sv"));
//! ```

mod adder;
mod bundle;
mod documents;
pub mod harness;
pub mod manifest;
mod rtl;
pub mod wire;

pub use adder::floating_point_adder;
pub use bundle::{Bundle, BundleFile, bundle};
