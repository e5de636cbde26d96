//! What a core may be called.

/// Why a text is no name: a code, what is wrong and the way out.
pub(crate) struct NameFault {
    pub code: &'static str,
    pub message: String,
    pub help: String,
}

/// Longest name in characters.
const LONGEST: usize = 40;

/// The legal form in words.
pub(crate) const FORM: &str =
    "1 to 40 of the characters a-z, 0-9 and _, the first of them a letter";

/// Pattern of the legal form, as JSON schema writes it.
pub(crate) const PATTERN: &str = "^[a-z][a-z0-9_]{0,39}$";

/// Checks a name that becomes the prefix of every module and the folder of the bundle.
pub(crate) fn check(name: &str) -> Result<(), NameFault> {
    if name.contains(['/', '\\']) || name.starts_with('.') || name.starts_with('~') {
        let message = "looks like a path; a name is only the prefix of the modules, and legal is "
            .to_owned()
            + FORM;
        let help = format!("write {} and choose the folder with --out", line(name));
        return Err(NameFault { code: "name-is-a-path", message, help });
    }
    if !has_legal_form(name) {
        let message = format!("is no legal name; legal is {FORM}: it becomes a module's name");
        return Err(NameFault { code: "invalid-name", message, help: advice(name) });
    }
    if is_keyword(name) {
        let message = "is a keyword of SystemVerilog, so no module can have that name".to_owned();
        return Err(NameFault { code: "name-is-a-keyword", message, help: advice(name) });
    }
    Ok(())
}

/// Whether `name` has the [`FORM`].
pub(crate) fn has_legal_form(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.len() <= LONGEST
        && name.chars().all(is_name_character)
}

fn is_name_character(character: char) -> bool {
    character.is_ascii_lowercase() || character.is_ascii_digit() || character == '_'
}

fn advice(name: &str) -> String {
    format!("write for example {}", line(name))
}

fn line(name: &str) -> String {
    format!("`name = \"{}\"`", legal_version(name))
}

/// A legal name that resembles `name`.
fn legal_version(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).find(|part| !part.is_empty()).unwrap_or_default();
    let stem = last.strip_suffix(".toml").unwrap_or(last).to_ascii_lowercase();
    let replaced: String =
        stem.chars().map(|c| if is_name_character(c) { c } else { '_' }).collect();
    let from_letter = replaced.trim_start_matches(|c: char| !c.is_ascii_lowercase());
    let cut: String = from_letter.trim_end_matches('_').chars().take(LONGEST).collect();
    if cut.is_empty() {
        "core".to_owned()
    } else if is_keyword(&cut) {
        format!("{cut}_core")
    } else {
        cut
    }
}

fn is_keyword(name: &str) -> bool {
    KEYWORDS.split_ascii_whitespace().any(|keyword| keyword == name)
}

/// Reserved words of IEEE 1800-2017.
const KEYWORDS: &str = "
    accept_on alias always always_comb always_ff always_latch and assert assign assume automatic
    before begin bind bins binsof bit break buf bufif0 bufif1 byte case casex casez cell chandle
    checker class clocking cmos config const constraint context continue cover covergroup
    coverpoint cross deassign default defparam design disable dist do edge else end endcase
    endchecker endclass endclocking endconfig endfunction endgenerate endgroup endinterface
    endmodule endpackage endprimitive endprogram endproperty endsequence endspecify endtable
    endtask enum event eventually expect export extends extern final first_match for force foreach
    forever fork forkjoin function generate genvar global highz0 highz1 if iff ifnone ignore_bins
    illegal_bins implements implies import incdir include initial inout input inside instance int
    integer interconnect interface intersect join join_any join_none large let liblist library
    local localparam logic longint macromodule matches medium modport module nand negedge nettype
    new nexttime nmos nor noshowcancelled not notif0 notif1 null or output package packed
    parameter pmos posedge primitive priority program property protected pull0 pull1 pulldown
    pullup pulsestyle_ondetect pulsestyle_onevent pure rand randc randcase randsequence rcmos real
    realtime ref reg reject_on release repeat restrict return rnmos rpmos rtran rtranif0 rtranif1
    s_always s_eventually s_nexttime s_until s_until_with scalared sequence shortint shortreal
    showcancelled signed small soft solve specify specparam static string strong strong0 strong1
    struct super supply0 supply1 sync_accept_on sync_reject_on table tagged task this throughout
    time timeprecision timeunit tran tranif0 tranif1 tri tri0 tri1 triand trior trireg type
    typedef union unique unique0 unsigned until until_with untyped use uwire var vectored virtual
    void wait wait_order wand weak weak0 weak1 while wildcard wire with within wor xnor xor
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_are_legal() {
        for name in ["a", "lut_w2a8", &"x".repeat(40)] {
            assert!(check(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn every_suggested_name_is_itself_legal() {
        let bad = [
            "",
            "_",
            "9lives",
            "Lut-W2A8",
            "module",
            "../up",
            "/abs/dir/",
            "a b",
            "größe",
            "~",
            "C:\\x\\Core.toml",
            "..",
            "table",
            &"y".repeat(41),
            "Module",
            "0begin",
        ];
        for name in bad {
            assert!(check(name).is_err(), "{name}");
            let suggested = legal_version(name);
            assert!(check(&suggested).is_ok(), "{name} -> {suggested}");
        }
    }

    #[test]
    fn the_keyword_list_has_the_standards_248_words() {
        assert_eq!(KEYWORDS.split_ascii_whitespace().count(), 248);
    }
}
