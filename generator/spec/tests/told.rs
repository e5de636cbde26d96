//! What the table of keys is turned into for people, editors and starters.

use bitplane_spec::{KINDS, Spec, json_schema, parse, schema, starter};

fn shortest(kind: &str) -> Spec {
    let text = format!(
        "kind = '{kind}'\nactivation.format = 'int8'\nweight.format = 'int2'\n\
         tile = {{ m = 2, n = 64, k = 4 }}\n"
    );
    parse(&text, "core").unwrap().spec
}

#[test]
fn a_normalised_file_states_every_key_of_its_kind() {
    insta::assert_snapshot!(shortest("lut_tensor_core").to_toml(), @r#"
    name = "core"
    kind = "lut_tensor_core"

    [activation]
    format = "int8"
    bus = 64

    [weight]
    format = "int2"
    runtime_bits = false
    bus = 256

    [tile]
    m = 2
    n = 64
    k = 4
    groups = 1
    drain = 16
    plane_order = "inner"

    [table]
    symmetry = "half"
    fold = "offline"
    precompute = "shared"
    select = "one_hot"
    entry = "exact"
    copies = 1

    [accumulate]
    max_k = 4096
    format = "auto"
    overflow = "refuse"

    [group]
    zero_point = "none"
    scale = "none"

    [pipeline]
    stages = "auto"
    reset = "async"

    [sequencer]
    commands = "none"
    "#);
    insta::assert_snapshot!(shortest("mac_array").to_toml(), @r#"
    name = "core"
    kind = "mac_array"

    [activation]
    format = "int8"
    bus = 64

    [weight]
    format = "int2"
    runtime_bits = false
    bus = 512

    [tile]
    m = 2
    n = 64
    k = 4
    groups = 1
    drain = 16
    plane_order = "inner"

    [accumulate]
    max_k = 4096
    format = "auto"
    overflow = "refuse"

    [group]
    zero_point = "none"
    scale = "none"

    [pipeline]
    stages = "auto"
    reset = "async"

    [sequencer]
    commands = "none"
    "#);
}

#[test]
fn the_fold_is_stated_only_for_half_tables() {
    let text = shortest("lut_tensor_core").to_toml();
    let full = text.replace("symmetry = \"half\"\nfold = \"offline\"", "symmetry = \"full\"");
    assert_ne!(full, text);
    assert_eq!(parse(&full, "core").unwrap().spec.to_toml(), full);
}

#[test]
fn the_digest_depends_on_the_spec_and_not_on_its_spelling() {
    let spec = shortest("lut_tensor_core");
    let spaced = spec.to_toml().replace(" = ", "=").replace('\n', "\n\n# comment\n");
    assert_eq!(parse(&spaced, "core").unwrap().spec.digest(), spec.digest());
    assert_ne!(shortest("mac_array").digest(), spec.digest());
    assert_eq!(spec.digest().len(), 16);
    insta::assert_snapshot!(spec.digest(), @"9485bd4dc08c6cb3");
}

#[test]
fn the_schema_tells_every_key() {
    insta::assert_snapshot!(schema(), @r#"
    Keys of a configuration file (TOML). Kinds of core:
      lut_tensor_core  table look-up, one bit plane of the weights a cycle (LUT Tensor Core)
      lut_conventional look-up of sums of subsets, all of them stored: weight bits are 1 and 0 (baseline)
      add_array        bit-serial adders, one bit plane of the weights a cycle (baseline)
      mac_array        parallel two's-complement multipliers, all bits of a weight a cycle
      fp_mac_array     dot products of floating-point numbers, fused or discrete (baseline)
      bitmod_tile      mixed data types of weights, one term a cycle (BitMoD)

    (above the first section)  Which core this is.
      name (default: the file's stem)
          Prefix of every module and name of the bundle.
          a name: 1 to 40 of the characters a-z, 0-9 and _, the first of them a letter
      kind (required)
          The hardware organisation.
            lut_tensor_core  table look-up, one bit plane of the weights a cycle (LUT Tensor Core)
            lut_conventional look-up of sums of subsets, all of them stored: weight bits are 1 and 0 (baseline)
            add_array        bit-serial adders, one bit plane of the weights a cycle (baseline)
            mac_array        parallel two's-complement multipliers, all bits of a weight a cycle
            fp_mac_array     dot products of floating-point numbers, fused or discrete (baseline)
            bitmod_tile      mixed data types of weights, one term a cycle (BitMoD)

    [activation]  The activations A.
      format (required)
          Two's-complement integer or floating-point number of each activation.
          lut_tensor_core, lut_conventional, add_array, mac_array: "fp16", "bf16", "fp8_e4m3", "fp8_e5m2", "fp6_e3m2", "fp6_e2m3", "fp4_e2m1" or "int2" to "int16"
          fp_mac_array: "fp16", "bf16", "fp8_e4m3", "fp8_e5m2", "fp6_e3m2", "fp6_e2m3" or "fp4_e2m1"
          bitmod_tile: "fp16", "bf16", "fp8_e4m3", "fp8_e5m2", "fp6_e3m2", "fp6_e2m3", "fp4_e2m1" or "int2" to "int16"
            fp16             IEEE 754 binary16
            bf16             bfloat16: 8 bits of exponent, 7 of fraction
            fp8_e4m3         OCP FP8: 4 bits of exponent, 3 of fraction, no infinity
            fp8_e5m2         OCP FP8: 5 bits of exponent, 2 of fraction
            fp6_e3m2         OCP FP6: 3 bits of exponent, 2 of fraction, only numbers
            fp6_e2m3         OCP FP6: 2 bits of exponent, 3 of fraction, only numbers
            fp4_e2m1         OCP FP4: 2 bits of exponent, 1 of fraction, only numbers
      bus (default: all bits of a k-step)
          Bits of a k-step in one beat of activation_data_i; the last beat is padded.
          an integer from 1 to 1048576

    [weight]  The weights.
      format (required)
          Code of each weight; its bits are its bit planes, a trit is one. In a bitmod_tile the data types that quantisation groups can have, in the order of their numbers.
          lut_tensor_core: "ternary" or "int1" to "int8"
          lut_conventional, add_array, mac_array: "int1" to "int8"
          fp_mac_array: "fp16", "bf16", "fp8_e4m3", "fp8_e5m2", "fp6_e3m2", "fp6_e2m3", "fp4_e2m1" or "int1" to "int8"
          bitmod_tile: "bitmod_fp4", "bitmod_fp3", "int8", "int6", "int5", "int4", "int3", "fp6_e2m3", "fp6_e3m2", "fp4_e2m1", "fp3_e2m0", "nf4", { name, values, fraction_bits } or a list of some of them
            ternary          -1, 0 and 1, k of them in one look-up
            fp16             IEEE 754 binary16
            bf16             bfloat16: 8 bits of exponent, 7 of fraction
            fp8_e4m3         OCP FP8: 4 bits of exponent, 3 of fraction, no infinity
            fp8_e5m2         OCP FP8: 5 bits of exponent, 2 of fraction
            fp6_e3m2         OCP FP6: 3 bits of exponent, 2 of fraction, only numbers
            fp6_e2m3         OCP FP6: 2 bits of exponent, 3 of fraction, only numbers
            fp4_e2m1         OCP FP4: 2 bits of exponent, 1 of fraction, only numbers
            bitmod_fp4       0, 0.5, 1, 1.5, 2, 3, 4, 6 with signs, and a special value a group
            bitmod_fp3       0, 1, 2, 4 with signs, and a special value a group
            int8             two's complement
            int6             two's complement
            int5             two's complement
            int4             two's complement
            int3             two's complement
            fp6_e2m3         OCP FP6: 2 bits of exponent, 3 of fraction
            fp6_e3m2         OCP FP6: 3 bits of exponent, 2 of fraction
            fp4_e2m1         OCP FP4: 2 bits of exponent, 1 of fraction
            fp3_e2m0         0, 1, 2, 4 with signs
            nf4              quantiles of a normal distribution, in units of 2^-6
      runtime_bits (default: false)
          Whether the bits of the weights are a field of each run: up to those of format, or in an fp_mac_array those or half of them.
          lut_tensor_core: false or true
          lut_conventional, add_array: false
          mac_array: false
          fp_mac_array: false or true
          bitmod_tile: false
      packing (default: "words")
          How ternary weights come; only with format = "ternary".
          lut_tensor_core: "words" or "bytes"
          lut_conventional, add_array, mac_array, fp_mac_array, bitmod_tile: "words"
            words            a sign and the number of a table entry for k weights
            bytes            five weights of a column a byte, unpacked at the weight port
      bus (default: all bits that the array takes in a cycle)
          Bits of what the array takes in a cycle in one beat of weight_data_i, the last padded.
          an integer from 1 to 1048576

    [chain]  Tiles that share the m x n results and pass weights and activations on. Only bitmod_tile.
      rows (default: 1)
          Rows of tiles, each of which takes its weights from the one above; divides m.
          an integer from 1 to 8
      columns (default: 1)
          Columns of tiles, each of which takes its activations from the one before; divides n.
          an integer from 1 to 8

    [tile]  What the core works on in one cycle: m x n results, k * groups elements of each.
      m (required)
          Rows (tokens) worked on at once.
          lut_tensor_core, lut_conventional, add_array, mac_array, fp_mac_array: an integer from 1 to 16
          bitmod_tile: an integer from 1 to 64
      n (required)
          Columns (output channels) worked on at once.
          an integer from 1 to 1024
      k (required)
          Elements of one group: of one table, one weight word in an add_array, or one dot product in a mac_array.
          lut_tensor_core, lut_conventional: an integer from 2 to 6
          add_array: an integer from 1 to 8
          mac_array, fp_mac_array: an integer from 1 to 64
          bitmod_tile: an integer from 1 to 64
      groups (default: 1)
          Groups summed before one accumulator.
          lut_tensor_core, lut_conventional: an integer from 1 to 16
          add_array: an integer from 1 to 16
          mac_array, fp_mac_array, bitmod_tile: the integer 1
      drain (default: group.scale_units, else the largest divisor of a tile's columns that is at most 16)
          Results in one beat of the result port; divides the columns of a tile, n where tiles are not chained.
          an integer from 1 to 1024
      plane_order (default: "inner")
          In which order the bit planes of a run come.
          lut_tensor_core, lut_conventional, add_array: "inner" or "outer"
          mac_array, fp_mac_array: "inner"
          bitmod_tile: "inner"
            inner            all planes of a k-step before the next, lowest first
            outer            all k-steps of a plane before the next, highest first; A once a plane

    [table]  The tables of partial sums. Only lut_tensor_core, lut_conventional.
      symmetry (default: "half")
          How much of a table is stored; only in a lut_tensor_core.
            half             2^(k-1) entries; the others are their negation
            full             all 2^k entries, no negation in the lanes
      fold (default: "offline")
          Where sign bits are folded onto the stored half; only with symmetry = "half".
            offline          the packer stores sign and index
            runtime          exclusive-ors at the weight port fold plain planes
      precompute (default: "shared")
          Who builds the tables.
            shared           the core builds each table once for all columns
            local            the core builds each copy of a table, beside its readers
            external         the activation port carries finished table entries
      select (default: "one_hot")
          How a lane picks its entry.
            one_hot          a decoder shared by the rows drives an AND-OR a lane
            binary           a multiplexer tree on the binary index in each lane
      entry (default: "exact")
          How a table holds sums of integers; sums of rounded numbers, with mode = "float", are as they are.
          lut_tensor_core: "exact" or "int8"
          lut_conventional: "exact"
            exact            the sums themselves, as wide as they are
            int8             sums rounded to 8 bits, in units of a power of two
      copies (default: 1)
          Copies of each table register, to lower its fan-out; at most n.
          an integer from 1 to 1024

    [term]  The terms of weights, of which lanes add one a cycle. Only bitmod_tile.
      reach (default: the least with which no type takes more cycles than with 3)
          Largest shift of a term within its cycle; a larger one takes floating-point types in fewer cycles.
          an integer from 1 to 7

    [accumulate]  The accumulators, one for each of the m x n results.
      max_k (default: 4096)
          Longest exact run in elements of K.
          an integer from 1 to 16777216
      format (default: "auto")
          Accumulator and result; auto is the narrowest that max_k needs.
          lut_tensor_core, lut_conventional, add_array, mac_array: "auto" or "int16" to "int128"
          fp_mac_array: "auto"
          bitmod_tile: "auto"
            auto             chosen by the generator
      mode (default: "aligned")
          What is rounded; only with floating-point activations.
          lut_tensor_core: "aligned" or "float"
          lut_conventional, add_array, mac_array: "aligned"
          fp_mac_array, bitmod_tile: "aligned" or "float"
            aligned          numbers become integers, whose sums are exact and rounded once
            float            every product and every sum is rounded; in a bitmod_tile the sums of each cycle
      align_bits (default: 16 (fp_mac_array: 26), or exact where that is no wider)
          Width of the integers that floating-point activations (in an fp_mac_array: products) are aligned to; exact loses no bit. Only with such activations and mode = "aligned".
          "exact" or an integer from 8 to 40
            exact            wide enough to lose no bit
      align_block (default: "k")
          Activations of a row that are aligned to one exponent; only with floating-point activations.
          lut_tensor_core: "k" or "group"
          lut_conventional, add_array, mac_array: "k"
          fp_mac_array: "k"
          bitmod_tile: "k" or "group"
            k                those of a run
            group            those of a quantisation group, whose sum is scaled with their exponent
      result (default: "fp32")
          Format that a sum is rounded to at the output, with mode = "float" every product and sum (in a bitmod_tile to its fraction); only with floating-point activations.
            fp32             IEEE 754 binary32
            fp16             IEEE 754 binary16
            bf16             bfloat16
      overflow (default: "refuse")
          What an accumulator narrower than max_k needs does.
          lut_tensor_core, lut_conventional, add_array, mac_array: "refuse", "wrap" or "saturate"
          fp_mac_array: "refuse"
          bitmod_tile: "refuse"
            refuse           a format narrower than max_k needs is an error
            wrap             keep the low bits at every addition
            saturate         clamp at every addition

    [group]  Corrections that belong to the quantisation of the weights.
      zero_point (default: "none")
          Zero points of the weights.
          lut_tensor_core: "none", "constant" or "per_group"
          lut_conventional, add_array: "none" or "constant"
          mac_array, fp_mac_array, bitmod_tile: "none"
            none             no correction: sums of the weights as the core reads them
            constant         one zero point for all columns, given with each run
            per_group        one a column and quantisation group, with the weights
      scale (default: "none")
          Scales of the quantisation groups: results are then floating-point numbers, to which each group's sum times its scale is added with one rounding. A bitmod_tile has scales always, FP16 unless it says otherwise.
          lut_tensor_core: "none", "fp16", "e4m3", "e8m0" or "int8"
          lut_conventional, add_array, mac_array, fp_mac_array: "none"
          bitmod_tile: "fp16", "e4m3", "e8m0" or "int8"
            none             no scales: results are integers, or aligned sums
            fp16             IEEE 754 binary16, one a column and quantisation group, with the weights
            e4m3             OCP FP8 E4M3, one a column and quantisation group, with the weights
            e8m0             a power of two, one a column and quantisation group, with the weights
            int8             an integer, one a column and quantisation group, with the weights
      size (default: 0; 128 in a bitmod_tile)
          Elements of K in a quantisation group; required by zero_point = "per_group" and by a scale, and only for them. A whole column is one group if its K is at most this long.
          an integer from 0 to 16777216
      scale_units (default: tile.drain)
          Columns of a tile corrected in one cycle while a quantisation group drains; divides them; only with zero_point = "per_group" or a scale.
          an integer from 1 to 1024
      drain (default: "stall")
          Where the sums of a quantisation group drain from; only with zero_point = "per_group" or a scale.
          lut_tensor_core: "stall" or "shadow"
          lut_conventional, add_array, mac_array, fp_mac_array: "stall"
          bitmod_tile: "stall" or "shadow"
            stall            the accumulators; the array stands still
            shadow           a second register of each lane; the array goes on with the next group

    [pipeline]  Registers and reset.
      stages (default: "auto")
          Registers between select or multiply and the accumulator.
          lut_tensor_core, lut_conventional: "auto" or an integer from 0 to 2
          add_array: "auto" or an integer from 0 to 1
          mac_array: "auto" or an integer from 0 to 1
          fp_mac_array: "auto" or an integer from 0 to 2
          bitmod_tile: "auto" or an integer from 0 to 3
            auto             chosen by the generator
      reset (default: "async")
          How rst_ni acts.
            async            asserted asynchronously, released synchronously
            sync             sampled at the clock edge

    [sequencer]  Whole matrix products as commands.
      commands (default: "none")
          Commands that the core takes and executes.
            none             the streams carry single runs, with their markers
            lmma             command words of whole matrix products, run tile by tile
      addend (default: "none")
          Format of a matrix C that a command can add and of the results then; at least as wide as a result. Only with commands = "lmma".
          lut_tensor_core, lut_conventional, add_array, mac_array: "none" or "int16" to "int128"
          fp_mac_array, bitmod_tile: "none"
            none             results are those of the product alone
      skip (default: "none")
          K-steps that the sequencer leaves out. The core asks for the weights of the others, one k-step after the other, on a stream of its own. The last of K and of each quantisation group stay. Only with commands = "lmma".
          lut_tensor_core, lut_conventional: "none" or "zero_steps"
          add_array, mac_array: "none"
          fp_mac_array: "none"
          bitmod_tile: "none"
            none             every k-step takes its cycles
            zero_steps       k-steps whose activations are all zero take no weights and no cycle of the array
      activation_buffer (default: 0)
          Beats of the activation port that a memory keeps, a power of two: A is streamed once and comes again from there for every n columns. 0: it is streamed again. Only with commands = "lmma".
          an integer from 0 to 65536
      weight_buffer (default: 0)
          Beats of the weight port that a memory keeps, a power of two: W is streamed once and comes again from there for every m rows. 0: it is streamed again. Only with commands = "lmma".
          an integer from 0 to 65536
      buffer_banks (default: 1)
          Memories that each buffer is made of, a power of two; neighbouring beats lie in different ones. Only with commands = "lmma".
          an integer from 1 to 64
    "#);
}

#[test]
fn the_schema_leaves_out_what_is_not_built() {
    let texts = schema() + &json_schema().to_string();
    for word in ["bitmod_pe", "replay"] {
        assert!(!texts.contains(word), "{word}");
    }
}

#[test]
fn the_json_schema_has_one_object_for_each_kind() {
    let schema = json_schema();
    let kinds = schema["oneOf"].as_array().unwrap();
    assert_eq!(kinds.len(), KINDS.len());
    for (kind, object) in KINDS.iter().zip(kinds) {
        assert_eq!(object["properties"]["kind"]["const"], kind.name);
        assert_eq!(object["additionalProperties"], false);
    }
    let tile = &kinds[0]["properties"]["tile"];
    assert_eq!(tile["required"], serde_json::json!(["m", "n", "k"]));
    assert_eq!(tile["properties"]["k"]["maximum"], 6);
    let mac_array = kinds.last().unwrap();
    assert_eq!(mac_array["properties"]["tile"]["properties"]["k"]["maximum"], 64);
    assert!(mac_array["properties"].get("table").is_none());
}

#[test]
fn a_starter_parses_without_warnings_and_shows_the_defaults() {
    for kind in KINDS {
        let text = starter(kind.name).unwrap();
        let parsed = parse(&text, kind.name).unwrap();
        assert_eq!(parsed.spec.kind().name(), kind.name);
        assert!(parsed.warnings.is_empty());
        let is_default = |line: &str| {
            line.split_once(" = ")
                .and_then(|(key, _)| key.strip_prefix("# "))
                .is_some_and(|key| key.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
        };
        let explicit: String = text
            .lines()
            .map(|line| if is_default(line) { &line[2..] } else { line })
            .flat_map(|line| [line, "\n"])
            .collect();
        assert_ne!(explicit, text);
        assert_eq!(parse(&explicit, "another").unwrap().spec, parsed.spec);
    }
    assert_eq!(starter("bitmod_pe"), None);
}

#[test]
fn a_starter_reads_well() {
    insta::assert_snapshot!(starter("mac_array").unwrap(), @r#"
    # mac_array: parallel two's-complement multipliers, all bits of a weight a cycle.
    # Keys without a leading # are required; the others show their default.

    # Which core this is.

    # Prefix of every module and name of the bundle.
    # Legal: a name: 1 to 40 of the characters a-z, 0-9 and _, the first of them a letter.
    # Default: the file's stem.
    # name = "mac_array"

    # The hardware organisation.
    #     lut_tensor_core  table look-up, one bit plane of the weights a cycle (LUT Tensor Core)
    #     lut_conventional look-up of sums of subsets, all of them stored: weight bits are 1 and 0 (baseline)
    #     add_array        bit-serial adders, one bit plane of the weights a cycle (baseline)
    #     mac_array        parallel two's-complement multipliers, all bits of a weight a cycle
    #     fp_mac_array     dot products of floating-point numbers, fused or discrete (baseline)
    #     bitmod_tile      mixed data types of weights, one term a cycle (BitMoD)
    kind = "mac_array"

    # The activations A.
    [activation]

    # Two's-complement integer or floating-point number of each activation.
    # Legal: "fp16", "bf16", "fp8_e4m3", "fp8_e5m2", "fp6_e3m2", "fp6_e2m3", "fp4_e2m1" or "int2" to "int16".
    #     fp16             IEEE 754 binary16
    #     bf16             bfloat16: 8 bits of exponent, 7 of fraction
    #     fp8_e4m3         OCP FP8: 4 bits of exponent, 3 of fraction, no infinity
    #     fp8_e5m2         OCP FP8: 5 bits of exponent, 2 of fraction
    #     fp6_e3m2         OCP FP6: 3 bits of exponent, 2 of fraction, only numbers
    #     fp6_e2m3         OCP FP6: 2 bits of exponent, 3 of fraction, only numbers
    #     fp4_e2m1         OCP FP4: 2 bits of exponent, 1 of fraction, only numbers
    format = "int8"

    # Bits of a k-step in one beat of activation_data_i; the last beat is padded.
    # Legal: an integer from 1 to 1048576.
    # Default: all bits of a k-step.
    # bus = 64

    # The weights.
    [weight]

    # Code of each weight; its bits are its bit planes, a trit is one. In a bitmod_tile the data types that quantisation groups can have, in the order of their numbers.
    # Legal: "int1" to "int8".
    format = "int2"

    # Whether the bits of the weights are a field of each run: up to those of format, or in an fp_mac_array those or half of them.
    # Legal: false.
    # runtime_bits = false

    # Bits of what the array takes in a cycle in one beat of weight_data_i, the last padded.
    # Legal: an integer from 1 to 1048576.
    # Default: all bits that the array takes in a cycle.
    # bus = 512

    # What the core works on in one cycle: m x n results, k * groups elements of each.
    [tile]

    # Rows (tokens) worked on at once.
    # Legal: an integer from 1 to 16.
    m = 2

    # Columns (output channels) worked on at once.
    # Legal: an integer from 1 to 1024.
    n = 64

    # Elements of one group: of one table, one weight word in an add_array, or one dot product in a mac_array.
    # Legal: an integer from 1 to 64.
    k = 4

    # Groups summed before one accumulator.
    # Legal: the integer 1.
    # groups = 1

    # Results in one beat of the result port; divides the columns of a tile, n where tiles are not chained.
    # Legal: an integer from 1 to 1024.
    # Default: group.scale_units, else the largest divisor of a tile's columns that is at most 16.
    # drain = 16

    # In which order the bit planes of a run come.
    #     inner            all planes of a k-step before the next, lowest first
    # plane_order = "inner"

    # The accumulators, one for each of the m x n results.
    [accumulate]

    # Longest exact run in elements of K.
    # Legal: an integer from 1 to 16777216.
    # max_k = 4096

    # Accumulator and result; auto is the narrowest that max_k needs.
    # Legal: "auto" or "int16" to "int128".
    #     auto             chosen by the generator
    # format = "auto"

    # What an accumulator narrower than max_k needs does.
    #     refuse           a format narrower than max_k needs is an error
    #     wrap             keep the low bits at every addition
    #     saturate         clamp at every addition
    # overflow = "refuse"

    # Corrections that belong to the quantisation of the weights.
    [group]

    # Zero points of the weights.
    #     none             no correction: sums of the weights as the core reads them
    # zero_point = "none"

    # Scales of the quantisation groups: results are then floating-point numbers, to which each group's sum times its scale is added with one rounding. A bitmod_tile has scales always, FP16 unless it says otherwise.
    #     none             no scales: results are integers, or aligned sums
    # scale = "none"

    # Registers and reset.
    [pipeline]

    # Registers between select or multiply and the accumulator.
    # Legal: "auto" or an integer from 0 to 1.
    #     auto             chosen by the generator
    # stages = "auto"

    # How rst_ni acts.
    #     async            asserted asynchronously, released synchronously
    #     sync             sampled at the clock edge
    # reset = "async"

    # Whole matrix products as commands.
    [sequencer]

    # Commands that the core takes and executes.
    #     none             the streams carry single runs, with their markers
    #     lmma             command words of whole matrix products, run tile by tile
    # commands = "none"
    "#);
}

#[test]
fn values_that_are_rounded_to_their_grid_are_told() {
    let text = "kind = 'bitmod_tile'\nactivation.format = 'fp16'\ntile = { m = 1, n = 1, k = 8 }\n\
                weight.format = { name = 'mine', values = [-1, -0.2, 0, 0.7], fraction_bits = 2 }\n";
    let warnings = parse(text, "core").unwrap().warnings;
    let told: Vec<String> = warnings.iter().map(|p| p.render_plain("core.toml")).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    core.toml:4: [rounded-values] weight.format: mine: values are rounded to multiples of 2^-2, which moves them by up to 0.050000
      help: give more fraction_bits, which may take more cycles, or values on the grid
    "#);
}

#[test]
fn a_costly_tile_is_built_with_a_warning() {
    let text = shortest("lut_tensor_core").to_toml().replace("groups = 1", "groups = 8");
    let text = text.replace("m = 2", "m = 16");
    let warnings = parse(&text, "core").unwrap().warnings;
    assert_eq!(warnings.len(), 1);
    assert_eq!((warnings[0].code, warnings[0].line), ("costly", Some(15)));
    assert!(warnings[0].message.starts_with("m * n * groups = 8192 look-ups a cycle"));
}

#[test]
fn exactly_the_bounds_of_the_cost_are_legal() {
    let text = shortest("lut_tensor_core").to_toml();
    let tile = |m: u32, n: u32| {
        text.replace("m = 2", &format!("m = {m}")).replace("n = 64", &format!("n = {n}"))
    };
    assert!(parse(&tile(4, 1024), "core").unwrap().warnings.is_empty());
    assert_eq!(parse(&tile(16, 1024), "core").unwrap().warnings.len(), 1);
}

#[test]
fn a_format_as_wide_as_the_sums_is_legal_and_one_bit_less_is_not() {
    for (kind, exact) in [("lut_tensor_core", 22), ("mac_array", 22)] {
        let spec = shortest(kind);
        assert_eq!(spec.accumulator_bits(), exact, "{kind}");
        let at = |bits: u32, overflow: &str| {
            let text = spec.to_toml().replace("\"auto\"\noverflow = \"refuse\"", &{
                format!("\"int{bits}\"\noverflow = \"{overflow}\"")
            });
            parse(&text, "core").map(|parsed| parsed.spec.accumulator_bits())
        };
        assert_eq!(at(exact, "refuse"), Ok(exact));
        assert_eq!(at(exact - 1, "refuse").unwrap_err()[0].code, "accumulator-too-narrow");
        assert_eq!(at(16, "wrap"), Ok(16));
        assert_eq!(at(128, "saturate"), Ok(128));
    }
}
