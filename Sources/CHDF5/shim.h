#include <hdf5.h>

// Macros that Swift cannot import; most open the library first.
static const hid_t h5_default = H5P_DEFAULT, h5_all = H5S_ALL;
static const unsigned h5_read_only = 0;  // H5F_ACC_RDONLY, a macro with a side effect
static inline hid_t h5_file_access(void) { return H5P_FILE_ACCESS; }
static inline hid_t h5_c_string(void) { return H5T_C_S1; }
static inline hid_t h5_native(int is_float, int is_signed, size_t size) {
  if (is_float) return size == 8 ? H5T_NATIVE_DOUBLE : H5T_NATIVE_FLOAT;
  switch (size) {
    case 1: return is_signed ? H5T_NATIVE_INT8 : H5T_NATIVE_UINT8;
    case 2: return is_signed ? H5T_NATIVE_INT16 : H5T_NATIVE_UINT16;
    case 4: return is_signed ? H5T_NATIVE_INT32 : H5T_NATIVE_UINT32;
    default: return is_signed ? H5T_NATIVE_INT64 : H5T_NATIVE_UINT64;
  }
}
// The error stack belongs to a thread: every visit to the library begins by silencing it.
static inline void h5_silence(void) { H5open(); H5Eset_auto2(H5E_DEFAULT, NULL, NULL); H5Eclear2(H5E_DEFAULT); }

// The message of the innermost error.
static herr_t h5_first_error(unsigned n, const H5E_error2_t *error, void *buffer) {
  if (n == 0 && error->desc) {
    char *text = (char *)buffer;
    size_t i = 0;
    for (; i < 119 && error->desc[i]; i++) text[i] = error->desc[i];
    text[i] = 0;
  }
  return 0;
}
static inline void h5_message(char buffer[120]) {
  buffer[0] = 0;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, h5_first_error, buffer);
}
