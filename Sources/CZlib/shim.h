#include <zlib.h>

// A stream without header and checksum, as archives hold it; inflateInit2 is a macro.
static inline int zlib_begin_raw(z_stream *stream) { return inflateInit2(stream, -MAX_WBITS); }
