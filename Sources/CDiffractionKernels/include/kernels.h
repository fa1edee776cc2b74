#ifndef EWALD_DIFFRACTION_KERNELS_H
#define EWALD_DIFFRACTION_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/// x[i] *= t[i] for n complex numbers, real parts before imaginary parts.
void ewald_multiply_complex(float *x, const float *t, ptrdiff_t n);

/// sums[i] = sum over r of weights[r] * rows[r][first + i], for i in 0..<count.
void ewald_sum_rows(float *sums, ptrdiff_t count, const int16_t *const *rows, ptrdiff_t first,
                    const float *weights, ptrdiff_t rowCount);

#endif
