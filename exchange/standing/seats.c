/* A hold counts as open in both pools, its contract's and its buyer's, because either may be pushed while it is out; a
 * seat is taken from at most one, the pool that counted at that instant. A push makes a new epoch: what was taken in an
 * older one has been subtracted already and is never given back into the new one.
 *
 * A push stores its seats before its signal, so that a reader who sees that seats are counted sees those of this push.
 * A pause comes with a bid, on a ping's path, and so takes no lock: it is two words, later pushes outrank it by their
 * stamp. */
#include "exchange/standing/seats.h"

#include "exchange/standing/cells.h"

#define SIGNAL_AVAILABLE UINT64_C(2)
#define SIGNAL_HAS_SEATS UINT64_C(1)
#define EXPIRES_US_MAX (INT64_MAX >> 2)

static uint64_t next_stamp(struct standing *standing)
{
    return atomic_fetch_add_explicit(&standing->stamp, 1, memory_order_acq_rel) + 1;
}

static void push(struct standing *standing, struct seat_pool *pool, bool available, int64_t seats, int64_t expires_us)
{
    int64_t free_seats = seats < SEATS_MAX ? seats : SEATS_MAX;
    if (expires_us < 0) expires_us = 0;
    if (expires_us > EXPIRES_US_MAX) expires_us = EXPIRES_US_MAX;
    pthread_mutex_lock(&standing->seats_lock);
    free_seats = free_seats > (int64_t)pool->open ? free_seats - (int64_t)pool->open : 0;
    if (++pool->epoch == 0) pool->epoch = 1;
    pool->sold = 0;
    atomic_store_explicit(&pool->free, (uint32_t)free_seats, memory_order_release);
    atomic_store_explicit(&pool->stamp, next_stamp(standing), memory_order_release);
    atomic_store_explicit(&pool->signal,
                          (uint64_t)expires_us << 2 | (available ? SIGNAL_AVAILABLE : 0) |
                              (seats >= 0 ? SIGNAL_HAS_SEATS : 0),
                          memory_order_release);
    pthread_mutex_unlock(&standing->seats_lock);
}

void seats_push_contract(struct standing *standing, uint32_t contract_cell, bool available, int64_t seats,
                         int64_t expires_us)
{
    push(standing, &contract_at(standing, contract_cell)->pool, available, seats, expires_us);
}

void seats_push_buyer(struct standing *standing, uint32_t buyer_cell, bool available, int64_t seats, int64_t expires_us)
{
    push(standing, &buyer_at(standing, buyer_cell)->pool, available, seats, expires_us);
}

void seats_pause(struct standing *standing, uint32_t contract_cell, int64_t until_us)
{
    struct seat_pool *pool = &contract_at(standing, contract_cell)->pool;
    atomic_store_explicit(&pool->pause_stamp, next_stamp(standing), memory_order_release);
    atomic_store_explicit(&pool->pause_until_us, until_us, memory_order_release);
}

/* A pool as it was read at one instant. */
struct heard {
    struct seat_pool *pool;
    uint64_t signal, stamp;
    bool fresh;
};

static struct heard hear(struct seat_pool *pool, int64_t now_us)
{
    struct heard heard = {.pool = pool};
    heard.signal = atomic_load_explicit(&pool->signal, memory_order_acquire);
    heard.stamp = atomic_load_explicit(&pool->stamp, memory_order_acquire);
    heard.fresh = (int64_t)(heard.signal >> 2) > now_us;
    return heard;
}

/* The later of the two that has not expired; else one that is not fresh. */
static struct heard hear_both(struct contract_cell *contract, struct buyer_cell *buyer, int64_t now_us)
{
    struct heard own = hear(&contract->pool, now_us), shared = hear(&buyer->pool, now_us);
    if (!own.fresh) return shared;
    return shared.fresh && shared.stamp > own.stamp ? shared : own;
}

void seats_read(struct standing *standing, uint32_t contract_cell, uint32_t buyer_cell, int64_t now_us,
                struct seat_signal *signal)
{
    struct contract_cell *contract = contract_at(standing, contract_cell);
    int64_t pause_until_us = atomic_load_explicit(&contract->pool.pause_until_us, memory_order_acquire);
    struct heard heard = hear_both(contract, buyer_at(standing, buyer_cell), now_us);
    *signal = (struct seat_signal){0};
    if (heard.fresh) {
        signal->pushed = true;
        signal->available = (heard.signal & SIGNAL_AVAILABLE) != 0;
        signal->has_seats = (heard.signal & SIGNAL_HAS_SEATS) != 0;
        signal->seats_free = signal->has_seats ? (int64_t)atomic_load_explicit(&heard.pool->free, memory_order_acquire)
                                               : 0;
        signal->expires_us = (int64_t)(heard.signal >> 2);
    }
    if (pause_until_us <= now_us) return;
    if (heard.fresh && heard.stamp > atomic_load_explicit(&contract->pool.pause_stamp, memory_order_acquire)) return;
    signal->pushed = true;
    signal->available = false;
    signal->expires_us = pause_until_us;
}

bool seats_take(struct standing *standing, uint32_t contract_cell, uint32_t buyer_cell, int64_t now_us,
                struct seat_hold *hold)
{
    struct contract_cell *contract = contract_at(standing, contract_cell);
    struct buyer_cell *buyer = buyer_at(standing, buyer_cell);
    *hold = SEAT_HOLD_NONE;
    pthread_mutex_lock(&standing->seats_lock);
    struct heard heard = hear_both(contract, buyer, now_us);
    bool counted = heard.fresh && (heard.signal & SIGNAL_HAS_SEATS) != 0;
    uint32_t free_seats = atomic_load_explicit(&heard.pool->free, memory_order_relaxed);
    bool taken = !counted || free_seats > 0;
    if (taken) {
        *hold = (struct seat_hold){contract_cell, buyer_cell, counted ? heard.pool->epoch : 0,
                                   heard.pool == &buyer->pool};
        if (counted) atomic_store_explicit(&heard.pool->free, free_seats - 1, memory_order_release);
        contract->pool.open++;
        buyer->pool.open++;
    }
    pthread_mutex_unlock(&standing->seats_lock);
    return taken;
}

static void end(struct standing *standing, const struct seat_hold *hold, bool gives_back)
{
    if (hold->contract_cell == STANDING_NONE) return;
    struct seat_pool *own = &contract_at(standing, hold->contract_cell)->pool;
    struct seat_pool *shared = &buyer_at(standing, hold->buyer_cell)->pool, *from = hold->of_buyer ? shared : own;
    pthread_mutex_lock(&standing->seats_lock);
    check(own->open > 0 && shared->open > 0, "contract cell %u", hold->contract_cell);
    own->open--;
    shared->open--;
    bool is_of_now = hold->epoch && hold->epoch == from->epoch;
    if (is_of_now && gives_back) atomic_fetch_add_explicit(&from->free, 1, memory_order_acq_rel);
    from->sold += is_of_now && !gives_back;
    pthread_mutex_unlock(&standing->seats_lock);
}

void seats_give(struct standing *standing, const struct seat_hold *hold)
{
    end(standing, hold, true);
}

void seats_keep(struct standing *standing, const struct seat_hold *hold)
{
    end(standing, hold, false);
}

void seats_vacate(struct standing *standing, uint32_t contract_cell, uint32_t buyer_cell, int64_t now_us)
{
    struct contract_cell *contract = contract_at(standing, contract_cell);
    struct buyer_cell *buyer = buyer_at(standing, buyer_cell);
    pthread_mutex_lock(&standing->seats_lock);
    struct heard heard = hear_both(contract, buyer, now_us);
    bool counted = heard.fresh && (heard.signal & SIGNAL_HAS_SEATS) != 0;
    if (counted && heard.pool->sold) {
        heard.pool->sold--;
        atomic_fetch_add_explicit(&heard.pool->free, 1, memory_order_acq_rel);
    }
    pthread_mutex_unlock(&standing->seats_lock);
}
