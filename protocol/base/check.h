/* check: what can only be false if the program is wrong. Always on, in every build; it prints the condition, the place and
 * the given ids to standard error and aborts. For the world's failures there is fault.h, for the trade's refusals the
 * reason list. The format must never be handed private data. */
#pragma once

#define check(condition, ...)                                                                                          \
    (__builtin_expect(!!(condition), 1) ? (void)0 : check_failed(#condition, __FILE__, __LINE__, " " __VA_ARGS__))

_Noreturn void check_failed(const char *condition, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 4, 5), cold));
