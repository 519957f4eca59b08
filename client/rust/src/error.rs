use std::fmt;
use std::io;
use std::sync::Arc;

use crate::model::Model;

/// Why a call brought no scores, or no client could be made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Error {
    /// The timeout of the call passed before all its scores came.
    GaveUp {
        /// Whether a request of the call was written, at least in part. If it is false, no server has
        /// seen the call.
        written: bool,
    },
    /// A request was written, then its connection ended without the answer, and no retry was left.
    ConnectionLost {
        /// The server's address, as configured.
        addr: Arc<str>,
        /// How the connection ended.
        reason: Arc<str>,
    },
    /// The server failed a request of the call. The same rows would probably fail again, so the client
    /// does not send them again.
    ModelFailed {
        /// The server's address, as configured.
        addr: Arc<str>,
        /// 1: the model returned an error, 2: it panicked, 3: the server does not allow the number of
        /// rows; others belong to later versions of the protocol.
        code: u32,
        /// The first row of the call that fails even alone, from 0, if the server knows it.
        row: Option<usize>,
    },
    /// No connection stands, and the last attempt at every address has failed. The client tries again,
    /// so a later call may succeed.
    Unavailable(Vec<Arc<Attempt>>),
    /// The rows or the scores are not those of a number of whole rows. Nothing was sent.
    Shape {
        /// Floats in the rows.
        features: usize,
        /// Features per row of the model.
        dim: usize,
        /// Floats that there is room for in the scores.
        scores: usize,
        /// Scores per row of the model.
        outputs: usize,
    },
    /// The configuration is not allowed. The text says why.
    Config(String),
}

/// Attempt is an attempt to connect that failed.
#[derive(Debug)]
pub struct Attempt {
    /// The server's address, as configured.
    pub addr: Arc<str>,
    /// Why it failed.
    pub reason: Reason,
}

/// Why an attempt to connect failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Reason {
    /// The server does not serve what the client expects, or not what the first server serves.
    Refused {
        /// The number in the server's welcome, or 0 if the client itself found the difference.
        status: u16,
        /// What the server says of it. Control characters are written as `\xNN`.
        sentence: String,
        /// What the server serves.
        server: Model,
    },
    /// The server ended the connection before its welcome, sent none in time, or is other software.
    NoWelcome(String),
    /// The server cannot be reached.
    Network(io::Error),
    /// The server ends all connections without an answer.
    Fruitless,
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::GaveUp { written: true } => f.write_str("gave up while waiting for the answer"),
            Error::GaveUp { written: false } => f.write_str("gave up before a request was written"),
            Error::ConnectionLost { addr, reason } => {
                write!(f, "connection to {addr} lost while waiting for the answer: {reason}")
            }
            Error::ModelFailed { addr, code, row } => model_failed(f, addr, *code, *row),
            Error::Unavailable(attempts) => {
                f.write_str("no server can be reached")?;
                for (k, attempt) in attempts.iter().enumerate() {
                    write!(f, "{} {attempt}", if k == 0 { ":" } else { ";" })?;
                }
                Ok(())
            }
            Error::Shape { features, dim, scores, outputs } => write!(
                f,
                "{features} features and {scores} scores are not those of a number of rows with {dim} features and {outputs} scores each"
            ),
            Error::Config(text) => f.write_str(text),
        }
    }
}

fn model_failed(f: &mut fmt::Formatter<'_>, addr: &str, code: u32, row: Option<usize>) -> fmt::Result {
    match code {
        1 => write!(f, "the model of {addr} returned an error")?,
        2 => write!(f, "the model of {addr} panicked")?,
        3 => return write!(f, "{addr} does not allow the number of rows of a request"),
        _ => return write!(f, "{addr} failed a request with code {code}"),
    }
    if let Some(row) = row {
        write!(f, " for row {row}")?;
    }
    f.write_str("; the server's log says more")
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Attempt { addr, reason } = self;
        match reason {
            Reason::Refused { status, sentence, server } if sentence.is_empty() => {
                write!(f, "{addr} refuses the client with status {status}; it serves {server}")
            }
            Reason::Refused { sentence, server, .. } => {
                write!(f, "{addr} refuses the client: \"{sentence}\"; it serves {server}")
            }
            Reason::NoWelcome(text) => write!(f, "{addr} {text}"),
            Reason::Network(error) => write!(f, "{addr}: {error}"),
            Reason::Fruitless => write!(f, "{addr} ends all connections without an answer"),
        }
    }
}
