#include <fcntl.h>
#include <malloc.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// Linux calls that glibc declares only with _GNU_SOURCE, or only as macros or variadic functions.

// A pipe whose ends no child inherits: ends[0] to read, ends[1] to write.
static inline int linux_pipe(int *ends) { return (int)syscall(SYS_pipe2, ends, O_CLOEXEC); }
// Memory without a name; 3 = close on exec, may be sealed.
static inline int linux_memory(const char *name) { return (int)syscall(SYS_memfd_create, name, 3u); }
// Seals: 1 no more seals, 2 no shrinking, 4 no growing, 8 no writing.
static inline int linux_seal(int descriptor) { return fcntl(descriptor, 1033, 1 | 2 | 4 | 8); }
static inline int linux_is_sealed(int descriptor) {
  int seals = fcntl(descriptor, 1034);
  return seals >= 0 && (seals & (2 | 8)) == (2 | 8);
}
// Free memory of every heap of the C library goes back to the system.
static inline void linux_trim_heaps(void) { malloc_trim(0); }
// Two heaps, and 128 kB or more never from one of them.
static inline void linux_keep_heaps_small(void) {
  mallopt(M_ARENA_MAX, 2);
  mallopt(M_MMAP_THRESHOLD, 128 * 1024);
}
// Opening without marking the access time.
static const int linux_no_access_time = 01000000;
// This process gets the signal when the thread that started it ends.
static inline void linux_end_with_parent(int signal) { prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0); }
