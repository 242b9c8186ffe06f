/* What was acknowledged survives: SIGKILL at random moments under load, a full map, and two lines on two threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

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

static void assert_verifies(const struct desk *desk)
{
    struct report_verdict verdict;
    assert_int_equal(report_verify(desk->path, &verdict, NULL, NULL), FAULT_NONE);
    if (!verdict.good) fail_msg("%s", verdict.text);
}

/* --- a line under load: many leads under way at once, each from opening to sale --- */

#define FLOWS 64u

struct flow {
    struct lead_ids ids;
    struct load *load;
    bool is_sold; /* the step under way is the sale */
};

struct note { /* what the parent is told of each acknowledged sale */
    struct ident lead_id;
    uint64_t seq;
};

struct load {
    struct desk desk;
    struct flow flows[FLOWS];
    int notes; /* -1: none are written */
    unsigned leads_left, under_way;
    unsigned sold, refused;
    enum fault last_fault;
};

static void advance(struct flow *flow);

static void on_flow(void *arg, uint64_t token, enum fault fault, uint64_t seq)
{
    struct flow *flow = arg;
    struct load *load = flow->load;
    (void)token;
    load->under_way--;
    if (fault != FAULT_NONE) {
        load->refused++;
        load->last_fault = fault;
    } else if (flow->is_sold) {
        load->sold++;
        struct note note = {flow->ids.lead, seq};
        if (load->notes >= 0) check(write(load->notes, &note, sizeof note) == (ssize_t)sizeof note);
    }
    if (fault != FAULT_NONE) flow->is_sold = true; /* that lead is given up, the next begins */
    advance(flow);
    if (load->under_way == 0) loop_stop(load->desk.loop);
}

/* The flow's next step: the sale after the intent, a new lead after the sale. */
static void advance(struct flow *flow)
{
    struct load *load = flow->load;
    struct desk *desk = &load->desk;
    struct tale tale;
    flow->is_sold = !flow->is_sold;
    if (!flow->is_sold) {
        if (load->leads_left == 0) return;
        load->leads_left--;
        flow->ids = (struct lead_ids){desk_id(desk), desk_id(desk), desk_id(desk)};
    }
    tale_begin(&tale, desk, &flow->ids.lead, &flow->ids.ping);
    if (flow->is_sold) {
        tale_sell(&tale, desk, &flow->ids.post, 0);
    } else {
        tale_open(&tale, NULL);
        tale_intend(&tale, &flow->ids.post, 0);
    }
    check(ledger_append(desk->line, &tale.step, NULL, on_flow, flow, 0) == FAULT_NONE);
    load->under_way++;
}

/* On its own loop until all leads are through. */
static void run_load(struct load *load)
{
    for (unsigned i = 0; i < FLOWS; i++) {
        load->flows[i] = (struct flow){.load = load, .is_sold = true};
        advance(&load->flows[i]);
    }
    if (load->under_way) loop_run(load->desk.loop);
}

/* --- kill --- */

static _Noreturn void work_until_killed(const struct desk *desk, int notes, unsigned round)
{
    static struct load load;
    load = (struct load){.desk = *desk, .notes = notes, .leads_left = UINT32_MAX};
    ident_maker_init(&load.desk.maker, 1, 1000 + round);
    load.desk.wall_ms += round * 1000000;
    if (desk_open(&load.desk) != FAULT_NONE) _exit(1);
    run_load(&load);
    _exit(2); /* it never gets that far */
}

static void assert_kept(const struct desk *desk, const struct note *notes, size_t count)
{
    struct reader *reader;
    assert_int_equal(reader_open(desk->path, desk->keys, &reader), FAULT_NONE);
    for (size_t i = 0; i < count; i++) {
        struct lead_record lead;
        arena_reset(&arena);
        enum fault fault = reader_lead(reader, &notes[i].lead_id, &arena, &lead);
        if (fault != FAULT_NONE || lead.state != LEAD_SOLD)
            fail_msg("entry %llu was acknowledged and is not there", (unsigned long long)notes[i].seq);
    }
    struct reader_totals totals;
    assert_int_equal(reader_totals(reader, &totals), FAULT_NONE);
    assert_true(totals.sold >= count);
    assert_int_equal(totals.posts_open, 0);
    assert_int_equal(totals.sold + totals.pending, totals.leads);
    assert_int_equal(totals.doubts, totals.pending);
    reader_close(&reader);
}

/* Reads until at least `wanted` notes more have come, then kills, then reads the rest. */
static size_t read_notes(int fd, pid_t child, struct note *notes, size_t count, size_t max, size_t wanted)
{
    bool killed = false;
    size_t bytes = 0, start = count;
    for (;;) {
        ssize_t got = read(fd, (char *)&notes[count] + bytes, (max - count) * sizeof *notes - bytes);
        if (got <= 0) break;
        bytes += (size_t)got;
        count += bytes / sizeof *notes;
        memmove(&notes[count], (char *)&notes[count - bytes / sizeof *notes] + bytes / sizeof *notes * sizeof *notes,
                bytes % sizeof *notes);
        bytes %= sizeof *notes;
        assert_true(count < max);
        if (!killed && count - start >= wanted) {
            kill(child, SIGKILL);
            killed = true;
        }
    }
    return count;
}

static void test_killed_under_load(void **state)
{
    struct desk *desk = *state;
    static struct note notes[200000];
    const uint64_t seed = 20261122;
    uint64_t dice = seed;
    size_t count = 0;
    print_message("seed %llu\n", (unsigned long long)seed);
    for (unsigned round = 0; round < 6; round++) {
        int pipes[2], status;
        assert_int_equal(pipe(pipes), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            close(pipes[0]);
            work_until_killed(desk, pipes[1], round);
        }
        close(pipes[1]);
        dice = dice * UINT64_C(6364136223846793005) + 1442695040888963407;
        count = read_notes(pipes[0], child, notes, count, sizeof notes / sizeof *notes, (dice >> 33) % 900);
        close(pipes[0]);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        assert_verifies(desk);
        assert_int_equal(desk_open(desk), FAULT_NONE); /* open posts become doubts */
        desk_close(desk);
        assert_verifies(desk);
        assert_kept(desk, notes, count);
    }
    assert_true(count > 100);
}

/* --- two lines --- */

static void note_balance(void *arg, struct bytes account, int64_t micros)
{
    int64_t *balances = arg;
    balances[bytes_is(account, "buyer:north") ? 0 : bytes_is(account, "affiliate:acme:uncleared") ? 1 : 2] += micros;
}

static void *run_line(void *arg)
{
    struct load *load = arg;
    check(loop_open(&load->desk.loop) == FAULT_NONE);
    check(ledger_line_open(load->desk.ledger, load->desk.loop, &load->desk.line) == FAULT_NONE);
    run_load(load);
    ledger_line_close(&load->desk.line);
    loop_close(&load->desk.loop);
    return NULL;
}

static void test_two_lines(void **state)
{
    struct desk *desk = *state;
    static struct load loads[2];
    pthread_t threads[2];
    assert_int_equal(desk_open(desk), FAULT_NONE);
    for (unsigned i = 0; i < 2; i++) {
        loads[i] = (struct load){.desk = *desk, .notes = -1, .leads_left = 1500};
        ident_maker_init(&loads[i].desk.maker, (uint16_t)(10 + i), 3 + i);
        assert_int_equal(pthread_create(&threads[i], NULL, run_line, &loads[i]), 0);
    }
    for (unsigned i = 0; i < 2; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(loads[i].sold, 1500);
        assert_int_equal(loads[i].refused, 0);
    }
    struct ledger_counts counts;
    ledger_counts(desk->ledger, &counts);
    assert_int_equal(counts.seq, 6000);
    assert_true(counts.commits < 6000); /* batches */
    desk_close(desk);
    assert_verifies(desk);
    struct reader *reader;
    struct reader_totals totals;
    assert_int_equal(reader_open(desk->path, NULL, &reader), FAULT_NONE);
    assert_int_equal(reader_totals(reader, &totals), FAULT_NONE);
    assert_int_equal(totals.sold, 3000);
    assert_int_equal(totals.revenue_micros, 3000 * DESK_PRICE);
    int64_t balances[3] = {0};
    assert_int_equal(reader_accounts(reader, note_balance, balances), FAULT_NONE);
    assert_int_equal(balances[0], -3000 * DESK_PRICE);
    assert_int_equal(balances[1], 3000 * DESK_PAYOUT);
    assert_int_equal(balances[2], 3000 * (DESK_PRICE - DESK_PAYOUT));
    reader_close(&reader);
}

/* --- a map that fills up --- */

static void test_a_full_map(void **state)
{
    struct desk *desk = *state;
    struct ledger_options options = desk_options(desk);
    struct lead_ids ids;
    const char *text = NULL;
    unsigned kept = 0, limit = 5000;
    bool told_early = false;
    options.map_bytes = 1 << 20;
    assert_int_equal(desk_open_with(desk, &options), FAULT_NONE);
    assert_int_equal(ledger_state(desk->ledger, &text), REASON_NONE);
    assert_null(text);
    enum fault fault = FAULT_NONE;
    while (kept < limit && (fault = desk_lead(desk, &ids, NULL, POST_ACCEPTED)) == FAULT_NONE) {
        kept++;
        if (!told_early && ledger_state(desk->ledger, &text) != REASON_NONE) {
            told_early = true; /* refuses leads before it must */
            assert_non_null(strstr(text, "85 %"));
        }
    }
    assert_int_equal(fault, FAULT_DISK_FULL);
    assert_true(told_early && kept > 10);
    assert_int_equal(ledger_state(desk->ledger, &text), REASON_LEDGER_DOWN);
    assert_non_null(strstr(text, "full"));
    desk_close(desk);
    options.map_bytes = 4 << 20; /* as the text says */
    assert_int_equal(desk_open_with(desk, &options), FAULT_NONE);
    assert_int_equal(ledger_state(desk->ledger, &text), REASON_NONE);
    assert_int_equal(desk_lead(desk, &ids, NULL, POST_ACCEPTED), FAULT_NONE);
    desk_close(desk);
    assert_verifies(desk);
    struct reader *reader;
    struct reader_totals totals;
    assert_int_equal(reader_open(desk->path, NULL, &reader), FAULT_NONE);
    assert_int_equal(reader_totals(reader, &totals), FAULT_NONE);
    assert_int_equal(totals.sold, kept + 1);
    reader_close(&reader);
}

/* A batch that does not fit: every step of it is answered, none is written, and smaller ones may follow. */
static void test_a_batch_that_does_not_fit(void **state)
{
    struct desk *desk = *state;
    struct ledger_options options = desk_options(desk);
    static struct load load;
    options.map_bytes = 1 << 20;
    assert_int_equal(ledger_open(&options, &desk->ledger, &desk->note), FAULT_NONE);
    assert_int_equal(loop_open(&desk->loop), FAULT_NONE);
    assert_int_equal(ledger_line_open(desk->ledger, desk->loop, &desk->line), FAULT_NONE);
    load = (struct load){.desk = *desk, .notes = -1, .leads_left = 3000};
    assert_int_equal(ledger_start(desk->ledger), FAULT_NONE);
    run_load(&load);
    assert_true(load.refused > 0);
    assert_int_equal(load.last_fault, FAULT_DISK_FULL);
    struct ledger_counts counts;
    ledger_counts(desk->ledger, &counts);
    desk_close(desk);
    assert_verifies(desk);
    struct reader *reader;
    struct reader_totals totals;
    assert_int_equal(reader_open(desk->path, NULL, &reader), FAULT_NONE);
    assert_int_equal(reader_totals(reader, &totals), FAULT_NONE);
    assert_int_equal(totals.sold, load.sold);
    assert_int_equal(totals.entries, counts.entries);
    reader_close(&reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
        TEST(test_killed_under_load),
        TEST(test_two_lines),
        TEST(test_a_full_map),
        TEST(test_a_batch_that_does_not_fit),
    };
    if (crypto_start() != FAULT_NONE) return 1;
    log_start(LOG_ERROR, LOG_TEXT);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    crypto_stop();
    return failed;
}
