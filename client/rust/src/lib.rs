//! Scores rows of float32 on disrust servers.
//!
//! ```no_run
//! let mut client = disrust::Client::connect("127.0.0.1:9900")?;
//! let rows = vec![1.0; 1000 * client.model().dim];
//! let scores = client.score(&rows)?;
//! println!("{}: {:?}", client.model().name, &scores[..3]);
//! # Ok::<(), disrust::Error>(())
//! ```
//!
//! A [Client] has one connection, and is for one thread at a time. A matrix of any number of rows is sent as
//! many requests, which are in flight together. A [Pipeline] does so with calls that have nothing to do with
//! each other. [Config] has several servers, time limits and retries.
//!
//! The bits of features and scores arrive as they were sent: NaN, infinities and -0 are valid, and what they
//! mean is the model's business.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod address;
mod client;
mod config;
mod conn;
mod error;
mod floats;
mod ledger;
mod link;
mod model;
mod pipeline;
mod retry;
mod server;
mod socket;
mod wire;

pub use client::Client;
pub use config::Config;
pub use error::{Attempt, Error, Reason};
pub use model::{Expect, Kind, Model};
pub use pipeline::{Done, Pipeline};
