#ifndef EWALD_DIFFRACTION_KERNELS_H
#define EWALD_DIFFRACTION_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/// x[i] *= t[i] for n complex numbers, real parts before imaginary parts.
void ewald_multiply_complex(float *x, const float *t, ptrdiff_t n);

/// sums[i] = sum over r of weights[r] * rows[r][first + i], for i in 0..<count.
void ewald_sum_rows(float *sums, ptrdiff_t count, const int16_t *const *rows, ptrdiff_t first,
                    const float *weights, ptrdiff_t rowCount);

/// The four corners of `count` meshes: for each whose place in `places` (`width` a line) is not negative, where its row
/// begins (row r at base + r * stride) and its weight, units[n] * corner[c]. Returns how many there are; room for
/// 4 * count is needed. What is read from a row is expected at `first`.
ptrdiff_t ewald_gather_rows(const int16_t **rows, float *weights, const int32_t *places, ptrdiff_t width,
                            const ptrdiff_t *meshes, const float *units, ptrdiff_t count, const float *corner,
                            const int16_t *base, ptrdiff_t stride, ptrdiff_t first);

#endif
