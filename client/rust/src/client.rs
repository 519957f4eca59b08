use std::time::{Duration, Instant};

use crate::config::{Config, Settings};
use crate::error::{Error, Reason};
use crate::ledger::{Key, Ledger, Memory};
use crate::link::{Ended, Link, BUFFER};
use crate::model::Model;
use crate::pipeline::Pipeline;
use crate::retry::Budget;
use crate::server::Server;

/// Client scores rows on one server at a time, over one connection, and goes on with the next server when
/// that ends.
///
/// A call needs the client for itself, so each thread has a client of its own, or threads share one behind
/// a lock. The client starts no thread. Dropping it closes its connection.
#[derive(Debug)]
pub struct Client {
    settings: Settings,
    servers: Vec<Server>,
    current: usize, // the server that is connected, or is tried first
    link: Option<Link>,
    model: Model, // as of the last answer
    pub(crate) ledger: Ledger,
    budget: Budget,
    buffer: Box<[u8]>,
}

impl Client {
    /// Connects to the first server that welcomes the client. An address alone is a configuration, too.
    ///
    /// # Errors
    ///
    /// [Error::Config], and [Error::Unavailable] if no server can be reached.
    pub fn connect(config: impl Into<Config>) -> Result<Client, Error> {
        let config = config.into();
        let settings = Settings::new(&config).map_err(Error::Config)?;
        let servers: Result<Vec<Server>, String> = config.addrs.iter().map(|addr| Server::new(addr)).collect();
        let servers = servers.map_err(Error::Config)?;
        let budget = Budget::new(servers.len() as u32 + 1, config.retries);
        let nothing = Model {
            name: String::new(),
            dim: 0,
            outputs: 0,
            max_vectors: 0,
            kind: Default::default(),
            identity: [0; 32],
        };
        let mut client = Client {
            settings,
            servers,
            current: 0,
            link: None,
            model: nothing,
            ledger: Ledger::default(),
            budget,
            buffer: vec![0; BUFFER].into(),
        };
        while client.link.is_none() {
            client.reach()?;
        }
        Ok(client)
    }

    /// Returns what the server says of its model, as of the last answer. Its dim, outputs and kind never
    /// change.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Returns the scores of rows, row after row. rows holds any number of rows with the model's dim
    /// features each.
    ///
    /// # Errors
    ///
    /// All but [Error::Config].
    pub fn score(&mut self, rows: &[f32]) -> Result<Vec<f32>, Error> {
        let mut scores = vec![0.0; rows.len() / self.model.dim * self.model.outputs];
        self.score_into(rows, &mut scores)?;
        Ok(scores)
    }

    /// Writes the scores of rows to scores, which has room for exactly these. It does not allocate. After
    /// an error scores holds anything.
    ///
    /// # Errors
    ///
    /// All but [Error::Config].
    pub fn score_into(&mut self, rows: &[f32], scores: &mut [f32]) -> Result<(), Error> {
        self.score_until(rows, scores, self.settings.timeout)
    }

    /// Does what [Client::score_into] does, within a time limit in place of the configuration's.
    ///
    /// # Errors
    ///
    /// All but [Error::Config].
    pub fn score_within(&mut self, rows: &[f32], scores: &mut [f32], timeout: Duration) -> Result<(), Error> {
        self.score_until(rows, scores, Some(timeout))
    }

    /// Returns a pipeline, with which many calls are in flight together.
    ///
    /// Rows and scores are `&[f32]` and `&mut [f32]`, or anything that lends them, such as `Vec<f32>`.
    pub fn pipeline<R: AsRef<[f32]>, S: AsMut<[f32]>>(&mut self) -> Pipeline<'_, R, S> {
        Pipeline::new(self)
    }

    /// Reads what has come while no call was in flight, without waiting. A server that goes away waits for
    /// its clients to close. If a program calls this once a second while it has nothing to score, no server
    /// waits longer. Before a call the client does so by itself.
    pub fn tend(&mut self) {
        self.forget();
        if let Some(link) = &mut self.link {
            if let Err(ended) = link.tend(&mut self.ledger, &self.settings, &mut self.buffer) {
                self.lost(&ended);
            }
        }
    }

    fn score_until(&mut self, rows: &[f32], scores: &mut [f32], timeout: Option<Duration>) -> Result<(), Error> {
        self.forget();
        let mut memory = One { rows, scores };
        self.start(memory.rows, memory.scores, timeout)?;
        loop {
            if let Some((_, result)) = self.take_done() {
                return result;
            }
            self.advance(&mut memory);
        }
    }

    pub(crate) fn default_timeout(&self) -> Option<Duration> {
        self.settings.timeout
    }

    /// Begins a call, without sending anything.
    pub(crate) fn start(&mut self, rows: &[f32], scores: &[f32], timeout: Option<Duration>) -> Result<Key, Error> {
        let Model { dim, outputs, .. } = self.model;
        let vectors = rows.len() / dim;
        if rows.len() % dim != 0 || scores.len() != vectors * outputs {
            return Err(Error::Shape { features: rows.len(), dim, scores: scores.len(), outputs });
        }
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        Ok(self.ledger.start(vectors, deadline))
    }

    /// Returns a call that is done.
    pub(crate) fn take_done(&mut self) -> Option<(Key, Result<(), Error>)> {
        let done = self.ledger.take_done()?;
        if done.1.is_ok() {
            self.budget.earn();
        }
        Some(done)
    }

    /// Forgets the calls of a pipeline that ends, or was leaked. What was sent of them is answered in vain.
    pub(crate) fn forget(&mut self) {
        if !self.ledger.is_empty() {
            if let Some(link) = &mut self.link {
                link.conn.unstage(&mut self.ledger);
            }
            self.ledger.clear();
        }
    }

    /// Brings the calls closer to their ends, and waits once at most. A call must be open.
    pub(crate) fn advance(&mut self, memory: &mut dyn Memory) {
        if self.is_late() {
            self.catch_up(memory);
            self.give_up();
        }
        if self.ledger.has_done() {
            return;
        }
        match &mut self.link {
            None => {
                if let Err(error) = self.reach() {
                    self.ledger.fail_all(&error);
                }
            }
            Some(link) => {
                let result = link.exchange(&mut self.ledger, memory, &self.settings, &mut self.buffer);
                self.note(result);
            }
        }
    }

    /// Sends what was started, without waiting for answers.
    pub(crate) fn flush(&mut self, memory: &mut dyn Memory) {
        if let Some(link) = &mut self.link {
            let result = link.flush(&mut self.ledger, memory, &self.settings, &mut self.buffer);
            self.note(result);
        }
    }

    /// Reads what came while the program did something else, so that scores that are there count.
    fn catch_up(&mut self, memory: &mut dyn Memory) {
        if let Some(link) = &mut self.link {
            let result = link.catch_up(&mut self.ledger, memory, &mut self.buffer);
            self.note(result);
        }
    }

    /// Takes note of what has come, or that the connection has ended.
    fn note(&mut self, result: Result<(), Ended>) {
        match result {
            Ok(()) => self.note_identity(),
            Err(ended) => self.lost(&ended),
        }
    }

    fn note_identity(&mut self) {
        if let Some(model) = self.link.as_ref().and_then(|link| link.conn.model()) {
            if model.identity != self.model.identity {
                self.model.identity = model.identity;
            }
        }
    }

    /// Ends the calls whose time is over.
    fn give_up(&mut self) {
        let now = Instant::now();
        match &mut self.link {
            Some(link) => link.conn.give_up(now, &mut self.ledger),
            None => self.ledger.give_up(now),
        }
    }

    /// Takes note that the connection has ended.
    fn lost(&mut self, ended: &Ended) {
        self.note_identity();
        if let Some(mut link) = self.link.take() {
            self.servers[self.current].lost(link.conn.answers());
            self.current = (self.current + 1) % self.servers.len();
            link.conn.end(&mut self.ledger, ended.in_order, &mut self.budget, &ended.reason);
        }
    }

    /// Tries to connect, to each server once at most. It returns an error if the last attempts at all
    /// servers have failed. If it brings no connection otherwise, calls have reached their deadline or
    /// another attempt is due.
    fn reach(&mut self) -> Result<(), Error> {
        self.ledger.tighten(); // only a call that waits may end an attempt
        for k in 0..self.servers.len() {
            let at = (self.current + k) % self.servers.len();
            let now = Instant::now();
            if self.is_late() {
                return Ok(());
            }
            if self.servers[at].backoff.due <= now && self.attempt(at, now) {
                return Ok(());
            }
        }
        if self.is_late() {
            return Ok(());
        }
        let errors: Vec<_> = self.servers.iter().filter_map(|server| server.error.clone()).collect();
        if errors.len() == self.servers.len() {
            return Err(Error::Unavailable(errors));
        }
        let due = self.servers.iter().map(|server| server.backoff.due).min();
        let until = due.into_iter().chain(self.ledger.earliest()).min();
        std::thread::sleep(until.map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now())));
        Ok(())
    }

    /// Says whether a deadline has passed, of a call that waits if [Ledger::earliest] is exact.
    fn is_late(&self) -> bool {
        self.ledger.earliest().map_or(false, |earliest| earliest <= Instant::now())
    }

    /// Tries to connect to one server, and says whether it is connected.
    fn attempt(&mut self, at: usize, now: Instant) -> bool {
        let until = now + self.settings.dial_timeout;
        let until = self.ledger.earliest().map_or(until, |earliest| earliest.min(until));
        let opened = Link::open(&self.servers[at], &self.settings, until, &mut self.buffer);
        match opened.and_then(|link| self.adopt(link)) {
            Ok(()) => {
                self.servers[at].came();
                self.current = at;
                true
            }
            Err(_) if self.is_late() => {
                // The deadline of a call ended the attempt. It says nothing of the server, but others go first.
                self.servers[at].backoff.failed();
                self.current = (at + 1) % self.servers.len();
                false
            }
            Err(reason) => {
                self.servers[at].failed(reason);
                false
            }
        }
    }

    /// Uses a connection, if the server's model is of the shape of the first one.
    fn adopt(&mut self, link: Link) -> Result<(), Reason> {
        if let Some(model) = link.conn.model() {
            if self.model.dim > 0 && !model.fits(&self.model) {
                let sentence = format!("the client uses {}", self.model);
                return Err(Reason::Refused { status: 0, sentence, server: model.clone() });
            }
            self.model = model.clone();
        }
        self.link = Some(link);
        Ok(())
    }
}

/// One is the memory of a single call.
struct One<'a> {
    rows: &'a [f32],
    scores: &'a mut [f32],
}

impl Memory for One<'_> {
    fn rows(&self, _: usize) -> &[f32] {
        self.rows
    }

    fn scores(&mut self, _: usize) -> &mut [f32] {
        self.scores
    }
}
