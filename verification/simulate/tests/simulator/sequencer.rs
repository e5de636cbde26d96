//! A sequencer against the same core without one.

use bitplane_simulate::{Batch, Case, Encoder, Response, Session, Simulator, Stalls, Start};
use bitplane_spec::Spec;

use crate::common::generated;

/// What the cores are; the sequencer is added.
const CORES: [&str; 7] = [
    "kind = 'lut_tensor_core'\nactivation.format = 'int4'\nweight.format = 'int1'\n\
     tile = { m = 1, n = 2, k = 2, drain = 2 }\naccumulate.max_k = 64\n",
    "kind = 'lut_tensor_core'\nactivation.format = 'int8'\nweight.format = 'int3'\n\
     tile = { m = 2, n = 4, k = 4 }\naccumulate.max_k = 64\ngroup.zero_point = 'constant'\n",
    "kind = 'mac_array'\nactivation.format = 'int4'\nweight.format = 'int2'\n\
     tile = { m = 1, n = 4, k = 2, drain = 4 }\naccumulate.max_k = 64\n",
    "kind = 'add_array'\nactivation = { format = 'int8', bus = 12 }\nweight = { format = 'int2', bus = 8 }\n\
     tile = { m = 1, n = 5, k = 2 }\naccumulate.max_k = 64\n",
    "kind = 'lut_tensor_core'\nactivation.format = 'fp16'\nweight.format = 'int1'\n\
     tile = { m = 1, n = 2, k = 2, drain = 2 }\naccumulate.max_k = 64\n",
    "kind = 'lut_tensor_core'\nactivation.format = 'int4'\nweight.format = 'int1'\n\
     tile = { m = 1, n = 2, k = 4, groups = 2, drain = 2 }\naccumulate.max_k = 128\n\
     group = { scale = 'e8m0', size = 8 }\n",
    "kind = 'lut_tensor_core'\nactivation.format = 'fp16'\nweight.format = 'int2'\n\
     tile = { m = 1, n = 4, k = 4, groups = 3, drain = 4 }\naccumulate.max_k = 256\n\
     group = { zero_point = 'per_group', scale = 'int8', size = 24 }\n",
];

fn response(spec: &Spec, simulator: &Simulator, lengths: &[usize]) -> Response {
    let encoder = Encoder::new(spec, &simulator.manifest).unwrap();
    let mut batch: Batch = encoder.empty_batch();
    batch.stalls = Stalls::none();
    for steps in lengths {
        encoder.add(&Case::zero(spec, *steps), &mut batch);
    }
    let mut session = Session::start(simulator, &Start::default()).unwrap();
    session.run(&batch).unwrap()
}

#[test]
fn the_sequencer_adds_no_cycle_to_a_stream_of_runs() {
    for core in CORES {
        let Some((plain, alone)) = generated(core) else { return };
        let sequenced = format!("{core}sequencer.commands = 'lmma'\n");
        let Some((spec, simulator)) = generated(&sequenced) else { return };
        let added = |lengths: &[usize]| {
            let with = response(&spec, &simulator, lengths).cycles;
            with - response(&plain, &alone, lengths).cycles
        };
        // The first command is on its way for two cycles.
        let once = added(&[4]);
        assert!(once <= 2, "{core}: {once} cycles");
        for lengths in [&[1; 9][..], &[2; 7], &[1, 5, 1, 1, 1, 2, 1, 8], &[12, 1, 12]] {
            assert_eq!(added(lengths), once, "{core}: {lengths:?}");
        }
    }
}
