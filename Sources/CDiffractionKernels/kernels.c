// The two innermost loops of the pattern simulation, compiled for several processors; the running one
// chooses. Package builds cannot name a processor otherwise, and plain x86-64 has four lanes only.
#include "kernels.h"
#include <string.h>

// The choice is made while the program is loaded, before Thread Sanitizer can watch.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define ONE_VERSION
#endif
#endif

#if defined(__x86_64__) && defined(__linux__) && !defined(ONE_VERSION)
#define FOR_SEVERAL_PROCESSORS __attribute__((target_clones("avx512f", "arch=x86-64-v3", "default")))
#else
#define FOR_SEVERAL_PROCESSORS
#endif

FOR_SEVERAL_PROCESSORS
void ewald_multiply_complex(float *restrict x, const float *restrict t, ptrdiff_t n) {
  for (ptrdiff_t i = 0; i < n; i++) {
    const float a = x[2 * i], b = x[2 * i + 1], c = t[2 * i], d = t[2 * i + 1];
    x[2 * i] = a * c - b * d;
    x[2 * i + 1] = a * d + b * c;
  }
}

typedef float vector8 __attribute__((vector_size(32)));
typedef int16_t short8 __attribute__((vector_size(16)));

#define loaded(from) __extension__({ short8 whole; memcpy(&whole, (from), sizeof whole); __builtin_convertvector(whole, vector8); })

FOR_SEVERAL_PROCESSORS
void ewald_sum_rows(float *restrict sums, ptrdiff_t count, const int16_t *const *rows, ptrdiff_t first,
                    const float *weights, ptrdiff_t rowCount) {
  ptrdiff_t at = 0;
  // 64 sums stay in registers while the rows pass by.
  for (; at + 64 <= count; at += 64) {
    float block[64] = {0};
    for (ptrdiff_t r = 0; r < rowCount; r++) {
      const int16_t *row = rows[r] + first + at;
      const float w = weights[r];
      for (int i = 0; i < 64; i++) block[i] += w * (float)row[i];
    }
    for (int i = 0; i < 64; i++) sums[at + i] = block[i];
  }
  for (; at + 16 <= count; at += 16) {
    float block[16] = {0};
    for (ptrdiff_t r = 0; r < rowCount; r++) {
      const int16_t *row = rows[r] + first + at;
      const float w = weights[r];
      for (int i = 0; i < 16; i++) block[i] += w * (float)row[i];
    }
    for (int i = 0; i < 16; i++) sums[at + i] = block[i];
  }
  // Four rows at a time, each with sums of its own: one sum would wait for itself. Written as vectors, for loops over
  // both rows and sums are taken apart the wrong way round.
  for (; at + 8 <= count; at += 8) {
    vector8 a = {0}, b = {0}, c = {0}, d = {0};
    ptrdiff_t r = 0;
    for (; r + 4 <= rowCount; r += 4) {
      a += weights[r] * loaded(rows[r] + first + at);
      b += weights[r + 1] * loaded(rows[r + 1] + first + at);
      c += weights[r + 2] * loaded(rows[r + 2] + first + at);
      d += weights[r + 3] * loaded(rows[r + 3] + first + at);
    }
    for (; r < rowCount; r++) a += weights[r] * loaded(rows[r] + first + at);
    a = (a + b) + (c + d);
    memcpy(sums + at, &a, sizeof a);
  }
  for (; at < count; at++) {
    float sum = 0;
    for (ptrdiff_t r = 0; r < rowCount; r++) sum += weights[r] * (float)rows[r][first + at];
    sums[at] = sum;
  }
}

ptrdiff_t ewald_gather_rows(const int16_t **rows, float *weights, const int32_t *places, ptrdiff_t width,
                            const ptrdiff_t *meshes, const float *units, ptrdiff_t count, const float *corner,
                            const int16_t *base, ptrdiff_t stride, ptrdiff_t first) {
  // Meshes lie all over a table that no cache holds. They are asked for some steps before they are needed, and so are
  // the rows: the wait for one is the wait for all.
  enum { ahead = 12 };
  for (ptrdiff_t n = 0; n < count && n < ahead; n++) {
    __builtin_prefetch(places + meshes[n]);
    __builtin_prefetch(places + meshes[n] + width);
  }
  ptrdiff_t found = 0;
  for (ptrdiff_t n = 0; n < count; n++) {
    if (n + ahead < count) {
      __builtin_prefetch(places + meshes[n + ahead]);
      __builtin_prefetch(places + meshes[n + ahead] + width);
    }
    const int32_t *at = places + meshes[n];
    const int32_t row[4] = {at[0], at[1], at[width], at[width + 1]};
    for (int c = 0; c < 4; c++) {
      // Written in any case, and kept or written over: no branch to guess.
      const int16_t *begin = base + (ptrdiff_t)(row[c] < 0 ? 0 : row[c]) * stride;
      __builtin_prefetch(begin + first);
      rows[found] = begin;
      weights[found] = units[n] * corner[c];
      found += row[c] >= 0;
    }
  }
  return found;
}
