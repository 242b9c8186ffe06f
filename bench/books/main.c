/* outcry-books [--leads N] [--path FOLDER] [--verify] [--json]: what settling leads costs on this disk: leads a second
 * that are sold and on it, how long a step waits until it is, and a commit beside it, for more and more leads under
 * way; then what closing, opening and verifying that book takes. A lead is what a plain auction of ten bidders leaves:
 * an opening with its offer and its sealed content, an intent with two caps and the person's keys, then verdict, sale
 * and end: two steps. --verify only verifies the book that an earlier run left in FOLDER.
 *
 * It prints, and judges nothing: figures belong to docs/benchmarks.md, with the machine's name beside them. */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "exchange/base/log.h"
#include "exchange/ledger/ledger.h"
#include "exchange/ledger/report.h"
#include "protocol/base/check.h"
#include "protocol/base/clock.h"
#include "protocol/base/histogram.h"
#include "protocol/crypto/start.h"

#define UNDER_WAY_MAX 512u
#define BIDDERS 10u
#define PRICE INT64_C(20000000)
#define PAYOUT INT64_C(17000000)
#define WALL_MS INT64_C(1790000000000)
#define MAP_BYTES (UINT64_C(64) << 30)
#define CONTENT_BYTES 700u

struct flow {
    struct books *books;
    struct ident lead, ping, post;
    bool is_sold; /* the step under way is its sale */
    int64_t asked_us;
};

struct books {
    struct ledger *ledger;
    struct ledger_line *line;
    struct loop *loop;
    struct ident_maker maker;
    struct histogram waits;
    struct flow flows[UNDER_WAY_MAX];
    uint64_t leads_left, sold, number;
    unsigned under_way;
    char content[CONTENT_BYTES];
    char facts[300];
};

struct figures {
    unsigned under_way;
    double leads_per_s, cpu_us_per_lead;
    int64_t wait_p50_us, wait_p99_us, commit_p50_us, commit_p99_us;
};

static void advance(struct flow *flow);

static void on_durable(void *arg, uint64_t token, enum fault fault, uint64_t seq)
{
    struct flow *flow = arg;
    struct books *books = flow->books;
    (void)token;
    (void)seq;
    check(fault == FAULT_NONE, "%s", fault_text(fault));
    histogram_add(&books->waits, clock_now_us() - flow->asked_us);
    books->under_way--;
    books->sold += flow->is_sold;
    advance(flow);
    if (books->under_way == 0) loop_stop(books->loop);
}

static void append(struct flow *flow, const struct book_step *step)
{
    flow->asked_us = clock_now_us();
    enum fault fault = ledger_append(flow->books->line, step, NULL, on_durable, flow, 0);
    check(fault == FAULT_NONE, "%s", fault_text(fault));
    flow->books->under_way++;
}

static void fill_offer(const struct books *books, const struct flow *flow, struct offer *offer)
{
    *offer = (struct offer){.ping_id = flow->ping,
                            .pinged_ms = WALL_MS,
                            .expires_ms = WALL_MS + 300000,
                            .promise_micros = PAYOUT,
                            .max_sales = 1,
                            .planned = 1,
                            .affiliate = BYTES("best-leads"),
                            .campaign = BYTES("auto-insurance"),
                            .public_json = bytes_of(books->facts),
                            .candidates_count = BIDDERS};
    for (unsigned i = 0; i < BIDDERS; i++)
        offer->candidates[i] = (struct offer_candidate){.contract = BYTES("north-california-auto"),
                                                        .bid_id = BYTES("b-4711"),
                                                        .price_micros = PRICE - i * 1000000,
                                                        .bid_micros = PRICE - i * 1000000,
                                                        .payout_micros = PAYOUT - i * 1000000,
                                                        .max_sold = 1,
                                                        .leg = (uint8_t)(i + 1),
                                                        .valid_until_ms = WALL_MS + 300000};
}

/* A person each. */
static void fill_person(const struct books *books, struct person_keys *keys)
{
    keys->count = 2;
    for (unsigned i = 0; i < 2; i++) {
        uint64_t word = (books->number * 2 + i) * UINT64_C(0x9E3779B97F4A7C15);
        memcpy(keys->list[i].at, &word, sizeof word);
    }
}

static void open_lead(struct flow *flow)
{
    struct books *books = flow->books;
    books->number++;
    flow->lead = ident_make(&books->maker, WALL_MS);
    flow->ping = ident_make(&books->maker, WALL_MS);
    flow->post = ident_make(&books->maker, WALL_MS);
    struct book_opening opening = {.affiliate = BYTES("best-leads"),
                                   .campaign = BYTES("auto-insurance"),
                                   .source = BYTES("fb"),
                                   .ref = BYTES("r-17"),
                                   .content = {books->content, sizeof books->content}};
    fill_offer(books, flow, &opening.offer);
    struct book_seen seen = {.sold_keep_ms = INT64_C(30) * 86400000, .refused_keep_ms = 86400000};
    fill_person(books, &seen.keys);
    struct book_intent intent = {
        .post_id = flow->post,
        .contract = BYTES("north-california-auto"),
        .buyer = BYTES("north"),
        .bid_id = BYTES("b-4711"),
        .price_micros = PRICE,
        .payout_micros = PAYOUT,
        .planned = 1,
        .max_sold = 1,
        .keys_count = 2,
        .keys = {{.id = {1}, .window = 29833333, .amount = 1}, {.id = {9}, .window = 29833320, .amount = 1}}};
    append(flow, &(struct book_step){.lead_id = flow->lead,
                                     .ping_id = flow->ping,
                                     .wall_ms = WALL_MS + (int64_t)books->number / 20,
                                     .opening = &opening,
                                     .intents = &intent,
                                     .intents_count = 1,
                                     .seen = &seen});
}

static void sell_lead(struct flow *flow)
{
    struct books *books = flow->books;
    struct book_verdict verdict = {
        .post_id = flow->post, .state = POST_ACCEPTED, .buyer_lead_id = BYTES("L-4711"), .named_price_micros = -1};
    struct book_sale sale = {.sale_id = ident_make(&books->maker, WALL_MS),
                             .post_id = flow->post,
                             .contract = BYTES("north-california-auto"),
                             .buyer = BYTES("north"),
                             .price_micros = PRICE,
                             .payout_micros = PAYOUT,
                             .margin_micros = PRICE - PAYOUT};
    struct book_final final = {.state = LEAD_SOLD};
    append(flow, &(struct book_step){.lead_id = flow->lead,
                                     .ping_id = flow->ping,
                                     .wall_ms = WALL_MS + (int64_t)books->number / 20,
                                     .verdicts = &verdict,
                                     .verdicts_count = 1,
                                     .sales = &sale,
                                     .sales_count = 1,
                                     .final = &final});
}

/* The flow's next step: the sale after the opening, another lead after the sale. */
static void advance(struct flow *flow)
{
    flow->is_sold = !flow->is_sold;
    if (flow->is_sold) {
        sell_lead(flow);
    } else if (flow->books->leads_left > 0) {
        flow->books->leads_left--;
        open_lead(flow);
    }
}

static int64_t cpu_us(void)
{
    struct rusage usage;
    check(getrusage(RUSAGE_SELF, &usage) == 0);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * INT64_C(1000000) + usage.ru_utime.tv_usec +
           usage.ru_stime.tv_usec;
}

static struct figures measure(struct books *books, unsigned under_way, uint64_t leads)
{
    struct ledger_counts counts;
    histogram_clear(&books->waits);
    books->leads_left = leads;
    books->sold = 0;
    int64_t began_us = clock_now_us(), cpu_began_us = cpu_us();
    for (unsigned i = 0; i < under_way; i++) {
        books->flows[i] = (struct flow){.books = books, .is_sold = true};
        advance(&books->flows[i]);
    }
    loop_run(books->loop);
    int64_t took_us = clock_now_us() - began_us, cpu_took_us = cpu_us() - cpu_began_us;
    check(books->sold == leads, "%llu sold", (unsigned long long)books->sold);
    ledger_counts(books->ledger, &counts);
    return (struct figures){.under_way = under_way,
                            .leads_per_s = (double)leads * 1e6 / (double)took_us,
                            .cpu_us_per_lead = (double)cpu_took_us / (double)leads,
                            .wait_p50_us = histogram_quantile(&books->waits, 500000),
                            .wait_p99_us = histogram_quantile(&books->waits, 990000),
                            .commit_p50_us = counts.commit_p50_us,
                            .commit_p99_us = counts.commit_p99_us};
}

static int open_books(struct books *books, const char *path)
{
    char keys[4200];
    struct ledger_note note;
    snprintf(keys, sizeof keys, "%s/keys", path);
    struct ledger_options options = {.path = path,
                                     .map_bytes = MAP_BYTES,
                                     .keys_path = keys,
                                     .trace_keep_ms = 86400000,
                                     .trace_max_bytes = UINT64_C(1) << 30,
                                     .lines_max = 2};
    if (ledger_open(&options, &books->ledger, &note) != FAULT_NONE) {
        fprintf(stderr, "outcry-books: %s\n", note.text);
        return 1;
    }
    check(loop_open(&books->loop) == FAULT_NONE);
    check(ledger_line_open(books->ledger, books->loop, &books->line) == FAULT_NONE);
    check(ledger_start(books->ledger) == FAULT_NONE);
    return 0;
}

static void close_books(struct books *books)
{
    ledger_line_close(&books->line);
    ledger_close(&books->ledger);
    loop_close(&books->loop);
}

static void print(const struct figures *figures, bool json)
{
    if (json)
        printf("{\"under_way\":%u,\"leads_per_s\":%.0f,\"cpu_us\":%.1f,\"wait_us\":{\"p50\":%lld,\"p99\":%lld},"
               "\"commit_us\":{\"p50\":%lld,\"p99\":%lld}}\n",
               figures->under_way, figures->leads_per_s, figures->cpu_us_per_lead, (long long)figures->wait_p50_us,
               (long long)figures->wait_p99_us, (long long)figures->commit_p50_us, (long long)figures->commit_p99_us);
    else
        printf("%9u  %12.0f  %8.1f  %10lld  %10lld  %10lld  %10lld\n", figures->under_way, figures->leads_per_s,
               figures->cpu_us_per_lead, (long long)figures->wait_p50_us, (long long)figures->wait_p99_us,
               (long long)figures->commit_p50_us, (long long)figures->commit_p99_us);
    fflush(stdout);
}

static int verify(const char *path, bool json)
{
    struct report_verdict verdict;
    int64_t began_us = clock_now_us(), cpu_began_us = cpu_us();
    enum fault fault = report_verify(path, &verdict, NULL, NULL);
    int64_t took_us = clock_now_us() - began_us, cpu_took_us = cpu_us() - cpu_began_us;
    if (fault != FAULT_NONE || !verdict.good) {
        fprintf(stderr, "outcry-books: %s %s\n", fault_text(fault), verdict.text);
        return 1;
    }
    double entries = (double)verdict.entries;
    printf(json ? "{\"entries\":%.0f,\"verify_s\":%.2f,\"verify_s_per_million\":%.2f,\"verify_cpu_us\":%.2f}\n"
                : "%.0f entries verified in %.2f s (%.2f s a million; CPU of an entry %.2f us)\n",
           entries, (double)took_us / 1e6, (double)took_us / entries, (double)cpu_took_us / entries);
    return 0;
}

static int read_again(struct books *books, const char *path, bool json)
{
    int64_t began_us = clock_now_us();
    close_books(books);
    int64_t closed_us = clock_now_us();
    if (open_books(books, path) != 0) return 1;
    int64_t opened_us = clock_now_us();
    close_books(books);
    printf(json ? "{\"close_s\":%.2f,\"open_s\":%.3f}\n" : "\nclosed in %.2f s, opened in %.3f s\n",
           (double)(closed_us - began_us) / 1e6, (double)(opened_us - closed_us) / 1e6);
    return verify(path, json);
}

static int run(struct books *books, const char *path, uint64_t leads, bool json)
{
    static const unsigned steps[] = {1, 16, 64, 128, 256, 512};
    if (open_books(books, path) != 0) return 1;
    if (!json) printf("under way  leads/s sold   CPU us  wait p50 us  wait p99 us  commit p50  commit p99\n");
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        uint64_t share = i == 0 ? leads / 100 : i == 1 ? leads / 20 : leads / 4;
        struct figures figures = measure(books, steps[i], share ? share : 1);
        print(&figures, json);
    }
    return read_again(books, path, json);
}

static int remove_one(const char *path, const struct stat *stat, int kind, struct FTW *where)
{
    (void)stat;
    (void)kind;
    (void)where;
    return remove(path);
}

int main(int count, char **words)
{
    static struct books books;
    char made[] = "/tmp/outcry-books-XXXXXX";
    const char *path = NULL;
    uint64_t leads = 200000;
    bool json = false, only_verify = false;
    for (int i = 1; i < count; i++) {
        if (strcmp(words[i], "--json") == 0) {
            json = true;
        } else if (strcmp(words[i], "--verify") == 0) {
            only_verify = true;
        } else if (strcmp(words[i], "--leads") == 0 && i + 1 < count) {
            leads = strtoull(words[++i], NULL, 10);
        } else if (strcmp(words[i], "--path") == 0 && i + 1 < count) {
            path = words[++i];
        } else {
            fprintf(stderr,
                    "usage: outcry-books [--leads N] [--path FOLDER (an empty one; with --verify, a book)] [--verify] "
                    "[--json]\n");
            return 2;
        }
    }
    if (crypto_start() != FAULT_NONE || leads == 0) return 2;
    log_start(LOG_ERROR, LOG_TEXT);
    ident_maker_init(&books.maker, 1, 7);
    memset(books.content, 'x', sizeof books.content);
    snprintf(books.facts, sizeof books.facts,
             "{\"state\":\"CA\",\"zip\":\"94110\",\"age\":34,\"credit\":\"good\",\"homeowner\":true,\"vehicles\":2}");
    if (!path && !mkdtemp(made)) {
        fprintf(stderr, "outcry-books: %s: %s\n", made, strerror(errno));
        return 2;
    }
    int status = only_verify && path ? verify(path, json) : run(&books, path ? path : made, leads, json);
    if (!path) nftw(made, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    crypto_stop();
    return status;
}
