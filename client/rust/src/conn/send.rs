//! Sending: requests are copied side by side, and sent from there.

use std::time::Instant;

use super::{Conn, Request};
use crate::floats;
use crate::ledger::{Ledger, Memory};

/// STAGED is how many bytes of requests are copied before they are sent, unless a request is larger
/// than what is left of them.
const STAGED: usize = 64 << 10;

/// Requests of ASKED bytes fit in the kernel's buffers on the way to any server, and answers of ANSWERS
/// bytes on the way back.
const ASKED: usize = 64 << 10;
const ANSWERS: usize = 32 << 10;

/// AHEAD is how many bytes of requests are in flight at most, if a request is not larger.
const AHEAD: usize = 1 << 20;

impl Conn {
    /// Makes requests of the calls' rows once all that was staged is sent, and returns the bytes to send.
    pub(crate) fn output(&mut self, ledger: &mut Ledger, memory: &dyn Memory) -> &[u8] {
        if self.out_sent == self.out.len() {
            self.out.clear();
            self.out_sent = 0;
            self.stage_rest(ledger, memory);
            while self.out.len() < STAGED && self.missing == 0 && !self.leaving && self.stage_next(ledger, memory) {}
        }
        &self.out[self.out_sent..]
    }

    /// Makes one request. It returns false if there is none to make now.
    fn stage_next(&mut self, ledger: &mut Ledger, memory: &dyn Memory) -> bool {
        let (model, (key, first, rows)) = match (&self.model, ledger.next()) {
            (Some(model), Some(next)) => (model, next),
            _ => return false,
        };
        let vectors = rows.min(model.max_vectors);
        let bytes = 4 + 4 * vectors * model.dim;
        let answer = 4 + 4 * vectors * model.outputs;
        if !self.has_room(bytes, answer) {
            return false;
        }
        ledger.begin(key, vectors);
        self.out.extend_from_slice(&(vectors as u32).to_le_bytes());
        let start = self.waiting.back().map_or(self.sent, |r| r.start + r.bytes as u64);
        self.waiting.push_back(Request { key, first, vectors, start, bytes });
        self.asked_bytes += bytes;
        self.answer_bytes += answer;
        self.missing = bytes - 4;
        self.stage_rest(ledger, memory);
        true
    }

    /// Says whether a request can be sent without the danger that both sides wait until the other one
    /// reads. This client does not read while it sends. So either the requests in flight fit in the
    /// kernel's buffers, or their answers do, or no answer is due before the request was sent as a whole.
    fn has_room(&self, bytes: usize, answer: usize) -> bool {
        let asked = self.asked_bytes + bytes;
        self.waiting.is_empty() || asked <= ASKED || asked <= AHEAD && self.answer_bytes + answer <= ANSWERS
    }

    /// Copies more of the last request. If its call is over, zeros take the place of its rows: the server
    /// must get a whole request, and nobody reads the answer.
    fn stage_rest(&mut self, ledger: &Ledger, memory: &dyn Memory) {
        let (request, dim) = match (self.waiting.back(), &self.model) {
            (Some(request), Some(model)) if self.missing > 0 => (request, model.dim),
            _ => return,
        };
        let room = (2 * STAGED).saturating_sub(self.out.len()) / 4;
        let count = (self.missing / 4).min(room);
        if ledger.is_open(request.key) {
            let end = (request.first + request.vectors) * dim - self.missing / 4 + count;
            floats::append(&mut self.out, &memory.rows(request.key.slot)[end - count..end]);
        } else {
            self.out.resize(self.out.len() + 4 * count, 0);
        }
        self.missing -= 4 * count;
    }

    /// Takes note that count bytes of the output were sent.
    pub(crate) fn sent(&mut self, count: usize, ledger: &mut Ledger) {
        self.out_sent += count;
        if self.model.is_none() {
            return; // it was the hello
        }
        let before = self.sent;
        self.sent += count as u64;
        for r in self.waiting.iter().rev().take_while(|r| r.start >= before) {
            if r.start < self.sent {
                ledger.set_written(r.key);
            }
        }
    }

    /// Takes back all requests of which no byte was sent, and returns their rows to the calls.
    pub(crate) fn unstage(&mut self, ledger: &mut Ledger) {
        let whole = self.waiting.len();
        while let Some(&r) = self.waiting.back().filter(|r| r.start >= self.sent) {
            self.waiting.pop_back();
            self.out.truncate(self.out_sent + (r.start - self.sent) as usize);
            self.missing = 0;
            self.forget(&r);
            ledger.unbegin(r.key, r.first);
        }
        if self.waiting.len() < whole {
            ledger.requeue();
        }
    }

    /// Sends no more of the request that is sent in part, because the server ends the connection and reads
    /// nothing more.
    pub(super) fn break_off(&mut self, ledger: &mut Ledger) {
        self.leaving = true;
        self.unstage(ledger);
        self.out.truncate(self.out_sent);
        self.missing = 0;
    }

    /// Ends the calls whose deadline has passed. What is not sent of them by now is not sent later.
    pub(crate) fn give_up(&mut self, now: Instant, ledger: &mut Ledger) {
        self.unstage(ledger);
        ledger.give_up(now);
    }

    /// Takes a request from the sums of those in flight.
    pub(super) fn forget(&mut self, r: &Request) {
        self.asked_bytes -= r.bytes;
        self.answer_bytes -= self.answer_bytes_of(r.vectors);
    }

    pub(super) fn answer_bytes_of(&self, vectors: usize) -> usize {
        4 + 4 * vectors * self.model.as_ref().map_or(0, |model| model.outputs)
    }

    /// Says whether FIN is due: the server goes away, and what was begun is sent.
    pub(crate) fn is_all_sent(&self) -> bool {
        self.leaving && self.out_sent == self.out.len() && self.missing == 0
    }
}
