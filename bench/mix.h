/* mix: the requests that are sent in turn, whole as they go out, from a file with one JSON document or one per line. */
#pragma once

#include "protocol/base/bytes.h"

#define MIX_REQUESTS_MAX 100000
#define MIX_FILE_MAX (64 << 20)

struct mix {
    struct bytes *requests; /* head and body */
    uint32_t count;
    char *memory;
};

struct mix_target {
    struct bytes host; /* with port, as in Host */
    struct bytes path; /* with query */
    struct bytes key;  /* empty: no Authorization */
};

/* false: *note says what is wrong with the file. */
bool mix_read(struct mix *mix, const char *file, const struct mix_target *target, char *note, size_t note_cap);
void mix_free(struct mix *mix);
