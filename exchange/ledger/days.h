/* days: the trace: one LMDB environment per UTC day (and another part of the day when one is full), outside the chain,
 * dropped whole, oldest first. For this room only.
 *
 *   trace/2026-11-22/       records  number (8), part (4) -> bytes
 *   trace/2026-11-22.002/   index    ping or lead id -> number
 *                           offers   expiry, wall ms (8), ping id, part (4) -> flat offer
 *
 * One thread writes; any thread reads while it does. A day in use by a reader is freed when the reader lets go. */
#pragma once

#include "exchange/ledger/lane.h"
#include "protocol/base/arena.h"

#define DAYS_MAX 512

struct days;

struct days_options {
    const char *path; /* the folder "trace"; made by a writer */
    int64_t keep_ms;
    uint64_t max_bytes; /* of all days together */
    bool is_reader;     /* of another process' days, or of days at rest */
};

/* A reader finds nothing where there is no such folder, and what another process began later at its next look-up. */
enum fault days_open(const struct days_options *options, struct days **days) MUST_USE;
void days_close(struct days **days);

/* Writer: into the open transaction of the day of wall_ms; the first one opens it, and a day ends when another begins.
 * FAULT_DISK_FULL: the part of the day is full; nothing since the last commit was kept, the next put begins another
 * part. Any other fault: likewise, and the day is given up. */
enum fault days_put(struct days *days, const struct lane_item *item, int64_t wall_ms) MUST_USE;
/* True if something was put since the last commit. */
bool days_is_open(const struct days *days);
enum fault days_commit(struct days *days) MUST_USE;
void days_abort(struct days *days);
/* Drops what is older than `keep` and, oldest first, what is over `max`; never the day being written. */
void days_prune(struct days *days, int64_t wall_ms);
uint64_t days_bytes(struct days *days);

/* The newest record of that id; FAULT_NOT_FOUND. */
enum fault days_find(struct days *days, const struct ident *id, struct arena *arena, struct bytes *record) MUST_USE;
/* fn for the records written in the days from one instant (wall) to another, and in the day after, oldest first, until
 * it says no. In short transactions: what is written meanwhile may come along. */
enum fault days_records(struct days *days, int64_t from_ms, int64_t to_ms, bool (*fn)(void *arg, struct bytes record),
                        void *arg) MUST_USE;
/* The offer of that ping as it was written last, whether it has expired or not; FAULT_NOT_FOUND. */
enum fault days_find_offer(struct days *days, const struct ident *ping_id, int64_t expires_ms, struct arena *arena,
                           struct bytes *flat) MUST_USE;
/* fn for every offer that expires after wall_ms, as it was written last before it is given as it was written first. */
enum fault days_offers(struct days *days, int64_t wall_ms,
                       void (*fn)(void *arg, const struct ident *ping_id, int64_t expires_ms, struct bytes flat),
                       void *arg) MUST_USE;
