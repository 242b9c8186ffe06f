/* A part of a day has an eighth of the room, so that dropping the oldest loses an eighth at most, and what is being
 * written always has somewhere to go. Whether the next transaction still fits is looked at before it begins; a part
 * that fills up in the middle of one costs a second try in the next part, from the lanes, which still hold it.
 *
 * The list is short and changes once a day: a mutex guards it, held for look-ups in the list only. */
#include "exchange/ledger/days.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exchange/ledger/store.h"
#include "exchange/record/trace.h"
#include "protocol/base/check.h"
#include "protocol/base/clock.h"

#define NAME_MAX_BYTES 32
#define PATH_MAX_BYTES 4096
#define PART_MIN_BYTES (1u << 20)
#define PARTS_OF_ALL 8u
#define NUMBER_MAX 999u /* parts of one day */
#define BATCH 64u       /* records read in one transaction */
#define BATCH_CHUNK (1u << 18)
#define BATCH_MAX (64u << 20)
#define DAY_MS INT64_C(86400000)

enum day_table { DAY_RECORDS, DAY_INDEX, DAY_OFFERS, DAY_TABLES };
static const char *const day_tables[DAY_TABLES] = {"records", "index", "offers"};

struct day {
    char name[NAME_MAX_BYTES]; /* sorts by age */
    struct store *store;       /* NULL: not opened yet */
    unsigned readers;
    bool is_dropped;
};

struct days {
    char path[PATH_MAX_BYTES];
    int64_t keep_ms;
    uint64_t max_bytes, part_bytes;
    bool is_reader;
    pthread_mutex_t mutex; /* of the list, not of what is written */
    struct day *list[DAYS_MAX];
    unsigned count;
    /* The writer's. */
    struct day *current;
    struct MDB_txn *txn;
    uint64_t number; /* of the latest record */
    char today[NAME_MAX_BYTES];
    bool is_full;
};

static enum fault scan(struct days *days);
static enum fault begin(struct days *days, int64_t wall_ms);
static enum fault put_item(struct days *days, const struct lane_item *item);
static void drop_oldest(struct days *days);
static uint64_t day_bytes(const struct days *days, const struct day *day);
static enum fault open_day(struct days *days, struct day *day, bool write);
static void free_day(struct day *day);

static void day_name(int64_t wall_ms, unsigned part, char *name)
{
    int64_t year, days = wall_ms / 86400000 - (wall_ms % 86400000 < 0);
    unsigned month, day;
    clock_date_from_days(days, &year, &month, &day);
    struct sink sink = sink_over(name, NAME_MAX_BYTES - 1);
    sink_digits(&sink, (uint64_t)(year < 0 ? 0 : year), 4);
    sink_char(&sink, '-');
    sink_digits(&sink, month, 2);
    sink_char(&sink, '-');
    sink_digits(&sink, day, 2);
    if (part > 1) sink_char(&sink, '.');
    if (part > 1) sink_digits(&sink, part, 3);
    name[sink.len] = '\0';
}

enum fault days_open(const struct days_options *options, struct days **days)
{
    if (!options->is_reader && mkdir(options->path, 0700) != 0 && errno != EEXIST) return FAULT_SYSTEM;
    struct days *made = calloc(1, sizeof *made);
    if (!made) return FAULT_MEMORY;
    snprintf(made->path, sizeof made->path, "%s", options->path);
    made->keep_ms = options->keep_ms;
    made->max_bytes = options->max_bytes;
    made->part_bytes = options->max_bytes / PARTS_OF_ALL;
    if (made->part_bytes < PART_MIN_BYTES) made->part_bytes = PART_MIN_BYTES;
    made->is_reader = options->is_reader;
    pthread_mutex_init(&made->mutex, NULL);
    enum fault fault = scan(made);
    if (fault == FAULT_NONE)
        *days = made;
    else
        days_close(&made);
    return fault;
}

void days_close(struct days **days)
{
    struct days *gone = *days;
    *days = NULL;
    if (!gone) return;
    days_abort(gone);
    for (unsigned i = 0; i < gone->count; i++) free_day(gone->list[i]);
    pthread_mutex_destroy(&gone->mutex);
    free(gone);
}

static bool is_day(const char *name)
{
    size_t len = strlen(name);
    if ((len != 10 && len != 14) || name[4] != '-' || name[7] != '-' || (len == 14 && name[10] != '.')) return false;
    for (size_t i = 0; i < len; i++)
        if (i != 4 && i != 7 && i != 10 && (name[i] < '0' || name[i] > '9')) return false;
    return true;
}

static enum fault add_day(struct days *days, const char *name, struct day **day)
{
    if (days->count == DAYS_MAX) return FAULT_FULL;
    struct day *made = calloc(1, sizeof *made);
    if (!made) return FAULT_MEMORY;
    snprintf(made->name, sizeof made->name, "%s", name);
    days->list[days->count++] = made;
    *day = made;
    return FAULT_NONE;
}

/* Adds the days that are newer than those in the list: all of them at first, later what another process has begun. */
static enum fault scan(struct days *days)
{
    struct dirent **names;
    struct day *unused;
    int count = scandir(days->path, &names, NULL, alphasort);
    if (count < 0) return errno == ENOENT && days->is_reader ? FAULT_NONE : FAULT_SYSTEM;
    enum fault fault = FAULT_NONE;
    for (int i = 0; i < count; i++) {
        bool is_newer = days->count == 0 || strcmp(names[i]->d_name, days->list[days->count - 1]->name) > 0;
        if (fault == FAULT_NONE && is_newer && is_day(names[i]->d_name))
            fault = add_day(days, names[i]->d_name, &unused);
        free(names[i]);
    }
    free(names);
    return fault;
}

/* --- writing --- */

enum fault days_put(struct days *days, const struct lane_item *item, int64_t wall_ms)
{
    enum fault fault = days->txn ? FAULT_NONE : begin(days, wall_ms);
    if (fault == FAULT_NONE) fault = put_item(days, item);
    if (fault == FAULT_NONE) return FAULT_NONE;
    days_abort(days);
    days->is_full = true;
    return fault;
}

/* Where the numbers of this part's records have got to. */
static enum fault find_number(struct days *days)
{
    struct store_cursor cursor;
    days->number = 0;
    enum fault fault = store_cursor_open(days->current->store, days->txn, DAY_RECORDS, &cursor);
    if (fault != FAULT_NONE) return fault;
    fault = store_last(&cursor);
    if (fault == FAULT_NONE && cursor.key.len == 12) days->number = store_read_key_u64(cursor.key.at);
    store_cursor_close(&cursor);
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}

/* The latest part of that day, or the one after it if that is full. */
static enum fault choose_day(struct days *days, const char *today)
{
    struct day *day = NULL;
    unsigned part = 1;
    char name[NAME_MAX_BYTES];
    for (unsigned i = 0; i < days->count; i++) {
        if (strncmp(days->list[i]->name, today, 10) != 0) continue;
        day = days->list[i];
        part = day->name[10] ? (unsigned)strtoul(day->name + 11, NULL, 10) : 1;
    }
    enum fault fault = day ? open_day(days, day, true) : FAULT_NOT_FOUND;
    if (fault != FAULT_NONE || days->is_full) {
        if (day && part == NUMBER_MAX) return FAULT_DISK_FULL;
        snprintf(name, sizeof name, "%s", today);
        if (day) snprintf(name + 10, sizeof name - 10, ".%03u", part + 1);
        if (days->count == DAYS_MAX) drop_oldest(days);
        fault = add_day(days, name, &day);
        if (fault == FAULT_NONE) fault = open_day(days, day, true);
    }
    days->current = fault == FAULT_NONE ? day : NULL;
    return fault;
}

static enum fault begin(struct days *days, int64_t wall_ms)
{
    char today[NAME_MAX_BYTES];
    uint64_t used = 0, max = 0;
    day_name(wall_ms, 1, today);
    if (days->current) store_size(days->current->store, &used, &max);
    if (used > max - max / 8) days->is_full = true;
    bool is_other = !days->current || days->is_full || strcmp(days->today, today) != 0;
    if (is_other) {
        if (days->current && strcmp(days->today, today) != 0) days->is_full = false; /* the new day starts with room */
        pthread_mutex_lock(&days->mutex);
        enum fault fault = choose_day(days, today);
        pthread_mutex_unlock(&days->mutex);
        if (fault != FAULT_NONE) return fault;
        memcpy(days->today, today, sizeof today);
        days->is_full = false;
        days_prune(days, wall_ms);
    }
    enum fault fault = store_begin(days->current->store, true, &days->txn);
    return fault == FAULT_NONE && is_other ? find_number(days) : fault;
}

static enum fault put_offer(struct days *days, const struct lane_item *item)
{
    char key[8 + sizeof(struct ident)];
    store_key_u64(key, (uint64_t)item->offer_expires_ms);
    memcpy(key + 8, item->ping_id.at, sizeof item->ping_id.at);
    return store_put_parts(days->current->store, days->txn, DAY_OFFERS, (struct bytes){key, sizeof key}, item->offer,
                           item->record.len > 0);
}

/* A ping's record is its auction's, also after a post; a lead's is the latest. Without a record the item is an offer
 * that is written anew. */
static enum fault put_item(struct days *days, const struct lane_item *item)
{
    struct store *store = days->current->store;
    char number[8];
    enum trace_kind kind;
    if (!item->record.len) return put_offer(days, item);
    store_key_u64(number, ++days->number);
    struct bytes at = {number, sizeof number};
    enum fault fault = store_put_parts(store, days->txn, DAY_RECORDS, at, item->record, true);
    bool of_ping = !ident_is_none(&item->ping_id) && (!trace_peek(item->record, &kind) || trace_is_auction(kind));
    if (fault == FAULT_NONE && of_ping) fault = store_put(store, days->txn, DAY_INDEX, ident_bytes(&item->ping_id), at);
    if (fault == FAULT_NONE && !ident_is_none(&item->lead_id))
        fault = store_put(store, days->txn, DAY_INDEX, ident_bytes(&item->lead_id), at);
    if (fault == FAULT_NONE && item->offer.len) fault = put_offer(days, item);
    return fault;
}

bool days_is_open(const struct days *days)
{
    return days->txn != NULL;
}

enum fault days_commit(struct days *days)
{
    if (!days->txn) return FAULT_NONE;
    enum fault fault = store_commit(&days->txn);
    if (fault != FAULT_NONE) days->is_full = true;
    return fault;
}

void days_abort(struct days *days)
{
    store_abort(&days->txn);
}

/* --- dropping --- */

void days_prune(struct days *days, int64_t wall_ms)
{
    char oldest[NAME_MAX_BYTES];
    day_name(wall_ms - days->keep_ms, 1, oldest);
    pthread_mutex_lock(&days->mutex);
    while (days->count > 1 && days->list[0] != days->current && strcmp(days->list[0]->name, oldest) < 0)
        drop_oldest(days);
    for (;;) {
        uint64_t bytes = days->part_bytes; /* what the part being written may grow to */
        for (unsigned i = 0; i < days->count; i++)
            if (days->list[i] != days->current) bytes += day_bytes(days, days->list[i]);
        if (bytes <= days->max_bytes || days->count <= 1 || days->list[0] == days->current) break;
        drop_oldest(days);
    }
    pthread_mutex_unlock(&days->mutex);
}

static void day_file(const struct days *days, const struct day *day, const char *file, char *path)
{
    snprintf(path, PATH_MAX_BYTES + 64, "%s/%s%s", days->path, day->name, file);
}

/* Under the mutex. Readers of it keep their mapping until they let go. */
static void drop_oldest(struct days *days)
{
    static const char *const files[] = {"/data.mdb", "/lock.mdb"};
    struct day *day = days->list[0];
    char path[PATH_MAX_BYTES + 64];
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        day_file(days, day, files[i], path);
        unlink(path);
    }
    day_file(days, day, "", path);
    rmdir(path);
    memmove(days->list, days->list + 1, --days->count * sizeof *days->list);
    day->is_dropped = true;
    if (day->readers == 0) free_day(day);
}

static uint64_t day_bytes(const struct days *days, const struct day *day)
{
    char path[PATH_MAX_BYTES + 64];
    struct stat stat_;
    day_file(days, day, "/data.mdb", path);
    return stat(path, &stat_) == 0 ? (uint64_t)stat_.st_blocks * 512 : 0;
}

uint64_t days_bytes(struct days *days)
{
    uint64_t bytes = 0;
    pthread_mutex_lock(&days->mutex);
    for (unsigned i = 0; i < days->count; i++) bytes += day_bytes(days, days->list[i]);
    pthread_mutex_unlock(&days->mutex);
    return bytes;
}

static void free_day(struct day *day)
{
    store_close(&day->store);
    free(day);
}

/* Under the mutex. */
static enum fault open_day(struct days *days, struct day *day, bool write)
{
    char path[PATH_MAX_BYTES + 64];
    if (day->store) return FAULT_NONE;
    day_file(days, day, "", path);
    /* Within the process that writes, a day is always opened so that it can be written: it is opened only once. */
    enum store_access access = write || !days->is_reader ? STORE_WRITE : STORE_READ;
    return store_open(path, day_tables, DAY_TABLES, access == STORE_WRITE ? days->part_bytes : 0, access, &day->store);
}

/* --- reading --- */

/* The list's `place` newest day (0: the newest), held; NULL: no such day, or it cannot be opened. */
static struct day *hold(struct days *days, unsigned place, bool *is_last)
{
    struct day *day = NULL;
    pthread_mutex_lock(&days->mutex);
    *is_last = place >= days->count;
    if (!*is_last) day = days->list[days->count - 1 - place];
    if (day && open_day(days, day, false) != FAULT_NONE) day = NULL; /* being dropped by its writer, or not yet made */
    if (day) day->readers++;
    pthread_mutex_unlock(&days->mutex);
    return day;
}

static void let_go(struct days *days, struct day *day)
{
    pthread_mutex_lock(&days->mutex);
    if (--day->readers == 0 && day->is_dropped) free_day(day);
    pthread_mutex_unlock(&days->mutex);
}

static enum fault find_in(struct day *day, const struct ident *id, struct arena *arena, struct bytes *record)
{
    struct MDB_txn *txn;
    struct bytes number;
    enum fault fault = store_begin(day->store, false, &txn);
    if (fault != FAULT_NONE) return fault;
    fault = store_get(day->store, txn, DAY_INDEX, ident_bytes(id), &number);
    if (fault == FAULT_NONE) {
        fault = store_get_parts(day->store, txn, DAY_RECORDS, number, arena, record);
        if (fault == FAULT_NOT_FOUND) fault = FAULT_CORRUPT;
    }
    store_abort(&txn);
    return fault;
}

enum fault days_find(struct days *days, const struct ident *id, struct arena *arena, struct bytes *record)
{
    enum fault fault = FAULT_NOT_FOUND;
    bool is_last = false;
    if (days->is_reader && scan(days) == FAULT_MEMORY) return FAULT_MEMORY; /* else: what is known is looked at */
    for (unsigned place = 0; fault == FAULT_NOT_FOUND; place++) {
        struct day *day = hold(days, place, &is_last);
        if (is_last) break;
        if (!day) continue;
        fault = find_in(day, id, arena, record);
        let_go(days, day);
    }
    return fault;
}

/* A few records, copied, so that no transaction waits for whoever reads them. */
struct batch {
    uint64_t next; /* number of the first one not read yet */
    unsigned count;
    struct bytes records[BATCH];
};

static enum fault read_batch(struct day *day, struct batch *batch, struct arena *arena)
{
    struct MDB_txn *txn;
    struct store_cursor cursor = {0};
    char from[8];
    batch->count = 0;
    store_key_u64(from, batch->next);
    enum fault fault = store_begin(day->store, false, &txn);
    if (fault != FAULT_NONE) return fault;
    fault = store_cursor_open(day->store, txn, DAY_RECORDS, &cursor);
    if (fault == FAULT_NONE) fault = store_seek(&cursor, (struct bytes){from, sizeof from});
    for (; fault == FAULT_NONE && batch->count < BATCH; fault = store_next(&cursor)) {
        if (cursor.key.len != 12) {
            fault = FAULT_CORRUPT;
            break;
        }
        if (store_read_key_u32(cursor.key.at + 8) != 0) continue; /* not a record's first part */
        batch->next = store_read_key_u64(cursor.key.at) + 1;
        struct bytes number = bytes_first(cursor.key, 8), *record = &batch->records[batch->count];
        fault = store_get_parts(day->store, txn, DAY_RECORDS, number, arena, record);
        if (fault != FAULT_NONE) break;
        batch->count++;
    }
    store_cursor_close(&cursor);
    store_abort(&txn);
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}

static enum fault records_in(struct day *day, bool (*fn)(void *arg, struct bytes record), void *arg, bool *goes_on)
{
    struct batch batch = {.count = BATCH};
    struct arena arena;
    enum fault fault = FAULT_NONE;
    arena_init(&arena, BATCH_CHUNK, BATCH_MAX);
    while (fault == FAULT_NONE && batch.count == BATCH && *goes_on) {
        arena_reset(&arena);
        fault = read_batch(day, &batch, &arena);
        for (unsigned i = 0; i < batch.count && *goes_on; i++) *goes_on = fn(arg, batch.records[i]);
    }
    arena_free(&arena);
    return fault;
}

enum fault days_records(struct days *days, int64_t from_ms, int64_t to_ms, bool (*fn)(void *arg, struct bytes record),
                        void *arg)
{
    char first[NAME_MAX_BYTES], last[NAME_MAX_BYTES];
    enum fault fault = FAULT_NONE;
    bool is_last = false, goes_on = true;
    if (days->is_reader && scan(days) == FAULT_MEMORY) return FAULT_MEMORY;
    day_name(from_ms, 1, first);
    day_name(to_ms < INT64_MAX - DAY_MS ? to_ms + DAY_MS : to_ms, 1, last);
    for (unsigned place = days->count; place-- > 0 && fault == FAULT_NONE && goes_on;) {
        struct day *day = hold(days, place, &is_last);
        if (!day) continue;
        if (strncmp(day->name, first, 10) >= 0 && strncmp(day->name, last, 10) <= 0)
            fault = records_in(day, fn, arg, &goes_on);
        let_go(days, day);
    }
    return fault;
}

struct offer_reader {
    int64_t wall_ms;
    void (*fn)(void *arg, const struct ident *ping_id, int64_t expires_ms, struct bytes flat);
    void *arg;
};

static enum fault offers_in(struct day *day, const struct offer_reader *to)
{
    struct MDB_txn *txn;
    struct store_cursor cursor = {0};
    struct arena arena;
    char from[8];
    arena_init(&arena, 4096, 1 << 20);
    store_key_u64(from, (uint64_t)to->wall_ms + 1);
    enum fault fault = store_begin(day->store, false, &txn);
    if (fault != FAULT_NONE) return fault;
    fault = store_cursor_open(day->store, txn, DAY_OFFERS, &cursor);
    if (fault == FAULT_NONE) fault = store_seek(&cursor, (struct bytes){from, sizeof from});
    for (; fault == FAULT_NONE; fault = store_next(&cursor)) {
        struct ident ping_id;
        struct bytes flat, key = bytes_first(cursor.key, 24);
        if (cursor.key.len != 28) {
            fault = FAULT_CORRUPT;
            break;
        }
        if (store_read_key_u32(cursor.key.at + 24) != 0) continue; /* not an offer's first part */
        arena_reset(&arena);
        fault = store_get_parts(day->store, txn, DAY_OFFERS, key, &arena, &flat);
        if (fault != FAULT_NONE) break;
        memcpy(ping_id.at, key.at + 8, sizeof ping_id.at);
        to->fn(to->arg, &ping_id, (int64_t)store_read_key_u64(key.at), flat);
    }
    store_cursor_close(&cursor);
    store_abort(&txn);
    arena_free(&arena);
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}

static enum fault find_offer_in(struct day *day, struct bytes key, struct arena *arena, struct bytes *flat)
{
    struct MDB_txn *txn;
    enum fault fault = store_begin(day->store, false, &txn);
    if (fault != FAULT_NONE) return fault;
    fault = store_get_parts(day->store, txn, DAY_OFFERS, key, arena, flat);
    store_abort(&txn);
    return fault;
}

/* The newest day comes first: there stands what was written last. */
enum fault days_find_offer(struct days *days, const struct ident *ping_id, int64_t expires_ms, struct arena *arena,
                           struct bytes *flat)
{
    char key[8 + sizeof(struct ident)];
    enum fault fault = FAULT_NOT_FOUND;
    bool is_last = false;
    store_key_u64(key, (uint64_t)expires_ms);
    memcpy(key + 8, ping_id->at, sizeof ping_id->at);
    for (unsigned place = 0; fault == FAULT_NOT_FOUND; place++) {
        struct day *day = hold(days, place, &is_last);
        if (is_last) break;
        if (!day) continue;
        fault = find_offer_in(day, (struct bytes){key, sizeof key}, arena, flat);
        let_go(days, day);
    }
    return fault;
}

enum fault days_offers(struct days *days, int64_t wall_ms,
                       void (*fn)(void *arg, const struct ident *ping_id, int64_t expires_ms, struct bytes flat),
                       void *arg)
{
    struct offer_reader to = {wall_ms, fn, arg};
    enum fault fault = FAULT_NONE;
    bool is_last = false;
    for (unsigned place = 0; fault == FAULT_NONE; place++) {
        struct day *day = hold(days, place, &is_last);
        if (is_last) break;
        if (!day) continue;
        fault = offers_in(day, &to);
        let_go(days, day);
    }
    return fault;
}
