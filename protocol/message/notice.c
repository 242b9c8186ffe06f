#include "protocol/message/notice.h"

static const struct {
    const char *type;
    unsigned who;
} notices[] = {
#define X(name, text, who) {text, who},
#include "protocol/message/notice.tbl.h"
#undef X
};

const char *notice_type(enum notice notice)
{
    return (unsigned)notice < NOTICE_COUNT ? notices[notice].type : "?";
}

bool notice_is_for(enum notice notice, enum notice_hearer hearer)
{
    return (unsigned)notice < NOTICE_COUNT && (notices[notice].who & hearer) != 0;
}
