//! The bytes of the protocol, version 2. wire/README.md of the repository is its specification.

use crate::model::{Expect, Kind, Model};

pub(crate) const FAILURE: u32 = 0x8000_0000;
pub(crate) const NOTICE: u32 = 0xC000_0000;
pub(crate) const LOW_BITS: u32 = 0x3FFF_FFFF;
pub(crate) const NOT_ALLOWED: u32 = 3; // the failure of a count, after which the server sends nothing
pub(crate) const GOING_AWAY: u32 = 1;
pub(crate) const ANOTHER_MODEL: u32 = 2;
pub(crate) const MAX_NOTICE: u32 = 65_532;
pub(crate) const MAX_SIZE: u32 = 65_535; // of dim, outputs and max_vectors
pub(crate) const MAX_MESSAGE: u64 = 16 << 20;
pub(crate) const PREAMBLE_BYTES: usize = 8;
pub(crate) const IDENTITY_BYTES: usize = 32;

const MAGIC: [u8; 4] = *b"DIS2";
const VERSION: u16 = 2;

/// Welcome is the server's first message.
#[derive(Debug)]
pub(crate) struct Welcome {
    pub(crate) status: u16,
    pub(crate) sentence: String,
    pub(crate) model: Model,
}

/// Returns the first message of a connection. The name has at most 255 bytes.
pub(crate) fn hello(expect: &Expect) -> Vec<u8> {
    let name = expect.model.as_bytes();
    let size = (16 + 1 + name.len() + 3) / 4 * 4;
    let mut message = Vec::with_capacity(PREAMBLE_BYTES + size);
    message.extend_from_slice(&MAGIC);
    message.extend_from_slice(&VERSION.to_le_bytes());
    message.extend_from_slice(&(size as u16).to_le_bytes());
    for field in [expect.dim, expect.outputs, expect.kind.number(), expect.max_vectors] {
        message.extend_from_slice(&field.to_le_bytes());
    }
    message.push(name.len() as u8);
    message.extend_from_slice(name);
    message.resize(PREAMBLE_BYTES + size, 0);
    message
}

/// Returns the size of the body that follows these bytes, or None if they begin no welcome.
pub(crate) fn body_size(preamble: &[u8; PREAMBLE_BYTES]) -> Option<usize> {
    let size = u16::from_le_bytes([preamble[6], preamble[7]]);
    (preamble[..4] == MAGIC && size % 4 == 0).then_some(usize::from(size))
}

/// Returns what the body of a welcome holds, or None if it does not hold its fields.
pub(crate) fn parse_welcome(body: &[u8]) -> Option<Welcome> {
    let mut fields = Fields(body);
    let status = fields.u16()?;
    fields.u16()?; // flags, which a client ignores
    let (dim, outputs, kind, max_vectors) = (fields.u32()?, fields.u32()?, fields.u32()?, fields.u32()?);
    let mut identity = [0; IDENTITY_BYTES];
    identity.copy_from_slice(fields.take(IDENTITY_BYTES)?);
    let name_bytes = usize::from(fields.take(1)?[0]);
    let name = text(fields.take(name_bytes)?);
    let sentence_bytes = usize::from(fields.u16()?);
    let sentence = text(fields.take(sentence_bytes)?);
    let model = Model {
        name,
        dim: dim as usize,
        outputs: outputs as usize,
        max_vectors: max_vectors as usize,
        kind: Kind::from_number(kind),
        identity,
    };
    Some(Welcome { status, sentence, model })
}

/// Fields reads little-endian numbers from the beginning of its bytes.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        if self.0.len() < count {
            return None;
        }
        let (taken, rest) = self.0.split_at(count);
        self.0 = rest;
        Some(taken)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2).map(|b| u16::from_le_bytes([b[0], b[1]]))
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4).map(word)
    }
}

/// Returns the number that the first four bytes are.
pub(crate) fn word(b: &[u8]) -> u32 {
    u32::from_le_bytes([b[0], b[1], b[2], b[3]])
}

/// Returns a text that comes from another machine. Bytes that are no UTF-8, and control characters,
/// become `\xNN`.
pub(crate) fn text(bytes: &[u8]) -> String {
    let mut shown = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while !rest.is_empty() {
        let (valid, bad) = match std::str::from_utf8(rest) {
            Ok(_) => (rest.len(), 0),
            Err(e) => (e.valid_up_to(), e.error_len().unwrap_or(rest.len() - e.valid_up_to())),
        };
        for c in std::str::from_utf8(&rest[..valid]).unwrap_or_default().chars() {
            if c.is_control() {
                shown.push_str(&format!("\\x{:02x}", u32::from(c)));
            } else {
                shown.push(c);
            }
        }
        for byte in &rest[valid..valid + bad] {
            shown.push_str(&format!("\\x{byte:02x}"));
        }
        rest = &rest[valid + bad..];
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_from_another_machine() {
        assert_eq!(text("modèle 数".as_bytes()), "modèle 数");
        assert_eq!(text(b"a\xFF\x07b\xC3"), "a\\xff\\x07b\\xc3");
        assert_eq!(text(b"\xE6\x95"), "\\xe6\\x95");
    }

    #[test]
    fn expectations() {
        let served = Model { name: "m".into(), dim: 3, outputs: 2, max_vectors: 4, kind: Kind::Raw, identity: [0; 32] };
        let any = Expect::default();
        let exact = Expect { dim: 3, outputs: 2, kind: Kind::Raw, max_vectors: 4, model: "m".into() };
        assert!(any.agrees(&served) && exact.agrees(&served));
        for other in [
            Expect { dim: 4, ..any.clone() },
            Expect { outputs: 1, ..any.clone() },
            Expect { kind: Kind::Prob, ..any.clone() },
            Expect { max_vectors: 5, ..any.clone() },
            Expect { model: "n".into(), ..any.clone() },
        ] {
            assert!(!other.agrees(&served), "{other:?}");
        }
        let odd = Expect { model: "a\x07".into(), ..any.clone() };
        assert!(odd.agrees(&Model { name: text(b"a\x07"), ..served.clone() }));
        let bytes = hello(&exact);
        let words: Vec<u32> = bytes[8..24].chunks(4).map(word).collect();
        assert_eq!((words, &bytes[24..]), (vec![3, 2, 1, 4], &b"\x01m\0\0"[..]));
        assert_eq!(&bytes[..8], b"DIS2\x02\0\x14\0");
    }
}
