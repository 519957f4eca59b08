// golden: feeds frames of a server to a connection, and prints what it finds in them.
//
// A line of standard input is FIRST DIM OUTPUTS MAX_VECTORS VECTORS HEX: with FIRST 1 the bytes begin
// the stream; with 0 they follow a welcome and requests of VECTORS vectors each. Each line is fed in one
// piece and then byte by byte.
#include "common.h"

static void print_call(const disrust_call *call) {
  if (call->status == DISRUST_FAILED) {
    printf(" failure %" PRIu32 " %" PRId64, call->code, call->row);
    return;
  }
  printf(" answer");
  for (size_t k = 0; k < call->score_count; k++) printf(" %" PRIu32, bits_of(&call->scores[k]));
}

static void print_welcome(disrust_status status, const disrust_conn *conn) {
  const disrust_refusal *r = disrust_conn_refusal(conn);
  printf(" welcome %u", r->status);
  if (status == DISRUST_OK) {
    const disrust_model *m = disrust_conn_model(conn);
    printf(" %" PRIu32 " %" PRIu32 " %" PRIu32 " %" PRIu32 " ", m->dim, m->outputs, m->kind, m->max_vectors);
    print_hex(m->identity, DISRUST_IDENTITY_BYTES);
    printf(" [");
    print_hex(m->name, m->name_size);
    printf("]");
  }
  printf(" [");
  print_hex(r->sentence, r->sentence_size);
  printf("]");
}

static disrust_status feed(disrust_conn *conn, const unsigned char *bytes, size_t size, size_t step) {
  disrust_status status = DISRUST_OK;
  for (size_t at = 0; at < size && status == DISRUST_OK; at += step)
    status = disrust_conn_feed(conn, bytes + at, size - at < step ? size - at : step);
  return status;
}

// line is what a line of standard input says.
typedef struct {
  int first;
  uint32_t dim, outputs, max_vectors, vectors;
  unsigned char *bytes;
  size_t size;
} line;

// start starts a call of the line's vectors.
static void start(disrust_conn *conn, disrust_call *call, const line *l) {
  call->feature_count = (size_t)l->vectors * l->dim;
  call->score_count = (size_t)l->vectors * l->outputs;
  float *rows = (float *)room(call->feature_count * sizeof(float));
  memset(rows, 0, call->feature_count * sizeof(float));
  call->rows = rows;
  call->scores = (float *)room(call->score_count * sizeof(float));
  disrust_conn_start(conn, call);
}

// welcome brings a connection to where the frames of a line begin.
static void welcome(disrust_conn *conn, const line *l) {
  unsigned char bytes[64];
  size_t size = write_welcome(bytes, l->dim, l->outputs, l->max_vectors);
  if (disrust_conn_feed(conn, bytes, size)) die("the welcome is none");
  send_all(conn, 0);
}

static void print_found(disrust_conn *conn, const line *l, disrust_status status) {
  static const unsigned char built_in[DISRUST_IDENTITY_BYTES];
  const disrust_model *m = disrust_conn_model(conn);
  for (disrust_call *done; (done = disrust_conn_done(conn));) print_call(done);
  if (l->first && (status == DISRUST_REFUSED || (status == DISRUST_OK && m))) print_welcome(status, conn);
  if (!l->first && memcmp(m->identity, built_in, sizeof built_in)) printf(" another");
  if (disrust_conn_ending(conn)) printf(" leaving");
  if (status == DISRUST_VIOLATION || status == DISRUST_NO_WELCOME) printf(" violation");
  if (status == DISRUST_OK && !disrust_conn_between(conn)) printf(" incomplete");
  printf("\n");
}

static void show(const line *l, size_t step) {
  enum { CALLS = 2 };
  disrust_expect anything;
  disrust_call calls[CALLS];
  memset(&anything, 0, sizeof anything);
  memset(calls, 0, sizeof calls);
  void *memory = room(disrust_conn_size(CALLS));
  disrust_conn *conn = disrust_conn_init(memory, CALLS, &anything);
  for (int k = 0; k < CALLS && !l->first; k++) start(conn, &calls[k], l);
  send_all(conn, 0);
  if (!l->first) welcome(conn, l);
  print_found(conn, l, feed(conn, l->bytes, l->size, step));
  for (int k = 0; k < CALLS; k++) {
    free((void *)(uintptr_t)calls[k].rows);
    free(calls[k].scores);
  }
  free(memory);
}

static int read_line(line *l) {
  static char hex[1 << 18];
  if (scanf("%d %" SCNu32 " %" SCNu32, &l->first, &l->dim, &l->outputs) != 3) return 0;
  if (scanf("%" SCNu32 " %" SCNu32 " %262143s", &l->max_vectors, &l->vectors, hex) != 3) die("a field is missing");
  l->bytes = from_hex(hex, &l->size);
  return 1;
}

// refuse_unasked: an answer or a failure to no request is a violation.
static void refuse_unasked(void) {
  static const unsigned char unasked[2][8] = {{1}, {1, 0, 0, 0x80}};
  static const line l = {0, 3, 1, 64, 1, NULL, 0};
  disrust_expect anything;
  memset(&anything, 0, sizeof anything);
  for (int k = 0; k < 2; k++) {
    void *memory = room(disrust_conn_size(1));
    disrust_conn *conn = disrust_conn_init(memory, 1, &anything);
    send_all(conn, 0);
    welcome(conn, &l);
    if (disrust_conn_feed(conn, unasked[k], sizeof unasked[k]) != DISRUST_VIOLATION) die("a message to nobody is taken");
    free(memory);
  }
}

int main(void) {
  refuse_unasked();
  for (line l; read_line(&l); free(l.bytes)) {
    show(&l, l.size ? l.size : 1);
    show(&l, 1);
  }
  return 0;
}
