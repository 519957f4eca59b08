//! The client finds in the protocol's golden frames what they hold. wire/testdata/README.md explains them.

use super::*;
use crate::error::Reason;

const FRAMES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../wire/testdata/frames.jsonl");

/// Json is an object or a part of one, as text. Its keys and values hold no quotation marks.
struct Json<'a>(&'a str);

impl<'a> Json<'a> {
    fn after(&self, key: &str) -> Option<&'a str> {
        self.0.split_once(&format!("\"{key}\": ")).map(|(_, value)| value)
    }

    fn text(&self, key: &str) -> String {
        let value = self.after(key).unwrap_or_else(|| panic!("no {key} in {}", self.0));
        let mut parts = value[1..].split('"').next().unwrap_or_default().split("\\u");
        let mut text = parts.next().unwrap_or_default().to_string();
        for part in parts {
            let code = u32::from_str_radix(&part[..4], 16).expect("hexadecimal");
            text.extend(char::from_u32(code));
            text += &part[4..];
        }
        text
    }

    fn number(&self, key: &str) -> u32 {
        self.numbers(key)[0]
    }

    fn numbers(&self, key: &str) -> Vec<u32> {
        let value = self.after(key).unwrap_or_else(|| panic!("no {key} in {}", self.0));
        let list = value.strip_prefix('[').map_or_else(|| value.split([',', '}']).next(), |v| v.split(']').next());
        list.unwrap_or_default().split(", ").filter_map(|n| n.parse().ok()).collect()
    }
}

fn from_hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|k| u8::from_str_radix(&text[2 * k..2 * k + 2], 16).expect("hexadecimal")).collect()
}

/// Returns what a client finds in a frame that a server has sent.
fn found(frame: &Json, step: usize) -> String {
    let m = model(frame.number("dim") as usize, frame.number("outputs") as usize, frame.number("max_vectors") as usize);
    let is_first = frame.0.contains("\"first\": true");
    let mut conn = if is_first { Conn::new("server".into(), &Expect::default()) } else { welcomed(&m) };
    let (mut ledger, mut table) = (Ledger::default(), Table::default());
    let vectors = frame.after("outcome").and_then(|o| Json(o).after("vectors").map(|_| Json(o).number("vectors")));
    let vectors = vectors.unwrap_or(m.max_vectors.min(2) as u32) as usize;
    if !is_first {
        let key = ledger.start(vectors, None);
        table.put(key.slot, vec![0.0; vectors * m.dim], vectors * m.outputs);
        let count = conn.output(&mut ledger, &table).len();
        conn.sent(count, &mut ledger);
    }
    for piece in from_hex(&frame.text("hex")).chunks(step) {
        match conn.feed(piece, &mut ledger, &mut table) {
            Err(Broken::Greeting(Reason::Refused { status, sentence, server })) => {
                return format!("refused {status} {sentence} {server}");
            }
            Err(Broken::Greeting(_)) => return "no welcome".into(),
            Err(Broken::Protocol(_)) if !ledger.has_done() && !conn.leaving() => return "violation".into(),
            Err(Broken::Protocol(_)) | Ok(()) => {}
        }
    }
    match ledger.take_done() {
        Some((key, Ok(()))) => {
            format!("answer {:?}", table.0[key.slot].1.iter().map(|s| s.to_bits()).collect::<Vec<_>>())
        }
        Some((_, Err(Error::ModelFailed { code, row, .. }))) => format!("failure {code} {row:?}"),
        Some((_, Err(error))) => error.to_string(),
        None if is_first => conn.model().map_or("incomplete".into(), |m| format!("welcome {m} {:02x?}", m.identity)),
        None if conn.leaving() => "leaving".into(),
        None if !conn.is_between() => "incomplete".into(),
        None => format!("nothing {:02x?}", conn.model().map_or([0; 32], |m| m.identity)),
    }
}

/// Returns what the file says of a frame, in the same words.
fn wanted(frame: &Json) -> String {
    let o = Json(frame.after("outcome").expect("an outcome"));
    let vectors = o.after("vectors").map_or(2, |_| o.number("vectors"));
    match o.text("is").as_str() {
        "answer" => format!("answer {:?}", o.numbers("bits")),
        "failure" => {
            let row = Some(o.number("detail")).filter(|&row| row < vectors && o.number("code") <= 2);
            format!("failure {} {row:?}", o.number("code"))
        }
        "notice" if o.number("type") == 1 => "leaving".into(),
        "notice" if o.number("type") == 2 => {
            let hex = frame.text("hex");
            format!("nothing {:02x?}", from_hex(&hex[16..16 + 64]))
        }
        "notice" => format!("nothing {:02x?}", [7; 32]),
        "welcome" => {
            let m = Model {
                name: o.text("name"),
                dim: o.number("dim") as usize,
                outputs: o.number("outputs") as usize,
                max_vectors: o.number("max_vectors") as usize,
                kind: Kind::from_number(o.number("kind")),
                identity: [0; 32],
            };
            match o.number("status") {
                0 => format!("welcome {m} {:02x?}", from_hex(&o.text("identity"))),
                status => format!("refused {status} {} {m}", o.text("sentence")),
            }
        }
        "malformed" => "no welcome".into(),
        "violation" if frame.0.contains("\"first\": true") => "no welcome".into(),
        "incomplete" if frame.text("hex").is_empty() && !frame.0.contains("\"first\": true") => {
            format!("nothing {:02x?}", [7; 32])
        }
        is => is.into(),
    }
}

#[test]
fn golden_frames() {
    let frames = std::fs::read_to_string(FRAMES).expect("the repository's golden frames");
    let mut tried = 0;
    for line in frames.lines() {
        let frame = Json(line);
        if frame.number("version") == 2 && frame.text("direction") == "server" {
            tried += 1;
            assert_eq!(found(&frame, usize::MAX), wanted(&frame), "{line}");
            assert_eq!(found(&frame, 1), wanted(&frame), "byte by byte: {line}");
        }
    }
    assert!(tried > 30, "{tried} frames");
}
