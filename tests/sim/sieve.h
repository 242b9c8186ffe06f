/* sieve: who may be asked about a lead, worked out a second time, the slow and obvious way: straight from the market's
 * file and the affiliate's request, with nothing of exchange/market. What passes here and was not asked about, or the
 * other way round, is wrong with the world.
 *
 * A condition it has no word for ends the program: a new one must be told here too. One thread. */
#pragma once

#include "exchange/record/trace.h"
#include "protocol/codec/document.h"

#define SIEVE_CONTRACTS_MAX 64u
#define SIEVE_NOTE_MAX 200

struct sieve;

/* Bit i: the i-th contract of the file, in the order of buyers and their contracts. */
typedef uint64_t sieve_set;

/* The file is JSON, with one campaign. NULL: it cannot be read, or has too many contracts. */
struct sieve *sieve_open(const char *market_file);
void sieve_close(struct sieve **sieve);
/* Whom filter, price rules and exclusions let this request go to. `is_whole`: private fields may be looked at. */
sieve_set sieve_run(const struct sieve *sieve, struct bytes affiliate, const struct node *request, bool is_whole,
                    int64_t wall_ms);
/* True if just these have an entry in the trace. A story that ended before its match has none, and that is fine. */
bool sieve_agrees(const struct sieve *sieve, sieve_set set, const struct trace_auction *record,
                  char note[SIEVE_NOTE_MAX]);
