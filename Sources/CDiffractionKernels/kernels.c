// The two innermost loops of the pattern simulation, compiled for several processors; the running one
// chooses. Package builds cannot name a processor otherwise, and plain x86-64 has four lanes only.
#include "kernels.h"

#if defined(__x86_64__) && defined(__linux__)
#define FOR_SEVERAL_PROCESSORS __attribute__((target_clones("avx512f", "arch=haswell", "default")))
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
  for (; at + 4 <= count; at += 4) {
    float block[4] = {0};
    for (ptrdiff_t r = 0; r < rowCount; r++) {
      const int16_t *row = rows[r] + first + at;
      const float w = weights[r];
      for (int i = 0; i < 4; i++) block[i] += w * (float)row[i];
    }
    for (int i = 0; i < 4; i++) sums[at + i] = block[i];
  }
  for (; at < count; at++) {
    float sum = 0;
    for (ptrdiff_t r = 0; r < rowCount; r++) sum += weights[r] * (float)rows[r][first + at];
    sums[at] = sum;
  }
}
