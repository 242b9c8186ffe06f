/* notices: what affiliates, buyers and contracts' addresses are told after the fact, as the book has it: lists of
 * events to read (feeds), and what of them is to be delivered. Synchronous look-ups, for the ledger's reader thread and
 * for commands; what is found is in the arena. Outcomes of deliveries are written by ledger_deliver (ledger.h). */
#pragma once

#include "exchange/ledger/reader.h"
#include "exchange/record/delivery.h"

/* The hearer's events after that number, in order; at most `max`. */
enum fault notices_after(struct reader *reader, const struct hearer *hearer, uint64_t after, struct arena *arena,
                         struct event_row *rows, uint32_t max, uint32_t *count) MUST_USE;
/* FAULT_NOT_FOUND: it is forgotten. */
enum fault notices_one(struct reader *reader, const struct hearer *hearer, uint64_t number, struct arena *arena,
                       struct event *event) MUST_USE;

/* Where a walk over the hearers goes on; zeros: at the first. */
struct notices_walk {
    char from[HEARER_ID_MAX + 4];
    size_t len; /* 0 after a look-up: that was the last hearer */
};
/* What may be tried at that time: of each hearer the first `each`, the longest due first, and of one lead one at a
 * time; all in all up to `max`. */
enum fault notices_due(struct reader *reader, int64_t wall_ms, uint32_t each, struct notices_walk *walk,
                       struct arena *arena, struct delivery *list, uint32_t max, uint32_t *count) MUST_USE;
/* What was given up, as long as it is remembered. */
enum fault notices_given_up(struct reader *reader, uint32_t each, struct notices_walk *walk, struct arena *arena,
                            struct delivery *list, uint32_t max, uint32_t *count) MUST_USE;
