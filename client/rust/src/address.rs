use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::{Duration, Instant};

use crate::retry::random;
use crate::socket::Socket;

/// Address is where a server listens.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Address {
    Tcp {
        host: String,
        port: u16,
    },
    #[cfg(unix)]
    Unix(std::path::PathBuf),
}

impl Address {
    /// Returns the address that the text names, or what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Address, String> {
        if let Some(path) = text.strip_prefix("unix:") {
            return Address::unix(path);
        }
        let wrong = || format!("the address {text:?}: host:port, [IPv6]:port or unix:PATH is allowed");
        let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        let inside = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
        let host = inside.unwrap_or(host);
        if host.is_empty() || inside.is_none() && host.contains(':') || !port.bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong());
        }
        let port = port.parse().map_err(|_| wrong())?;
        Ok(Address::Tcp { host: host.into(), port })
    }

    #[cfg(unix)]
    fn unix(path: &str) -> Result<Address, String> {
        if path.is_empty() {
            return Err("the address unix: has no path".into());
        }
        Ok(Address::Unix(path.into()))
    }

    #[cfg(not(unix))]
    fn unix(_: &str) -> Result<Address, String> {
        Err("Rust's standard library has no Unix sockets on this system".into())
    }

    /// Connects, until a moment at most. The lookup of a host name, and a Unix socket whose server accepts
    /// nobody, may take longer.
    pub(crate) fn connect(&self, until: Instant) -> io::Result<Socket> {
        match self {
            Address::Tcp { host, port } => {
                let mut found: Vec<SocketAddr> = (host.as_str(), *port).to_socket_addrs()?.collect();
                let first = (random() * found.len() as f64) as usize % found.len().max(1);
                found.rotate_left(first); // so that clients spread over the addresses of a name
                connect_any(&found, until)
            }
            #[cfg(unix)]
            Address::Unix(path) => Socket::unix(path),
        }
    }
}

/// Connects to the first of these addresses that can be reached.
fn connect_any(found: &[SocketAddr], until: Instant) -> io::Result<Socket> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for (k, addr) in found.iter().enumerate() {
        let left = until.saturating_duration_since(Instant::now()) / (found.len() - k) as u32;
        match Socket::tcp(addr, left.max(Duration::from_millis(1))) {
            Ok(socket) => return Ok(socket),
            Err(error) => last = error,
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let tcp = |host: &str, port| Ok(Address::Tcp { host: host.into(), port });
        assert_eq!(Address::parse("localhost:9900"), tcp("localhost", 9900));
        assert_eq!(Address::parse("[::1]:1"), tcp("::1", 1));
        for wrong in ["", ":1", "host", "host:", "host:x", "host:+1", "host:65536", "::1:80", "[::1]", "unix:"] {
            assert!(Address::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn unix_paths() {
        assert_eq!(Address::parse("unix:/run/d:1"), Ok(Address::Unix("/run/d:1".into())));
    }
}
