mod conversation;
mod golden;
mod splits;

use super::{Broken, Conn};
use crate::error::Error;
use crate::ledger::{Ledger, Memory};
use crate::model::{Expect, Kind, Model};

/// Random makes numbers from a seed (SplitMix64).
pub(super) struct Random(pub(super) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Returns a number from low to high, both included.
    fn within(&mut self, low: usize, high: usize) -> usize {
        low + (self.next() % (high - low + 1) as u64) as usize
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.within(1, n) == 1
    }
}

/// Table is the memory of calls, by slot.
#[derive(Default)]
struct Table(Vec<(Vec<f32>, Vec<f32>)>);

impl Memory for Table {
    fn rows(&self, slot: usize) -> &[f32] {
        &self.0[slot].0
    }

    fn scores(&mut self, slot: usize) -> &mut [f32] {
        &mut self.0[slot].1
    }
}

impl Table {
    fn put(&mut self, slot: usize, rows: Vec<f32>, scores: usize) {
        if slot >= self.0.len() {
            self.0.resize(slot + 1, Default::default());
        }
        self.0[slot] = (rows, vec![0.0; scores]);
    }
}

fn model(dim: usize, outputs: usize, max_vectors: usize) -> Model {
    Model { name: "m".into(), dim, outputs, max_vectors, kind: Kind::Raw, identity: [7; 32] }
}

/// Returns a welcome of status 0.
fn welcome(m: &Model) -> Vec<u8> {
    let mut body = vec![0, 0, 0xFF, 0xFF]; // a client ignores the flags
    for field in [m.dim, m.outputs, m.kind.number() as usize, m.max_vectors] {
        body.extend_from_slice(&(field as u32).to_le_bytes());
    }
    body.extend_from_slice(&m.identity);
    body.push(m.name.len() as u8);
    body.extend_from_slice(m.name.as_bytes());
    body.extend_from_slice(&[0, 0]);
    body.resize((body.len() + 3) / 4 * 4, 0);
    let mut message = b"DIS2\x02\x00".to_vec();
    message.extend_from_slice(&(body.len() as u16).to_le_bytes());
    message.extend_from_slice(&body);
    message
}

/// Returns a connection whose hello was sent and whose welcome has come.
fn welcomed(m: &Model) -> Conn {
    let mut conn = Conn::new("server".into(), &Expect::default());
    let (mut ledger, mut table) = (Ledger::default(), Table::default());
    let hello = conn.output(&mut ledger, &table).len();
    conn.sent(hello, &mut ledger);
    assert!(conn.feed(&welcome(m), &mut ledger, &mut table).is_ok());
    assert_eq!(conn.model(), Some(m));
    conn
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|w| w.to_le_bytes()).collect()
}

/// Returns the answer to a request with these features: output j of a row is its sum times j + 1.
fn answer(m: &Model, features: &[f32]) -> Vec<u8> {
    let rows = features.len() / m.dim;
    let mut message = words(&[rows as u32]);
    for score in scores(m, features) {
        message.extend_from_slice(&score.to_le_bytes());
    }
    message
}

fn scores(m: &Model, features: &[f32]) -> Vec<f32> {
    let sums = features.chunks_exact(m.dim).map(|row| row.iter().sum::<f32>());
    sums.flat_map(|sum| (1..=m.outputs).map(move |j| sum * j as f32)).collect()
}
