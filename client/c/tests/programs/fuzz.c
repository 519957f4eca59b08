// fuzz SEED INPUTS: feeds streams of a server to connections, whole and in pieces, and compares.
//
// The lines of standard input are HEX of frames of a server: first the welcomes, then an empty line, then
// other frames. The streams are made of them, with random mistakes. At the end it prints how often the
// things happened that are to be tested. With libFuzzer (-DLIBFUZZER) the streams come from there.
#include "common.h"

enum { CALLS = 6, EARLY_CALLS = 3, MOST_LOG = 1 << 14, MOST_STREAM = 1 << 17, MOST_FRAMES = 256, MOST_FLOATS = 1 << 18 };

static uint64_t state = 1;

static uint32_t draw(uint32_t below) {
  state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (uint32_t)(state >> 33) % below;
}

// What the streams were good for.
static struct {
  uint64_t inputs, welcomes, answers, failures, violations, refusals, leaving, cancelled;
} met;

// A record of what one connection did.
typedef struct {
  unsigned char bytes[MOST_LOG];
  size_t size;
} record;

static void note(record *r, const void *bytes, size_t size) {
  if (size > MOST_LOG - r->size) abort();
  if (size) memcpy(r->bytes + r->size, bytes, size);
  r->size += size;
}

static void note_number(record *r, int64_t n) { note(r, &n, sizeof n); }

// plan is what the program does around the stream.
typedef struct {
  size_t prefix;    // bytes of the stream before the requests are sent
  size_t unsent;    // bytes of the requests that are sent late
  int cancel;       // the call that is cancelled before they are, if there is one
  uint64_t pieces;  // draws the pieces
} plan;

static void start(disrust_conn *conn, disrust_call *call, size_t vectors, size_t dim, size_t outputs) {
  memset(call, 0, sizeof *call);
  call->feature_count = vectors * dim;
  call->score_count = vectors * outputs;
  call->rows = (float *)calloc(call->feature_count, sizeof(float));
  call->scores = (float *)calloc(call->score_count, sizeof(float));
  if (!call->rows || !call->scores) abort();
  disrust_conn_start(conn, call);
}

// start_late starts calls that fit the model, the last of them of more than one request.
static size_t start_late(disrust_conn *conn, disrust_call *calls) {
  const disrust_model *m = disrust_conn_model(conn);
  if (!m) return 0;
  size_t vectors[CALLS - EARLY_CALLS] = {1, 2, (size_t)m->max_vectors + 1}, count = 0;
  for (; count < CALLS - EARLY_CALLS; count++) {
    if (vectors[count] * (m->dim > m->outputs ? m->dim : m->outputs) > MOST_FLOATS) break;
    start(conn, &calls[count], vectors[count], m->dim, m->outputs);
  }
  return count;
}

static uint64_t piece_state;

static size_t next_piece(size_t left, int whole) {
  if (whole) return left;
  piece_state = piece_state * UINT64_C(6364136223846793005) + 12345;
  size_t size = 1 + (size_t)(piece_state >> 40) % ((piece_state >> 60) % 3 ? 7 : 4096);
  return size < left ? size : left;
}

static disrust_status feed(disrust_conn *conn, const uint8_t *bytes, size_t size, int whole) {
  disrust_status status = DISRUST_OK;
  for (size_t at = 0, step; at < size && status == DISRUST_OK; at += step) {
    step = next_piece(size - at, whole);
    uint8_t *own = (uint8_t *)room(step); // so that a sanitizer sees a read beyond the piece
    memcpy(own, bytes + at, step);
    status = disrust_conn_feed(conn, own, step);
    free(own);
  }
  return status;
}

// free_memory frees what a connection must not touch once a call is done.
static void free_memory(disrust_call *call) {
  free((void *)(uintptr_t)call->rows);
  free(call->scores);
  call->rows = NULL;
  call->scores = NULL;
}

static void note_done(record *r, disrust_conn *conn, const disrust_call *calls) {
  disrust_call *call;
  while ((call = disrust_conn_done(conn))) {
    if (call->status == DISRUST_CANCELLED || call->status == DISRUST_PENDING) abort();
    note_number(r, call - calls);
    note_number(r, call->status);
    note_number(r, call->code);
    note_number(r, call->row);
    uint64_t sum = 0;
    for (size_t k = 0; k < call->score_count && !call->status; k++) sum = sum * 31 + bits_of(&call->scores[k]);
    note(r, &sum, sizeof sum);
    met.answers += call->status == DISRUST_OK && call->score_count;
    met.failures += call->status == DISRUST_FAILED;
    free_memory(call);
  }
}

static void note_end(record *r, disrust_conn *conn, disrust_status status) {
  const disrust_model *m = disrust_conn_model(conn);
  const disrust_refusal *refusal = disrust_conn_refusal(conn);
  note_number(r, status);
  note_number(r, disrust_conn_between(conn));
  note_number(r, disrust_conn_ending(conn));
  if (m) note(r, m->identity, DISRUST_IDENTITY_BYTES);
  if (m) note(r, m->name, m->name_size);
  if (status == DISRUST_REFUSED) note_number(r, refusal->status);
  if (status == DISRUST_REFUSED) note(r, refusal->sentence, refusal->sentence_size);
  met.violations += status == DISRUST_VIOLATION;
  met.refusals += status == DISRUST_REFUSED;
  met.leaving += disrust_conn_ending(conn) != 0;
}

static void cancel(disrust_conn *conn, disrust_call *call) {
  if (call->status != DISRUST_PENDING) return;
  disrust_conn_cancel(conn, call);
  free_memory(call);
  met.cancelled++;
}

// go lets a connection have the stream.
static void go(record *r, const uint8_t *bytes, size_t size, const plan *p, int whole) {
  enum { WINDOW = 5 };
  disrust_expect anything;
  disrust_call calls[CALLS];
  memset(&anything, 0, sizeof anything);
  void *memory = room(disrust_conn_size(WINDOW));
  disrust_conn *conn = disrust_conn_init(memory, WINDOW, &anything);
  size_t count = EARLY_CALLS;
  piece_state = p->pieces;
  for (size_t k = 0; k < EARLY_CALLS; k++) start(conn, &calls[k], k + 1, 3, 1);
  send_all(conn, 0);
  disrust_status status = feed(conn, bytes, p->prefix, whole);
  note_done(r, conn, calls);
  count += start_late(conn, calls + count);
  send_all(conn, p->unsent);
  if (status == DISRUST_OK) {
    met.welcomes += disrust_conn_model(conn) != NULL;
    size_t half = (size - p->prefix) / 2;
    status = feed(conn, bytes + p->prefix, half, whole);
    note_done(r, conn, calls);
    if (p->cancel >= 0 && (size_t)p->cancel < count) cancel(conn, &calls[p->cancel]);
    send_all(conn, 0);
    if (status == DISRUST_OK) status = feed(conn, bytes + p->prefix + half, size - p->prefix - half, whole);
  }
  note_end(r, conn, status);
  note_done(r, conn, calls);
  disrust_conn_end(conn);
  note_done(r, conn, calls);
  for (size_t k = 0; k < count; k++) {
    if (calls[k].status == DISRUST_PENDING || calls[k].rows) abort();
  }
  free(memory);
}

// compare lets two connections have the stream, one in pieces.
static void compare(const uint8_t *bytes, size_t size, const plan *p) {
  static record whole, split;
  whole.size = split.size = 0;
  go(&whole, bytes, size, p, 1);
  go(&split, bytes, size, p, 0);
  if (whole.size == split.size && !memcmp(whole.bytes, split.bytes, whole.size)) return;
  printf("the stream, with %zu bytes before the requests, and then cut at half:\n", p->prefix);
  print_hex(bytes, size);
  printf("\n");
  exit(1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 8) return 0;
  plan p;
  p.prefix = ((size_t)data[0] | (size_t)data[1] << 8) % (size - 7);
  p.unsent = data[2] % 32;
  p.cancel = data[3] % (2 * CALLS) - CALLS;
  p.pieces = data[4] * UINT64_C(0x9E3779B97F4A7C15);
  met.inputs++;
  compare(data + 8, size - 8, &p);
  return 0;
}

#ifndef LIBFUZZER

static struct {
  unsigned char *bytes;
  size_t size;
} frames[MOST_FRAMES];
static uint32_t welcomes, frame_count;

static void read_frames(void) {
  static char hex[1 << 18];
  while (fgets(hex, sizeof hex, stdin)) {
    hex[strcspn(hex, "\n")] = 0;
    if (!hex[0]) welcomes = frame_count;
    else if (frame_count == MOST_FRAMES) die("too many frames");
    else frames[frame_count].bytes = from_hex(hex, &frames[frame_count].size), frame_count++;
  }
  if (!welcomes || welcomes == frame_count) die("no welcomes, or no other frames");
}

static size_t append(uint8_t *to, size_t at, const void *bytes, size_t size) {
  if (size > MOST_STREAM - at) return at;
  memcpy(to + at, bytes, size);
  return at + size;
}

// make_stream writes a plan, a welcome and other frames, some of which answer the calls, with mistakes.
static size_t make_stream(uint8_t *to) {
  size_t at = 8, welcome;
  for (int k = 0; k < 8; k++) to[k] = (uint8_t)draw(256);
  if (draw(2)) {
    to[2] = 0; // all requests are sent
    at += write_welcome(to + 8, 3, 1, 1 + draw(64));
  } else {
    uint32_t k = draw(welcomes);
    at = append(to, at, frames[k].bytes, frames[k].size);
  }
  welcome = at - 8;
  for (uint32_t n = draw(12), answers = 0; n; n--) {
    static const unsigned char counts[] = {1, 2, 3, 1, 2}; // of the requests
    uint32_t k = welcomes + draw(frame_count - welcomes);
    unsigned char answer[16] = {counts[answers % sizeof counts]};
    for (size_t b = 4; b < sizeof answer; b++) answer[b] = (unsigned char)draw(256);
    if (draw(4)) at = append(to, at, answer, 4 + 4u * counts[answers++ % sizeof counts]);
    else at = append(to, at, frames[k].bytes, frames[k].size);
  }
  for (uint32_t n = draw(4) ? 0 : 1 + draw(3); n; n--)
    to[8 + draw((uint32_t)at - 8)] = (uint8_t)(draw(2) ? draw(256) : draw(4));
  size_t prefix = draw(8) ? welcome : draw((uint32_t)at - 7);
  to[0] = (uint8_t)prefix;
  to[1] = (uint8_t)(prefix >> 8);
  return at;
}

int main(int argc, char **argv) {
  static uint8_t stream[MOST_STREAM];
  if (argc != 3) die("fuzz SEED INPUTS");
  state = strtoull(argv[1], NULL, 10) * 2 + 1;
  read_frames();
  for (uint64_t n = strtoull(argv[2], NULL, 10); n; n--) {
    size_t size = make_stream(stream);
    uint8_t *own = (uint8_t *)room(size);
    memcpy(own, stream, size);
    LLVMFuzzerTestOneInput(own, size);
    free(own);
  }
  printf("{\"inputs\": %" PRIu64 ", \"welcomes\": %" PRIu64, met.inputs, met.welcomes);
  printf(", \"answers\": %" PRIu64 ", \"failures\": %" PRIu64, met.answers, met.failures);
  printf(", \"violations\": %" PRIu64 ", \"refusals\": %" PRIu64, met.violations, met.refusals);
  printf(", \"leaving\": %" PRIu64 ", \"cancelled\": %" PRIu64 "}\n", met.leaving, met.cancelled);
  for (uint32_t k = 0; k < frame_count; k++) free(frames[k].bytes);
  return 0;
}

#endif
