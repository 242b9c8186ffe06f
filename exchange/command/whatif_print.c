/* Sums, then buyers, then in plain sentences what the figures rest on: whoever decides by them must have read that. */
#include <stdlib.h>

#include "exchange/command/instant.h"
#include "exchange/command/table.h"
#include "exchange/command/whatif.h"
#include "protocol/codec/json.h"

#define JSON_ROOM_A_BUYER 1024u
#define JSON_ROOM 8192u

struct cells {
    char text[TABLE_COLUMNS_MAX][TABLE_NUMBER_MAX];
    struct bytes at[TABLE_COLUMNS_MAX];
    unsigned count;
};

static void put_number(struct cells *cells, uint64_t number)
{
    cells->at[cells->count] = bytes_of(table_number(number, cells->text[cells->count]));
    cells->count++;
}

static void put_change(struct cells *cells, uint64_t was, uint64_t is)
{
    cells->at[cells->count] = bytes_of(table_change((int64_t)(is - was), cells->text[cells->count]));
    cells->count++;
}

static void put_money(struct cells *cells, int64_t micros)
{
    cells->at[cells->count] = bytes_of(table_money(micros, cells->text[cells->count]));
    cells->count++;
}

static void put_money_change(struct cells *cells, int64_t was, int64_t is)
{
    cells->at[cells->count] = bytes_of(table_money_change(is - was, cells->text[cells->count]));
    cells->count++;
}

static void put_text(struct cells *cells, struct bytes text)
{
    cells->at[cells->count++] = text;
}

/* Text
 * -------------------------------------------------------------------------------------------------------------------
 */

static void print_sums(const struct whatif *whatif, FILE *out)
{
    const struct table_column columns[] = {{"", TABLE_LEFT, 20},
                                           {"recorded", TABLE_RIGHT, 12},
                                           {whatif->name, TABLE_RIGHT, 12},
                                           {"change", TABLE_RIGHT, 12}};
    const struct {
        const char *name;
        uint64_t was, is;
    } counts[] = {{"offers made to pings", whatif->was.offers, whatif->is.offers},
                  {"leads sold", whatif->was.leads, whatif->is.leads}};
    const struct {
        const char *name;
        int64_t was, is;
    } sums[] = {{"revenue", whatif->was.revenue_micros, whatif->is.revenue_micros},
                {"payout", whatif->was.payout_micros, whatif->is.payout_micros},
                {"margin", whatif->was.margin_micros, whatif->is.margin_micros}};
    struct table_page page;
    table_open(&page, columns, 4, 0);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct cells cells = {.count = 0};
        put_text(&cells, bytes_of(counts[i].name));
        put_number(&cells, counts[i].was);
        put_number(&cells, counts[i].is);
        put_change(&cells, counts[i].was, counts[i].is);
        table_row(&page, cells.at);
    }
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++) {
        struct cells cells = {.count = 0};
        put_text(&cells, bytes_of(sums[i].name));
        put_money(&cells, sums[i].was);
        put_money(&cells, sums[i].is);
        put_money_change(&cells, sums[i].was, sums[i].is);
        table_row(&page, cells.at);
    }
    table_print(&page, out);
    table_close(&page);
}

static int by_revenue(const void *left, const void *right)
{
    const struct whatif_buyer *a = left, *b = right;
    if (a->was.revenue_micros != b->was.revenue_micros) return a->was.revenue_micros > b->was.revenue_micros ? -1 : 1;
    if (a->is.revenue_micros != b->is.revenue_micros) return a->is.revenue_micros > b->is.revenue_micros ? -1 : 1;
    return bytes_compare(a->id, b->id);
}

/* NULL: there are none, or memory is out. */
static struct whatif_buyer *sorted(const struct whatif *whatif)
{
    if (whatif->buyers_count == 0) return NULL;
    struct whatif_buyer *buyers = malloc(whatif->buyers_count * sizeof *buyers);
    if (!buyers) return NULL;
    memcpy(buyers, whatif->buyers, whatif->buyers_count * sizeof *buyers);
    qsort(buyers, whatif->buyers_count, sizeof *buyers, by_revenue);
    return buyers;
}

static void print_buyers(const struct whatif *whatif, FILE *out)
{
    static const struct table_column columns[] = {{"sold to", TABLE_LEFT, 20},    {"recorded", TABLE_RIGHT, 8},
                                                  {"revenue", TABLE_RIGHT, 12},   {"there", TABLE_RIGHT, 8},
                                                  {"revenue", TABLE_RIGHT, 12},   {"change", TABLE_RIGHT, 8},
                                                  {"in revenue", TABLE_RIGHT, 12}};
    struct whatif_buyer *buyers = sorted(whatif);
    struct table_page page;
    if (!buyers) return;
    table_open(&page, columns, 7, 0);
    for (uint32_t i = 0; i < whatif->buyers_count; i++) {
        const struct whatif_sums *was = &buyers[i].was, *is = &buyers[i].is;
        struct cells cells = {.count = 0};
        put_text(&cells, buyers[i].id);
        put_number(&cells, was->leads);
        put_money(&cells, was->revenue_micros);
        put_number(&cells, is->leads);
        put_money(&cells, is->revenue_micros);
        put_change(&cells, was->leads, is->leads);
        put_money_change(&cells, was->revenue_micros, is->revenue_micros);
        table_row(&page, cells.at);
    }
    fprintf(out, "\n");
    table_print(&page, out);
    table_close(&page);
    free(buyers);
}

/* "84.2 %" */
static const char *percent(const struct past_share *share, char *text)
{
    uint64_t tenths = share->of ? (share->hits * 1000 + share->of / 2) / share->of : 1000;
    snprintf(text, TABLE_NUMBER_MAX, "%llu.%llu %%", (unsigned long long)(tenths / 10),
             (unsigned long long)(tenths % 10));
    return text;
}

static void print_rest(const struct whatif *whatif, FILE *out)
{
    char a[TABLE_NUMBER_MAX], b[TABLE_NUMBER_MAX];
    fprintf(out, "\nWhat this rests on\n");
    fprintf(
        out,
        "  * Caps, seats, circuits and money stand at each auction as they stood then: a sale more here fills none.\n");
    fprintf(out,
            "  * An affiliate takes the offers it took then, whatever their price here, and leaves those it left.\n"
            "    A post that was refused for itself (another lead than its ping's, no consent) is refused here.\n");
    if (whatif->drawn_offers)
        fprintf(
            out,
            "  * Offers made here to pings that had none then: %s. Each is taken or left by the share of offers its\n"
            "    affiliate took (all affiliates: %s), drawn by the auction's seed.\n",
            table_number(whatif->drawn_offers, a), percent(&whatif->past.all_offers, b));
    if (whatif->drawn_sales + whatif->drawn_refusals) {
        fprintf(out, "  * Posts made here that were not made then: %s. ",
                table_number(whatif->drawn_sales + whatif->drawn_refusals, a));
        fprintf(out,
                "Each is accepted or refused by the share of posts its\n"
                "    contract accepted (all contracts: %s), drawn by the auction's seed; %s of the leads sold rest on "
                "that.\n",
                percent(&whatif->past.all_posts, a), table_number(whatif->drawn_sales, b));
    }
    if (whatif->unknown_contracts)
        fprintf(out,
                "  * What contracts would have bid that were not asked then is not known: they count as not bidding\n"
                "    (%s times, in %s auctions).\n",
                table_number(whatif->unknown_contracts, a), table_number(whatif->unknown_auctions, b));
    if (whatif->doubts)
        fprintf(out, "  * Posts that were in doubt then are in doubt here: %s.\n", table_number(whatif->doubts, a));
    if (whatif->strange)
        fprintf(
            out,
            "  * Auctions whose campaign, affiliate or fields that catalogue does not have: %s. They sell nothing.\n",
            table_number(whatif->strange, a));
    if (whatif->too_old)
        fprintf(out, "  * Auctions recorded by an earlier exchange, which kept less, are left out: %s.\n",
                table_number(whatif->too_old, a));
    if (whatif->unreadable)
        fprintf(out, "  * Records that could not be read: %s.\n", table_number(whatif->unreadable, a));
}

void whatif_print(const struct whatif *whatif, FILE *out)
{
    char text[64], a[TABLE_NUMBER_MAX], b[TABLE_NUMBER_MAX], c[TABLE_NUMBER_MAX];
    struct sink sink = sink_over(text, sizeof text);
    instant_write(&sink, whatif->span.from_ms);
    sink_text(&sink, " to ");
    instant_write(&sink, whatif->span.to_ms);
    fprintf(out, "%.*s UTC: %s auction%s (%s ping%s, %s whole lead%s)\n\n", (int)sink.len, sink.at,
            table_number(whatif->auctions, a), table_plural(whatif->auctions), table_number(whatif->pings, b),
            table_plural(whatif->pings), table_number(whatif->whole_leads, c), table_plural(whatif->whole_leads));
    print_sums(whatif, out);
    print_buyers(whatif, out);
    print_rest(whatif, out);
}

/* JSON
 * -------------------------------------------------------------------------------------------------------------------
 */

static void write_sums(struct json *json, const char *key, const struct whatif_sums *sums, bool with_offers)
{
    json_key(json, key);
    json_open_map(json);
    if (with_offers) {
        json_key(json, "offers");
        json_u64(json, sums->offers);
    }
    json_key(json, "sold");
    json_u64(json, sums->leads);
    json_key(json, "revenue");
    json_money(json, sums->revenue_micros);
    json_key(json, "payout");
    json_money(json, sums->payout_micros);
    json_key(json, "margin");
    json_money(json, sums->margin_micros);
    json_close_map(json);
}

static void write_buyers(struct json *json, const struct whatif *whatif)
{
    struct whatif_buyer *buyers = sorted(whatif);
    json_key(json, "buyers");
    json_open_list(json);
    for (uint32_t i = 0; buyers && i < whatif->buyers_count; i++) {
        json_open_map(json);
        json_key(json, "buyer");
        json_text(json, buyers[i].id);
        write_sums(json, "recorded", &buyers[i].was, false);
        write_sums(json, "whatif", &buyers[i].is, false);
        json_close_map(json);
    }
    json_close_list(json);
    free(buyers);
}

static void write_assumed(struct json *json, const struct whatif *whatif)
{
    const struct {
        const char *key;
        uint64_t value;
    } figures[] = {{"offers_drawn", whatif->drawn_offers},
                   {"posts_drawn", whatif->drawn_sales + whatif->drawn_refusals},
                   {"sales_drawn", whatif->drawn_sales},
                   {"bids_not_known", whatif->unknown_contracts},
                   {"auctions_with_bids_not_known", whatif->unknown_auctions},
                   {"doubts", whatif->doubts},
                   {"not_decided", whatif->strange},
                   {"too_old", whatif->too_old},
                   {"unreadable", whatif->unreadable}};
    json_key(json, "assumed");
    json_open_map(json);
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        json_key(json, figures[i].key);
        json_u64(json, figures[i].value);
    }
    json_close_map(json);
}

void whatif_print_json(const struct whatif *whatif, FILE *out)
{
    size_t room = JSON_ROOM + (size_t)whatif->buyers_count * JSON_ROOM_A_BUYER;
    char *text = malloc(room);
    struct sink sink = sink_over(text, text ? room : 0);
    struct json json = json_into(&sink);
    json_open_map(&json);
    json_key(&json, "from");
    json_wall(&json, whatif->span.from_ms);
    json_key(&json, "to");
    json_wall(&json, whatif->span.to_ms);
    json_key(&json, "catalogue");
    json_text(&json, bytes_of(whatif->name));
    json_key(&json, "auctions");
    json_u64(&json, whatif->auctions);
    json_key(&json, "pings");
    json_u64(&json, whatif->pings);
    json_key(&json, "whole_leads");
    json_u64(&json, whatif->whole_leads);
    write_sums(&json, "recorded", &whatif->was, true);
    write_sums(&json, "whatif", &whatif->is, true);
    write_buyers(&json, whatif);
    write_assumed(&json, whatif);
    json_close_map(&json);
    fprintf(out, "%.*s\n", (int)sink.len, sink.len ? sink.at : "");
    free(text);
}
