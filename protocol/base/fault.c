#include "protocol/base/fault.h"

const char *fault_text(enum fault fault)
{
    static const char *const texts[] = {
#define X(name, text) text,
        FAULTS(X)
#undef X
    };
    return (unsigned)fault < sizeof texts / sizeof *texts ? texts[fault] : "unknown fault";
}
