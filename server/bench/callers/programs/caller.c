// A closed loop of callers in C: `caller PORT CALLERS SECONDS PAUSE_US`. Each caller is a
// thread with a connection of its own that sends one request of 128 features, waits for
// its answer, compares it and pauses. It prints: requests seconds p50_us p99_us.

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { DIM = 128, REQUESTS = 64, REQUEST = 4 + 4 * DIM, ANSWER = 8 };

typedef struct {
  pthread_t thread;
  int number, fd;
  uint32_t *times; // ns
  size_t count, room;
} caller_t;

static const double WARM_UP = 0.2;
static char requests[REQUESTS][REQUEST], answers[REQUESTS][ANSWER];
static double begin, end, pause_us; // s, s, us

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

// Whole numbers, so that every order of adding them gives the same sum.
static void prepare(void) {
  for (int r = 0; r < REQUESTS; r++) {
    uint32_t one = 1;
    float row[DIM], sum = 0;
    for (int i = 0; i < DIM; i++) sum += row[i] = (float)((r + 1) * (i + 3) % 97);
    memcpy(requests[r], &one, 4);
    memcpy(requests[r] + 4, row, sizeof row);
    memcpy(answers[r], &one, 4);
    memcpy(answers[r] + 4, &sum, 4);
  }
}

static int dial(int port) {
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
  addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof addr)) fail("connect");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return fd;
}

static void ask(int fd, int r) {
  char answer[ANSWER];
  if (send(fd, requests[r], REQUEST, MSG_NOSIGNAL) != REQUEST) fail("send");
  if (recv(fd, answer, ANSWER, MSG_WAITALL) != ANSWER) fail("recv");
  if (memcmp(answer, answers[r], ANSWER)) {
    fprintf(stderr, "a wrong answer\n");
    exit(1);
  }
}

static void record(caller_t *c, double seconds) {
  if (c->count == c->room) {
    c->room = 2 * c->room + 4096;
    c->times = realloc(c->times, c->room * sizeof *c->times);
    if (!c->times) fail("memory");
  }
  c->times[c->count++] = (uint32_t)(seconds * 1e9);
}

static void *run(void *arg) {
  caller_t *c = arg;
  double sent = 0, done = 0;
  for (int r = c->number; done < end; r++) {
    sent = now();
    ask(c->fd, r % REQUESTS);
    done = now();
    if (sent >= begin) record(c, done - sent);
    while (pause_us > 0 && now() < done + pause_us * 1e-6) {}
  }
  return NULL;
}

static int by_time(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

static void report(caller_t *callers, int count, double seconds) {
  caller_t all = {0};
  for (int i = 0; i < count; i++)
    for (size_t j = 0; j < callers[i].count; j++) record(&all, callers[i].times[j] * 1e-9);
  if (!all.count) fail("no answers");
  qsort(all.times, all.count, sizeof *all.times, by_time);
  printf("%zu %.3f %.1f %.1f\n", all.count, seconds, all.times[all.count / 2] / 1e3, all.times[all.count * 99 / 100] / 1e3);
}

int main(int argc, char **argv) {
  if (argc != 5) return 2;
  int port = atoi(argv[1]), count = atoi(argv[2]);
  double seconds = atof(argv[3]);
  caller_t *callers = calloc((size_t)count, sizeof *callers);
  if (!callers) fail("memory");
  prepare();
  pause_us = atof(argv[4]);
  for (int i = 0; i < count; i++) callers[i] = (caller_t){.number = i, .fd = dial(port)};
  begin = now() + WARM_UP;
  end = begin + seconds;
  for (int i = 0; i < count; i++)
    if (pthread_create(&callers[i].thread, NULL, run, &callers[i])) fail("thread");
  for (int i = 0; i < count; i++) pthread_join(callers[i].thread, NULL);
  report(callers, count, seconds);
}
