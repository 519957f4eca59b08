// subject wait|run|loop ADDR...: makes the calls of its standard input, and prints what came of each.
//
// wait and run are the blocking calls, loop is an event loop. The input is the words of client/languages/subject, and:
//
//   stall MILLIS, retries COUNT, window COUNT
//   busy                                      after starting the calls of a round, the program does other work
//                                             until the server has done something and the next turn is overdue
#include <poll.h>

#include "common.h"

static disrust_client *client;
static uint32_t outputs = 1;
static int busy;

static uint32_t number(void) {
  uint32_t n;
  if (scanf("%" SCNu32, &n) != 1) die("a number is missing");
  return n;
}

static void read_call(disrust_call *call) {
  memset(call, 0, sizeof *call);
  call->timeout_millis = number();
  size_t rows = number();
  call->feature_count = rows * number();
  call->score_count = rows * outputs;
  float *features = (float *)room(call->feature_count * sizeof(float));
  for (size_t k = 0; k < call->feature_count; k++) {
    uint32_t bits;
    if (scanf("%" SCNx32, &bits) != 1) die("a feature is missing");
    put_bits(&features[k], bits);
  }
  call->rows = features;
  call->scores = (float *)room(call->score_count * sizeof(float));
}

static void print_refusal(void) {
  const disrust_refusal *r = disrust_refused(client);
  printf("refused %u ", r->status);
  print_hex(r->sentence, r->sentence_size);
}

static void print_outcome(disrust_status status, const disrust_call *call) {
  switch (status) {
  case DISRUST_OK:
    printf("scores ");
    print_hex(disrust_served(client)->identity, DISRUST_IDENTITY_BYTES);
    for (size_t k = 0; k < call->score_count; k++) printf(" %08" PRIx32, bits_of(&call->scores[k]));
    break;
  case DISRUST_FAILED: printf("failed %" PRIu32 " %" PRId64, call->code, call->row); break;
  case DISRUST_REFUSED: print_refusal(); break;
  case DISRUST_NO_WELCOME: printf("no_welcome"); break;
  case DISRUST_LOST: printf("lost"); break;
  case DISRUST_GAVE_UP: printf("timeout"); break;
  case DISRUST_COUNTS: printf("not_sent"); break;
  default: printf("%s", disrust_text(status));
  }
  printf("\n");
  fprintf(stderr, "%s%s; %s\n", disrust_text(status), call->written ? ", written" : "", disrust_reason(client));
}

// watched is what an event loop watches.
static struct pollfd watched(void) {
  int wants = disrust_wants(client);
  struct pollfd p = {disrust_fd(client), 0, 0};
  p.events = (short)((wants & DISRUST_READ ? POLLIN : 0) | (wants & DISRUST_WRITE ? POLLOUT : 0));
  return p;
}

static void do_other_work(void) {
  disrust_turn(client, 0);
  struct pollfd p = watched();
  if (p.fd < 0 || disrust_timeout(client) < 0) die("no time can pass");
  poll(&p, 1, -1);
  for (int left; (left = disrust_timeout(client)) > 0;) poll(NULL, 0, left);
}

// next_in_loop is disrust_wait for an event loop.
static disrust_call *next_in_loop(void) {
  disrust_call *call;
  disrust_turn(client, 0);
  while (!(call = disrust_done(client))) {
    int ready = 0;
    struct pollfd p = watched();
    if (p.fd < 0 && disrust_timeout(client) < 0) die("nothing to wait for");
    poll(&p, p.fd >= 0, disrust_timeout(client));
    if (p.revents & ~POLLOUT) ready |= DISRUST_READ;
    if (p.revents & ~POLLIN) ready |= DISRUST_WRITE;
    disrust_turn(client, ready);
  }
  return call;
}

static void play_round(const char *mode, size_t count) {
  disrust_call *calls = (disrust_call *)room(count * sizeof *calls);
  for (size_t k = 0; k < count; k++) read_call(&calls[k]);
  for (size_t k = 0; k < count; k++) {
    if (!strcmp(mode, "run")) disrust_run(client, &calls[k]);
    else disrust_start(client, &calls[k]);
  }
  if (busy) do_other_work();
  for (size_t k = 0; k < count && strcmp(mode, "run"); k++) {
    disrust_call *done = !strcmp(mode, "wait") ? disrust_wait(client) : next_in_loop();
    if (!done || done->status == DISRUST_PENDING) die("no call is done");
  }
  if (disrust_done(client)) die("a call is done twice");
  for (size_t k = 0; k < count; k++) {
    print_outcome(calls[k].status, &calls[k]);
    free((void *)(uintptr_t)calls[k].rows);
    free(calls[k].scores);
  }
  free(calls);
}

// refuse_round answers the calls of a round with the status of disrust_connect.
static void refuse_round(disrust_status status, size_t count) {
  for (; count; count--) {
    disrust_call call;
    read_call(&call);
    print_outcome(status, &call);
    free((void *)(uintptr_t)call.rows);
    free(call.scores);
  }
}

// read_setting reads what follows a word that is no round.
static void read_setting(const char *word, disrust_config *config) {
  static char name[2 * DISRUST_NAME_BYTES + 1], model[DISRUST_NAME_BYTES + 1];
  if (!strcmp(word, "hello")) {
    config->expect.dim = number();
    config->expect.outputs = number();
    config->expect.kind = number();
    config->expect.max_vectors = number();
    if (scanf("%510s", name) != 1) die("the name is missing");
    size_t size;
    unsigned char *bytes = from_hex(name, &size);
    memcpy(model, bytes, size + 1);
    free(bytes);
    config->expect.model = model;
  } else if (!strcmp(word, "connect")) {
    config->dial_timeout_millis = number();
  } else if (!strcmp(word, "retries")) {
    config->retries = number();
  } else if (!strcmp(word, "stall")) {
    config->stall_timeout_millis = number();
  } else if (!strcmp(word, "window")) {
    config->window = number();
  } else if (!strcmp(word, "busy")) {
    busy = 1;
  } else if (!strcmp(word, "outputs")) {
    outputs = number();
  } else {
    die("unknown word");
  }
}

int main(int argc, char **argv) {
  if (argc < 3) die("subject wait|run|loop ADDR...");
  char word[16];
  disrust_status status = DISRUST_OK;
  disrust_config config;
  memset(&config, 0, sizeof config);
  config.addrs = (const char *const *)(argv + 2);
  config.addr_count = (size_t)(argc - 2);
  while (scanf("%15s", word) == 1) {
    if (strcmp(word, "round")) {
      read_setting(word, &config);
      continue;
    }
    if (!client) {
      if (disrust_new(&config, &client)) die(disrust_check(&config));
      if (strcmp(argv[1], "loop")) status = disrust_connect(client);
    }
    if (status) refuse_round(status, number());
    else play_round(argv[1], number());
    fflush(stdout);
  }
  disrust_free(client);
  return 0;
}
