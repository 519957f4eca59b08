//! subject score|pipeline ADDR...: makes the calls of its standard input, and prints what came of each.
//!
//! score makes them one by one, pipeline has those of a round in flight together. The input is the words of
//! client/languages/subject.

use std::io::{self, BufRead, Write};
use std::time::Duration;

use disrust::{Client, Config, Error, Expect, Kind, Reason};

type Outcome = Result<Vec<f32>, Error>;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let mut words = Words { lines: io::stdin().lock(), line: Vec::new() };
    let mut config = Config { addrs: args[1..].to_vec(), ..Config::default() };
    let mut client = None;
    while let Some(word) = words.next() {
        match word.as_str() {
            "hello" => config.expect = words.expect(),
            "connect" => config.dial_timeout = Duration::from_millis(words.number()),
            "outputs" => _ = words.number(), // the client knows them from the model
            "round" => {
                let count = words.number();
                let calls: Vec<Call> = (0..count).map(|_| words.call()).collect();
                let client = client.get_or_insert_with(|| Client::connect(config.clone()));
                let outcomes = match client {
                    Ok(client) if args[0] == "score" => one_by_one(client, calls),
                    Ok(client) => together(client, calls),
                    Err(error) => calls.iter().map(|_| Err(error.clone())).collect(),
                };
                let identity = client.as_ref().map_or([0; 32], |client| client.model().identity);
                outcomes.iter().for_each(|outcome| print(outcome, &identity));
            }
            other => panic!("{other}: an unknown word"),
        }
    }
}

struct Call {
    rows: Vec<f32>,
    count: usize,
    timeout: Option<Duration>,
}

fn one_by_one(client: &mut Client, calls: Vec<Call>) -> Vec<Outcome> {
    let outputs = client.model().outputs;
    let score = |call: Call| {
        let mut scores = vec![0.0; call.count * outputs];
        match call.timeout {
            Some(timeout) => client.score_within(&call.rows, &mut scores, timeout)?,
            None => client.score_into(&call.rows, &mut scores)?,
        }
        Ok(scores)
    };
    calls.into_iter().map(score).collect()
}

fn together(client: &mut Client, calls: Vec<Call>) -> Vec<Outcome> {
    let outputs = client.model().outputs;
    let mut pipeline = client.pipeline();
    let mut outcomes: Vec<(u64, Outcome)> = Vec::new();
    let mut last = 0;
    for call in calls {
        let scores = vec![0.0; call.count * outputs];
        let started = match call.timeout {
            Some(timeout) => pipeline.start_within(call.rows, scores, timeout),
            None => pipeline.start(call.rows, scores),
        };
        match started {
            Ok(number) => last = number + 1,
            Err(error) => outcomes.push((last, Err(error))),
        }
    }
    while let Some(done) = pipeline.wait() {
        let scores = done.scores;
        outcomes.push((done.number, done.result.map(|()| scores)));
    }
    outcomes.sort_by_key(|(number, _)| *number);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

fn print(outcome: &Outcome, identity: &[u8; 32]) {
    let line = match outcome {
        Ok(scores) => {
            let bits: String = scores.iter().map(|score| format!(" {:08x}", score.to_bits())).collect();
            format!("scores {}{bits}", hex(identity))
        }
        Err(Error::ModelFailed { code, row, .. }) => format!("failed {code} {}", row.map_or(-1, |row| row as i64)),
        Err(Error::ConnectionLost { .. }) => "lost".into(),
        Err(Error::GaveUp { .. }) => "timeout".into(),
        Err(Error::Shape { .. }) => "not_sent".into(),
        Err(Error::Unavailable(attempts)) => match &attempts[0].reason {
            Reason::Refused { status, sentence, .. } => format!("refused {status} {}", hex(sentence.as_bytes())),
            Reason::NoWelcome(_) => "no_welcome".into(),
            _ => format!("{}", attempts[0]),
        },
        Err(error) => error.to_string(),
    };
    println!("{line}");
    if let Err(error) = outcome {
        eprintln!("{error}");
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Words reads words from lines.
struct Words<R> {
    lines: R,
    line: Vec<String>, // what is left of a line, last word first
}

impl<R: BufRead> Words<R> {
    fn next(&mut self) -> Option<String> {
        while self.line.is_empty() {
            let _ = io::stdout().flush();
            let mut line = String::new();
            if self.lines.read_line(&mut line).expect("standard input") == 0 {
                return None;
            }
            self.line = line.split_whitespace().rev().map(str::to_string).collect();
        }
        self.line.pop()
    }

    fn number(&mut self) -> u64 {
        self.next().expect("a number").parse().expect("a number")
    }

    fn expect(&mut self) -> Expect {
        let mut number = || self.number() as u32;
        let (dim, outputs, kind, max_vectors) = (number(), number(), number(), number());
        let kind = [Kind::Unstated, Kind::Raw, Kind::Prob, Kind::Class][kind as usize];
        let name = self.next().filter(|name| name != "-").unwrap_or_default();
        let name: Vec<u8> =
            (0..name.len() / 2).filter_map(|k| u8::from_str_radix(&name[2 * k..2 * k + 2], 16).ok()).collect();
        Expect { dim, outputs, kind, max_vectors, model: String::from_utf8(name).expect("UTF-8") }
    }

    fn call(&mut self) -> Call {
        let timeout = self.number();
        let (count, features) = (self.number() as usize, self.number() as usize);
        let bits =
            (0..count * features).map(|_| u32::from_str_radix(&self.next().expect("a feature"), 16).expect("bits"));
        let rows = bits.map(f32::from_bits).collect();
        Call { rows, count, timeout: (timeout > 0).then(|| Duration::from_millis(timeout)) }
    }
}
