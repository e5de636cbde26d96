//! The golden model against the loop one would write first, and against the memory.
//!
//! `layer` is 16 tokens through a 384 x 1536 layer of two-bit weights, `row` one token through
//! 4096 x 4096: there every code is read once, so that reading memory bounds the time. `read` is
//! that bound, the sum of as many bytes.

use bitplane_formats::ZeroPoint;
use bitplane_golden::{Run, ZeroPoints, results};
use bitplane_spec::Spec;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rayon::ThreadPoolBuilder;
use std::hint::black_box;

const CORE: &str = r#"
kind = "lut_tensor_core"
activation.format = "int8"
weight.format = "int2"
tile = { m = 16, n = 64, k = 4 }
accumulate.max_k = 4096
group.zero_point = "constant"
"#;

fn run(spec: &Spec, rows: usize, columns: usize, elements: usize) -> Run {
    Run {
        rows,
        columns,
        elements,
        activations: (0..rows * elements).map(|i| (i * 37 % 256) as i32 - 128).collect(),
        weight: spec.weight,
        codes: (0..columns * elements).map(|i| (i * 11 % 7 % 4) as u16).collect(),
        zero_points: ZeroPoints::Constant(ZeroPoint::TWOS_COMPLEMENT),
    }
}

/// The definition: each weight's value, multiplied and added.
fn straightforward(spec: &Spec, run: &Run) -> Vec<i128> {
    let mut results = Vec::new();
    for row in 0..run.rows {
        for column in 0..run.columns {
            let mut sum: i64 = 0;
            for i in 0..run.elements {
                let code = run.codes[column * run.elements + i];
                let weight = spec.weight.value(code, ZeroPoint::TWOS_COMPLEMENT);
                sum += i64::from(run.activations[row * run.elements + i]) * i64::from(weight);
            }
            results.push(i128::from(sum));
        }
    }
    results
}

/// Reads all of `codes` as fast as the machine can.
fn read(codes: &[u16]) -> u64 {
    codes.iter().fold(0, |sum, code| sum.wrapping_add(u64::from(*code)))
}

fn golden(criterion: &mut Criterion) {
    let spec = bitplane_spec::parse(CORE, "core").expect("a legal configuration").spec;
    let one_thread = ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    for (name, run) in [("layer", run(&spec, 16, 1536, 384)), ("row", run(&spec, 1, 4096, 4096))] {
        assert!(results(&spec, &run) == straightforward(&spec, &run), "{name} differs");
        let mut group = criterion.benchmark_group(format!("golden_{name}"));
        group.throughput(Throughput::Elements((run.rows * run.codes.len()) as u64));
        group.bench_function("straightforward", |bencher| {
            bencher.iter(|| straightforward(&spec, black_box(&run)));
        });
        group.bench_function("one_thread", |bencher| {
            one_thread.install(|| bencher.iter(|| results(&spec, black_box(&run))));
        });
        group.bench_function("all_threads", |bencher| {
            bencher.iter(|| results(&spec, black_box(&run)));
        });
        group.bench_function("read", |bencher| bencher.iter(|| read(black_box(&run.codes))));
        group.finish();
    }
}

criterion_group!(benches, golden);
criterion_main!(benches);
