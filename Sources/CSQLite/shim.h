#include <sqlite3.h>

// The two ways to hand bytes over: as a macro with a cast, Swift does not see them.
static inline int csqlite_bind_text(sqlite3_stmt *statement, int index, const char *text, int count) {
  return sqlite3_bind_text(statement, index, text, count, SQLITE_TRANSIENT);
}
