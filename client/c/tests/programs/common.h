// What the programs of the tests share.
#ifndef COMMON_H
#define COMMON_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../disrust.h"

static void die(const char *what) {
  fprintf(stderr, "%s\n", what);
  exit(2);
}

static void *room(size_t size) {
  void *memory = malloc(size ? size : 1);
  if (!memory) die("no memory is left");
  return memory;
}

// from_hex reads hexadecimal into memory of its own. "-" is nothing.
static inline unsigned char *from_hex(const char *hex, size_t *size) {
  *size = hex[0] == '-' ? 0 : strlen(hex) / 2;
  unsigned char *bytes = (unsigned char *)room(*size + 1);
  for (size_t k = 0; k < *size; k++) {
    unsigned byte;
    if (sscanf(hex + 2 * k, "%2x", &byte) != 1) die("no hexadecimal");
    bytes[k] = (unsigned char)byte;
  }
  bytes[*size] = 0;
  return bytes;
}

static inline void print_hex(const void *bytes, size_t size) {
  for (size_t k = 0; k < size; k++) printf("%02x", ((const unsigned char *)bytes)[k]);
}

// bits_of and float_of move the bits of a float32. When the client is compiled for the other byte order,
// the floats of the program are of that order.
static inline uint32_t in_order(uint32_t bits) {
#ifdef OTHER_ORDER
  bits = bits >> 24 | (bits >> 8 & 0xFF00) | (bits << 8 & 0xFF0000) | bits << 24;
#endif
  return bits;
}

static inline uint32_t bits_of(const float *f) {
  uint32_t bits;
  memcpy(&bits, f, sizeof bits);
  return in_order(bits);
}

static inline void put_bits(float *f, uint32_t bits) {
  bits = in_order(bits);
  memcpy(f, &bits, sizeof bits);
}

// welcome writes the welcome of a model without a name, and returns its size.
static inline size_t write_welcome(unsigned char *to, uint32_t dim, uint32_t outputs, uint32_t max_vectors) {
  static const unsigned char head[12] = {'D', 'I', 'S', '2', 2, 0, 56, 0, 0, 0, 0, 0};
  const uint32_t fields[4] = {dim, outputs, 1, max_vectors};
  memset(to, 0, 64);
  memcpy(to, head, sizeof head);
  for (size_t k = 0; k < 16; k++) to[12 + k] = (unsigned char)(fields[k / 4] >> 8 * (k % 4));
  return 64;
}

// send_all sends what a connection has to send, but the last bytes, and returns how much that is.
static inline size_t send_all(disrust_conn *conn, size_t but) {
  disrust_piece pieces[9];
  size_t all = 0, count;
  while ((count = disrust_conn_output(conn, pieces, 9))) {
    size_t size = 0;
    for (size_t k = 0; k < count; k++) size += pieces[k].size;
    if (but && size > but) {
      disrust_conn_sent(conn, size - but);
      return all + size - but;
    }
    disrust_conn_sent(conn, size);
    all += size;
  }
  return all;
}

#endif
