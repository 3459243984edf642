//! Fields: every spelling of the clients, and what is refused.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use proptest::prelude::*;

use super::*;
use crate::frame::Frame;

fn read<T: Field>(bytes: &[u8]) -> Result<T, Fault> {
    let payload = [bytes, b"\0"].concat();
    let mut reader = Reader::new(Frame(&payload).fields());
    let value = T::read(&mut reader, "field").map_err(|fault| fault.into_parts().1)?;
    match reader.end("field") {
        Ok(()) => Ok(value),
        Err(fault) => Err(fault.into_parts().1),
    }
}

fn written<T: Put + ?Sized>(value: &T) -> String {
    let mut out = Vec::new();
    value.put(&mut out);
    assert_eq!(out.pop(), Some(0));
    String::from_utf8(out).unwrap()
}

#[test]
fn unset_number_in_every_spelling_is_none() {
    for text in [
        "",
        "2147483647",
        "1.7976931348623157e+308",
        "1.7976931348623157E308",
        "1.797693134862316e+308",
        "9223372036854775807",
        "-9223372036854775807",
        "-9223372036854775808",
        "170141183460469231731687303715884105727",
    ] {
        assert_eq!(read::<Option<Decimal>>(text.as_bytes()), Ok(None), "{text}");
    }
    assert_eq!(read::<Option<i32>>(b""), Ok(None));
    assert_eq!(read::<Option<i32>>(b"2147483647"), Ok(None));
    assert_eq!(read::<Option<bool>>(b""), Ok(None));
}

#[test]
fn number_as_python_prints_it_is_exact() {
    for (text, plain) in [
        ("189.99", "189.99"),
        ("0.0", "0"),
        ("-0.0", "0"),
        ("-1.50", "-1.50"),
        (".5", "0.5"),
        ("5.", "5"),
        ("1e-05", "0.00001"),
        ("1e+16", "10000000000000000"),
        ("1.5E3", "1500"),
        ("0.30000000000000004", "0.30000000000000004"),
        ("79228162514264337593543950335", "79228162514264337593543950335"),
    ] {
        let value: Decimal = read(text.as_bytes()).unwrap_or_else(|fault| panic!("{text} {fault}"));
        assert_eq!(written(&value), plain, "{text}");
    }
}

#[test]
fn text_that_is_no_finite_number_is_refused() {
    for text in [
        "NaN",
        "nan",
        "Infinity",
        "Infinite",
        "inf",
        "-inf",
        "-",
        ".",
        "-.",
        "+1",
        "1_000",
        " 1",
        "1 ",
        "0x10",
        "1e",
        "1e+",
        "1ee5",
        "e5",
        "1.2.3",
        "1e99999",
        "1e300",
        "1e-40",
        "--1",
        "79228162514264337593543950336",
        "123456789012345678901234567890123456789012",
    ] {
        let fault = read::<Option<Decimal>>(text.as_bytes()).unwrap_err();
        assert!(matches!(fault, Fault::Number { .. }), "{text} {fault}");
    }
}

#[test]
fn integer_with_anything_but_digits_is_refused() {
    for text in ["1.0", "+1", " 1", "1e3", "2147483648", "-", "--1", "1_0", "\u{661}"] {
        assert!(read::<Option<i32>>(text.as_bytes()).is_err(), "{text}");
    }
    assert_eq!(read::<i32>(b"-2147483648"), Ok(i32::MIN));
    assert_eq!(read::<i64>(b"9007199254740993"), Ok(9_007_199_254_740_993));
}

#[test]
fn bool_other_than_0_and_1_is_refused() {
    assert_eq!(read::<bool>(b""), Ok(false));
    assert_eq!(read::<bool>(b"1"), Ok(true));
    for text in ["2", "true", "True", "01"] {
        assert!(read::<bool>(text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn text_is_written_as_printable_ascii_in_one_field() {
    for (text, wire) in [
        ("AAPL", "AAPL"),
        ("Z\u{fc}rich \u{20ac}", "Z\\u00fcrich \\u20ac"),
        ("\u{1f600}", "\\U0001f600"),
        ("a\0b\u{7}c\u{7f}", "a b c "),
        ("line\nnext\tend", "line\nnext\tend"),
        ("back\\slash", "back\\slash"),
    ] {
        assert_eq!(written(text), wire);
    }
}

#[test]
fn bytes_that_are_no_utf8_are_refused() {
    let fault = read::<String>(b"a\xff").unwrap_err();
    assert_eq!(fault, Fault::Text { found: "a\\xff".into() });
}

#[test]
fn fault_shows_no_more_than_40_bytes() {
    let fault = read::<i32>(&[b'x'; 5000]).unwrap_err();
    assert!(fault.to_string().len() < 150, "{fault}");
}

proptest! {
    #[test]
    fn decimal_is_written_like_its_display_and_read_back(
        mantissa in -(1_i128 << 95)..(1_i128 << 95), scale in 0_u32..=28,
    ) {
        let value = Decimal::from_i128_with_scale(mantissa, scale);
        let text = written(&value);
        prop_assert_eq!(&text, &value.to_string());
        prop_assert_eq!(read::<Decimal>(text.as_bytes()), Ok(value));
    }

    #[test]
    fn any_text_fills_exactly_one_ascii_field(text in any::<String>()) {
        let wire = written(text.as_str());
        prop_assert!(wire.is_ascii() && !wire.contains('\0'));
    }
}
