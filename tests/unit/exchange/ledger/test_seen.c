/* Whom the book remembers: encounters by a person's keys, through verdicts, doubts, restarts and their end; the guard;
 * revocations; a key that holds for a time only. And that verify derives the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exchange/standing/offers.h"
#include "exchange/standing/revoked.h"
#include "exchange/standing/standing.h"
#include "tests/unit/exchange/ledger/desk.h"

#define WEEK INT64_C(604800000)

static struct person_keys person(uint8_t phone, uint8_t email)
{
    return (struct person_keys){.count = 2, .list = {{PERSON_PHONE, {phone}}, {PERSON_EMAIL, {email, 1}}}};
}

struct look {
    struct desk *desk;
    struct person_keys keys;
    struct arena arena;
    struct encounter *list;
    uint32_t count;
    enum fault fault;
};

static void on_look(void *context, struct reader *reader)
{
    struct look *look = context;
    look->fault = reader_encounters(reader, &look->keys, &look->arena, &look->list, &look->count);
}

/* "phone:sold email:sold", oldest last. */
static const char *known(struct desk *desk, struct person_keys keys)
{
    static char text[512];
    static const char *const states[] = {"open", "sold", "refused", "revoked"};
    struct look look = {.desk = desk, .keys = keys};
    struct sink sink = sink_over(text, sizeof text - 1);
    arena_init(&look.arena, 4096, 1 << 20);
    desk_ask(desk, on_look, &look, desk->seq, false);
    assert_int_equal(look.fault, FAULT_NONE);
    for (uint32_t i = 0; i < look.count; i++)
        sink_format(&sink, "%s%s:%s", i ? " " : "", person_kind_name((enum person_kind)look.list[i].kind),
                    states[look.list[i].state]);
    text[sink.len] = '\0';
    arena_free(&look.arena);
    return text;
}

static enum fault open_lead(struct desk *desk, struct lead_ids *ids, const struct book_seen *seen, const char *key,
                            const struct duplicates_guard *guard)
{
    struct tale tale;
    *ids = (struct lead_ids){desk_id(desk), desk_id(desk), desk_id(desk)};
    tale_begin(&tale, desk, &ids->lead, &ids->ping);
    tale_open(&tale, key);
    tale_intend(&tale, &ids->post, 0);
    tale.step.seen = seen;
    assert_int_equal(ledger_append(desk->line, &tale.step, guard, desk_on_durable, desk, 4711), FAULT_NONE);
    loop_run(desk->loop);
    return desk->fault;
}

static void verify(struct desk *desk)
{
    struct report_verdict verdict;
    desk_close(desk);
    assert_int_equal(report_verify(desk->path, &verdict, NULL, NULL), FAULT_NONE);
    if (!verdict.good) fail_msg("%s", verdict.text);
    assert_int_equal(desk_open(desk), FAULT_NONE);
}

static void test_what_is_remembered(void **state)
{
    struct desk desk;
    struct lead_ids ids, other;
    struct book_seen seen = {.keys = person(1, 1), .sold_keep_ms = WEEK, .refused_keep_ms = 1000};
    struct book_seen nothing = {.keys = person(2, 2), .sold_keep_ms = WEEK};
    (void)state;
    desk_folder(&desk);
    assert_int_equal(desk_open(&desk), FAULT_NONE);
    assert_string_equal(known(&desk, person(1, 1)), "");
    assert_int_equal(open_lead(&desk, &ids, &seen, NULL, NULL), FAULT_NONE);
    assert_string_equal(known(&desk, person(1, 1)), "phone:open email:open");
    assert_string_equal(known(&desk, person(1, 9)), "phone:open");
    assert_int_equal(desk_end_lead(&desk, &ids, POST_ACCEPTED), FAULT_NONE);
    assert_string_equal(known(&desk, person(9, 1)), "email:sold");
    assert_int_equal(open_lead(&desk, &other, &seen, NULL, NULL), FAULT_NONE);
    assert_int_equal(desk_end_lead(&desk, &other, POST_REJECTED), FAULT_NONE);
    assert_string_equal(known(&desk, person(1, 9)), "phone:refused phone:sold");
    /* a refusal that nobody asks about leaves nothing, and neither does a post that was never sent */
    assert_int_equal(open_lead(&desk, &other, &nothing, NULL, NULL), FAULT_NONE);
    assert_int_equal(desk_end_lead(&desk, &other, POST_REJECTED), FAULT_NONE);
    assert_int_equal(open_lead(&desk, &other, &seen, NULL, NULL), FAULT_NONE);
    assert_int_equal(desk_end_lead(&desk, &other, POST_FAILED), FAULT_NONE);
    assert_string_equal(known(&desk, person(2, 2)), "");
    assert_string_equal(known(&desk, person(1, 9)), "phone:refused phone:sold");
    verify(&desk);
    /* each is forgotten by the next entries after its time */
    desk.wall_ms += 2000;
    assert_int_equal(desk_lead(&desk, &other, NULL, POST_REJECTED), FAULT_NONE);
    assert_string_equal(known(&desk, person(1, 9)), "phone:sold");
    desk.wall_ms += WEEK;
    assert_int_equal(desk_lead(&desk, &other, NULL, POST_REJECTED), FAULT_NONE);
    assert_string_equal(known(&desk, person(1, 9)), "");
    verify(&desk);
    desk_close(&desk);
    desk_remove(&desk);
}

/* The process ends while a post is open: the person stays taken until the doubt is resolved. */
static void test_a_doubt_holds(void **state)
{
    struct desk desk;
    struct lead_ids ids;
    struct book_seen seen = {.keys = person(1, 1), .sold_keep_ms = WEEK};
    (void)state;
    desk_folder(&desk);
    assert_int_equal(desk_open(&desk), FAULT_NONE);
    assert_int_equal(open_lead(&desk, &ids, &seen, NULL, NULL), FAULT_NONE);
    desk_close(&desk);
    assert_int_equal(desk_open(&desk), FAULT_NONE);
    assert_string_equal(known(&desk, person(1, 2)), "phone:open");
    desk.wall_ms += WEEK;
    assert_int_equal(desk_resolve(&desk, &ids.post, true), FAULT_NONE);
    desk.seq = desk.resolution.seq;
    assert_string_equal(known(&desk, person(1, 2)), "phone:sold");
    verify(&desk);
    desk_close(&desk);
    desk_remove(&desk);
}

static void test_the_guard(void **state)
{
    struct desk desk;
    struct lead_ids ids, other;
    struct book_seen seen = {.keys = person(1, 1), .sold_keep_ms = WEEK};
    struct campaign campaign = {.id = BYTES("auto"), .duplicates = {.by = 3, .window_ms = WEEK}};
    struct contract contract = {.id = BYTES("south/auto")};
    struct duplicates_guard guard = {NULL, &campaign, {&contract}, 1, person(1, 5), IDENT_NONE};
    (void)state;
    desk_folder(&desk);
    assert_int_equal(desk_open(&desk), FAULT_NONE);
    assert_int_equal(open_lead(&desk, &ids, &seen, NULL, &guard), FAULT_NONE);
    assert_int_equal(open_lead(&desk, &other, &seen, NULL, &guard), FAULT_TAKEN);
    guard.keys = person(6, 6);
    assert_int_equal(open_lead(&desk, &other, &seen, NULL, &guard), FAULT_NONE);
    assert_int_equal(desk_end_lead(&desk, &other, POST_REJECTED), FAULT_NONE);
    assert_int_equal(desk_end_lead(&desk, &ids, POST_ACCEPTED), FAULT_NONE);
    guard.keys = person(1, 5);
    desk.wall_ms += WEEK - 10;
    assert_int_equal(open_lead(&desk, &other, &seen, NULL, &guard), FAULT_TAKEN);
    desk.wall_ms += 20;
    assert_int_equal(open_lead(&desk, &other, &seen, NULL, &guard), FAULT_NONE);
    verify(&desk);
    desk_close(&desk);
    desk_remove(&desk);
}

static void test_a_brief_key(void **state)
{
    struct desk desk;
    struct lead_ids ids;
    struct book_seen brief = {.key_keep_ms = 60000};
    (void)state;
    desk_folder(&desk);
    assert_int_equal(desk_open(&desk), FAULT_NONE);
    assert_int_equal(open_lead(&desk, &ids, &brief, "same", NULL), FAULT_NONE);
    assert_int_equal(open_lead(&desk, &ids, &brief, "same", NULL), FAULT_INPUT);
    assert_int_equal(open_lead(&desk, &ids, NULL, "for good", NULL), FAULT_NONE);
    desk.wall_ms += 60000;
    assert_int_equal(open_lead(&desk, &ids, &brief, "same", NULL), FAULT_NONE);
    assert_int_equal(open_lead(&desk, &ids, NULL, "for good", NULL), FAULT_INPUT);
    verify(&desk);
    desk.wall_ms += 60000;
    assert_int_equal(desk_lead(&desk, &ids, NULL, POST_REJECTED), FAULT_NONE);
    assert_int_equal(desk_lead(&desk, &ids, "same", POST_REJECTED), FAULT_NONE); /* forgotten: any lead's again */
    verify(&desk);
    desk_close(&desk);
    desk_remove(&desk);
}

/* At a start it is in memory before anybody is asked. */
static void assert_restored(struct desk *desk, const struct person_keys *revoked, const struct person_keys *other)
{
    struct standing *standing;
    struct offers *offers;
    uint32_t doubts = 0;
    struct ledger_options options = desk_options(desk);
    assert_int_equal(standing_open(&standing), FAULT_NONE);
    assert_int_equal(offers_open(64, 3, &offers), FAULT_NONE);
    assert_int_equal(ledger_open(&options, &desk->ledger, &desk->note), FAULT_NONE);
    assert_int_equal(ledger_restore(desk->ledger, standing, offers, 1000, desk->wall_ms, &doubts), FAULT_NONE);
    assert_true(revoked_has(standing_revoked(standing), revoked));
    assert_false(revoked_has(standing_revoked(standing), other));
    offers_close(&offers);
    standing_close(&standing);
    ledger_close(&desk->ledger);
}

static void test_a_revocation(void **state)
{
    struct desk desk;
    struct lead_ids ids;
    struct revocation revocation = {.keys = person(3, 3), .affiliate = BYTES("acme")};
    (void)state;
    desk_folder(&desk);
    assert_int_equal(desk_open(&desk), FAULT_NONE);
    assert_int_equal(ledger_revoke(desk.line, &revocation, desk.wall_ms, desk_on_durable, &desk, 4711), FAULT_NONE);
    loop_run(desk.loop);
    assert_int_equal(desk.fault, FAULT_NONE);
    desk.wall_ms += 1000 * WEEK;
    assert_int_equal(desk_lead(&desk, &ids, NULL, POST_REJECTED), FAULT_NONE);
    assert_string_equal(known(&desk, person(3, 4)), "phone:revoked");
    verify(&desk);
    desk_close(&desk);
    struct person_keys revoked = person(3, 4), other = person(5, 6);
    assert_restored(&desk, &revoked, &other);
    desk_remove(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_remembered), cmocka_unit_test(test_a_doubt_holds),
        cmocka_unit_test(test_the_guard),          cmocka_unit_test(test_a_brief_key),
        cmocka_unit_test(test_a_revocation),
    };
    log_start(LOG_ERROR, LOG_TEXT);
    check(crypto_start() == FAULT_NONE);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    crypto_stop();
    return failed;
}
