use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// Socket is a connected stream, which waits when it reads and writes.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: Stream,
    timeout: Duration, // of a read
}

#[derive(Debug)]
enum Stream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

/// Does the same to either kind of stream.
macro_rules! each {
    ($socket:expr, $stream:ident => $do:expr) => {
        match &$socket.stream {
            Stream::Tcp($stream) => $do,
            #[cfg(unix)]
            Stream::Unix($stream) => $do,
        }
    };
}

/// WRITE is how long a write waits at most. It returns earlier unless the kernel's buffers are full.
const WRITE: Duration = Duration::from_millis(10);

/// SLACK is how much longer than asked a read may wait, to save a system call.
const SLACK: Duration = Duration::from_millis(1);

impl Socket {
    pub(crate) fn tcp(addr: &SocketAddr, timeout: Duration) -> io::Result<Socket> {
        let stream = TcpStream::connect_timeout(addr, timeout)?;
        stream.set_nodelay(true)?;
        Socket::new(Stream::Tcp(stream))
    }

    #[cfg(unix)]
    pub(crate) fn unix(path: &std::path::Path) -> io::Result<Socket> {
        Socket::new(Stream::Unix(UnixStream::connect(path)?))
    }

    fn new(stream: Stream) -> io::Result<Socket> {
        let socket = Socket { stream, timeout: Duration::MAX };
        each!(socket, s => s.set_write_timeout(Some(WRITE)))?;
        Ok(socket)
    }

    /// Waits until it has received something, or sees the end of the stream: then it returns 0. After the
    /// timeout the error is WouldBlock or TimedOut.
    pub(crate) fn read(&mut self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        if self.timeout < timeout || self.timeout - timeout > SLACK {
            self.timeout = timeout.max(Duration::from_micros(1)); // zero is not allowed
            each!(self, s => s.set_read_timeout(Some(self.timeout)))?;
        }
        each!(self, s => (&mut &*s).read(buffer))
    }

    /// Reads what is there. If nothing is, the error is WouldBlock.
    pub(crate) fn read_now(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        each!(self, s => s.set_nonblocking(true))?;
        let read = each!(self, s => (&mut &*s).read(buffer));
        each!(self, s => s.set_nonblocking(false))?;
        read
    }

    /// Sends bytes, and returns how many. If the kernel takes none for some time, the error is WouldBlock
    /// or TimedOut.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        each!(self, s => (&mut &*s).write(bytes))
    }

    /// Sends FIN.
    pub(crate) fn finish(&self) -> io::Result<()> {
        each!(self, s => s.shutdown(Shutdown::Write))
    }
}

/// Says whether a read or a write has only waited long enough.
pub(crate) fn timed_out(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}
