/* ledger: what was acknowledged is there after the next open, rows follow from steps, and what contradicts them is
 * refused alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "exchange/market/acceptance.h"
#include "tests/unit/exchange/ledger/desk.h"

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

/* The book read by another opening, the ledger being closed. */
static struct reader *read_book(const struct desk *desk)
{
    struct reader *reader;
    assert_null(desk->ledger);
    assert_int_equal(reader_open(desk->path, desk->keys, &reader), FAULT_NONE);
    return reader;
}

static void assert_verifies(const struct desk *desk)
{
    struct report_verdict verdict;
    assert_int_equal(report_verify(desk->path, &verdict, NULL, NULL), FAULT_NONE);
    if (!verdict.good) fail_msg("%s", verdict.text);
}

struct balances {
    int64_t north, south, acme, house, others;
};

static void note_balance(void *arg, struct bytes account, int64_t micros)
{
    struct balances *balances = arg;
    int64_t *place = bytes_is(account, "buyer:north")                ? &balances->north
                     : bytes_is(account, "buyer:south")              ? &balances->south
                     : bytes_is(account, "affiliate:acme:uncleared") ? &balances->acme
                     : bytes_is(account, "house:margin")             ? &balances->house
                                                                     : &balances->others;
    *place += micros;
}

static void test_a_sold_lead(void **state)
{
    struct desk *desk = *state;
    struct lead_ids ids;
    assert_int_equal(desk_open(desk), FAULT_NONE);
    assert_int_equal(desk_lead(desk, &ids, "k-1", POST_ACCEPTED), FAULT_NONE);
    assert_int_equal(desk->seq, 2);
    desk_close(desk);

    struct reader *reader = read_book(desk);
    struct lead_record lead, by_ping, by_key;
    struct post_record post;
    struct bytes content, key_text = BYTES("k-1");
    struct digest key;
    digest_of(&key, &key_text, 1);
    assert_int_equal(reader_lead(reader, &ids.lead, &arena, &lead), FAULT_NONE);
    assert_int_equal(lead.state, LEAD_SOLD);
    assert_true(bytes_is(lead.affiliate, "acme") && bytes_is(lead.source, "web-1") && bytes_is(lead.ref, "r-17"));
    assert_int_equal(lead.offer.candidates_count, 2);
    assert_int_equal(lead.slots[0].posts_sent, 1);
    assert_int_equal(lead.tried, 1);
    assert_true(lead.slots[0].state == POST_ACCEPTED);
    assert_true(bytes_is(lead.slots[0].sale.buyer, "north") && bytes_is(lead.slots[0].buyer_lead_id, "L-1"));
    assert_int_equal(reader_lead_of_ping(reader, &ids.ping, &arena, &by_ping), FAULT_NONE);
    assert_true(ident_same(&by_ping.lead_id, &ids.lead));
    assert_int_equal(reader_lead_of_key(reader, &key, &arena, &by_key), FAULT_NONE);
    assert_true(ident_same(&by_key.lead_id, &ids.lead));
    assert_int_equal(reader_post(reader, &ids.post, &arena, &post), FAULT_NONE);
    assert_int_equal(post.state, POST_ACCEPTED);
    assert_true(bytes_is(post.text, "as the buyer said") && bytes_is(post.intent.contract, "north/auto"));
    assert_int_equal(reader_content(reader, &ids.lead, &arena, &content), FAULT_NONE);
    assert_true(bytes_is(content, "{\"lead\":{\"phone\":\"+12025550143\"},\"consent\":{\"tcpa\":true}}"));

    struct reader_totals totals;
    assert_int_equal(reader_totals(reader, &totals), FAULT_NONE);
    assert_int_equal(totals.entries, 2);
    assert_int_equal(totals.leads, 1);
    assert_int_equal(totals.sold, 1);
    assert_int_equal(totals.posts, 1);
    assert_int_equal(totals.posts_open, 0);
    assert_int_equal(totals.revenue_micros, DESK_PRICE);
    assert_int_equal(totals.payout_micros, DESK_PAYOUT);
    assert_int_equal(totals.margin_micros, DESK_PRICE - DESK_PAYOUT);
    assert_int_equal(totals.first_ms, DESK_WALL);
    struct balances balances = {0};
    assert_int_equal(reader_accounts(reader, note_balance, &balances), FAULT_NONE);
    assert_int_equal(balances.north, -DESK_PRICE);
    assert_int_equal(balances.acme, DESK_PAYOUT);
    assert_int_equal(balances.house, DESK_PRICE - DESK_PAYOUT);
    assert_int_equal(balances.others, 0);
    reader_close(&reader);
    assert_verifies(desk);
}

/* A lower price of the verdict: what the margin does not hold is the house's loss. And whoever asks for the lead by a
 * ping whose place its own took finds it too. */
static void test_a_loss_and_a_lineage(void **state)
{
    struct desk *desk = *state;
    struct lead_ids ids = {desk_id(desk), desk_id(desk), desk_id(desk)};
    struct ident before = desk_id(desk);
    struct tale tale;
    assert_int_equal(desk_open(desk), FAULT_NONE);
    tale_begin(&tale, desk, &ids.lead, &ids.ping);
    tale_open(&tale, NULL);
    tale.opening.offer.past = (struct offer_past){
        .origin = OFFER_OF_EXPIRY, .ancestors_count = 1, .ancestors = {before}};
    tale_intend(&tale, &ids.post, 0);
    assert_int_equal(desk_append(desk, &tale.step), FAULT_NONE);
    tale_begin(&tale, desk, &ids.lead, &ids.ping);
    tale_sell(&tale, desk, &ids.post, 0);
    tale.sale.price_micros = DESK_PAYOUT - 3000000;
    tale.sale.margin_micros = -3000000;
    assert_int_equal(desk_append(desk, &tale.step), FAULT_NONE);
    desk_close(desk);

    struct reader *reader = read_book(desk);
    struct lead_record lead;
    struct reader_totals totals;
    struct balances balances = {0};
    assert_int_equal(reader_lead_of_ping(reader, &before, &arena, &lead), FAULT_NONE);
    assert_true(ident_same(&lead.lead_id, &ids.lead));
    assert_true(offer_is_of(&lead.offer, &before));
    assert_int_equal(reader_accounts(reader, note_balance, &balances), FAULT_NONE);
    assert_int_equal(balances.north, -(DESK_PAYOUT - 3000000));
    assert_int_equal(balances.acme, DESK_PAYOUT);
    assert_int_equal(balances.house, 0);
    assert_int_equal(balances.others, -3000000); /* house:loss */
    assert_int_equal(reader_totals(reader, &totals), FAULT_NONE);
    assert_int_equal(totals.margin_micros, -3000000);
    reader_close(&reader);
    assert_verifies(desk);
}

/* Two tests: one sold at once, one out of a doubt. They are there, and in no sum. */
static void test_a_test_lead(void **state)
{
    struct desk *desk = *state;
    struct ident lead_ids[2], posts[2], ping = IDENT_NONE;
    struct tale tale;
    assert_int_equal(desk_open(desk), FAULT_NONE);
    for (unsigned i = 0; i < 2; i++) {
        lead_ids[i] = desk_id(desk), posts[i] = desk_id(desk), ping = desk_id(desk);
        tale_begin(&tale, desk, &lead_ids[i], &ping);
        tale_open(&tale, i ? NULL : "k-1");
        tale.opening.offer.rehearsal = 2;
        tale_intend(&tale, &posts[i], 0);
        assert_int_equal(desk_append(desk, &tale.step), FAULT_INPUT); /* it would take from caps */
        tale.intent.keys_count = 0;
        assert_int_equal(desk_append(desk, &tale.step), FAULT_NONE);
        tale_begin(&tale, desk, &lead_ids[i], &ping);
        if (i == 0) tale_sell(&tale, desk, &posts[i], 0);
        if (i == 1) tale_judge(&tale, &posts[i], POST_UNKNOWN);
        if (i == 1) tale_end(&tale, LEAD_PENDING);
        assert_int_equal(desk_append(desk, &tale.step), FAULT_NONE);
    }
    assert_int_equal(desk_resolve(desk, &posts[1], true), FAULT_NONE);
    assert_true(desk->resolution.is_test);
    desk_close(desk);

    struct reader *reader = read_book(desk);
    struct reader_totals totals;
    struct balances balances = {0};
    for (unsigned i = 0; i < 2; i++) {
        struct lead_record lead;
        struct post_record post;
        assert_int_equal(reader_lead(reader, &lead_ids[i], &arena, &lead), FAULT_NONE);
        assert_true(lead.state == LEAD_SOLD && lead.offer.rehearsal == 2 && lead.slots[0].state == POST_ACCEPTED);
        assert_int_equal(reader_post(reader, &posts[i], &arena, &post), FAULT_NONE);
        assert_true(post.is_test);
    }
    assert_int_equal(reader_totals(reader, &totals), FAULT_NONE);
    assert_int_equal(totals.tests, 2);
    assert_int_equal(totals.leads + totals.sold + totals.pending + totals.posts + totals.posts_open + totals.doubts, 0);
    assert_int_equal(totals.revenue_micros, 0);
    assert_int_equal(reader_accounts(reader, note_balance, &balances), FAULT_NONE);
    assert_true(balances.north == 0 && balances.acme == 0 && balances.house == 0 && balances.others == 0);
    reader_close(&reader);
    assert_verifies(desk);
}

static void test_what_is_not_there(void **state)
{
    struct desk *desk = *state;
    struct reader *reader = NULL;
    struct lead_record lead;
    struct post_record post;
    struct bytes bytes;
    struct digest digest = {{1}};
    struct ident nobody = {{1}};
    assert_int_equal(reader_open(desk->path, NULL, &reader), FAULT_NOT_FOUND);
    assert_int_equal(desk_open(desk), FAULT_NONE);
    desk_close(desk);
    assert_int_equal(reader_open(desk->path, NULL, &reader), FAULT_NONE);
    assert_int_equal(reader_lead(reader, &nobody, &arena, &lead), FAULT_NOT_FOUND);
    assert_int_equal(reader_lead_of_ping(reader, &nobody, &arena, &lead), FAULT_NOT_FOUND);
    assert_int_equal(reader_lead_of_key(reader, &digest, &arena, &lead), FAULT_NOT_FOUND);
    assert_int_equal(reader_post(reader, &nobody, &arena, &post), FAULT_NOT_FOUND);
    assert_int_equal(reader_content(reader, &nobody, &arena, &bytes), FAULT_INPUT); /* no key was given */
    assert_int_equal(reader_catalogue(reader, &digest, &arena, &bytes), FAULT_NOT_FOUND);
    assert_int_equal(reader_trace(reader, &nobody, &arena, &bytes), FAULT_NOT_FOUND);
    reader_close(&reader);
    assert_verifies(desk);
}

static void test_fallback(void **state)
{
    struct desk *desk = *state;
    struct lead_ids ids;
    struct tale tale;
    assert_int_equal(desk_open(desk), FAULT_NONE);
    assert_int_equal(desk_open_lead(desk, &ids, NULL), FAULT_NONE);
    struct ident second = desk_id(desk);
    tale_begin(&tale, desk, &ids.lead, &ids.ping);
    tale_judge(&tale, &ids.post, POST_FAILED); /* nothing was sent: not counted as a post */
    tale_intend(&tale, &second, 1);
    assert_int_equal(desk_append(desk, &tale.step), FAULT_NONE);
    tale_begin(&tale, desk, &ids.lead, &ids.ping);
    tale_sell(&tale, desk, &second, 1);
    assert_int_equal(desk_append(desk, &tale.step), FAULT_NONE);
    desk_close(desk);
    struct reader *reader = read_book(desk);
    struct lead_record lead;
    struct post_record post;
    assert_int_equal(reader_lead(reader, &ids.lead, &arena, &lead), FAULT_NONE);
    assert_int_equal(lead.slots[0].posts_sent, 1);
    assert_int_equal(lead.tried, 3);
    assert_true(ident_same(&lead.slots[0].post_id, &second));
    assert_int_equal(reader_post(reader, &ids.post, &arena, &post), FAULT_NONE);
    assert_int_equal(post.state, POST_FAILED);
    reader_close(&reader);
    assert_verifies(desk);
}

/* --- what contradicts the rows --- */

struct scene {
    struct desk *desk;
    struct lead_ids open, sold, unsold, doubt;
    struct tale tale;
};

static void begin_scene(struct scene *scene, struct desk *desk)
{
    scene->desk = desk;
    assert_int_equal(desk_open(desk), FAULT_NONE);
    assert_int_equal(desk_open_lead(desk, &scene->open, "open"), FAULT_NONE);
    assert_int_equal(desk_lead(desk, &scene->sold, "sold", POST_ACCEPTED), FAULT_NONE);
    assert_int_equal(desk_lead(desk, &scene->unsold, NULL, POST_REJECTED), FAULT_NONE);
    assert_int_equal(desk_lead(desk, &scene->doubt, NULL, POST_UNKNOWN), FAULT_NONE);
}

static struct tale *about(struct scene *scene, const struct lead_ids *ids)
{
    tale_begin(&scene->tale, scene->desk, &ids->lead, &ids->ping);
    return &scene->tale;
}

static void second_opening(struct scene *s)
{
    tale_open(about(s, &s->open), NULL);
}
static void ping_with_a_lead(struct scene *s)
{
    struct lead_ids other = {desk_id(s->desk), s->open.ping, desk_id(s->desk)};
    tale_open(about(s, &other), NULL);
}
static void key_with_a_lead(struct scene *s)
{
    struct lead_ids other = {desk_id(s->desk), desk_id(s->desk), desk_id(s->desk)};
    tale_open(about(s, &other), "sold");
}
static void unknown_lead(struct scene *s)
{
    struct lead_ids other = {desk_id(s->desk), desk_id(s->desk), desk_id(s->desk)};
    tale_end(about(s, &other), LEAD_UNSOLD);
}
static void another_ping(struct scene *s)
{
    struct lead_ids mixed = {s->open.lead, s->sold.ping, s->open.post};
    tale_judge(about(s, &mixed), &s->open.post, POST_REJECTED);
}
static void second_intent(struct scene *s)
{
    struct ident post = desk_id(s->desk);
    tale_intend(about(s, &s->open), &post, 1);
}
static void intent_under_doubt(struct scene *s)
{
    struct ident post = desk_id(s->desk);
    tale_intend(about(s, &s->doubt), &post, 1);
}
static void intent_after_unknown(struct scene *s)
{
    struct ident post = desk_id(s->desk);
    tale_judge(about(s, &s->open), &s->open.post, POST_UNKNOWN);
    tale_intend(&s->tale, &post, 1);
}
static void used_post_id(struct scene *s)
{
    struct lead_ids other = {desk_id(s->desk), desk_id(s->desk), desk_id(s->desk)};
    tale_open(about(s, &other), NULL);
    tale_intend(&s->tale, &s->sold.post, 0);
}
static void sold_again(struct scene *s)
{
    tale_sell(about(s, &s->sold), s->desk, &s->sold.post, 0);
}
static void sale_without_verdict(struct scene *s)
{
    tale_sell(about(s, &s->open), s->desk, &s->open.post, 0);
    s->tale.step.verdicts_count = 0;
}
static void verdict_without_sale(struct scene *s)
{
    tale_judge(about(s, &s->open), &s->open.post, POST_ACCEPTED);
}
static void sale_of_a_rejection(struct scene *s)
{
    tale_sell(about(s, &s->open), s->desk, &s->open.post, 0);
    s->tale.verdict.state = POST_REJECTED;
}
static void sale_to_another(struct scene *s)
{
    tale_sell(about(s, &s->open), s->desk, &s->open.post, 0);
    s->tale.sale.buyer = BYTES("south");
}
static void sale_out_of_balance(struct scene *s)
{
    tale_sell(about(s, &s->open), s->desk, &s->open.post, 0);
    s->tale.sale.margin_micros += 1;
}
static void sale_that_overflows(struct scene *s)
{
    tale_sell(about(s, &s->open), s->desk, &s->open.post, 0);
    s->tale.sale.price_micros = s->tale.sale.payout_micros = INT64_MAX;
    s->tale.sale.margin_micros = 0;
}
static void sale_above_its_post(struct scene *s)
{
    tale_sell(about(s, &s->open), s->desk, &s->open.post, 0);
    s->tale.sale.price_micros += 1;
    s->tale.sale.margin_micros += 1;
}
static void ping_whose_place_has_a_lead(struct scene *s)
{
    struct lead_ids other = {desk_id(s->desk), desk_id(s->desk), desk_id(s->desk)};
    tale_open(about(s, &other), NULL);
    s->tale.opening.offer.past = (struct offer_past){
        .origin = OFFER_OF_REFINEMENT, .ancestors_count = 2, .ancestors = {desk_id(s->desk), s->open.ping}};
}
/* The open post's leg is exclusive, whatever the second one allows. */
static void second_slot_of_an_exclusive(struct scene *s)
{
    struct ident post = desk_id(s->desk);
    tale_intend(about(s, &s->open), &post, 1);
    s->tale.intent.slot = 1;
    s->tale.intent.planned = s->tale.intent.max_sold = 2;
}
static void verdict_on_anothers_post(struct scene *s)
{
    tale_judge(about(s, &s->open), &s->doubt.post, POST_REJECTED);
}
static void verdict_on_no_post(struct scene *s)
{
    struct ident post = desk_id(s->desk);
    tale_judge(about(s, &s->open), &post, POST_REJECTED);
}
static void second_verdict(struct scene *s)
{
    tale_judge(about(s, &s->unsold), &s->unsold.post, POST_REJECTED);
}
static void verdict_that_is_open(struct scene *s)
{
    tale_judge(about(s, &s->open), &s->open.post, POST_OPEN);
}
static void unsold_while_open(struct scene *s)
{
    tale_end(about(s, &s->open), LEAD_UNSOLD);
}
static void sold_without_sale(struct scene *s)
{
    tale_judge(about(s, &s->open), &s->open.post, POST_REJECTED);
    tale_end(&s->tale, LEAD_SOLD);
}
static void pending_without_doubt(struct scene *s)
{
    tale_judge(about(s, &s->open), &s->open.post, POST_REJECTED);
    tale_end(&s->tale, LEAD_PENDING);
}

#define CASE(name)                                                                                                     \
    {                                                                                                                  \
#name, name                                                                                                    \
    }
static const struct {
    const char *name;
    void (*make)(struct scene *scene);
} contradictions[] = {
    CASE(second_opening),
    CASE(ping_with_a_lead),
    CASE(key_with_a_lead),
    CASE(unknown_lead),
    CASE(another_ping),
    CASE(second_intent),
    CASE(intent_under_doubt),
    CASE(intent_after_unknown),
    CASE(used_post_id),
    CASE(sold_again),
    CASE(sale_without_verdict),
    CASE(verdict_without_sale),
    CASE(sale_of_a_rejection),
    CASE(sale_to_another),
    CASE(sale_out_of_balance),
    CASE(sale_that_overflows),
    CASE(second_slot_of_an_exclusive),
    CASE(verdict_on_no_post),
    CASE(second_verdict),
    CASE(verdict_on_anothers_post),
    CASE(sale_above_its_post),
    CASE(ping_whose_place_has_a_lead),
    CASE(unsold_while_open),
    CASE(verdict_that_is_open),
    CASE(sold_without_sale),
    CASE(pending_without_doubt),
};

static void test_contradictions_are_refused(void **state)
{
    struct desk *desk = *state;
    struct scene scene;
    begin_scene(&scene, desk);
    uint64_t seq = desk->seq;
    for (size_t i = 0; i < sizeof contradictions / sizeof *contradictions; i++) {
        contradictions[i].make(&scene);
        enum fault fault = desk_append(desk, &scene.tale.step);
        if (fault != FAULT_INPUT) fail_msg("%s: %s", contradictions[i].name, fault_text(fault));
        assert_int_equal(desk->seq, 0);
    }
    assert_int_equal(ledger_state(desk->ledger, NULL), REASON_NONE);
    assert_int_equal(desk_end_lead(desk, &scene.open, POST_ACCEPTED), FAULT_NONE); /* the good goes on */
    assert_int_equal(desk->seq, seq + 1);
    desk_close(desk);
    assert_verifies(desk);
}

/* --- doubts and their resolution --- */

struct book_facts {
    struct lead_record lead;
    struct post_record post;
    struct post_record doubts[8];
    uint32_t doubts_count;
    struct reader_totals totals;
};

static void read_facts(const struct desk *desk, const struct lead_ids *ids, struct book_facts *facts)
{
    struct reader *reader = read_book(desk);
    assert_int_equal(reader_lead(reader, &ids->lead, &arena, &facts->lead), FAULT_NONE);
    assert_int_equal(reader_post(reader, &ids->post, &arena, &facts->post), FAULT_NONE);
    assert_int_equal(reader_doubts(reader, NULL, &arena, facts->doubts, 8, &facts->doubts_count), FAULT_NONE);
    assert_int_equal(reader_totals(reader, &facts->totals), FAULT_NONE);
    reader_close(&reader);
}

static void test_open_posts_become_doubts(void **state)
{
    struct desk *desk = *state;
    struct lead_ids first, second;
    struct book_facts facts;
    assert_int_equal(desk_open(desk), FAULT_NONE);
    assert_int_equal(desk_open_lead(desk, &first, NULL), FAULT_NONE);
    assert_int_equal(desk_open_lead(desk, &second, NULL), FAULT_NONE);
    desk_close(desk);
    assert_int_equal(desk_open(desk), FAULT_NONE);
    struct ledger_counts counts;
    ledger_counts(desk->ledger, &counts);
    assert_int_equal(counts.doubts, 2);
    assert_int_equal(counts.posts_open, 0);
    assert_int_equal(counts.seq, 4);
    desk_close(desk);
    read_facts(desk, &first, &facts);
    assert_int_equal(facts.doubts_count, 2);
    assert_true(ident_same(&facts.doubts[0].post_id, &first.post));
    assert_true(ident_same(&facts.doubts[1].post_id, &second.post));
    assert_int_equal(facts.lead.state, LEAD_PENDING);
    assert_int_equal(facts.post.state, POST_UNKNOWN);
    assert_int_equal(facts.post.reason, REASON_UNKNOWN);
    assert_int_equal(facts.lead.slots[0].posts_sent, 1);
    assert_verifies(desk);
    assert_int_equal(desk_open(desk), FAULT_NONE); /* once: nothing is added by another start */
    ledger_counts(desk->ledger, &counts);
    assert_int_equal(counts.seq, 4);

    struct reader *reader;
    desk_close(desk);
    reader = read_book(desk);
    struct post_record rest[2];
    uint32_t count;
    assert_int_equal(reader_doubts(reader, &first.post, &arena, rest, 2, &count), FAULT_NONE);
    assert_int_equal(count, 1);
    assert_true(ident_same(&rest[0].post_id, &second.post));
    assert_int_equal(reader_doubts(reader, NULL, &arena, rest, 1, &count), FAULT_NONE);
    assert_int_equal(count, 1);
    reader_close(&reader);
}

static void test_resolved_as_sold(void **state)
{
    struct desk *desk = *state;
    struct lead_ids ids;
    struct book_facts facts;
    assert_int_equal(desk_open(desk), FAULT_NONE);
    assert_int_equal(desk_lead(desk, &ids, NULL, POST_UNKNOWN), FAULT_NONE);
    assert_int_equal(desk_resolve(desk, &ids.post, true), FAULT_NONE);
    assert_true(ident_same(&desk->resolution.lead_id, &ids.lead));
    assert_false(desk->resolution.resumes);
    assert_int_equal(desk->resolution.seq, 3);
    assert_int_equal(desk_resolve(desk, &ids.post, true), FAULT_INPUT); /* no longer in doubt */
    assert_int_equal(desk_resolve(desk, &ids.ping, true), FAULT_NOT_FOUND);
    desk_close(desk);
    read_facts(desk, &ids, &facts);
    assert_int_equal(facts.lead.state, LEAD_SOLD);
    assert_true(ident_same(&facts.lead.slots[0].sale.sale_id, &ids.post));
    assert_int_equal(facts.totals.revenue_micros, DESK_PRICE);
    assert_int_equal(facts.totals.doubts, 0);
    assert_int_equal(facts.totals.pending, 0);
    assert_int_equal(facts.doubts_count, 0);
    assert_verifies(desk);
}

static void test_resolved_as_rejected_goes_on(void **state)
{
    struct desk *desk = *state;
    struct lead_ids ids;
    struct book_facts facts;
    struct tale tale;
    assert_int_equal(desk_open(desk), FAULT_NONE);
    assert_int_equal(desk_lead(desk, &ids, NULL, POST_UNKNOWN), FAULT_NONE);
    assert_int_equal(desk_resolve(desk, &ids.post, false), FAULT_NONE);
    assert_true(desk->resolution.resumes);
    struct ident second = desk_id(desk);
    tale_begin(&tale, desk, &ids.lead, &ids.ping);
    tale_intend(&tale, &second, 1);
    assert_int_equal(desk_append(desk, &tale.step), FAULT_NONE);
    tale_begin(&tale, desk, &ids.lead, &ids.ping);
    tale_sell(&tale, desk, &second, 1);
    assert_int_equal(desk_append(desk, &tale.step), FAULT_NONE);
    desk_close(desk);
    read_facts(desk, &ids, &facts);
    assert_int_equal(facts.lead.state, LEAD_SOLD);
    assert_int_equal(facts.lead.slots[0].posts_sent, 2);
    assert_int_equal(facts.lead.tried, 3);
    assert_verifies(desk);
}

struct goers {
    struct desk *desk;
    int64_t before_ms;
    struct ident after, ids[4];
    uint32_t count;
    enum fault fault;
};

static void look_for_goers(void *context, struct reader *reader)
{
    struct goers *goers = context;
    goers->after = IDENT_NONE;
    goers->fault = reader_going_on(reader, goers->before_ms, &goers->after, goers->ids, 4, &goers->count);
}

/* Killed between the resolution and the next intent: the next start goes on with it while its offer would stand, and
 * closes it unsold after that. */
static void test_what_was_to_go_on_goes_on_after_a_start(void **state)
{
    struct desk *desk = *state;
    struct lead_ids ids[2];
    struct tale tale;
    assert_int_equal(desk_open(desk), FAULT_NONE);
    for (unsigned i = 0; i < 2; i++) {
        ids[i] = (struct lead_ids){desk_id(desk), desk_id(desk), desk_id(desk)};
        tale_begin(&tale, desk, &ids[i].lead, &ids[i].ping);
        tale_open(&tale, NULL);
        if (i == 0) tale.opening.offer.expires_ms = clock_wall_ms() + 3600000;
        tale_intend(&tale, &ids[i].post, 0);
        assert_int_equal(desk_append(desk, &tale.step), FAULT_NONE);
        assert_int_equal(desk_end_lead(desk, &ids[i], POST_UNKNOWN), FAULT_NONE);
        assert_int_equal(desk_resolve(desk, &ids[i].post, false), FAULT_NONE);
        assert_true(desk->resolution.resumes);
    }
    int64_t resolved_ms = desk->wall_ms;
    desk_close(desk);

    struct lead_record lead;
    struct goers goers = {.desk = desk, .before_ms = resolved_ms + 1};
    assert_int_equal(desk_open(desk), FAULT_NONE);
    desk_ask(desk, look_for_goers, &goers, 0, false);
    assert_int_equal(goers.fault, FAULT_NONE);
    assert_int_equal(goers.count, 1);
    assert_true(ident_same(&goers.ids[0], &ids[0].lead) && ident_same(&goers.after, &ids[0].lead));
    goers.before_ms = 0; /* resolved since the start: its story is under way */
    desk_ask(desk, look_for_goers, &goers, 0, false);
    assert_int_equal(goers.count, 0);
    struct ident second = desk_id(desk);
    tale_begin(&tale, desk, &ids[0].lead, &ids[0].ping);
    tale_intend(&tale, &second, 1);
    assert_int_equal(desk_append(desk, &tale.step), FAULT_NONE);
    tale_begin(&tale, desk, &ids[0].lead, &ids[0].ping);
    tale_sell(&tale, desk, &second, 1);
    assert_int_equal(desk_append(desk, &tale.step), FAULT_NONE);
    desk_close(desk);
    struct reader *reader = read_book(desk);
    assert_int_equal(reader_lead(reader, &ids[0].lead, &arena, &lead), FAULT_NONE);
    assert_int_equal(lead.state, LEAD_SOLD);
    assert_int_equal(reader_lead(reader, &ids[1].lead, &arena, &lead), FAULT_NONE);
    assert_int_equal(lead.state, LEAD_UNSOLD);
    reader_close(&reader);
    assert_verifies(desk);
}

static void test_resolved_too_late_ends_it(void **state)
{
    struct desk *desk = *state;
    struct lead_ids ids;
    struct book_facts facts;
    assert_int_equal(desk_open(desk), FAULT_NONE);
    assert_int_equal(desk_lead(desk, &ids, NULL, POST_UNKNOWN), FAULT_NONE);
    desk->wall_ms = DESK_WALL + 300000; /* the offer's end */
    assert_int_equal(desk_resolve(desk, &ids.post, false), FAULT_NONE);
    assert_false(desk->resolution.resumes);
    desk_close(desk);
    read_facts(desk, &ids, &facts);
    assert_int_equal(facts.lead.state, LEAD_UNSOLD);
    assert_int_equal(facts.lead.reason, REASON_REJECTED);
    assert_verifies(desk);
}

/* The process ends between the resolution and the next intent. */
static void test_going_on_ends_with_the_process(void **state)
{
    struct desk *desk = *state;
    struct lead_ids ids;
    struct book_facts facts;
    assert_int_equal(desk_open(desk), FAULT_NONE);
    assert_int_equal(desk_lead(desk, &ids, NULL, POST_UNKNOWN), FAULT_NONE);
    assert_int_equal(desk_resolve(desk, &ids.post, false), FAULT_NONE);
    desk_close(desk);
    assert_int_equal(desk_open(desk), FAULT_NONE);
    desk_close(desk);
    read_facts(desk, &ids, &facts);
    assert_int_equal(facts.lead.state, LEAD_UNSOLD);
    assert_int_equal(facts.doubts_count, 0);
    assert_verifies(desk);
}

/* --- what goes back into memory --- */

static uint32_t used(struct standing *standing, uint8_t first, uint32_t window)
{
    struct cap_id id = {{first}};
    return caps_used(standing, standing_cap_cell(standing, &id), window);
}

static void test_restore(void **state)
{
    struct desk *desk = *state;
    struct lead_ids ids;
    struct digest revoked = {{1, 2, 3}}, other = {{1, 2, 4}};
    assert_int_equal(desk_open(desk), FAULT_NONE);
    assert_int_equal(desk_lead(desk, &ids, NULL, POST_ACCEPTED), FAULT_NONE); /* kept */
    assert_int_equal(desk_lead(desk, &ids, NULL, POST_REJECTED), FAULT_NONE); /* given back */
    assert_int_equal(desk_lead(desk, &ids, NULL, POST_UNKNOWN), FAULT_NONE);  /* kept */
    assert_int_equal(desk_open_lead(desk, &ids, NULL), FAULT_NONE);           /* open, then in doubt: kept */
    assert_int_equal(ledger_switch(desk->line, BYTES("north/auto"), true, DESK_WALL, desk_on_durable, desk, 4711),
                     FAULT_NONE);
    loop_run(desk->loop);
    assert_int_equal(ledger_switch(desk->line, BYTES("south/auto"), true, DESK_WALL, desk_on_durable, desk, 4711),
                     FAULT_NONE);
    loop_run(desk->loop);
    assert_int_equal(ledger_switch(desk->line, BYTES("south/auto"), false, DESK_WALL, desk_on_durable, desk, 4711),
                     FAULT_NONE);
    loop_run(desk->loop);
    for (unsigned twice = 0; twice < 2; twice++) {
        assert_int_equal(ledger_revoke_key(desk->line, &revoked, DESK_WALL + twice, desk_on_durable, desk, 4711),
                         FAULT_NONE);
        loop_run(desk->loop);
    }
    assert_int_equal(desk->fault, FAULT_NONE);
    desk_close(desk);

    struct standing *standing;
    struct offers *offers;
    uint32_t doubts = 0;
    struct ledger_options options = desk_options(desk);
    assert_int_equal(standing_open(&standing), FAULT_NONE);
    assert_int_equal(offers_open(64, 3, &offers), FAULT_NONE);
    assert_int_equal(ledger_open(&options, &desk->ledger, &desk->note), FAULT_NONE);
    assert_int_equal(ledger_restore(desk->ledger, standing, offers, 1000, DESK_WALL, &doubts), FAULT_NONE);
    assert_int_equal(doubts, 2);
    assert_int_equal(used(standing, 1, 29833333), 3);
    assert_int_equal(used(standing, 9, 29833320), 3);
    assert_int_equal(used(standing, 1, 29833334), 0);
    assert_int_equal(used(standing, 2, 29833333), 0);
    assert_true(switches_paused(standing, standing_contract_cell(standing, BYTES("north/auto"))));
    assert_false(switches_paused(standing, standing_contract_cell(standing, BYTES("south/auto"))));
    assert_true(standing_is_key_revoked(standing, &revoked));
    assert_false(standing_is_key_revoked(standing, &other));
    offers_close(&offers);
    standing_close(&standing);
    ledger_close(&desk->ledger);
    assert_verifies(desk);
}

/* Each verdict is counted with its entry, published after it, and read again at a start; a doubt counts against the
 * contract and, resolved as accepted, for it. */
static void test_what_is_learned(void **state)
{
    static const enum post_state ends[] = {POST_ACCEPTED, POST_REJECTED, POST_FAILED, POST_UNKNOWN};
    struct desk *desk = *state;
    uint64_t word = 0;
    struct lead_ids ids;
    assert_int_equal(desk_open(desk), FAULT_NONE);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        assert_int_equal(desk_lead(desk, &ids, NULL, ends[i]), FAULT_NONE);
        if (ends[i] != POST_FAILED) word = acceptance_after(word, ends[i] == POST_ACCEPTED, desk->wall_ms);
    }
    assert_int_equal(desk_resolve(desk, &ids.post, true), FAULT_NONE);
    word = acceptance_after(word, true, desk->wall_ms);
    desk_close(desk);

    struct standing *standing;
    struct offers *offers;
    uint32_t doubts;
    struct ledger_options options = desk_options(desk);
    assert_int_equal(standing_open(&standing), FAULT_NONE);
    assert_int_equal(offers_open(64, 3, &offers), FAULT_NONE);
    assert_int_equal(ledger_open(&options, &desk->ledger, &desk->note), FAULT_NONE);
    assert_int_equal(ledger_restore(desk->ledger, standing, offers, 1000, DESK_WALL, &doubts), FAULT_NONE);
    uint32_t cell = standing_contract_cell(standing, BYTES("north/auto"));
    assert_int_equal(learned_word(standing, cell), word);
    assert_int_equal(acceptance_ppm(word, DESK_WALL), 833333); /* 2 of 4, and the 8 it begins with */
    assert_int_equal(learned_word(standing, standing_contract_cell(standing, BYTES("south/auto"))), 0);

    assert_int_equal(loop_open(&desk->loop), FAULT_NONE);
    assert_int_equal(ledger_line_open(desk->ledger, desk->loop, &desk->line), FAULT_NONE);
    assert_int_equal(ledger_start(desk->ledger), FAULT_NONE);
    assert_int_equal(desk_lead(desk, &ids, NULL, POST_REJECTED), FAULT_NONE);
    assert_int_equal(learned_word(standing, cell), acceptance_after(word, false, desk->wall_ms));
    desk_close(desk);
    offers_close(&offers);
    standing_close(&standing);
    assert_verifies(desk);
}

/* Two windows of one cap, and a cap whose id sorts last: the latest window counts. */
static void test_restore_takes_the_latest_window(void **state)
{
    struct desk *desk = *state;
    assert_int_equal(desk_open(desk), FAULT_NONE);
    for (uint32_t window = 100; window < 103; window++) {
        struct lead_ids ids = {desk_id(desk), desk_id(desk), desk_id(desk)};
        struct tale tale;
        tale_begin(&tale, desk, &ids.lead, &ids.ping);
        tale_open(&tale, NULL);
        tale_intend(&tale, &ids.post, 0);
        tale.intent.keys[0].window = window;
        tale.intent.keys[0].amount = window;
        memset(tale.intent.keys[1].id, 0xff, 16);
        tale.intent.keys[1].window = window == 102 ? UINT32_MAX : window;
        assert_int_equal(desk_append(desk, &tale.step), FAULT_NONE);
        assert_int_equal(desk_end_lead(desk, &ids, POST_ACCEPTED), FAULT_NONE);
    }
    desk_close(desk);
    struct standing *standing;
    struct offers *offers;
    uint32_t doubts;
    struct ledger_options options = desk_options(desk);
    assert_int_equal(standing_open(&standing), FAULT_NONE);
    assert_int_equal(offers_open(64, 3, &offers), FAULT_NONE);
    assert_int_equal(ledger_open(&options, &desk->ledger, &desk->note), FAULT_NONE);
    assert_int_equal(ledger_restore(desk->ledger, standing, offers, 1000, DESK_WALL, &doubts), FAULT_NONE);
    assert_int_equal(used(standing, 1, 102), 102);
    struct cap_id last;
    memset(last.at, 0xff, sizeof last.at);
    assert_int_equal(caps_used(standing, standing_cap_cell(standing, &last), UINT32_MAX), 1);
    offers_close(&offers);
    standing_close(&standing);
    ledger_close(&desk->ledger);
}

static struct standing *restored(struct desk *desk, struct offers **offers)
{
    struct standing *standing;
    uint32_t doubts;
    struct ledger_options options = desk_options(desk);
    assert_int_equal(standing_open(&standing), FAULT_NONE);
    assert_int_equal(offers_open(64, 3, offers), FAULT_NONE);
    assert_int_equal(ledger_open(&options, &desk->ledger, &desk->note), FAULT_NONE);
    assert_int_equal(ledger_restore(desk->ledger, standing, *offers, 1000, DESK_WALL, &doubts), FAULT_NONE);
    return standing;
}

static void let_go(struct desk *desk, struct standing *standing, struct offers *offers)
{
    ledger_close(&desk->ledger);
    offers_close(&offers);
    standing_close(&standing);
}

/* Keys that stay until a refusal, for good, and those that are counted at the sale. */
static void test_how_long_keys_stay(void **state)
{
    static const enum post_state ENDS[] = {POST_ACCEPTED, POST_REJECTED, POST_FAILED, POST_UNKNOWN};
    struct desk *desk = *state;
    assert_int_equal(desk_open(desk), FAULT_NONE);
    for (size_t i = 0; i < sizeof ENDS / sizeof *ENDS; i++) {
        struct lead_ids ids = {desk_id(desk), desk_id(desk), desk_id(desk)};
        struct tale tale;
        tale_begin(&tale, desk, &ids.lead, &ids.ping);
        tale_open(&tale, NULL);
        tale_intend(&tale, &ids.post, 0);
        tale.intent.keys_count = 3;
        for (uint8_t k = 0; k < 3; k++)
            tale.intent.keys[k] = (struct book_cap_key){
                .id = {(uint8_t)(40 + k)}, .window = 77, .amount = 1, .stay = k};
        assert_int_equal(desk_append(desk, &tale.step), FAULT_NONE);
        assert_int_equal(desk_end_lead(desk, &ids, ENDS[i]), FAULT_NONE);
    }
    desk_close(desk);
    struct offers *offers;
    struct standing *standing = restored(desk, &offers);
    assert_int_equal(used(standing, 40, 77), 2); /* sold, and in doubt */
    assert_int_equal(used(standing, 41, 77), 3); /* and refused */
    assert_int_equal(used(standing, 42, 77), 1); /* sold */
    let_go(desk, standing, offers);
    assert_verifies(desk);
}

/* What pings took is in the book when the exchange has stopped, and counts on. */
static void test_counts_of_pings(void **state)
{
    struct desk *desk = *state;
    struct offers *offers;
    unsigned full;
    uint32_t expected[2] = {0, 0};
    for (uint32_t life = 0; life < 3; life++) {
        struct standing *standing = restored(desk, &offers);
        struct cap_id cap = {{50}}, segment = {{51}};
        struct cap_key keys[2] = {{.id = cap, .window = 500, .amount = 1, .limit = 1000, .stay = CAP_PINGED},
                                  {.id = caps_segment(&cap, &segment, false),
                                   .window = 500 + life / 2,
                                   .amount = 1,
                                   .limit = 1000,
                                   .stay = CAP_PINGED}};
        keys[0].cell = standing_cap_cell(standing, &cap);
        keys[1].cell = standing_cap_cell(standing, &keys[1].id);
        assert_int_equal(caps_used(standing, keys[0].cell, 500), expected[0]);
        assert_int_equal(caps_used(standing, keys[1].cell, 500), expected[1]);
        assert_int_equal(ledger_start(desk->ledger), FAULT_NONE);
        for (uint32_t i = 0; i < 10 + life; i++) assert_true(caps_reserve(standing, keys, 2, &full));
        caps_release(standing, keys, 2, false); /* one was not sent */
        ledger_stop(desk->ledger);
        expected[0] += 9 + life;
        expected[1] = life == 2 ? 0 : expected[1] + 9 + life;
        let_go(desk, standing, offers);
        assert_verifies(desk);
    }
    struct standing *standing = restored(desk, &offers);
    assert_int_equal(used(standing, 50, 500), 30);
    let_go(desk, standing, offers);
}

static void test_catalogues(void **state)
{
    struct desk *desk = *state;
    static char packed[10000];
    for (size_t i = 0; i < sizeof packed; i++) packed[i] = (char)(i * 31);
    struct bytes whole = {packed, sizeof packed};
    struct digest version;
    digest_of(&version, &whole, 1);
    assert_int_equal(desk_open(desk), FAULT_NONE);
    for (int i = 0; i < 2; i++) { /* the second time nothing is written */
        assert_int_equal(ledger_catalogue(desk->line, &version, whole, desk_on_durable, desk, 4711), FAULT_NONE);
        loop_run(desk->loop);
        assert_int_equal(desk->fault, FAULT_NONE);
        assert_int_equal(desk->seq, 1);
    }
    desk_close(desk);
    struct reader *reader = read_book(desk);
    struct bytes back;
    assert_int_equal(reader_catalogue(reader, &version, &arena, &back), FAULT_NONE);
    assert_true(bytes_same(back, whole));
    reader_close(&reader);
    assert_verifies(desk);
}

/* --- opening --- */

static void test_second_exchange_is_kept_out(void **state)
{
    struct desk *desk = *state;
    assert_int_equal(desk_open(desk), FAULT_NONE);
    struct ledger_options options = desk_options(desk);
    struct ledger *second;
    struct ledger_note note;
    assert_int_equal(ledger_open(&options, &second, &note), FAULT_IN_USE);
    assert_non_null(strstr(note.text, "another exchange"));
    desk_close(desk);
    pid_t child = fork(); /* and by another process */
    assert_true(child >= 0);
    if (child == 0) {
        struct desk theirs = *desk;
        if (desk_open(&theirs) != FAULT_NONE) _exit(1);
        raise(SIGSTOP);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, WUNTRACED), child);
    assert_true(WIFSTOPPED(status));
    assert_int_equal(ledger_open(&options, &second, &note), FAULT_IN_USE);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(desk_open(desk), FAULT_NONE); /* the lock went with it */
}

static void test_key_file(void **state)
{
    struct desk *desk = *state;
    struct stat stat_;
    struct lead_ids ids;
    assert_int_equal(desk_open(desk), FAULT_NONE);
    assert_int_equal(desk_lead(desk, &ids, NULL, POST_ACCEPTED), FAULT_NONE);
    desk_close(desk);
    assert_int_equal(stat(desk->keys, &stat_), 0);
    assert_int_equal(stat_.st_mode & 0777, 0600);
    assert_int_equal(chmod(desk->keys, 0644), 0);
    assert_int_equal(desk_open(desk), FAULT_INPUT);
    assert_non_null(strstr(desk->note.text, "chmod 600"));
    assert_int_equal(chmod(desk->keys, 0400), 0);
    assert_int_equal(desk_open(desk), FAULT_NONE);
    desk_close(desk);
    char aside[100];
    snprintf(aside, sizeof aside, "%s.aside", desk->keys);
    assert_int_equal(rename(desk->keys, aside), 0);
    assert_int_equal(desk_open(desk), FAULT_NOT_FOUND); /* lost, not made anew */
    assert_non_null(strstr(desk->note.text, "not found"));
    FILE *file = fopen(desk->keys, "w");
    assert_non_null(file);
    fprintf(file, "outcry-ledger-key 1\nid 0011223344556677\nkey %064d\n", 0);
    fclose(file);
    chmod(desk->keys, 0600);
    assert_int_equal(desk_open(desk), FAULT_INPUT);
    assert_non_null(strstr(desk->note.text, "another key"));
    file = fopen(desk->keys, "w");
    fprintf(file, "outcry-ledger-key 1\nid 0011223344556677\nkey %063d\n", 0);
    fclose(file);
    assert_int_equal(desk_open(desk), FAULT_INPUT);
    assert_non_null(strstr(desk->note.text, "not a key file"));
    assert_int_equal(rename(aside, desk->keys), 0);
    assert_int_equal(desk_open(desk), FAULT_NONE);
}

/* No private text in any file of the book. */
static int found_canary;
static int look_for_canary(const char *path, const struct stat *stat, int kind, struct FTW *where)
{
    (void)stat;
    (void)where;
    if (kind != FTW_F) return 0;
    FILE *file = fopen(path, "rb");
    if (!file) return 0;
    static char content[16 << 20];
    size_t len = fread(content, 1, sizeof content, file);
    if (memmem(content, len, "2025550143", 10)) found_canary++;
    if (memmem(content, len, "web-1", 5)) found_canary += 1000; /* what is not private is seen: the search works */
    fclose(file);
    return 0;
}

static void test_private_content_is_sealed(void **state)
{
    struct desk *desk = *state;
    struct lead_ids ids;
    assert_int_equal(desk_open(desk), FAULT_NONE);
    assert_int_equal(desk_lead(desk, &ids, NULL, POST_ACCEPTED), FAULT_NONE);
    desk_close(desk);
    found_canary = 0;
    nftw(desk->path, look_for_canary, 16, FTW_PHYS);
    assert_int_equal(found_canary, 1000);
}

/* --- what the line and the reader thread do --- */

struct question {
    struct desk *desk;
    struct ident lead_id;
    struct lead_record lead;
    enum fault fault;
};

static void look_up(void *context, struct reader *reader)
{
    struct question *question = context;
    question->fault = reader_lead(reader, &question->lead_id, &arena, &question->lead);
}

static void test_ask_sees_what_was_acknowledged(void **state)
{
    struct desk *desk = *state;
    assert_int_equal(desk_open(desk), FAULT_NONE);
    for (int i = 0; i < 20; i++) {
        struct lead_ids ids;
        assert_int_equal(desk_lead(desk, &ids, NULL, POST_ACCEPTED), FAULT_NONE);
        struct question question = {.desk = desk, .lead_id = ids.lead};
        desk_ask(desk, look_up, &question, desk->seq, false);
        assert_int_equal(question.fault, FAULT_NONE);
        assert_int_equal(question.lead.state, LEAD_SOLD);
    }
}

struct crowd {
    unsigned done, refused;
};

static void on_crowd(void *arg, uint64_t token, enum fault fault, uint64_t seq)
{
    (void)token;
    struct crowd *crowd = arg;
    if (fault != FAULT_NONE || seq == 0) crowd->refused++;
    crowd->done++;
}

/* As many as a line may have under way, while nobody takes them: then it is full, and nothing of what was taken is
 * lost. */
static void test_a_full_line(void **state)
{
    struct desk *desk = *state;
    struct ledger_options options = desk_options(desk);
    struct crowd crowd = {0};
    unsigned sent = 0;
    assert_int_equal(ledger_open(&options, &desk->ledger, &desk->note), FAULT_NONE);
    assert_int_equal(loop_open(&desk->loop), FAULT_NONE);
    assert_int_equal(ledger_line_open(desk->ledger, desk->loop, &desk->line), FAULT_NONE);
    for (;; sent++) {
        struct tale tale;
        struct lead_ids ids = {desk_id(desk), desk_id(desk), desk_id(desk)};
        tale_begin(&tale, desk, &ids.lead, &ids.ping);
        tale_open(&tale, NULL);
        tale_intend(&tale, &ids.post, 0);
        enum fault fault = ledger_append(desk->line, &tale.step, NULL, on_crowd, &crowd, sent);
        if (fault == FAULT_FULL) break;
        assert_int_equal(fault, FAULT_NONE);
    }
    assert_true(sent >= 512);
    assert_int_equal(ledger_start(desk->ledger), FAULT_NONE);
    ledger_stop(desk->ledger); /* writes what was queued */
    struct loop_timer *timer;
    assert_int_equal(loop_timer_open(desk->loop, (void (*)(void *))loop_stop, desk->loop, &timer), FAULT_NONE);
    while (crowd.done < sent) {
        loop_timer_at(timer, clock_now_us() + 1000);
        loop_run(desk->loop);
    }
    loop_timer_close(&timer);
    assert_int_equal(crowd.refused, 0);
    struct ledger_counts counts;
    ledger_counts(desk->ledger, &counts);
    assert_int_equal(counts.entries, sent);
    assert_int_equal(counts.posts_open, sent);
    assert_int_equal(counts.batches_max, 256);
    assert_int_equal(counts.commits, (sent + 255) / 256);
    desk_close(desk);
    assert_verifies(desk);
}

/* A line that is closed with work under way: the work is done, its callbacks do not come. */
static void test_closing_with_work_under_way(void **state)
{
    struct desk *desk = *state;
    struct crowd crowd = {0};
    assert_int_equal(desk_open(desk), FAULT_NONE);
    for (int i = 0; i < 100; i++) {
        struct tale tale;
        struct lead_ids ids = {desk_id(desk), desk_id(desk), desk_id(desk)};
        tale_begin(&tale, desk, &ids.lead, &ids.ping);
        tale_open(&tale, NULL);
        tale_end(&tale, LEAD_UNSOLD);
        assert_int_equal(ledger_append(desk->line, &tale.step, NULL, on_crowd, &crowd, 0), FAULT_NONE);
    }
    ledger_line_close(&desk->line);
    assert_int_equal(crowd.done, 0);
    struct ledger_counts counts;
    ledger_counts(desk->ledger, &counts);
    assert_int_equal(counts.entries, 100);
    assert_int_equal(ledger_line_open(desk->ledger, desk->loop, &desk->line), FAULT_NONE);
    struct lead_ids ids;
    assert_int_equal(desk_lead(desk, &ids, NULL, POST_ACCEPTED), FAULT_NONE); /* its place is used again */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
        TEST(test_a_sold_lead),
        TEST(test_a_loss_and_a_lineage),
        TEST(test_a_test_lead),
        TEST(test_what_is_not_there),
        TEST(test_fallback),
        TEST(test_contradictions_are_refused),
        TEST(test_open_posts_become_doubts),
        TEST(test_resolved_as_sold),
        TEST(test_resolved_as_rejected_goes_on),
        TEST(test_what_was_to_go_on_goes_on_after_a_start),
        TEST(test_resolved_too_late_ends_it),
        TEST(test_going_on_ends_with_the_process),
        TEST(test_restore),
        TEST(test_restore_takes_the_latest_window),
        TEST(test_how_long_keys_stay),
        TEST(test_counts_of_pings),
        TEST(test_what_is_learned),
        TEST(test_catalogues),
        TEST(test_second_exchange_is_kept_out),
        TEST(test_key_file),
        TEST(test_private_content_is_sealed),
        TEST(test_ask_sees_what_was_acknowledged),
        TEST(test_a_full_line),
        TEST(test_closing_with_work_under_way),
    };
    if (crypto_start() != FAULT_NONE) return 1;
    log_start(LOG_ERROR, LOG_TEXT);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    crypto_stop();
    return failed;
}
