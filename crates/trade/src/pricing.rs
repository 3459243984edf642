//! The mathematics of prices: options, volatility, yield curves, bonds. The one module of the product where floating point is
//! allowed. What leaves it for an order, a book or an account is rounded to ticks or to exact decimals by the caller.
//!
//! Every machine computes the same bits: logarithms, exponentials and error functions come from `libm`, which is written in
//! Rust and calls nothing of the machine; a square root is exact by IEEE 754; nothing is fused, and sums are taken in one
//! order. `clippy.toml` bars the methods of `f64` that would ask the machine's own library.
//!
//! Nothing here knows an instrument, a tick or the time of day. Rates, yields and volatilities are yearly and plain: 0.05 is
//! five per cent, rates compounded continuously unless said otherwise. Terms are in years of 365 days, or whatever year the
//! caller counts by. A function that may have no answer gives `None` or says why; no input of any kind makes it panic, answer
//! with something that is not a number, or run without end.
#![expect(clippy::float_arithmetic, reason = "the one module where it is allowed")]

pub mod american;
pub mod bond;
pub mod computation;
pub mod curve;
pub mod day_count;
pub mod european;
pub(crate) mod fair;
pub mod implied;
pub(crate) mod internal_rate;
mod matrix;
pub mod normal;
mod quadrature;
mod root;
pub mod surface;

#[cfg(test)]
mod tests;
