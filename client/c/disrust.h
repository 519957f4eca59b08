// disrust.h: the client of disrust for C99 and C++, on POSIX systems.
//
// There are three layers, and each stands on the one before:
//
//   disrust_conn    one connection without a socket: the program moves the bytes
//   disrust_client  servers and a socket, for an event loop: start, turn, done
//   blocking calls  the same client: connect, score, run, wait
//
// Threads: one thread at a time may use a client or a disrust_conn. Different ones are independent.
// The library has no global state, starts no thread and touches no signal.
//
// Memory: disrust_new allocates once. Nothing is allocated after that, except by getaddrinfo, which
// looks up host names. Calls, rows and scores belong to the program.
#ifndef DISRUST_H
#define DISRUST_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum disrust_status {
  DISRUST_OK = 0,
  DISRUST_PENDING,     // the call is in progress
  DISRUST_GAVE_UP,     // the timeout passed; written says whether a server may have seen the rows
  DISRUST_CANCELLED,   // the program cancelled the call
  DISRUST_LOST,        // rows were sent, and the connection ended without their answer
  DISRUST_FAILED,      // the server failed a request of the call: see code and row
  DISRUST_COUNTS,      // features or scores are not those of a number of whole rows: nothing was sent
  DISRUST_UNREACHABLE, // no connection to any server can be made
  DISRUST_NO_WELCOME,  // the server closed the connection before its welcome, or is other software
  DISRUST_REFUSED,     // the server does not serve what the client expects
  DISRUST_VIOLATION,   // disrust_conn only: the server broke the protocol
  DISRUST_CONFIG,      // disrust_new only: disrust_check says what is wrong
  DISRUST_MEMORY       // disrust_new only: no memory is left
} disrust_status;

// disrust_text returns a static text for a person.
const char *disrust_text(disrust_status status);

// What the scores mean. A client must expect unknown kinds.
enum { DISRUST_UNSTATED = 0, DISRUST_RAW = 1, DISRUST_PROB = 2, DISRUST_CLASS = 3 };

enum { DISRUST_IDENTITY_BYTES = 32, DISRUST_NAME_BYTES = 255, DISRUST_SENTENCE_BYTES = 1023 };

// disrust_model is what a server says of its model.
typedef struct disrust_model {
  uint32_t dim;         // features per row
  uint32_t outputs;     // scores per row
  uint32_t kind;        // of the scores
  uint32_t max_vectors; // rows in the largest request; larger calls become several requests
  unsigned char identity[DISRUST_IDENTITY_BYTES]; // SHA-256 of the model's file and options; zeros: built in
  size_t name_size;
  char name[DISRUST_NAME_BYTES + 1]; // from another machine: any bytes may be in it; a zero follows
} disrust_model;

// disrust_expect is what the program expects of a server. 0 and NULL mean anything.
typedef struct disrust_expect {
  uint32_t dim, outputs, kind, max_vectors;
  const char *model;
} disrust_expect;

// disrust_refusal is the welcome of a server that refuses.
typedef struct disrust_refusal {
  uint16_t status; // as the protocol numbers them; 0: the server's model is not of the shape of the first one's
  size_t sentence_size;
  char sentence[DISRUST_SENTENCE_BYTES + 1]; // why, from another machine; cut if longer; a zero follows
} disrust_refusal;

// disrust_call asks for the scores of some rows. The program fills in the first part and zeroes the
// rest. From the start of the call until it is done the call, the rows and the scores stay where they
// are: the client reads rows, writes scores, and touches none of them afterwards. If the status is not
// DISRUST_OK, the scores hold anything. A call that is done may be started again.
typedef struct disrust_call {
  const float *rows;       // row after row
  size_t feature_count;    // floats in rows: number of rows * dim
  float *scores;           // row after row
  size_t score_count;      // floats in scores: number of rows * outputs
  uint32_t timeout_millis; // from the start of the call; 0: that of the client
  void *user;              // the program's own

  disrust_status status;
  uint32_t code; // of DISRUST_FAILED: 1 the model returned an error, 2 it panicked, others: see the protocol
  int64_t row;   // of DISRUST_FAILED: the first row that fails, counted from 0 over the call; -1: not known
  int written;   // whether a server may have seen rows of the call

  // private
  struct disrust_call *next_, *previous_;
  size_t total_, begun_, answered_, moved_at_; // rows
  int64_t deadline_;
  uint32_t moves_, retries_, slot_;
} disrust_call;

// The client

typedef struct disrust_client disrust_client;

// disrust_config holds the settings of a client. Zero means what the comment says.
typedef struct disrust_config {
  const char *const *addrs; // "host:port", "[IPv6]:port" or "unix:PATH". The first is tried first,
  size_t addr_count;        // and the next one after a failure or the end of a connection
  disrust_expect expect;
  uint32_t window;               // requests in flight; 0: 256
  uint32_t timeout_millis;       // of a call that names none; 0: no limit
  uint32_t dial_timeout_millis;  // of an attempt to connect, with the server's welcome; 0: 5000
  uint32_t stall_timeout_millis; // for which a server may owe an answer in silence; 0: 10000
  uint32_t retries;              // how often rows may be sent again when a connection breaks that had
                                 // brought them to a server; at most a tenth of the requests are, and ten at once
} disrust_config;

// disrust_check returns NULL, or a static sentence that says what is wrong with config.
const char *disrust_check(const disrust_config *config);

// disrust_new makes a client and connects to nothing yet. It keeps no pointer into config. It returns
// DISRUST_OK, DISRUST_CONFIG or DISRUST_MEMORY.
disrust_status disrust_new(const disrust_config *config, disrust_client **client);

// disrust_free closes the connection and frees the client. It touches no call that is in progress.
// NULL is allowed.
void disrust_free(disrust_client *client);

// disrust_served returns what the server says of its model, as of the last answer, or NULL before the
// first welcome. dim, outputs and kind never change.
const disrust_model *disrust_served(const disrust_client *client);

// disrust_reason returns a sentence for a person: how the last connection or attempt to connect ended.
// It has no control characters. It holds until the client is used again.
const char *disrust_reason(const disrust_client *client);

// disrust_refused returns the last refusal. It means something after DISRUST_REFUSED.
const disrust_refusal *disrust_refused(const disrust_client *client);

// Blocking

// disrust_connect waits until a server has welcomed the client, or no address is left to try.
disrust_status disrust_connect(disrust_client *client);

// disrust_score waits for the scores of rows.
disrust_status disrust_score(disrust_client *client, const float *rows, size_t feature_count, float *scores,
                             size_t score_count);

// disrust_run starts a call and waits until it is done. It returns its status.
disrust_status disrust_run(disrust_client *client, disrust_call *call);

// disrust_wait waits until a call that disrust_start has started is done, and returns it. It returns
// NULL if none is in progress.
disrust_call *disrust_wait(disrust_client *client);

// Event loop: nothing below waits, except that a host name in an address is looked up when the client
// connects. Numeric addresses and Unix sockets need no lookup.

enum { DISRUST_READ = 1, DISRUST_WRITE = 2 };

// disrust_start queues a call. disrust_turn sends it.
void disrust_start(disrust_client *client, disrust_call *call);

// disrust_cancel ends a call that is in progress, with DISRUST_CANCELLED. disrust_done does not return
// it. What was sent of it is answered in vain.
void disrust_cancel(disrust_client *client, disrust_call *call);

// disrust_turn does all that can be done now: it connects, sends, receives, and ends calls whose time is
// over. ready has the events that the loop has found on the descriptor. Call it after starting calls,
// when the descriptor is ready, and when the timeout has passed. If a time has passed, it takes what has
// come on the descriptor first, whatever ready says.
void disrust_turn(disrust_client *client, int ready);

// disrust_done returns the next call that is done, or NULL.
disrust_call *disrust_done(disrust_client *client);

// disrust_fd returns the descriptor to watch, level-triggered, or -1. disrust_sockets returns how many
// the client has had: when that changes, an epoll or kqueue must register the descriptor anew, whose
// number may be the same.
int disrust_fd(const disrust_client *client);
unsigned disrust_sockets(const disrust_client *client);

// disrust_wants returns the events to watch for.
int disrust_wants(const disrust_client *client);

// disrust_timeout returns after how many milliseconds at most disrust_turn is due, or -1.
int disrust_timeout(const disrust_client *client);

// One connection without a socket

typedef struct disrust_conn disrust_conn;

// disrust_piece is a part of the bytes to send.
typedef struct disrust_piece {
  const void *bytes;
  size_t size;
} disrust_piece;

// disrust_conn_size returns the size of a connection with so many requests in flight, from 1 to 65536.
size_t disrust_conn_size(uint32_t window);

// disrust_conn_init makes a connection in memory of that size, aligned as malloc does. The memory holds
// no other resource, so it needs no end. expect is not kept.
disrust_conn *disrust_conn_init(void *memory, uint32_t window, const disrust_expect *expect);

// disrust_conn_model returns what the server says of its model, or NULL before the welcome.
const disrust_model *disrust_conn_model(const disrust_conn *conn);

// disrust_conn_refusal means something after disrust_conn_feed has returned DISRUST_REFUSED.
const disrust_refusal *disrust_conn_refusal(const disrust_conn *conn);

// disrust_conn_start queues a call. Its timeout means nothing here.
void disrust_conn_start(disrust_conn *conn, disrust_call *call);

// disrust_conn_cancel is disrust_cancel for a connection.
void disrust_conn_cancel(disrust_conn *conn, disrust_call *call);

// disrust_conn_output returns how many pieces to send there are now, most (2 or more) at most: bytes of the
// connection and of rows. They hold until the next use of the connection. disrust_conn_sent says how
// many of their bytes were sent.
size_t disrust_conn_output(disrust_conn *conn, disrust_piece *pieces, size_t most);
void disrust_conn_sent(disrust_conn *conn, size_t size);

// disrust_conn_ending says whether the server goes away and all was sent that will be: the program
// sends FIN, and reads on.
int disrust_conn_ending(const disrust_conn *conn);

// disrust_conn_feed takes bytes that were received, however they were split. After any other status than
// DISRUST_OK, which is DISRUST_VIOLATION, DISRUST_NO_WELCOME or DISRUST_REFUSED, the connection is of no
// more use.
disrust_status disrust_conn_feed(disrust_conn *conn, const void *bytes, size_t size);

// disrust_conn_between says whether the last byte that was fed ended a message. If the server sends FIN
// then, it will never answer what it has not answered: the program may send that elsewhere.
int disrust_conn_between(const disrust_conn *conn);

// disrust_conn_end ends all calls in progress with DISRUST_LOST. Those whose written is 0 were not sent.
void disrust_conn_end(disrust_conn *conn);

// disrust_conn_done returns the next call that is done, or NULL.
disrust_call *disrust_conn_done(disrust_conn *conn);

#ifdef __cplusplus
}
#endif

#endif
