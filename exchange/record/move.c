/* A sale's row is written on the settle path: instants stand as distances to the first, and what is not there is a
 * zero. A tally has only the kinds it knows, behind a mask. */
#include "exchange/record/move.h"

#define MOVE_VERSION 1
#define ADJUSTMENT_VERSION 1

static const char *const kinds[MOVE_KIND_COUNT] = {"",       "sale",   "return", "void", "event", "payment",
                                                   "payout", "credit", "debit",  "loss", "clear"};

const char *move_kind_name(enum move_kind kind)
{
    return kinds[kind];
}

bool move_kind_read(struct bytes name, enum move_kind *kind)
{
    for (unsigned i = MOVE_SALE; i < MOVE_KIND_COUNT; i++) {
        if (!bytes_same(name, bytes_of(kinds[i]))) continue;
        *kind = (enum move_kind)i;
        return true;
    }
    return false;
}

static int64_t wrap_add(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

static void put_instant(struct sink *sink, int64_t instant_ms, int64_t from_ms)
{
    flat_put_signed(sink, (int64_t)((uint64_t)instant_ms - (uint64_t)from_ms));
}

static int64_t take_instant(struct flat *flat, int64_t from_ms)
{
    return wrap_add(flat_take_signed(flat), from_ms);
}

bool move_write(struct sink *sink, const struct move_record *move)
{
    bool has_sale = !ident_is_none(&move->sale_id), clears = move->clears_ms != 0;
    flat_put_head(sink, 'V', MOVE_VERSION);
    flat_put(sink, move->kind);
    flat_put(sink, has_sale);
    if (has_sale) flat_put_id(sink, &move->sale_id);
    flat_put_signed(sink, move->booked_ms);
    put_instant(sink, move->effective_ms, move->booked_ms);
    flat_put(sink, clears);
    if (clears) put_instant(sink, move->clears_ms, move->booked_ms);
    flat_put(sink, move->period);
    flat_put(sink, move->of_period);
    flat_put_text(sink, move->ref);
    flat_put_text(sink, move->note);
    flat_put(sink, move->legs_count);
    for (unsigned i = 0; i < move->legs_count; i++) {
        flat_put(sink, move->legs[i].account);
        flat_put_signed(sink, move->legs[i].micros);
    }
    return !sink->cut;
}

bool move_read(struct bytes bytes, struct move_record *move)
{
    struct flat flat = flat_over(bytes);
    *move = (struct move_record){0};
    flat_take_head(&flat, 'V', MOVE_VERSION);
    move->kind = (enum move_kind)flat_take_upto(&flat, MOVE_KIND_COUNT - 1);
    if (flat_take_flag(&flat)) {
        flat_take_id(&flat, &move->sale_id);
        if (ident_is_none(&move->sale_id)) flat.bad = true;
    }
    move->booked_ms = flat_take_signed(&flat);
    move->effective_ms = take_instant(&flat, move->booked_ms);
    if (flat_take_flag(&flat)) {
        move->clears_ms = take_instant(&flat, move->booked_ms);
        if (move->clears_ms == 0) flat.bad = true;
    }
    move->period = (uint32_t)flat_take_upto(&flat, UINT32_MAX);
    move->of_period = (uint32_t)flat_take_upto(&flat, UINT32_MAX);
    move->ref = flat_take_text(&flat);
    move->note = flat_take_text(&flat);
    move->legs_count = (unsigned)flat_take_upto(&flat, MOVE_LEGS_MAX);
    for (unsigned i = 0; i < move->legs_count; i++) {
        move->legs[i].account = (uint32_t)flat_take_upto(&flat, UINT32_MAX);
        move->legs[i].micros = flat_take_signed(&flat);
    }
    return flat_ends(&flat) && move->kind != 0;
}

void move_tally_add(struct move_tally *tally, enum move_kind kind, int64_t micros)
{
    tally->count++;
    tally->micros[kind] = wrap_add(tally->micros[kind], micros);
}

int64_t move_tally_sum(const struct move_tally *tally)
{
    int64_t sum = 0;
    for (unsigned i = MOVE_SALE; i < MOVE_KIND_COUNT; i++) sum = wrap_add(sum, tally->micros[i]);
    return sum;
}

static void put_tally(struct sink *sink, const struct move_tally *tally)
{
    unsigned mask = 0;
    for (unsigned i = MOVE_SALE; i < MOVE_KIND_COUNT; i++) mask |= (unsigned)(tally->micros[i] != 0) << i;
    flat_put(sink, tally->count);
    flat_put(sink, mask);
    for (unsigned i = MOVE_SALE; i < MOVE_KIND_COUNT; i++)
        if (mask & 1u << i) flat_put_signed(sink, tally->micros[i]);
}

static void take_tally(struct flat *flat, struct move_tally *tally)
{
    *tally = (struct move_tally){.count = flat_take(flat)};
    unsigned mask = (unsigned)flat_take_upto(flat, (1u << MOVE_KIND_COUNT) - 1);
    if (mask & 1) flat->bad = true; /* there is no kind 0 */
    for (unsigned i = MOVE_SALE; i < MOVE_KIND_COUNT; i++) {
        if (!(mask & 1u << i)) continue;
        tally->micros[i] = flat_take_signed(flat);
        if (tally->micros[i] == 0) flat->bad = true;
    }
}

bool move_write_tally(struct sink *sink, const struct move_tally *tally)
{
    put_tally(sink, tally);
    return !sink->cut;
}

bool move_read_tally(struct bytes bytes, struct move_tally *tally)
{
    struct flat flat = flat_over(bytes);
    take_tally(&flat, tally);
    return flat_ends(&flat);
}

bool move_write_line(struct sink *sink, const struct move_line *line)
{
    flat_put_signed(sink, line->micros);
    put_tally(sink, &line->tally);
    return !sink->cut;
}

bool move_read_line(struct bytes bytes, struct move_line *line)
{
    struct flat flat = flat_over(bytes);
    line->micros = flat_take_signed(&flat);
    take_tally(&flat, &line->tally);
    return flat_ends(&flat);
}

bool move_write_adjustment(struct sink *sink, const struct book_adjustment *adjustment)
{
    flat_put_head(sink, 'M', ADJUSTMENT_VERSION);
    flat_put(sink, adjustment->kind);
    flat_put_text(sink, adjustment->account);
    flat_put_signed(sink, adjustment->amount_micros);
    flat_put_signed(sink, adjustment->effective_ms);
    flat_put(sink, adjustment->effective_period);
    flat_put_text(sink, adjustment->ref);
    flat_put_text(sink, adjustment->note);
    return !sink->cut;
}

bool move_read_adjustment(struct bytes bytes, struct book_adjustment *adjustment)
{
    struct flat flat = flat_over(bytes);
    flat_take_head(&flat, 'M', ADJUSTMENT_VERSION);
    adjustment->kind = (enum move_kind)flat_take_upto(&flat, MOVE_KIND_COUNT - 1);
    adjustment->account = flat_take_text(&flat);
    adjustment->amount_micros = flat_take_signed(&flat);
    adjustment->effective_ms = flat_take_signed(&flat);
    adjustment->effective_period = (uint32_t)flat_take_upto(&flat, UINT32_MAX);
    adjustment->ref = flat_take_text(&flat);
    adjustment->note = flat_take_text(&flat);
    return flat_ends(&flat);
}
