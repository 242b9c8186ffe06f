/* What affiliates and buyers hear of a lead after they were answered: which events, in which order, until when; and
 * their way to an address: one at a time of each lead, tried again, received, given up. And that verify derives the
 * same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exchange/ledger/notices.h"
#include "tests/unit/exchange/ledger/desk.h"

#define DAY INT64_C(86400000)
#define EXPIRED (INT64_C(301) * 1000) /* past the offer of desk.h's leads */

static const struct hearer acme = {.kind = NOTICE_TO_AFFILIATE, .id = {"acme", 4}};
static const struct hearer north = {.kind = NOTICE_TO_BUYER, .id = {"north", 5}};
static const struct hearer south = {.kind = NOTICE_TO_BUYER, .id = {"south", 5}};

struct look {
    struct desk *desk;
    const struct hearer *hearer;
    uint64_t after;
    struct arena arena;
    struct event_row rows[64];
    struct delivery list[64];
    uint32_t count, each;
    bool given_up;
    struct notices_walk walk;
    enum fault fault;
};

static void on_feed(void *context, struct reader *reader)
{
    struct look *look = context;
    look->fault = notices_after(reader, look->hearer, look->after, &look->arena, look->rows, 64, &look->count);
}

static void on_due(void *context, struct reader *reader)
{
    struct look *look = context;
    look->fault = look->given_up
                      ? notices_given_up(reader, look->each, &look->walk, &look->arena, look->list, 64, &look->count)
                      : notices_due(reader, look->desk->wall_ms, look->each, &look->walk, &look->arena, look->list, 64,
                                    &look->count);
}

/* "1 lead.sold sold 17000000 final; 2 lead.revoked unsold" */
static const char *feed(struct desk *desk, const struct hearer *hearer, uint64_t after)
{
    static char text[2048];
    struct look look = {.desk = desk, .hearer = hearer, .after = after};
    struct sink sink = sink_over(text, sizeof text - 1);
    arena_init(&look.arena, 4096, 1 << 20);
    desk_ask(desk, on_feed, &look, desk->seq, false);
    assert_int_equal(look.fault, FAULT_NONE);
    for (uint32_t i = 0; i < look.count; i++) {
        const struct event *event = &look.rows[i].event;
        sink_format(&sink, "%s%d %s", i ? "; " : "", (int)look.rows[i].number, notice_type(event->notice));
        if (hearer->kind == NOTICE_TO_AFFILIATE && event->notice != NOTICE_LEAD_REVOKED)
            sink_format(&sink, " %s %d", lead_state_name(event->state), (int)(event->amount_micros / 1000000));
        if (event->contract.len) sink_format(&sink, " %.*s", (int)event->contract.len, event->contract.at);
        if (event->is_final) sink_text(&sink, " final");
    }
    text[sink.len] = '\0';
    arena_free(&look.arena);
    return text;
}

/* "a/acme 1 x0; b/north 1 x0": hearer, number, tries; the list stays in *look. */
static const char *due(struct desk *desk, struct look *look, bool given_up)
{
    static char text[2048];
    struct sink sink = sink_over(text, sizeof text - 1);
    *look = (struct look){.desk = desk, .given_up = given_up, .each = 8, .arena = look->arena};
    desk_ask(desk, on_due, look, desk->seq, false);
    assert_int_equal(look->fault, FAULT_NONE);
    assert_int_equal(look->walk.len, 0);
    for (uint32_t i = 0; i < look->count; i++) {
        const struct delivery *one = &look->list[i];
        sink_format(&sink, "%s%s/%.*s %d x%u", i ? "; " : "", one->hearer.kind == NOTICE_TO_BUYER ? "b" : "a",
                    (int)one->hearer.id.len, one->hearer.id.at, (int)one->number, one->tries);
    }
    text[sink.len] = '\0';
    return text;
}

static void verify(struct desk *desk)
{
    struct report_verdict verdict;
    desk_close(desk);
    assert_int_equal(report_verify(desk->path, &verdict, NULL, NULL), FAULT_NONE);
    if (!verdict.good) fail_msg("%s", verdict.text);
    assert_int_equal(desk_open(desk), FAULT_NONE);
}

static int begin(void **state)
{
    struct desk *desk = malloc(sizeof *desk);
    assert_non_null(desk);
    desk_folder(desk);
    assert_int_equal(desk_open(desk), FAULT_NONE);
    *state = desk;
    return 0;
}

static int end(void **state)
{
    struct desk *desk = *state;
    verify(desk);
    desk_close(desk);
    desk_remove(desk);
    free(desk);
    return 0;
}

static void resolve(struct desk *desk, const struct lead_ids *ids, bool accepted)
{
    assert_int_equal(desk_resolve(desk, &ids->post, accepted), FAULT_NONE);
    desk->seq = desk->resolution.seq;
}

static void test_what_was_answered_at_once_is_not_told_again(void **state)
{
    struct desk *desk = *state;
    struct lead_ids ids;
    assert_int_equal(desk_lead(desk, &ids, NULL, POST_ACCEPTED), FAULT_NONE);
    assert_int_equal(desk_lead(desk, &ids, NULL, POST_REJECTED), FAULT_NONE);
    assert_int_equal(desk_lead(desk, &ids, NULL, POST_UNKNOWN), FAULT_NONE);
    assert_string_equal(feed(desk, &acme, 0), "");
    assert_string_equal(feed(desk, &north, 0), "");
}

static void test_a_pending_lead_has_one_final_event(void **state)
{
    struct desk *desk = *state;
    struct lead_ids sold, unsold, fell_back, gone;
    struct tale tale;
    struct ident second;
    assert_int_equal(desk_lead(desk, &sold, NULL, POST_UNKNOWN), FAULT_NONE);
    assert_int_equal(desk_lead(desk, &unsold, NULL, POST_UNKNOWN), FAULT_NONE);
    assert_int_equal(desk_lead(desk, &fell_back, NULL, POST_UNKNOWN), FAULT_NONE);
    assert_int_equal(desk_lead(desk, &gone, NULL, POST_UNKNOWN), FAULT_NONE);
    resolve(desk, &sold, true);
    assert_string_equal(feed(desk, &acme, 0), "1 lead.sold sold 17 final");
    /* a refusal that the story goes on after is not the end */
    resolve(desk, &fell_back, false);
    assert_true(desk->resolution.resumes);
    assert_string_equal(feed(desk, &acme, 1), "");
    second = desk_id(desk);
    tale_begin(&tale, desk, &fell_back.lead, &fell_back.ping);
    tale_intend(&tale, &second, 1);
    assert_int_equal(desk_append(desk, &tale.step), FAULT_NONE);
    verify(desk); /* a kill in between: the new post is in doubt, and nothing has been told */
    assert_string_equal(feed(desk, &acme, 1), "");
    fell_back.post = second;
    resolve(desk, &fell_back, true);
    assert_string_equal(feed(desk, &acme, 1), "2 lead.sold sold 17 final");
    desk->wall_ms += EXPIRED;
    resolve(desk, &unsold, false);
    assert_false(desk->resolution.resumes);
    assert_string_equal(feed(desk, &acme, 2), "3 lead.resolved unsold 0 final");
    resolve(desk, &gone, true);
    assert_string_equal(feed(desk, &acme, 3), "4 lead.sold sold 17 final");
}

/* Two slots: the first sale of a pending lead is told, and the end of the other doubt, which alone is final. */
static void test_of_two_doubts_the_last_is_final(void **state)
{
    struct desk *desk = *state;
    struct lead_ids ids = {desk_id(desk), desk_id(desk), desk_id(desk)}, other = ids;
    struct book_intent intents[2];
    struct book_verdict verdicts[2];
    struct tale tale;
    other.post = desk_id(desk);
    tale_begin(&tale, desk, &ids.lead, &ids.ping);
    tale_open(&tale, NULL);
    for (uint8_t i = 0; i < 2; i++) {
        tale_intend(&tale, i ? &other.post : &ids.post, i);
        intents[i] = tale.intent;
        intents[i].slot = i;
        intents[i].planned = intents[i].max_sold = 2;
        tale_judge(&tale, i ? &other.post : &ids.post, POST_UNKNOWN);
        verdicts[i] = tale.verdict;
    }
    tale.step.verdicts_count = 0;
    tale.step.intents = intents;
    tale.step.intents_count = 2;
    assert_int_equal(desk_append(desk, &tale.step), FAULT_NONE);
    tale_begin(&tale, desk, &ids.lead, &ids.ping);
    tale.step.verdicts = verdicts;
    tale.step.verdicts_count = 2;
    tale_end(&tale, LEAD_PENDING);
    assert_int_equal(desk_append(desk, &tale.step), FAULT_NONE);
    desk->wall_ms += EXPIRED;
    resolve(desk, &other, true);
    assert_string_equal(feed(desk, &acme, 0), "1 lead.sold sold 17");
    resolve(desk, &ids, false);
    assert_string_equal(feed(desk, &acme, 1), "2 lead.resolved sold 17 final");
}

static void open_seen(struct desk *desk, struct lead_ids *ids, uint8_t phone, enum post_state verdict)
{
    struct tale tale;
    struct book_seen seen = {
        .keys = {.count = 1, .list = {{PERSON_PHONE, {phone}}}}, .sold_keep_ms = 365 * DAY, .refused_keep_ms = DAY};
    *ids = (struct lead_ids){desk_id(desk), desk_id(desk), desk_id(desk)};
    tale_begin(&tale, desk, &ids->lead, &ids->ping);
    tale_open(&tale, NULL);
    tale_intend(&tale, &ids->post, 0);
    tale.step.seen = &seen;
    assert_int_equal(desk_append(desk, &tale.step), FAULT_NONE);
    assert_int_equal(desk_end_lead(desk, ids, verdict), FAULT_NONE);
}

static void withdraw(struct desk *desk, uint8_t phone)
{
    struct revocation revocation = {.keys = {.count = 1, .list = {{PERSON_PHONE, {phone}}}}, .affiliate = acme.id};
    assert_int_equal(ledger_revoke(desk->line, &revocation, desk->wall_ms, desk_on_durable, desk, 4711), FAULT_NONE);
    loop_run(desk->loop);
    assert_int_equal(desk->fault, FAULT_NONE);
}

static void test_a_revocation_is_told_to_whoever_got_the_lead(void **state)
{
    struct desk *desk = *state;
    struct lead_ids sold, refused, unsent, stranger;
    open_seen(desk, &sold, 1, POST_ACCEPTED);
    open_seen(desk, &refused, 1, POST_REJECTED);
    open_seen(desk, &unsent, 1, POST_FAILED);
    open_seen(desk, &stranger, 2, POST_ACCEPTED);
    withdraw(desk, 1);
    assert_string_equal(feed(desk, &north, 0), "1 lead.revoked north/auto; 2 lead.revoked north/auto");
    assert_string_equal(feed(desk, &acme, 0), "1 lead.revoked; 2 lead.revoked");
    assert_string_equal(feed(desk, &south, 0), "");
    withdraw(desk, 9);
    assert_string_equal(feed(desk, &north, 2), "");
}

static void deliver(struct desk *desk, const struct delivery *list, uint32_t count)
{
    enum fault fault = ledger_deliver(desk->line, list, count, desk->wall_ms, desk_on_durable, desk, 4711);
    assert_int_equal(fault, FAULT_NONE);
    loop_run(desk->loop);
    assert_int_equal(desk->fault, FAULT_NONE);
}

/* The affiliate hears twice of one lead and once of another; the buyer once of each. */
static void test_of_one_lead_one_at_a_time(void **state)
{
    struct desk *desk = *state;
    struct lead_ids one, two;
    struct look look = {0};
    arena_init(&look.arena, 4096, 1 << 20);
    open_seen(desk, &one, 1, POST_UNKNOWN);
    open_seen(desk, &two, 1, POST_ACCEPTED);
    resolve(desk, &one, true);
    withdraw(desk, 1);
    desk->wall_ms++;
    assert_string_equal(feed(desk, &acme, 0), "1 lead.sold sold 17 final; 2 lead.revoked; 3 lead.revoked");
    /* which of the two revocations is of the lead that waits depends on the order of ids alone */
    assert_string_equal(due(desk, &look, false), "a/acme 1 x0; a/acme 2 x0; b/north 1 x0; b/north 2 x0");
    assert_memory_equal(look.list[0].lead_id.at, one.lead.at, sizeof one.lead.at);
    assert_memory_equal(look.list[1].lead_id.at, two.lead.at, sizeof two.lead.at);
    /* refused once: later, and what follows it waits too */
    look.list[0].tries = 1;
    look.list[0].due_ms = desk->wall_ms + 5000;
    look.list[0].reason = REASON_BAD_RESPONSE;
    look.list[0].status = 500;
    look.list[2].state = look.list[3].state = DELIVERY_NO_ADDRESS;
    look.list[1].state = DELIVERY_RECEIVED;
    deliver(desk, look.list, look.count);
    assert_string_equal(due(desk, &look, false), "");
    verify(desk);
    desk->wall_ms += 5000;
    assert_string_equal(due(desk, &look, false), "a/acme 1 x1");
    assert_int_equal(look.list[0].status, 500);
    assert_int_equal(look.list[0].reason, REASON_BAD_RESPONSE);
    look.list[0].state = DELIVERY_GIVEN_UP;
    look.list[0].tries = 8;
    deliver(desk, look.list, 1);
    deliver(desk, look.list, 1); /* told twice: changes nothing */
    assert_string_equal(due(desk, &look, false), "a/acme 3 x0");
    assert_memory_equal(look.list[0].lead_id.at, one.lead.at, sizeof one.lead.at);
    assert_string_equal(due(desk, &look, true), "a/acme 1 x8");
    arena_free(&look.arena);
}

static void test_all_is_forgotten_after_ninety_days(void **state)
{
    struct desk *desk = *state;
    struct lead_ids ids, other;
    struct look look = {0};
    arena_init(&look.arena, 4096, 1 << 20);
    open_seen(desk, &ids, 1, POST_UNKNOWN);
    resolve(desk, &ids, true);
    withdraw(desk, 1);
    assert_string_equal(due(desk, &look, false), "a/acme 1 x0; b/north 1 x0");
    look.list[1].state = DELIVERY_GIVEN_UP;
    deliver(desk, look.list + 1, 1);
    desk->wall_ms += 90 * DAY - 2;
    assert_int_equal(desk_lead(desk, &other, NULL, POST_REJECTED), FAULT_NONE);
    assert_string_equal(feed(desk, &acme, 0), "1 lead.sold sold 17 final; 2 lead.revoked");
    desk->wall_ms += 10;
    assert_int_equal(desk_lead(desk, &other, NULL, POST_REJECTED), FAULT_NONE);
    assert_string_equal(feed(desk, &acme, 0), "");
    assert_string_equal(feed(desk, &north, 0), "");
    assert_string_equal(due(desk, &look, false), "");
    assert_string_equal(due(desk, &look, true), "");
    /* numbers go on */
    open_seen(desk, &ids, 1, POST_UNKNOWN);
    resolve(desk, &ids, true);
    assert_string_equal(feed(desk, &acme, 2), "3 lead.sold sold 17 final");
    arena_free(&look.arena);
}

/* Each hearer has its share of a walk, however much another has waiting; the walk goes on where it was. */
static void test_a_walk_over_hearers(void **state)
{
    struct desk *desk = *state;
    struct lead_ids ids;
    struct look look = {.desk = desk, .each = 2};
    arena_init(&look.arena, 4096, 1 << 20);
    for (unsigned i = 0; i < 5; i++) open_seen(desk, &ids, 1, POST_ACCEPTED);
    withdraw(desk, 1);
    desk->wall_ms++;
    desk_ask(desk, on_due, &look, desk->seq, false);
    assert_int_equal(look.count, 4);
    assert_true(bytes_same(look.list[1].hearer.id, acme.id) && bytes_same(look.list[2].hearer.id, north.id));
    assert_int_equal(look.walk.len, 0);
    arena_free(&look.arena);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_was_answered_at_once_is_not_told_again, begin, end),
        cmocka_unit_test_setup_teardown(test_a_pending_lead_has_one_final_event, begin, end),
        cmocka_unit_test_setup_teardown(test_of_two_doubts_the_last_is_final, begin, end),
        cmocka_unit_test_setup_teardown(test_a_revocation_is_told_to_whoever_got_the_lead, begin, end),
        cmocka_unit_test_setup_teardown(test_of_one_lead_one_at_a_time, begin, end),
        cmocka_unit_test_setup_teardown(test_all_is_forgotten_after_ninety_days, begin, end),
        cmocka_unit_test_setup_teardown(test_a_walk_over_hearers, begin, end),
    };
    check(crypto_start() == FAULT_NONE);
    log_start(LOG_ERROR, LOG_TEXT);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    crypto_stop();
    return failed;
}
