/* What a buyer has bought, whole: its leads are its own. The inbox of contracts without webhooks, and for all others
 * the list to compare with. JSON, or CSV for a program of tables, whose columns are all that any lead of the page has.
 *
 * A page ends early where there is no room for one more: `next`, or the last row's post_id, says where to go on. */
#include "exchange/api/visit.h"
#include "protocol/base/money.h"
#include "protocol/codec/csv.h"
#include "protocol/crypto/digest.h"

#define PAGE 100u
#define PAGE_MAX 1000u
#define PAGE_ROOM (8u << 20)
#define COLUMNS_MAX 512u

struct content {
    const struct node *lead, *consent; /* NULL: not there any more */
};

struct page {
    struct inquiry *inquiry;
    const struct reader_purchase *purchases;
    struct content *contents;
    uint32_t count;
};

/* What was erased stays in the list, without its lead. */
static enum fault read_content(struct inquiry *inquiry, struct reader *reader, const struct ident *lead_id,
                               struct content *content)
{
    struct bytes text;
    struct document_error error;
    enum fault fault = reader_content(reader, lead_id, &inquiry->arena, &text);
    if (fault == FAULT_NOT_FOUND) return FAULT_NONE;
    if (fault != FAULT_NONE) return fault;
    const struct node *document = document_read_json(&inquiry->arena, text, &DOCUMENT_LIMITS, &error);
    if (!document) return FAULT_CORRUPT;
    content->lead = node_find(document, "lead");
    content->consent = node_find(document, "consent");
    return FAULT_NONE;
}

static struct bytes spell(const struct ident *id, char text[IDENT_TEXT + 1])
{
    return (struct bytes){ident_text(id, text), IDENT_TEXT};
}

/* --- JSON --- */

static void write_purchase(struct json *json, const struct reader_purchase *purchase, const struct content *content)
{
    char text[IDENT_TEXT + 1];
    const struct sale_record *sale = &purchase->sale;
    json_open_map(json);
    json_key(json, "post_id");
    json_text(json, spell(&purchase->post.post_id, text));
    json_key(json, "lead_id");
    json_text(json, spell(&purchase->post.lead_id, text));
    json_key(json, "sold_at");
    json_wall(json, purchase->post.settled_ms);
    json_key(json, "campaign");
    json_text(json, sale->campaign);
    json_key(json, "contract");
    json_text(json, sale->contract);
    json_key(json, "price");
    json_money(json, sale->sold.price_micros);
    json_key(json, "status");
    json_text(json, bytes_of(sale_state_name(sale->state)));
    if (sale->returned.price_micros) {
        json_key(json, "returned");
        json_money(json, sale->returned.price_micros);
    }
    json_key(json, "lead");
    if (content->lead)
        json_node(json, content->lead);
    else
        json_null(json);
    if (content->consent) {
        json_key(json, "consent");
        json_node(json, content->consent);
    }
    json_close_map(json);
}

/* A lead that finds no room is left for the next page; false: it was the first. */
static bool write_json(const struct page *page)
{
    struct sink *out = &page->inquiry->out;
    struct json json = json_into(out);
    struct ident last = page->inquiry->id;
    char text[IDENT_TEXT + 1];
    size_t cap = out->cap;
    out->cap -= 64; /* for what stands behind them */
    json_open_map(&json);
    json_key(&json, "leads");
    json_open_list(&json);
    for (uint32_t i = 0; i < page->count; i++) {
        struct json before = json;
        size_t len = out->len;
        write_purchase(&json, &page->purchases[i], &page->contents[i]);
        if (out->cut) {
            out->len = len;
            json = before;
            out->cut = i == 0;
            break;
        }
        last = page->purchases[i].post.post_id;
    }
    out->cap = cap;
    json_close_list(&json);
    json_key(&json, "next");
    if (ident_is_none(&last))
        json_null(&json);
    else
        json_text(&json, spell(&last, text));
    json_close_map(&json);
    return !out->cut;
}

/* --- CSV --- */

static uint32_t find_columns(const struct page *page, struct bytes *columns)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < page->count; i++) {
        if (!page->contents[i].lead) continue;
        NODE_EACH(member, page->contents[i].lead)
        {
            uint32_t k = 0;
            while (k < count && !bytes_same(columns[k], member->key)) k++;
            if (k == count && count < COLUMNS_MAX) columns[count++] = member->key;
        }
    }
    return count;
}

/* "+14155550142" is no formula. */
static bool is_phone(struct bytes text)
{
    uint64_t digits;
    return text.len > 1 && text.at[0] == '+' && bytes_u64(bytes_from(text, 1), &digits);
}

/* Text and numbers as they are, anything else as JSON. */
static void write_value(struct sink *out, struct arena *arena, const struct node *value)
{
    size_t room = 64;
    if (!value || value->kind == NODE_NULL) return;
    if (value->kind == NODE_TEXT || value->kind == NODE_NUMBER) {
        csv_write(out, value->text, value->kind == NODE_NUMBER || is_phone(value->text));
        return;
    }
    for (uint32_t i = 0; i < value->span; i++) room += 6 * (value[i].key.len + value[i].text.len) + 16;
    struct sink sink = sink_over(arena_take(arena, room), room);
    struct json json = json_into(&sink);
    if (sink.at) json_node(&json, value);
    if (!sink.at || sink.cut) out->cut = true;
    csv_write(out, sink_written(&sink), false);
}

static void write_row(const struct page *page, uint32_t i, const struct bytes *columns, uint32_t columns_count)
{
    struct sink *out = &page->inquiry->out;
    const struct reader_purchase *purchase = &page->purchases[i];
    ident_write(out, &purchase->post.post_id);
    sink_char(out, ',');
    ident_write(out, &purchase->post.lead_id);
    sink_char(out, ',');
    clock_write_wall(out, purchase->post.settled_ms);
    sink_char(out, ',');
    csv_write(out, purchase->sale.campaign, false);
    sink_char(out, ',');
    csv_write(out, purchase->sale.contract, false);
    sink_char(out, ',');
    money_write(out, purchase->sale.sold.price_micros);
    sink_char(out, ',');
    sink_text(out, sale_state_name(purchase->sale.state));
    for (uint32_t k = 0; k < columns_count; k++) {
        sink_char(out, ',');
        if (page->contents[i].lead)
            write_value(out, &page->inquiry->arena, node_find_bytes(page->contents[i].lead, columns[k]));
    }
    sink_char(out, ',');
    write_value(out, &page->inquiry->arena, page->contents[i].consent);
    sink_text(out, "\r\n");
}

static bool write_table(const struct page *page)
{
    struct sink *out = &page->inquiry->out;
    struct bytes *columns = arena_zero(&page->inquiry->arena, COLUMNS_MAX, sizeof *columns);
    uint32_t count = columns ? find_columns(page, columns) : 0;
    page->inquiry->type = "text/csv; charset=utf-8; header=present";
    sink_text(out, "post_id,lead_id,sold_at,campaign,contract,price,status");
    for (uint32_t k = 0; k < count; k++) {
        sink_text(out, ",");
        csv_write(out, columns[k], false);
    }
    sink_text(out, ",consent\r\n");
    for (uint32_t i = 0; i < page->count && columns; i++) {
        size_t len = out->len;
        write_row(page, i, columns, count);
        if (!out->cut || i == 0) continue;
        out->len = len;
        out->cut = false;
        break;
    }
    return columns && !out->cut;
}

/* --- the page --- */

static enum fault read_page(struct inquiry *inquiry, struct reader *reader, struct page *page)
{
    struct reader_purchase *purchases = arena_zero(&inquiry->arena, inquiry->limit, sizeof *purchases);
    *page = (struct page){.inquiry = inquiry, .purchases = purchases};
    page->contents = arena_zero(&inquiry->arena, inquiry->limit, sizeof *page->contents);
    if (!purchases || !page->contents) return FAULT_MEMORY;
    enum fault fault = reader_purchases(reader, inquiry->owner, &inquiry->id, &inquiry->arena, purchases,
                                        inquiry->limit, &page->count);
    for (uint32_t i = 0; fault == FAULT_NONE && i < page->count; i++) {
        fault = read_content(inquiry, reader, &purchases[i].post.lead_id, &page->contents[i]);
        if (fault != FAULT_MEMORY || i == 0) continue;
        page->count = i; /* what memory there is for it is used up: the rest is another page */
        return FAULT_NONE;
    }
    return fault;
}

static void look_purchases(struct inquiry *inquiry, struct reader *reader)
{
    struct page page;
    inquiry->is_private = true;
    enum fault fault = read_page(inquiry, reader, &page);
    if (fault == FAULT_NONE && !(inquiry->takes_csv ? write_table : write_json)(&page)) fault = FAULT_MEMORY;
    if (fault == FAULT_NONE) return;
    inquiry->status = fault == FAULT_NOT_FOUND ? 404 : 503;
    inquiry->reason = fault == FAULT_NOT_FOUND ? REASON_NOT_FOUND : REASON_LEDGER_DOWN;
    inquiry->out.cut = false;
}

void buyer_leads(struct visit *visit)
{
    struct ident after;
    unsigned limit;
    if (visit_page(visit, "must be a post_id of a purchase, or next as the page before gave it", PAGE, PAGE_MAX, &after,
                   &limit))
        visit_inquire_page(visit, &after, limit, look_purchases, false, PAGE_ROOM);
}
