// uring PORT MODEL: how cheap a server of disrust's protocol can be on io_uring, with one thread.
//
// It is a floor, not a server to use: no time-outs, no limits, no metrics, and one send at a time for
// each connection, whose answers wait for it. It speaks to the kernel directly, because liburing is
// not everywhere. One multishot accept and one multishot recv for each connection put completions
// into the ring without being asked again; the kernel picks a buffer from a ring that all
// connections share. Each turn handles all completions, sends what they have given rise to, and makes
// one system call. Needs Linux 6.1.
#define _GNU_SOURCE
#include <errno.h>
#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "score.h"
#include "serve.h"

enum {
  ENTRIES = 4096, // of the submission ring; a power of two
  BUFFERS = 256,  // of the shared ring; a power of two
  BUFFER_BYTES = 2 * MAX_REQUEST,
  OUT_BYTES = 64 << 10,
  MAX_FD = 1 << 16,
};

typedef struct {
  size_t held;            // bytes in in of a request that has not come whole
  size_t unsent;          // bytes of answers in out[next] that no send has taken
  int next;               // the half of out that takes answers
  int receiving, sending; // the kernel has a recv, or a send of the other half of out
  int ended;
  char in[MAX_REQUEST + BUFFER_BYTES];
  char out[2][OUT_BYTES];
} connection;

enum operation { ACCEPT, RECV, SEND };

static struct {
  int fd;
  unsigned *tail, mask, *completion_head, *completion_tail, completion_mask, made;
  struct io_uring_sqe *entries;
  struct io_uring_cqe *completions;
  struct io_uring_buf_ring *buffers;
  char *memory;
  uint16_t next_buffer;
} ring;

static connection *connections[MAX_FD];
static scorer model;

static void *map(size_t bytes, int fd, off_t offset) {
  void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED | MAP_POPULATE, fd, offset);
  if (at == MAP_FAILED) die("mmap");
  return at;
}

static void give_back(uint16_t id) {
  struct io_uring_buf *b = &ring.buffers->bufs[ring.next_buffer++ & (BUFFERS - 1)];
  b->addr = (uint64_t)(ring.memory + (size_t)id * BUFFER_BYTES);
  b->len = BUFFER_BYTES;
  b->bid = id;
  __atomic_store_n(&ring.buffers->tail, ring.next_buffer, __ATOMIC_RELEASE);
}

static void set_up(void) {
  struct io_uring_params p = {
      .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE, .cq_entries = 4 * ENTRIES};
  ring.fd = (int)syscall(SYS_io_uring_setup, ENTRIES, &p);
  if (ring.fd < 0) die("io_uring_setup");
  char *rings = map(p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe) + p.sq_entries * sizeof(unsigned), ring.fd, IORING_OFF_SQ_RING);
  ring.entries = map(p.sq_entries * sizeof *ring.entries, ring.fd, IORING_OFF_SQES);
  ring.tail = (unsigned *)(rings + p.sq_off.tail);
  ring.mask = p.sq_entries - 1;
  ring.completion_head = (unsigned *)(rings + p.cq_off.head);
  ring.completion_tail = (unsigned *)(rings + p.cq_off.tail);
  ring.completion_mask = p.cq_entries - 1;
  ring.completions = (struct io_uring_cqe *)(rings + p.cq_off.cqes);
  unsigned *order = (unsigned *)(rings + p.sq_off.array);
  for (unsigned i = 0; i < p.sq_entries; i++) order[i] = i;

  ring.memory = map((size_t)BUFFERS * BUFFER_BYTES, -1, 0);
  ring.buffers = map(BUFFERS * sizeof(struct io_uring_buf), -1, 0);
  struct io_uring_buf_reg shared = {.ring_addr = (uint64_t)ring.buffers, .ring_entries = BUFFERS};
  if (syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_PBUF_RING, &shared, 1)) die("io_uring_register");
  for (uint16_t i = 0; i < BUFFERS; i++) give_back(i);
}

// Submits what has been made and waits for that many completions.
static void enter(unsigned wait) {
  __atomic_store_n(ring.tail, *ring.tail + ring.made, __ATOMIC_RELEASE);
  unsigned made = ring.made;
  ring.made = 0;
  syscall(SYS_io_uring_enter, ring.fd, made, wait, IORING_ENTER_GETEVENTS, NULL, 0);
}

// Returns an empty entry for an operation on a descriptor, which its completions name.
static struct io_uring_sqe *entry(uint8_t opcode, int fd, enum operation op) {
  if (ring.made == ENTRIES) enter(0);
  struct io_uring_sqe *e = &ring.entries[(*ring.tail + ring.made++) & ring.mask];
  memset(e, 0, sizeof *e);
  e->opcode = opcode;
  e->fd = fd;
  e->user_data = (uint64_t)op << 32 | (unsigned)fd;
  return e;
}

static void accept_all(int listener) { entry(IORING_OP_ACCEPT, listener, ACCEPT)->ioprio = IORING_ACCEPT_MULTISHOT; }

static void receive_all(int fd, connection *c) {
  c->receiving = 1;
  struct io_uring_sqe *e = entry(IORING_OP_RECV, fd, RECV);
  e->ioprio = IORING_RECV_MULTISHOT;
  e->flags = IOSQE_BUFFER_SELECT;
}

static void send_next(int fd, connection *c) {
  if (c->sending || !c->unsent) return;
  struct io_uring_sqe *e = entry(IORING_OP_SEND, fd, SEND);
  e->addr = (uint64_t)c->out[c->next];
  e->len = (unsigned)c->unsent;
  e->msg_flags = MSG_WAITALL | MSG_NOSIGNAL;
  c->sending = 1;
  c->next = 1 - c->next;
  c->unsent = 0;
}

// Ends a connection, and closes it once the kernel has nothing of it.
static void end(int fd, connection *c) {
  if (!c->ended) shutdown(fd, SHUT_RDWR); // which ends the recv and the send
  c->ended = 1;
  if (c->receiving || c->sending) return;
  connections[fd] = NULL;
  free(c);
  close(fd);
}

static void accepted(int listener, const struct io_uring_cqe *e) {
  if (!(e->flags & IORING_CQE_F_MORE)) accept_all(listener);
  if (e->res < 0 || e->res >= MAX_FD) return;
  no_delay(e->res);
  connection *c = malloc(sizeof *c);
  c->held = c->unsent = 0;
  c->next = c->receiving = c->sending = c->ended = 0;
  connections[e->res] = c;
  receive_all(e->res, c);
}

// Answers what has arrived: where the kernel has put it or, behind the start of a request, in c->in.
// Returns false if the client breaks the protocol or does not read its answers.
static int take(connection *c, const char *bytes, size_t count) {
  if (c->held) {
    memcpy(c->in + c->held, bytes, count);
    bytes = c->in;
    count += c->held;
  }
  size_t taken;
  if (c->unsent + answers_bytes(count) > OUT_BYTES) return 0;
  ssize_t answers = answer(&model, bytes, count, &taken, c->out[c->next] + c->unsent);
  if (answers < 0) return 0;
  c->unsent += (size_t)answers;
  c->held = count - taken;
  memmove(c->in, bytes + taken, c->held);
  return 1;
}

static void received(int fd, connection *c, const struct io_uring_cqe *e) {
  int good = e->res > 0 || e->res == -ENOBUFS;
  c->receiving = (e->flags & IORING_CQE_F_MORE) != 0;
  if (e->flags & IORING_CQE_F_BUFFER) {
    uint16_t id = (uint16_t)(e->flags >> IORING_CQE_BUFFER_SHIFT);
    good = good && !c->ended && take(c, ring.memory + (size_t)id * BUFFER_BYTES, (size_t)e->res);
    give_back(id);
  }
  if (!good || c->ended) {
    end(fd, c);
    return;
  }
  if (!c->receiving) receive_all(fd, c);
  send_next(fd, c);
}

static void sent(int fd, connection *c, const struct io_uring_cqe *e) {
  c->sending = 0;
  if (e->res < 0 || c->ended) {
    end(fd, c);
    return;
  }
  send_next(fd, c);
}

static void complete(const struct io_uring_cqe *e) {
  int fd = (int)(uint32_t)e->user_data;
  connection *c = connections[fd];
  switch (e->user_data >> 32) {
  case ACCEPT: accepted(fd, e); break;
  case RECV: received(fd, c, e); break;
  case SEND: sent(fd, c, e); break;
  }
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "uring PORT MODEL\n");
    return 2;
  }
  scorer_open(&model, argv[2]);
  set_up();
  accept_all(listen_on(argv[1]));
  for (;;) {
    enter(1);
    unsigned head = *ring.completion_head, tail = __atomic_load_n(ring.completion_tail, __ATOMIC_ACQUIRE);
    for (; head != tail; head++) {
      struct io_uring_cqe e = ring.completions[head & ring.completion_mask];
      complete(&e);
    }
    __atomic_store_n(ring.completion_head, head, __ATOMIC_RELEASE);
  }
}
