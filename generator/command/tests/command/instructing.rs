//! `lmma`.

use crate::scene::Scene;
use insta::assert_snapshot;
use std::path::Path;

#[test]
fn the_instructions_of_a_core_are_listed() {
    assert_snapshot!(Scene::new().run(&["lmma", "list", "lut_w2a8"]), @"
    exit 0
    out: lmma.mMnNkK.int8.int2.int22.int22
    out:   M and N from 1 to 65535, K from 1 to 4096
    out: options
    out:   id=0 to id=255
    out:   zero_point=Z, 0 or odd, of a magnitude below 2^b for weights of b bits
    out: one tile and k-step
    out:   lmma.m2n64k4.int8.int2.int22.int22
    ");
}

#[test]
fn commands_become_words_and_words_commands() {
    let scene = Scene::new();
    let text = "lmma.m5n130k300.int8.int2.int22.int22 zero_point=1 id=3";
    assert_snapshot!(scene.run(&["lmma", "assemble", text, "--config", "lut_w2a8"]), @"
    exit 0
    out: 00030001021616080000012c00820005
    ");
    let word = "0x0003_0001_0216_1608_0000012c_00820005";
    assert_snapshot!(scene.run(&["lmma", "disassemble", word, "--json", "out.json"]), @"
    exit 0
    out: lmma.m5n130k300.int8.int2.int22.int22 zero_point=1 id=3
    ");
    assert_eq!(scene.json("out.json")["commands"][0]["text"], text);
}

#[test]
fn all_that_is_wrong_with_several_commands_is_told() {
    let scene = Scene::new();
    let wide = "lmma.m1n1k1.int8.int3.int22.int22";
    let arguments = ["lmma", "assemble", "lmma.m1", wide, "--config", "lut_w2a8"];
    assert_snapshot!(scene.run(&arguments), @r#"
    exit 2
    err: bitplane: [lmma-syntax] "lmma.m1" is no instruction; legal is lmma.mMnNkK.A.W.Acc.O [accumulate] [zero_point=Z] [id=I]
    err:   help: write for example `lmma.m2n64k4.int8.int2.int32.int32`
    err: bitplane: [lmma-format] W: int3 is not what the core works with; legal is int2
    err:   help: write int2, or change the configuration; `bitplane lmma list CONFIG`
    "#);
    assert_snapshot!(scene.run(&["lmma", "disassemble", "0xg", "0"]), @r#"
    exit 2
    err: bitplane: [lmma-word] HEX: "0xg" is no word; legal are 1 to 32 hexadecimal digits
    err:   help: `bitplane lmma assemble` makes words from text
    err: bitplane: [lmma-format] activation: 0 is the code of no format; legal is 1 to 128, the bits of an integer, or 129 to 136 for floating point
    err:   help: `bitplane lmma assemble` makes words from text
    err: bitplane: [lmma-format] accumulator: 0 is the code of no format; legal is 1 to 128, the bits of an integer, or 129 to 136 for floating point
    err:   help: `bitplane lmma assemble` makes words from text
    err: bitplane: [lmma-format] output: 0 is the code of no format; legal is 1 to 128, the bits of an integer, or 129 to 136 for floating point
    err:   help: `bitplane lmma assemble` makes words from text
    err: bitplane: [lmma-format] weight: 0 is the code of no format; legal is 1 to 8, the bits of a weight, 9 for ternary, 10 for data types that groups tell, or 17 to 23 for floating point
    err:   help: `bitplane lmma assemble` makes words from text
    err: bitplane: [lmma-size] M: M = 0 is not legal; legal is an integer from 1 to 65535
    err:   help: a product without results needs no command
    err: bitplane: [lmma-size] N: N = 0 is not legal; legal is an integer from 1 to 65535
    err:   help: a product without results needs no command
    err: bitplane: [lmma-size] K: K = 0 is not legal; legal is an integer from 1 to 16777216
    err:   help: a product without results needs no command
    "#);
}

/// What a code block of `docs/lmma.md` that starts with `$ bitplane` shows is what is printed.
#[test]
fn the_page_shows_what_the_commands_print() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/lmma.md");
    let page = std::fs::read_to_string(page).unwrap();
    let scene = Scene::new();
    let mut shown = 0;
    for block in page.split("    $ bitplane ").skip(1) {
        let (command, rest) = block.split_once('\n').unwrap();
        let lines = rest.lines().map_while(|line| line.strip_prefix("    "));
        let expected: String = lines.map(|line| format!("{line}\n")).collect();
        let mut arguments = Vec::new();
        for (i, part) in command.split('\'').enumerate() {
            match i % 2 {
                0 => arguments.extend(part.split_whitespace()),
                _ => arguments.push(part),
            }
        }
        let output = scene.command().args(&arguments).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{command}");
        shown += 1;
    }
    assert!(shown >= 3, "{shown} blocks");
}
