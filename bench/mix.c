/* Requests are built once: what a benchmark sends is bytes, and its own cost must not show. */
#include "bench/mix.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "protocol/codec/document.h"

#define HEAD_MAX 4096

static char *read_file(const char *name, size_t *len, char *note, size_t note_cap)
{
    FILE *file = fopen(name, "rb");
    char *text = file ? malloc(MIX_FILE_MAX) : NULL;
    *len = text ? fread(text, 1, MIX_FILE_MAX, file) : 0;
    bool whole = text && feof(file);
    if (!file || (text && ferror(file)))
        snprintf(note, note_cap, "%s: %s", name, strerror(errno));
    else if (!whole)
        snprintf(note, note_cap, "%s: too large", name);
    if (file) fclose(file);
    if (whole) return text;
    free(text);
    return NULL;
}

static bool is_json(struct bytes text)
{
    struct arena arena;
    struct document_error error;
    struct document_limits limits = DOCUMENT_LIMITS;
    arena_init(&arena, 65536, 16 << 20);
    const struct node *document = document_read_json(&arena, text, &limits, &error);
    bool is_map = document && document->kind == NODE_MAP;
    arena_free(&arena);
    return is_map;
}

static bool is_blank(struct bytes line)
{
    while (line.len && strchr(" \t\r\n", line.at[line.len - 1])) line.len--;
    return !line.len;
}

static size_t write_request(char *at, size_t cap, const struct mix_target *target, struct bytes body)
{
    struct sink sink = sink_over(at, cap);
    sink_text(&sink, "POST ");
    sink_bytes(&sink, target->path);
    sink_text(&sink, " HTTP/1.1\r\nHost: ");
    sink_bytes(&sink, target->host);
    sink_text(&sink, "\r\nUser-Agent: outcry-bench\r\nContent-Type: application/json\r\n");
    if (target->key.len) {
        sink_text(&sink, "Authorization: Bearer ");
        sink_bytes(&sink, target->key);
        sink_text(&sink, "\r\n");
    }
    sink_format(&sink, "Content-Length: %zu\r\n\r\n", body.len);
    sink_bytes(&sink, body);
    return sink.cut ? 0 : sink.len;
}

/* Each body is one request; `memory` has room for all of them with their heads. */
static bool add(struct mix *mix, size_t *used, const struct mix_target *target, struct bytes body)
{
    size_t len = write_request(mix->memory + *used, body.len + HEAD_MAX, target, body);
    mix->requests[mix->count++] = (struct bytes){mix->memory + *used, len};
    *used += len;
    return len != 0;
}

static uint32_t count_lines(struct bytes text)
{
    uint32_t count = 0;
    while (text.len) {
        struct bytes line;
        text = bytes_split(text, '\n', &line);
        count += !is_blank(line);
    }
    return count;
}

static bool build(struct mix *mix, struct bytes text, const char *file, const struct mix_target *target, char *note,
                  size_t note_cap)
{
    bool single = is_json(text);
    uint32_t lines = single ? 1 : count_lines(text);
    if (!lines || lines > MIX_REQUESTS_MAX) {
        snprintf(note, note_cap, "%s: from 1 to %d requests are needed", file, MIX_REQUESTS_MAX);
        return false;
    }
    mix->memory = malloc(text.len + (size_t)lines * HEAD_MAX);
    mix->requests = calloc(lines, sizeof *mix->requests);
    snprintf(note, note_cap, "out of memory");
    if (!mix->memory || !mix->requests) return false;
    size_t used = 0;
    snprintf(note, note_cap, "the url or the key is too long");
    if (single) return add(mix, &used, target, text);
    for (unsigned number = 1; text.len; number++) {
        struct bytes line;
        text = bytes_split(text, '\n', &line);
        if (is_blank(line)) continue;
        if (!is_json(line)) {
            snprintf(note, note_cap, "%s: line %u is no JSON object", file, number);
            return false;
        }
        if (!add(mix, &used, target, line)) return false;
    }
    return true;
}

bool mix_read(struct mix *mix, const char *file, const struct mix_target *target, char *note, size_t note_cap)
{
    *mix = (struct mix){0};
    size_t len;
    char *text = read_file(file, &len, note, note_cap);
    if (!text) return false;
    bool good = build(mix, (struct bytes){text, len}, file, target, note, note_cap);
    free(text);
    return good;
}

void mix_free(struct mix *mix)
{
    free(mix->requests);
    free(mix->memory);
}
