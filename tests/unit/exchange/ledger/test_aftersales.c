/* What is told of sales: looked up, written once, refused without a trace, found after a restart, verified. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exchange/ledger/rows.h"
#include "tests/unit/exchange/ledger/desk.h"

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
    if (desk->ledger) desk_close(desk);
    desk_remove(desk);
    free(desk);
    return 0;
}

static enum fault tell(struct desk *desk, struct matter *matter)
{
    enum fault fault = ledger_matter(desk->line, matter, desk->wall_ms, desk_on_durable, desk, 4711);
    assert_int_equal(fault, FAULT_NONE);
    loop_run(desk->loop);
    return desk->fault;
}

static struct disposition_request about(const struct ident *post_id, const char *event, enum sale_stage stage)
{
    return (struct disposition_request){.event_id = bytes_of(event),
                                        .by = DISPOSITION_BY_POST,
                                        .named = 1,
                                        .id = *post_id,
                                        .stage = stage,
                                        .value_micros = -1};
}

static enum fault dispose(struct desk *desk, struct matter *matter, const char *buyer,
                          const struct disposition_request *request)
{
    *matter = (struct matter){.kind = MATTER_DISPOSITION, .buyer = bytes_of(buyer), .disposition = request};
    return tell(desk, matter);
}

struct look {
    struct desk *desk;
    struct ident post_id;
    struct aftersale_record record;
    enum fault fault;
};

static void look_record(void *context, struct reader *reader)
{
    struct look *look = context;
    look->fault = reader_aftersale(reader, &look->post_id, &look->record);
}

static struct look look_at(struct desk *desk, const struct ident *post_id)
{
    struct look look = {.desk = desk, .post_id = *post_id};
    desk_ask(desk, look_record, &look, desk->seq, false);
    return look;
}

static uint64_t seq_of(struct desk *desk)
{
    struct ledger_counts counts;
    ledger_counts(desk->ledger, &counts);
    return counts.seq;
}

static void assert_verifies(struct desk *desk)
{
    struct report_verdict verdict;
    desk_close(desk);
    assert_int_equal(report_verify(desk->path, &verdict, NULL, NULL), FAULT_NONE);
    if (!verdict.good) fail_msg("%s", verdict.text);
}

static void a_disposition_is_told_once(void **state)
{
    struct desk *desk = *state;
    struct lead_ids ids;
    struct matter matter;
    assert_int_equal(desk_lead(desk, &ids, NULL, POST_ACCEPTED), FAULT_NONE);
    assert_int_equal(look_at(desk, &ids.post).fault, FAULT_NOT_FOUND);
    struct disposition_request first = about(&ids.post, "e-1", STAGE_CONTACTED);
    first.at_ms = desk->wall_ms - 10;
    assert_int_equal(dispose(desk, &matter, "north", &first), FAULT_NONE);
    assert_true(matter.is_first && !matter.is_again);
    assert_true(ident_same(&matter.lead_id, &ids.lead));
    assert_true(bytes_is((struct bytes){matter.contract, matter.contract_len}, "north/auto"));
    uint64_t seq = seq_of(desk);
    assert_int_equal(dispose(desk, &matter, "north", &first), FAULT_NONE);
    assert_true(!matter.is_first && matter.is_again);
    assert_true(ident_same(&matter.post_id, &ids.post));
    struct disposition_request other = about(&ids.post, "e-1", STAGE_LOST);
    assert_int_equal(dispose(desk, &matter, "north", &other), FAULT_INPUT);
    assert_null(matter.field);
    assert_int_equal(seq_of(desk), seq);
    /* Its buyer's own name for it, and the lead's; an earlier instant does not become the latest. */
    struct disposition_request named = about(&ids.post, "e-2", STAGE_SOLD);
    named.by = DISPOSITION_BY_BUYER_LEAD;
    named.buyer_lead_id = BYTES("L-1");
    assert_int_equal(dispose(desk, &matter, "north", &named), FAULT_NONE);
    assert_false(matter.is_first);
    struct disposition_request late = about(&ids.lead, "e-3", STAGE_ATTEMPTED);
    late.by = DISPOSITION_BY_LEAD;
    late.at_ms = desk->wall_ms - 20;
    assert_int_equal(dispose(desk, &matter, "north", &late), FAULT_NONE);
    struct look look = look_at(desk, &ids.post);
    assert_int_equal(look.fault, FAULT_NONE);
    assert_int_equal(look.record.dispositions, 3);
    assert_int_equal(look.record.latest, STAGE_SOLD);
    assert_int_equal(look.record.highest, STAGE_SOLD);
    assert_int_equal(look.record.contacted_ms, first.at_ms);
    assert_verifies(desk);
}

static void others_are_not_found(void **state)
{
    struct desk *desk = *state;
    struct lead_ids sold, refused;
    struct matter matter;
    assert_int_equal(desk_lead(desk, &sold, NULL, POST_ACCEPTED), FAULT_NONE);
    assert_int_equal(desk_lead(desk, &refused, NULL, POST_REJECTED), FAULT_NONE);
    uint64_t seq = seq_of(desk);
    struct disposition_request request = about(&sold.post, "e-1", STAGE_LOST);
    assert_int_equal(dispose(desk, &matter, "south", &request), FAULT_NOT_FOUND);
    request.by = DISPOSITION_BY_LEAD;
    request.id = sold.lead;
    assert_int_equal(dispose(desk, &matter, "south", &request), FAULT_NOT_FOUND);
    request.by = DISPOSITION_BY_BUYER_LEAD;
    request.buyer_lead_id = BYTES("L-1");
    assert_int_equal(dispose(desk, &matter, "south", &request), FAULT_NOT_FOUND);
    request = about(&sold.lead, "e-1", STAGE_LOST); /* no post of that id */
    assert_int_equal(dispose(desk, &matter, "north", &request), FAULT_NOT_FOUND);
    request = about(&refused.post, "e-1", STAGE_LOST);
    assert_int_equal(dispose(desk, &matter, "north", &request), FAULT_INPUT);
    assert_null(matter.field);
    request = about(&sold.post, "e-1", STAGE_LOST);
    request.at_ms = desk->wall_ms + MATTER_FUTURE_MS + 1;
    assert_int_equal(dispose(desk, &matter, "north", &request), FAULT_INPUT);
    assert_string_equal(matter.field, "at");
    request.at_ms = desk->wall_ms - 86400000;
    assert_int_equal(dispose(desk, &matter, "north", &request), FAULT_INPUT);
    assert_string_equal(matter.field, "at");
    assert_int_equal(seq_of(desk), seq);
    request.at_ms = desk->wall_ms + MATTER_FUTURE_MS;
    assert_int_equal(dispose(desk, &matter, "north", &request), FAULT_NONE);
    assert_verifies(desk);
}

static void stands_over_a_restart(void **state)
{
    struct desk *desk = *state;
    struct lead_ids ids;
    struct matter matter;
    assert_int_equal(desk_lead(desk, &ids, NULL, POST_ACCEPTED), FAULT_NONE);
    struct disposition_request request = about(&ids.post, "e-1", STAGE_BAD);
    assert_int_equal(dispose(desk, &matter, "north", &request), FAULT_NONE);
    desk_close(desk);
    assert_int_equal(desk_open(desk), FAULT_NONE);
    assert_int_equal(dispose(desk, &matter, "north", &request), FAULT_NONE);
    assert_true(matter.is_again && matter.stage == STAGE_BAD);
}

/* --- returns --- */

/* As much of a catalogue as the ledger looks at. */
struct market {
    struct catalogue catalogue;
    struct contract contract;
    struct contract_asides asides;
    struct sale_terms after;
    struct affiliate affiliate;
};

static struct market *market_of(bool is_reviewed)
{
    static struct market market;
    static bool is_open;
    struct catalogue *catalogue = &market.catalogue;
    if (!is_open) {
        check(table_put(&catalogue->contract_ids, BYTES("north/auto"), 0) == FAULT_NONE);
        check(table_put(&catalogue->affiliate_ids, BYTES("acme"), 0) == FAULT_NONE);
        is_open = true;
    }
    catalogue->contracts = &market.contract;
    catalogue->affiliates = &market.affiliate;
    market.asides.after = &market.after;
    market.contract.asides = &market.asides;
    market.affiliate.returns = (struct return_share){.is_set = true, .window_ms = 86400000, .max_ppm = 1000000};
    market.after = (struct sale_terms){
        .takes_back = true,
        .returns = {.window_ms = 86400000, .max_ppm = 1000000, .is_reviewed = is_reviewed, .accept_after_ms = 3600000}};
    return &market;
}

static enum fault give_back(struct desk *desk, struct matter *matter, const struct market *market,
                            const struct return_request *request)
{
    *matter = (struct matter){.kind = MATTER_RETURN,
                              .catalogue = &market->catalogue,
                              .buyer = BYTES("north"),
                              .asked = request,
                              .return_id = desk_id(desk)};
    return tell(desk, matter);
}

static enum fault judge(struct desk *desk, struct matter *matter, bool approves)
{
    struct return_decision decision = {.approves = approves, .note = BYTES("seen")};
    matter->kind = MATTER_JUDGEMENT;
    matter->decision = &decision;
    return tell(desk, matter);
}

struct list {
    struct desk *desk;
    struct arena arena;
    struct book_return returns[8];
    uint32_t count;
    enum return_status status;
    struct ident lead_id;
    struct lead_record lead;
};

static void look_list(void *context, struct reader *reader)
{
    struct list *list = context;
    check(reader_returns(reader, BYTES_NONE, list->status, &IDENT_NONE, &list->arena, list->returns, 8, &list->count) ==
          FAULT_NONE);
    check(reader_lead(reader, &list->lead_id, &list->arena, &list->lead) == FAULT_NONE);
}

static uint32_t count_of(struct desk *desk, enum return_status status, const struct ident *lead_id,
                         enum lead_state *state)
{
    struct list *list = calloc(1, sizeof *list);
    assert_non_null(list);
    list->desk = desk;
    list->status = status;
    list->lead_id = *lead_id;
    arena_init(&list->arena, 4096, 1 << 20);
    desk_ask(desk, look_list, list, 0, false);
    uint32_t count = list->count;
    *state = list->lead.state;
    arena_free(&list->arena);
    free(list);
    return count;
}

static void a_return_is_judged_once(void **state)
{
    struct desk *desk = *state;
    struct lead_ids ids;
    struct matter matter, other;
    enum lead_state lead;
    struct market *market = market_of(true);
    market->after.returns.accept_after_ms = 0;
    assert_int_equal(desk_lead(desk, &ids, NULL, POST_ACCEPTED), FAULT_NONE);
    struct return_request request = {.post_id = ids.post, .reason_code = BYTES("x"), .has_amount = true};
    request.amount_micros = DESK_PRICE / 2;
    assert_int_equal(give_back(desk, &matter, market, &request), FAULT_NONE);
    assert_int_equal(matter.status, RETURN_REQUESTED);
    request.amount_micros++;
    assert_int_equal(give_back(desk, &other, market, &request), FAULT_INPUT);
    assert_string_equal(other.field, "amount");
    assert_int_equal(judge(desk, &matter, true), FAULT_NONE);
    assert_int_equal(matter.status, RETURN_APPROVED);
    assert_int_equal(judge(desk, &matter, false), FAULT_INPUT);
    assert_int_equal(count_of(desk, RETURN_APPROVED, &ids.lead, &lead), 1);
    assert_int_equal(lead, LEAD_SOLD);
    request.has_amount = false;
    assert_int_equal(give_back(desk, &matter, market, &request), FAULT_NONE);
    assert_int_equal(matter.amount_micros, DESK_PRICE / 2);
    assert_int_equal(judge(desk, &matter, false), FAULT_NONE);
    assert_int_equal(give_back(desk, &matter, market, &request), FAULT_NONE);
    assert_int_equal(judge(desk, &matter, true), FAULT_NONE);
    assert_int_equal(count_of(desk, RETURN_DENIED, &ids.lead, &lead), 1);
    assert_int_equal(lead, LEAD_RETURNED);
    assert_int_equal(give_back(desk, &matter, market, &request), FAULT_INPUT);
    assert_null(matter.field);
    assert_verifies(desk);
}

/* The book's clock is the wall's, which is long past that time. */
static void a_return_that_nobody_judges_is_approved(void **state)
{
    struct desk *desk = *state;
    struct lead_ids ids;
    struct matter matter;
    enum lead_state lead = LEAD_SOLD;
    assert_int_equal(desk_lead(desk, &ids, NULL, POST_ACCEPTED), FAULT_NONE);
    struct return_request request = {.post_id = ids.post, .reason_code = BYTES("x")};
    assert_int_equal(give_back(desk, &matter, market_of(true), &request), FAULT_NONE);
    assert_int_equal(matter.status, RETURN_REQUESTED);
    for (int tries = 0; tries < 500 && count_of(desk, RETURN_APPROVED, &ids.lead, &lead) == 0; tries++) usleep(10000);
    assert_int_equal(lead, LEAD_RETURNED);
    assert_int_equal(judge(desk, &matter, false), FAULT_INPUT);
    assert_verifies(desk);
}

/* A row that nobody wrote, or that was changed, is named. */
static void verification_sees_its_rows(void **state)
{
    static const unsigned tables[] = {BOOK_DISPOSITIONS, BOOK_AFTERSALES,   BOOK_BUYER_LEADS, BOOK_SALE_MONTHS,
                                      BOOK_RETURNS,      BOOK_RETURN_LISTS, BOOK_KEPT};
    struct desk *desk = *state;
    struct lead_ids ids;
    struct matter matter;
    assert_int_equal(desk_lead(desk, &ids, NULL, POST_ACCEPTED), FAULT_NONE);
    struct disposition_request request = about(&ids.post, "e-1", STAGE_CONTACTED);
    assert_int_equal(dispose(desk, &matter, "north", &request), FAULT_NONE);
    assert_verifies(desk);
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        struct store *store;
        struct MDB_txn *txn;
        struct report_verdict verdict;
        char folder[100];
        snprintf(folder, sizeof folder, "%s/book", desk->path);
        for (int turn = 0; turn < 2; turn++) { /* put, verify, taken away again */
            assert_int_equal(store_open(folder, journal_tables, BOOK_TABLES_COUNT, DESK_MAP, STORE_WRITE, &store),
                             FAULT_NONE);
            assert_int_equal(store_begin(store, true, &txn), FAULT_NONE);
            struct bytes key = BYTES("0123456789abcdef0123456789abcdef");
            if (turn == 0)
                assert_int_equal(store_put(store, txn, tables[i], key, BYTES("x")), FAULT_NONE);
            else
                assert_int_equal(store_drop(store, txn, tables[i], key), FAULT_NONE);
            assert_int_equal(store_commit(&txn), FAULT_NONE);
            store_close(&store);
            assert_int_equal(report_verify(desk->path, &verdict, NULL, NULL), FAULT_NONE);
            assert_int_equal(verdict.good, turn == 1);
            if (turn == 0) assert_non_null(strstr(verdict.text, journal_tables[tables[i]]));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_disposition_is_told_once, begin, end),
        cmocka_unit_test_setup_teardown(others_are_not_found, begin, end),
        cmocka_unit_test_setup_teardown(stands_over_a_restart, begin, end),
        cmocka_unit_test_setup_teardown(a_return_is_judged_once, begin, end),
        cmocka_unit_test_setup_teardown(a_return_that_nobody_judges_is_approved, begin, end),
        cmocka_unit_test_setup_teardown(verification_sees_its_rows, begin, end),
    };
    if (crypto_start() != FAULT_NONE) return 1;
    log_start(LOG_ERROR, LOG_TEXT);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    crypto_stop();
    return failed;
}
