//! Receiving: messages are understood as their bytes come, however they are split.

use super::{Broken, Conn, HEAD};
use crate::error::{Error, Reason};
use crate::floats;
use crate::ledger::{Key, Ledger, Memory};
use crate::wire::{self, ANOTHER_MODEL, FAILURE, GOING_AWAY, LOW_BITS, NOTICE, NOT_ALLOWED};

/// State is what comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// The first bytes of the welcome.
    Preamble,
    /// The rest of it, of so many bytes.
    Welcome(usize),
    /// A message.
    Message,
    /// The scores of the oldest request from one on.
    Scores { key: Key, next: usize, end: usize },
    /// Bytes of a notice that nobody reads.
    Skip(usize),
}

impl Conn {
    /// Takes bytes that were received. After an error the connection is of no more use.
    pub(crate) fn feed(
        &mut self,
        mut bytes: &[u8],
        ledger: &mut Ledger,
        memory: &mut dyn Memory,
    ) -> Result<(), Broken> {
        while !bytes.is_empty() {
            self.step(&mut bytes, ledger, memory)?;
        }
        Ok(())
    }

    /// Says whether the last byte that was fed ended a message. If the server sends FIN then, it will never
    /// answer what it has not answered.
    pub(crate) fn is_between(&self) -> bool {
        self.state == State::Message && self.have == 0
    }

    /// Takes at least one byte.
    fn step(&mut self, bytes: &mut &[u8], ledger: &mut Ledger, memory: &mut dyn Memory) -> Result<(), Broken> {
        match self.state {
            State::Preamble => self.preamble(bytes),
            State::Welcome(size) => self.welcome(bytes, size),
            State::Message => self.message(bytes, ledger),
            State::Scores { key, next, end } => {
                self.scores(bytes, key, next, end, ledger, memory);
                Ok(())
            }
            State::Skip(left) => {
                let count = left.min(bytes.len());
                *bytes = &bytes[count..];
                self.state = if count == left { State::Message } else { State::Skip(left - count) };
                Ok(())
            }
        }
    }

    /// Moves bytes to the head until it has so many, and says whether it has.
    fn collect(&mut self, bytes: &mut &[u8], size: usize) -> bool {
        let count = (size - self.have).min(bytes.len());
        self.head[self.have..self.have + count].copy_from_slice(&bytes[..count]);
        self.have += count;
        *bytes = &bytes[count..];
        self.have == size
    }

    fn preamble(&mut self, bytes: &mut &[u8]) -> Result<(), Broken> {
        if self.collect(bytes, wire::PREAMBLE_BYTES) {
            let mut preamble = [0; wire::PREAMBLE_BYTES];
            preamble.copy_from_slice(&self.head[..wire::PREAMBLE_BYTES]);
            let size = wire::body_size(&preamble).filter(|&size| size > 0);
            let size = size.ok_or_else(|| no_welcome("sent something that is no welcome: is it another server?"))?;
            self.have = 0;
            self.state = State::Welcome(size);
        }
        Ok(())
    }

    fn welcome(&mut self, bytes: &mut &[u8], size: usize) -> Result<(), Broken> {
        let count = (size - self.body.len()).min(bytes.len());
        self.body.extend_from_slice(&bytes[..count]);
        *bytes = &bytes[count..];
        if self.body.len() < size {
            return Ok(());
        }
        let welcome = wire::parse_welcome(&std::mem::take(&mut self.body));
        let welcome = welcome.ok_or_else(|| no_welcome("sent a malformed welcome"))?;
        let wire::Welcome { status, sentence, model } = welcome;
        if status != 0 {
            return Err(Broken::Greeting(Reason::Refused { status, sentence, server: model }));
        }
        if !model.is_valid() || !self.expect.agrees(&model) {
            let text = format!("sent a welcome that contradicts itself or the client's hello: {model}");
            return Err(Broken::Greeting(Reason::NoWelcome(text)));
        }
        self.model = Some(model);
        self.state = State::Message;
        Ok(())
    }

    /// Reads the beginning of a message, and all of one without a longer payload.
    fn message(&mut self, bytes: &mut &[u8], ledger: &mut Ledger) -> Result<(), Broken> {
        if self.have < 4 && !self.collect(bytes, 4) {
            return Ok(());
        }
        let word = wire::word(&self.head);
        if word < FAILURE {
            return self.answer(word);
        }
        if self.have < 8 && !self.collect(bytes, 8) {
            return Ok(());
        }
        let detail = wire::word(&self.head[4..]);
        if word < NOTICE {
            return self.failure(word & LOW_BITS, detail, ledger);
        }
        self.notice(word & LOW_BITS, detail, bytes, ledger)
    }

    /// Begins an answer.
    fn answer(&mut self, vectors: u32) -> Result<(), Broken> {
        let outputs = self.model.as_ref().map_or(0, |model| model.outputs);
        match self.waiting.front() {
            Some(r) if r.vectors == vectors as usize && self.is_owed() => {
                self.have = 0;
                self.state =
                    State::Scores { key: r.key, next: r.first * outputs, end: (r.first + r.vectors) * outputs };
                Ok(())
            }
            Some(r) => Err(violation(format!("it sent {vectors:#x} in answer to a request of {} rows", r.vectors))),
            None => Err(violation(format!("it sent {vectors:#x} in answer to no request"))),
        }
    }

    /// Reads scores from next up to end.
    fn scores(
        &mut self,
        bytes: &mut &[u8],
        key: Key,
        next: usize,
        end: usize,
        ledger: &mut Ledger,
        memory: &mut dyn Memory,
    ) {
        let mut count = 0;
        if self.have > 0 || bytes.len() < 4 {
            if self.collect(bytes, 4) {
                self.have = 0;
                count = 1;
                if ledger.is_open(key) {
                    floats::read(&mut memory.scores(key.slot)[next..next + 1], &self.head[..4]);
                }
            }
        } else {
            count = (bytes.len() / 4).min(end - next);
            if ledger.is_open(key) {
                floats::read(&mut memory.scores(key.slot)[next..next + count], bytes);
            }
            *bytes = &bytes[4 * count..];
        }
        if next + count < end {
            self.state = State::Scores { key, next: next + count, end };
            return;
        }
        self.state = State::Message;
        if let Some(r) = self.settle() {
            ledger.answer(r.key, r.vectors);
        }
    }

    fn failure(&mut self, code: u32, detail: u32, ledger: &mut Ledger) -> Result<(), Broken> {
        self.have = 0;
        let in_part = !self.is_owed();
        if in_part && (code != NOT_ALLOWED || self.waiting.front().map_or(true, |r| r.start >= self.sent)) {
            return Err(violation("it failed a request that it did not get".into()));
        }
        if in_part {
            self.break_off(ledger);
        }
        if let Some(r) = self.settle() {
            let row = Some(detail as usize).filter(|&row| row < r.vectors && code <= 2).map(|row| r.first + row);
            ledger.fail(r.key, Error::ModelFailed { addr: self.addr.clone(), code, row });
        }
        Ok(())
    }

    /// Removes the oldest request, which has its answer or has failed.
    fn settle(&mut self) -> Option<super::Request> {
        let r = self.waiting.pop_front()?;
        self.forget(&r);
        self.answers += 1;
        Some(r)
    }

    fn notice(&mut self, kind: u32, size: u32, bytes: &mut &[u8], ledger: &mut Ledger) -> Result<(), Broken> {
        let known = match kind {
            GOING_AWAY => Some(0),
            ANOTHER_MODEL => Some(wire::IDENTITY_BYTES as u32),
            _ => None,
        };
        if size % 4 != 0 || size > wire::MAX_NOTICE || known.map_or(false, |k| k != size) {
            return Err(violation(format!("it sent a notice of type {kind} with {size} bytes")));
        }
        if kind == ANOTHER_MODEL {
            if !self.collect(bytes, HEAD) {
                return Ok(());
            }
            if let Some(model) = &mut self.model {
                model.identity.copy_from_slice(&self.head[8..HEAD]);
            }
        }
        self.have = 0;
        if kind == GOING_AWAY {
            self.leaving = true;
            self.unstage(ledger);
        } else if kind != ANOTHER_MODEL && size > 0 {
            self.state = State::Skip(size as usize);
        }
        Ok(())
    }
}

fn no_welcome(text: &str) -> Broken {
    Broken::Greeting(Reason::NoWelcome(text.into()))
}

fn violation(text: String) -> Broken {
    Broken::Protocol(format!("the server broke the protocol: {text}"))
}
