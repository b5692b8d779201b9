//! How well detectors do: labelled data to measure them on.

pub mod generate;
