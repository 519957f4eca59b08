//! When to send again, and when to connect again.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::{Duration, Instant};

const FIRST_WAIT: Duration = Duration::from_millis(10);
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// Budget bounds retries to a tenth of the answered calls, and ten at once. So when servers fail,
/// clients do not add a load that keeps them down.
#[derive(Debug)]
pub(crate) struct Budget {
    tenths: u32,             // of a retry that may be made now
    pub(crate) moves: u32,   // how often rows may be sent again after connections that ended in order
    pub(crate) retries: u32, // and after connections that ended otherwise
}

impl Budget {
    const MOST: u32 = 100;

    pub(crate) fn new(moves: u32, retries: u32) -> Budget {
        Budget { tenths: Budget::MOST, moves, retries }
    }

    pub(crate) fn earn(&mut self) {
        self.tenths = (self.tenths + 1).min(Budget::MOST);
    }

    fn spend(&mut self) -> bool {
        let enough = self.tenths >= 10;
        if enough {
            self.tenths -= 10;
        }
        enough
    }
}

/// Again counts how often the first row without a score was sent again.
#[derive(Debug, Default)]
pub(crate) struct Again {
    row: usize,
    moves: u32,
    retries: u32,
}

impl Again {
    /// Says whether rows from this one on may be sent again, and counts it.
    pub(crate) fn may(&mut self, row: usize, in_order: bool, budget: &mut Budget) -> bool {
        if row > self.row {
            *self = Again { row, ..Again::default() };
        }
        if in_order && self.moves < budget.moves {
            self.moves += 1;
            return true;
        }
        let may = self.retries < budget.retries && budget.spend();
        self.retries += u32::from(may);
        may
    }
}

/// Backoff says when the next attempt at an address may begin: at once, and after a failure after 10 ms
/// to 1 s, less a random part of up to half.
#[derive(Debug)]
pub(crate) struct Backoff {
    pub(crate) due: Instant,
    wait: Duration,
}

impl Backoff {
    pub(crate) fn new() -> Backoff {
        Backoff { due: Instant::now(), wait: Duration::ZERO }
    }

    pub(crate) fn reset(&mut self) {
        *self = Backoff::new();
    }

    pub(crate) fn failed(&mut self) {
        self.wait = (self.wait * 2).clamp(FIRST_WAIT, LONGEST_WAIT);
        self.due = Instant::now() + self.wait.mul_f64(1.0 - random() / 2.0);
    }
}

/// Returns a random number from 0 to 1. The standard library's hash maps have random keys.
pub(crate) fn random() -> f64 {
    RandomState::new().build_hasher().finish() as f64 / u64::MAX as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sent_again_until_their_limits() {
        let mut budget = Budget::new(2, 1);
        let mut again = Again::default();
        let may: Vec<bool> = (0..5).map(|_| again.may(0, true, &mut budget)).collect();
        assert_eq!(may, [true, true, true, false, false], "two moves and a retry");
        assert!(again.may(1, true, &mut budget), "the rows before have scores by now");
        assert!(again.may(1, false, &mut budget) && !again.may(1, false, &mut budget));
    }

    #[test]
    fn retries_are_a_tenth_of_the_calls_and_ten_at_once() {
        let mut budget = Budget::new(0, u32::MAX);
        let mut again = Again::default();
        let mut spend = |earned: usize| {
            (0..earned).for_each(|_| budget.earn());
            (0..100).filter(|_| again.may(0, false, &mut budget)).count()
        };
        assert_eq!([spend(0), spend(0), spend(9), spend(1), spend(25), spend(1000)], [10, 0, 0, 1, 2, 10]);
    }
}
