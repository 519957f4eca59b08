//! In the steady state a call allocates nothing.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use disrust::Client;

use crate::server::serve;

struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

// Safety: the system's allocator does it all.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        System.alloc(layout)
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        System.dealloc(memory, layout)
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations() -> usize {
    COUNT.with(Cell::get)
}

#[test]
fn a_call_allocates_nothing() {
    let addr = serve([8, 1, 64], |_, peer| peer.answer_all());
    let mut client = Client::connect(addr.to_string().as_str()).expect("a server");
    let (rows, mut scores) = (vec![1.0; 8 * 1000], vec![0.0; 1000]);
    let mut before = 0;
    for call in 0..50 {
        if call == 25 {
            before = allocations();
        }
        client.score_into(&rows, &mut scores).expect("scores");
        client.score_into(&rows[..8], &mut scores[..1]).expect("a score");
    }
    assert_eq!(allocations(), before, "score_into allocates");

    let mut pipeline = client.pipeline();
    for _ in 0..8 {
        pipeline.start(Vec::new(), Vec::new()).expect("the shape is right");
    }
    while pipeline.wait().is_some() {} // eight calls were done together, as they may be later
    for _ in 0..8 {
        pipeline.start(rows[..80].to_vec(), vec![0.0; 10]).expect("the shape is right");
    }
    for call in 0..2000 {
        if call == 1000 {
            before = allocations();
        }
        let done = pipeline.wait().expect("a call is in flight");
        done.result.expect("scores");
        pipeline.start(done.rows, done.scores).expect("the shape is right");
    }
    assert_eq!(allocations(), before, "a pipeline allocates");
}
