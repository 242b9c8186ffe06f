/* Body: rows of {cap id (16), window (4), used (8)}, numbers little-endian; what it says holds, whatever stood before.
 */
#include "exchange/ledger/counting.h"

#include <stdlib.h>

#include "exchange/ledger/engine.h"
#include "exchange/standing/standing.h"

#define ROW_BYTES 28u
#define ID_BYTES 16u

struct counting {
    uint64_t *saved; /* by the counter's number: window << 32 | used */
    uint32_t room;
    char body[COUNTING_ROWS_MAX * ROW_BYTES];
};

static bool make_room(struct counting *counting, uint32_t count)
{
    if (count <= counting->room) return true;
    uint32_t room = count * 2;
    uint64_t *saved = realloc(counting->saved, room * sizeof *saved);
    if (!saved) return false;
    memset(saved + counting->room, 0, (room - counting->room) * sizeof *saved);
    counting->saved = saved;
    counting->room = room;
    return true;
}

static void write_row(struct sink *sink, const struct cap_id *id, uint64_t word)
{
    char number[8];
    sink_bytes(sink, (struct bytes){(const char *)id->at, ID_BYTES});
    store_value_u64(number, word >> 32);
    sink_bytes(sink, (struct bytes){number, 4});
    store_value_u64(number, (uint32_t)word);
    sink_bytes(sink, (struct bytes){number, sizeof number});
}

/* A count that changes again before the entry is on disk differs from what is noted as saved, and goes with the next.
 */
void counting_turn(struct ledger *ledger)
{
    uint32_t count = ledger->standing ? caps_pinged_count(ledger->standing) : 0;
    if (count && !ledger->counting) ledger->counting = calloc(1, sizeof *ledger->counting);
    struct counting *counting = ledger->counting;
    if (count == 0 || !counting || !make_room(counting, count)) return;
    struct sink sink = sink_over(counting->body, sizeof counting->body);
    for (uint32_t i = 0; i < count && sink.len + ROW_BYTES <= sink.cap; i++) {
        struct cap_id id;
        uint64_t word = caps_pinged(ledger->standing, i, &id);
        if (word == counting->saved[i]) continue;
        write_row(&sink, &id, word);
        counting->saved[i] = word;
    }
    if (sink.len == 0) return;
    struct job job = {.kind = JOB_COUNTS, .body = sink_written(&sink), .wall_ms = clock_wall_ms()}, *list = &job;
    writer_batch(ledger, &list, 1);
    if (job.answer.fault != FAULT_NONE) memset(counting->saved, 0, counting->room * sizeof *counting->saved);
}

void counting_close(struct counting **counting)
{
    if (*counting) free((*counting)->saved);
    free(*counting);
    *counting = NULL;
}

enum fault counting_apply(struct store *store, struct MDB_txn *txn, const struct entry *entry)
{
    struct bytes body = entry->body;
    if (body.len == 0 || body.len % ROW_BYTES || body.len > COUNTING_ROWS_MAX * ROW_BYTES) return FAULT_INPUT;
    for (; body.len; body = bytes_from(body, ROW_BYTES)) {
        char key[ID_BYTES + 4], number[8] = {0};
        memcpy(key, body.at, ID_BYTES);
        memcpy(number, body.at + ID_BYTES, 4);
        store_key_u32(key + ID_BYTES, (uint32_t)store_read_value_u64(number));
        enum fault fault = store_put(store, txn, BOOK_CAPS, (struct bytes){key, sizeof key},
                                     (struct bytes){body.at + ID_BYTES + 4, 8});
        if (fault != FAULT_NONE) return fault;
    }
    return FAULT_NONE;
}

bool counting_touches(const struct entry *entry, struct bytes cap)
{
    if (entry->kind != ENTRY_COUNTS) return false;
    for (struct bytes body = entry->body; body.len >= ROW_BYTES; body = bytes_from(body, ROW_BYTES))
        if (bytes_same(bytes_first(body, ID_BYTES), bytes_first(cap, ID_BYTES))) return true;
    return false;
}
