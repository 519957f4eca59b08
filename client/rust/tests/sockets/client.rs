//! The client with servers that do what the daemon rarely does.

use std::net::TcpListener;
use std::sync::mpsc::{channel, Sender};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use disrust::{Client, Config, Error, Expect, Reason};

use crate::server::{serve, serve_after, Peer};

const GOING_AWAY: [u8; 8] = [1, 0, 0, 0xC0, 0, 0, 0, 0];

fn config(addrs: &[String]) -> Config {
    Config { addrs: addrs.to_vec(), ..Config::default() }
}

/// Returns an address where nobody listens.
fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("its address").to_string()
}

#[test]
fn configurations_that_are_not_allowed() {
    let expect = |expect| Config { expect, ..Config::from("a:1") };
    for wrong in [
        Config::default(),
        Config::from("a"),
        Config { timeout: Some(Duration::ZERO), ..Config::from("a:1") },
        Config { dial_timeout: Duration::ZERO, ..Config::from("a:1") },
        Config { stall_timeout: Duration::ZERO, ..Config::from("a:1") },
        expect(Expect { dim: 65_536, ..Expect::default() }),
        expect(Expect { model: "n".repeat(256), ..Expect::default() }),
    ] {
        let said = Client::connect(wrong).expect_err("the configuration is wrong");
        assert!(matches!(said, Error::Config(_)), "{said}");
    }
}

#[test]
fn shapes() {
    let addr = serve([3, 2, 4], |_, peer| peer.answer_all()).to_string();
    let mut client = Client::connect(addr.as_str()).expect("a server");
    for (features, scores) in [(2, 0), (3, 1), (3, 4), (7, 4), (0, 2)] {
        let said = client.score_into(&vec![1.0; features], &mut vec![0.0; scores]).expect_err("the shape is wrong");
        assert!(matches!(said, Error::Shape { dim: 3, outputs: 2, .. }), "{said}");
        assert!(client.pipeline().start(vec![1.0; features], vec![0.0; scores]).is_err());
    }
    assert_eq!(client.score(&[]).expect("no scores"), []);
    assert_eq!(client.score(&[5.0; 3]).expect("scores"), [5.0, 6.0]);
}

#[test]
fn no_server() {
    let said = Client::connect(config(&[nobody(), nobody()])).expect_err("nobody listens");
    match &said {
        Error::Unavailable(attempts) => {
            assert!(attempts.len() == 2 && attempts.iter().all(|a| matches!(a.reason, Reason::Network(_))), "{said}")
        }
        _ => panic!("{said}"),
    }
}

#[test]
fn the_next_server_is_tried() {
    let addr = serve([1, 1, 4], |_, peer| peer.answer_all()).to_string();
    let mut client = Client::connect(config(&[nobody(), addr])).expect("the second server");
    assert_eq!(client.score(&[1.0, 2.0]).expect("scores"), [1.0, 2.0]);
}

#[test]
fn another_shape_is_refused() {
    let first = serve([1, 1, 4], |n, peer| {
        if n == 0 && peer.request().is_some() {
            peer.send(&GOING_AWAY); // the client has read it when it has the answer
            peer.answer();
        }
    });
    let second = serve([2, 1, 4], |_, peer| peer.answer_all());
    let mut client = Client::connect(config(&[first.to_string(), second.to_string()])).expect("a server");
    assert_eq!(client.score(&[7.0]).expect("a score"), [7.0]);
    let attempts = loop {
        match client.score(&[8.0]) {
            Err(Error::Unavailable(attempts)) => break attempts,
            Err(Error::ConnectionLost { .. }) => {} // the first server ends a connection
            other => panic!("{other:?}"),
        }
    };
    assert!(matches!(attempts[1].reason, Reason::Refused { status: 0, .. }), "{:?}", attempts[1]);
}

#[test]
fn a_silent_server_is_left() {
    let addr = serve([1, 1, 4], |n, peer| {
        if n > 0 {
            return peer.answer_all();
        }
        while peer.request().is_some() {}
    });
    let stall_timeout = Duration::from_millis(30);
    let mut client = Client::connect(Config { stall_timeout, ..config(&[addr.to_string()]) }).expect("a server");
    let said = client.score(&[1.0]).expect_err("the server is silent");
    assert!(said.to_string().contains("silent"), "{said}");
    let answered = (0..100).any(|_| client.score(&[2.0]).is_ok()); // on a busy machine the next one may seem silent, too
    assert!(answered, "no other connection was made");
}

#[test]
fn the_next_server_has_its_turn_after_an_end() {
    let first = serve([1, 1, 4], |_, peer| {
        peer.request();
        peer.send(&GOING_AWAY); // the client has read it when it has the answer
        peer.answer();
    });
    let second = serve([1, 1, 4], |_, peer| {
        while peer.request().is_some() {
            peer.send(&[1, 0, 0, 0x80, 0, 0, 0, 0]);
        }
    });
    let second = second.to_string();
    let mut client = Client::connect(config(&[first.to_string(), second.clone()])).expect("a server");
    assert_eq!(client.score(&[1.0]).expect("the first server's score"), [1.0]);
    match client.score(&[2.0]) {
        Err(Error::ModelFailed { addr, code: 1, row: Some(0) }) => assert_eq!(*addr, second),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_orderly_end_costs_no_retry() {
    let addr = serve([1, 1, 4], |n, peer| {
        if n > 0 {
            return peer.answer_all();
        }
        peer.request();
        peer.answer();
        peer.request(); // and the end, before its answer
    });
    let mut client = Client::connect(addr.to_string().as_str()).expect("a server");
    for k in 0..4 {
        assert_eq!(client.score(&[k as f32]).expect("a score"), [k as f32]);
    }
}

#[test]
fn an_idle_connection_that_has_ended_is_not_used() {
    let (finished, idle) = channel();
    let (ended, end) = channel();
    let addr = serve([1, 1, 4], move |_, peer| {
        peer.request();
        peer.answer();
        peer.finish();
        finished.send(Instant::now()).expect("the client waits");
        ended.send(peer.request()).expect("the client waits");
    });
    let mut client = Client::connect(addr.to_string().as_str()).expect("a server");
    for _ in 0..20 {
        assert_eq!(client.score(&[1.0]).expect("a score"), [1.0]);
        if let Ok(None) = end.try_recv() {
            return; // the client closed the connection, and sent nothing more
        }
        let since = idle.recv().expect("the server sends FIN");
        while since.elapsed() < Duration::from_millis(2) {} // until the client takes the connection for idle
    }
    panic!("all requests were sent to a server that had ended the connection");
}

#[test]
fn retries_are_what_brings_scores() {
    let serve_once_in_three = || {
        serve([1, 1, 4], |n, peer| {
            if n % 3 == 2 {
                return peer.answer_all();
            }
            for _ in 0..3 {
                peer.request();
            }
            peer.send(&[1, 0, 0]); // and FIN, within an answer
        })
    };
    for retries in 0..3 {
        let config = Config { retries, ..config(&[serve_once_in_three().to_string()]) };
        let result = Client::connect(config).expect("a server").score(&[4.0; 10]); // three requests
        match result {
            Ok(scores) => assert!(retries == 2 && scores == [4.0; 10]),
            Err(Error::ConnectionLost { .. }) => assert!(retries < 2),
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn a_server_that_ends_all_connections_is_given_up() {
    let addr = serve([1, 1, 4], |_, _| ());
    let mut client = Client::connect(Config { retries: 100, ..config(&[addr.to_string()]) }).expect("a server");
    let mut said = Vec::new();
    while said.len() < 20 && !matches!(said.last(), Some(Error::Unavailable(_))) {
        said.push(client.score(&[1.0]).expect_err("no answer"));
    }
    assert!(matches!(said.last(), Some(Error::Unavailable(_))), "{said:?}");
}

#[test]
fn calls_of_a_pipeline_that_is_dropped_or_leaked_are_answered_in_vain() {
    let addr = serve([2, 1, 4], |_, peer| peer.answer_all()).to_string();
    let mut client = Client::connect(addr.as_str()).expect("a server");
    for leak in [false, true] {
        let mut pipeline = client.pipeline();
        for number in 0..9 {
            pipeline.start(vec![number as f32; 20], vec![0.0; 10]).expect("the shape is right");
        }
        assert!(pipeline.wait().expect("a call").result.is_ok());
        pipeline.start(vec![1.0; 2], vec![0.0; 1]).expect("the shape is right");
        if leak {
            std::mem::forget(pipeline);
            client.tend();
        } else {
            drop(pipeline);
        }
        assert_eq!(client.score(&[77.0; 6]).expect("scores"), [77.0; 3]);
    }
}

#[test]
fn a_call_that_gives_up_disturbs_no_other() {
    let (resume, suspended) = channel();
    let addr = serve([50_000, 1, 80], move |n, peer| {
        assert_eq!(n, 0, "another connection was made");
        suspended.recv().expect("the client goes on");
        peer.answer_all();
    });
    let mut client = Client::connect(addr.to_string().as_str()).expect("a server");
    let soon = Duration::from_millis(200);
    let rows: Vec<f32> = (0..100 * 50_000).map(|k| (k / 50_000) as f32).collect();
    let (mut in_part, mut unsent) = (vec![0.0; 100], vec![0.0; 1]);
    let mut pipeline = client.pipeline();
    pipeline.start_within(&rows[..], &mut in_part[..], soon).expect("the shape is right");
    pipeline.start_within(&rows[..50_000], &mut unsent[..], soon).expect("the shape is right");
    for written in [true, false] {
        let result = pipeline.wait().expect("a call").result;
        assert!(
            matches!(result, Err(Error::GaveUp { written: w }) if w == written),
            "{result:?}, not written: {written}"
        );
    }
    resume.send(()).expect("the server waits");
    drop(pipeline);
    assert_eq!(client.score(&rows[3 * 50_000..5 * 50_000]).expect("scores"), [3.0, 4.0]);
}

/// Returns a server that ends its first connection after an answer, and welcomes nobody else until the moment
/// that it is told. It allows so many connections.
fn welcomes_again(connections: usize) -> (String, Sender<Instant>) {
    let (tell, told) = channel::<Instant>();
    let wait = move |n| {
        assert!(n < connections, "another connection was made");
        if n == 1 {
            let then = told.recv().expect("the client goes on");
            thread::sleep(then.saturating_duration_since(Instant::now()));
        }
    };
    let script = |n, peer: &mut Peer| if n == 0 { peer.answer_one() } else { peer.answer_all() };
    (serve_after([1, 1, 4], wait, script).to_string(), tell)
}

#[test]
fn the_deadline_of_a_call_that_is_done_ends_no_attempt_to_connect() {
    let timeout = Duration::from_secs(1);
    let (addr, tell) = welcomes_again(2);
    let mut client = Client::connect(addr.as_str()).expect("a server");
    let mut pipeline = client.pipeline();
    pipeline.start_within([1.0], [0.0], timeout).expect("the shape is right");
    pipeline.wait().expect("a call").result.expect("a score");
    pipeline.start([2.0], [0.0]).expect("the shape is right");
    tell.send(Instant::now() + timeout * 3 / 2).expect("the server waits");
    let done = pipeline.wait().expect("a call");
    done.result.expect("the server is well");
    assert_eq!(done.scores, [2.0]);
}

#[test]
fn a_call_that_gives_up_while_the_client_connects_fails_no_other() {
    let timeout = Duration::from_millis(100);
    let (addr, tell) = welcomes_again(usize::MAX);
    let mut client = Client::connect(addr.as_str()).expect("a server");
    client.score(&[1.0]).expect("a score");
    let mut pipeline = client.pipeline();
    pipeline.start_within([2.0], [0.0], timeout).expect("the shape is right");
    pipeline.start([3.0], [0.0]).expect("the shape is right");
    tell.send(Instant::now() + 2 * timeout).expect("the server waits");
    let first = pipeline.wait().expect("a call").result;
    assert!(matches!(first, Err(Error::GaveUp { .. })), "{first:?}");
    let second = pipeline.wait().expect("a call");
    second.result.expect("the server is well");
    assert_eq!(second.scores, [3.0]);
}

#[test]
fn a_server_without_a_welcome_in_time_gives_way() {
    let script = |n, peer: &mut Peer| if n == 0 { peer.answer_one() } else { peer.answer_all() };
    let first = serve([1, 1, 4], script);
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port"); // the kernel accepts
    let silent_addr = silent.local_addr().expect("its address").to_string();
    let mut client = Client::connect(config(&[first.to_string(), silent_addr])).expect("a server");
    client.score(&[1.0]).expect("a score");
    let mut score = [0.0];
    let said = client.score_within(&[2.0], &mut score, Duration::from_millis(50)).expect_err("no welcome");
    assert!(matches!(said, Error::GaveUp { .. }), "{said}");
    thread::sleep(Duration::from_millis(20)); // the silent server may be tried again by now
    client.score_within(&[3.0], &mut score, Duration::from_secs(2)).expect("the other server's score");
    assert_eq!(score, [3.0]);
}

#[test]
fn a_call_that_gives_up_says_so_after_attempts_that_failed() {
    let wait = |n| {
        if n > 0 {
            loop {
                thread::park(); // one connection is all
            }
        }
    };
    let addr = serve_after([1, 1, 4], wait, |_, peer| peer.answer_one()).to_string();
    let config = Config { dial_timeout: Duration::from_millis(500), ..config(&[addr]) };
    let mut client = Client::connect(config).expect("a server");
    client.score(&[1.0]).expect("a score");
    let said = client.score(&[2.0]).expect_err("no welcome");
    assert!(matches!(said, Error::Unavailable(_)), "{said}");
    let gave_up = (0..100).any(|_| {
        thread::sleep(Duration::from_millis(10)); // another attempt is due by and by
        let said = client.score_within(&[3.0], &mut [0.0], Duration::from_millis(50));
        matches!(said, Err(Error::GaveUp { .. }))
    });
    assert!(gave_up, "calls fail as if no server could be reached");
}

#[test]
fn scores_that_came_in_time_are_not_given_up() {
    let (resume, suspended) = channel();
    let (answered, answers) = channel();
    let addr = serve([1, 1, 4], move |_, peer| {
        peer.request();
        peer.answer();
        suspended.recv().expect("the client goes on");
        for _ in 1..8 {
            peer.request();
            peer.answer();
        }
        answered.send(()).expect("the client waits");
        peer.request();
    });
    let mut client = Client::connect(addr.to_string().as_str()).expect("a server");
    let timeout = Duration::from_secs(1);
    let mut pipeline = client.pipeline();
    pipeline.start([0.0], [9.0]).expect("the shape is right");
    for k in 1..8 {
        pipeline.start_within([k as f32], [9.0], timeout).expect("the shape is right");
    }
    let started = Instant::now();
    pipeline.wait().expect("a call").result.expect("a score");
    resume.send(()).expect("the server waits");
    answers.recv().expect("the server answers");
    thread::sleep((started + timeout).saturating_duration_since(Instant::now())); // until the timeouts have passed
    for k in 1..8 {
        let done = pipeline.wait().expect("a call");
        done.result.expect("a score that has come");
        assert_eq!(done.scores, [k as f32]);
    }
}

#[test]
fn calls_are_not_sent_to_a_server_that_has_closed() {
    let (closed, idle) = channel();
    let addr = serve([1000, 1, 4], move |n, peer| {
        if n > 0 {
            return peer.answer_all();
        }
        peer.request();
        peer.request();
        peer.send(&[[1, 0, 0, 0], [0; 4], [1, 0, 0, 0], [0; 4]].concat()); // both answers in one segment
        peer.close();
        closed.send(()).expect("the client waits");
    });
    let mut client = Client::connect(addr.to_string().as_str()).expect("a server");
    let mut pipeline = client.pipeline();
    for _ in 0..2 {
        pipeline.start(vec![0.0; 1000], vec![0.0; 1]).expect("the shape is right");
    }
    pipeline.wait().expect("a call").result.expect("a score");
    idle.recv().expect("the server closes");
    let since = Instant::now(); // the client has read the answers before
    while since.elapsed() < Duration::from_millis(2) {} // until the client takes the connection for idle
    pipeline.start(vec![5.0; 80 * 1000], vec![0.0; 80]).expect("the shape is right");
    pipeline.wait().expect("a call").result.expect("a score");
    let done = pipeline.wait().expect("a call");
    done.result.expect("another connection's scores");
    assert_eq!(done.scores, [5.0; 80]);
}

#[test]
fn the_longest_timeouts() {
    let addr = serve([1, 1, 4], |_, peer| peer.answer_all()).to_string();
    let longest = Duration::MAX;
    let config = Config { timeout: Some(longest), dial_timeout: longest, stall_timeout: longest, ..config(&[addr]) };
    let mut client = Client::connect(config).expect("a server");
    assert_eq!(client.score(&[1.0]).expect("a score"), [1.0]);
}

#[test]
fn threads_share_a_client_behind_a_lock() {
    let addr = serve([2, 1, 4], |_, peer| peer.answer_all()).to_string();
    let client = Mutex::new(Client::connect(addr.as_str()).expect("a server"));
    thread::scope(|scope| {
        for thread in 0..4 {
            let client = &client;
            scope.spawn(move || {
                for _ in 0..50 {
                    let scores = client.lock().expect("no thread has failed").score(&[thread as f32; 10]);
                    assert_eq!(scores.expect("scores"), [thread as f32; 5]);
                }
            });
        }
    });
}

#[test]
fn both_sides_send_much() {
    let addr = serve([1000, 3000, 100], |_, peer| peer.answer_all()).to_string();
    let mut client = Client::connect(addr.as_str()).expect("a server");
    let rows: Vec<f32> = (0..2000 * 1000).map(|k| (k / 1000) as f32).collect();
    let scores = client.score(&rows).expect("scores");
    assert!(scores.iter().enumerate().all(|(k, &score)| score == (k / 3000 + k % 3000) as f32));
}

#[test]
fn tend_lets_a_server_go() {
    let (ended, end) = channel();
    let (sent, notice) = channel();
    let addr = serve([1, 1, 4], move |_, peer| {
        peer.request();
        peer.answer();
        peer.send(&GOING_AWAY);
        sent.send(()).expect("the client waits");
        ended.send(peer.request()).expect("the client waits");
    });
    let mut client = Client::connect(addr.to_string().as_str()).expect("a server");
    client.score(&[1.0]).expect("a score");
    notice.recv().expect("the server sends the notice");
    let seen = loop {
        client.tend();
        if let Ok(seen) = end.try_recv() {
            break seen;
        }
    };
    assert_eq!(seen, None, "the server received a request and no FIN");
}
