//! The client with servers in threads.

mod allocations;
mod client;
mod server;
