/* tzif: a TZif file made by hand, for tests that must not depend on the machine's zone files: one offset before the
 * listed changes, and a footer rule after them. */
#pragma once

#include <endian.h>

#include "protocol/base/bytes.h"

struct tzif_change {
    int64_t at_s;
    int32_t offset_s;
};

#define TZIF_CHANGES_MAX 8

static inline void tzif_u32(struct sink *sink, uint32_t value)
{
    value = htobe32(value);
    sink_bytes(sink, (struct bytes){(const char *)&value, 4});
}

static inline void tzif_head(struct sink *sink, char version, uint32_t times, uint32_t types)
{
    const uint32_t counts[] = {0, 0, 0, times, types, types ? 4 : 0};
    sink_text(sink, "TZif");
    sink_char(sink, version);
    for (unsigned i = 0; i < 15; i++) sink_char(sink, 0);
    for (unsigned i = 0; i < 6; i++) tzif_u32(sink, counts[i]);
}

/* Each change has a type of its own; type 0 is `first_s`. */
static inline struct bytes tzif_make(struct sink *sink, int32_t first_s, const struct tzif_change *changes,
                                     uint32_t count, const char *rule)
{
    tzif_head(sink, '2', 0, 1); /* the version 1 block: one type, four letters */
    tzif_u32(sink, 0);
    sink_bytes(sink, (struct bytes){"\0\0LMT", 6});
    tzif_head(sink, '2', count, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t at = htobe64((uint64_t)changes[i].at_s);
        sink_bytes(sink, (struct bytes){(const char *)&at, 8});
    }
    for (uint32_t i = 0; i < count; i++) sink_char(sink, (char)(i + 1));
    for (uint32_t i = 0; i <= count; i++) {
        tzif_u32(sink, (uint32_t)(i ? changes[i - 1].offset_s : first_s));
        sink_bytes(sink, (struct bytes){"\0\0", 2});
    }
    sink_bytes(sink, (struct bytes){"LMT", 4});
    sink_char(sink, '\n');
    sink_text(sink, rule);
    sink_char(sink, '\n');
    return sink_written(sink);
}
