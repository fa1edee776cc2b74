#define NCURSES_WIDECHAR 1  // before curses.h, or cchar_t and addwstr are missing
#include <curses.h>
#include <term.h>
