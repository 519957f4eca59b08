use std::fmt;

use crate::wire::{text, MAX_MESSAGE, MAX_SIZE};

/// What a server says of its model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// As clients may ask for it; empty if it has none. Bytes that are no UTF-8, and control
    /// characters, are written as `\xNN`.
    pub name: String,
    /// Features per row.
    pub dim: usize,
    /// Scores per row.
    pub outputs: usize,
    /// Rows in the largest request. A call with more rows becomes several requests.
    pub max_vectors: usize,
    /// What the scores mean.
    pub kind: Kind,
    /// SHA-256 of the model's file and options; zeros: built in.
    pub identity: [u8; 32],
}

impl Model {
    /// Says whether a server may serve such a model.
    pub(crate) fn is_valid(&self) -> bool {
        let sizes = [self.dim, self.outputs, self.max_vectors];
        let largest = || 4 + 4 * self.max_vectors as u64 * self.dim.max(self.outputs) as u64;
        sizes.iter().all(|&size| (1..=MAX_SIZE as usize).contains(&size)) && largest() <= MAX_MESSAGE
    }

    /// Says whether rows and scores mean the same to both models.
    pub(crate) fn fits(&self, other: &Model) -> bool {
        (self.dim, self.outputs, self.kind) == (other.dim, other.outputs, other.kind)
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Model { name, dim, outputs, max_vectors, kind, .. } = self;
        let plural = if *outputs == 1 { "" } else { "s" };
        write!(f, "model \"{name}\" of dim {dim} with {outputs} {kind} score{plural} per row, at most {max_vectors} rows per request")
    }
}

/// What scores mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// The server does not say.
    #[default]
    Unstated,
    /// Margins, as the model adds them up.
    Raw,
    /// Probabilities, or what the model's usual call gives.
    Prob,
    /// The index of the most likely class.
    Class,
    /// A kind of a later version of the protocol, by its number.
    Other(u32),
}

impl Kind {
    pub(crate) fn from_number(number: u32) -> Kind {
        match number {
            0 => Kind::Unstated,
            1 => Kind::Raw,
            2 => Kind::Prob,
            3 => Kind::Class,
            other => Kind::Other(other),
        }
    }

    pub(crate) fn number(self) -> u32 {
        match self {
            Kind::Unstated => 0,
            Kind::Raw => 1,
            Kind::Prob => 2,
            Kind::Class => 3,
            Kind::Other(number) => number,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Unstated => f.write_str("unstated"),
            Kind::Raw => f.write_str("raw"),
            Kind::Prob => f.write_str("prob"),
            Kind::Class => f.write_str("class"),
            Kind::Other(number) => write!(f, "kind {number}"),
        }
    }
}

/// What the program expects of a server, which the server checks. The default expects nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expect {
    /// Features per row; 0: any.
    pub dim: u32,
    /// Scores per row; 0: any.
    pub outputs: u32,
    /// What the scores mean; unstated: any.
    pub kind: Kind,
    /// The most rows that the server must allow in a request; 0: any.
    pub max_vectors: u32,
    /// The model's name, of at most 255 bytes; empty: any.
    pub model: String,
}

impl Expect {
    /// Returns what is wrong, if anything is.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        let sizes = [self.dim, self.outputs, self.max_vectors];
        if sizes.iter().any(|&size| size > MAX_SIZE) {
            return Some("a dim, outputs or max_vectors above 65,535 is expected");
        }
        (self.model.len() > 255).then_some("the model's name is longer than 255 bytes")
    }

    /// Says whether a server with this model may welcome the client.
    pub(crate) fn agrees(&self, model: &Model) -> bool {
        let any_or = |expected: u32, is: usize| expected == 0 || expected as usize == is;
        any_or(self.dim, model.dim)
            && any_or(self.outputs, model.outputs)
            && (self.kind == Kind::Unstated || self.kind == model.kind)
            && self.max_vectors as usize <= model.max_vectors
            && (self.model.is_empty() || text(self.model.as_bytes()) == model.name)
    }
}
