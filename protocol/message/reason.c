#include "protocol/message/reason.h"

static const struct {
    const char *code;
    const char *text;
} reasons[] = {
#define X(name, code, text) {code, text},
#include "protocol/message/reason.tbl.h"
#undef X
};

const char *reason_code(enum reason reason)
{
    return (unsigned)reason < REASON_COUNT ? reasons[reason].code : "?";
}
const char *reason_text(enum reason reason)
{
    return (unsigned)reason < REASON_COUNT ? reasons[reason].text : "?";
}

enum reason reason_find(struct bytes code)
{
    for (int reason = REASON_NONE + 1; reason < REASON_COUNT; reason++)
        if (bytes_is(code, reasons[reason].code)) return (enum reason)reason;
    return REASON_COUNT;
}
