#include <png.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

// libpng leaves a failed call with longjmp, which must not cross Swift: each function here is one whole visit
// to the library, and no Swift code runs inside.

typedef struct {
  int descriptor;
  int64_t position;
  int ended;  // the file ended where the library wanted more
  uint32_t width, height, limit;
  int depth, color, channels;
  int palette_entries;
  uint8_t palette[256];  // grey levels
  int palette_is_grey;
  char message[160];
} cpng_image;

static void cpng_fail(png_structp png, png_const_charp message) {
  cpng_image *image = (cpng_image *)png_get_error_ptr(png);
  strncpy(image->message, message, sizeof image->message - 1);
  png_longjmp(png, 1);
}
static void cpng_quiet(png_structp png, png_const_charp message) { (void)png; (void)message; }
static void cpng_fetch(png_structp png, png_bytep data, size_t count) {
  cpng_image *image = (cpng_image *)png_get_io_ptr(png);
  while (count > 0) {
    ssize_t done = pread(image->descriptor, data, count, (off_t)image->position);
    if (done <= 0) { image->ended = 1; png_error(png, "the file ends too early"); }
    data += done; count -= (size_t)done; image->position += done;
  }
}
static png_structp cpng_begin(cpng_image *image) {
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, image, cpng_fail, cpng_quiet);
  if (!png) return NULL;
  png_set_read_fn(png, image, cpng_fetch);
  png_set_user_limits(png, image->limit, image->limit);
  png_set_chunk_malloc_max(png, 1 << 20);
  png_set_chunk_cache_max(png, 64);
  image->position = 0; image->ended = 0; image->message[0] = 0;
  return png;
}

// Reads up to the first image data. 1 on success.
static __attribute__((noinline, unused)) int cpng_read_header(cpng_image *image) {
  png_structp volatile png = cpng_begin(image);
  png_infop volatile info = png ? png_create_info_struct(png) : NULL;
  if (!info) { png_structp p = png; if (p) png_destroy_read_struct(&p, NULL, NULL); return 0; }
  int result = 0;
  if (!setjmp(png_jmpbuf(png))) {
    png_read_info(png, info);
    image->width = png_get_image_width(png, info);
    image->height = png_get_image_height(png, info);
    image->depth = png_get_bit_depth(png, info);
    image->color = png_get_color_type(png, info);
    image->channels = png_get_channels(png, info);
    png_colorp palette; int entries = 0;
    image->palette_entries = 0; image->palette_is_grey = 1;
    if (image->color == PNG_COLOR_TYPE_PALETTE && png_get_PLTE(png, info, &palette, &entries)) {
      for (int i = 0; i < entries && i < 256; i++) {
        image->palette[i] = palette[i].green;
        if (palette[i].red != palette[i].green || palette[i].blue != palette[i].green) image->palette_is_grey = 0;
      }
      image->palette_entries = entries;
    }
    result = 1;
  }
  png_structp p = png; png_infop i = info;
  png_destroy_read_struct(&p, &i, NULL);
  return result;
}

// Decodes the whole image, samples of 1, 2 and 4 bits one a byte, 16 bits in host order. 1 on success.
static __attribute__((noinline, unused)) int cpng_read_pixels(cpng_image *image, uint8_t *rows, size_t row_bytes) {
  png_structp volatile png = cpng_begin(image);
  png_infop volatile info = png ? png_create_info_struct(png) : NULL;
  if (!info) { png_structp p = png; if (p) png_destroy_read_struct(&p, NULL, NULL); return 0; }
  int result = 0;
  if (!setjmp(png_jmpbuf(png))) {
    png_read_info(png, info);
    if (png_get_bit_depth(png, info) < 8) png_set_packing(png);
    if (png_get_bit_depth(png, info) == 16 && *(const uint8_t *)&(const uint16_t){1}) png_set_swap(png);
    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    if (png_get_rowbytes(png, info) != row_bytes || png_get_image_height(png, info) != image->height)
      png_error(png, "the file changed while it was read");
    for (int pass = 0; pass < passes; pass++)
      for (uint32_t y = 0; y < image->height; y++) png_read_row(png, rows + (size_t)y * row_bytes, NULL);
    png_read_end(png, NULL);
    result = 1;
  }
  png_structp p = png; png_infop i = info;
  png_destroy_read_struct(&p, &i, NULL);
  return result;
}
