/* One writer, so a count goes up by a load and a store: no locked instruction on the path of a ping. */
#include "exchange/base/tally.h"

static const struct {
    const char *metric, *help;
} names[TALLY_COUNT] = {
#define X(name, metric, help) {#metric, help},
    TALLIES(X)
#undef X
};

static void raise_count(_Atomic uint64_t *count, uint64_t by)
{
    if (by) atomic_store_explicit(count, atomic_load_explicit(count, memory_order_relaxed) + by, memory_order_relaxed);
}

/* Wraps rather than overflows: a sum shown to people, not an account. */
static void raise_sum(_Atomic int64_t *sum, int64_t by)
{
    uint64_t now = (uint64_t)atomic_load_explicit(sum, memory_order_relaxed) + (uint64_t)by;
    atomic_store_explicit(sum, (int64_t)now, memory_order_relaxed);
}

void tally_add(struct tally *tally, enum tally_name name, uint64_t by)
{
    raise_count(&tally->counts[name], by);
}

void tally_reason(struct tally *tally, enum reason reason)
{
    raise_count(&tally->reasons[reason], 1);
}

void tally_sale(struct tally *tally, int64_t price_micros, int64_t payout_micros, int64_t margin_micros)
{
    raise_sum(&tally->revenue_micros, price_micros);
    raise_sum(&tally->payout_micros, payout_micros);
    raise_sum(&tally->margin_micros, margin_micros);
}

void tally_merge(struct tally *into, const struct tally *from)
{
    for (unsigned i = 0; i < TALLY_COUNT; i++)
        raise_count(&into->counts[i], atomic_load_explicit(&from->counts[i], memory_order_relaxed));
    for (unsigned i = 0; i < REASON_COUNT; i++)
        raise_count(&into->reasons[i], atomic_load_explicit(&from->reasons[i], memory_order_relaxed));
    tally_sale(into, atomic_load_explicit(&from->revenue_micros, memory_order_relaxed),
               atomic_load_explicit(&from->payout_micros, memory_order_relaxed),
               atomic_load_explicit(&from->margin_micros, memory_order_relaxed));
    histogram_merge(&into->ping_us, &from->ping_us);
    histogram_merge(&into->post_us, &from->post_us);
    histogram_merge(&into->lead_us, &from->lead_us);
    histogram_merge(&into->added_us, &from->added_us);
}

const char *tally_metric(enum tally_name name)
{
    return names[name].metric;
}

const char *tally_help(enum tally_name name)
{
    return names[name].help;
}
