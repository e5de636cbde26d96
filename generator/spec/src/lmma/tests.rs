use super::*;
use bitplane_formats::{FloatFormat, IntegerFormat};
use insta::assert_snapshot;
use proptest::prelude::*;

fn command() -> impl Strategy<Value = Command> {
    let numbers: Vec<NumberFormat> = NumberFormat::all().collect();
    let number = || proptest::sample::select(numbers.clone());
    let sizes = (1..=MOST_ROWS, 1..=MOST_ROWS, 1..=MOST_ELEMENTS);
    let weight = proptest::sample::select(WeightOperand::all().collect::<Vec<_>>());
    let formats = (number(), weight, number(), number());
    (sizes, formats, any::<bool>(), -255..=255i32, any::<u8>()).prop_map(
        |((m, n, k), (activation, weight, accumulator, output), accumulate, zero_point, id)| {
            let accepted = weight.accepts(ZeroPoint(zero_point));
            Command {
                instruction: Instruction { m, n, k, activation, weight, accumulator, output },
                accumulate,
                zero_point: if accepted { ZeroPoint(zero_point) } else { ZeroPoint::MID_RISE },
                id,
            }
        },
    )
}

proptest! {
    #[test]
    fn text_and_word_of_a_command_are_inverses_of_each_other(command in command()) {
        prop_assert_eq!(Command::of_word(command.word()), Ok(command));
        prop_assert_eq!(Command::parse(&command.to_string()), Ok(command));
    }

    #[test]
    fn any_word_is_a_command_or_has_problems(word in any::<u128>()) {
        match Command::of_word(word) {
            Ok(command) => prop_assert_eq!(command.word(), word),
            Err(problems) => prop_assert!(!problems.is_empty()),
        }
    }

    #[test]
    fn any_text_is_a_command_or_has_problems(text in "(lmma)?[.a-z0-9 =]{0,60}") {
        match Command::parse(&text) {
            Ok(command) => prop_assert_eq!(Command::parse(&command.to_string()), Ok(command)),
            Err(problems) => prop_assert!(!problems.is_empty()),
        }
    }
}

#[test]
fn fields_lie_apart_and_within_the_word() {
    let mut taken = 0u128;
    for field in FIELDS {
        assert!(field.low + field.bits <= WORD_BITS, "{field:?}");
        assert_eq!(taken & field.mask(), 0, "{field:?}");
        taken |= field.mask();
    }
}

#[test]
fn codes_of_formats_are_their_widths_then_the_floating_point_ones() {
    let int8 = NumberFormat::Integer(IntegerFormat::new(8).unwrap());
    assert_eq!((int8.code(), NumberFormat::of_code(0)), (8, None));
    assert_eq!(NumberFormat::Float(FloatFormat::FP32).code(), 129);
    assert_eq!(NumberFormat::all().count(), 136);
}

#[test]
fn a_word_has_its_fields_where_the_table_says() {
    let text = "lmma.m2n64k4096.int8.int2.int32.int32 accumulate zero_point=-1 id=7";
    let word = Command::parse(text).unwrap().word();
    assert_snapshot!(format!("{word:032x}"), @"000701ff222020080000100000400002");
}

fn told<T: std::fmt::Debug>(result: Result<T, Vec<Problem>>) -> String {
    let problems = result.expect_err("a mistake");
    problems.iter().map(|problem| problem.render_plain("") + "\n").collect()
}

#[test]
fn all_that_is_wrong_with_a_text_is_told_at_once() {
    assert_snapshot!(told(Command::parse("")), @r#"
    : [lmma-syntax] "" is no instruction; legal is lmma.mMnNkK.A.W.Acc.O [accumulate] [zero_point=Z] [id=I]
      help: write for example `lmma.m2n64k4.int8.int2.int32.int32`
    "#);
    assert_snapshot!(told(Command::parse("lmma.m2n64.int8.int2.int32.int32")), @r#"
    : [lmma-syntax] shape: "m2n64" is no shape; legal is mMnNkK with three integers
      help: write for example `m2n64k4`
    "#);
    let text =
        "lmma.m0n70000k99999999.int8.itn2.int129.fp32 accumulate=1 zero_point=2 id=256 x id=1";
    assert_snapshot!(told(Command::parse(text)), @r#"
    : [lmma-size] M: M = 0 is not legal; legal is an integer from 1 to 65535
      help: a product without results needs no command
    : [lmma-size] N: N = 70000 is not legal; legal is an integer from 1 to 65535
      help: split the product into commands of up to 65535
    : [lmma-size] K: K = 99999999 is not legal; legal is an integer from 1 to 16777216
      help: split the product into commands of up to 16777216
    : [lmma-format] W: "itn2" is no format of W; legal is int1 to int8, ternary, per_group, fp16, bf16, fp8_e4m3, fp8_e5m2, fp6_e3m2, fp6_e2m3, fp4_e2m1
      help: did you mean `int2`?
    : [lmma-format] Acc: "int129" is no format of Acc; legal is int1 to int128, fp32, fp16, bf16, fp8_e4m3, fp8_e5m2, fp6_e3m2, fp6_e2m3, fp4_e2m1
      help: did you mean `int12`?
    : [lmma-option] accumulate: "accumulate=1" is no option of a command; legal is `accumulate` without a value
      help: write for example `lmma.m2n64k4.int8.int2.int32.int32 zero_point=1 id=7`
    : [lmma-option] id: "id=256" is no option of a command; legal is `id=I` with an integer I from 0 to 255
      help: write for example `lmma.m2n64k4.int8.int2.int32.int32 zero_point=1 id=7`
    : [lmma-option] "x" is no option of a command; legal is accumulate, zero_point=Z and id=I
      help: write for example `lmma.m2n64k4.int8.int2.int32.int32 zero_point=1 id=7`
    : [lmma-option] id: `id` is given twice
      help: leave one of them out
    "#);
    let text = "lmma.m1n1k1.int8.int2.int32.int32 zero_point=2";
    assert_snapshot!(told(Command::parse(text)), @"
    : [lmma-zero-point] zero_point: 2 is not legal with int2 weights; legal is 0 or an odd integer from -3 to 3
      help: z' = 2z + 1 - 2^b for the unsigned code z that stands for 0; two's complement is 1
    ");
    let text = "lmma.m1n1k1.int8.ternary.int32.int32 zero_point=1";
    assert_snapshot!(told(Command::parse(text)), @"
    : [lmma-zero-point] zero_point: 1 is not legal with ternary weights; legal is 0
      help: leave `zero_point` out
    ");
}

#[test]
fn all_that_is_wrong_with_a_word_is_told_at_once() {
    assert_snapshot!(told(Command::of_word(0)), @r#"
    : [lmma-format] activation: 0 is the code of no format; legal is 1 to 128, the bits of an integer, or 129 to 136 for floating point
      help: `bitplane lmma assemble` makes words from text
    : [lmma-format] accumulator: 0 is the code of no format; legal is 1 to 128, the bits of an integer, or 129 to 136 for floating point
      help: `bitplane lmma assemble` makes words from text
    : [lmma-format] output: 0 is the code of no format; legal is 1 to 128, the bits of an integer, or 129 to 136 for floating point
      help: `bitplane lmma assemble` makes words from text
    : [lmma-format] weight: 0 is the code of no format; legal is 1 to 8, the bits of a weight, 9 for ternary, 10 for data types that groups tell, or 17 to 23 for floating point
      help: `bitplane lmma assemble` makes words from text
    : [lmma-size] M: M = 0 is not legal; legal is an integer from 1 to 65535
      help: a product without results needs no command
    : [lmma-size] N: N = 0 is not legal; legal is an integer from 1 to 65535
      help: a product without results needs no command
    : [lmma-size] K: K = 0 is not legal; legal is an integer from 1 to 16777216
      help: a product without results needs no command
    "#);
    assert_snapshot!(told(Command::of_word(u128::MAX)), @r#"
    : [lmma-unused-bits] bits ff00fe00c0000000fe00000000000000 are set, which no field has; legal is 0
      help: clear them: later fields may mean something
    : [lmma-format] activation: 255 is the code of no format; legal is 1 to 128, the bits of an integer, or 129 to 136 for floating point
      help: `bitplane lmma assemble` makes words from text
    : [lmma-format] accumulator: 255 is the code of no format; legal is 1 to 128, the bits of an integer, or 129 to 136 for floating point
      help: `bitplane lmma assemble` makes words from text
    : [lmma-format] output: 255 is the code of no format; legal is 1 to 128, the bits of an integer, or 129 to 136 for floating point
      help: `bitplane lmma assemble` makes words from text
    : [lmma-format] weight: 31 is the code of no format; legal is 1 to 8, the bits of a weight, 9 for ternary, 10 for data types that groups tell, or 17 to 23 for floating point
      help: `bitplane lmma assemble` makes words from text
    : [lmma-size] K: K = 33554431 is not legal; legal is an integer from 1 to 16777216
      help: split the product into commands of up to 16777216
    "#);
}

#[test]
fn a_core_refuses_what_it_does_not_do() {
    let text = "kind = 'lut_tensor_core'\nactivation.format = 'int8'\nweight.format = 'int2'\n\
                tile = { m = 2, n = 64, k = 4 }\n";
    let limits = Limits::of(&crate::parse(text, "core").unwrap().spec);
    let [weight] = limits.weights[..] else { panic!("one width") };
    let tile = limits.tile_instruction(weight).command();
    assert_eq!(limits.refuse(&tile), []);
    assert_eq!(Command::parse(&tile.to_string()), Ok(tile));
    let text = "lmma.m1n1k5000.fp16.int3.int32.int32 accumulate zero_point=1";
    assert_snapshot!(told::<()>(Err(limits.refuse(&Command::parse(text).unwrap()))), @r#"
    : [lmma-size] K: K = 5000 is longer than max_k = 4096 of the core
      help: write `max_k = 5000` in [accumulate]
    : [lmma-format] A: fp16 is not what the core works with; legal is int8
      help: write int8, or change the configuration; `bitplane lmma list CONFIG`
    : [lmma-format] Acc: int32 is not what the core works with; legal is int22
      help: write int22, or change the configuration; `bitplane lmma list CONFIG`
    : [lmma-format] O: int32 is not what the core works with; legal is int22
      help: write int22, or change the configuration; `bitplane lmma list CONFIG`
    : [lmma-format] W: int3 is not what the core works with; legal is int2
      help: write int2, or change the configuration; `bitplane lmma list CONFIG`
    : [lmma-option] accumulate: the core adds no C to its results
      help: leave `accumulate` out, or write an `addend` in [sequencer]
    : [lmma-zero-point] zero_point: 1 is not legal; legal is 0: the core corrects no zero point of a command
      help: leave `zero_point` out, or write `zero_point = "constant"` in [group]
    "#);
}

#[test]
fn a_core_refuses_what_comes_again_and_has_no_room_in_its_buffers() {
    let text = "kind = 'lut_tensor_core'\nactivation.format = 'int8'\nweight.format = 'int2'\n\
                tile = { m = 2, n = 8, k = 4 }\n\
                sequencer = { commands = 'lmma', activation_buffer = 8, weight_buffer = 16 }\n";
    let limits = Limits::of(&crate::parse(text, "core").unwrap().spec);
    let refused = |text: &str| limits.refuse(&Command::parse(text).unwrap());
    // One column of tiles takes A once, one row of tiles W.
    assert_eq!(refused("lmma.m100n8k4.int8.int2.int22.int22"), []);
    assert_eq!(refused("lmma.m2n100k32.int8.int2.int22.int22"), []);
    assert_eq!(refused("lmma.m4n100k16.int8.int2.int22.int22"), []);
    assert_snapshot!(told::<()>(Err(refused("lmma.m5n9k36.int8.int2.int22.int22"))), @r#"
    : [lmma-buffer] activation_buffer: 27 beats come again for further columns, and activation_buffer holds 8
      help: split the product into commands of fewer elements of K or fewer rows, or of up to 8 columns
    : [lmma-buffer] weight_buffer: 18 beats come again for further rows, and weight_buffer holds 16
      help: split the product into commands of fewer elements of K, or of up to 2 rows
    "#);
}

/// The tables of `docs/lmma.md`, made from the definition.
#[test]
fn the_page_lists_the_fields_and_the_codes() {
    let fields: String = FIELDS
        .iter()
        .map(|field| {
            let high = field.low + field.bits - 1;
            let place =
                if high == field.low { high.to_string() } else { format!("{high}:{}", field.low) };
            format!("| {place} | `{}` | {} |\n", field.text, field.about)
        })
        .collect();
    let floats: String = NumberFormat::all()
        .filter(|format| matches!(format, NumberFormat::Float(_)))
        .map(|format| format!("| {} | `{format}` |\n", format.code()))
        .collect();
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/lmma.md");
    let page = std::fs::read_to_string(page).unwrap();
    for table in [
        format!("| Bits | Field | Holds |\n| :--- | :---- | :---- |\n{fields}"),
        format!("| Code | Format |\n| ---: | :----- |\n{floats}"),
    ] {
        assert!(page.contains(&table), "docs/lmma.md lacks\n{table}");
    }
}
