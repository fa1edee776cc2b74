#include "CVectorLoops.h"

#include <string.h>

// The loader picks a version before the thread sanitizer is ready, and the sanitizer instruments the picking: a build
// with it has one version only.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define ONE_VERSION
#endif
#endif

// A level, not a model: clang gives the version for "arch=haswell" to Haswells and to no other processor with AVX2.
#if defined(__x86_64__) && !defined(ONE_VERSION)
#define CLONES __attribute__((target_clones("avx512f", "arch=x86-64-v3", "default")))
#else
#define CLONES
#endif

// Sixteen floats: one AVX-512 register, two of AVX, four of SSE.
typedef float v16 __attribute__((vector_size(64)));
typedef float v16u __attribute__((vector_size(64), aligned(4)));
typedef int32_t i16 __attribute__((vector_size(64)));
typedef double d8 __attribute__((vector_size(64)));

#define LOAD(p) (*(const v16u *)(p))
#define STORE(p, v) (*(v16u *)(p) = (v))

// Several blocks at once wherever there is room: one alone would wait for its own sum.

CLONES void vl_convolve_down(const float *const *rows, const float *w, long radius, long columns, float *out) {
  const float *const *middle = rows + radius;
  long c = 0;
  for (; c + 48 < columns; c += 64) {
    const float *p = middle[0] + c;
    v16 s0 = LOAD(p) * w[0], s1 = LOAD(p + 16) * w[0], s2 = LOAD(p + 32) * w[0], s3 = LOAD(p + 48) * w[0];
    for (long k = 1; k <= radius; k++) {
      const float *up = middle[-k] + c, *down = middle[k] + c;
      float weight = w[k];
      s0 += (LOAD(up) + LOAD(down)) * weight;
      s1 += (LOAD(up + 16) + LOAD(down + 16)) * weight;
      s2 += (LOAD(up + 32) + LOAD(down + 32)) * weight;
      s3 += (LOAD(up + 48) + LOAD(down + 48)) * weight;
    }
    STORE(out + c, s0);
    STORE(out + c + 16, s1);
    STORE(out + c + 32, s2);
    STORE(out + c + 48, s3);
  }
  for (; c < columns; c += 16) {
    v16 sum = LOAD(middle[0] + c) * w[0];
    for (long k = 1; k <= radius; k++) sum += (LOAD(middle[-k] + c) + LOAD(middle[k] + c)) * w[k];
    STORE(out + c, sum);
  }
}

CLONES void vl_convolve_down2(const float *const *rows, const float *w1, const float *w2, long radius, long columns,
                              float *out1, float *out2) {
  const float *const *middle = rows + radius;
  long c = 0;
  for (; c + 16 < columns; c += 32) {
    v16 x = LOAD(middle[0] + c), y = LOAD(middle[0] + c + 16);
    v16 a0 = x * w1[0], b0 = x * w2[0], a1 = y * w1[0], b1 = y * w2[0];
    for (long k = 1; k <= radius; k++) {
      const float *up = middle[-k] + c, *down = middle[k] + c;
      float u = w1[k], v = w2[k];
      x = LOAD(up) + LOAD(down);
      y = LOAD(up + 16) + LOAD(down + 16);
      a0 += x * u;
      b0 += x * v;
      a1 += y * u;
      b1 += y * v;
    }
    STORE(out1 + c, a0);
    STORE(out2 + c, b0);
    STORE(out1 + c + 16, a1);
    STORE(out2 + c + 16, b1);
  }
  for (; c < columns; c += 16) {
    v16 x = LOAD(middle[0] + c);
    v16 a = x * w1[0], b = x * w2[0];
    for (long k = 1; k <= radius; k++) {
      x = LOAD(middle[-k] + c) + LOAD(middle[k] + c);
      a += x * w1[k];
      b += x * w2[k];
    }
    STORE(out1 + c, a);
    STORE(out2 + c, b);
  }
}

CLONES void vl_convolve_across(const float *row, const float *w, long radius, long columns, float *out) {
  long c = 0;
  for (; c + 48 < columns; c += 64) {
    const float *p = row + c;
    v16 s0 = LOAD(p) * w[0], s1 = LOAD(p + 16) * w[0], s2 = LOAD(p + 32) * w[0], s3 = LOAD(p + 48) * w[0];
    for (long k = 1; k <= radius; k++) {
      float weight = w[k];
      s0 += (LOAD(p - k) + LOAD(p + k)) * weight;
      s1 += (LOAD(p + 16 - k) + LOAD(p + 16 + k)) * weight;
      s2 += (LOAD(p + 32 - k) + LOAD(p + 32 + k)) * weight;
      s3 += (LOAD(p + 48 - k) + LOAD(p + 48 + k)) * weight;
    }
    STORE(out + c, s0);
    STORE(out + c + 16, s1);
    STORE(out + c + 32, s2);
    STORE(out + c + 48, s3);
  }
  for (; c < columns; c += 16) {
    v16 sum = LOAD(row + c) * w[0];
    for (long k = 1; k <= radius; k++) sum += (LOAD(row + c - k) + LOAD(row + c + k)) * w[k];
    STORE(out + c, sum);
  }
}

CLONES void vl_convolve_across2(const float *row1, const float *w1, const float *row2, const float *w2, long radius,
                                long columns, float scale, float *out) {
  long c = 0;
  for (; c + 16 < columns; c += 32) {
    const float *p = row1 + c, *q = row2 + c;
    v16 a0 = LOAD(p) * w1[0], a1 = LOAD(p + 16) * w1[0];
    v16 b0 = LOAD(q) * w2[0], b1 = LOAD(q + 16) * w2[0];
    for (long k = 1; k <= radius; k++) {
      float u = w1[k], v = w2[k];
      a0 += (LOAD(p - k) + LOAD(p + k)) * u;
      a1 += (LOAD(p + 16 - k) + LOAD(p + 16 + k)) * u;
      b0 += (LOAD(q - k) + LOAD(q + k)) * v;
      b1 += (LOAD(q + 16 - k) + LOAD(q + 16 + k)) * v;
    }
    STORE(out + c, (a0 + b0) * scale);
    STORE(out + c + 16, (a1 + b1) * scale);
  }
  for (; c < columns; c += 16) {
    v16 a = LOAD(row1 + c) * w1[0], b = LOAD(row2 + c) * w2[0];
    for (long k = 1; k <= radius; k++) {
      a += (LOAD(row1 + c - k) + LOAD(row1 + c + k)) * w1[k];
      b += (LOAD(row2 + c - k) + LOAD(row2 + c + k)) * w2[k];
    }
    STORE(out + c, (a + b) * scale);
  }
}

CLONES void vl_histogram(const float *values, long count, float low, float scale, long bins, uint32_t *counts) {
  uint32_t places[256];
  const uint32_t last = (uint32_t)bins, outside = (uint32_t)bins + 1;
  for (long start = 0; start < count; start += 256) {
    long n = count - start < 256 ? count - start : 256;
    for (long i = 0; i < n; i++) {
      // Comparisons with what is not a number are false, and such values never reach the conversion.
      float x = (values[start + i] - low) * scale;
      int inside = x >= 0 && x <= (float)last;
      uint32_t bin = (uint32_t)(int32_t)(inside ? x : 0);
      places[i] = inside ? bin : outside;
    }
    for (long i = 0; i < n; i++) counts[places[i]]++;
  }
}

CLONES void vl_sums_above(const float *values, long count, float threshold, float origin, long *above,
                          double *sum_above, double *sum_all) {
  long number = 0;
  double high = 0, all = 0;
  for (long start = 0; start < count; start += 4096) {
    long n = count - start < 4096 ? count - start : 4096;
    const float *p = values + start;
    i16 counts = {0};
    v16 bright = {0}, every = {0};
    long i = 0;
    for (; i + 16 <= n; i += 16) {
      v16 v = LOAD(p + i);
      i16 mask = v > threshold;
      v16 d = v - origin;
      counts -= mask;
      every += d;
      bright += (v16)((i16)d & mask);
    }
    for (int k = 0; k < 16; k++) {
      number += counts[k];
      high += bright[k];
      all += every[k];
    }
    for (; i < n; i++) {
      float d = p[i] - origin;
      all += d;
      if (p[i] > threshold) {
        number++;
        high += d;
      }
    }
  }
  *above = number;
  *sum_above = high;
  *sum_all = all;
}

CLONES void vl_moments_above(const float *values, long count, float threshold, int weighted, double *mass,
                             double *moment) {
  v16 m = {0}, mx = {0};
  v16 x = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  const v16 one = x * 0 + 1;
  long i = 0;
  double total = 0, first = 0;
  for (; i + 16 <= count; i += 16) {
    v16 v = LOAD(values + i);
    i16 mask = v > threshold;
    v16 inside = (v16)((i16)(weighted ? v : one) & mask);
    m += inside;
    mx += inside * x;
    x += 16;
  }
  for (int k = 0; k < 16; k++) {
    total += m[k];
    first += mx[k];
  }
  for (; i < count; i++) {
    if (values[i] > threshold) {
      double inside = weighted ? values[i] : 1;
      total += inside;
      first += inside * (double)i;
    }
  }
  *mass = total;
  *moment = first;
}

CLONES void vl_rows_times_panel(const float *x, long stride, long rows, long columns, const float *h, float *out) {
  long i = 0;
  for (; i + 8 <= rows; i += 8) {
    const float *p = x + i * stride;
    v16 s[8] = {{0}};
    for (long j = 0; j < columns; j++) {
      v16 panel = LOAD(h + 16 * j);
#pragma clang loop unroll(full)
      for (int r = 0; r < 8; r++) s[r] += panel * p[r * stride + j];
    }
    for (int r = 0; r < 8; r++) STORE(out + 16 * (i + r), s[r]);
  }
  for (; i < rows; i++) {
    const float *p = x + i * stride;
    v16 s = {0};
    for (long j = 0; j < columns; j++) s += LOAD(h + 16 * j) * p[j];
    STORE(out + 16 * i, s);
  }
}

CLONES void vl_accumulate_outer(const float *x, long stride, long rows, long columns, const float *w, long w_stride,
                                long rank, float *g, long g_stride) {
  long i = 0;
  for (; i + 8 <= rows; i += 8) {
    const float *p = x + i * stride, *u = w + i * w_stride;
    long j = 0;
    for (; j + 16 <= columns; j += 16) {
      v16 a[8];
#pragma clang loop unroll(full)
      for (int r = 0; r < 8; r++) a[r] = LOAD(p + r * stride + j);
      for (long t = 0; t < rank; t++) {
        v16 s0 = LOAD(g + t * g_stride + j), s1 = {0};
#pragma clang loop unroll(full)
        for (int r = 0; r < 8; r += 2) {
          s0 += a[r] * u[r * w_stride + t];
          s1 += a[r + 1] * u[(r + 1) * w_stride + t];
        }
        STORE(g + t * g_stride + j, s0 + s1);
      }
    }
    for (; j < columns; j++)
      for (long t = 0; t < rank; t++) {
        float s = g[t * g_stride + j];
        for (int r = 0; r < 8; r++) s += p[r * stride + j] * u[r * w_stride + t];
        g[t * g_stride + j] = s;
      }
  }
  for (; i < rows; i++)
    for (long t = 0; t < rank; t++) {
      float weight = w[i * w_stride + t];
      const float *p = x + i * stride;
      float *to = g + t * g_stride;
      for (long j = 0; j < columns; j++) to[j] += weight * p[j];
    }
}

CLONES void vl_model(const float *w, long w_stride, long rows, long rank, const float *h, long h_stride, long columns,
                     float *model, long stride) {
  long i = 0;
  for (; i + 8 <= rows; i += 8) {
    const float *u = w + i * w_stride;
    float *out = model + i * stride;
    long j = 0;
    for (; j + 16 <= columns; j += 16) {
      v16 s[8] = {{0}};
      for (long t = 0; t < rank; t++) {
        v16 c = LOAD(h + t * h_stride + j);
#pragma clang loop unroll(full)
        for (int r = 0; r < 8; r++) s[r] += c * u[r * w_stride + t];
      }
      for (int r = 0; r < 8; r++) STORE(out + r * stride + j, s[r]);
    }
    for (; j < columns; j++)
      for (int r = 0; r < 8; r++) {
        float s = 0;
        for (long t = 0; t < rank; t++) s += h[t * h_stride + j] * u[r * w_stride + t];
        out[r * stride + j] = s;
      }
  }
  for (; i < rows; i++) {
    float *out = model + i * stride;
    memset(out, 0, (size_t)columns * sizeof(float));
    for (long t = 0; t < rank; t++) {
      float weight = w[i * w_stride + t];
      for (long j = 0; j < columns; j++) out[j] += weight * h[t * h_stride + j];
    }
  }
}

CLONES void vl_ratio(const float *x, float *model, long count, float tiny) {
  for (long i = 0; i < count; i++) model[i] = x[i] / (model[i] > tiny ? model[i] : tiny);
}

CLONES void vl_descend(float *factor, long f_stride, const float *gram, const float *target, long t_stride, long rank,
                       long columns) {
  long c = 0;
  const v16 zero = {0};
  for (; c + 16 <= columns; c += 16)
    for (long t = 0; t < rank; t++) {
      float curvature = gram[t * rank + t];
      if (!(curvature > 0)) continue;
      v16 s0 = zero - LOAD(target + t * t_stride + c), s1 = zero;
      long r = 0;
      for (; r + 2 <= rank; r += 2) {
        s0 += LOAD(factor + r * f_stride + c) * gram[t * rank + r];
        s1 += LOAD(factor + (r + 1) * f_stride + c) * gram[t * rank + r + 1];
      }
      if (r < rank) s0 += LOAD(factor + r * f_stride + c) * gram[t * rank + r];
      v16 moved = LOAD(factor + t * f_stride + c) - (s0 + s1) * (1 / curvature);
      STORE(factor + t * f_stride + c, (v16)((i16)moved & (moved > zero)));
    }
  for (; c < columns; c++)
    for (long t = 0; t < rank; t++) {
      float curvature = gram[t * rank + t];
      if (!(curvature > 0)) continue;
      float s = -target[t * t_stride + c];
      for (long r = 0; r < rank; r++) s += factor[r * f_stride + c] * gram[t * rank + r];
      float moved = factor[t * f_stride + c] - s / curvature;
      factor[t * f_stride + c] = moved > 0 ? moved : 0;
    }
}

CLONES void vl_maximum(float *restrict dst, const float *restrict src, long count) {
  for (long i = 0; i < count; i++) dst[i] = src[i] > dst[i] ? src[i] : dst[i];
}

CLONES void vl_extent(const float *values, long count, float *smallest, float *largest) {
  v16 low = {0}, high = {0};
  low += __builtin_inff();
  high -= __builtin_inff();
  long i = 0;
  for (; i + 16 <= count; i += 16) {
    v16 v = LOAD(values + i);
    i16 below = v < low, above = v > high;
    low = (v16)(((i16)v & below) | ((i16)low & ~below));
    high = (v16)(((i16)v & above) | ((i16)high & ~above));
  }
  float l = __builtin_inff(), h = -__builtin_inff();
  for (int k = 0; k < 16; k++) {
    l = low[k] < l ? low[k] : l;
    h = high[k] > h ? high[k] : h;
  }
  for (; i < count; i++) {
    l = values[i] < l ? values[i] : l;
    h = values[i] > h ? values[i] : h;
  }
  *smallest = l;
  *largest = h;
}

CLONES void vl_bilinear_row(const float *restrict image, long stride, double y, double dy, double x, double dx,
                            long count, float *restrict out) {
#pragma clang loop vectorize(enable) interleave_count(1)
  for (int i = 0; i < (int)count; i++) {
    double yi = y + i * dy, xi = x + i * dx;
    int iy = (int)yi, ix = (int)xi;
    float fy = (float)(yi - iy), fx = (float)(xi - ix);
    const float *p = image + (iy * (int)stride + ix);
    float upper = p[0] + fx * (p[1] - p[0]);
    float lower = p[stride] + fx * (p[stride + 1] - p[stride]);
    out[i] = upper + fy * (lower - upper);
  }
}

CLONES float vl_laplace_row(const float *const *rows, long columns, float scale, float limit, float *out) {
  // The sixth-order second difference: -49/18, 3/2, -3/20, 1/90.
  const float w0 = -49.0f / 18 * 2, w1 = 1.5f, w2 = -0.15f, w3 = 1.0f / 90;
  const float *p = rows[3];
  float largest = -__builtin_inff();
  for (long c = 0; c < columns; c += 16) {
    v16 here = LOAD(p + c);
    i16 above = here > limit;
    int any = 0;
    for (int k = 0; k < 16; k++) any |= above[k];
    if (!any) {
      STORE(out + c, here * 0 - __builtin_inff());
      continue;
    }
    v16 near = LOAD(p + c - 1) + LOAD(p + c + 1) + LOAD(rows[2] + c) + LOAD(rows[4] + c);
    v16 middle = LOAD(p + c - 2) + LOAD(p + c + 2) + LOAD(rows[1] + c) + LOAD(rows[5] + c);
    v16 far = LOAD(p + c - 3) + LOAD(p + c + 3) + LOAD(rows[0] + c) + LOAD(rows[6] + c);
    v16 value = (here * w0 + near * w1 + middle * w2 + far * w3) * scale;
    STORE(out + c, value);
    long n = columns - c < 16 ? columns - c : 16;
    for (int k = 0; k < n; k++) largest = value[k] > largest ? value[k] : largest;
  }
  return largest;
}
