//! Figures that others have published, each with its source.

/// One line of a published table.
#[derive(Clone, Copy, Debug)]
pub struct Published {
    /// What the line is called there.
    pub title: &'static str,
    /// Area in um2.
    pub area_um2: f64,
    /// Throughput per area against the table's first line.
    pub ratio: f64,
}

/// Ablation of LUT Tensor Core (ISCA 2025, arXiv 2408.06003), from the authors' slides: W2A8,
/// M*N*K = 512, Design Compiler, TSMC 28 nm, 1 GHz. The baseline is UNPU (JSSC 2019) as its tile
/// was re-explored by the authors of LUT Tensor Core.
pub const LUT_ABLATION: [Published; 4] = [
    Published { title: "UNPU, design space explored", area_um2: 17_271.71, ratio: 1.0 },
    Published { title: "+ weight reinterpretation", area_um2: 13_116.60, ratio: 1.317 },
    Published { title: "+ negation circuit elimination", area_um2: 12_780.05, ratio: 1.351 },
    Published { title: "+ split and fused table precompute", area_um2: 11_991.29, ratio: 1.440 },
];

/// Where [`LUT_ABLATION`] is from.
pub const LUT_ABLATION_SOURCE: &str =
    "LUT Tensor Core, ISCA 2025 (arXiv 2408.06003); Design Compiler, TSMC 28 nm, 1 GHz";

/// `M * N * k * groups` of every line of [`LUT_ABLATION`].
pub const LUT_ABLATION_PRODUCT: u32 = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_ratios_are_those_of_the_published_areas() {
        for line in LUT_ABLATION {
            let ratio = LUT_ABLATION[0].area_um2 / line.area_um2;
            assert!((ratio - line.ratio).abs() < 1e-3, "{}: {ratio}", line.title);
        }
    }
}
