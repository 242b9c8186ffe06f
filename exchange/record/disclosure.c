#include "exchange/record/disclosure.h"

#define DISCLOSURE_VERSION 1

const char *disclosure_kind_name(enum disclosure_kind kind)
{
    static const char *const names[DISCLOSURE_KINDS] = {"post", "copy", "inbox", "operator"};
    return names[kind];
}

bool disclosure_write(struct sink *sink, const struct disclosure *disclosure)
{
    flat_put_head(sink, 'D', DISCLOSURE_VERSION);
    flat_put(sink, disclosure->kind);
    flat_put_id(sink, &disclosure->lead_id);
    flat_put_id(sink, &disclosure->id);
    flat_put_text(sink, disclosure->contract);
    flat_put_text(sink, disclosure->buyer);
    flat_put_text(sink, disclosure->to);
    flat_put_signed(sink, disclosure->wall_ms);
    return !sink->cut;
}

bool disclosure_read(struct bytes bytes, struct disclosure *disclosure)
{
    struct flat flat = flat_over(bytes);
    *disclosure = (struct disclosure){0};
    flat_take_head(&flat, 'D', DISCLOSURE_VERSION);
    disclosure->kind = (enum disclosure_kind)flat_take_upto(&flat, DISCLOSURE_KINDS - 1);
    flat_take_id(&flat, &disclosure->lead_id);
    flat_take_id(&flat, &disclosure->id);
    disclosure->contract = flat_take_text(&flat);
    disclosure->buyer = flat_take_text(&flat);
    disclosure->to = flat_take_text(&flat);
    disclosure->wall_ms = flat_take_signed(&flat);
    return flat_ends(&flat);
}

uint64_t disclosure_names_id(struct bytes names)
{
    struct digest digest;
    uint64_t id;
    digest_of(&digest, &names, 1);
    memcpy(&id, digest.at, sizeof id);
    return id ? id : 1;
}
