// cancel SEED ROUNDS: cancels calls at random moments, and fails some, while others are answered, and checks
// that each other call gets its own scores. It prints how many calls ended in each way.
//
// The server that it plays returns the features as scores: one feature and one score for each row.
#include "common.h"

enum { CALLS = 6, MOST_VECTORS = 2, MOST_ROWS = 7, MOST_BYTES = 1 << 12, STEPS = 400 };

// bytes are on their way.
typedef struct {
  unsigned char at[MOST_BYTES];
  size_t size;
} bytes;

static uint64_t state = 1;
static disrust_conn *conn;
static disrust_call calls[CALLS];
static bytes requests, answers;
static struct {
  uint64_t ok, failed, cancelled;
} met;

static uint32_t draw(uint32_t below) {
  state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (uint32_t)(state >> 33) % below;
}

static void append(bytes *to, const void *from, size_t size) {
  if (size > MOST_BYTES - to->size) die("too many bytes are on their way");
  memcpy(to->at + to->size, from, size);
  to->size += size;
}

static void drop(bytes *from, size_t size) {
  from->size -= size;
  memmove(from->at, from->at + size, from->size);
}

static void start(disrust_call *call) {
  size_t rows = 1 + draw(MOST_ROWS);
  float *features = (float *)room(rows * sizeof(float));
  for (size_t k = 0; k < rows; k++) features[k] = (float)(1 + draw(1 << 20));
  memset(call, 0, sizeof *call);
  call->rows = features;
  call->feature_count = call->score_count = rows;
  call->scores = (float *)room(rows * sizeof(float));
  disrust_conn_start(conn, call);
}

// forget frees the memory of a call, which the connection must not touch any more.
static void forget(disrust_call *call) {
  free((void *)(uintptr_t)call->rows);
  free(call->scores);
  call->rows = NULL;
}

// transmit sends a random part of what there is to send.
static void transmit(void) {
  disrust_piece pieces[9];
  size_t count = disrust_conn_output(conn, pieces, 9), sent = 0;
  for (size_t k = 0; k < count; k++) {
    size_t size = draw(3) ? pieces[k].size : draw((uint32_t)pieces[k].size);
    append(&requests, pieces[k].bytes, size);
    sent += size;
    if (size < pieces[k].size) break;
  }
  disrust_conn_sent(conn, sent);
}

// answer answers the oldest request, or fails it, if the server has it wholly.
static void answer(void) {
  static const unsigned char failure[8] = {1, 0, 0, 0x80};
  size_t size = 4 + 4 * (size_t)requests.at[0];
  if (requests.size < 4 || requests.size < size) return;
  if (draw(10)) append(&answers, requests.at, size);
  else append(&answers, failure, sizeof failure);
  drop(&requests, size);
}

static void feed(void) {
  size_t size = draw((uint32_t)answers.size + 1);
  if (disrust_conn_feed(conn, answers.at, size)) die("an answer is a violation");
  drop(&answers, size);
}

static void verify_done(void) {
  for (disrust_call *call; (call = disrust_conn_done(conn));) {
    if (call->status == DISRUST_OK && memcmp(call->rows, call->scores, call->score_count * sizeof(float)))
      die("a call has the scores of another");
    if (call->status != DISRUST_OK && call->status != DISRUST_FAILED) die(disrust_text(call->status));
    if (call->status == DISRUST_OK) met.ok++;
    else met.failed++;
    forget(call);
  }
}

static void step(void) {
  disrust_call *call = &calls[draw(CALLS)];
  switch (draw(10)) {
  case 0:
    if (!call->rows) break;
    disrust_conn_cancel(conn, call);
    if (call->status != DISRUST_CANCELLED) die("a call in progress is not cancelled");
    met.cancelled++;
    forget(call);
    break;
  case 1: case 2: case 3:
    if (!call->rows) start(call);
    break;
  case 4: case 5: transmit(); break;
  case 6: case 7: answer(); break;
  default: feed();
  }
  verify_done();
}

static int in_progress(void) {
  for (size_t k = 0; k < CALLS; k++)
    if (calls[k].rows) return 1;
  return 0;
}

static void play(void) {
  unsigned char welcome[64];
  uint32_t window = 1 + draw(8);
  disrust_expect anything;
  memset(&anything, 0, sizeof anything);
  void *memory = room(disrust_conn_size(window));
  conn = disrust_conn_init(memory, window, &anything);
  send_all(conn, 0); // the hello
  if (disrust_conn_feed(conn, welcome, write_welcome(welcome, 1, 1, MOST_VECTORS))) die("the welcome is none");
  for (int k = 0; k < STEPS; k++) step();
  // What still has to be answered goes back and forth a bounded number of times.
  for (int k = 0; in_progress(); k++) {
    if (k == 100 * STEPS) die("a call never ends");
    transmit();
    answer();
    feed();
    verify_done();
  }
  requests.size = answers.size = 0;
  free(memory);
}

int main(int argc, char **argv) {
  if (argc != 3) die("cancel SEED ROUNDS");
  state = strtoull(argv[1], NULL, 10) * 2 + 1;
  for (uint64_t n = strtoull(argv[2], NULL, 10); n; n--) play();
  printf("{\"ok\": %" PRIu64 ", \"failed\": %" PRIu64 ", \"cancelled\": %" PRIu64 "}\n", met.ok, met.failed, met.cancelled);
  return 0;
}
