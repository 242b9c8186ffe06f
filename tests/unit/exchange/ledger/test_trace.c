/* The trace: found by ping and by lead, on every day, until its day is dropped; offers found again after a restart; and
 * the lane it travels on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <sched.h>
#include <sys/stat.h>

#include "exchange/ledger/days.h"
#include "exchange/ledger/store.h"
#include "exchange/record/trace.h"
#include "tests/unit/exchange/ledger/desk.h"

#define DAY INT64_C(86400000)

static struct arena arena;

static int begin(void **state)
{
    struct desk *desk = malloc(sizeof *desk);
    assert_non_null(desk);
    desk_folder(desk);
    arena_init(&arena, 65536, 64 << 20);
    *state = desk;
    return 0;
}

static int end(void **state)
{
    struct desk *desk = *state;
    if (desk->ledger) desk_close(desk);
    desk_remove(desk);
    arena_free(&arena);
    free(desk);
    return 0;
}

/* A trace's bytes; the text tells them apart. */
static struct bytes write_trace(enum trace_kind kind, const char *text)
{
    struct trace_auction *auction = arena_zero(&arena, 1, sizeof *auction);
    char *memory = arena_take(&arena, 16384);
    assert_true(auction && memory);
    auction->kind = kind;
    auction->public_json = bytes_of(text);
    struct sink sink = sink_over(memory, 16384);
    assert_true(trace_write(&sink, auction));
    return sink_written(&sink);
}

struct question {
    struct desk *desk;
    struct ident id;
    enum fault fault;
    struct trace_auction auction;
};

static void look_up(void *context, struct reader *reader)
{
    struct question *question = context;
    struct bytes record;
    question->fault = reader_trace(reader, &question->id, &arena, &record);
    if (question->fault == FAULT_NONE) assert_true(trace_read(record, &arena, &question->auction));
}

static void assert_found(struct desk *desk, const struct ident *id, const char *text)
{
    static struct question question;
    question = (struct question){.desk = desk, .id = *id};
    desk_ask(desk, look_up, &question, 0, true);
    assert_int_equal(question.fault, FAULT_NONE);
    if (!bytes_is(question.auction.public_json, text))
        fail_msg("%.*s is not %s", (int)question.auction.public_json.len, question.auction.public_json.at, text);
}

static bool put(struct desk *desk, enum trace_kind kind, const struct ident *ping, const struct ident *lead,
                const char *text)
{
    return ledger_trace(desk->line, ping, lead, write_trace(kind, text), BYTES_NONE, 0);
}

static void test_found_by_ping_and_lead(void **state)
{
    struct desk *desk = *state;
    static char long_text[9000];
    memset(long_text, 'x', sizeof long_text - 1);
    assert_int_equal(desk_open(desk), FAULT_NONE);
    struct ident ping = desk_id(desk), lead = desk_id(desk), other_ping = desk_id(desk), other_lead = desk_id(desk);
    assert_true(put(desk, TRACE_PING, &ping, &IDENT_NONE, "the auction"));
    assert_found(desk, &ping, "the auction"); /* just written: waited for */
    assert_true(put(desk, TRACE_POST, &ping, &lead, "the post"));
    assert_found(desk, &lead, "the post");
    assert_found(desk, &ping, "the auction");
    assert_true(put(desk, TRACE_RESUMED, &ping, &lead, "the resumption"));
    assert_found(desk, &lead, "the resumption");
    assert_found(desk, &ping, "the auction");
    assert_true(put(desk, TRACE_ONE_CALL, &other_ping, &other_lead, long_text));
    assert_found(desk, &other_ping, long_text);
    assert_found(desk, &other_lead, long_text);
    static struct question nobody;
    nobody = (struct question){.desk = desk, .id = desk_id(desk)};
    desk_ask(desk, look_up, &nobody, 0, true);
    assert_int_equal(nobody.fault, FAULT_NOT_FOUND);
    struct ledger_counts counts;
    ledger_counts(desk->ledger, &counts);
    assert_int_equal(counts.traces, 4);
    assert_int_equal(ledger_traces_dropped(desk->ledger), 0);
    desk_close(desk);
    assert_int_equal(desk_open(desk), FAULT_NONE); /* and after a restart, and by a command */
    assert_found(desk, &other_lead, long_text);
    desk_close(desk);
    struct reader *reader;
    struct bytes record;
    assert_int_equal(reader_open(desk->path, NULL, &reader), FAULT_NONE);
    assert_int_equal(reader_trace(reader, &ping, &arena, &record), FAULT_NONE);
    reader_close(&reader);
}

/* What stands in the lanes when the ledger stops is written. */
static void test_stop_writes_what_is_left(void **state)
{
    struct desk *desk = *state;
    struct ident pings[500];
    assert_int_equal(desk_open(desk), FAULT_NONE);
    for (size_t i = 0; i < 500; i++) {
        pings[i] = desk_id(desk);
        assert_true(put(desk, TRACE_PING, &pings[i], &IDENT_NONE, "x"));
    }
    desk_close(desk);
    struct reader *reader;
    struct bytes record;
    assert_int_equal(reader_open(desk->path, NULL, &reader), FAULT_NONE);
    for (size_t i = 0; i < 500; i++) assert_int_equal(reader_trace(reader, &pings[i], &arena, &record), FAULT_NONE);
    reader_close(&reader);
}

/* --- offers --- */

static struct bytes write_offer(const struct ident *ping_id, int64_t expires_ms)
{
    struct offer offer = {.ping_id = *ping_id, .expires_ms = expires_ms, .affiliate = BYTES("acme")};
    char *memory = arena_take(&arena, OFFER_RECORD_MAX);
    struct sink sink = sink_over(memory, OFFER_RECORD_MAX);
    assert_true(offer_write(&sink, &offer));
    return sink_written(&sink);
}

static void test_offers_come_back(void **state)
{
    struct desk *desk = *state;
    int64_t wall_ms = clock_wall_ms();
    struct tale tale;
    assert_int_equal(desk_open(desk), FAULT_NONE);
    struct ident open = desk_id(desk), expired = desk_id(desk), used = desk_id(desk), lead = desk_id(desk);
    struct bytes record = write_trace(TRACE_PING, "x"), flat = write_offer(&open, wall_ms + 100000);
    assert_true(ledger_trace(desk->line, &open, NULL, record, flat, wall_ms + 100000));
    assert_true(ledger_trace(desk->line, &expired, NULL, record, write_offer(&expired, wall_ms), wall_ms));
    assert_true(ledger_trace(desk->line, &used, NULL, record, write_offer(&used, wall_ms + 100000), wall_ms + 100000));
    tale_begin(&tale, desk, &lead, &used);
    tale_open(&tale, NULL);
    tale_end(&tale, LEAD_UNSOLD);
    assert_int_equal(desk_append(desk, &tale.step), FAULT_NONE);
    desk_close(desk);

    struct standing *standing;
    struct offers *offers;
    uint32_t doubts;
    char copy[OFFER_BYTES_MAX];
    size_t len = 0;
    struct ledger_options options = desk_options(desk);
    const int64_t now_us = 5000000;
    assert_int_equal(standing_open(&standing), FAULT_NONE);
    assert_int_equal(offers_open(64, 3, &offers), FAULT_NONE);
    assert_int_equal(ledger_open(&options, &desk->ledger, &desk->note), FAULT_NONE);
    assert_int_equal(ledger_restore(desk->ledger, standing, offers, now_us, wall_ms, &doubts), FAULT_NONE);
    assert_int_equal(offers_count(offers, now_us), 1);
    assert_int_equal(offers_look(offers, &expired, now_us, copy, sizeof copy, &len), OFFER_NONE);
    assert_int_equal(offers_look(offers, &used, now_us, copy, sizeof copy, &len), OFFER_NONE);
    assert_int_equal(offers_claim(offers, &open, now_us + 99999999, copy, sizeof copy, &len), OFFER_OPEN);
    assert_true(bytes_same((struct bytes){copy, len}, flat));
    offers_return(offers, &open);
    assert_int_equal(offers_claim(offers, &open, now_us + 100000001, copy, sizeof copy, &len), OFFER_EXPIRED);
    offers_close(&offers);
    standing_close(&standing);
    ledger_close(&desk->ledger);
}

/* What a refinement did to its ping's offer is known after a restart, and of one that has expired the trace still knows
 * what it said. */
static void test_a_superseded_offer_stays_so(void **state)
{
    struct desk *desk = *state;
    int64_t wall_ms = clock_wall_ms();
    assert_int_equal(desk_open(desk), FAULT_NONE);
    struct ident refined = desk_id(desk), expired = desk_id(desk), rejected = desk_id(desk);
    struct trace_auction *auction = arena_zero(&arena, 1, sizeof *auction);
    char memory[4096];
    struct sink sink = sink_over(memory, sizeof memory);
    auction->expires_ms = wall_ms - 5000;
    assert_true(trace_write(&sink, auction));
    assert_true(ledger_trace(desk->line, &expired, NULL, sink_written(&sink), write_offer(&expired, wall_ms - 5000),
                             wall_ms - 5000));
    assert_true(ledger_trace(desk->line, &refined, NULL, write_trace(TRACE_PING, "x"),
                             write_offer(&refined, wall_ms + 100000), wall_ms + 100000));
    assert_true(put(desk, TRACE_PING, &rejected, &IDENT_NONE, "rejected"));
    struct offer gone = {.ping_id = refined, .expires_ms = wall_ms + 100000, .is_superseded = true}, found;
    char flat[OFFER_RECORD_MAX];
    struct sink terms = sink_over(flat, sizeof flat);
    assert_true(offer_write(&terms, &gone));
    assert_true(ledger_trace(desk->line, &refined, NULL, BYTES_NONE, sink_written(&terms), wall_ms + 100000));
    assert_found(desk, &refined, "x"); /* the auction's record is still there */
    desk_close(desk);

    struct reader *reader;
    assert_int_equal(reader_open(desk->path, NULL, &reader), FAULT_NONE);
    assert_int_equal(reader_offer(reader, &expired, &arena, &found), FAULT_NONE);
    assert_true(ident_same(&found.ping_id, &expired) && bytes_is(found.affiliate, "acme") && !found.is_superseded);
    assert_int_equal(reader_offer(reader, &rejected, &arena, &found), FAULT_NOT_FOUND);
    reader_close(&reader);

    struct standing *standing;
    struct offers *offers;
    uint32_t doubts;
    char copy[OFFER_BYTES_MAX];
    size_t len = 0;
    struct ledger_options options = desk_options(desk);
    assert_int_equal(standing_open(&standing), FAULT_NONE);
    assert_int_equal(offers_open(64, 3, &offers), FAULT_NONE);
    assert_int_equal(ledger_open(&options, &desk->ledger, &desk->note), FAULT_NONE);
    assert_int_equal(ledger_restore(desk->ledger, standing, offers, 5000000, wall_ms, &doubts), FAULT_NONE);
    assert_int_equal(offers_claim(offers, &refined, 5000000, copy, sizeof copy, &len), OFFER_SUPERSEDED);
    assert_int_equal(offers_count(offers, 5000000), 0);
    offers_close(&offers);
    standing_close(&standing);
    ledger_close(&desk->ledger);
}

/* --- days --- */

/* How often a part of a day was found full only by failing; then the record went into the next part. */
static unsigned second_tries;

static void put_day(struct days *days, const struct ident *id, int64_t wall_ms, size_t bytes)
{
    static char record[300000];
    struct lane_item item = {.ping_id = *id, .record = {record, bytes}};
    enum fault fault = FAULT_NONE;
    for (int tries = 0; tries < 2; tries++) { /* a full part: once more, into the next */
        fault = days_put(days, &item, wall_ms);
        if (fault == FAULT_NONE) fault = days_commit(days);
        if (fault == FAULT_NONE) return;
        assert_int_equal(fault, FAULT_DISK_FULL);
        second_tries++;
    }
    fail_msg("%s", fault_text(fault));
}

static bool has(struct days *days, const struct ident *id)
{
    struct bytes record;
    arena_reset(&arena);
    enum fault fault = days_find(days, id, &arena, &record);
    assert_true(fault == FAULT_NONE || fault == FAULT_NOT_FOUND);
    return fault == FAULT_NONE;
}

static bool there_is(const struct desk *desk, const char *name)
{
    char path[120];
    struct stat stat_;
    snprintf(path, sizeof path, "%s/%s", desk->path, name);
    return stat(path, &stat_) == 0;
}

static void test_days_are_kept_and_dropped(void **state)
{
    struct desk *desk = *state;
    const int64_t first_ms = INT64_C(1790000000000); /* 2026-09-21 */
    struct days_options options = {.path = desk->path, .keep_ms = 2 * DAY, .max_bytes = UINT64_C(64) << 20};
    struct days *days;
    struct ident ids[5];
    assert_int_equal(days_open(&options, &days), FAULT_NONE);
    for (int i = 0; i < 5; i++) {
        ids[i] = desk_id(desk);
        put_day(days, &ids[i], first_ms + i * DAY, 3000);
    }
    assert_false(there_is(desk, "2026-09-21"));
    assert_false(there_is(desk, "2026-09-22"));
    assert_true(there_is(desk, "2026-09-23/data.mdb"));
    assert_true(there_is(desk, "2026-09-25"));
    assert_false(has(days, &ids[0]));
    assert_false(has(days, &ids[1]));
    for (int i = 2; i < 5; i++) assert_true(has(days, &ids[i]));
    days_prune(days, first_ms + 40 * DAY);
    assert_false(has(days, &ids[3]));
    assert_true(has(days, &ids[4])); /* the day being written stays */
    days_close(&days);
    assert_int_equal(days_open(&options, &days), FAULT_NONE);
    assert_true(has(days, &ids[4]));
    put_day(days, &ids[0], first_ms + 4 * DAY, 10);
    assert_true(has(days, &ids[4]) && has(days, &ids[0]));
    days_close(&days);
}

/* Four times the room written into one day: the newest is there, the oldest gone, and the room is kept to. */
static void fill_a_day(struct desk *desk, size_t bytes, size_t count, unsigned kept_min)
{
    struct days_options options = {.path = desk->path, .keep_ms = 2 * DAY, .max_bytes = UINT64_C(8) << 20};
    struct days *days;
    struct ident ids[800];
    assert_int_equal(days_open(&options, &days), FAULT_NONE);
    second_tries = 0;
    for (size_t i = 0; i < count; i++) {
        ids[i] = desk_id(desk);
        put_day(days, &ids[i], INT64_C(1790000000000), bytes);
        assert_true(has(days, &ids[i]));
    }
    assert_true(days_bytes(days) <= options.max_bytes);
    assert_true(days_bytes(days) > options.max_bytes / 2);
    assert_false(has(days, &ids[0]));
    unsigned kept = 0;
    for (size_t i = 0; i < count; i++) {
        bool is_there = has(days, &ids[i]);
        assert_true(is_there || kept == 0); /* what is kept is the newest */
        kept += is_there;
    }
    assert_true(kept > kept_min);
    days_close(&days);
}

/* A small record's part is left before it is full, a large one's when it has failed. */
static void test_a_full_day_drops_its_oldest_part(void **state)
{
    struct desk *desk = *state;
    fill_a_day(desk, 40000, 800, 50);
    assert_int_equal(second_tries, 0);
    end(state);
    begin(state);
    desk = *state;
    fill_a_day(desk, 300000, 110, 8);
    assert_true(second_tries > 10);
}

/* A reader that was opened first sees a day begun later. */
static void test_a_reader_finds_new_days(void **state)
{
    struct desk *desk = *state;
    char folder[100];
    snprintf(folder, sizeof folder, "%s/trace", desk->path);
    struct days_options options = {.path = folder, .keep_ms = 9 * DAY, .max_bytes = UINT64_C(64) << 20};
    struct days_options reading = {.path = folder, .is_reader = true};
    struct days *days, *reader;
    struct ident id = desk_id(desk);
    assert_int_equal(days_open(&reading, &reader), FAULT_NONE);
    assert_false(has(reader, &id));
    assert_int_equal(days_open(&options, &days), FAULT_NONE);
    put_day(days, &id, INT64_C(1790000000000), 100);
    days_close(&days); /* one process opens a store only once at a time */
    assert_true(has(reader, &id));
    days_close(&reader);
}

struct walk {
    size_t lens[400];
    unsigned count, stop_at;
};

static bool on_record(void *arg, struct bytes record)
{
    struct walk *walk = arg;
    assert_true(walk->count < 400);
    walk->lens[walk->count++] = record.len;
    return walk->count != walk->stop_at;
}

/* Records of five days, more of each than one transaction reads, large ones in parts: in their order, by whole days. */
static void test_records_in_their_order(void **state)
{
    struct desk *desk = *state;
    const int64_t first_ms = INT64_C(1790000000000);
    struct days_options options = {.path = desk->path, .keep_ms = 9 * DAY, .max_bytes = UINT64_C(64) << 20};
    struct days *days;
    assert_int_equal(days_open(&options, &days), FAULT_NONE);
    for (size_t i = 0; i < 350; i++) {
        struct ident id = desk_id(desk);
        put_day(days, &id, first_ms + (int64_t)(i / 70) * DAY, 1 + i * 37);
    }
    struct walk walk = {.count = 0};
    assert_int_equal(days_records(days, 0, INT64_MAX, on_record, &walk), FAULT_NONE);
    assert_int_equal(walk.count, 350);
    for (size_t i = 0; i < 350; i++) assert_int_equal(walk.lens[i], 1 + i * 37);
    walk = (struct walk){.count = 0};
    assert_int_equal(days_records(days, first_ms + DAY, first_ms + 2 * DAY, on_record, &walk), FAULT_NONE);
    assert_int_equal(walk.count, 3 * 70); /* two days, and the one after */
    assert_int_equal(walk.lens[0], 1 + 70 * 37);
    walk = (struct walk){.stop_at = 75};
    assert_int_equal(days_records(days, 0, INT64_MAX, on_record, &walk), FAULT_NONE);
    assert_int_equal(walk.count, 75);
    walk = (struct walk){.count = 0};
    assert_int_equal(days_records(days, 0, first_ms - 3 * DAY, on_record, &walk), FAULT_NONE);
    assert_int_equal(walk.count, 0);
    days_close(&days);
}

/* --- the lane --- */

struct traffic {
    struct lane *lane;
    uint32_t count;
};

static size_t length_of(uint32_t number)
{
    return number % 97 == 0 ? 200000 + number : number * 7919u % 3000;
}

static char pool[400000];

static void *send_all(void *arg)
{
    struct traffic *traffic = arg;
    for (uint32_t i = 0; i < traffic->count; i++) {
        struct lane_item item = {.record = {pool + i % 1000, length_of(i)}, .offer = {pool, i % 50}};
        item.offer_expires_ms = i;
        while (!lane_put(traffic->lane, &item)) sched_yield();
    }
    return NULL;
}

static void test_lane_between_threads(void **state)
{
    (void)state;
    struct traffic traffic = {.count = 20000};
    pthread_t thread;
    for (size_t i = 0; i < sizeof pool; i++) pool[i] = (char)(i * 131 >> 3);
    assert_int_equal(lane_open(&traffic.lane), FAULT_NONE);
    assert_int_equal(pthread_create(&thread, NULL, send_all, &traffic), 0);
    uint32_t next = 0, rewinds = 0;
    for (uint32_t turn = 1; next < traffic.count; turn++) {
        struct lane_item item;
        uint32_t at = next;
        while (at < next + 40 && lane_take(traffic.lane, &item)) {
            assert_int_equal(item.offer_expires_ms, at);
            assert_true(bytes_same(item.record, (struct bytes){pool + at % 1000, length_of(at)}));
            assert_true(bytes_same(item.offer, (struct bytes){pool, at % 50}));
            at++;
        }
        if (turn % 3 == 0) { /* what was taken comes again */
            lane_rewind(traffic.lane);
            rewinds++;
            continue;
        }
        lane_give_back(traffic.lane);
        next = at;
        if (at == next) sched_yield();
    }
    pthread_join(thread, NULL);
    assert_true(rewinds > 10);
    assert_int_equal(lane_depth(traffic.lane), 0);
    lane_close(&traffic.lane);
}

static void test_lane_bounds(void **state)
{
    (void)state;
    struct lane *lane;
    assert_int_equal(lane_open(&lane), FAULT_NONE);
    char *large = calloc(1, LANE_ITEM_MAX + 1);
    assert_non_null(large);
    struct lane_item item = {.record = {large, LANE_ITEM_MAX + 1}};
    assert_false(lane_put(lane, &item));
    item.record.len = LANE_ITEM_MAX - 100;
    unsigned put_count = 0;
    while (lane_put(lane, &item)) put_count++;
    assert_int_equal(put_count, 4);
    assert_true(lane_take(lane, &item));
    assert_false(lane_put(lane, &item)); /* taken is not yet given back */
    lane_give_back(lane);
    assert_true(lane_put(lane, &item));
    free(large);
    lane_close(&lane);
}

/* Dropped and counted, never waited for. */
static void test_a_full_lane_drops(void **state)
{
    struct desk *desk = *state;
    struct ledger_options options = desk_options(desk);
    assert_int_equal(ledger_open(&options, &desk->ledger, &desk->note), FAULT_NONE); /* nobody takes anything */
    assert_int_equal(loop_open(&desk->loop), FAULT_NONE);
    assert_int_equal(ledger_line_open(desk->ledger, desk->loop, &desk->line), FAULT_NONE);
    struct ident id = desk_id(desk);
    char *large = calloc(1, LANE_BYTES / 8);
    assert_non_null(large);
    unsigned kept = 0;
    while (ledger_trace(desk->line, &id, NULL, (struct bytes){large, LANE_BYTES / 8}, BYTES_NONE, 0)) kept++;
    assert_int_equal(kept, 7);
    assert_int_equal(ledger_traces_dropped(desk->ledger), 1);
    assert_int_equal(ledger_start(desk->ledger), FAULT_NONE);
    desk_close(desk);
    free(large);
}

/* --- parts --- */

static void test_parts(void **state)
{
    struct desk *desk = *state;
    static const char *const names[] = {"one"};
    static char value[3 * STORE_PART_MAX + 1];
    static const size_t lengths[] = {
        3 * STORE_PART_MAX, 5, STORE_PART_MAX, 0, STORE_PART_MAX + 1, 3 * STORE_PART_MAX + 1, 2 * STORE_PART_MAX};
    char folder[100];
    struct store *store;
    struct MDB_txn *txn;
    struct bytes back, unused;
    for (size_t i = 0; i < sizeof value; i++) value[i] = (char)(i >> 3);
    snprintf(folder, sizeof folder, "%s/parts", desk->path);
    assert_int_equal(store_open(folder, names, 1, 1 << 20, STORE_WRITE, &store), FAULT_NONE);
    assert_int_equal(store_begin(store, true, &txn), FAULT_NONE);
    assert_int_equal(store_get_parts(store, txn, 0, BYTES("key"), &arena, &back), FAULT_NOT_FOUND);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) { /* longer and shorter ones over each other */
        struct bytes wanted = {value, lengths[i]};
        assert_int_equal(store_put_parts(store, txn, 0, BYTES("key"), wanted, i == 0), FAULT_NONE);
        assert_int_equal(store_get_parts(store, txn, 0, BYTES("key"), &arena, &back), FAULT_NONE);
        assert_true(bytes_same(back, wanted));
    }
    assert_int_equal(store_drop(store, txn, 0, (struct bytes){"key\0\0\0\0", 7}), FAULT_NONE);
    assert_int_equal(store_get(store, txn, 0, (struct bytes){"key\0\0\0\1", 7}, &unused), FAULT_NONE);
    assert_int_equal(store_get_parts(store, txn, 0, BYTES("key"), &arena, &back), FAULT_NOT_FOUND);
    store_abort(&txn);
    store_close(&store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
        TEST(test_found_by_ping_and_lead),    TEST(test_stop_writes_what_is_left),
        TEST(test_offers_come_back),          TEST(test_a_superseded_offer_stays_so),
        TEST(test_days_are_kept_and_dropped), TEST(test_a_full_day_drops_its_oldest_part),
        TEST(test_a_reader_finds_new_days),   TEST(test_records_in_their_order),
        TEST(test_lane_between_threads),      TEST(test_lane_bounds),
        TEST(test_a_full_lane_drops),         TEST(test_parts),
    };
    if (crypto_start() != FAULT_NONE) return 1;
    log_start(LOG_ERROR, LOG_TEXT);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    crypto_stop();
    return failed;
}
