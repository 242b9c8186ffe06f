/* Rows stand in the order a reader asks for them: the bids by rank, bids that were out, who said nothing, who was not
 * asked. What became of a contract is told by the last thing that happened to it: its posts say more than its bid, and
 * its bid more than its state. */
#include "exchange/command/story.h"

#include <stdlib.h>

#include "protocol/base/bytes.h"

#define COLUMNS 120
#define NAME_MIN 12
#define NAME_MAX 32
#define FATE_MAX 1024u

enum row_group { ROW_RANKED, ROW_BID_OUT, ROW_NO_BID, ROW_NOT_ASKED };

struct row {
    const struct node *contract;
    enum row_group group;
    uint64_t rank;
    int64_t price_micros;
};

struct page {
    FILE *out;
    const char *bold, *good, *bad, *dim, *plain; /* terminal sequences, or "" */
    const struct node *story;
    struct row *rows;
    size_t rows_count;
    int name_width;
    uint64_t posted_rank; /* of the last candidate that had its turn */
};

static bool gather_rows(struct page *page);
static void print_head(const struct page *page);
static void print_rows(const struct page *page);
static void print_unlisted(const struct page *page);
static void print_end(const struct page *page);

bool story_print(const struct node *story, FILE *out, bool in_colour)
{
    struct page page = {.out = out, .story = story, .bold = "", .good = "", .bad = "", .dim = "", .plain = ""};
    if (in_colour) {
        page.bold = "\033[1m";
        page.good = "\033[32m";
        page.bad = "\033[33m";
        page.dim = "\033[2m";
        page.plain = "\033[0m";
    }
    if (!gather_rows(&page)) return false;
    print_head(&page);
    print_rows(&page);
    print_unlisted(&page);
    print_end(&page);
    free(page.rows);
    return true;
}

/* Looking into the document
 * ----------------------------------------------------------------------------------------- */

#define SHOW(bytes) (int)(bytes).len, (bytes).len ? (bytes).at : ""

/* The text of a member, or of a number its digits; empty when it is absent or null. */
static struct bytes text_of(const struct node *map, const char *key)
{
    const struct node *node = node_find(map, key);
    return node && node->kind != NODE_NULL ? node->text : BYTES_NONE;
}

static const struct node *map_of(const struct node *map, const char *key)
{
    const struct node *node = node_find(map, key);
    return node && node->kind == NODE_MAP ? node : NULL;
}

static const struct node *list_of(const struct node *map, const char *key)
{
    const struct node *node = node_find(map, key);
    return node && node->kind == NODE_LIST && node->count > 0 ? node : NULL;
}

static bool is_one_call(const struct page *page)
{
    return bytes_is(text_of(page->story, "kind"), "one_call");
}

/* Rows
 * -------------------------------------------------------------------------------------------------------------- */

static int order_rows(const void *left, const void *right)
{
    const struct row *a = left, *b = right;
    if (a->group != b->group) return a->group < b->group ? -1 : 1;
    if (a->rank != b->rank) return a->rank < b->rank ? -1 : 1;
    if (a->price_micros != b->price_micros) return a->price_micros > b->price_micros ? -1 : 1;
    return a->contract < b->contract ? -1 : 1; /* else as the story has them */
}

static struct row row_of(const struct node *contract)
{
    struct row row = {.contract = contract, .group = ROW_NO_BID};
    const struct node *price = node_find(map_of(contract, "bid"), "price");
    if (price && !node_money(price, &row.price_micros)) row.price_micros = 0;
    if (bytes_u64(text_of(contract, "rank"), &row.rank))
        row.group = ROW_RANKED;
    else if (map_of(contract, "bid"))
        row.group = ROW_BID_OUT;
    else if (bytes_is(text_of(contract, "state"), "skipped"))
        row.group = ROW_NOT_ASKED;
    return row;
}

static bool gather_rows(struct page *page)
{
    const struct node *contracts = list_of(page->story, "contracts");
    page->name_width = NAME_MIN;
    if (!contracts) return true;
    page->rows = calloc(contracts->count, sizeof *page->rows);
    if (!page->rows) return false;
    NODE_EACH(contract, contracts)
    {
        size_t width = text_of(contract, "contract").len;
        if (width > NAME_MAX) width = NAME_MAX;
        if ((int)width > page->name_width) page->name_width = (int)width;
        struct row *row = &page->rows[page->rows_count++];
        *row = row_of(contract);
        if (list_of(contract, "posts") && row->rank > page->posted_rank) page->posted_rank = row->rank;
    }
    qsort(page->rows, page->rows_count, sizeof *page->rows, order_rows);
    return true;
}

/* The head
 * ---------------------------------------------------------------------------------------------------------- */

/* The instant a story's last step began, in milliseconds. */
static long long took_ms(const struct node *steps)
{
    int64_t last_us = 0;
    if (steps) NODE_EACH(step, steps) node_i64(node_find(step, "at_us"), &last_us);
    return (long long)(last_us / 1000);
}

static void print_label(const struct page *page, const char *label)
{
    fprintf(page->out, "%s%-9s%s", page->dim, label, page->plain);
}

static void print_facts(const struct page *page)
{
    const struct node *facts = map_of(page->story, "public");
    const char *before = "";
    if (!facts || facts->count == 0) return;
    print_label(page, "facts");
    NODE_EACH(fact, facts)
    {
        fprintf(page->out, "%s%.*s %.*s", before, SHOW(fact->key), SHOW(fact->text));
        before = ", ";
    }
    fprintf(page->out, "   %s(all that a buyer sees before it buys)%s\n", page->dim, page->plain);
}

static void print_promise(const struct page *page)
{
    struct bytes promise = text_of(page->story, "promise"), floor = text_of(page->story, "floor");
    bool has_promise = promise.len && !bytes_is(promise, "0.00") && !is_one_call(page);
    bool has_floor = floor.len && !bytes_is(floor, "0.00");
    if (!has_promise && !has_floor) return;
    print_label(page, "price");
    if (has_promise) fprintf(page->out, "%.*s was offered to the affiliate", SHOW(promise));
    if (has_floor) fprintf(page->out, "%sit wanted at least %.*s", has_promise ? "; " : "", SHOW(floor));
    fprintf(page->out, "\n");
}

/* Why the bidding ended: X(word of the trace, words for people). */
static const struct {
    const char *cause, *text;
} causes[] = {
    {"all_answered", "every answer was in or overdue"}, {"deadline", "the time was up"},
    {"early_close", "no bid to come could have won"},   {"shutting_down", "the exchange went down"},
    {"nobody_asked", "nobody could be asked"},          {"affiliate_gone", "the affiliate hung up"},
};

static void print_time(const struct page *page)
{
    struct bytes cause = text_of(map_of(page->story, "closed"), "cause");
    const struct node *posts = list_of(page->story, "post_steps"), *steps = list_of(page->story, "steps");
    if (!steps && !posts) return;
    print_label(page, "took");
    if (steps) fprintf(page->out, "%lld ms for the %s", took_ms(steps), is_one_call(page) ? "lead" : "auction");
    for (size_t i = 0; steps && i < sizeof causes / sizeof *causes; i++) {
        if (!bytes_is(cause, causes[i].cause)) continue;
        fprintf(page->out, " (bids closed when %s", causes[i].text);
        if (bytes_is(cause, "early_close"))
            fprintf(page->out, ", %.*s ms early", SHOW(text_of(map_of(page->story, "closed"), "saved_ms")));
        fprintf(page->out, ")");
    }
    if (posts) fprintf(page->out, "%s%lld ms for the post", steps ? ", " : "", took_ms(posts));
    struct bytes arm = text_of(page->story, "arm");
    if (arm.len) fprintf(page->out, "; by the %.*s rules of the experiment", SHOW(arm));
    fprintf(page->out, "\n");
}

static void print_head(const struct page *page)
{
    const struct node *story = page->story;
    struct bytes lead = text_of(story, "lead_id"), source = text_of(story, "source");
    print_label(page, lead.len ? "lead" : "ping");
    fprintf(page->out, "%s%.*s%s", page->bold, SHOW(lead.len ? lead : text_of(story, "ping_id")), page->plain);
    const struct node *test = node_find(story, "test");
    if (test && test->truth) fprintf(page->out, "   (a test: no money moved)");
    if (lead.len && !is_one_call(page)) fprintf(page->out, "   from ping %.*s", SHOW(text_of(story, "ping_id")));
    fprintf(page->out, "\n");
    print_label(page, "from");
    fprintf(page->out, "%.*s", SHOW(text_of(story, "affiliate")));
    if (source.len) fprintf(page->out, " (source %.*s)", SHOW(source));
    fprintf(page->out, ", %.*s, at %.*s\n", SHOW(text_of(story, "campaign")), SHOW(text_of(story, "at")));
    print_facts(page);
    print_promise(page);
    print_time(page);
    fprintf(page->out, "\n");
}

/* What became of a contract
 * ----------------------------------------------------------------------------------------- */

/* The buyer's own words, or its code, or both; ours where it said nothing. */
static void write_reason(struct sink *sink, const struct node *of)
{
    static const char *const ours[] = {"no bid", "refused by the buyer"};
    const struct node *reason = map_of(of, "reason");
    struct bytes text = text_of(reason, "text"), code = text_of(reason, "buyer_code");
    for (size_t i = 0; code.len && i < sizeof ours / sizeof *ours; i++)
        if (bytes_is(text, ours[i])) text = BYTES_NONE;
    sink_bytes(sink, text);
    if (!code.len || bytes_same(code, text)) return;
    sink_text(sink, text.len ? " [" : "");
    sink_bytes(sink, code);
    sink_text(sink, text.len ? "]" : "");
}

static void write_post(struct sink *sink, const struct node *post)
{
    static const struct {
        const char *outcome, *text;
        bool has_reason;
    } words[] = {
        {"accepted", "BOUGHT IT", false},
        {"rejected", "refused the lead: ", true},
        {"unknown", "got the lead, gave no verdict: in doubt", false},
        {"voided", "got the lead, gave no verdict: voided, for the affiliate does not wait", false},
        {"skipped", "passed over: ", true},
        {"failed", "could not be reached: ", true},
        {"open", "has the lead, no verdict yet", false},
    };
    struct bytes outcome = text_of(post, "outcome"), ms = text_of(post, "ms");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!bytes_is(outcome, words[i].outcome)) continue;
        sink_text(sink, words[i].text);
        if (words[i].has_reason) write_reason(sink, post);
    }
    if (!ms.len || bytes_is(outcome, "skipped")) return;
    sink_text(sink, " (");
    sink_bytes(sink, ms);
    sink_text(sink, " ms)");
}

/* A story told after a doubt was resolved holds the later posts only: who stands before them had its turn before. */
static void write_fate(const struct page *page, struct sink *sink, const struct row *row)
{
    const struct node *posts = list_of(row->contract, "posts");
    if (posts) {
        const char *before = "";
        NODE_EACH(post, posts)
        {
            sink_text(sink, before);
            write_post(sink, post);
            before = "; then ";
        }
        return;
    }
    if (row->group == ROW_RANKED && row->rank < page->posted_rank)
        sink_text(sink, "had the lead before: in doubt, then resolved as rejected");
    else if (map_of(row->contract, "reason"))
        write_reason(sink, row->contract);
    else if (row->group == ROW_RANKED)
        sink_text(sink, row->rank == 1 ? "best bid" : "next in line");
}

/* Breaks at spaces; the following lines start at `indent`. */
static void print_wrapped(FILE *out, struct bytes text, int indent)
{
    size_t width = (size_t)(COLUMNS - indent);
    while (text.len > width) {
        size_t cut = width;
        while (cut > 0 && text.at[cut] != ' ') cut--;
        if (cut == 0) cut = width;
        fprintf(out, "%.*s\n%*s", (int)cut, text.at, indent, "");
        text = bytes_from(text, text.at[cut] == ' ' ? cut + 1 : cut);
    }
    fprintf(out, "%.*s\n", SHOW(text));
}

static bool has_outcome(const struct node *contract, const char *outcome)
{
    const struct node *posts = list_of(contract, "posts");
    if (posts) NODE_EACH(post, posts) if (bytes_is(text_of(post, "outcome"), outcome)) return true;
    return false;
}

static const char *colour_of(const struct page *page, const struct row *row)
{
    if (has_outcome(row->contract, "accepted")) return page->good;
    if (has_outcome(row->contract, "rejected") || has_outcome(row->contract, "unknown")) return page->bad;
    return row->group == ROW_NOT_ASKED ? page->dim : "";
}

static void write_term(struct sink *sink, const char **before, const char *words, struct bytes value)
{
    sink_text(sink, *before);
    sink_text(sink, words);
    sink_bytes(sink, value);
    *before = ", ";
}

/* What the columns do not show: what the bid was ranked as and would pay, where that is not the bid, and its tier. */
static void write_terms(struct sink *sink, const struct row *row)
{
    const struct node *bid = map_of(row->contract, "bid");
    struct bytes price = text_of(bid, "price"), pays = text_of(bid, "pays"), tier = text_of(row->contract, "tier");
    struct bytes counts_as = text_of(row->contract, "effective_price");
    const char *before = sink->len ? "; " : "";
    if (row->group != ROW_RANKED) return;
    if (counts_as.len && !bytes_same(counts_as, price)) write_term(sink, &before, "counts as ", counts_as);
    if (pays.len && !bytes_same(pays, price)) write_term(sink, &before, "pays ", pays);
    if (tier.len && !bytes_is(tier, "1")) write_term(sink, &before, "tier ", tier);
}

static void print_row(const struct page *page, const struct row *row)
{
    const struct node *contract = row->contract, *bid = map_of(contract, "bid");
    char text[FATE_MAX], place[8] = "-", ms[24] = "-";
    struct sink fate = sink_over(text, sizeof text);
    bool is_standing = bytes_is(text_of(contract, "state"), "standing");
    struct bytes name = bytes_first(text_of(contract, "contract"), NAME_MAX), price = text_of(bid, "price");
    struct bytes payout = text_of(bid, "payout"), took = text_of(contract, "ms");
    if (row->group == ROW_RANKED) snprintf(place, sizeof place, "%llu", (unsigned long long)row->rank);
    if (took.len && !is_standing && row->group != ROW_NOT_ASKED) snprintf(ms, sizeof ms, "%.*s ms", SHOW(took));
    write_fate(page, &fate, row);
    write_terms(&fate, row);
    fprintf(page->out, "%s%5s  %-*.*s  %-8s %9.*s  %9s  %9.*s   ", colour_of(page, row), place, page->name_width,
            SHOW(name),
            row->group == ROW_NOT_ASKED ? "no"
            : is_standing               ? "standing"
                                        : "yes",
            SHOW(price.len ? price : BYTES("-")), ms, SHOW(payout.len ? payout : BYTES("-")));
    print_wrapped(page->out, sink_written(&fate), 5 + 2 + page->name_width + 2 + 8 + 1 + 9 + 2 + 9 + 2 + 9 + 3);
    fprintf(page->out, "%s", page->plain);
}

static void print_rows(const struct page *page)
{
    if (!page->rows_count) return;
    fprintf(page->out, "%s%5s  %-*s  %-8s %9s  %9s  %9s   %s%s\n", page->bold, "place", page->name_width, "contract",
            "asked", "bid", "after", "affiliate", "what became of it", page->plain);
    for (size_t i = 0; i < page->rows_count; i++) print_row(page, &page->rows[i]);
}

/* Of very many contracts only the first are told one by one; the others by reason. */
static void print_unlisted(const struct page *page)
{
    struct bytes untold = text_of(page->story, "not_listed");
    const struct node *counts = map_of(page->story, "counts");
    const char *before = ": ";
    if (!untold.len || bytes_is(untold, "0")) return;
    fprintf(page->out, "%5s  and %.*s more that were not asked", "", SHOW(untold));
    if (counts) NODE_EACH(count, counts)
        {
            fprintf(page->out, "%s%.*s %.*s", before, SHOW(count->text), SHOW(count->key));
            before = ", ";
        }
    fprintf(page->out, "\n");
}

/* The end
 * ----------------------------------------------------------------------------------------------------------- */

static void print_sale(const struct page *page, const struct node *sale)
{
    fprintf(page->out,
            "%sSOLD%s to %.*s for %.*s: %.*s to the affiliate, %.*s stays with the house (margin of the %.*s)\n",
            page->good, page->plain, SHOW(text_of(sale, "buyer")), SHOW(text_of(sale, "price")),
            SHOW(text_of(sale, "payout")), SHOW(text_of(sale, "margin")), SHOW(text_of(sale, "margin_rule")));
}

static void print_end(const struct page *page)
{
    const struct node *sales = list_of(page->story, "sales"), *reason = map_of(page->story, "reason");
    struct bytes status = text_of(page->story, "status");
    bool is_doubt = bytes_is(status, "pending");
    fprintf(page->out, "\n");
    if (sales) {
        NODE_EACH(sale, sales) print_sale(page, sale);
        return;
    }
    fprintf(page->out, "%s", page->bad);
    for (size_t i = 0; i < status.len; i++)
        fputc(status.at[i] >= 'a' && status.at[i] <= 'z' ? status.at[i] - 'a' + 'A' : status.at[i], page->out);
    fprintf(page->out, "%s", page->plain);
    if (is_doubt)
        fprintf(page->out, ": the post is in doubt; nobody else gets the lead until that is resolved");
    else if (reason)
        fprintf(page->out, ": %.*s", SHOW(text_of(reason, "text")));
    fprintf(page->out, "\n");
}
