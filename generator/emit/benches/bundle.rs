//! What it takes to print a whole bundle, for a small and for a large tile.

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;

fn bundle(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("bundle");
    for (name, tile) in [("m1_n8", "m = 1, n = 8"), ("m16_n256", "m = 16, n = 256")] {
        let text = format!(
            "kind = \"lut_tensor_core\"\nactivation.format = \"int8\"\nweight.format = \"int2\"\n\
             tile = {{ {tile}, k = 4 }}\n"
        );
        let spec = bitplane_spec::parse(&text, "core").expect("a legal configuration").spec;
        group.bench_function(name, |bencher| {
            bencher.iter(|| bitplane_emit::bundle(black_box(&spec)))
        });
    }
    group.finish();
}

criterion_group!(benches, bundle);
criterion_main!(benches);
