#include <fftw3.h>

static const unsigned fftw_flag_measure = FFTW_MEASURE;
static const unsigned fftw_flag_estimate = FFTW_ESTIMATE;
static const unsigned fftw_flag_preserve_input = FFTW_PRESERVE_INPUT;
