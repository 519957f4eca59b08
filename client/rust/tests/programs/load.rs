//! load RETRIES ADDR...: keeps calls of 1 to 100 rows in flight until its standard input ends, and checks the
//! scores of the model sum. It prints a line for every 200 calls. It ends with status 1 if a call fails.

use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use disrust::{Client, Config, Pipeline};

const MOST_ROWS: usize = 100;
const IN_FLIGHT: usize = 8;
const LINE: usize = 200;

static STOP: AtomicBool = AtomicBool::new(false);

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let config = Config {
        addrs: args[1..].to_vec(),
        retries: args[0].parse().expect("RETRIES"),
        timeout: Some(Duration::from_secs(30)),
        ..Config::default()
    };
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        STOP.store(true, Ordering::Relaxed);
    });
    let mut client = Client::connect(config).expect("a server");
    let mut pipeline = client.pipeline();
    let mut started = 0;
    let mut start = |pipeline: &mut Pipeline<Vec<f32>, Vec<f32>>, mut rows: Vec<f32>, mut scores: Vec<f32>| {
        let dim = pipeline.model().dim;
        scores.resize(1 + started % MOST_ROWS, 0.0);
        rows.resize(scores.len() * dim, 0.0);
        fill(&mut rows, dim, started % 5000);
        started += 1;
        pipeline.start(rows, scores).expect("the shape is right");
    };
    for _ in 0..IN_FLIGHT {
        start(&mut pipeline, Vec::new(), Vec::new());
    }
    let mut done = 0;
    while let Some(call) = pipeline.wait() {
        if let Err(error) = call.result {
            eprintln!("{error}");
            std::process::exit(1);
        }
        for (k, score) in call.scores.iter().enumerate() {
            let wanted = (call.number as usize % 5000 + k) as f32;
            if *score != wanted {
                eprintln!("score {k} is {score}, want {wanted}");
                std::process::exit(1);
            }
        }
        done += 1;
        if done % LINE == 0 {
            println!("{done}");
        }
        if !STOP.load(Ordering::Relaxed) {
            start(&mut pipeline, call.rows, call.scores);
        }
    }
}

/// Makes rows whose sums count up from first. Small integers have exact sums in any order.
fn fill(rows: &mut [f32], dim: usize, first: usize) {
    for (k, row) in rows.chunks_exact_mut(dim).enumerate() {
        for (j, feature) in row.iter_mut().enumerate() {
            *feature = (j % 7) as f32 - 3.0;
        }
        row[0] = 0.0;
        row[0] = (first + k) as f32 - row.iter().sum::<f32>();
    }
}
