#include "protocol/base/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

_Noreturn void check_failed(const char *condition, const char *file, int line, const char *format, ...)
{
    va_list list;
    fprintf(stderr, "bug: %s:%d: %s", file, line, condition);
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputc('\n', stderr);
    abort();
}
