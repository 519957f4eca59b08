// disrust.c: see disrust.h. It is in four parts: texts and bytes, the connection, the client, and
// blocking calls.
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#ifdef __APPLE__
#define _DARWIN_C_SOURCE // MSG_DONTWAIT and SO_NOSIGPIPE
#endif
#include "disrust.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 // a system without it has SO_NOSIGPIPE
#endif

// A test may set this to take the way of big-endian machines.
#ifndef DISRUST_BIG_ENDIAN
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define DISRUST_BIG_ENDIAN 1
#else
#define DISRUST_BIG_ENDIAN 0
#endif
#endif

// Texts and bytes

const char *disrust_text(disrust_status status) {
  switch (status) {
  case DISRUST_OK: return "ok";
  case DISRUST_PENDING: return "the call is in progress";
  case DISRUST_GAVE_UP: return "the timeout passed before the scores came";
  case DISRUST_CANCELLED: return "the call was cancelled";
  case DISRUST_LOST: return "the connection was lost while the client waited for the scores";
  case DISRUST_FAILED: return "the model failed";
  case DISRUST_COUNTS: return "features and scores are not those of a number of whole rows";
  case DISRUST_UNREACHABLE: return "no server can be reached";
  case DISRUST_NO_WELCOME: return "the server sent no welcome";
  case DISRUST_REFUSED: return "the server refuses the client";
  case DISRUST_VIOLATION: return "the server broke the protocol";
  case DISRUST_CONFIG: return "the configuration is not allowed";
  case DISRUST_MEMORY: return "no memory is left";
  }
  return "unknown status";
}

static uint32_t get16(const unsigned char *p) { return (uint32_t)p[0] | (uint32_t)p[1] << 8; }

static uint32_t get32(const unsigned char *p) { return get16(p) | get16(p + 2) << 16; }

static void put16(unsigned char *p, uint32_t v) {
  p[0] = (unsigned char)(v & 0xFF);
  p[1] = (unsigned char)(v >> 8 & 0xFF);
}

static void put32(unsigned char *p, uint32_t v) {
  put16(p, v & 0xFFFF);
  put16(p + 2, v >> 16);
}

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

// rune_bytes returns the size of the UTF-8 character at p, or 0 if there is none or it is a control
// character.
static size_t rune_bytes(const unsigned char *p, size_t size) {
  size_t bytes = p[0] < 0x80 ? 1 : p[0] < 0xC2 ? 0 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : p[0] < 0xF5 ? 4 : 0;
  if (bytes == 0 || bytes > size) return 0;
  if (bytes == 1) return p[0] >= 0x20 && p[0] != 0x7F;
  for (size_t k = 1; k < bytes; k++)
    if ((p[k] & 0xC0) != 0x80) return 0;
  if (p[0] == 0xC2 && p[1] < 0xA0) return 0;                                       // C1 controls
  if ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xF0 && p[1] < 0x90)) return 0;    // too long a form
  if ((p[0] == 0xED && p[1] >= 0xA0) || (p[0] == 0xF4 && p[1] >= 0x90)) return 0;  // no character
  return bytes;
}

// append_text appends what another machine says to text, in which room bytes are, with a question mark
// in place of each byte that a terminal should not get.
static void append_text(char *text, size_t room, const char *from, size_t size) {
  size_t at = strlen(text);
  for (size_t k = 0; k < size;) {
    size_t bytes = rune_bytes((const unsigned char *)from + k, size - k);
    if (at + (bytes ? bytes : 1) >= room) break;
    if (bytes) memcpy(text + at, from + k, bytes);
    else text[at] = '?';
    at += bytes ? bytes : 1;
    k += bytes ? bytes : 1;
  }
  text[at] = 0;
}

// The connection

enum {
  HEADER_BYTES = 4,
  PREAMBLE_BYTES = 8,        // of hello, welcome, failure and notice
  HELLO_FIXED_BYTES = 17,    // of the body of a hello, up to the name
  WELCOME_FIXED_BYTES = 53,  // of the body of a welcome, up to the name
  MOST_NOTICE_BYTES = 65532,
  MOST_SIZE = 65535,         // dim, outputs, max_vectors
  MOST_MESSAGE_BYTES = 16 << 20,
  MOST_WINDOW = 65536,
  MOST_REQUESTS = 32,        // begun in one send
  STAGE_BYTES = 4096,
  GOING_AWAY = 1,
  ANOTHER_MODEL = 2,
  CODE_ERROR = 1,
  CODE_PANIC = 2
};

#define FAILURE_WORD 0x80000000u
#define NOTICE_WORD 0xC0000000u
#define LOW_BITS 0x3FFFFFFFu

static const unsigned char magic[4] = {'D', 'I', 'S', '2'};

// What the next byte from the server belongs to.
enum { AT_PREAMBLE, AT_WELCOME, AT_WORD, AT_ANSWER, AT_NOTICE, AT_END };

// slot is a request in flight. call is NULL if nobody waits for the answer.
typedef struct {
  disrust_call *call;
  uint32_t vectors;
} slot;

typedef struct {
  disrust_call *first, *last;
} list;

// A connection holds its calls in two lists: live in the order of their start, which is that of their
// requests, and done. Answers come in the order of the requests, so a call's rows without an answer are
// always its last ones, and three counts of rows say all: answered_ <= begun_ <= total_.
struct disrust_conn {
  list live, done;
  disrust_call *sending; // the first live call of which a request is not begun
  slot *slots;           // a ring
  uint32_t window, first_slot, in_flight;
  uint64_t answers; // answers and failures that have come

  // Sending. The request that is begun and not wholly sent has out_left bytes to go of out_size.
  size_t hello_size, hello_sent, out_left, out_size;
  disrust_call *out_call; // NULL: it was taken back, and zeros go in place of its rows
  size_t out_first;       // the first row
  unsigned char out_header[HEADER_BYTES];

  // Receiving
  int at, leaving, shaped;
  uint32_t word;
  size_t have, left;     // bytes of a header that are here; bytes of the body or payload that are missing
  char *target;          // where the scores of the answer go, or NULL
  size_t target_at;      // bytes of them that have come
  size_t name_size, sentence_size, body_at;

  disrust_expect expect; // without the name, which is in hello
  disrust_model model, stated;
  disrust_refusal refusal;
  unsigned char head[PREAMBLE_BYTES], fixed[WELCOME_FIXED_BYTES], identity[DISRUST_IDENTITY_BYTES];
  unsigned char hello[PREAMBLE_BYTES + HELLO_FIXED_BYTES + DISRUST_NAME_BYTES + 3];
  unsigned char headers[MOST_REQUESTS][HEADER_BYTES];
  unsigned char stage[STAGE_BYTES]; // rows in another byte order, or zeros
};

static void list_append(list *l, disrust_call *call) {
  call->next_ = NULL;
  call->previous_ = l->last;
  if (l->last) l->last->next_ = call;
  else l->first = call;
  l->last = call;
}

static void list_remove(list *l, disrust_call *call) {
  if (call->previous_) call->previous_->next_ = call->next_;
  else l->first = call->next_;
  if (call->next_) call->next_->previous_ = call->previous_;
  else l->last = call->previous_;
}

// conn_bytes is the size of a connection without its slots, at which they are aligned.
static size_t conn_bytes(void) { return (sizeof(disrust_conn) + 15) / 16 * 16; }

size_t disrust_conn_size(uint32_t window) { return conn_bytes() + window * sizeof(slot); }

static void write_hello(disrust_conn *conn, const disrust_expect *expect) {
  unsigned char *body = conn->hello + PREAMBLE_BYTES;
  size_t name = expect->model ? strlen(expect->model) : 0;
  size_t size = (HELLO_FIXED_BYTES + name + 3) / 4 * 4;
  memcpy(conn->hello, magic, sizeof magic);
  put16(conn->hello + 4, 2);
  put16(conn->hello + 6, (uint32_t)size);
  put32(body, expect->dim);
  put32(body + 4, expect->outputs);
  put32(body + 8, expect->kind);
  put32(body + 12, expect->max_vectors);
  body[16] = (unsigned char)name;
  if (name) memcpy(body + HELLO_FIXED_BYTES, expect->model, name);
  conn->hello_size = PREAMBLE_BYTES + size;
}

disrust_conn *disrust_conn_init(void *memory, uint32_t window, const disrust_expect *expect) {
  disrust_conn *conn = (disrust_conn *)memory;
  memset(conn, 0, sizeof *conn);
  conn->slots = (slot *)(void *)((char *)memory + conn_bytes());
  conn->window = window;
  conn->expect = *expect;
  conn->expect.model = NULL;
  write_hello(conn, expect);
  return conn;
}

const disrust_model *disrust_conn_model(const disrust_conn *conn) { return conn->shaped ? &conn->model : NULL; }

const disrust_refusal *disrust_conn_refusal(const disrust_conn *conn) { return &conn->refusal; }

// finish ends a call: from here on the connection touches neither its rows nor its scores.
static void finish(disrust_conn *conn, disrust_call *call, disrust_status status) {
  if (conn->sending == call) conn->sending = call->next_;
  if (conn->out_call == call) conn->out_call = NULL;
  // Its requests without an answer are neighbours, and slot_ is the last of them.
  size_t rows = call->begun_ - call->answered_;
  for (uint32_t at = call->slot_; rows; at = (at + conn->window - 1) % conn->window) {
    conn->slots[at].call = NULL;
    rows -= conn->slots[at].vectors;
    if (at == conn->first_slot) conn->target = NULL;
  }
  call->status = status;
  list_remove(&conn->live, call);
  list_append(&conn->done, call);
}

// fit finds out how many rows a call has, and ends it if its counts are none of whole rows.
static void fit(disrust_conn *conn, disrust_call *call) {
  size_t dim = conn->model.dim, outputs = conn->model.outputs, rows = call->feature_count / dim;
  if (call->feature_count % dim || call->score_count % outputs || call->score_count / outputs != rows) {
    finish(conn, call, DISRUST_COUNTS);
  } else if (rows == 0) {
    finish(conn, call, DISRUST_OK);
  }
  call->total_ = rows;
}

void disrust_conn_start(disrust_conn *conn, disrust_call *call) {
  call->status = DISRUST_PENDING;
  call->code = 0;
  call->row = -1;
  call->written = 0;
  call->total_ = call->begun_ = call->answered_ = call->moved_at_ = 0;
  call->moves_ = call->retries_ = call->slot_ = 0;
  list_append(&conn->live, call);
  if (!conn->sending) conn->sending = call;
  if (conn->shaped) fit(conn, call);
}

void disrust_conn_cancel(disrust_conn *conn, disrust_call *call) {
  if (call->status != DISRUST_PENDING) return;
  finish(conn, call, DISRUST_CANCELLED);
  list_remove(&conn->done, call);
}

disrust_call *disrust_conn_done(disrust_conn *conn) {
  disrust_call *call = conn->done.first;
  if (call) list_remove(&conn->done, call);
  return call;
}

// Sending

// stage_rows copies bytes of rows, from the offset at on, in the protocol's byte order: byte k of a
// little-endian word is byte k ^ 3 of a big-endian one.
static size_t stage_rows(disrust_conn *conn, const float *rows, size_t at, size_t size) {
  const unsigned char *from = (const unsigned char *)rows;
  size = least(size, STAGE_BYTES);
  for (size_t k = 0; k < size; k++) conn->stage[k] = from[(at + k) ^ 3];
  return size;
}

static disrust_piece piece(const void *bytes, size_t size) {
  disrust_piece p;
  p.bytes = bytes;
  p.size = size;
  return p;
}

// rest_of_request adds the pieces of the request that is begun. It returns how many there are, and in
// whole whether they are the whole rest.
static size_t rest_of_request(disrust_conn *conn, disrust_piece *pieces, int *whole) {
  size_t count = 0, sent = conn->out_size - conn->out_left, left = conn->out_left, staged = 0;
  if (sent < HEADER_BYTES) {
    pieces[count++] = piece(conn->out_header + sent, HEADER_BYTES - sent);
    left -= HEADER_BYTES - sent;
    sent = HEADER_BYTES;
  }
  sent -= HEADER_BYTES;
  *whole = 1;
  if (!conn->out_call) {
    staged = least(left, STAGE_BYTES);
    memset(conn->stage, 0, staged);
  } else if (DISRUST_BIG_ENDIAN) {
    staged = stage_rows(conn, conn->out_call->rows + conn->out_first * conn->model.dim, sent, left);
  } else {
    pieces[count++] = piece((const char *)(conn->out_call->rows + conn->out_first * conn->model.dim) + sent, left);
    return count;
  }
  pieces[count++] = piece(conn->stage, staged);
  *whole = staged == left && !DISRUST_BIG_ENDIAN;
  return count;
}

static uint32_t vectors_of_next(const disrust_conn *conn, const disrust_call *call, size_t begun) {
  return (uint32_t)least(call->total_ - begun, conn->model.max_vectors);
}

size_t disrust_conn_output(disrust_conn *conn, disrust_piece *pieces, size_t most) {
  size_t count = 0;
  int whole = 1;
  if (conn->at == AT_END || most < 2) return 0;
  if (conn->hello_sent < conn->hello_size) {
    pieces[0] = piece(conn->hello + conn->hello_sent, conn->hello_size - conn->hello_sent);
    return 1;
  }
  if (conn->at < AT_WORD) return 0; // the size of requests is in the welcome
  if (conn->out_left) count = rest_of_request(conn, pieces, &whole);
  if (conn->leaving || !whole) return count;
  disrust_call *call = conn->sending;
  size_t begun = call ? call->begun_ : 0;
  for (uint32_t k = 0; call && k < MOST_REQUESTS && count + 2 <= most && conn->in_flight + k < conn->window; k++) {
    uint32_t vectors = vectors_of_next(conn, call, begun);
    const float *rows = call->rows + begun * conn->model.dim;
    size_t size = (size_t)vectors * conn->model.dim * sizeof(float);
    put32(conn->headers[k], vectors);
    pieces[count++] = piece(conn->headers[k], HEADER_BYTES);
    if (DISRUST_BIG_ENDIAN) {
      pieces[count++] = piece(conn->stage, stage_rows(conn, rows, 0, size));
      return count; // there is one stage
    }
    pieces[count++] = piece(rows, size);
    begun += vectors;
    if (begun == call->total_ && (call = call->next_)) begun = call->begun_;
  }
  return count;
}

// begin takes note that a byte of the next request was sent.
static void begin(disrust_conn *conn) {
  disrust_call *call = conn->sending;
  uint32_t vectors = vectors_of_next(conn, call, call->begun_);
  call->slot_ = (conn->first_slot + conn->in_flight++) % conn->window;
  slot *s = &conn->slots[call->slot_];
  s->call = conn->out_call = call;
  s->vectors = vectors;
  conn->out_first = call->begun_;
  conn->out_size = conn->out_left = HEADER_BYTES + (size_t)vectors * conn->model.dim * sizeof(float);
  put32(conn->out_header, vectors);
  call->written = 1;
  call->begun_ += vectors;
  if (call->begun_ == call->total_) conn->sending = call->next_;
}

void disrust_conn_sent(disrust_conn *conn, size_t size) {
  if (conn->hello_sent < conn->hello_size) {
    conn->hello_sent += size;
    return;
  }
  while (size) {
    if (!conn->out_left) begin(conn);
    size_t taken = least(size, conn->out_left);
    conn->out_left -= taken;
    size -= taken;
  }
  if (!conn->out_left) conn->out_call = NULL;
}

int disrust_conn_ending(const disrust_conn *conn) { return conn->leaving && !conn->out_left; }

// Receiving

static disrust_status ended(disrust_conn *conn, disrust_status status) {
  conn->at = AT_END;
  return status;
}

// agrees says whether a welcome of status 0 is within the limits, and what the hello asked for.
static int agrees(const disrust_conn *conn, const disrust_model *m) {
  const disrust_expect *e = &conn->expect;
  size_t wide = m->dim > m->outputs ? m->dim : m->outputs;
  size_t named = conn->hello[PREAMBLE_BYTES + HELLO_FIXED_BYTES - 1];
  if (m->dim < 1 || m->outputs < 1 || m->max_vectors < 1) return 0;
  if (wide > MOST_SIZE || m->max_vectors > MOST_SIZE) return 0;
  if (HEADER_BYTES + 4 * (uint64_t)m->max_vectors * wide > MOST_MESSAGE_BYTES) return 0;
  const unsigned char *name = conn->hello + PREAMBLE_BYTES + HELLO_FIXED_BYTES;
  if (named && (named != m->name_size || memcmp(name, m->name, named))) return 0;
  if (e->dim && e->dim != m->dim) return 0;
  if (e->outputs && e->outputs != m->outputs) return 0;
  if (e->kind && e->kind != m->kind) return 0;
  return e->max_vectors <= m->max_vectors;
}

static int same_shape(const disrust_model *a, const disrust_model *b) {
  return a->dim == b->dim && a->outputs == b->outputs && a->kind == b->kind;
}

// judge decides on the welcome, which is whole.
static disrust_status judge(disrust_conn *conn) {
  disrust_model *m = &conn->stated;
  if (conn->body_at < WELCOME_FIXED_BYTES + conn->name_size + 2 + conn->sentence_size)
    return ended(conn, DISRUST_NO_WELCOME);
  conn->refusal.status = (uint16_t)get16(conn->fixed);
  m->dim = get32(conn->fixed + 4);
  m->outputs = get32(conn->fixed + 8);
  m->kind = get32(conn->fixed + 12);
  m->max_vectors = get32(conn->fixed + 16);
  memcpy(m->identity, conn->fixed + 20, DISRUST_IDENTITY_BYTES);
  m->name_size = conn->name_size;
  m->name[m->name_size] = 0;
  conn->refusal.sentence_size = least(conn->sentence_size, DISRUST_SENTENCE_BYTES);
  conn->refusal.sentence[conn->refusal.sentence_size] = 0;
  if (conn->refusal.status) return ended(conn, DISRUST_REFUSED);
  if (!agrees(conn, m)) return ended(conn, DISRUST_NO_WELCOME);
  if (conn->shaped && !same_shape(m, &conn->model)) return ended(conn, DISRUST_REFUSED);
  conn->model = *m;
  conn->at = AT_WORD;
  conn->have = 0;
  if (conn->shaped) return DISRUST_OK;
  conn->shaped = 1;
  for (disrust_call *call = conn->live.first, *next; call; call = next) {
    next = call->next_;
    fit(conn, call);
  }
  return DISRUST_OK;
}

// welcome_byte takes byte number body_at of the body of a welcome. What is beyond the fields is skipped.
static void welcome_byte(disrust_conn *conn, unsigned char byte) {
  size_t at = conn->body_at++;
  if (at < WELCOME_FIXED_BYTES) {
    conn->fixed[at] = byte;
    if (at == WELCOME_FIXED_BYTES - 1) conn->name_size = byte;
    return;
  }
  at -= WELCOME_FIXED_BYTES;
  if (at < conn->name_size) {
    conn->stated.name[at] = (char)byte;
    return;
  }
  at -= conn->name_size;
  if (at < 2) {
    conn->sentence_size |= (size_t)byte << 8 * at;
    return;
  }
  at -= 2;
  if (at < least(conn->sentence_size, DISRUST_SENTENCE_BYTES)) conn->refusal.sentence[at] = (char)byte;
}

// welcome_begins takes the whole preamble.
static disrust_status welcome_begins(disrust_conn *conn) {
  conn->left = get16(conn->head + 6);
  if (memcmp(conn->head, magic, sizeof magic) || conn->left % 4 || !conn->left)
    return ended(conn, DISRUST_NO_WELCOME);
  conn->at = AT_WELCOME;
  conn->body_at = conn->name_size = conn->sentence_size = 0;
  return DISRUST_OK;
}

// take_slot removes the oldest request in flight.
static slot take_slot(disrust_conn *conn) {
  slot s = conn->slots[conn->first_slot];
  conn->first_slot = (conn->first_slot + 1) % conn->window;
  conn->in_flight--;
  conn->answers++;
  return s;
}

// answered takes note of a whole answer.
static void answered(disrust_conn *conn) {
  slot s = take_slot(conn);
  conn->at = AT_WORD;
  if (!s.call) return;
  s.call->answered_ += s.vectors;
  if (s.call->answered_ == s.call->total_) finish(conn, s.call, DISRUST_OK);
}

// answer_begins takes a word that is the count of the oldest request.
static void answer_begins(disrust_conn *conn) {
  disrust_call *call = conn->slots[conn->first_slot].call;
  conn->at = AT_ANSWER;
  conn->have = 0;
  conn->left = (size_t)conn->word * conn->model.outputs * sizeof(float);
  conn->target = call ? (char *)(call->scores + call->answered_ * conn->model.outputs) : NULL;
  conn->target_at = 0;
}

static disrust_status failed(disrust_conn *conn, uint32_t code, uint32_t detail) {
  conn->have = 0;
  if (!conn->in_flight) return ended(conn, DISRUST_VIOLATION);
  slot s = take_slot(conn);
  if (!s.call) return DISRUST_OK;
  s.call->code = code;
  if ((code == CODE_ERROR || code == CODE_PANIC) && detail < s.vectors)
    s.call->row = (int64_t)(s.call->answered_ + detail);
  s.call->answered_ += s.vectors;
  finish(conn, s.call, DISRUST_FAILED);
  return DISRUST_OK;
}

// noticed takes note of a whole notice.
static void noticed(disrust_conn *conn) {
  uint32_t type = conn->word & LOW_BITS;
  conn->at = AT_WORD;
  conn->have = 0;
  if (type == GOING_AWAY) conn->leaving = 1;
  if (type == ANOTHER_MODEL) memcpy(conn->model.identity, conn->identity, DISRUST_IDENTITY_BYTES);
}

static disrust_status notice_begins(disrust_conn *conn, uint32_t type, uint32_t size) {
  if (size % 4 || size > MOST_NOTICE_BYTES) return ended(conn, DISRUST_VIOLATION);
  if (type == GOING_AWAY && size != 0) return ended(conn, DISRUST_VIOLATION);
  if (type == ANOTHER_MODEL && size != DISRUST_IDENTITY_BYTES) return ended(conn, DISRUST_VIOLATION);
  conn->at = AT_NOTICE;
  conn->left = size;
  if (!size) noticed(conn);
  return DISRUST_OK;
}

// answerable says whether the server may answer the oldest request: it was wholly sent.
static int answerable(const disrust_conn *conn) { return conn->in_flight > (conn->out_left ? 1u : 0u); }

// head_whole takes the first four or eight bytes of a message.
static disrust_status head_whole(disrust_conn *conn) {
  if (conn->have == PREAMBLE_BYTES) {
    uint32_t detail = get32(conn->head + 4), low = conn->word & LOW_BITS;
    return conn->word >= NOTICE_WORD ? notice_begins(conn, low, detail) : failed(conn, low, detail);
  }
  conn->word = get32(conn->head);
  if (conn->word >= FAILURE_WORD) return DISRUST_OK; // four more bytes come
  if (!answerable(conn) || conn->word != conn->slots[conn->first_slot].vectors) return ended(conn, DISRUST_VIOLATION);
  answer_begins(conn);
  return DISRUST_OK;
}

// take_scores takes bytes of an answer.
static void take_scores(disrust_conn *conn, const unsigned char *bytes, size_t size) {
  if (conn->target && DISRUST_BIG_ENDIAN) {
    for (size_t k = 0; k < size; k++) conn->target[(conn->target_at + k) ^ 3] = (char)bytes[k];
  } else if (conn->target) {
    memcpy(conn->target + conn->target_at, bytes, size);
  }
  conn->target_at += size;
  if (!(conn->left -= size)) answered(conn);
}

// take_notice takes bytes of a notice.
static void take_notice(disrust_conn *conn, const unsigned char *bytes, size_t size) {
  if ((conn->word & LOW_BITS) == ANOTHER_MODEL)
    memcpy(conn->identity + DISRUST_IDENTITY_BYTES - conn->left, bytes, size);
  if (!(conn->left -= size)) noticed(conn);
}

// take_head takes bytes up to the end of the header that is due.
static disrust_status take_head(disrust_conn *conn, const unsigned char *bytes, size_t *size) {
  size_t due = conn->at == AT_PREAMBLE || conn->have >= HEADER_BYTES ? PREAMBLE_BYTES : HEADER_BYTES;
  *size = least(*size, due - conn->have);
  memcpy(conn->head + conn->have, bytes, *size);
  conn->have += *size;
  if (conn->at == AT_PREAMBLE && memcmp(conn->head, magic, least(conn->have, sizeof magic)))
    return ended(conn, DISRUST_NO_WELCOME);
  if (conn->have < due) return DISRUST_OK;
  return conn->at == AT_PREAMBLE ? welcome_begins(conn) : head_whole(conn);
}

// take_welcome takes bytes of the body of a welcome.
static disrust_status take_welcome(disrust_conn *conn, const unsigned char *bytes, size_t size) {
  for (size_t k = 0; k < size; k++) welcome_byte(conn, bytes[k]);
  return (conn->left -= size) ? DISRUST_OK : judge(conn);
}

disrust_status disrust_conn_feed(disrust_conn *conn, const void *bytes, size_t size) {
  const unsigned char *next = (const unsigned char *)bytes;
  disrust_status status = DISRUST_OK;
  while (size && status == DISRUST_OK) {
    size_t taken = conn->at == AT_WORD || conn->at == AT_PREAMBLE ? size : least(size, conn->left);
    switch (conn->at) {
    case AT_PREAMBLE:
    case AT_WORD: status = take_head(conn, next, &taken); break;
    case AT_WELCOME: status = take_welcome(conn, next, taken); break;
    case AT_ANSWER: take_scores(conn, next, taken); break;
    case AT_NOTICE: take_notice(conn, next, taken); break;
    default: return DISRUST_VIOLATION;
    }
    next += taken;
    size -= taken;
  }
  return status;
}

int disrust_conn_between(const disrust_conn *conn) { return conn->at == AT_WORD && conn->have == 0; }

void disrust_conn_end(disrust_conn *conn) {
  while (conn->live.first) finish(conn, conn->live.first, DISRUST_LOST);
  conn->at = AT_END;
}

// restart makes the connection ready for another stream. It keeps the calls and the shape of the model.
// What was begun of the calls begins again.
static void restart(disrust_conn *conn) {
  conn->at = AT_PREAMBLE;
  conn->have = conn->left = conn->hello_sent = conn->out_left = 0;
  conn->leaving = 0;
  conn->in_flight = 0;
  conn->out_call = NULL;
  conn->target = NULL;
  conn->sending = conn->live.first;
}

// The client

enum {
  BUFFER_BYTES = 64 << 10,
  MOST_PIECES = 2 * MOST_REQUESTS + 2,
  MOST_READS = 16,         // in one turn
  MOST_PLACES = 8,         // that a host name has
  MOST_ADDRS = 1024,
  MOST_HOST_BYTES = 255,
  MOST_MILLIS = 1 << 30,
  MOST_UNUSED = 4,         // connections in a row without an answer until an address counts as failed
  RETRY_TENTHS = 10,       // of a retry, that a retry costs; an answer earns one
  MOST_TENTHS = 100,
  FIRST_WAIT_MILLIS = 10,
  LONGEST_WAIT_MILLIS = 1000,
  DEFAULT_WINDOW = 256,
  DEFAULT_DIAL_MILLIS = 5000,
  DEFAULT_STALL_MILLIS = 10000,
  REASON_BYTES = 1536
};

#define MILLI INT64_C(1000000) // nanoseconds
#define NEVER INT64_MAX
#define FRESH MILLI // for which a connection that rests is taken to stand as it was

#define CLOSED_EARLY "closed before its welcome: a version 1 server, a full one, or an address not allowed"

static const char other_shape[] = "serves another dim, outputs or kind than the first server";
static const char no_welcome[] =
    "sent something that is no welcome, or contradicts the client's hello: is it another server?";
static const char unix_prefix[] = "unix:";

enum { DOWN, CONNECTING, GREETING, UP };

// address is a server, and when to try it again.
typedef struct {
  char *text;
  int64_t due;           // when the next attempt may begin
  uint32_t wait;         // milliseconds between attempts, before jitter
  uint32_t unused;       // connections in a row that have ended without an answer
  disrust_status failed; // how the last attempt failed, or DISRUST_OK
} address;

typedef struct {
  struct sockaddr_storage addr;
  socklen_t size;
} place;

struct disrust_client {
  disrust_conn *conn;
  address *addrs;
  size_t addr_count, current; // current is in use, or tried next
  disrust_status failed;      // how the address that failed last has failed
  int64_t stall, dial;        // nanoseconds
  uint32_t timeout, retries;

  int fd, phase, seeking; // seeking: disrust_connect waits
  unsigned sockets;
  int blocked, half_closed, broken; // broken is the errno of a send, after which nothing more is sent
  uint64_t answers;                 // of conn when this connection began, and those that have earned
  uint64_t earned;
  int64_t place_end, dial_end; // when an attempt at a place, and at an address, ends
  int64_t heard;               // when the server last sent or took something
  int64_t earliest;            // no call's deadline is before this
  uint32_t receive_millis;     // SO_RCVTIMEO of the descriptor
  uint32_t tenths, random;
  size_t place_count, place_at;
  place places[MOST_PLACES];
  char reason[REASON_BYTES];
  unsigned char buffer[BUFFER_BYTES];
};

static int64_t now_nanos(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 * MILLI + t.tv_nsec;
}

// Configuration

// host_and_port finds both in an address that is no path: [IPv6]:port or host:port. It returns whether
// they are there.
static int host_and_port(const char *addr, const char **host, size_t *host_size, const char **port) {
  const char *colon = strrchr(addr, ':');
  if (!colon || colon == addr || !colon[1] || strlen(colon + 1) > 5) return 0;
  *host = addr;
  *host_size = (size_t)(colon - addr);
  *port = colon + 1;
  if (strspn(*port, "0123456789") != strlen(*port) || strtol(*port, NULL, 10) > MOST_SIZE) return 0;
  if (addr[0] == '[' && colon[-1] == ']') {
    *host = addr + 1;
    *host_size -= 2;
  } else if (memchr(addr, ':', *host_size)) {
    return 0;
  }
  return *host_size >= 1 && *host_size <= MOST_HOST_BYTES;
}

// path_of returns the path of a Unix socket, or NULL.
static const char *path_of(const char *addr) {
  size_t prefix = sizeof unix_prefix - 1;
  return strncmp(addr, unix_prefix, prefix) ? NULL : addr + prefix;
}

static const char *check_addr(const char *addr) {
  const char *host, *port, *path = addr ? path_of(addr) : NULL;
  size_t host_size;
  if (!addr) return "an address is NULL";
  if (!path && host_and_port(addr, &host, &host_size, &port)) return NULL;
  if (!path) return "an address is none of host:port, [IPv6]:port and unix:PATH";
  if (!*path) return "the address unix: has no path";
  return strlen(path) < sizeof((struct sockaddr_un *)0)->sun_path ? NULL : "the path of a Unix socket is too long";
}

const char *disrust_check(const disrust_config *config) {
  const disrust_expect *e = &config->expect;
  if (!config->addrs || !config->addr_count) return "no address is given";
  if (config->addr_count > MOST_ADDRS) return "there are more than 1024 addresses";
  for (size_t k = 0; k < config->addr_count; k++) {
    const char *wrong = check_addr(config->addrs[k]);
    if (wrong) return wrong;
  }
  if (e->dim > MOST_SIZE || e->outputs > MOST_SIZE || e->max_vectors > MOST_SIZE)
    return "dim, outputs or max_vectors is above 65535";
  if (e->model && strlen(e->model) > DISRUST_NAME_BYTES) return "the model's name is longer than 255 bytes";
  if (config->window > MOST_WINDOW) return "window is above 65536";
  if (config->timeout_millis > MOST_MILLIS || config->dial_timeout_millis > MOST_MILLIS ||
      config->stall_timeout_millis > MOST_MILLIS)
    return "a timeout is above 2^30 milliseconds";
  return NULL;
}

// client_bytes is the size of a client without what lies behind it in one piece of memory: its connection,
// its addresses and their texts.
static size_t client_bytes(void) { return (sizeof(disrust_client) + 15) / 16 * 16; }

static size_t texts_bytes(const disrust_config *config) {
  size_t size = 0;
  for (size_t k = 0; k < config->addr_count; k++) size += strlen(config->addrs[k]) + 1;
  return size;
}

static uint32_t otherwise(uint32_t value, uint32_t by_default) { return value ? value : by_default; }

disrust_status disrust_new(const disrust_config *config, disrust_client **client) {
  *client = NULL;
  if (disrust_check(config)) return DISRUST_CONFIG;
  uint32_t window = otherwise(config->window, DEFAULT_WINDOW);
  size_t head = client_bytes(), conn = disrust_conn_size(window), addrs = config->addr_count * sizeof(address);
  char *memory = (char *)malloc(head + conn + addrs + texts_bytes(config));
  if (!memory) return DISRUST_MEMORY;
  disrust_client *c = (disrust_client *)(void *)memory;
  memset(memory, 0, sizeof *c);
  c->conn = disrust_conn_init(memory + head, window, &config->expect);
  c->addrs = (address *)(void *)(memory + head + conn);
  c->addr_count = config->addr_count;
  char *text = memory + head + conn + addrs;
  for (size_t k = 0; k < c->addr_count; k++) {
    size_t size = strlen(config->addrs[k]) + 1;
    memset(&c->addrs[k], 0, sizeof(address));
    c->addrs[k].text = (char *)memcpy(text, config->addrs[k], size);
    text += size;
  }
  c->timeout = config->timeout_millis;
  c->retries = config->retries;
  c->dial = otherwise(config->dial_timeout_millis, DEFAULT_DIAL_MILLIS) * MILLI;
  c->stall = otherwise(config->stall_timeout_millis, DEFAULT_STALL_MILLIS) * MILLI;
  c->fd = -1;
  c->earliest = NEVER;
  c->tenths = MOST_TENTHS;
  c->random = (uint32_t)now_nanos() ^ (uint32_t)(uintptr_t)memory ^ (uint32_t)getpid();
  *client = c;
  return DISRUST_OK;
}

static void close_socket(disrust_client *c) {
  if (c->fd >= 0) close(c->fd);
  c->fd = -1;
  c->phase = DOWN;
}

void disrust_free(disrust_client *c) {
  if (!c) return;
  close_socket(c);
  free(c);
}

const disrust_model *disrust_served(const disrust_client *c) { return disrust_conn_model(c->conn); }

const char *disrust_reason(const disrust_client *c) { return c->reason; }

const disrust_refusal *disrust_refused(const disrust_client *c) { return disrust_conn_refusal(c->conn); }

int disrust_fd(const disrust_client *c) { return c->fd; }

unsigned disrust_sockets(const disrust_client *c) { return c->sockets; }

// How connections end

// explain sets the reason: what happened, and what more another machine or the system says.
static void explain(disrust_client *c, const char *what, const char *more, size_t more_size) {
  snprintf(c->reason, sizeof c->reason, "%.255s: %s", c->addrs[c->current].text, what);
  append_text(c->reason, sizeof c->reason, more, more_size);
}

// delay puts the next attempt at an address off: 10 ms at first, up to a second, less a random part of
// up to half.
static void delay(disrust_client *c, address *a) {
  a->wait *= 2;
  if (a->wait < FIRST_WAIT_MILLIS) a->wait = FIRST_WAIT_MILLIS;
  if (a->wait > LONGEST_WAIT_MILLIS) a->wait = LONGEST_WAIT_MILLIS;
  c->random = c->random * 1664525u + 1013904223u;
  a->due = now_nanos() + a->wait * MILLI / 2 + (int64_t)((c->random >> 16) % 500) * a->wait * (MILLI / 1000);
}

static void next_addr(disrust_client *c) { c->current = (c->current + 1) % c->addr_count; }

// address_failed takes note that the attempt at the current address failed. explain was called.
static void address_failed(disrust_client *c, disrust_status status) {
  close_socket(c);
  restart(c->conn);
  c->addrs[c->current].failed = c->failed = status;
  delay(c, &c->addrs[c->current]);
  next_addr(c);
}

// may_go_on says whether rows of a call that were begun may be sent again. A connection that ended in
// order counts as a move, of which there are a few without an answer between them, and any other as a
// retry.
static int may_go_on(disrust_client *c, disrust_call *call, int in_order) {
  if (call->answered_ > call->moved_at_) call->moves_ = 0;
  call->moved_at_ = call->answered_;
  if (in_order && call->moves_ <= c->addr_count) {
    call->moves_++;
    return 1;
  }
  if (call->retries_ >= c->retries || c->tenths < RETRY_TENTHS) return 0;
  call->retries_++;
  c->tenths -= RETRY_TENTHS;
  return 1;
}

// lost takes note that the connection has ended after its welcome. explain was called. A connection that
// brought no answer counts against its address.
static void lost(disrust_client *c, int in_order) {
  address *a = &c->addrs[c->current];
  close_socket(c);
  for (disrust_call *call = c->conn->live.first, *next; call; call = next) {
    next = call->next_;
    if (call->begun_ > call->answered_ && !may_go_on(c, call, in_order)) finish(c->conn, call, DISRUST_LOST);
    else call->begun_ = call->answered_;
  }
  if (c->conn->answers > c->answers) {
    a->wait = a->unused = 0;
    a->due = 0;
  } else {
    delay(c, a);
    if (++a->unused > MOST_UNUSED) a->failed = c->failed = DISRUST_LOST;
  }
  restart(c->conn);
  next_addr(c);
}

// connection_failed takes note that the connection ended because of an error.
static void connection_failed(disrust_client *c, const char *what, const char *more) {
  if (c->phase == UP) {
    explain(c, what, more, strlen(more));
    lost(c, 0);
  } else {
    explain(c, *more ? CLOSED_EARLY "; " : CLOSED_EARLY, more, strlen(more));
    address_failed(c, DISRUST_NO_WELCOME);
  }
}

// Connecting

static int set_option(int fd, int level, int name) {
  int on = 1;
  return setsockopt(fd, level, name, &on, sizeof on);
}

// open_socket begins to connect to a place. It returns DOWN, with errno, CONNECTING or GREETING.
// The descriptor blocks afterwards, for the blocking calls; all others say MSG_DONTWAIT.
static int open_socket(disrust_client *c, const place *p) {
  c->fd = socket(p->addr.ss_family, SOCK_STREAM, 0);
  if (c->fd < 0) return DOWN;
  int flags = fcntl(c->fd, F_GETFL);
  if (flags < 0 || fcntl(c->fd, F_SETFL, flags | O_NONBLOCK) || fcntl(c->fd, F_SETFD, FD_CLOEXEC)) return DOWN;
  if (p->addr.ss_family != AF_UNIX && set_option(c->fd, IPPROTO_TCP, TCP_NODELAY)) return DOWN;
#ifdef SO_NOSIGPIPE
  if (set_option(c->fd, SOL_SOCKET, SO_NOSIGPIPE)) return DOWN;
#endif
  int connected = connect(c->fd, (const struct sockaddr *)(const void *)&p->addr, p->size);
  int problem = errno;
  if (fcntl(c->fd, F_SETFL, flags)) return DOWN;
  errno = problem;
  if (!connected) return GREETING;
  return problem == EINPROGRESS || problem == EINTR ? CONNECTING : DOWN;
}

static void begin_greeting(disrust_client *c) {
  c->phase = GREETING;
  c->heard = now_nanos();
}

// try_places begins to connect to the next place that can be tried, each within its share of the time.
// It returns false after the last one. problem is why the one before failed.
static int try_places(disrust_client *c, int problem) {
  for (; c->place_at < c->place_count; c->place_at++) {
    int64_t now = now_nanos();
    c->place_end = now + (c->dial_end - now) / (int64_t)(c->place_count - c->place_at);
    c->sockets++;
    c->receive_millis = 0;
    c->blocked = c->half_closed = c->broken = 0;
    c->answers = c->earned = c->conn->answers;
    c->phase = open_socket(c, &c->places[c->place_at]);
    if (c->phase == GREETING) begin_greeting(c);
    if (c->phase != DOWN) return 1;
    problem = errno;
    close_socket(c);
  }
  const char *text = strerror(problem);
  explain(c, "cannot connect: ", text, strlen(text));
  address_failed(c, DISRUST_UNREACHABLE);
  return 0;
}

// look_up finds the places of an address. It returns false if there are none.
static int look_up(disrust_client *c, const char *addr) {
  const char *path = path_of(addr), *host, *port;
  char name[MOST_HOST_BYTES + 1];
  size_t size;
  struct addrinfo hints, *found = NULL;
  c->place_at = c->place_count = 0;
  if (path) {
    struct sockaddr_un *un = (struct sockaddr_un *)(void *)&c->places[0].addr;
    memset(un, 0, sizeof *un);
    un->sun_family = AF_UNIX;
    memcpy(un->sun_path, path, strlen(path) + 1);
    c->places[0].size = sizeof *un;
    c->place_count = 1;
    return 1;
  }
  host_and_port(addr, &host, &size, &port); // disrust_check has seen it
  memcpy(name, host, size);
  name[size] = 0;
  memset(&hints, 0, sizeof hints);
  hints.ai_socktype = SOCK_STREAM;
  int problem = getaddrinfo(name, port, &hints, &found);
  if (problem) {
    const char *text = gai_strerror(problem);
    explain(c, "cannot look the host up: ", text, strlen(text));
    return 0;
  }
  for (struct addrinfo *a = found; a && c->place_count < MOST_PLACES; a = a->ai_next) {
    memcpy(&c->places[c->place_count].addr, a->ai_addr, a->ai_addrlen);
    c->places[c->place_count++].size = a->ai_addrlen;
  }
  freeaddrinfo(found);
  return 1;
}

// dial begins an attempt at the current address. It returns false if that has failed already.
static int dial(disrust_client *c) {
  c->dial_end = now_nanos() + c->dial;
  if (look_up(c, c->addrs[c->current].text)) return try_places(c, 0);
  address_failed(c, DISRUST_UNREACHABLE);
  return 0;
}

// all_failed returns how the address that failed last has failed, if all have, and DISRUST_OK otherwise.
static disrust_status all_failed(const disrust_client *c) {
  for (size_t k = 0; k < c->addr_count; k++)
    if (!c->addrs[k].failed) return DISRUST_OK;
  return c->failed;
}

static int wanted(const disrust_client *c) { return c->seeking || c->conn->live.first; }

// seek tries the addresses whose time has come, from the current one on. If all have failed, it fails
// all calls.
static void seek(disrust_client *c) {
  int64_t now = now_nanos();
  for (size_t k = 0; k < c->addr_count; k++) {
    if (c->addrs[c->current].due > now) next_addr(c);
    else if (dial(c)) return;
  }
  disrust_status status = all_failed(c);
  if (status == DISRUST_OK) return;
  c->seeking = 0;
  while (c->conn->live.first) finish(c->conn, c->conn->live.first, status);
}

// connected finds out how an attempt to connect has ended. If the program asks so late that the time of the
// attempt is over, the welcome, or the next place, has that time again.
static void connected(disrust_client *c) {
  int problem = 0;
  socklen_t size = sizeof problem;
  int64_t now = now_nanos();
  if (now >= c->dial_end) c->dial_end = now + c->dial;
  if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &problem, &size)) problem = errno;
  if (!problem) {
    begin_greeting(c);
    return;
  }
  close_socket(c);
  c->place_at++;
  try_places(c, problem);
}

// Bytes

static void transmit(disrust_client *c) {
  disrust_piece pieces[MOST_PIECES];
  struct iovec parts[MOST_PIECES];
  size_t count;
  while (!c->broken && (count = disrust_conn_output(c->conn, pieces, MOST_PIECES))) {
    struct msghdr message;
    size_t size = 0;
    memset(&message, 0, sizeof message);
    for (size_t k = 0; k < count; size += pieces[k++].size) {
      parts[k].iov_base = (void *)(uintptr_t)pieces[k].bytes; // sendmsg only reads
      parts[k].iov_len = pieces[k].size;
    }
    message.msg_iov = parts;
    message.msg_iovlen = (uint16_t)count; // a size_t on some systems, an int on others
    ssize_t sent = sendmsg(c->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    // What the server sent before an error may still be there: receive finds it, and then the end.
    if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK) c->broken = errno;
    c->blocked = sent < (ssize_t)size && !c->broken;
    if (sent <= 0) return;
    disrust_conn_sent(c->conn, (size_t)sent);
    c->heard = now_nanos();
    if (c->blocked) return;
  }
  if (disrust_conn_ending(c->conn) && !c->half_closed) {
    c->half_closed = 1;
    shutdown(c->fd, SHUT_WR); // if it fails the connection has ended, and receive finds out how
  }
}

// fed takes note of what disrust_conn_feed has found.
static void fed(disrust_client *c, disrust_status status) {
  const disrust_refusal *refusal = disrust_conn_refusal(c->conn);
  if (status == DISRUST_OK && c->phase == GREETING && c->conn->at >= AT_WORD) {
    c->phase = UP;
    c->seeking = 0;
    c->addrs[c->current].failed = DISRUST_OK;
  } else if (status == DISRUST_VIOLATION) {
    explain(c, "the server broke the protocol", "", 0);
    lost(c, 0);
  } else if (status == DISRUST_NO_WELCOME) {
    explain(c, no_welcome, "", 0);
    address_failed(c, status);
  } else if (status == DISRUST_REFUSED) {
    if (refusal->status) explain(c, "refuses: ", refusal->sentence, refusal->sentence_size);
    else explain(c, other_shape, "", 0);
    address_failed(c, status);
  }
}

// received takes what recv has returned. It returns false if nothing more can come now.
static int received(disrust_client *c, ssize_t size) {
  if (size < 0) {
    if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
      connection_failed(c, "the connection was lost: ", strerror(errno));
    return 0;
  }
  if (size == 0) {
    const char *problem = c->broken ? strerror(c->broken) : "the server closed the connection";
    if (c->phase != UP) {
      connection_failed(c, "", "");
    } else {
      explain(c, problem, "", 0);
      lost(c, disrust_conn_between(c->conn) && !c->broken);
    }
    return 0;
  }
  c->heard = now_nanos();
  disrust_status status = disrust_conn_feed(c->conn, c->buffer, (size_t)size);
  uint64_t earned = c->conn->answers - c->earned;
  c->earned = c->conn->answers;
  c->tenths = (uint32_t)least((size_t)earned + c->tenths, MOST_TENTHS);
  fed(c, status);
  return c->phase >= GREETING;
}

static void receive(disrust_client *c) {
  ssize_t size;
  int reads = 0;
  do size = recv(c->fd, c->buffer, BUFFER_BYTES, MSG_DONTWAIT);
  while (received(c, size) && size == BUFFER_BYTES && ++reads < MOST_READS);
}

// Turns

static int rests(const disrust_client *c) { return c->phase == UP && !c->conn->in_flight; }

// overdue ends what has taken too long: an attempt to connect, a welcome, or an answer.
static void overdue(disrust_client *c, int64_t now) {
  if (c->phase == CONNECTING && now >= c->place_end) {
    close_socket(c);
    c->place_at++;
    try_places(c, ETIMEDOUT);
  } else if (c->phase == GREETING && now >= c->dial_end) {
    explain(c, "sent no welcome in time", "", 0);
    address_failed(c, DISRUST_NO_WELCOME);
  } else if (c->phase == UP && c->conn->in_flight && now >= c->heard + c->stall) {
    explain(c, "the server has been silent for too long", "", 0);
    lost(c, 0);
  }
}

// expire ends the calls whose time is over.
static void expire(disrust_client *c, int64_t now) {
  if (now < c->earliest) return;
  c->earliest = NEVER;
  for (disrust_call *call = c->conn->live.first, *next; call; call = next) {
    next = call->next_;
    if (call->deadline_ <= now) finish(c->conn, call, DISRUST_GAVE_UP);
    else if (call->deadline_ < c->earliest) c->earliest = call->deadline_;
  }
}

// late says whether a time has passed that expire or overdue judges. The program may have done other work
// since the last turn, so that what came in time is still in the socket.
static int late(const disrust_client *c, int64_t now) {
  if (c->phase == CONNECTING) return now >= c->place_end;
  if (c->phase == GREETING) return now >= c->dial_end;
  return c->phase == UP && c->conn->in_flight && (now >= c->earliest || now >= c->heard + c->stall);
}

// ready_within waits for so many milliseconds, or without end if they are -1, until the descriptor is ready,
// and returns for what.
static int ready_within(const disrust_client *c, int millis) {
  struct pollfd p;
  int wants = disrust_wants(c), ready = 0;
  p.fd = c->fd;
  p.events = (short)((wants & DISRUST_READ ? POLLIN : 0) | (wants & DISRUST_WRITE ? POLLOUT : 0));
  p.revents = 0;
  if (poll(&p, c->fd >= 0, millis) > 0) {
    if (p.revents & (POLLIN | POLLHUP | POLLERR)) ready |= DISRUST_READ;
    if (p.revents & (POLLOUT | POLLHUP | POLLERR)) ready |= DISRUST_WRITE;
  }
  return ready;
}

// look receives on a connection that stands. One that has rested is looked at before a request goes out:
// the server may have closed it.
static void look(disrust_client *c, int ready, int64_t now) {
  if (rests(c) && c->conn->sending && now - c->heard > FRESH) ready |= DISRUST_READ;
  if (ready & DISRUST_READ) receive(c);
}

// proceed sends on a connection that stands, and ends one on which nothing more can be done.
static void proceed(disrust_client *c, int ready) {
  if (c->phase >= GREETING && (!c->blocked || ready & DISRUST_WRITE)) transmit(c);
  if (rests(c) && (c->broken || disrust_conn_ending(c->conn))) {
    explain(c, c->broken ? strerror(c->broken) : "the server went away", "", 0);
    lost(c, !c->broken);
  }
}

void disrust_turn(disrust_client *c, int ready) {
  int64_t now = now_nanos();
  if (late(c, now)) ready |= ready_within(c, 0);
  if (c->phase == CONNECTING && ready & DISRUST_WRITE) {
    connected(c);
    ready = 0;
  }
  if (c->phase >= GREETING) look(c, ready, now);
  expire(c, now);
  if (c->phase >= GREETING) proceed(c, ready);
  overdue(c, now);
  if (c->phase == DOWN && wanted(c)) seek(c);
  if (c->phase == GREETING && !c->conn->hello_sent) transmit(c);
}

void disrust_start(disrust_client *c, disrust_call *call) {
  uint32_t millis = otherwise(call->timeout_millis, c->timeout);
  call->deadline_ = millis ? now_nanos() + millis * MILLI : NEVER;
  if (call->deadline_ < c->earliest) c->earliest = call->deadline_;
  disrust_conn_start(c->conn, call);
}

void disrust_cancel(disrust_client *c, disrust_call *call) { disrust_conn_cancel(c->conn, call); }

disrust_call *disrust_done(disrust_client *c) { return disrust_conn_done(c->conn); }

int disrust_wants(const disrust_client *c) {
  if (c->phase == DOWN) return 0;
  if (c->phase == CONNECTING) return DISRUST_WRITE;
  return DISRUST_READ | (c->blocked ? DISRUST_WRITE : 0);
}

// next_event returns when disrust_turn is due if nothing comes from the descriptor.
static int64_t next_event(const disrust_client *c) {
  int64_t at = c->conn->live.first ? c->earliest : NEVER, own = NEVER;
  if (c->phase == CONNECTING) own = c->place_end;
  if (c->phase == GREETING) own = c->dial_end;
  if (c->phase == UP && c->conn->in_flight) own = c->heard + c->stall;
  if (c->phase == DOWN && wanted(c)) {
    for (size_t k = 0; k < c->addr_count; k++)
      if (c->addrs[k].due < own) own = c->addrs[k].due;
  }
  return own < at ? own : at;
}

int disrust_timeout(const disrust_client *c) {
  int64_t at = next_event(c);
  if (at == NEVER) return -1;
  int64_t left = at - now_nanos();
  if (left <= 0) return 0;
  return left / MILLI >= MOST_MILLIS ? MOST_MILLIS : (int)((left + MILLI - 1) / MILLI);
}

// Blocking calls

// wait_in_poll waits until there is something to do, and does it.
static void wait_in_poll(disrust_client *c) {
  disrust_turn(c, ready_within(c, disrust_timeout(c)));
}

// wait_in_recv waits for an answer in one call of the kernel, for some milliseconds, if there is nothing
// else to wait for. It returns whether that is so.
static int wait_in_recv(disrust_client *c, uint32_t millis) {
  if (c->phase != UP || c->blocked || c->broken || !c->conn->in_flight) return 0;
  if (c->receive_millis != millis) {
    struct timeval t;
    t.tv_sec = (time_t)(millis / 1000);
    t.tv_usec = (suseconds_t)(millis % 1000 * 1000);
    if (setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t)) return 0;
    c->receive_millis = millis;
  }
  received(c, recv(c->fd, c->buffer, BUFFER_BYTES, 0));
  disrust_turn(c, 0);
  return 1;
}

static uint32_t stall_millis(const disrust_client *c) { return (uint32_t)(c->stall / MILLI); }

disrust_status disrust_connect(disrust_client *c) {
  if (c->phase == UP) return DISRUST_OK;
  c->seeking = 1;
  disrust_turn(c, 0);
  while (c->seeking) wait_in_poll(c);
  return c->phase == UP ? DISRUST_OK : all_failed(c);
}

disrust_status disrust_run(disrust_client *c, disrust_call *call) {
  uint32_t millis = otherwise(call->timeout_millis, c->timeout), stall = stall_millis(c);
  disrust_start(c, call);
  disrust_turn(c, 0);
  // The first wait is one of the whole timeout. A later one would end too late.
  if (call->status == DISRUST_PENDING && c->conn->live.first == call && c->conn->live.last == call)
    wait_in_recv(c, millis && millis < stall ? millis : stall);
  while (call->status == DISRUST_PENDING) wait_in_poll(c);
  list_remove(&c->conn->done, call);
  return call->status;
}

disrust_status disrust_score(disrust_client *c, const float *rows, size_t feature_count, float *scores,
                             size_t score_count) {
  disrust_call call;
  memset(&call, 0, sizeof call);
  call.rows = rows;
  call.feature_count = feature_count;
  call.scores = scores;
  call.score_count = score_count;
  return disrust_run(c, &call);
}

disrust_call *disrust_wait(disrust_client *c) {
  disrust_call *call = disrust_done(c);
  if (!call && c->conn->live.first) disrust_turn(c, 0);
  while (!(call = call ? call : disrust_done(c)) && c->conn->live.first)
    if (c->earliest != NEVER || !wait_in_recv(c, stall_millis(c))) wait_in_poll(c);
  return call;
}
