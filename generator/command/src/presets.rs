//! Configurations that have a name.

/// A configuration that comes with the command.
#[derive(Debug)]
pub struct Preset {
    /// What it is called, and its core.
    pub name: &'static str,
    /// The text of its file.
    pub text: &'static str,
}

/// The presets, as committed in `rtl_out`.
pub const PRESETS: &[Preset] = &[
    Preset { name: "lut_w2a8", text: include_str!("../../../rtl_out/lut_w2a8/config.toml") },
    Preset {
        name: "lut_w4a8_groups4",
        text: include_str!("../../../rtl_out/lut_w4a8_groups4/config.toml"),
    },
    Preset {
        name: "lut_w1a16_k6",
        text: include_str!("../../../rtl_out/lut_w1a16_k6/config.toml"),
    },
    Preset {
        name: "lut_ternary_a8",
        text: include_str!("../../../rtl_out/lut_ternary_a8/config.toml"),
    },
    Preset { name: "lut_w2fp16", text: include_str!("../../../rtl_out/lut_w2fp16/config.toml") },
    Preset { name: "lut_w4fp8", text: include_str!("../../../rtl_out/lut_w4fp8/config.toml") },
    Preset {
        name: "lut_conventional_w2a8",
        text: include_str!("../../../rtl_out/lut_conventional_w2a8/config.toml"),
    },
    Preset { name: "add_w2a8", text: include_str!("../../../rtl_out/add_w2a8/config.toml") },
    Preset {
        name: "bitmod_w4fp16",
        text: include_str!("../../../rtl_out/bitmod_w4fp16/config.toml"),
    },
    Preset {
        name: "bitmod_codebook_fp16",
        text: include_str!("../../../rtl_out/bitmod_codebook_fp16/config.toml"),
    },
    Preset { name: "mac_w2a8", text: include_str!("../../../rtl_out/mac_w2a8/config.toml") },
];

/// The preset called `name`.
pub fn find(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == name)
}
