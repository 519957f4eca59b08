//! One connection without a socket: bytes to send, bytes that were received, and what they do to calls.

mod receive;
mod send;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;

use crate::error::Reason;
use crate::ledger::{connection_lost, Key, Ledger};
use crate::model::{Expect, Model};
use crate::retry::Budget;
use crate::wire;
use receive::State;

/// Conn is one connection.
///
/// Invariant: waiting has the requests without answers in the order of their bytes. Each one begins where
/// the one before ends, and only the last one may be staged in part.
#[derive(Debug)]
pub(crate) struct Conn {
    addr: Arc<str>,
    expect: Expect,
    model: Option<Model>, // from the welcome on
    waiting: VecDeque<Request>,
    asked_bytes: usize,  // of the requests in waiting
    answer_bytes: usize, // of their answers
    answers: u64,        // that have come, and failures

    // what is to be sent
    out: Vec<u8>,
    out_sent: usize, // bytes of out that were sent
    sent: u64,       // bytes of requests that were sent
    missing: usize,  // bytes of the last request that do not fit in out
    leaving: bool,   // the server goes away

    // what was received
    state: State,
    head: [u8; HEAD], // the beginning of a message, or of a float
    have: usize,      // bytes of it
    body: Vec<u8>,    // of the welcome
}

/// HEAD is the size of the largest message that is looked at as a whole, the notice of another model.
const HEAD: usize = 8 + wire::IDENTITY_BYTES;

/// Request asks for the scores of rows of a call.
#[derive(Clone, Copy, Debug)]
struct Request {
    key: Key,
    first: usize,
    vectors: usize,
    start: u64, // where its bytes begin among those of all requests
    bytes: usize,
}

/// Broken is why a connection is of no more use.
#[derive(Debug)]
pub(crate) enum Broken {
    /// There was no welcome, or one that refuses.
    Greeting(Reason),
    /// The server broke the protocol later.
    Protocol(String),
}

impl Conn {
    /// Returns a connection whose first bytes to send are the hello.
    pub(crate) fn new(addr: Arc<str>, expect: &Expect) -> Conn {
        Conn {
            addr,
            expect: expect.clone(),
            model: None,
            waiting: VecDeque::new(),
            asked_bytes: 0,
            answer_bytes: 0,
            answers: 0,
            out: wire::hello(expect),
            out_sent: 0,
            sent: 0,
            missing: 0,
            leaving: false,
            state: State::Preamble,
            head: [0; HEAD],
            have: 0,
            body: Vec::new(),
        }
    }

    /// Returns what the server says of its model, or None before its welcome.
    pub(crate) fn model(&self) -> Option<&Model> {
        self.model.as_ref()
    }

    /// Returns how many answers and failures have come.
    pub(crate) fn answers(&self) -> u64 {
        self.answers
    }

    /// Says whether the server goes away, so that no new request is sent.
    pub(crate) fn leaving(&self) -> bool {
        self.leaving
    }

    /// Says whether a request is without its answer.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Says whether a request was sent as a whole and is without its answer: then the server sends
    /// something, whether it receives anything or not.
    pub(crate) fn is_owed(&self) -> bool {
        self.waiting.front().map_or(false, |r| r.start + r.bytes as u64 <= self.sent)
    }

    /// Returns the rows of all requests without answers to their calls, or fails these, when the connection
    /// has ended. in_order says whether the server certainly has not answered them.
    pub(crate) fn end(&mut self, ledger: &mut Ledger, in_order: bool, budget: &mut Budget, reason: &str) {
        self.unstage(ledger);
        for r in self.waiting.drain(..) {
            ledger.lost(r.key, r.first, in_order, budget, &|| connection_lost(&self.addr, reason));
        }
        ledger.requeue();
    }
}
