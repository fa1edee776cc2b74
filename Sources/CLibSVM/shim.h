#include <libsvm/svm.h>

// It prints its progress to standard output unless told otherwise.
static inline void svm_say_nothing(const char *text) { (void)text; }
static inline void svm_be_quiet(void) { svm_set_print_string_function(svm_say_nothing); }
