//! One field: how values are read from and written to the text between two NULs.

use std::fmt::Write as _;

use rust_decimal::Decimal;
use thiserror::Error;

use crate::frame::Fields;

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Fault {
    /// The message ends before this field.
    #[error("is missing: the message ends before it")]
    Missing,
    /// The message goes on after its last field.
    #[error("should be the end, but {found:?} follows")]
    Surplus {
        /// The first surplus field, shortened.
        found: String,
    },
    /// The bytes are no UTF-8.
    #[error("is not UTF-8 text: {found:?}")]
    Text {
        /// The field, escaped and shortened.
        found: String,
    },
    /// Not a whole number in the range of the field.
    #[error("is {found:?}; it must be a whole number of at most {bits} bits")]
    Integer {
        /// The field, shortened.
        found: String,
        /// Size of the field.
        bits: u32,
    },
    /// Not a finite decimal number of at most 28 digits.
    #[error("is {found:?}; it must be a finite number of at most 28 digits")]
    Number {
        /// The field, shortened.
        found: String,
    },
    /// Neither 0 nor 1.
    #[error("is {found:?}; it must be 0 or 1")]
    Bool {
        /// The field, shortened.
        found: String,
    },
    /// A word or code that the protocol does not have.
    #[error("is {found:?}; it must be {needed}")]
    Word {
        /// The field, shortened.
        found: String,
        /// What can stand there.
        needed: &'static str,
    },
    /// A count that is negative, above its limit, or above what the message can hold.
    #[error("is {found}; the limit here is {limit}")]
    Count {
        /// The count.
        found: i32,
        /// The limit: fixed, or the fields that are left.
        limit: usize,
    },
}

/// A fault with the name of its field. Boxed, so that reading a good field moves little.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldFault(Box<(&'static str, Fault)>);

impl FieldFault {
    #[cold]
    pub(crate) fn new(field: &'static str, fault: Fault) -> Self {
        Self(Box::new((field, fault)))
    }

    /// The name of the field and what is wrong with it.
    pub(crate) fn into_parts(self) -> (&'static str, Fault) {
        *self.0
    }
}

/// Shortens what a client sent to something that fits in a message or a log line.
pub(crate) fn excerpt(bytes: &[u8]) -> String {
    let shown = bytes.get(..40).unwrap_or(bytes);
    let mut text = shown.escape_ascii().to_string();
    if shown.len() < bytes.len() {
        text.push_str("...");
    }
    text
}

/// Reads typed fields one after the other.
#[derive(Clone)]
pub(crate) struct Reader<'a> {
    fields: Fields<'a>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(fields: Fields<'a>) -> Self {
        Self { fields }
    }

    #[inline]
    pub(crate) fn raw(&mut self, field: &'static str) -> Result<&'a [u8], FieldFault> {
        self.fields.next().ok_or_else(|| FieldFault::new(field, Fault::Missing))
    }

    /// Takes the next field if it is empty.
    #[inline]
    pub(crate) fn take_empty(&mut self) -> bool {
        self.fields.take_empty()
    }

    #[inline]
    pub(crate) fn get<T: Field>(&mut self, field: &'static str) -> Result<T, FieldFault> {
        if T::MAY_BE_EMPTY && self.take_empty() { Ok(T::default()) } else { T::read(self, field) }
    }

    /// A count of things that follow: bounded before anything is allocated for them.
    pub(crate) fn count(&mut self, field: &'static str, most: usize) -> Result<usize, FieldFault> {
        let found = self.get::<Option<i32>>(field)?.unwrap_or(0);
        let limit = most.min(self.fields.bytes_left());
        usize::try_from(found)
            .ok()
            .filter(|count| *count <= limit)
            .ok_or_else(|| FieldFault::new(field, Fault::Count { found, limit }))
    }

    /// A count, then that many things.
    pub(crate) fn list<T>(
        &mut self,
        field: &'static str,
        most: usize,
        mut read: impl FnMut(&mut Self) -> Result<T, FieldFault>,
    ) -> Result<Vec<T>, FieldFault> {
        let count = self.count(field, most)?;
        let mut list = Vec::with_capacity(count);
        for _ in 0..count {
            list.push(read(self)?);
        }
        Ok(list)
    }

    /// The number of fields that have not been read.
    pub(crate) fn fields_left(&self) -> usize {
        self.fields.clone().count()
    }

    /// The field at a position after this one, if it is an integer.
    pub(crate) fn integer_at(mut self, position: usize) -> Option<i32> {
        self.fields.nth(position).and_then(integer)
    }

    /// Checks that nothing is left.
    pub(crate) fn end(mut self, last: &'static str) -> Result<(), FieldFault> {
        match self.fields.next() {
            None => Ok(()),
            Some(bytes) => Err(FieldFault::new(last, Fault::Surplus { found: excerpt(bytes) })),
        }
    }
}

/// A value that can be written as fields, each with its NUL.
pub(crate) trait Put {
    fn put(&self, out: &mut Vec<u8>);
}

/// A value that can be read back, too.
pub(crate) trait Field: Put + Default {
    /// Whether an empty field means the default; otherwise it is a fault, or there are several fields.
    const MAY_BE_EMPTY: bool = false;

    fn read(reader: &mut Reader<'_>, field: &'static str) -> Result<Self, FieldFault>;
}

/// Writes text as printable ASCII: other characters become `\uXXXX`, which ibapi turns back into
/// the character and the `ib_*` clients show as it is. Control characters other than line ends and
/// tabs become a space; so a NUL cannot end the field early.
pub(crate) fn put_ascii(text: &str, out: &mut Vec<u8>) {
    // Most fields are empty, and of the others every byte is looked at: that goes in wide steps.
    if text.is_empty() {
        return;
    }
    if text.bytes().fold(true, |plain, byte| plain & (0x20..0x7f).contains(&byte)) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    for character in text.chars() {
        match u32::from(character) {
            0x20..0x7f | 0x09 | 0x0a | 0x0d => out.extend(u8::try_from(character)),
            0..0x20 | 0x7f => out.push(b' '),
            code @ 0x80..=0xffff => put_escape(out, format_args!("\\u{code:04x}")),
            code => put_escape(out, format_args!("\\U{code:08x}")),
        }
    }
}

fn put_escape(out: &mut Vec<u8>, escape: std::fmt::Arguments<'_>) {
    let mut text = String::new();
    // Writing to a String cannot fail.
    if text.write_fmt(escape).is_ok() {
        out.extend_from_slice(text.as_bytes());
    }
}

impl Put for str {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        put_ascii(self, out);
        out.push(0);
    }
}

impl Put for String {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        self.as_str().put(out);
    }
}

impl Field for String {
    const MAY_BE_EMPTY: bool = true;

    fn read(reader: &mut Reader<'_>, field: &'static str) -> Result<Self, FieldFault> {
        let bytes = reader.raw(field)?;
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => Err(FieldFault::new(field, Fault::Text { found: excerpt(bytes) })),
        }
    }
}

impl Put for bool {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(if *self { b"1\0" } else { b"0\0" });
    }
}

impl Field for bool {
    const MAY_BE_EMPTY: bool = true;

    fn read(reader: &mut Reader<'_>, field: &'static str) -> Result<Self, FieldFault> {
        Ok(reader.get::<Option<bool>>(field)?.unwrap_or(false))
    }
}

impl Field for Option<bool> {
    const MAY_BE_EMPTY: bool = true;

    fn read(reader: &mut Reader<'_>, field: &'static str) -> Result<Self, FieldFault> {
        match reader.raw(field)? {
            b"" | UNSET_INTEGER => Ok(None),
            b"0" => Ok(Some(false)),
            b"1" => Ok(Some(true)),
            other => Err(FieldFault::new(field, Fault::Bool { found: excerpt(other) })),
        }
    }
}

const UNSET_INTEGER: &[u8] = b"2147483647";

macro_rules! integer {
    ($($type:ty),*) => { $(
        impl Put for $type {
            #[inline]
            fn put(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(itoa::Buffer::new().format(*self).as_bytes());
                out.push(0);
            }
        }

        impl Field for $type {
            fn read(reader: &mut Reader<'_>, field: &'static str) -> Result<Self, FieldFault> {
                let bytes = reader.raw(field)?;
                integer(bytes).ok_or_else(|| FieldFault::new(field, Fault::Integer { found: excerpt(bytes), bits: <$type>::BITS }))
            }
        }

        impl Field for Option<$type> {
            const MAY_BE_EMPTY: bool = true;

            fn read(reader: &mut Reader<'_>, field: &'static str) -> Result<Self, FieldFault> {
                let bytes = reader.raw(field)?;
                if bytes.is_empty() || bytes == UNSET_INTEGER {
                    return Ok(None);
                }
                integer(bytes).map(Some).ok_or_else(|| FieldFault::new(field, Fault::Integer { found: excerpt(bytes), bits: <$type>::BITS }))
            }
        }
    )* };
}

integer!(i32, i64, u64);

/// Plain decimal digits with an optional minus sign; no plus sign, no blanks.
fn integer<T: std::str::FromStr>(bytes: &[u8]) -> Option<T> {
    if !bytes.first()?.is_ascii_digit() && !bytes.starts_with(b"-") {
        return None;
    }
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

impl<T: Put> Put for Option<T> {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Some(value) => value.put(out),
            None => out.push(0),
        }
    }
}

impl<T: Put + ?Sized> Put for &T {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        (**self).put(out);
    }
}

/// Rows: their number, then each.
impl<T: Put> Put for [T] {
    fn put(&self, out: &mut Vec<u8>) {
        put_count(self.len(), out);
        for row in self {
            row.put(out);
        }
    }
}

pub(crate) fn put_count(count: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(count).as_bytes());
    out.push(0);
}

impl Put for Decimal {
    fn put(&self, out: &mut Vec<u8>) {
        put_decimal(*self, out);
        out.push(0);
    }
}

/// Never an exponent; the scale is kept, so 1.50 stays 1.50.
fn put_decimal(value: Decimal, out: &mut Vec<u8>) {
    if value.is_zero() && value.scale() == 0 {
        out.push(b'0');
        return;
    }
    let scale = usize::try_from(value.scale()).unwrap_or(0);
    let mut buffer = itoa::Buffer::new();
    let mantissa = value.mantissa().unsigned_abs();
    // Nearly always the shorter form, which is formatted faster.
    let digits = match u64::try_from(mantissa) {
        Ok(short) => buffer.format(short),
        Err(_) => buffer.format(mantissa),
    }
    .as_bytes();
    if value.is_sign_negative() && !value.is_zero() {
        out.push(b'-');
    }
    let Some(whole) = digits.len().checked_sub(scale).filter(|whole| *whole > 0) else {
        out.extend_from_slice(b"0.");
        out.resize(out.len().saturating_add(scale.saturating_sub(digits.len())), b'0');
        out.extend_from_slice(digits);
        return;
    };
    let (whole, fraction) = digits.split_at(whole);
    out.extend_from_slice(whole);
    if !fraction.is_empty() {
        out.push(b'.');
        out.extend_from_slice(fraction);
    }
}

impl Field for Decimal {
    fn read(reader: &mut Reader<'_>, field: &'static str) -> Result<Self, FieldFault> {
        let bytes = reader.raw(field)?;
        decimal(bytes)
            .ok_or_else(|| FieldFault::new(field, Fault::Number { found: excerpt(bytes) }))
    }
}

impl Field for Option<Decimal> {
    const MAY_BE_EMPTY: bool = true;

    fn read(reader: &mut Reader<'_>, field: &'static str) -> Result<Self, FieldFault> {
        let bytes = reader.raw(field)?;
        if is_unset(bytes) {
            return Ok(None);
        }
        decimal(bytes)
            .map(Some)
            .ok_or_else(|| FieldFault::new(field, Fault::Number { found: excerpt(bytes) }))
    }
}

/// All spellings of an unset double or decimal that the clients send.
fn is_unset(bytes: &[u8]) -> bool {
    match bytes {
        b"" => true,
        _ if bytes.len() < UNSET_INTEGER.len() => false,
        UNSET_INTEGER
        | b"9223372036854775807"
        | b"-9223372036854775807"
        | b"9223372036854775808"
        | b"-9223372036854775808"
        | b"170141183460469231731687303715884105727" => true,
        // The largest double, printed by Python, Java or C++.
        _ => bytes.len() > 12 && bytes.starts_with(b"1.79769") && ends_with_e308(bytes),
    }
}

fn ends_with_e308(bytes: &[u8]) -> bool {
    [&b"e308"[..], b"E308", b"e+308", b"E+308"].iter().any(|end| bytes.ends_with(end))
}

/// Digits with an optional sign, point and exponent; exact, or nothing.
fn decimal(bytes: &[u8]) -> Option<Decimal> {
    short_decimal(bytes).or_else(|| long_decimal(bytes))
}

/// The same for digits with at most a point, as many as fit in 64 bits: nearly all numbers.
fn short_decimal(bytes: &[u8]) -> Option<Decimal> {
    if bytes.len() > 18 {
        return None;
    }
    let (mut mantissa, mut digits, mut scale, mut seen_point) = (0_i64, 0_u32, 0_u32, false);
    for byte in bytes {
        match byte {
            b'0'..=b'9' => {
                let digit = i64::from(byte.saturating_sub(b'0'));
                mantissa = mantissa.saturating_mul(10).saturating_add(digit);
                digits = digits.saturating_add(1);
                scale = scale.saturating_add(u32::from(seen_point));
            }
            b'.' if !seen_point => seen_point = true,
            _ => return None,
        }
    }
    match (digits, mantissa) {
        (0, _) => None,
        (_, 0) => Some(Decimal::ZERO),
        _ => Some(Decimal::new(mantissa, scale)),
    }
}

fn long_decimal(bytes: &[u8]) -> Option<Decimal> {
    let (negative, digits) = match bytes.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, bytes),
    };
    let mut mantissa: i128 = 0;
    let mut scale: i32 = 0;
    let mut seen_digit = false;
    let mut seen_point = false;
    let mut rest = digits.iter();
    while let Some(byte) = rest.next() {
        match byte {
            b'0'..=b'9' => {
                seen_digit = true;
                let digit = i128::from(byte.saturating_sub(b'0'));
                mantissa = mantissa.checked_mul(10)?.checked_add(digit)?;
                scale = scale.checked_add(i32::from(seen_point))?;
            }
            b'.' if !seen_point => seen_point = true,
            b'e' | b'E' if seen_digit => {
                scale = scale.checked_sub(exponent(rest.as_slice())?)?;
                break;
            }
            _ => return None,
        }
    }
    if !seen_digit {
        return None;
    }
    scaled(if negative { mantissa.checked_neg()? } else { mantissa }, scale)
}

fn exponent(bytes: &[u8]) -> Option<i32> {
    let bytes = bytes.strip_prefix(b"+").unwrap_or(bytes);
    if bytes.len() > 4 { None } else { integer(bytes) }
}

fn scaled(mantissa: i128, scale: i32) -> Option<Decimal> {
    if mantissa == 0 {
        return Some(Decimal::ZERO);
    }
    if let Ok(scale) = u32::try_from(scale) {
        return Decimal::try_from_i128_with_scale(mantissa, scale).ok();
    }
    let factor = 10_i128.checked_pow(scale.unsigned_abs())?;
    Decimal::try_from_i128_with_scale(mantissa.checked_mul(factor)?, 0).ok()
}

#[cfg(test)]
mod tests;
