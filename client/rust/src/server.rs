use std::sync::Arc;

use crate::address::Address;
use crate::error::{Attempt, Reason};
use crate::retry::Backoff;

/// UNUSED is after how many connections without an answer an address counts as failed.
const UNUSED: u32 = 4;

/// Server is one address, and when to try it again.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) addr: Arc<str>,
    pub(crate) address: Address,
    pub(crate) backoff: Backoff,
    pub(crate) error: Option<Arc<Attempt>>, // of the last attempt, if it failed
    unused: u32,                            // connections in a row that have ended without an answer
}

impl Server {
    /// Returns the server of an address, or what is wrong with the address.
    pub(crate) fn new(addr: &str) -> Result<Server, String> {
        let address = Address::parse(addr)?;
        Ok(Server { addr: addr.into(), address, backoff: Backoff::new(), error: None, unused: 0 })
    }

    pub(crate) fn came(&mut self) {
        self.error = None;
    }

    pub(crate) fn failed(&mut self, reason: Reason) {
        self.error = Some(Arc::new(Attempt { addr: self.addr.clone(), reason }));
        self.backoff.failed();
    }

    /// Takes note that a connection has ended, which has brought so many answers. One that brought none delays
    /// the next attempt.
    pub(crate) fn lost(&mut self, answers: u64) {
        if answers > 0 {
            self.backoff.reset();
            self.unused = 0;
            return;
        }
        self.unused += 1;
        if self.unused > UNUSED {
            self.failed(Reason::Fruitless);
        } else {
            self.backoff.failed();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[test]
    fn connections_without_an_answer_delay_the_next_one() {
        let mut server = Server::new("host:1").expect("an address");
        for longest in [10, 20, 40, 80] {
            let now = Instant::now();
            server.lost(0);
            let wait = server.backoff.due - now;
            let (least, most) = (Duration::from_millis(longest) / 2, Duration::from_millis(longest) + now.elapsed());
            assert!(least <= wait && wait <= most, "{wait:?} after {longest} ms");
            assert!(server.error.is_none());
        }
        server.lost(0);
        assert!(matches!(server.error.as_deref(), Some(Attempt { reason: Reason::Fruitless, .. })));
        server.lost(1);
        assert!(server.backoff.due <= Instant::now());
        server.lost(0);
        server.came();
        assert!(server.error.is_none());
    }
}
