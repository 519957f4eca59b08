//! What is left to do of each call.
//!
//! The rows of a call are sent in their order and answered in it, over one connection at a time. So two
//! numbers per call say which rows are not sent, which are in flight and which have scores.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use crate::error::Error;
use crate::retry::{Again, Budget};

/// Memory holds the rows and the scores of the calls of a [Ledger], by slot.
pub(crate) trait Memory {
    fn rows(&self, slot: usize) -> &[f32];
    fn scores(&mut self, slot: usize) -> &mut [f32];
}

/// Key names one call: its slot, and a number that no other call of the client has. So a request that
/// is in flight when its call is over does not reach the next call of the slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) slot: usize,
    pub(crate) id: u64,
}

/// Call is what is left to do of one call.
#[derive(Debug)]
struct Call {
    id: u64,
    rows: usize,
    begun: usize,    // rows for which requests were made
    answered: usize, // rows that have scores
    written: bool,   // whether a server may have seen a row
    deadline: Option<Instant>,
    again: Again,
    result: Option<Result<(), Error>>,
}

/// Ledger has the calls that were started and not taken back by the program.
///
/// Invariant: todo has the calls with rows for which no request was made, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    calls: Vec<Option<Call>>,
    free: Vec<usize>,
    todo: VecDeque<Key>,
    done: VecDeque<Key>,
    next_id: u64,
    open: usize,               // calls that are not done
    earliest: Option<Instant>, // no deadline of an open call is earlier
}

impl Ledger {
    /// Begins a call.
    pub(crate) fn start(&mut self, rows: usize, deadline: Option<Instant>) -> Key {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.calls.push(None);
            self.calls.len() - 1
        });
        let key = Key { slot, id: self.next_id };
        self.next_id += 1;
        self.calls[slot] = Some(Call {
            id: key.id,
            rows,
            begun: 0,
            answered: 0,
            written: false,
            deadline,
            again: Again::default(),
            result: None,
        });
        self.open += 1;
        if let Some(deadline) = deadline {
            self.earliest = Some(self.earliest.map_or(deadline, |e| e.min(deadline)));
        }
        if rows == 0 {
            self.end(key, Ok(()));
        } else {
            self.todo.push_back(key);
        }
        key
    }

    /// Returns a call that is done, oldest end first, and forgets it.
    pub(crate) fn take_done(&mut self) -> Option<(Key, Result<(), Error>)> {
        let key = self.done.pop_front()?;
        let call = self.calls[key.slot].take()?;
        self.free.push(key.slot);
        Some((key, call.result?))
    }

    pub(crate) fn has_done(&self) -> bool {
        !self.done.is_empty()
    }

    /// Returns the number of calls that are not done.
    pub(crate) fn open(&self) -> usize {
        self.open
    }

    /// Says whether there is no call that the program has not taken back.
    pub(crate) fn is_empty(&self) -> bool {
        self.open == 0 && self.done.is_empty()
    }

    /// Forgets all calls.
    pub(crate) fn clear(&mut self) {
        self.calls.clear();
        self.free.clear();
        self.todo.clear();
        self.done.clear();
        self.open = 0;
        self.earliest = None;
    }

    /// Returns the oldest call with rows for which no request was made, the first of them, and how many.
    pub(crate) fn next(&self) -> Option<(Key, usize, usize)> {
        let key = *self.todo.front()?;
        self.call(key).map(|call| (key, call.begun, call.rows - call.begun))
    }

    pub(crate) fn has_todo(&self) -> bool {
        !self.todo.is_empty()
    }

    /// Takes note that a request was made for the next rows of the first call in todo.
    pub(crate) fn begin(&mut self, key: Key, rows: usize) {
        if let Some(call) = self.call_mut(key) {
            call.begun += rows;
            if call.begun == call.rows {
                self.todo.pop_front();
            }
        }
    }

    /// Takes back that requests were made for the rows of a call from first on. [Ledger::requeue] must follow.
    pub(crate) fn unbegin(&mut self, key: Key, first: usize) {
        if let Some(call) = self.call_mut(key) {
            call.begun = call.begun.min(first);
        }
    }

    /// Restores the invariant of todo. It takes time proportional to the calls.
    pub(crate) fn requeue(&mut self) {
        self.todo.clear();
        for (slot, call) in self.calls.iter().enumerate() {
            if let Some(call) = call {
                if call.result.is_none() && call.begun < call.rows {
                    self.todo.push_back(Key { slot, id: call.id });
                }
            }
        }
        self.todo.make_contiguous().sort_unstable_by_key(|key| key.id);
    }

    pub(crate) fn set_written(&mut self, key: Key) {
        if let Some(call) = self.call_mut(key) {
            call.written = true;
        }
    }

    /// Says whether the call is not done, so that its memory may be touched.
    pub(crate) fn is_open(&self, key: Key) -> bool {
        self.call(key).is_some()
    }

    /// Takes note that the next rows of a call have scores.
    pub(crate) fn answer(&mut self, key: Key, rows: usize) {
        if let Some(call) = self.call_mut(key) {
            call.answered += rows;
            if call.answered == call.rows {
                self.end(key, Ok(()));
            }
        }
    }

    /// Ends a call with an error, unless it is done.
    pub(crate) fn fail(&mut self, key: Key, error: Error) {
        if self.is_open(key) {
            self.todo.retain(|other| *other != key);
            self.end(key, Err(error));
        }
    }

    /// Ends all calls that are not done with this error.
    pub(crate) fn fail_all(&mut self, error: &Error) {
        self.todo.clear();
        self.each_open(|ledger, key| ledger.end(key, Err(error.clone())));
    }

    /// Returns no later moment than the first deadline of a call that is not done.
    pub(crate) fn earliest(&self) -> Option<Instant> {
        self.earliest
    }

    /// Makes [Ledger::earliest] the first deadline of a call that is not done. It takes time proportional to
    /// the calls.
    pub(crate) fn tighten(&mut self) {
        let open = self.calls.iter().flatten().filter(|call| call.result.is_none());
        self.earliest = open.filter_map(|call| call.deadline).min();
    }

    /// Ends all calls whose deadline has passed. It takes time proportional to the calls.
    pub(crate) fn give_up(&mut self, now: Instant) {
        self.each_open(|ledger, key| match ledger.call(key) {
            Some(&Call { deadline: Some(deadline), written, .. }) if deadline <= now => {
                ledger.end(key, Err(Error::GaveUp { written }));
            }
            _ => {}
        });
        let mut todo = std::mem::take(&mut self.todo);
        todo.retain(|&key| self.is_open(key));
        self.todo = todo;
        self.tighten();
    }

    /// Takes note that a request for rows of a call from first on was written and will not be answered.
    /// The rows without scores are sent again, or the call fails. [Ledger::requeue] must follow.
    pub(crate) fn lost(
        &mut self,
        key: Key,
        first: usize,
        in_order: bool,
        budget: &mut Budget,
        error: &dyn Fn() -> Error,
    ) {
        let call = match self.call_mut(key) {
            Some(call) if first < call.begun => call, // else an earlier request of the call has been here
            _ => return,
        };
        if call.again.may(call.answered, in_order, budget) {
            call.begun = call.answered;
        } else {
            self.end(key, Err(error()));
        }
    }

    fn each_open(&mut self, mut f: impl FnMut(&mut Ledger, Key)) {
        for slot in 0..self.calls.len() {
            let id = match &self.calls[slot] {
                Some(call) if call.result.is_none() => call.id,
                _ => continue,
            };
            f(self, Key { slot, id });
        }
    }

    fn end(&mut self, key: Key, result: Result<(), Error>) {
        if let Some(call) = self.call_mut(key) {
            call.result = Some(result);
            self.open -= 1;
            self.done.push_back(key);
        }
    }

    /// Returns a call that is not done.
    fn call(&self, key: Key) -> Option<&Call> {
        let call = self.calls.get(key.slot)?.as_ref()?;
        (call.id == key.id && call.result.is_none()).then_some(call)
    }

    fn call_mut(&mut self, key: Key) -> Option<&mut Call> {
        let call = self.calls.get_mut(key.slot)?.as_mut()?;
        (call.id == key.id && call.result.is_none()).then_some(call)
    }
}

/// Returns the error of a call whose connection was lost.
pub(crate) fn connection_lost(addr: &Arc<str>, reason: &str) -> Error {
    Error::ConnectionLost { addr: addr.clone(), reason: reason.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn rows_that_come_back_go_first() {
        let mut ledger = Ledger::default();
        let old = ledger.start(1, None);
        ledger.begin(old, 1);
        ledger.answer(old, 1);
        ledger.take_done(); // so that slots are not in the order of calls
        let calls = [ledger.start(9, None), ledger.start(9, None), ledger.start(9, None)];
        let slots: Vec<usize> = calls.iter().map(|key| key.slot).collect();
        ledger.fail(calls[0], Error::GaveUp { written: false });
        ledger.take_done();
        let (first, second, third) = (calls[1], calls[2], ledger.start(9, None));
        assert_eq!(third.slot, slots[0], "a slot is used again");
        ledger.begin(first, 4);
        ledger.begin(first, 5);
        ledger.begin(second, 3);
        assert_eq!(ledger.next(), Some((second, 3, 6)));
        ledger.unbegin(second, 0);
        ledger.unbegin(first, 4);
        ledger.requeue();
        let mut order = Vec::new();
        while let Some((key, begun, rows)) = ledger.next() {
            order.push((key, begun));
            ledger.begin(key, rows);
        }
        assert_eq!(order, [(first, 4), (second, 0), (third, 0)]);
    }

    #[test]
    fn calls_that_give_up_leave_the_others() {
        let mut ledger = Ledger::default();
        let now = Instant::now();
        let later = now + Duration::from_secs(1);
        let deadlines = [Some(now), None, Some(now), Some(later)];
        let keys = deadlines.map(|deadline| ledger.start(9, deadline));
        ledger.begin(keys[0], 9);
        ledger.begin(keys[1], 4);
        ledger.give_up(now);
        let ended: Vec<Key> = std::iter::from_fn(|| ledger.take_done()).map(|(key, _)| key).collect();
        assert_eq!(ended, [keys[0], keys[2]]);
        assert_eq!(ledger.next(), Some((keys[1], 4, 5)));
        ledger.begin(keys[1], 5);
        assert_eq!(ledger.next(), Some((keys[3], 0, 9)));
        assert_eq!(ledger.earliest(), Some(later));
    }
}
