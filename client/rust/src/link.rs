//! A connection with its socket.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use crate::config::Settings;
use crate::conn::{Broken, Conn};
use crate::error::Reason;
use crate::ledger::{Ledger, Memory};
use crate::server::Server;
use crate::socket::{timed_out, Socket};

const CLOSED_EARLY: &str = "closed before its welcome: a version 1 server, a full one, or an address not allowed";

/// FRESH is for how long a connection that was just used is taken to stand as it was.
const FRESH: Duration = Duration::from_millis(1);

/// BUFFER is the size of the buffer that the program's one connection receives into.
pub(crate) const BUFFER: usize = 64 << 10;

/// Link is a connection to a server that has welcomed the client.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) conn: Conn,
    socket: Socket,
    heard: Instant, // when the server last sent or took something
    broken: String, // why nothing more can be sent
    finished: bool, // FIN was sent
}

/// Ended is how a connection has ended. in_order says whether the server certainly has not answered the
/// requests without answers.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) reason: String,
    pub(crate) in_order: bool,
}

impl Ended {
    fn badly(reason: impl Into<String>) -> Ended {
        Ended { reason: reason.into(), in_order: false }
    }
}

/// NoMemory is the memory of a client that has no calls.
struct NoMemory;

impl Memory for NoMemory {
    fn rows(&self, _: usize) -> &[f32] {
        &[]
    }

    fn scores(&mut self, _: usize) -> &mut [f32] {
        &mut []
    }
}

impl Link {
    /// Connects and exchanges hello and welcome, until a moment at most.
    pub(crate) fn open(
        server: &Server,
        settings: &Settings,
        until: Instant,
        buffer: &mut [u8],
    ) -> Result<Link, Reason> {
        let socket = server.address.connect(until).map_err(Reason::Network)?;
        let conn = Conn::new(server.addr.clone(), &settings.expect);
        let mut link = Link { conn, socket, heard: Instant::now(), broken: String::new(), finished: false };
        let mut none = Ledger::default();
        while link.conn.model().is_none() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Reason::NoWelcome("sent no welcome in time".into()));
            }
            link.greet(left, buffer, &mut none)?;
        }
        Ok(link)
    }

    /// Sends what is left of the hello, or waits for more of the welcome.
    fn greet(&mut self, left: Duration, buffer: &mut [u8], none: &mut Ledger) -> Result<(), Reason> {
        let hello = self.conn.output(none, &NoMemory);
        let result = if hello.is_empty() {
            self.socket.read(buffer, left).map(|count| (count, buffer.get(..count)))
        } else {
            self.socket.write(hello).map(|count| (count, None))
        };
        match result {
            Ok((0, _)) => Err(Reason::NoWelcome(CLOSED_EARLY.into())),
            Ok((_, Some(received))) => match self.conn.feed(received, none, &mut NoMemory) {
                Err(Broken::Greeting(reason)) => Err(reason),
                Err(Broken::Protocol(text)) => Err(Reason::NoWelcome(text)),
                Ok(()) => Ok(()),
            },
            Ok((count, None)) => {
                self.conn.sent(count, none);
                Ok(())
            }
            Err(e) if timed_out(&e) || e.kind() == ErrorKind::Interrupted => Ok(()),
            Err(e) => Err(Reason::NoWelcome(format!("{CLOSED_EARLY} ({e})"))),
        }
    }

    /// Sends and receives, and waits once at most: for an answer, until the first deadline, or for room to
    /// send.
    pub(crate) fn exchange(
        &mut self,
        ledger: &mut Ledger,
        memory: &mut dyn Memory,
        settings: &Settings,
        buffer: &mut [u8],
    ) -> Result<(), Ended> {
        self.look_after_rest(ledger, memory, settings, buffer)?;
        if !self.write(ledger, memory) && !self.conn.is_owed() {
            return self.check_stall(settings); // nothing is to be read before more is sent
        }
        self.check_leaving()?;
        if self.conn.is_waiting() {
            self.read(ledger, memory, settings, buffer)?;
        }
        Ok(())
    }

    /// Sends what there is, without waiting for answers.
    pub(crate) fn flush(
        &mut self,
        ledger: &mut Ledger,
        memory: &mut dyn Memory,
        settings: &Settings,
        buffer: &mut [u8],
    ) -> Result<(), Ended> {
        self.look_after_rest(ledger, memory, settings, buffer)?;
        self.write(ledger, memory);
        Ok(())
    }

    /// Reads what has come if the connection has rested and there is something to send: the server may have
    /// ended it in order, and what is sent after that may be lost.
    fn look_after_rest(
        &mut self,
        ledger: &mut Ledger,
        memory: &mut dyn Memory,
        settings: &Settings,
        buffer: &mut [u8],
    ) -> Result<(), Ended> {
        if ledger.has_todo() && self.heard.elapsed() > FRESH {
            self.look(ledger, memory, settings, buffer)?;
        }
        Ok(())
    }

    /// Sends what there is. It returns false if the kernel takes no more for now.
    fn write(&mut self, ledger: &mut Ledger, memory: &dyn Memory) -> bool {
        while self.broken.is_empty() {
            let bytes = self.conn.output(ledger, memory);
            if bytes.is_empty() {
                break;
            }
            match self.socket.write(bytes) {
                Ok(count) => {
                    let whole = count == bytes.len();
                    self.conn.sent(count, ledger);
                    self.heard = Instant::now();
                    if !whole {
                        return false;
                    }
                }
                Err(e) if timed_out(&e) => return false,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                // What the server sent before may still be there: read finds it, and then the end.
                Err(e) => self.broken = e.to_string(),
            }
        }
        if self.conn.is_all_sent() && !self.finished {
            self.finished = true;
            let _ = self.socket.finish(); // if the connection has ended, read says how
        }
        true
    }

    /// Waits for bytes, until the first deadline or until the server has been silent for too long.
    fn read(
        &mut self,
        ledger: &mut Ledger,
        memory: &mut dyn Memory,
        settings: &Settings,
        buffer: &mut [u8],
    ) -> Result<(), Ended> {
        let mut timeout = settings.stall_timeout;
        if let Some(deadline) = ledger.earliest() {
            timeout = timeout.min(deadline.saturating_duration_since(Instant::now()));
        }
        match self.socket.read(buffer, timeout) {
            Ok(count) => self.received(&buffer[..count], ledger, memory),
            Err(e) if timed_out(&e) => self.check_stall(settings),
            Err(e) if e.kind() == ErrorKind::Interrupted => Ok(()),
            Err(e) => Err(Ended::badly(e.to_string())),
        }
    }

    fn received(&mut self, bytes: &[u8], ledger: &mut Ledger, memory: &mut dyn Memory) -> Result<(), Ended> {
        if bytes.is_empty() {
            return Err(match self.broken.as_str() {
                "" => Ended { reason: "the server closed the connection".into(), in_order: self.conn.is_between() },
                broken => Ended::badly(broken),
            });
        }
        self.heard = Instant::now();
        match self.conn.feed(bytes, ledger, memory) {
            Err(Broken::Protocol(text)) => Err(Ended::badly(text)),
            Err(Broken::Greeting(_)) | Ok(()) => Ok(()), // the welcome was read before
        }
    }

    fn check_stall(&self, settings: &Settings) -> Result<(), Ended> {
        if self.heard.elapsed() < settings.stall_timeout {
            return Ok(());
        }
        Err(Ended::badly(format!("the server has been silent for {:?}", settings.stall_timeout)))
    }

    /// Does what is to be done while there are no calls: it reads what has come, and lets a server go.
    pub(crate) fn tend(&mut self, none: &mut Ledger, settings: &Settings, buffer: &mut [u8]) -> Result<(), Ended> {
        self.look(none, &mut NoMemory, settings, buffer)?;
        if self.conn.leaving() {
            self.write(none, &NoMemory);
        }
        self.check_leaving()
    }

    /// Says whether the server goes away and owes nothing.
    fn check_leaving(&self) -> Result<(), Ended> {
        if self.conn.leaving() && !self.conn.is_waiting() {
            return Err(Ended { reason: "the server is going away".into(), in_order: true });
        }
        Ok(())
    }

    /// Reads what has come while nobody waited, without waiting.
    fn look(
        &mut self,
        ledger: &mut Ledger,
        memory: &mut dyn Memory,
        settings: &Settings,
        buffer: &mut [u8],
    ) -> Result<(), Ended> {
        self.catch_up(ledger, memory, buffer)?;
        if self.conn.is_waiting() {
            self.check_stall(settings)?;
        }
        Ok(())
    }

    /// Does what look does, and bears the server's silence.
    pub(crate) fn catch_up(
        &mut self,
        ledger: &mut Ledger,
        memory: &mut dyn Memory,
        buffer: &mut [u8],
    ) -> Result<(), Ended> {
        loop {
            match self.socket.read_now(buffer) {
                Ok(count) => self.received(&buffer[..count], ledger, memory)?,
                Err(e) if timed_out(&e) => return Ok(()),
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(Ended::badly(e.to_string())),
            }
        }
    }
}
