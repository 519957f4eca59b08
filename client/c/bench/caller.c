// caller ADDR ROWS IN_FLIGHT SECONDS: keeps calls of so many rows in flight on one connection, and prints
// how many were done, how long they took, and the processor time of the program. With one in flight the
// calls are disrust_run, with more disrust_start and disrust_wait.
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "../disrust.h"

enum { MOST_IN_FLIGHT = 64, WARM_UP = 2000, MOST_TIMES = 1 << 24 };

static void die(const char *what) {
  fprintf(stderr, "caller: %s\n", what);
  exit(1);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double cpu(void) {
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

typedef struct {
  disrust_call call;
  double began;
} timed;

static timed calls[MOST_IN_FLIGHT];
static float times[MOST_TIMES]; // seconds that each call took
static size_t count;

static void prepare(disrust_call *call, size_t rows, const disrust_model *m) {
  float *features = (float *)calloc(rows * m->dim, sizeof(float));
  call->score_count = rows * m->outputs;
  call->scores = (float *)calloc(call->score_count, sizeof(float));
  if (!features || !call->scores) die("no memory is left");
  for (size_t k = 0; k < rows * m->dim; k++) features[k] = (float)(k % 1021);
  call->rows = features;
  call->feature_count = rows * m->dim;
}

static void ended(const timed *t, double at) {
  if (t->call.status) die(disrust_text(t->call.status));
  if (count < MOST_TIMES) times[count] = (float)(at - t->began);
  count++;
}

static void one_by_one(disrust_client *client, size_t least, double end) {
  do {
    calls[0].began = now();
    disrust_run(client, &calls[0].call);
    ended(&calls[0], now());
  } while (count < least || calls[0].began < end);
}

static void together(disrust_client *client, size_t in_flight, size_t least, double end) {
  for (size_t k = 0; k < in_flight; k++) {
    calls[k].began = now();
    disrust_start(client, &calls[k].call);
  }
  for (disrust_call *done; (done = disrust_wait(client));) {
    timed *t = (timed *)done->user;
    double at = now();
    ended(t, at);
    if (count >= least && at >= end) continue;
    t->began = at;
    disrust_start(client, done);
  }
}

static void run(disrust_client *client, size_t in_flight, size_t least, double end) {
  count = 0;
  if (in_flight == 1) one_by_one(client, least, end);
  else together(client, in_flight, least, end);
}

static int by_size(const void *a, const void *b) {
  float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  if (argc != 5) die("ADDR ROWS IN_FLIGHT SECONDS");
  size_t rows = (size_t)atoi(argv[2]), in_flight = (size_t)atoi(argv[3]);
  if (rows < 1 || in_flight < 1 || in_flight > MOST_IN_FLIGHT)
    die("ROWS from 1 and IN_FLIGHT from 1 to 64 are allowed");
  const char *addrs[1];
  disrust_config config;
  disrust_client *client;
  addrs[0] = argv[1];
  memset(&config, 0, sizeof config);
  config.addrs = addrs;
  config.addr_count = 1;
  if (disrust_new(&config, &client)) die(disrust_check(&config));
  if (disrust_connect(client)) die(disrust_reason(client));
  for (size_t k = 0; k < in_flight; k++) {
    prepare(&calls[k].call, rows, disrust_served(client));
    calls[k].call.user = &calls[k];
  }
  run(client, in_flight, WARM_UP, 0);
  double began = now(), used = cpu();
  run(client, in_flight, 1, began + atof(argv[4]));
  double seconds = now() - began;
  used = cpu() - used;
  size_t kept = count < MOST_TIMES ? count : MOST_TIMES;
  qsort(times, kept, sizeof times[0], by_size);
  printf("{\"calls\": %zu, \"seconds\": %g, \"cpu\": %g, ", count, seconds, used);
  printf("\"p50\": %g, \"p99\": %g}\n", (double)times[kept / 2], (double)times[kept / 100 * 99]);
  disrust_free(client);
  return 0;
}
