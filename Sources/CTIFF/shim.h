#include <tiffio.h>

// TIFFGetField is variadic: one fixed signature for each kind of value.
static inline int tiff_get_u16(TIFF *t, uint32_t tag, uint16_t *v) { return TIFFGetFieldDefaulted(t, tag, v); }
static inline int tiff_get_u32(TIFF *t, uint32_t tag, uint32_t *v) { return TIFFGetFieldDefaulted(t, tag, v); }

static const uint32_t tiff_lzw = COMPRESSION_LZW, tiff_deflate = COMPRESSION_DEFLATE;
