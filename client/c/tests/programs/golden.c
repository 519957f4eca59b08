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

static void show(int first, uint32_t dim, uint32_t outputs, uint32_t max_vectors, uint32_t vectors, const unsigned char *bytes, size_t size,
                 size_t step) {
  enum { CALLS = 2 };
  disrust_expect anything;
  disrust_call calls[CALLS], *done;
  unsigned char welcome[64], zero[DISRUST_IDENTITY_BYTES] = {0};
  memset(&anything, 0, sizeof anything);
  void *memory = room(disrust_conn_size(CALLS));
  disrust_conn *conn = disrust_conn_init(memory, CALLS, &anything);
  memset(calls, 0, sizeof calls);
  for (int k = 0; k < CALLS && !first; k++) {
    calls[k].feature_count = (size_t)vectors * dim;
    calls[k].score_count = (size_t)vectors * outputs;
    calls[k].rows = (float *)memset(room(calls[k].feature_count * sizeof(float)), 0, calls[k].feature_count * sizeof(float));
    calls[k].scores = (float *)room(calls[k].score_count * sizeof(float));
    disrust_conn_start(conn, &calls[k]);
  }
  send_all(conn, 0);
  if (!first && disrust_conn_feed(conn, welcome, write_welcome(welcome, dim, outputs, max_vectors))) die("no welcome");
  send_all(conn, 0);
  disrust_status status = feed(conn, bytes, size, step);
  while ((done = disrust_conn_done(conn))) print_call(done);
  if (first && status != DISRUST_NO_WELCOME && (status == DISRUST_REFUSED || disrust_conn_model(conn))) print_welcome(status, conn);
  if (!first && memcmp(disrust_conn_model(conn)->identity, zero, sizeof zero)) printf(" another");
  if (disrust_conn_ending(conn)) printf(" leaving");
  if (status == DISRUST_VIOLATION || status == DISRUST_NO_WELCOME) printf(" violation");
  if (status == DISRUST_OK && !disrust_conn_between(conn)) printf(" incomplete");
  printf("\n");
  for (int k = 0; k < CALLS; k++) {
    free((void *)(uintptr_t)calls[k].rows);
    free(calls[k].scores);
  }
  free(memory);
}

int main(void) {
  static char hex[1 << 18];
  int first;
  uint32_t dim, outputs, max_vectors, vectors;
  while (scanf("%d %" SCNu32 " %" SCNu32 " %" SCNu32 " %" SCNu32 " %262143s", &first, &dim, &outputs, &max_vectors, &vectors, hex) == 6) {
    size_t size;
    unsigned char *bytes = from_hex(hex, &size);
    show(first, dim, outputs, max_vectors, vectors, bytes, size, size ? size : 1);
    show(first, dim, outputs, max_vectors, vectors, bytes, size, 1);
    free(bytes);
  }
  return 0;
}
