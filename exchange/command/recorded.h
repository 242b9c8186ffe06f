/* recorded: the auctions of a span of time as the stores keep them, and the catalogues they were decided under. For
 * commands that read beside a live exchange or without one. One thread. */
#pragma once

#include "exchange/config/config.h"
#include "exchange/ledger/reader.h"

struct recorded;

struct recorded_span {
    int64_t from_ms, to_ms; /* wall: from <= an auction's opening < to */
};

/* FROM and TO as given on the command line. False: it is said already. */
bool recorded_read_span(const char *command, char **arguments, struct recorded_span *span);

enum fault recorded_open(const struct settings *settings, struct recorded **recorded) MUST_USE;
void recorded_close(struct recorded **recorded);
struct reader *recorded_reader(struct recorded *recorded);
/* As the book keeps it; NULL: it is not there, or cannot be unpacked. Owned by `recorded`. */
const struct catalogue *recorded_catalogue(struct recorded *recorded, const struct digest *version);
/* How many different ones were asked for. */
uint32_t recorded_catalogues_count(const struct recorded *recorded);

/* fn for each record of the span, auctions and posts, oldest first; the trace and what is put into the arena live for
 * the call. */
typedef void recorded_on_trace(void *arg, const struct trace_auction *trace, struct arena *arena);
/* *unreadable counts records that are of no version known here. */
enum fault recorded_each(struct recorded *recorded, const struct recorded_span *span, recorded_on_trace *fn, void *arg,
                         uint64_t *unreadable) MUST_USE;
