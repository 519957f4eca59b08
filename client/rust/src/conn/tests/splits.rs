//! However the bytes from a server are split, the same calls end in the same way.

use super::*;

/// Returns what a server may send to these requests, in version 2, and at times something that it may not.
fn stream(random: &mut Random, m: &Model, requests: &[Vec<f32>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for features in requests {
        if random.one_in(4) {
            bytes.extend(notice(random));
        }
        if random.one_in(5) {
            bytes.extend(words(&[0x8000_0000 + random.within(1, 4) as u32, random.within(0, 3) as u32]));
        } else {
            bytes.extend(answer(m, features));
        }
    }
    if random.one_in(2) && !bytes.is_empty() {
        let at = random.within(0, bytes.len() - 1);
        bytes[at] = random.next() as u8;
    }
    bytes
}

fn notice(random: &mut Random) -> Vec<u8> {
    match random.within(1, 4) {
        1 => words(&[0xC000_0001, 0]),
        2 => [words(&[0xC000_0002, 32]), (0..32).map(|_| random.next() as u8).collect()].concat(),
        _ => {
            let size = 4 * random.within(0, 9);
            [words(&[0xC000_0000 + random.within(3, 9) as u32, size as u32]), vec![0xFF; size]].concat()
        }
    }
}

/// Feeds the stream in pieces and returns all that came of it.
fn outcome(m: &Model, calls: &[Vec<f32>], stream: &[u8], mut piece: impl FnMut(usize) -> usize) -> String {
    let (mut conn, mut ledger, mut table) = (welcomed(m), Ledger::default(), Table::default());
    for rows in calls {
        let count = rows.len() / m.dim;
        let key = ledger.start(count, None);
        table.put(key.slot, rows.clone(), count * m.outputs);
    }
    loop {
        let count = conn.output(&mut ledger, &table).len();
        if count == 0 {
            break;
        }
        conn.sent(count, &mut ledger);
    }
    let mut said = String::new();
    let mut rest = stream;
    while !rest.is_empty() {
        let (now, later) = rest.split_at(piece(rest.len()));
        rest = later;
        if let Err(broken) = conn.feed(now, &mut ledger, &mut table) {
            assert!(matches!(broken, Broken::Protocol(_)));
            said += &format!("{broken:?}\n");
            break;
        }
    }
    said += &format!("{} {} {:?}\n", conn.is_between(), conn.leaving(), conn.model().map(|m| m.identity));
    while let Some((key, result)) = ledger.take_done() {
        let scores: Option<Vec<u32>> =
            result.is_ok().then(|| table.0[key.slot].1.iter().map(|s| s.to_bits()).collect());
        said += &format!("{} {result:?} {scores:?}\n", key.id);
    }
    said
}

#[test]
fn any_split_has_the_same_outcome() {
    let (mut answered, mut broken) = (0, 0);
    for seed in 0..3000 {
        let mut random = Random(seed);
        let m = model(random.within(1, 4), random.within(1, 3), random.within(1, 5));
        let calls: Vec<Vec<f32>> = (0..random.within(1, 6))
            .map(|_| (0..m.dim * random.within(0, 12)).map(|_| random.within(0, 100) as f32).collect())
            .collect();
        let requests: Vec<Vec<f32>> =
            calls.iter().flat_map(|rows| rows.chunks(m.dim * m.max_vectors).map(<[f32]>::to_vec)).collect();
        let bytes = stream(&mut random, &m, &requests);
        let whole = outcome(&m, &calls, &bytes, |left| left);
        assert_eq!(whole, outcome(&m, &calls, &bytes, |_| 1), "seed {seed}, byte by byte");
        assert_eq!(whole, outcome(&m, &calls, &bytes, |left| random.within(1, left.min(11))), "seed {seed}");
        answered += usize::from(whole.contains("Ok(()) Some"));
        broken += usize::from(whole.contains("Protocol"));
    }
    assert!(
        answered > 1000 && broken > 300,
        "{answered} streams with answers, {broken} with violations: these test little"
    );
}

/// Whatever comes in place of a welcome, a client says that there is none, or waits for more.
#[test]
fn any_bytes_may_come_first() {
    let good = welcome(&model(3, 1, 4));
    let (mut welcomes, mut others) = (0, 0);
    for seed in 0..5000 {
        let mut random = Random(seed);
        let mut bytes = good.clone();
        for _ in 0..random.within(0, 3) {
            let at = random.within(0, bytes.len() - 1);
            bytes[at] = random.next() as u8;
        }
        let mut conn = Conn::new("server".into(), &Expect::default());
        let (mut ledger, mut table) = (Ledger::default(), Table::default());
        let mut rest = &bytes[..];
        let mut result = Ok(());
        while !rest.is_empty() && result.is_ok() {
            let (now, later) = rest.split_at(random.within(1, rest.len()));
            rest = later;
            result = conn.feed(now, &mut ledger, &mut table);
        }
        match result {
            Ok(()) if conn.model().is_some() => welcomes += 1,
            Ok(()) | Err(Broken::Greeting(_)) => others += 1,
            Err(Broken::Protocol(_)) => assert!(conn.model().is_some(), "seed {seed}"),
        }
    }
    assert!(welcomes > 1000 && others > 1000, "{welcomes} welcomes, {others} others: these test little");
}

/// A server that answers or fails what it cannot have seen breaks the protocol.
#[test]
fn an_answer_before_its_request_is_a_violation() {
    let m = model(2, 1, 4);
    for (sent, message, allowed) in [
        (12, answer(&m, &[1.0, 2.0]), true),
        (11, answer(&m, &[1.0, 2.0]), false),
        (1, words(&[0x8000_0003, 1]), true), // a count that is not allowed is known before the rest
        (11, words(&[0x8000_0001, 0]), false),
        (0, words(&[0x8000_0001, 0]), false),
    ] {
        let (mut conn, mut ledger, mut table) = (welcomed(&m), Ledger::default(), Table::default());
        let key = ledger.start(1, None);
        table.put(key.slot, vec![1.0, 2.0], 1);
        assert_eq!(conn.output(&mut ledger, &table).len(), 12);
        conn.sent(sent, &mut ledger);
        let result = conn.feed(&message, &mut ledger, &mut table);
        assert_eq!(result.is_ok(), allowed, "{sent} bytes of the request were sent");
        assert_eq!(ledger.has_done(), allowed);
    }
}

/// A server that does not allow a count ends the connection, so the rest of the request is not sent.
#[test]
fn a_count_that_is_not_allowed_ends_its_request() {
    let m = model(50_000, 1, 4);
    let (mut conn, mut ledger, mut table) = (welcomed(&m), Ledger::default(), Table::default());
    let key = ledger.start(9, None);
    table.put(key.slot, vec![1.0; 9 * m.dim], 9);
    assert!(conn.output(&mut ledger, &table).len() < 4 * m.dim, "the request is staged as a whole");
    conn.sent(4, &mut ledger);
    assert!(conn.feed(&words(&[0x8000_0003, 4]), &mut ledger, &mut table).is_ok());
    assert!(ledger.has_done());
    assert!(conn.leaving() && conn.is_all_sent() && !conn.is_waiting());
    let next = ledger.start(1, None);
    table.put(next.slot, vec![1.0; m.dim], 1);
    assert!(conn.output(&mut ledger, &table).is_empty());
    assert!(ledger.has_todo(), "the next call waits for another connection");
}
