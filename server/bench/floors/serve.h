// What both floors have in common: how they listen, and disrust's protocol, version 1. A request is a
// count and that many rows, its answer the count and that many scores.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

static int listen_on(const char *port) {
  int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, (struct sockaddr *)&at, sizeof at) || listen(fd, 4096)) die("listen");
  return fd;
}

// An answer goes out at once, not with the next one.
static void no_delay(int fd) {
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

// Answers the whole requests at the start of in. Sets *taken to their bytes and returns the bytes
// written to out, or -1 if a count is not allowed. out must hold answers_bytes(bytes).
static ssize_t answer(scorer *s, const char *in, size_t bytes, size_t *taken, char *out) {
  size_t at = 0, written = 0;
  while (bytes - at >= 4) {
    uint32_t count;
    memcpy(&count, in + at, 4);
    if (count < 1 || count > MAX_ROWS) return -1;
    size_t request = 4 + (size_t)count * ROW_BYTES;
    if (bytes - at < request) break;
    memcpy(out + written, &count, 4);
    scorer_rows(s, in + at + 4, count, out + written + 4);
    at += request;
    written += 4 + 4 * (size_t)count;
  }
  *taken = at;
  return (ssize_t)written;
}

// An answer is smaller than a 64th of its request.
static size_t answers_bytes(size_t bytes) { return bytes / 64 + 8; }
