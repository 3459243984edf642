//! Tests of the simulator itself.

mod same;
