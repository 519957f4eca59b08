//! caller ADDR ROWS IN_FLIGHT SECONDS: keeps calls of so many rows in flight on one connection, and prints how
//! many were done, how long they took, and the processor time of the program. With one in flight the calls are
//! Client::score_into, with more they are those of a Pipeline.

use std::time::{Duration, Instant};

use disrust::{Client, Error};

const WARM_UP: usize = 2000;

fn main() -> Result<(), Error> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |k: usize| args[k].parse::<usize>().expect("a number");
    let (rows, in_flight) = (number(1), number(2));
    let mut client = Client::connect(args[0].as_str())?;
    let mut times = Vec::with_capacity(1 << 24);
    run(&mut client, &mut times, rows, in_flight, WARM_UP, Duration::ZERO)?;
    times.clear();
    let (begin, used) = (Instant::now(), cpu());
    let limit = Duration::from_secs_f64(args[3].parse().expect("a number"));
    run(&mut client, &mut times, rows, in_flight, 1, limit)?;
    let (seconds, used) = (begin.elapsed().as_secs_f64(), cpu() - used);
    times.sort_unstable();
    let at = |k: usize| times[k].as_secs_f64();
    println!(
        r#"{{"calls": {}, "seconds": {seconds}, "cpu": {used}, "p50": {}, "p99": {}}}"#,
        times.len(),
        at(times.len() / 2),
        at(times.len() / 100 * 99)
    );
    Ok(())
}

/// Makes calls for some time, and at least so many. It appends how long each took.
fn run(
    client: &mut Client,
    times: &mut Vec<Duration>,
    rows: usize,
    in_flight: usize,
    least: usize,
    limit: Duration,
) -> Result<(), Error> {
    let (dim, outputs) = (client.model().dim, client.model().outputs);
    let features: Vec<f32> = (0..rows * dim).map(|k| (k % 1021) as f32).collect();
    let mut scores = vec![vec![0.0; rows * outputs]; in_flight];
    let begin = Instant::now();
    let mut at = begin;
    if in_flight == 1 {
        while times.len() < least || at - begin < limit {
            client.score_into(&features, &mut scores[0])?;
            let now = Instant::now();
            times.push(now - at);
            at = now;
        }
        return Ok(());
    }
    let mut pipeline = client.pipeline();
    let mut began = std::collections::HashMap::new();
    for scores in scores {
        began.insert(pipeline.start(features.clone(), scores)?, Instant::now());
    }
    while let Some(call) = pipeline.wait() {
        call.result?;
        at = Instant::now();
        times.extend(began.remove(&call.number).map(|began| at - began));
        if times.len() < least || at - begin < limit {
            began.insert(pipeline.start(call.rows, call.scores)?, at);
        }
    }
    Ok(())
}

/// Returns the seconds of processor time that this process has used, as Linux counts them.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/schedstat").expect("a Linux kernel with schedstat");
    stat.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).expect("nanoseconds") / 1e9
}
