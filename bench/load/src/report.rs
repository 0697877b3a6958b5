//! The one line of JSON that a scenario prints, and the figures in it.

use std::fmt::Write as _;
use std::time::Duration;

use crate::failure::{Failure, Result};

/// Fields in the order in which they were added.
#[derive(Debug)]
pub struct Report(String);

impl Report {
    /// A report of the scenario.
    pub fn new(scenario: &str) -> Self {
        Self(format!("{{\"scenario\":\"{scenario}\""))
    }

    /// Adds a number with the decimals that say something.
    pub fn number(mut self, name: &str, value: f64, decimals: usize) -> Self {
        // JSON has no infinity and no NaN: a division by nothing is no figure.
        if value.is_finite() {
            // Writing to a string can't fail.
            let _ = write!(self.0, ",\"{name}\":{value:.decimals$}");
        } else {
            let _ = write!(self.0, ",\"{name}\":null");
        }
        self
    }

    /// Adds a count.
    pub fn count(mut self, name: &str, value: u64) -> Self {
        let _ = write!(self.0, ",\"{name}\":{value}");
        self
    }

    /// The line.
    pub fn line(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

/// Seconds of CPU time for each GiB.
pub fn per_gib(cpu: Duration, bytes: u64) -> f64 {
    cpu.as_secs_f64() / (bytes as f64 / f64::from(1 << 30))
}

/// MiB in each second.
pub fn mib_per_second(bytes: u64, wall: Duration) -> f64 {
    bytes as f64 / f64::from(1 << 20) / wall.as_secs_f64()
}

/// Durations, sorted once, of which parts are asked for.
#[derive(Debug)]
pub struct Samples(Vec<Duration>);

impl Samples {
    /// Sorts them.
    pub fn new(mut samples: Vec<Duration>) -> Result<Self> {
        if samples.is_empty() {
            return Err(Failure::new("nothing was measured"));
        }
        samples.sort_unstable();
        Ok(Self(samples))
    }

    /// The sample that `part` of all (0 to 1) are not above.
    pub fn quantile(&self, part: f64) -> Duration {
        let last = self.0.len().saturating_sub(1);
        let index = (last as f64 * part).round() as usize;
        self.0.get(index.min(last)).copied().unwrap_or_default()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_one_line_of_json() {
        let report = Report::new("echo").number("p50_us", 9.876, 2).count("bytes", 3);
        let report = report.number("nothing", f64::NAN, 1);
        let line = r#"{"scenario":"echo","p50_us":9.88,"bytes":3,"nothing":null}"#;
        assert_eq!(report.line(), line);
    }

    #[test]
    fn quantiles_are_samples() {
        let samples = Samples::new((1..=101).rev().map(Duration::from_millis).collect()).unwrap();
        for (part, millis) in [(0.0, 1), (0.5, 51), (0.99, 100), (1.0, 101)] {
            assert_eq!(samples.quantile(part), Duration::from_millis(millis), "{part}");
        }
        assert!(Samples::new(Vec::new()).is_err());
    }
}
