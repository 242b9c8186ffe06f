/* Stored records: read(write(x)) == x for seeded samples; no beginning of a record, no longer one, no other kind or
 * newer version is read; a changed byte is refused or is another record (never the same one). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "exchange/record/delivery.h"
#include "exchange/record/flat.h"
#include "tests/unit/exchange/record/money_samples.h"

#define ROUNDS 400
#define CONTRACTS_MAX 40

static char memory[256 * 1024];
static struct arena arena;

/* One kind of record: made, written, read back and compared, behind one face. */
struct kind {
    const char *name;
    bool (*write_sample)(struct dice *dice, struct sink *sink);
    const char *(*read_and_compare)(struct bytes bytes); /* with the latest sample */
    bool (*read_and_write)(struct bytes bytes, struct sink *sink);
};

static struct offer offer_sample;
static struct step_sample step_sample;
static struct bytes sealed_sample;
static struct lead_record lead_sample;
static struct event event_sample;
static struct delivery deliveries_sample[DELIVERIES_MAX];
static uint32_t deliveries_count;
static struct post_record post_sample;
static struct trace_auction trace_sample;
static struct trace_contract contracts_sample[CONTRACTS_MAX];
static struct sale_record sale_sample;
static struct move_record move_sample;

#define UNREADABLE "(unreadable)"

static bool write_offer(struct dice *dice, struct sink *sink)
{
    sample_offer(dice, &offer_sample, 8, 60);
    return offer_write(sink, &offer_sample);
}
static const char *compare_offer(struct bytes bytes)
{
    struct offer offer;
    return offer_read(bytes, &offer) ? differ_offer(&offer_sample, &offer) : UNREADABLE;
}
static bool again_offer(struct bytes bytes, struct sink *sink)
{
    struct offer offer;
    return offer_read(bytes, &offer) && offer_write(sink, &offer);
}

static bool write_step(struct dice *dice, struct sink *sink)
{
    sample_step(dice, &step_sample, 1 + (unsigned)roll_below(dice, 31));
    sealed_sample = roll_text(dice, 200);
    return book_write_step(sink, &step_sample.step, sealed_sample);
}
static const char *compare_step(struct bytes bytes)
{
    struct book_step step;
    return book_read_step(bytes, &arena, &step) ? differ_step(&step_sample.step, &step, sealed_sample) : UNREADABLE;
}
static bool again_step(struct bytes bytes, struct sink *sink)
{
    struct book_step step;
    return book_read_step(bytes, &arena, &step) &&
           book_write_step(sink, &step, step.opening ? step.opening->content : BYTES_NONE);
}

static bool write_lead(struct dice *dice, struct sink *sink)
{
    sample_lead(dice, &lead_sample);
    return book_write_lead(sink, &lead_sample);
}
static const char *compare_lead(struct bytes bytes)
{
    struct lead_record lead;
    return book_read_lead(bytes, &arena, &lead) ? differ_lead(&lead_sample, &lead) : UNREADABLE;
}
static bool again_lead(struct bytes bytes, struct sink *sink)
{
    struct lead_record lead;
    return book_read_lead(bytes, &arena, &lead) && book_write_lead(sink, &lead);
}

static bool write_post(struct dice *dice, struct sink *sink)
{
    sample_post(dice, &post_sample);
    return book_write_post(sink, &post_sample);
}
static const char *compare_post(struct bytes bytes)
{
    struct post_record post;
    return book_read_post(bytes, &arena, &post) ? differ_post(&post_sample, &post) : UNREADABLE;
}
static bool again_post(struct bytes bytes, struct sink *sink)
{
    struct post_record post;
    return book_read_post(bytes, &arena, &post) && book_write_post(sink, &post);
}

static bool write_trace(struct dice *dice, struct sink *sink)
{
    sample_trace(dice, &trace_sample, contracts_sample, CONTRACTS_MAX);
    return trace_write(sink, &trace_sample);
}
static const char *compare_trace(struct bytes bytes)
{
    static struct trace_auction trace;
    return trace_read(bytes, &arena, &trace) ? differ_trace(&trace_sample, &trace) : UNREADABLE;
}
static bool again_trace(struct bytes bytes, struct sink *sink)
{
    static struct trace_auction trace;
    return trace_read(bytes, &arena, &trace) && trace_write(sink, &trace);
}

static bool write_sale(struct dice *dice, struct sink *sink)
{
    sample_sale_record(dice, &sale_sample);
    return sale_write(sink, &sale_sample);
}
static const char *compare_sale(struct bytes bytes)
{
    struct sale_record sale;
    return sale_read(bytes, &sale) ? differ_sale_record(&sale_sample, &sale) : UNREADABLE;
}
static bool again_sale(struct bytes bytes, struct sink *sink)
{
    struct sale_record sale;
    return sale_read(bytes, &sale) && sale_write(sink, &sale);
}

static bool write_move(struct dice *dice, struct sink *sink)
{
    sample_move(dice, &move_sample);
    return move_write(sink, &move_sample);
}
static const char *compare_move(struct bytes bytes)
{
    struct move_record move;
    return move_read(bytes, &move) ? differ_move(&move_sample, &move) : UNREADABLE;
}
static bool again_move(struct bytes bytes, struct sink *sink)
{
    struct move_record move;
    return move_read(bytes, &move) && move_write(sink, &move);
}

static bool write_event(struct dice *dice, struct sink *sink)
{
    event_sample = (struct event){.notice = (enum notice)roll_below(dice, NOTICE_COUNT),
                                  .is_test = roll_flag(dice),
                                  .is_final = roll_flag(dice),
                                  .at_ms = roll_number(dice),
                                  .state = (enum lead_state)roll_below(dice, LEAD_STATE_COUNT),
                                  .reason = (enum reason)roll_below(dice, REASON_COUNT),
                                  .amount_micros = roll_number(dice),
                                  .contract = roll_text(dice, 40)};
    roll_raw(dice, &event_sample.lead_id, sizeof event_sample.lead_id);
    roll_raw(dice, &event_sample.post_id, sizeof event_sample.post_id);
    roll_raw(dice, &event_sample.about, sizeof event_sample.about);
    return event_write(sink, &event_sample);
}
static const char *compare_event(struct bytes bytes)
{
    struct event read;
    const struct event *a = &event_sample, *b = &read;
    if (!event_read(bytes, &read)) return UNREADABLE;
    SAME(notice);
    SAME(is_test);
    SAME(is_final);
    SAME(at_ms);
    SAME_RAW(lead_id);
    SAME_RAW(post_id);
    SAME_RAW(about);
    SAME(state);
    SAME(reason);
    SAME(amount_micros);
    SAME_TEXT(contract);
    return NULL;
}
static bool again_event(struct bytes bytes, struct sink *sink)
{
    struct event event;
    return event_read(bytes, &event) && event_write(sink, &event);
}

static bool write_deliveries(struct dice *dice, struct sink *sink)
{
    static const enum notice_hearer hearers[] = {NOTICE_TO_AFFILIATE, NOTICE_TO_BUYER, NOTICE_TO_ADDRESS,
                                                 NOTICE_TO_COPY};
    deliveries_count = 1 + (uint32_t)roll_below(dice, DELIVERIES_MAX);
    for (uint32_t i = 0; i < deliveries_count; i++)
        deliveries_sample[i] = (struct delivery){.hearer = {.kind = hearers[roll_below(dice, 4)],
                                                            .address = (uint8_t)roll_below(dice, HEARER_ADDRESSES_MAX),
                                                            .id = BYTES("north")},
                                                 .number = roll_below(dice, 1000000),
                                                 .lead_id = {{(uint8_t)roll_below(dice, 256)}},
                                                 .due_ms = (int64_t)roll_below(dice, UINT32_MAX),
                                                 .tries = (uint32_t)roll_below(dice, 256),
                                                 .state = (enum delivery_state)roll_below(dice, DELIVERY_STATES),
                                                 .reason = (enum reason)roll_below(dice, REASON_COUNT),
                                                 .status = (uint16_t)roll_below(dice, 600)};
    return deliveries_write(sink, deliveries_sample, deliveries_count);
}
static const char *compare_deliveries(struct bytes bytes)
{
    static struct delivery read[DELIVERIES_MAX];
    uint32_t count;
    if (!deliveries_read(bytes, read, &count)) return UNREADABLE;
    if (count != deliveries_count) return "count";
    for (uint32_t i = 0; i < count; i++) {
        const struct delivery *a = &deliveries_sample[i], *b = &read[i];
        SAME(hearer.kind);
        SAME(hearer.address);
        SAME_TEXT(hearer.id);
        SAME(number);
        SAME_RAW(lead_id);
        SAME(due_ms);
        SAME(tries);
        SAME(state);
        SAME(reason);
        SAME(status);
    }
    return NULL;
}
static bool again_deliveries(struct bytes bytes, struct sink *sink)
{
    static struct delivery read[DELIVERIES_MAX];
    uint32_t count;
    return deliveries_read(bytes, read, &count) && deliveries_write(sink, read, count);
}

static const struct kind kinds[] = {
    {"offer", write_offer, compare_offer, again_offer},
    {"step", write_step, compare_step, again_step},
    {"lead", write_lead, compare_lead, again_lead},
    {"post", write_post, compare_post, again_post},
    {"trace", write_trace, compare_trace, again_trace},
    {"event", write_event, compare_event, again_event},
    {"deliveries", write_deliveries, compare_deliveries, again_deliveries},
    {"sale", write_sale, compare_sale, again_sale},
    {"move", write_move, compare_move, again_move},
};
#define KINDS (sizeof kinds / sizeof *kinds)
#define VERSION_LAST 16 /* of any record, for some time */

static void test_comes_back_as_it_was(void **state)
{
    (void)state;
    for (size_t k = 0; k < KINDS; k++) {
        struct dice dice = {0x9e3779b97f4a7c15 + k};
        unsigned written = 0;
        for (unsigned round = 0; round < ROUNDS; round++) {
            struct sink sink = sink_over(memory, sizeof memory);
            if (!kinds[k].write_sample(&dice, &sink)) continue; /* an offer over its bound */
            written++;
            arena_reset(&arena);
            const char *differs = kinds[k].read_and_compare(sink_written(&sink));
            if (differs) fail_msg("%s, round %u: %s", kinds[k].name, round, differs);
        }
        assert_true(written > ROUNDS / 4);
    }
}

/* Read from memory of exactly that size, so that a sanitizer sees a step too far. */
static const char *compare_exactly(const struct kind *kind, struct bytes bytes)
{
    assert_true(bytes.len <= sizeof memory); /* as it came out of there; gcc -O3 cannot know */
    char *copy = malloc(bytes.len ? bytes.len : 1);
    assert_non_null(copy);
    if (bytes.len) memcpy(copy, bytes.at, bytes.len);
    arena_reset(&arena);
    const char *differs = kind->read_and_compare((struct bytes){copy, bytes.len});
    free(copy);
    return differs;
}

static void test_whole_or_not_at_all(void **state)
{
    (void)state;
    for (size_t k = 0; k < KINDS; k++) {
        struct dice dice = {77 + k};
        for (unsigned round = 0; round < 12; round++) {
            struct sink sink = sink_over(memory, sizeof memory);
            if (!kinds[k].write_sample(&dice, &sink)) continue;
            struct bytes whole = sink_written(&sink);
            for (size_t len = 0; len < whole.len; len++)
                assert_string_equal(compare_exactly(&kinds[k], bytes_first(whole, len)), UNREADABLE);
            memory[whole.len] = 0;
            assert_string_equal(compare_exactly(&kinds[k], (struct bytes){memory, whole.len + 1}), UNREADABLE);
            assert_null(compare_exactly(&kinds[k], whole));
        }
    }
}

/* The byte may be a version, of the record or of one inside of it, which was made an older one. */
static bool was_older(char now, char before)
{
    return now > 0 && now < before && before <= VERSION_LAST;
}

static void test_one_spelling_each(void **state)
{
    (void)state;
    static char second[sizeof memory];
    unsigned read = 0;
    for (size_t k = 0; k < KINDS; k++) {
        struct dice dice = {4711 + k};
        for (unsigned round = 0; round < 40; round++) {
            struct sink sink = sink_over(memory, sizeof memory);
            if (!kinds[k].write_sample(&dice, &sink)) continue;
            for (unsigned change = 0; change < 60; change++) {
                size_t at = roll_below(&dice, sink.len);
                if (at == 1) continue; /* what an older version wrote comes back in today's spelling */
                char before = memory[at];
                if (at == 1) continue; /* a record of an older version is spelled anew */
                memory[at] = (char)(before ^ (char)(1u << roll_below(&dice, 8)));
                struct sink again = sink_over(second, sizeof second);
                arena_reset(&arena);
                if (kinds[k].read_and_write(sink_written(&sink), &again)) {
                    bool is_older = was_older(memory[at], before) && again.len == sink.len && again.at[at] == before;
                    if (is_older) memory[at] = before; /* read as it was meant, written as today */
                    assert_int_equal(again.len, sink.len);
                    assert_memory_equal(again.at, sink.at, sink.len);
                    read++;
                }
                memory[at] = before;
            }
        }
    }
    assert_true(read > 1000); /* most changes hit a text or an amount */
}

static void test_kinds_and_versions(void **state)
{
    (void)state;
    struct dice dice = {5};
    for (size_t k = 0; k < KINDS; k++) {
        struct sink sink = sink_over(memory, sizeof memory);
        while (!kinds[k].write_sample(&dice, &sink)) sink = sink_over(memory, sizeof memory);
        for (size_t other = 0; other < KINDS; other++)
            if (other != k) assert_string_equal(compare_exactly(&kinds[other], sink_written(&sink)), UNREADABLE);
        memory[1] = 99;
        assert_string_equal(compare_exactly(&kinds[k], sink_written(&sink)), UNREADABLE);
        memory[1] = 0;
        assert_string_equal(compare_exactly(&kinds[k], sink_written(&sink)), UNREADABLE);
    }
}

static void test_what_becomes_of_keys(void **state)
{
    static const struct {
        uint8_t stay;
        int rejected, failed, accepted;
    } ROWS[] = {{0, -3, -3, 0}, {1, 0, -3, 0}, {2, 0, 0, 3}};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct book_cap_key key = {.amount = 3, .stay = ROWS[i].stay};
        assert_int_equal(book_cap_change(&key, POST_REJECTED), ROWS[i].rejected);
        assert_int_equal(book_cap_change(&key, POST_VOIDED), ROWS[i].rejected);
        assert_int_equal(book_cap_change(&key, POST_FAILED), ROWS[i].failed);
        assert_int_equal(book_cap_change(&key, POST_ACCEPTED), ROWS[i].accepted);
        assert_int_equal(book_cap_change(&key, POST_UNKNOWN), 0);
    }
}

static void test_a_small_sink_is_cut(void **state)
{
    (void)state;
    for (size_t k = 0; k < KINDS; k++) {
        struct dice dice = {99 + k}, same = dice;
        struct sink sink = sink_over(memory, sizeof memory);
        if (!kinds[k].write_sample(&dice, &sink)) continue;
        size_t len = sink.len;
        for (size_t cap = 0; cap < len; cap += 1 + cap / 16) {
            struct dice again = same;
            sink = sink_over(memory, cap);
            assert_false(kinds[k].write_sample(&again, &sink));
        }
    }
}

static void test_offer_bound(void **state)
{
    (void)state;
    static char long_text[OFFER_RECORD_MAX];
    memset(long_text, 'x', sizeof long_text);
    struct offer offer = {0};
    struct sink sink = sink_over(memory, sizeof memory);
    assert_true(offer_write(&sink, &offer));
    size_t bare = sink.len;
    offer.public_json = (struct bytes){long_text, OFFER_RECORD_MAX - bare - 1}; /* its length takes one byte more */
    sink = sink_over(memory, sizeof memory);
    assert_true(offer_write(&sink, &offer));
    assert_int_equal(sink.len, OFFER_RECORD_MAX);
    struct offer back;
    assert_true(offer_read(sink_written(&sink), &back));
    offer.public_json.len++;
    sink = sink_over(memory, sizeof memory);
    assert_false(offer_write(&sink, &offer));
    assert_false(sink.cut);
    assert_false(offer_read(sink_written(&sink), &back));
}

/* Sixteen candidates with ids of usual length leave room for the facts of an ordinary ping. */
static void test_offer_is_compact(void **state)
{
    (void)state;
    struct offer offer = {.pinged_ms = 1790000000000,
                          .expires_ms = 1790000300000,
                          .promise_micros = 31450000,
                          .floor_micros = 5000000,
                          .seed = UINT64_MAX,
                          .affiliate = BYTES("north-media"),
                          .campaign = BYTES("auto-insurance"),
                          .source = BYTES("google-brand"),
                          .channel = BYTES("search"),
                          .ref = BYTES("r-0123456789"),
                          .candidates_count = 16};
    for (uint32_t i = 0; i < offer.candidates_count; i++)
        offer.candidates[i] = (struct offer_candidate){.contract = BYTES("buyer-seven/auto-west"),
                                                       .bid_id = BYTES("01JDTXNQ8C9GJ5Y2K7V3W4R6ZB"),
                                                       .price_micros = 37000000,
                                                       .payout_micros = 31450000,
                                                       .margin_rule = 1,
                                                       .valid_until_ms = 1790000240000};
    struct sink sink = sink_over(memory, sizeof memory);
    assert_true(offer_write(&sink, &offer));
    assert_true(sink.len < 1300);
}

/* The longest ids there are, the most a ping may tell, refined as often as it may be: the best candidate fits. */
static void test_the_largest_offer_fits(void **state)
{
    (void)state;
    static char fill[OFFER_FACTS_MAX];
    memset(fill, 'x', sizeof fill);
    const struct bytes id = {fill, 64};
    struct offer offer = {.pinged_ms = INT64_C(1) << 41,
                          .expires_ms = (INT64_C(1) << 41) + 86400000,
                          .promise_micros = INT64_C(1000000000000),
                          .floor_micros = INT64_C(1000000000000),
                          .seed = UINT64_MAX,
                          .affiliate = id,
                          .campaign = id,
                          .public_json = {fill, sizeof fill},
                          .past = {.origin = OFFER_OF_REFINEMENT,
                                   .phone = {.is_given = true},
                                   .email = {.is_given = true},
                                   .ancestors_count = OFFER_ANCESTORS_MAX},
                          .is_superseded = true,
                          .rehearsal = 1,
                          .leg_floor_micros = INT64_C(1000000000000),
                          .max_sales = OFFER_SALES_MAX,
                          .planned = 1,
                          .candidates_count = 1};
    offer.candidates[0] = (struct offer_candidate){.contract = id,
                                                   .bid_id = id,
                                                   .price_micros = INT64_C(1000000000000),
                                                   .payout_micros = 1,
                                                   .bid_micros = 1,
                                                   .max_sold = OFFER_SALES_MAX,
                                                   .valid_until_ms = 0};
    struct sink sink = sink_over(memory, sizeof memory);
    if (!offer_write(&sink, &offer)) fail_msg("%zu bytes", sink.len);
}

static void test_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
    } refused[] = {{"", 0},
                   {"\x80", 1},
                   {"\x80\x00", 2},
                   {"\xff\x80\x00", 3},
                   {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10},
                   {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x00", 11}};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct flat flat = flat_over((struct bytes){refused[i].bytes, refused[i].len});
        flat_take(&flat);
        assert_true(flat.bad);
    }
    for (unsigned bit = 0; bit < 64; bit++) {
        uint64_t value = UINT64_MAX >> bit;
        struct sink sink = sink_over(memory, sizeof memory);
        flat_put(&sink, value);
        assert_true(sink.len <= FLAT_NUMBER_MAX);
        struct flat flat = flat_over(sink_written(&sink));
        assert_true(flat_take(&flat) == value && flat_ends(&flat));
    }
}

static void test_peek(void **state)
{
    (void)state;
    struct dice dice = {3};
    enum trace_kind kind;
    for (unsigned round = 0; round < 20; round++) {
        struct sink sink = sink_over(memory, sizeof memory);
        assert_true(write_trace(&dice, &sink));
        assert_true(trace_peek(sink_written(&sink), &kind));
        assert_int_equal(kind, trace_sample.kind);
    }
    assert_false(trace_peek(BYTES("nothing of ours"), &kind));
    assert_false(trace_peek(BYTES("T"), &kind));
}

/* An exchange before this one left records without the inputs of matching: they are told, not decided again. */
static void test_the_first_version(void **state)
{
    static char first[2 + 87] = "T\1";
    static struct trace_auction trace;
    (void)state;
    assert_true(trace_read((struct bytes){first, sizeof first}, &arena, &trace));
    assert_false(trace.is_whole);
    first[1] = 2;
    assert_false(trace_read((struct bytes){first, sizeof first}, &arena, &trace));
}

static int open_arena(void **state)
{
    (void)state;
    arena_init(&arena, 65536, 16 << 20);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_comes_back_as_it_was),
        cmocka_unit_test(test_whole_or_not_at_all),
        cmocka_unit_test(test_one_spelling_each),
        cmocka_unit_test(test_kinds_and_versions),
        cmocka_unit_test(test_what_becomes_of_keys),
        cmocka_unit_test(test_a_small_sink_is_cut),
        cmocka_unit_test(test_offer_bound),
        cmocka_unit_test(test_offer_is_compact),
        cmocka_unit_test(test_the_largest_offer_fits),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_peek),
        cmocka_unit_test(test_the_first_version),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
