/* Catalogues are few and large, auctions many and small: those are kept once unpacked, of these one is in memory. */
#include "exchange/command/recorded.h"

#include <stdio.h>
#include <stdlib.h>

#include "exchange/command/instant.h"
#include "protocol/base/clock.h"

#define CATALOGUES_MAX 256u
#define ARENA_CHUNK (1u << 18)
#define ARENA_MAX ((size_t)1 << 32)

struct kept {
    struct digest version;
    struct catalogue *catalogue; /* NULL: it is not there */
};

struct recorded {
    struct reader *reader;
    struct arena arena, zones;
    uint32_t kept_count, asked_count;
    struct kept kept[CATALOGUES_MAX];
    struct trace_auction trace;
};

struct walk {
    struct recorded *recorded;
    const struct recorded_span *span;
    recorded_on_trace *fn;
    void *arg;
    uint64_t unreadable;
};

bool recorded_read_span(const char *command, char **arguments, struct recorded_span *span)
{
    int64_t now_ms = clock_wall_ms();
    if (!instant_read(arguments[0], now_ms, &span->from_ms) || !instant_read(arguments[1], now_ms, &span->to_ms)) {
        fprintf(stderr, "outcry %s: FROM and TO are " INSTANT_FORMS "\n", command);
        return false;
    }
    if (span->from_ms < span->to_ms) return true;
    fprintf(stderr, "outcry %s: FROM must be before TO\n", command);
    return false;
}

enum fault recorded_open(const struct settings *settings, struct recorded **recorded)
{
    struct recorded *made = calloc(1, sizeof *made);
    if (!made) return FAULT_MEMORY;
    arena_init(&made->arena, ARENA_CHUNK, ARENA_MAX);
    arena_init(&made->zones, ARENA_CHUNK, ARENA_MAX);
    enum fault fault = reader_open(settings->ledger_path, NULL, &made->reader);
    if (fault == FAULT_NONE)
        *recorded = made;
    else
        recorded_close(&made);
    return fault;
}

void recorded_close(struct recorded **recorded)
{
    struct recorded *gone = *recorded;
    *recorded = NULL;
    if (!gone) return;
    for (uint32_t i = 0; i < gone->kept_count; i++) catalogue_drop(&gone->kept[i].catalogue);
    if (gone->reader) reader_close(&gone->reader);
    arena_free(&gone->arena);
    arena_free(&gone->zones);
    free(gone);
}

struct reader *recorded_reader(struct recorded *recorded)
{
    return recorded->reader;
}

uint32_t recorded_catalogues_count(const struct recorded *recorded)
{
    return recorded->asked_count;
}

/* The oldest one gives way: a span that long has reloads in order. */
static struct kept *place_for(struct recorded *recorded)
{
    if (recorded->kept_count < CATALOGUES_MAX) return &recorded->kept[recorded->kept_count++];
    catalogue_drop(&recorded->kept[0].catalogue);
    memmove(recorded->kept, recorded->kept + 1, (CATALOGUES_MAX - 1) * sizeof *recorded->kept);
    return &recorded->kept[CATALOGUES_MAX - 1];
}

const struct catalogue *recorded_catalogue(struct recorded *recorded, const struct digest *version)
{
    struct arena arena;
    struct bytes packed;
    for (uint32_t i = recorded->kept_count; i-- > 0;)
        if (digest_same(&recorded->kept[i].version, version)) return recorded->kept[i].catalogue;
    struct kept *kept = place_for(recorded);
    *kept = (struct kept){.version = *version};
    recorded->asked_count++;
    arena_init(&arena, ARENA_CHUNK, ARENA_MAX);
    if (reader_catalogue(recorded->reader, version, &arena, &packed) == FAULT_NONE)
        kept->catalogue = catalogue_unpack(packed, config_read_zone, &recorded->zones);
    arena_free(&arena);
    return kept->catalogue;
}

static bool on_record(void *arg, struct bytes record)
{
    struct walk *walk = arg;
    struct recorded *recorded = walk->recorded;
    if (record.len == 0) return true; /* an offer's, alone */
    arena_reset(&recorded->arena);
    if (!trace_read(record, &recorded->arena, &recorded->trace)) {
        walk->unreadable++;
        return true;
    }
    int64_t opened_ms = recorded->trace.opened_ms;
    if (opened_ms >= walk->span->from_ms && opened_ms < walk->span->to_ms)
        walk->fn(walk->arg, &recorded->trace, &recorded->arena);
    return true;
}

enum fault recorded_each(struct recorded *recorded, const struct recorded_span *span, recorded_on_trace *fn, void *arg,
                         uint64_t *unreadable)
{
    struct walk walk = {recorded, span, fn, arg, 0};
    enum fault fault = reader_traces(recorded->reader, span->from_ms, span->to_ms, on_record, &walk);
    *unreadable = walk.unreadable;
    return fault;
}
