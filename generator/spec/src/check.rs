//! The check of one value against what its key takes.

use std::ops::RangeInclusive;

use toml::de::{DeInteger, DeValue};

use crate::keys::{Key, Later};
use crate::legal::{Legal, Setting, Values};
use crate::name;
use crate::suggest::nearest;

/// What is wrong with a value; the caller knows where it stands.
pub(crate) struct Fault {
    pub code: &'static str,
    pub message: String,
    pub help: String,
}

/// The setting that `value` gives `key`, which takes `legal`.
pub(crate) fn check(key: &Key, legal: &Legal, value: &DeValue<'_>) -> Result<Setting, Fault> {
    match (value, &legal.values) {
        (DeValue::String(text), _) => check_text(key, legal, text),
        (DeValue::Integer(integer), Values::Integers(range)) => {
            check_integer(key, legal, range, integer)
        }
        (DeValue::Boolean(boolean), Values::Booleans(flags)) => {
            check_boolean(key, legal, flags, *boolean)
        }
        _ => Err(wrong_type(key, legal, value)),
    }
}

/// A value as it is quoted in a message: on one line and not too long.
pub(crate) fn shown(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("\"{}\"", excerpt(text)),
        DeValue::Integer(integer) => excerpt(&integer.to_string()),
        DeValue::Float(float) => excerpt(&float.to_string()),
        DeValue::Boolean(boolean) => boolean.to_string(),
        DeValue::Datetime(date) => date.to_string(),
        DeValue::Array(_) => "[...]".to_owned(),
        DeValue::Table(_) => "{...}".to_owned(),
    }
}

/// At most 40 characters of `text`, control characters and quotes escaped.
pub(crate) fn excerpt(text: &str) -> String {
    const LONGEST: usize = 40;
    let start: String = text.chars().take(LONGEST).collect();
    let end = if text.chars().nth(LONGEST).is_some() { "..." } else { "" };
    format!("{}{end}", start.escape_debug())
}

/// The type of a value with its article.
pub(crate) fn type_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a floating-point number",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}

/// The line that sets `key`, as a help text quotes it.
pub(crate) fn line(key: &Key, setting: &Setting) -> String {
    let assignment = format!("`{} = {}`", key.name, setting.to_toml());
    if key.section.is_empty() { assignment } else { format!("{assignment} in [{}]", key.section) }
}

/// Help for a thing that is not built yet.
pub(crate) fn not_built(what: &str, later: &Later, help: String) -> Fault {
    let message = format!("{what} is planned but not built in this version: {}", later.reason);
    Fault { code: "not-built-yet", message, help }
}

/// The setting of `text`.
pub(crate) fn check_text(key: &Key, legal: &Legal, text: &str) -> Result<Setting, Fault> {
    if let Some(word) = legal.words.iter().find(|word| word.name == text) {
        return Ok(Setting::Word(word.name));
    }
    if let Some(later) = key.later.iter().find(|later| later.what == plain(text)) {
        let help = format!("legal now: {}", legal.describe());
        return Err(not_built(&format!("\"{}\"", later.what), later, help));
    }
    match &legal.values {
        Values::Name => check_name(text),
        Values::Formats(widths) => check_format(key, legal, widths, text),
        Values::Integers(_) if legal.words.is_empty() || text.trim().parse::<i128>().is_ok() => {
            Err(wrong_type(key, legal, &DeValue::String(text.into())))
        }
        Values::Booleans(_) => Err(wrong_type(key, legal, &DeValue::String(text.into()))),
        Values::Integers(_) | Values::None | Values::DataTypes => {
            Err(unknown_value(key, legal, text))
        }
    }
}

fn check_boolean(
    key: &Key,
    legal: &Legal,
    flags: &[bool],
    boolean: bool,
) -> Result<Setting, Fault> {
    if flags.contains(&boolean) {
        return Ok(Setting::Boolean(boolean));
    }
    Err(Fault {
        code: "unknown-value",
        message: format!("{boolean} is not legal; legal is {}", legal.describe_with_reason()),
        help: format!("write {}", line(key, &Setting::Boolean(!boolean))),
    })
}

fn plain(text: &str) -> String {
    text.trim().to_lowercase().replace('-', "_")
}

fn check_name(text: &str) -> Result<Setting, Fault> {
    match name::check(text) {
        Ok(()) => Ok(Setting::Text(text.to_owned())),
        Err(fault) => Err(Fault {
            code: fault.code,
            message: format!("\"{}\" {}", excerpt(text), fault.message),
            help: fault.help,
        }),
    }
}

fn check_format(
    key: &Key,
    legal: &Legal,
    widths: &RangeInclusive<u32>,
    text: &str,
) -> Result<Setting, Fault> {
    let Some(bits) = format_width(text) else {
        return Err(unknown_value(key, legal, text));
    };
    if widths.contains(&bits) {
        return Ok(Setting::Format(bits));
    }
    let nearest = Setting::Format(bits.clamp(*widths.start(), *widths.end()));
    Err(out_of_range(key, legal, &format!("\"{}\"", excerpt(text)), nearest))
}

/// The width of `int` and a number; one beyond 32 bits counts as the largest.
fn format_width(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("int")?;
    let canonical = !digits.starts_with('0') || digits == "0";
    let all_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    (canonical && all_digits).then(|| digits.parse().unwrap_or(u32::MAX))
}

fn check_integer(
    key: &Key,
    legal: &Legal,
    range: &RangeInclusive<u64>,
    integer: &DeInteger<'_>,
) -> Result<Setting, Fault> {
    let (lowest, highest) = (i128::from(*range.start()), i128::from(*range.end()));
    let number = value_of(integer);
    let inside = number.clamp(lowest, highest);
    // Inside the range it fits 64 bits, as the range does.
    let setting = Setting::Number(inside as u64);
    if number == inside {
        Ok(setting)
    } else {
        Err(out_of_range(key, legal, &excerpt(&integer.to_string()), setting))
    }
}

/// The value of an integer; one beyond 128 bits counts as the end on the side of its sign.
fn value_of(integer: &DeInteger<'_>) -> i128 {
    let digits = integer.as_str();
    let end = if digits.starts_with('-') { i128::MIN } else { i128::MAX };
    i128::from_str_radix(digits, integer.radix()).unwrap_or(end)
}

fn out_of_range(key: &Key, legal: &Legal, given: &str, nearest: Setting) -> Fault {
    Fault {
        code: "out-of-range",
        message: format!("{given} is not legal; legal is {}", legal.describe_with_reason()),
        help: format!("the nearest is {}", line(key, &nearest)),
    }
}

fn unknown_value(key: &Key, legal: &Legal, text: &str) -> Fault {
    let message =
        format!("\"{}\" is not legal; legal is {}", excerpt(text), legal.describe_with_reason());
    let help = match near_setting(legal, text) {
        Some(setting) => format!("did you mean {}?", line(key, &setting)),
        None => format!("write for example {}", line(key, &key.example(legal))),
    };
    Fault { code: "unknown-value", message, help }
}

fn near_setting(legal: &Legal, text: &str) -> Option<Setting> {
    let mut settings: Vec<Setting> =
        legal.words.iter().map(|word| Setting::Word(word.name)).collect();
    if let Values::Formats(widths) = &legal.values {
        settings.extend(widths.clone().map(Setting::Format));
    }
    let texts: Vec<String> =
        settings.iter().map(|setting| setting.to_toml().replace('"', "")).collect();
    let near = nearest(text, texts.iter().map(String::as_str))?;
    let index = texts.iter().position(|text| text == near)?;
    Some(settings.swap_remove(index))
}

/// The fault of `value`, which has a type that `key` does not take.
pub(crate) fn wrong_type(key: &Key, legal: &Legal, value: &DeValue<'_>) -> Fault {
    let message = format!("{} is {}; legal is {}", shown(value), type_of(value), legal.describe());
    let help = match meant(legal, value) {
        Some((setting, how)) => format!("write {}{how}", line(key, &setting)),
        None => format!("write for example {}", line(key, &key.example(legal))),
    };
    Fault { code: "wrong-type", message, help }
}

/// The setting that a value of the wrong type stands for, and how its spelling differs.
fn meant(legal: &Legal, value: &DeValue<'_>) -> Option<(Setting, &'static str)> {
    match (value, &legal.values) {
        (DeValue::String(text), Values::Integers(range)) => {
            let number = text.trim().parse().ok().filter(|number| range.contains(number))?;
            Some((Setting::Number(number), ", without quotes"))
        }
        (DeValue::String(text), Values::Booleans(flags)) => {
            let flag = text.trim().parse().ok().filter(|flag| flags.contains(flag))?;
            Some((Setting::Boolean(flag), ", without quotes"))
        }
        (DeValue::Float(float), Values::Integers(range)) => {
            let value: f64 = float.as_str().parse().ok()?;
            let whole = value.fract() == 0.0 && (0.0..1e15).contains(&value);
            let number = whole.then_some(value as u64).filter(|number| range.contains(number))?;
            Some((Setting::Number(number), ", without a decimal point or exponent"))
        }
        (DeValue::Integer(integer), Values::Formats(widths)) => {
            let width = u32::try_from(value_of(integer)).ok().filter(|w| widths.contains(w))?;
            Some((Setting::Format(width), ""))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_width_is_read_only_in_its_canonical_spelling() {
        assert_eq!(format_width("int8"), Some(8));
        assert_eq!(format_width("int99999999999"), Some(u32::MAX));
        for text in ["int", "int08", "int+8", "INT8", "uint8", "int 8"] {
            assert_eq!(format_width(text), None, "{text}");
        }
    }

    #[test]
    fn a_quoted_value_is_short_and_on_one_line() {
        assert_eq!(excerpt("a\nb"), "a\\nb");
        assert_eq!(excerpt(&"x".repeat(41)), format!("{}...", "x".repeat(40)));
    }
}
