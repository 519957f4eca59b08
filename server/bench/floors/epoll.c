// epoll PORT THREADS sleep|spin MODEL: how cheap a server of disrust's protocol can be on epoll.
//
// It is a floor, not a server to use. A thread has an epoll and its connections; the main thread
// accepts and gives connections to the threads in turn. An event takes one recv, scores every whole
// request that has arrived, and answers them with one send. There are no time-outs, no limits and no
// metrics, and a peer that does not read its answers blocks the thread. With spin a thread never
// sleeps.
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "score.h"
#include "serve.h"

enum { IN_BYTES = 8 * MAX_REQUEST, EVENTS = 256, MAX_THREADS = 64 };

typedef struct {
  int fd;
  size_t held; // bytes of a request that has not come whole
  char in[IN_BYTES];
} connection;

typedef struct {
  int epoll, timeout;
  const char *model;
} worker;

static int serve(connection *c, scorer *s, char *out) {
  ssize_t got = recv(c->fd, c->in + c->held, IN_BYTES - c->held, 0);
  if (got <= 0) return -1;
  size_t bytes = c->held + (size_t)got, taken;
  ssize_t answers = answer(s, c->in, bytes, &taken, out);
  if (answers < 0) return -1;
  c->held = bytes - taken;
  if (c->held && taken) memmove(c->in, c->in + taken, c->held);
  return answers && send(c->fd, out, (size_t)answers, MSG_NOSIGNAL) != answers ? -1 : 0;
}

static void *work(void *argument) {
  worker *w = argument;
  scorer s;
  scorer_open(&s, w->model);
  char *out = malloc(answers_bytes(IN_BYTES));
  struct epoll_event events[EVENTS];
  for (;;) {
    int ready = epoll_wait(w->epoll, events, EVENTS, w->timeout);
    for (int i = 0; i < ready; i++) {
      connection *c = events[i].data.ptr;
      if (serve(c, &s, out)) {
        close(c->fd);
        free(c);
      }
    }
  }
  return NULL;
}

int main(int argc, char **argv) {
  int threads = argc == 5 ? atoi(argv[2]) : 0;
  if (threads < 1 || threads > MAX_THREADS) {
    fprintf(stderr, "epoll PORT THREADS sleep|spin MODEL\n");
    return 2;
  }
  static worker workers[MAX_THREADS];
  int listener = listen_on(argv[1]);
  for (int i = 0; i < threads; i++) {
    pthread_t id;
    workers[i] = (worker){epoll_create1(0), strcmp(argv[3], "spin") ? -1 : 0, argv[4]};
    if (workers[i].epoll < 0 || pthread_create(&id, NULL, work, &workers[i])) die("thread");
  }
  for (int next = 0;; next = (next + 1) % threads) {
    connection *c = malloc(sizeof *c);
    c->held = 0;
    c->fd = accept(listener, NULL, NULL);
    if (c->fd < 0) die("accept");
    no_delay(c->fd);
    struct epoll_event readable = {.events = EPOLLIN, .data.ptr = c};
    if (epoll_ctl(workers[next].epoll, EPOLL_CTL_ADD, c->fd, &readable)) die("epoll_ctl");
  }
}
