//! `bitplane schema`: every key of a configuration.

use crate::outcome::Outcome;
use bitplane_spec::{json_schema, schema};
use serde_json::Map;

/// All keys, for people as text and for editors as a JSON schema under `schema`.
pub fn run() -> Outcome {
    Outcome { text: schema(), json: Map::from_iter([("schema".to_owned(), json_schema())]) }
}
