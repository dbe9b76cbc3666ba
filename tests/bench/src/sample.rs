//! What is made of many measurements of one thing.

use std::time::Duration;

/// Measurements of one thing, in one unit.
#[derive(Debug, Default)]
pub(crate) struct Sample(Vec<f64>);

impl Sample {
    /// Adds one.
    pub(crate) fn add(&mut self, value: f64) {
        self.0.push(value);
    }

    /// Adds a time, in milliseconds.
    pub(crate) fn add_time(&mut self, time: Duration) {
        self.add(time.as_secs_f64() * 1e3);
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The one in the middle; the mean of two where two are. Not a number where there is none.
    pub(crate) fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        match (sorted.get(sorted.len() / 2), sorted.len() % 2) {
            (Some(upper), 0) => f64::midpoint(*upper, sorted[sorted.len() / 2 - 1]),
            (Some(middle), _) => *middle,
            (None, _) => f64::NAN,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_one_in_the_middle() {
        assert_eq!(Sample(vec![9.0, 1.0, 2.0]).median(), 2.0);
        assert_eq!(Sample(vec![9.0, 1.0, 2.0, 4.0]).median(), 3.0);
        assert!(Sample(vec![]).median().is_nan());
    }
}
