#define NCURSES_WIDECHAR 1  // before curses.h, or cchar_t and addwstr are missing
#include <curses.h>
#include <term.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

// Declared here: _GNU_SOURCE would change types that Swift already knows from its own view of the C library.
extern int memfd_create(const char *name, unsigned flags);
extern int wcwidth(wchar_t c);

// --- What Swift cannot import: macros, globals, variadic functions ---------------------------------------

static const attr_t NC_BOLD = A_BOLD, NC_REVERSE = A_REVERSE, NC_UNDERLINE = A_UNDERLINE, NC_DIM = A_DIM;

static inline FILE *nc_stdin(void) { return stdin; }
static inline int nc_width(wchar_t ch) { return wcwidth(ch); }
static inline WINDOW *nc_stdscr(void) { return stdscr; }
static inline int nc_pair_limit(void) { return COLOR_PAIRS; }
static inline void nc_repaint(void) { clearok(curscr, TRUE); }

static inline void nc_put(WINDOW *w, int y, int x, wchar_t ch, attr_t attributes, int pair) {
  cchar_t cell;
  wchar_t text[2] = {ch, 0};
  // &pair: the only way to a pair above 32767. ERR in the last corner only says that the cursor cannot go on.
  if (setcchar(&cell, text, attributes, 0, &pair) != ERR) (void)mvwadd_wch(w, y, x, &cell);
}

// What lies on the terminal there is not what ncurses believes: the next refresh writes it anew.
static inline void nc_damage(int y, int x) {
  cchar_t cell;
  wchar_t text[2] = {L'?', 0};
  int row, column;
  getyx(curscr, row, column);
  // Nothing that is ever drawn blinks, so no cell can be equal to it.
  if (setcchar(&cell, text, A_BLINK | A_UNDERLINE, 0, NULL) != ERR) (void)mvwadd_wch(curscr, y, x, &cell);
  wmove(curscr, row, column);
  wtouchln(newscr, y, 1, 1);
}

// Needs no screen. Returns 0 where terminfo does not know `term`.
static inline int nc_facts(const char *term, int *colours, int *rgb, int *can_position) {
  int found = 0;
  if (setupterm((char *)term, STDOUT_FILENO, &found) == ERR || found != 1) return 0;
  const char *cup = tigetstr("cup"), *clear = tigetstr("clear");
  *colours = tigetnum("colors");
  *rgb = tigetflag("RGB") > 0 || tigetnum("RGB") > 0;
  *can_position = cup && cup != (char *)-1 && clear && clear != (char *)-1;
  del_curterm(cur_term);
  return 1;
}

// --- The guard: whatever ends the process, the terminal is given back as it was ---------------------------
//
// In C because a signal handler must not allocate, lock or enter a runtime.

#define GUARD_SIGNALS 65

struct guard_state {
  volatile sig_atomic_t active;    // the terminal is in our hands
  pid_t owner;                     // a forked child must not touch it
  int tty;                         // the terminal, for us alone
  int screen;                      // the descriptor that ncurses writes to
  FILE *stream;                    // the same
  int null;
  int err_tty, err_held;           // standard error, and what was written to it meanwhile
  int wake[2];                     // signals on their way to the event loop
  struct termios shell;
  char reset[2][160];              // two, so that a signal never meets a half-written one
  volatile int reset_length[2];
  volatile sig_atomic_t reset_index;
  volatile sig_atomic_t asked;     // the signal that asked the program to end
  unsigned grace;
  struct sigaction before[GUARD_SIGNALS];
  char caught[GUARD_SIGNALS];
  char undo[2][160];               // what was asked of the terminal and has to be taken back, such as the mouse
  volatile int undo_length[2];
  volatile sig_atomic_t undo_index;
  int questions, answers;          // to the terminal, and from it
  volatile sig_atomic_t titled;    // the window's title is ours, and the shell's is on the terminal's stack
  char stack[65536];
};

// One for the program, however many files the compiler inlines the functions below into. (Without a value the
// importer would leave it out.)
__attribute__((weak, visibility("hidden"))) struct guard_state guard_of_the_terminal = {.active = 0};
#define guard guard_of_the_terminal

static inline void guard_write(int to, const char *bytes, long count) {
  while (count > 0) {
    // A terminal that takes nothing (a dead link, ^S) must not keep a dying process alive.
    struct pollfd ready = {to, POLLOUT, 0};
    if (poll(&ready, 1, 200) <= 0 || !(ready.revents & POLLOUT)) return;
    long written = write(to, bytes, (size_t)count);
    if (written <= 0) return;
    bytes += written;
    count -= written;
  }
}

// Counted, so that a crash knows whether an answer is still on its way.
static inline void guard_question(void) { __atomic_add_fetch(&guard.questions, 1, __ATOMIC_SEQ_CST); }
static inline void guard_answer(void) { __atomic_add_fetch(&guard.answers, 1, __ATOMIC_SEQ_CST); }
static inline int guard_awaits_answer(void) {
  return __atomic_load_n(&guard.answers, __ATOMIC_SEQ_CST) < __atomic_load_n(&guard.questions, __ATOMIC_SEQ_CST);
}
// No answer is to be expected any more.
static inline void guard_settle(void) { __atomic_store_n(&guard.answers, guard.questions, __ATOMIC_SEQ_CST); }

// An answer that comes after the end would be the beginning of what is typed at the shell next. It is taken here, or
// by the thread that reads keys, which may still be running; within a second it comes or the link is dead.
static inline void guard_drain(void) {
  struct termios quiet;
  if (tcgetattr(guard.tty, &quiet) != 0) return;
  // A read must not wait for what the other thread was quicker to take.
  quiet.c_cc[VMIN] = 0;
  quiet.c_cc[VTIME] = 0;
  tcsetattr(guard.tty, TCSANOW, &quiet);
  int taken = 0;
  for (int waited = 0; waited < 50; waited++) {
    struct pollfd ready = {guard.tty, POLLIN, 0};
    int news = poll(&ready, 1, 20);
    if (news > 0) {
      char bytes[256];
      if (!(ready.revents & POLLIN) || read(guard.tty, bytes, sizeof bytes) < 0) return;
      taken = 1;
    } else if (taken || !guard_awaits_answer()) {
      return;
    }
  }
}

// Async-signal-safe, from any thread, any number of times. With no one left to read them, answers are waited for.
static inline void guard_give_back(int drains) {
  if (!__atomic_exchange_n(&guard.active, 0, __ATOMIC_SEQ_CST) || getpid() != guard.owner) return;
  int error = errno;
  // Whatever another thread still draws goes nowhere, so nothing can follow the bytes below.
  dup2(guard.null, guard.screen);
  if (guard.err_held >= 0) dup2(guard.err_tty, STDERR_FILENO);
  pid_t front = tcgetpgrp(guard.tty);
  // In the background the terminal belongs to someone else.
  if (front < 0 || front == getpgrp()) {
    if (drains && front >= 0) guard_drain();
    tcsetattr(guard.tty, TCSANOW, &guard.shell);
    int index = guard.reset_index;
    // Ctrl-Z makes the line discipline drop what was on its way: a picture may have lost its end, and whatever
    // follows would be part of it. CAN and ST end any sequence.
    guard_write(guard.tty, "\030\033\\\033[?2004l", 11);
    // A change that was under way is shown; the shell gets its title back.
    if (guard.titled) guard_write(guard.tty, "\033[?2026l\033[23;2t", 15);
    guard_write(guard.tty, guard.undo[guard.undo_index], guard.undo_length[guard.undo_index]);
    guard_write(guard.tty, guard.reset[index], guard.reset_length[index]);
    if (guard.err_held >= 0) {
      char bytes[512];
      struct stat held;
      off_t from = fstat(guard.err_held, &held) == 0 && held.st_size > 16384 ? held.st_size - 16384 : 0;
      long count;
      while ((count = pread(guard.err_held, bytes, sizeof bytes, from)) > 0) {
        guard_write(guard.tty, bytes, count);
        from += count;
      }
      if (ftruncate(guard.err_held, 0) != 0) { /* nothing to be done here */ }
    }
  }
  errno = error;
}

static inline void guard_restore(void) { guard_give_back(0); }

// Whoever asks again and again does not wait for answers: the next request ends the process in the middle of it.
static inline void guard_die(int number) {
  guard_restore();
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = SIG_DFL;
  sigaction(number, &action, NULL);
  raise(number);  // blocked inside the handler; comes when it returns
}

// A crash. Whoever was there before (the runtime's backtrace) gets it after us.
static inline void guard_on_fatal(int number) {
  guard_give_back(1);
  if (guard.before[number].sa_handler == SIG_IGN) {
    guard_die(number);
  } else {
    sigaction(number, &guard.before[number], NULL);
    raise(number);
  }
}

static inline void guard_pass_on(int number) {
  int error = errno;
  char byte = (char)number;
  if (write(guard.wake[1], &byte, 1) < 0) { /* the pipe is full: the loop is awake */ }
  errno = error;
}

// A request to end: once it is an event, so that the session can be closed. A second ^C or SIGTERM ends at
// once, and so does the alarm. A second SIGHUP does not: shells repeat the kernel's.
static inline void guard_on_request(int number) {
  if (guard.asked == number && number != SIGHUP) {
    guard_die(number);
    return;
  }
  if (!guard.asked) alarm(guard.grace);
  guard.asked = number;
  guard_pass_on(number);
}

static inline void guard_on_alarm(int number) { if (guard.asked) guard_die(guard.asked); (void)number; }

static inline void guard_catch(int number, void (*handler)(int), int flags) {
  struct sigaction action, before;
  memset(&action, 0, sizeof action);
  action.sa_handler = handler;
  action.sa_flags = SA_ONSTACK | flags;
  sigfillset(&action.sa_mask);
  if (guard.caught[number] || sigaction(number, NULL, &before) != 0) return;
  // Ignored on purpose (nohup): so it stays. A crash cannot be ignored.
  if (before.sa_handler == SIG_IGN && handler != guard_on_fatal) return;
  guard.before[number] = before;
  if (sigaction(number, &action, NULL) == 0) guard.caught[number] = 1;
}

static inline void guard_uncatch(int number) {
  if (!guard.caught[number]) return;
  sigaction(number, &guard.before[number], NULL);
  guard.caught[number] = 0;
}

// Takes hold of the terminal on `from`. Returns the stream for the screen, or NULL and errno.
static inline FILE *guard_open(int from, unsigned grace) {
  if (!guard.stream) {
    guard.tty = fcntl(from, F_DUPFD_CLOEXEC, 3);
    guard.screen = fcntl(from, F_DUPFD_CLOEXEC, 3);
    guard.null = open("/dev/null", O_RDWR | O_CLOEXEC);
    guard.err_tty = guard.err_held = -1;
    if (guard.tty < 0 || guard.screen < 0 || guard.null < 0) return NULL;
    if (pipe(guard.wake) != 0) return NULL;
    for (int end = 0; end < 2; end++) {
      fcntl(guard.wake[end], F_SETFD, FD_CLOEXEC);
      fcntl(guard.wake[end], F_SETFL, O_NONBLOCK);
    }
    if (isatty(STDERR_FILENO)) {
      guard.err_tty = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
      guard.err_held = memfd_create("stderr", 1 /* close on exec */);
      if (guard.err_held >= 0) fcntl(guard.err_held, F_SETFL, O_APPEND);
    }
    guard.stream = fdopen(guard.screen, "w");
    if (!guard.stream) return NULL;
    atexit(guard_restore);
  }
  stack_t stack;
  if (sigaltstack(NULL, &stack) == 0 && (stack.ss_flags & SS_DISABLE)) {
    // So that even a stack overflow of the main thread is survived by the handler.
    stack.ss_sp = guard.stack;
    stack.ss_size = sizeof guard.stack;
    stack.ss_flags = 0;
    sigaltstack(&stack, NULL);
  }
  guard.owner = getpid();
  guard.grace = grace;
  return guard.stream;
}

static inline int guard_enter(void) {
  if (guard.active) return 0;
  if (tcgetattr(guard.tty, &guard.shell) != 0) return -1;
  if (dup2(guard.tty, guard.screen) < 0) return -1;
  // Libraries and the runtime write there; on the screen it would be damage, so it is kept for later.
  if (guard.err_held >= 0) dup2(guard.err_held, STDERR_FILENO);
  guard.active = 1;
  // Pasted text comes between marks: it is no keys.
  guard_write(guard.tty, "\033[?2004h", 8);
  return 0;
}

// Keeps the shell's title for the way out.
static inline void guard_keep_title(void) {
  if (!guard.titled) guard_write(guard.tty, "\033[22;2t", 7);
  guard.titled = 1;
}

static inline void guard_catch_all(void) {
  static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS, SIGQUIT};
  static const int requests[] = {SIGTERM, SIGHUP, SIGINT};
  static const int news[] = {SIGWINCH, SIGTSTP, SIGCONT};
  for (unsigned i = 0; i < sizeof fatal / sizeof *fatal; i++) guard_catch(fatal[i], guard_on_fatal, 0);
  for (unsigned i = 0; i < sizeof requests / sizeof *requests; i++)
    guard_catch(requests[i], guard_on_request, SA_RESTART);
  for (unsigned i = 0; i < sizeof news / sizeof *news; i++) guard_catch(news[i], guard_pass_on, SA_RESTART);
  guard_catch(SIGALRM, guard_on_alarm, SA_RESTART);
}

// Not SIGALRM: a deadline that runs still holds after the screen is gone.
static inline void guard_uncatch_all(void) {
  for (int number = 1; number < GUARD_SIGNALS; number++)
    if (number != SIGALRM) guard_uncatch(number);
}

// Stops the process as ^Z does, and returns when it goes on.
static inline void guard_stop_process(void) {
  sigset_t stop, before;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTSTP);
  guard_uncatch(SIGTSTP);
  // To this thread, not to the process: then it has stopped before the handler is put back. Threads of a
  // queue, and the main actor may run on one, block the signal.
  raise(SIGTSTP);
  pthread_sigmask(SIG_UNBLOCK, &stop, &before);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  guard_catch(SIGTSTP, guard_pass_on, SA_RESTART);
}

static inline void guard_set_reset(const char *bytes, int length) {
  int index = !guard.reset_index;
  if (length > (int)sizeof guard.reset[0]) length = (int)sizeof guard.reset[0];
  memcpy(guard.reset[index], bytes, (size_t)length);
  guard.reset_length[index] = length;
  guard.reset_index = index;
}

static inline void guard_set_undo(const char *bytes, int length) {
  int index = !guard.undo_index;
  if (length > (int)sizeof guard.undo[0]) return;
  memcpy(guard.undo[index], bytes, (size_t)length);
  guard.undo_length[index] = length;
  guard.undo_index = index;
}

// The bytes that undo the screen: attributes with colours, cursor, keypad, the cursor on the last row, and the
// screen that was there before where the terminal keeps one.
static inline void guard_prepare_reset(int rows) {
  char bytes[160];
  int length = 0;
  const char *leave = tigetstr("rmcup"), *cup = tigetstr("cup");
  const char *parts[] = {tigetstr("sgr0"), tigetstr("cnorm"), tigetstr("rmkx"), NULL, leave};
  if (cup && cup != (char *)-1) parts[3] = tiparm(cup, rows > 0 ? rows - 1 : 0, 0);
  int keeps = leave && leave != (char *)-1;
  for (unsigned i = 0; i < sizeof parts / sizeof *parts; i++) {
    if (!parts[i] || parts[i] == (char *)-1) continue;
    // Padding ($<5>) is for terminals that no longer exist; left out.
    for (const char *at = parts[i]; *at && length < (int)sizeof bytes - 2; at++) {
      if (at[0] == '$' && at[1] == '<') {
        while (*at && *at != '>') at++;
        if (!*at) break;
        continue;
      }
      bytes[length++] = *at;
    }
  }
  if (!keeps) {
    bytes[length++] = '\r';
    bytes[length++] = '\n';
  }
  guard_set_reset(bytes, length);
}

static inline int guard_wake_descriptor(void) { return guard.wake[0]; }
static inline int guard_is_active(void) { return guard.active; }
static inline int guard_asked(void) { return guard.asked; }
static inline void guard_acknowledge(void) {
  alarm(0);
  guard.asked = 0;
}
// A library that never stops complaining must not fill the memory.
static inline void guard_trim_errors(void) {
  struct stat held;
  if (guard.err_held >= 0 && fstat(guard.err_held, &held) == 0 && held.st_size > 1 << 20)
    if (ftruncate(guard.err_held, 0) != 0) { /* it stays as it is */ }
}

#undef guard
