//! A server in a thread, for one script per connection.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;

/// Shape is dim, outputs and max_vectors.
pub type Shape = [usize; 3];

/// Starts a server that plays a script on each connection, with its number from 0, after hello and welcome.
pub fn serve(shape: Shape, script: impl Fn(usize, &mut Peer) + Send + 'static) -> SocketAddr {
    serve_after(shape, |_| (), script)
}

/// Does what serve does, and calls wait with the number of each connection before its welcome.
pub fn serve_after(
    shape: Shape,
    wait: impl Fn(usize) + Send + 'static,
    script: impl Fn(usize, &mut Peer) + Send + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = listener.local_addr().expect("its address");
    thread::spawn(move || {
        for (n, stream) in listener.incoming().enumerate() {
            let stream = stream.expect("a connection");
            stream.set_nodelay(true).expect("a TCP connection");
            let mut peer = Peer { stream, shape, features: Vec::new(), answer: Vec::new() };
            if peer.read(8 + 20).is_some() {
                wait(n);
                peer.send(&welcome(shape));
                script(n, &mut peer);
            }
        }
    });
    addr
}

/// Peer is the server's side of a connection. It allocates only until it has seen the largest request.
pub struct Peer {
    stream: TcpStream,
    shape: Shape,
    features: Vec<u8>,
    answer: Vec<u8>,
}

impl Peer {
    /// Reads so many bytes into features, or returns None at the end of the stream.
    fn read(&mut self, size: usize) -> Option<()> {
        self.features.resize(size, 0);
        self.stream.read_exact(&mut self.features).ok()
    }

    pub fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes); // the client may have left
    }

    /// Sends FIN.
    pub fn finish(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Write); // the client may have left
    }

    /// Ends the connection at once. What the client sends from then on is reset.
    pub fn close(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Both); // the client may have left
    }

    /// Reads a request. At the end of the stream it returns None.
    pub fn request(&mut self) -> Option<usize> {
        let mut count = [0; 4];
        self.stream.read_exact(&mut count).ok()?;
        let count = u32::from_le_bytes(count) as usize;
        self.read(count * self.shape[0] * 4)?;
        Some(count)
    }

    /// Answers the request that was read last: output j of a row is its first feature plus j.
    pub fn answer(&mut self) {
        let [dim, outputs, _] = self.shape;
        self.answer.clear();
        self.answer.extend_from_slice(&((self.features.len() / dim / 4) as u32).to_le_bytes());
        for row in self.features.chunks_exact(4 * dim) {
            let first = f32::from_le_bytes([row[0], row[1], row[2], row[3]]);
            for j in 0..outputs {
                self.answer.extend_from_slice(&(first + j as f32).to_le_bytes());
            }
        }
        let _ = self.stream.write_all(&self.answer); // the client may have left
    }

    /// Answers one request, then ends the connection in order.
    pub fn answer_one(&mut self) {
        self.request();
        self.answer();
        self.finish();
        while self.request().is_some() {} // to close with unread input would be a reset
    }

    /// Answers all requests until the client sends FIN.
    pub fn answer_all(&mut self) {
        while self.request().is_some() {
            self.answer();
        }
    }
}

fn welcome(shape: Shape) -> Vec<u8> {
    let mut message = b"DIS2\x02\x00\x38\x00\x00\x00\x00\x00".to_vec();
    for field in [shape[0], shape[1], 1, shape[2]] {
        message.extend_from_slice(&(field as u32).to_le_bytes());
    }
    message.resize(8 + 56, 0); // no identity, name and sentence
    message
}
