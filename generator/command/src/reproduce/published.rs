//! Figures that others have published, each with its source.

use super::comparison::Ratios;

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

/// A tensor core of a published table.
#[derive(Clone, Copy, Debug)]
pub struct TensorCore {
    /// Area in mm2.
    pub area_mm2: f64,
    /// Throughput in T(FL)OPs a second per mm2.
    pub density: f64,
}

impl TensorCore {
    /// Against the FP16 one.
    pub fn ratios(self) -> Ratios {
        let [fp16, ..] = TENSOR_CORES;
        Ratios { area: Some(self.area_mm2 / fp16.area_mm2), density: self.density / fp16.density }
    }
}

/// Tensor cores of LUT Tensor Core (ISCA 2025, arXiv 2408.06003), from the authors' slides, in the
/// throughput of an A100: FP16; INT8, at twice that; W2A8 look-up at four and eight times that. The
/// larger register file that look-up needs there is not counted.
pub const TENSOR_CORES: [TensorCore; 4] = [
    TensorCore { area_mm2: 0.975, density: 2.96 },
    TensorCore { area_mm2: 0.312, density: 17.73 },
    TensorCore { area_mm2: 0.187, density: 61.84 },
    TensorCore { area_mm2: 0.373, density: 61.95 },
];

/// Where [`TENSOR_CORES`] is from.
pub const TENSOR_CORE_SOURCE: &str = "A100-normalised tensor cores of LUT Tensor Core, ISCA 2025 (arXiv \
     2408.06003); Design Compiler, TSMC 28 nm, 1 GHz";

/// TFLOPs a second per mm2 of one dot product of four elements by look-up, FP16 activations and
/// weights of one bit, tables not counted (same source).
pub const DP4_LOOK_UP: f64 = 61.55;

/// The same of FP16 multipliers and adders.
pub const DP4_MULTIPLY: f64 = 3.39;

/// Where [`DP4_LOOK_UP`] and [`DP4_MULTIPLY`] are from.
pub const DP4_SOURCE: &str = "dot products of 4 of LUT Tensor Core, ISCA 2025 (arXiv 2408.06003), tables not \
     counted: look-up beats FP16 multipliers at weights of up to 6 bits, adders only at 1 and 2; \
     Design Compiler, TSMC 28 nm, 1 GHz";

/// An array of a published table.
#[derive(Clone, Copy, Debug)]
pub struct PublishedTile {
    /// Area in um2, with all that its elements share.
    pub area_um2: f64,
    /// Processing elements.
    pub elements: f64,
}

/// FP16 multiply-accumulate elements, 6 x 8.
pub const FP16_TILE: PublishedTile = PublishedTile { area_um2: 95_498.0, elements: 48.0 };

/// BitMoD elements, 8 x 8, with the term encoder.
pub const BITMOD_TILE: PublishedTile =
    PublishedTile { area_um2: 97_090.0 + 2_419.0, elements: 64.0 };

/// BitMoD against FP16 where each of its elements does `macs` a cycle.
pub fn bitmod_ratios(macs: f64) -> Ratios {
    let area = BITMOD_TILE.area_um2 / FP16_TILE.area_um2;
    Ratios { area: Some(area), density: macs * BITMOD_TILE.elements / FP16_TILE.elements / area }
}

/// Processing elements beside BitMoD's public RTL, um2 with the registers of their inputs: one that multiplies
/// and adds in FP16.
pub const FP16_ELEMENT: f64 = 1968.7;

/// The same of FP16 activations and INT8 weights.
pub const FP16_INT8_ELEMENT: f64 = 1318.6;

/// The same of FP16 activations and an INT8 weight or two FP4 weights.
pub const FP16_PAIR_ELEMENT: f64 = 2318.9;

/// Where the elements of mixed precision are from.
pub const MIXED_SOURCE: &str = "areas beside the public RTL of BitMoD (HPCA 2025), um2 with registers: FP16 1968.7; \
     FP16 x INT8 1318.6; FP16 x (INT8 or two FP4) 2318.9; BitMoD 1793.7; Design Compiler, TSMC 28 nm, 1 GHz";

/// The same of BitMoD: exponents, multiplication by terms, sum, dequantisation.
pub const BITMOD_ELEMENT: [f64; 4] = [306.9, 748.3, 546.1, 192.4];

/// An element of `area` that does `macs` a cycle against [`FP16_ELEMENT`].
pub fn element_ratios(area: f64, macs: f64) -> Ratios {
    let area = area / FP16_ELEMENT;
    Ratios { area: Some(area), density: macs / area }
}

/// Where [`FP16_ELEMENT`] and the others are from.
pub const ELEMENT_SOURCE: &str = "areas beside the public RTL of BitMoD (HPCA 2025), um2 with registers: FP16 1968.7; \
     FP16 x INT8 1318.6; BitMoD 1793.7, of which exponents 306.9, multiplication 748.3, sum 546.1, dequantisation \
     192.4; Design Compiler, TSMC 28 nm, 1 GHz";

/// Where [`FP16_TILE`] and [`BITMOD_TILE`] are from.
pub const BITMOD_TILE_SOURCE: &str = "Table X of BitMoD, HPCA 2025 (arXiv 2411.11745); Design Compiler, TSMC \
     28 nm, 1 GHz; buffers not counted";

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

    #[test]
    fn published_tensor_cores_have_the_throughput_of_their_names() {
        let [fp16, others @ ..] = TENSOR_CORES;
        for (core, times) in others.into_iter().zip([2.0, 4.0, 8.0]) {
            let ratios = core.ratios();
            let throughput = ratios.area.unwrap() * ratios.density;
            assert!((throughput / times - 1.0).abs() < 0.05, "{throughput} for {times}");
        }
        assert_eq!(fp16.ratios(), Ratios { area: Some(1.0), density: 1.0 });
    }
}
