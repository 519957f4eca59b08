//! Calls over connections that end in every way, with a server that takes and sends any number of bytes.

use super::*;
use crate::ledger::Key;
use crate::retry::Budget;
use std::collections::{HashMap, HashSet};
use std::time::Instant;

/// Server understands requests and remembers the rows in them.
struct Server {
    model: Model,
    received: Vec<u8>,
    to_send: Vec<u8>,
    requests: usize,
    seen: HashSet<u32>, // first features of rows, which number the rows from 1
    failed: HashSet<u32>,
}

impl Server {
    fn receive(&mut self, bytes: &[u8], random: &mut Random) {
        self.received.extend_from_slice(bytes);
        while let Some(features) = self.take_request() {
            self.note_rows(&features);
            self.requests += 1;
            if random.one_in(9) {
                let row = random.within(0, features.len() / self.model.dim - 1);
                self.failed.insert(features[row * self.model.dim] as u32);
                self.to_send.extend(words(&[0x8000_0001, row as u32]));
            } else {
                self.to_send.extend(answer(&self.model, &features));
            }
        }
        let begun: Vec<f32> =
            (4..self.received.len().saturating_sub(3)).step_by(4).map(|at| self.feature(at)).collect();
        self.note_rows(&begun);
    }

    fn take_request(&mut self) -> Option<Vec<f32>> {
        let count = usize::from(*self.received.get(..4)?.first()?);
        assert!((1..=self.model.max_vectors).contains(&count), "a request of {count} rows");
        let size = 4 + 4 * self.model.dim * count;
        if self.received.len() < size {
            return None;
        }
        let features = (4..size).step_by(4).map(|at| self.feature(at)).collect();
        self.received.drain(..size);
        Some(features)
    }

    fn note_rows(&mut self, features: &[f32]) {
        self.seen.extend(features.iter().step_by(self.model.dim).map(|&number| number as u32));
    }

    fn feature(&self, at: usize) -> f32 {
        f32::from_le_bytes([self.received[at], self.received[at + 1], self.received[at + 2], self.received[at + 3]])
    }

    /// Returns how many requests have begun to arrive.
    fn begun(&self) -> usize {
        self.requests + usize::from(!self.received.is_empty())
    }
}

/// World is a client's calls and connection, and the server at its other end.
struct World {
    random: Random,
    model: Model,
    server: Server,
    conn: Conn,
    ledger: Ledger,
    table: Table,
    budget: Budget,
    open: HashMap<u64, Key>,
    rows: u32,        // that were made
    badly: bool,      // whether a connection has ended badly
    given_up: bool,   // whether calls were given up
    met: Vec<String>, // the ends of calls
}

impl World {
    fn new(seed: u64) -> World {
        let mut random = Random(seed);
        let large = random.one_in(12); // requests that are staged in several parts
        let dim = if large { 10_000 } else { random.within(1, 4) };
        let model = model(dim, random.within(1, 3), if large { 5 } else { random.within(1, 5) });
        World {
            server: Server {
                model: model.clone(),
                received: Vec::new(),
                to_send: Vec::new(),
                requests: 0,
                seen: HashSet::new(),
                failed: HashSet::new(),
            },
            conn: welcomed(&model),
            random,
            model,
            ledger: Ledger::default(),
            table: Table::default(),
            budget: Budget::new(1000, 1),
            open: HashMap::new(),
            rows: 0,
            badly: false,
            given_up: false,
            met: Vec::new(),
        }
    }

    fn start(&mut self) {
        let count = self.random.within(0, 12);
        let mut rows = vec![0.0; count * self.model.dim];
        for row in rows.chunks_exact_mut(self.model.dim) {
            self.rows += 1;
            row.fill(1.0);
            row[0] = self.rows as f32;
        }
        let soon = self.random.one_in(2).then(Instant::now);
        let key = self.ledger.start(count, soon);
        self.table.put(key.slot, rows, count * self.model.outputs);
        self.open.insert(key.id, key);
    }

    fn send(&mut self) {
        let bytes = self.conn.output(&mut self.ledger, &self.table);
        let count = if self.random.one_in(2) { bytes.len() } else { self.random.within(0, bytes.len()) };
        self.server.receive(&bytes[..count], &mut self.random);
        self.conn.sent(count, &mut self.ledger);
    }

    fn receive(&mut self) {
        let count = self.random.within(0, self.server.to_send.len());
        let bytes: Vec<u8> = self.server.to_send.drain(..count).collect();
        assert!(self.conn.feed(&bytes, &mut self.ledger, &mut self.table).is_ok());
    }

    /// The server goes away: no request may begin from then on.
    fn go_away(&mut self) {
        self.server.to_send.extend(words(&[0xC000_0001, 0]));
        while !self.conn.leaving() {
            self.receive();
        }
        let begun = self.server.begun();
        for _ in 0..200 {
            self.send();
        }
        assert_eq!(self.server.begun(), begun, "a request began after the notice");
        assert!(self.server.received.is_empty() && self.conn.is_all_sent(), "a request was not finished");
    }

    /// The connection ends, and another one begins.
    fn end(&mut self) {
        let in_order = self.random.one_in(2);
        if in_order {
            let rest = std::mem::take(&mut self.server.to_send);
            assert!(self.conn.feed(&rest, &mut self.ledger, &mut self.table).is_ok());
            assert!(self.conn.is_between());
        }
        self.badly |= !in_order;
        self.conn.end(&mut self.ledger, in_order, &mut self.budget, "it ended");
        self.conn = welcomed(&self.model);
        self.server.received.clear();
        self.server.to_send.clear();
        self.server.requests = 0;
    }

    fn give_up(&mut self) {
        self.given_up = true;
        self.conn.give_up(Instant::now(), &mut self.ledger);
    }

    fn take_done(&mut self) {
        while let Some((key, result)) = self.ledger.take_done() {
            assert_eq!(self.open.remove(&key.id), Some(key), "a call is done twice");
            let (rows, got) = &self.table.0[key.slot];
            match &result {
                Ok(()) => assert_eq!(got, &scores(&self.model, rows)),
                Err(Error::ModelFailed { code: 1, row: Some(row), .. }) => {
                    assert!(
                        self.server.failed.contains(&(rows[row * self.model.dim] as u32)),
                        "row {row} has not failed"
                    );
                }
                Err(Error::ConnectionLost { .. }) => assert!(self.badly, "lost, but no connection ended badly"),
                Err(Error::GaveUp { written }) => {
                    let seen = rows.chunks_exact(self.model.dim).any(|row| self.server.seen.contains(&(row[0] as u32)));
                    assert!(self.given_up && (*written || !seen), "the server has seen a call that was not written");
                }
                Err(error) => panic!("{error}"),
            }
            self.met.push(result.map_or_else(|e| format!("{e}").chars().take(12).collect(), |()| "scores".into()));
            // The memory is the program's again: nobody may touch it.
            self.table.0[key.slot] = Default::default();
        }
    }

    fn step(&mut self) {
        match self.random.within(1, 40) {
            1..=8 => self.start(),
            9..=22 => self.send(),
            23..=36 => self.receive(),
            37 => self.end(),
            38 => {
                self.give_up();
                self.take_done();
            }
            39 if self.random.one_in(2) && !self.conn.leaving() => self.go_away(),
            39 => {
                self.conn.unstage(&mut self.ledger);
            }
            _ => self.take_done(),
        }
    }
}

#[test]
fn every_call_ends_once_and_rightly() {
    let mut met = HashMap::new();
    for seed in 0..600 {
        let mut world = World::new(seed);
        for _ in 0..world.random.within(1, 300) {
            world.step();
        }
        for _ in 0..20_000 {
            if world.ledger.open() == 0 {
                break;
            }
            if world.conn.leaving() && !world.conn.is_waiting() {
                world.end();
            }
            world.send();
            world.receive();
        }
        world.take_done();
        assert!(world.open.is_empty(), "seed {seed}: {} calls have not ended", world.open.len());
        for end in world.met {
            *met.entry(end).or_insert(0) += 1;
        }
    }
    assert!(met.len() == 5 && met.values().all(|&times| times > 30), "these test little: {met:?}");
}
