/* How doubts end: by a word, by their time, by an affiliate that does not wait; what is told too late. The clock is the
 * system's: a sweep looks at it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "protocol/crypto/start.h"
#include "tests/unit/exchange/ledger/desk.h"

#define HOUR_MS INT64_C(3600000)

static struct desk shared;
static struct arena arena;

static int begin(void **state)
{
    desk_folder(&shared);
    shared.wall_ms = clock_wall_ms();
    arena_init(&arena, 65536, 16u << 20);
    *state = &shared;
    return 0;
}

static int end(void **state)
{
    desk_remove(*state);
    arena_free(&arena);
    return 0;
}

static void assert_verifies(const struct desk *desk)
{
    struct report_verdict verdict;
    assert_int_equal(report_verify(desk->path, &verdict, NULL, NULL), FAULT_NONE);
    if (!verdict.good) fail_msg("%s", verdict.text);
}

/* A lead whose post has no verdict; `written`: the book knows it is in doubt. */
static void doubt(struct desk *desk, struct lead_ids *ids, struct book_doubt terms, bool written)
{
    struct tale tale;
    *ids = (struct lead_ids){desk_id(desk), desk_id(desk), desk_id(desk)};
    tale_begin(&tale, desk, &ids->lead, &ids->ping);
    tale_open(&tale, NULL);
    tale.opening.offer.expires_ms = desk->wall_ms + HOUR_MS;
    tale_intend(&tale, &ids->post, 0);
    tale.intent.doubt = terms;
    assert_int_equal(desk_append(desk, &tale.step), FAULT_NONE);
    if (written) assert_int_equal(desk_end_lead(desk, ids, POST_UNKNOWN), FAULT_NONE);
}

struct facts {
    struct desk *desk; /* first: desk_ask */
    const struct lead_ids *ids;
    struct lead_record lead;
    struct post_record post;
    struct reader_totals totals;
};

static void look(void *context, struct reader *reader)
{
    struct facts *facts = context;
    assert_int_equal(reader_lead(reader, &facts->ids->lead, &arena, &facts->lead), FAULT_NONE);
    assert_int_equal(reader_post(reader, &facts->ids->post, &arena, &facts->post), FAULT_NONE);
    assert_int_equal(reader_totals(reader, &facts->totals), FAULT_NONE);
}

static struct facts read_facts(struct desk *desk, const struct lead_ids *ids)
{
    struct facts facts = {.desk = desk, .ids = ids};
    desk_ask(desk, look, &facts, 0, false);
    return facts;
}

/* The sweep looks once a second. */
static struct facts await_end(struct desk *desk, const struct lead_ids *ids)
{
    struct facts facts;
    do {
        usleep(10000);
        arena_reset(&arena);
        facts = read_facts(desk, ids);
    } while (facts.post.state == POST_UNKNOWN);
    return facts;
}

static enum fault say(struct desk *desk, const struct ident *post_id, bool accepted, const char *buyer)
{
    struct ledger_verdict verdict = {
        .post_id = *post_id, .accepted = accepted, .by = VERDICT_BY_BUYER, .buyer = bytes_of(buyer)};
    return desk_say(desk, verdict);
}

static void test_a_doubt_ends_void(void **state)
{
    struct desk *desk = *state;
    struct lead_ids ids;
    assert_int_equal(desk_open(desk), FAULT_NONE);
    doubt(desk, &ids, (struct book_doubt){.within_ms = 1, .then = DOUBT_VOIDS}, true);
    struct facts facts = await_end(desk, &ids);
    assert_int_equal(facts.post.state, POST_VOIDED);
    assert_int_equal(facts.post.by, VERDICT_BY_TIME);
    assert_int_equal(facts.post.reason, REASON_VOIDED);
    assert_int_equal(facts.lead.state, LEAD_UNSOLD); /* its offer stands: nobody else is asked all the same */
    assert_int_equal(facts.lead.reason, REASON_VOIDED);
    assert_int_equal(facts.totals.doubts, 0);
    assert_int_equal(facts.totals.revenue_micros, 0);
    uint64_t entries = facts.totals.entries;
    for (unsigned i = 0; i < 2; i++) { /* told twice, noted once */
        assert_int_equal(say(desk, &ids.post, true, "north"), FAULT_NONE);
        assert_int_equal(desk->resolution.outcome, RESOLUTION_LATE);
        assert_int_equal(desk->resolution.state, POST_VOIDED);
    }
    facts = read_facts(desk, &ids);
    assert_int_equal(facts.post.state, POST_VOIDED);
    assert_int_equal(facts.post.late_ms, desk->wall_ms);
    assert_int_equal(facts.totals.entries, entries + 1);
    assert_int_equal(facts.totals.revenue_micros, 0);
    assert_int_equal(say(desk, &ids.post, false, "north"), FAULT_NONE);
    assert_int_equal(desk->resolution.outcome, RESOLUTION_SAME);
    assert_int_equal(say(desk, &ids.post, true, "south"), FAULT_NOT_FOUND);
    assert_int_equal(desk_resolve(desk, &ids.post, true), FAULT_INPUT);
    desk_close(desk);
    assert_verifies(desk);
}

static void test_a_doubt_ends_sold(void **state)
{
    struct desk *desk = *state;
    struct lead_ids ids;
    assert_int_equal(desk_open(desk), FAULT_NONE);
    doubt(desk, &ids, (struct book_doubt){.within_ms = 1, .then = DOUBT_SELLS}, true);
    struct facts facts = await_end(desk, &ids);
    assert_int_equal(facts.post.state, POST_ACCEPTED);
    assert_int_equal(facts.post.by, VERDICT_BY_TIME);
    assert_int_equal(facts.lead.state, LEAD_SOLD);
    assert_int_equal(facts.totals.revenue_micros, DESK_PRICE);
    assert_int_equal(ledger_tally(desk->ledger)->counts[TALLY_SOLD], 1);
    assert_int_equal(say(desk, &ids.post, true, "north"), FAULT_NONE);
    assert_int_equal(desk->resolution.outcome, RESOLUTION_SAME);
    assert_int_equal(say(desk, &ids.post, false, "north"), FAULT_INPUT);
    assert_int_equal(desk->resolution.state, POST_ACCEPTED);
    facts = read_facts(desk, &ids);
    assert_int_equal(facts.totals.revenue_micros, DESK_PRICE);
    desk_close(desk);
    assert_verifies(desk);
}

/* It says so in its row, and a start between then and now changes nothing. */
static void test_the_end_survives_a_start(void **state)
{
    struct desk *desk = *state;
    struct lead_ids ids, later;
    assert_int_equal(desk_open(desk), FAULT_NONE);
    doubt(desk, &later, (struct book_doubt){.within_ms = 24 * HOUR_MS, .then = DOUBT_VOIDS}, true);
    desk->wall_ms -= 2 * HOUR_MS; /* the doubt is that old, and nobody swept */
    doubt(desk, &ids, (struct book_doubt){.within_ms = HOUR_MS, .then = DOUBT_VOIDS}, false);
    assert_int_equal(desk_end_lead(desk, &ids, POST_UNKNOWN), FAULT_NONE);
    desk_close(desk);
    assert_int_equal(desk_open(desk), FAULT_NONE);
    struct facts facts = await_end(desk, &ids);
    assert_int_equal(facts.post.state, POST_VOIDED);
    facts = read_facts(desk, &later);
    assert_int_equal(facts.post.state, POST_UNKNOWN);
    assert_int_equal(facts.post.resolves_ms, facts.post.settled_ms + 24 * HOUR_MS);
    assert_int_equal(lead_resolves_ms(&facts.lead), facts.post.resolves_ms);
    assert_int_equal(say(desk, &later.post, true, "north"), FAULT_NONE); /* its end does not come any more */
    desk_close(desk);
    assert_verifies(desk);
}

/* A kill with the post open: its affiliate does not wait, so nothing is in doubt. */
static void test_released_at_the_start(void **state)
{
    struct desk *desk = *state;
    struct lead_ids ids;
    assert_int_equal(desk_open(desk), FAULT_NONE);
    doubt(desk, &ids, (struct book_doubt){.within_ms = HOUR_MS, .then = DOUBT_RELEASES}, false);
    desk_close(desk);
    assert_int_equal(desk_open(desk), FAULT_NONE);
    struct facts facts = read_facts(desk, &ids);
    assert_int_equal(facts.post.state, POST_VOIDED);
    assert_int_equal(facts.post.by, VERDICT_BY_RELEASE);
    assert_int_equal(facts.lead.state, LEAD_UNSOLD);
    assert_int_equal(facts.lead.reason, REASON_VOIDED);
    assert_int_equal(facts.totals.doubts, 0);
    desk_close(desk);
    assert_verifies(desk);
}

static void test_a_buyers_word(void **state)
{
    struct desk *desk = *state;
    struct lead_ids sold, refused, open;
    struct book_doubt terms = {.within_ms = 24 * HOUR_MS};
    assert_int_equal(desk_open(desk), FAULT_NONE);
    doubt(desk, &sold, terms, true);
    doubt(desk, &refused, terms, true);
    doubt(desk, &open, terms, false);
    assert_int_equal(say(desk, &sold.post, true, "south"), FAULT_NOT_FOUND); /* it is north's */
    assert_int_equal(say(desk, &sold.lead, true, "north"), FAULT_NOT_FOUND);
    assert_int_equal(say(desk, &open.post, true, "north"), FAULT_INPUT); /* its story is at it */
    assert_int_equal(desk->resolution.state, POST_OPEN);
    assert_int_equal(say(desk, &sold.post, true, "north"), FAULT_NONE);
    assert_int_equal(desk->resolution.outcome, RESOLUTION_MADE);
    uint64_t seq = desk->resolution.seq;
    assert_int_equal(say(desk, &sold.post, true, "north"), FAULT_NONE);
    assert_int_equal(desk->resolution.outcome, RESOLUTION_SAME);
    assert_int_equal(desk->resolution.seq, seq); /* no entry */
    assert_int_equal(say(desk, &sold.post, false, "north"), FAULT_INPUT);
    assert_int_equal(say(desk, &refused.post, false, "north"), FAULT_NONE);
    assert_true(desk->resolution.resumes);
    assert_int_equal(say(desk, &refused.post, true, "north"), FAULT_INPUT); /* its own word stands */
    struct facts facts = read_facts(desk, &sold);
    assert_int_equal(facts.post.by, VERDICT_BY_BUYER);
    assert_int_equal(facts.totals.revenue_micros, DESK_PRICE);
    desk_close(desk);
    assert_verifies(desk);
}

/* What was taken for a refusal without the buyer's own word may be told to have been none. */
static void test_not_seen_then_accepted(void **state)
{
    struct desk *desk = *state;
    struct lead_ids unseen, said;
    struct book_doubt terms = {.within_ms = 24 * HOUR_MS};
    assert_int_equal(desk_open(desk), FAULT_NONE);
    doubt(desk, &unseen, terms, true);
    doubt(desk, &said, terms, true);
    struct ledger_verdict verdict = {.post_id = unseen.post, .not_seen = true, .by = VERDICT_BY_STATUS};
    assert_int_equal(desk_say(desk, verdict), FAULT_NONE);
    struct facts facts = read_facts(desk, &unseen);
    assert_int_equal(facts.post.state, POST_REJECTED);
    assert_int_equal(facts.post.reason, REASON_UNKNOWN);
    assert_true(bytes_is(facts.post.code, "not_seen"));
    assert_int_equal(say(desk, &unseen.post, true, "north"), FAULT_NONE);
    assert_int_equal(desk->resolution.outcome, RESOLUTION_LATE);
    assert_int_equal(desk_resolve(desk, &said.post, false), FAULT_NONE); /* by the operator, not by the buyer */
    assert_int_equal(say(desk, &said.post, true, "north"), FAULT_NONE);
    assert_int_equal(desk->resolution.outcome, RESOLUTION_LATE);
    facts = read_facts(desk, &said);
    assert_int_equal(facts.totals.revenue_micros, 0);
    desk_close(desk);
    assert_verifies(desk);
}

/* Standing hears of it before whoever asked does: what was reserved is free again, once. */
static void test_what_was_held_is_let_go(void **state)
{
    struct desk *desk = *state;
    struct standing *standing;
    struct lead_ids ids[2];
    struct cap_id id = {{9}};
    uint32_t doubts;
    struct ledger_options options = desk_options(desk);
    assert_int_equal(desk_open(desk), FAULT_NONE);
    for (unsigned i = 0; i < 2; i++) doubt(desk, &ids[i], (struct book_doubt){.within_ms = 24 * HOUR_MS}, true);
    desk_close(desk);
    assert_int_equal(standing_open(&standing), FAULT_NONE);
    struct offers *offers;
    assert_int_equal(offers_open(16, 1, &offers), FAULT_NONE);
    assert_int_equal(ledger_open(&options, &desk->ledger, &desk->note), FAULT_NONE);
    assert_int_equal(ledger_restore(desk->ledger, standing, offers, clock_now_us(), INT64_C(29833320) * 60000, &doubts),
                     FAULT_NONE);
    assert_int_equal(doubts, 2);
    struct doubt due;
    unsigned asked = 0;
    while (doubts_due(standing, INT64_MAX - 1, &due)) asked++;
    assert_int_equal(asked, 2); /* both are known again, and each is due once */
    doubts_ask_at(standing, &ids[0].post, 5);
    assert_true(doubts_due(standing, 5, &due) && ident_same(&due.post_id, &ids[0].post));
    uint32_t cell = standing_cap_cell(standing, &id);
    assert_int_equal(loop_open(&desk->loop), FAULT_NONE);
    assert_int_equal(ledger_line_open(desk->ledger, desk->loop, &desk->line), FAULT_NONE);
    assert_int_equal(ledger_start(desk->ledger), FAULT_NONE);
    assert_int_equal(caps_used(standing, cell, 29833320), 2);
    assert_int_equal(say(desk, &ids[0].post, false, "north"), FAULT_NONE);
    assert_int_equal(caps_used(standing, cell, 29833320), 1);
    assert_int_equal(say(desk, &ids[0].post, false, "north"), FAULT_NONE);
    assert_int_equal(say(desk, &ids[1].post, true, "north"), FAULT_NONE);
    assert_int_equal(caps_used(standing, cell, 29833320), 1);
    assert_false(doubts_due(standing, INT64_MAX - 1, &due)); /* nobody is asked about what has ended */
    desk_close(desk);
    offers_close(&offers);
    standing_close(&standing);
    assert_verifies(desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_doubt_ends_void, begin, end),
        cmocka_unit_test_setup_teardown(test_a_doubt_ends_sold, begin, end),
        cmocka_unit_test_setup_teardown(test_the_end_survives_a_start, begin, end),
        cmocka_unit_test_setup_teardown(test_released_at_the_start, begin, end),
        cmocka_unit_test_setup_teardown(test_a_buyers_word, begin, end),
        cmocka_unit_test_setup_teardown(test_not_seen_then_accepted, begin, end),
        cmocka_unit_test_setup_teardown(test_what_was_held_is_let_go, begin, end),
    };
    if (crypto_start() != FAULT_NONE) return 1;
    log_start(LOG_ERROR, LOG_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
