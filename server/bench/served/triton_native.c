// A backend of Triton around LightGBM's C API: what Triton costs when the model is compiled code, as
// in its own backend for trees, which its package for Python does not have. An instance is a thread
// with a scorer of its own. Triton looks the TRITONBACKEND functions up by name.
#include <sys/types.h>

#define LIGHTGBM
#include "score.h"

// What tritonbackend.h and tritonserver.h of version 1 of the interface declare of it.
typedef struct error error;
typedef struct instance instance;
typedef struct request request;
typedef struct response response;
typedef struct input input;
typedef struct output output;
enum { FP32 = 11, CPU = 0, RELEASE_ALL = 1, FINAL = 1, INTERNAL = 1 };

error *TRITONSERVER_ErrorNew(int code, const char *text);
void TRITONSERVER_ErrorDelete(error *);
error *TRITONBACKEND_ModelInstanceState(instance *, void **state);
error *TRITONBACKEND_ModelInstanceSetState(instance *, void *state);
error *TRITONBACKEND_RequestInputByIndex(request *, uint32_t index, input **);
error *TRITONBACKEND_RequestRelease(request *, uint32_t flags);
error *TRITONBACKEND_InputProperties(input *, const char **name, int *type, const int64_t **shape, uint32_t *dims, uint64_t *bytes,
                                     uint32_t *buffers);
error *TRITONBACKEND_InputBuffer(input *, uint32_t index, const void **at, uint64_t *bytes, int *memory, int64_t *device);
error *TRITONBACKEND_ResponseNew(response **, request *);
error *TRITONBACKEND_ResponseOutput(response *, output **, const char *name, int type, const int64_t *shape, uint32_t dims);
error *TRITONBACKEND_OutputBuffer(output *, void **at, uint64_t bytes, int *memory, int64_t *device);
error *TRITONBACKEND_ResponseSend(response *, uint32_t flags, error *);

#define OR_RETURN(call)        \
  do {                         \
    error *failed = (call);    \
    if (failed) return failed; \
  } while (0)

error *TRITONBACKEND_ModelInstanceInitialize(instance *i) {
  char file[4096];
  snprintf(file, sizeof file, "%s/model.txt", getenv("FOLDER"));
  scorer *s = malloc(sizeof *s);
  scorer_open(s, file);
  return TRITONBACKEND_ModelInstanceSetState(i, s);
}

// Copies the rows of a request, which may lie in several buffers.
static error *gather(input *in, uint32_t buffers, char *rows, uint64_t room) {
  for (uint32_t i = 0; i < buffers; i++) {
    const void *part;
    uint64_t bytes;
    int memory = CPU;
    int64_t device = 0;
    OR_RETURN(TRITONBACKEND_InputBuffer(in, i, &part, &bytes, &memory, &device));
    if (bytes > room) return TRITONSERVER_ErrorNew(INTERNAL, "an input is larger than it says");
    memcpy(rows, part, bytes);
    rows += bytes;
    room -= bytes;
  }
  return NULL;
}

static error *answer(scorer *s, request *r, response *to) {
  static __thread char rows[4 * MAX_ROWS * ROW_BYTES];
  input *in;
  const char *name;
  const int64_t *shape;
  int type, memory = CPU;
  uint32_t dims, buffers;
  uint64_t bytes;
  int64_t device = 0;
  OR_RETURN(TRITONBACKEND_RequestInputByIndex(r, 0, &in));
  OR_RETURN(TRITONBACKEND_InputProperties(in, &name, &type, &shape, &dims, &bytes, &buffers));
  if (bytes > sizeof rows) return TRITONSERVER_ErrorNew(INTERNAL, "too many rows");
  OR_RETURN(gather(in, buffers, rows, sizeof rows));
  int64_t form[2] = {shape[0], 1};
  output *out;
  void *scores;
  OR_RETURN(TRITONBACKEND_ResponseOutput(to, &out, "scores", FP32, form, 2));
  OR_RETURN(TRITONBACKEND_OutputBuffer(out, &scores, (uint64_t)form[0] * 4, &memory, &device));
  scorer_rows(s, rows, (uint32_t)form[0], scores);
  return NULL;
}

error *TRITONBACKEND_ModelInstanceExecute(instance *i, request **requests, uint32_t count) {
  void *s;
  OR_RETURN(TRITONBACKEND_ModelInstanceState(i, &s));
  for (uint32_t k = 0; k < count; k++) {
    response *to;
    error *failed = TRITONBACKEND_ResponseNew(&to, requests[k]);
    if (!failed) {
      error *wrong = answer(s, requests[k], to);
      failed = TRITONBACKEND_ResponseSend(to, FINAL, wrong);
      if (wrong) TRITONSERVER_ErrorDelete(wrong);
    }
    if (failed) TRITONSERVER_ErrorDelete(failed); // the client has gone
    TRITONBACKEND_RequestRelease(requests[k], RELEASE_ALL);
  }
  return NULL;
}
