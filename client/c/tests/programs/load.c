// load RETRIES ADDR...: keeps calls of 1 to 100 rows in flight until its standard input ends, and checks
// the scores of the model sum. It prints a line for every 200 calls. It ends with status 1 if a call fails.
#include <poll.h>

#include "common.h"

enum { DIM = 128, MOST_ROWS = 100, IN_FLIGHT = 8, LINE = 200 };

typedef struct {
  disrust_call call;
  float rows[MOST_ROWS * DIM], scores[MOST_ROWS];
  uint32_t first;
} work;

// fill makes rows whose sums count up from first. Small integers have exact sums in any order.
static void fill(work *w, uint32_t number) {
  uint32_t rows = 1 + number % MOST_ROWS;
  w->first = number % 5000;
  for (uint32_t i = 0; i < rows; i++) {
    float *row = w->rows + i * DIM, sum = 0;
    for (int j = 1; j < DIM; j++) sum += row[j] = (float)(j % 7 - 3);
    row[0] = (float)(w->first + i) - sum;
  }
  memset(&w->call, 0, sizeof w->call);
  w->call.rows = w->rows;
  w->call.feature_count = (size_t)rows * DIM;
  w->call.scores = w->scores;
  w->call.score_count = rows;
  w->call.user = w;
}

static void verify(disrust_client *client, const disrust_call *call) {
  const work *w = (const work *)call->user;
  if (call->status) {
    fprintf(stderr, "%s; %s\n", disrust_text(call->status), disrust_reason(client));
    exit(1);
  }
  for (uint32_t i = 0; i < call->score_count; i++) {
    if (w->scores[i] < (float)(w->first + i) || w->scores[i] > (float)(w->first + i)) {
      fprintf(stderr, "score %u is %g\n", i, (double)w->scores[i]);
      exit(1);
    }
  }
}

static int input_ended(void) {
  struct pollfd p = {0, POLLIN, 0};
  return poll(&p, 1, 0) > 0;
}

int main(int argc, char **argv) {
  static work all[IN_FLIGHT];
  disrust_config config;
  disrust_client *client;
  memset(&config, 0, sizeof config);
  if (argc < 3) die("load RETRIES ADDR...");
  config.retries = (uint32_t)atoi(argv[1]);
  config.addrs = (const char *const *)(argv + 2);
  config.addr_count = (size_t)(argc - 2);
  config.timeout_millis = 30000;
  if (disrust_new(&config, &client)) die(disrust_check(&config));
  uint32_t started = 0, done = 0;
  for (; started < IN_FLIGHT; started++) {
    fill(&all[started], started);
    disrust_start(client, &all[started].call);
  }
  for (disrust_call *call; (call = disrust_wait(client));) {
    verify(client, call);
    if (++done % LINE == 0) {
      printf("%u\n", done);
      fflush(stdout);
      if (input_ended()) break;
    }
    work *w = (work *)call->user;
    fill(w, started++);
    disrust_start(client, &w->call);
  }
  disrust_free(client);
  return 0;
}
