// Inner loops that gain from wider vectors than the baseline processor has. Each is compiled several times, and
// the loader picks the version that fits the machine. Swift callers own the memory and check the sizes.
#ifndef VECTOR_LOOPS_H
#define VECTOR_LOOPS_H

#include <stddef.h>
#include <stdint.h>

// out[c] = w[0] rows[radius][c] + sum over k of w[k] (rows[radius - k][c] + rows[radius + k][c]).
// Rows and out hold columns rounded up to a multiple of 16.
void vl_convolve_down(const float *const *rows, const float *w, long radius, long columns, float *out);

// The same with a second kernel of the same radius in the same pass over the rows.
void vl_convolve_down2(const float *const *rows, const float *w1, const float *w2, long radius, long columns,
                       float *out1, float *out2);

// out[c] = w[0] row[c] + sum over k of w[k] (row[c - k] + row[c + k]); row is readable for 16 places more than
// the taps reach, out holds columns rounded up to a multiple of 16.
void vl_convolve_across(const float *row, const float *w, long radius, long columns, float *out);

// out[c] = scale times the sum of two such convolutions, of row1 with w1 and of row2 with w2.
void vl_convolve_across2(const float *row1, const float *w1, const float *row2, const float *w2, long radius,
                         long columns, float scale, float *out);

// counts[b] += how many values v have (int)((v - low) * scale) == b, for b in 0...bins (bins itself catches the
// largest value); counts[bins + 1] those outside or not a number.
void vl_histogram(const float *values, long count, float low, float scale, long bins, uint32_t *counts);

// How many values exceed the threshold, and the sums of (v - origin) of those and of all.
void vl_sums_above(const float *values, long count, float threshold, float origin, long *above, double *sum_above,
                   double *sum_all);

// Of the values above the threshold: how many (or their sum, if weighted) and the sum of index times that.
void vl_moments_above(const float *values, long count, float threshold, int weighted, double *mass, double *moment);

// out[i][t] = sum over j of x[i][j] h[j][t], for i below rows (at most 16) and t below 16; h and out have rows
// of 16, x rows of `stride`.
void vl_rows_times_panel(const float *x, long stride, long rows, long columns, const float *h, float *out);

// g[t][j] += sum over i of w[i][t] x[i][j], for i below rows, t below rank, j below columns; w has rows of
// `w_stride`, x of `stride`, g of `g_stride`.
void vl_accumulate_outer(const float *x, long stride, long rows, long columns, const float *w, long w_stride,
                         long rank, float *g, long g_stride);

// model[i][j] = sum over t of w[i][t] h[t][j].
void vl_model(const float *w, long w_stride, long rows, long rank, const float *h, long h_stride, long columns,
              float *model, long stride);

// model = x / max(model, tiny), over count values.
void vl_ratio(const float *x, float *model, long count, float tiny);

// factor[t] = max(factor[t] - (sum over r of gram[t][r] factor[r] - target[t]) / gram[t][t], 0) for t = 0, 1, ...
// in turn; each column (below columns) on its own.
void vl_descend(float *factor, long f_stride, const float *gram, const float *target, long t_stride, long rank,
                long columns);

// dst[i] = max(dst[i], src[i]); the two do not overlap.
void vl_maximum(float *dst, const float *src, long count);

// The smallest and the largest value that is a number; infinite the wrong way round when there is none.
void vl_extent(const float *values, long count, float *smallest, float *largest);

// out[i] is the bilinear sample at (y + i dy, x + i dx) of an image with rows of `stride`; all four pixels around
// every sample exist.
void vl_bilinear_row(const float *image, long stride, double y, double dy, double x, double dx, long count,
                     float *out);

// out = scale times the Laplacian of the middle one of seven rows, by seven-point differences along both directions;
// returns the largest value. Where no value of sixteen exceeds `limit`, out is minus infinity instead. Rows are
// readable three places beyond both ends; out holds columns rounded up to a multiple of 16.
float vl_laplace_row(const float *const *rows, long columns, float scale, float limit, float *out);

#endif
