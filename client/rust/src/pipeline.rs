use std::time::Duration;

use crate::client::Client;
use crate::error::Error;
use crate::ledger::Memory;

/// Pipeline has many calls in flight together, on the connection of its client.
///
/// It owns the rows and the scores of its calls until they are done. If it is dropped before, the calls
/// that were sent are answered in vain.
#[derive(Debug)]
pub struct Pipeline<'a, R, S> {
    client: &'a mut Client,
    calls: Calls<R, S>,
}

/// Done is a call that has ended.
#[derive(Debug)]
pub struct Done<R, S> {
    /// The number that [Pipeline::start] returned.
    pub number: u64,
    /// The rows of the call.
    pub rows: R,
    /// The scores of the rows. After an error they are anything.
    pub scores: S,
    /// What came of the call.
    pub result: Result<(), Error>,
}

/// SOON is how many bytes of rows are sent while calls that are done wait for the program.
const SOON: usize = 16 << 10;

impl<'a, R: AsRef<[f32]>, S: AsMut<[f32]>> Pipeline<'a, R, S> {
    pub(crate) fn new(client: &'a mut Client) -> Pipeline<'a, R, S> {
        client.forget();
        Pipeline { client, calls: Calls { memory: Vec::new(), unsent: 0 } }
    }

    /// Starts a call with the client's timeout, and returns its number. scores has room for exactly the
    /// scores of rows. Numbers grow from call to call. [Pipeline::wait] sends the call.
    ///
    /// # Errors
    ///
    /// [Error::Shape].
    pub fn start(&mut self, rows: R, scores: S) -> Result<u64, Error> {
        let timeout = self.client.default_timeout();
        self.begin(rows, scores, timeout)
    }

    /// Does what [Pipeline::start] does, with a time limit of its own.
    ///
    /// # Errors
    ///
    /// [Error::Shape].
    pub fn start_within(&mut self, rows: R, scores: S, timeout: Duration) -> Result<u64, Error> {
        self.begin(rows, scores, Some(timeout))
    }

    fn begin(&mut self, rows: R, mut scores: S, timeout: Option<Duration>) -> Result<u64, Error> {
        let key = self.client.start(rows.as_ref(), scores.as_mut(), timeout)?;
        self.calls.unsent += 4 * rows.as_ref().len();
        if key.slot >= self.calls.memory.len() {
            self.calls.memory.resize_with(key.slot + 1, || None);
        }
        self.calls.memory[key.slot] = Some((rows, scores));
        Ok(key.id)
    }

    /// Sends all calls that were started and waits until one is done. Calls may end in any order. It returns
    /// None if none is in flight.
    pub fn wait(&mut self) -> Option<Done<R, S>> {
        if self.client.ledger.has_done() && self.calls.unsent >= SOON {
            self.client.flush(&mut self.calls);
            self.calls.unsent = 0;
        }
        loop {
            if let Some((key, result)) = self.client.take_done() {
                let (rows, scores) = self.calls.memory.get_mut(key.slot)?.take()?;
                return Some(Done { number: key.id, rows, scores, result });
            }
            if self.client.ledger.open() == 0 {
                return None;
            }
            self.client.advance(&mut self.calls);
            self.calls.unsent = 0;
        }
    }

    /// Returns the client's model, as of the last answer.
    pub fn model(&self) -> &crate::Model {
        self.client.model()
    }
}

impl<R, S> Drop for Pipeline<'_, R, S> {
    fn drop(&mut self) {
        self.client.forget();
    }
}

/// Calls is the memory of the calls of a pipeline, by slot.
#[derive(Debug)]
struct Calls<R, S> {
    memory: Vec<Option<(R, S)>>,
    unsent: usize, // bytes of rows that were started since something was sent last
}

impl<R: AsRef<[f32]>, S: AsMut<[f32]>> Memory for Calls<R, S> {
    fn rows(&self, slot: usize) -> &[f32] {
        self.memory[slot].as_ref().map_or(&[], |(rows, _)| rows.as_ref())
    }

    fn scores(&mut self, slot: usize) -> &mut [f32] {
        self.memory[slot].as_mut().map_or(&mut [], |(_, scores)| scores.as_mut())
    }
}
