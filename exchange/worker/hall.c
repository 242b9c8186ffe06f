#include "exchange/worker/hall.h"

#include "exchange/worker/worker.h"

struct standing *hall_standing(struct hall *hall)
{
    holds_sweep(hall->holds, hall->standing, clock_now_us());
    return hall->standing;
}

struct catalogue *hall_catalogue(struct hall *hall)
{
    pthread_mutex_lock(&hall->lock);
    struct catalogue *catalogue = hall->catalogue;
    catalogue_take(catalogue);
    pthread_mutex_unlock(&hall->lock);
    return catalogue;
}

void hall_swap(struct hall *hall, struct catalogue *fresh)
{
    pthread_mutex_lock(&hall->lock);
    struct catalogue *stale = hall->catalogue;
    hall->catalogue = fresh;
    pthread_mutex_unlock(&hall->lock);
    hall_sweep(hall, false);
    if (stale && hall->retired_count < HALL_RETIRED_MAX)
        hall->retired[hall->retired_count++] = stale;
    else if (stale)
        catalogue_drop(&stale);
    for (unsigned i = 0; i < hall->workers_count; i++) worker_tell_catalogue(hall->workers[i]);
}

static void sweep_shelves(struct hall *hall, bool all)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < hall->retired_shelves_count; i++) {
        struct shelf *old = hall->retired_shelves[i];
        if (all || shelf_is_last(old))
            shelf_drop(&old);
        else
            hall->retired_shelves[kept++] = old;
    }
    hall->retired_shelves_count = kept;
}

bool hall_sweep(struct hall *hall, bool all)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < hall->retired_count; i++) {
        struct catalogue *old = hall->retired[i];
        if (all || catalogue_is_last(old))
            catalogue_drop(&old);
        else
            hall->retired[kept++] = old;
    }
    hall->retired_count = kept;
    sweep_shelves(hall, all);
    return kept > 0 || hall->retired_shelves_count > 0;
}

struct shelf *hall_shelf(struct hall *hall)
{
    pthread_mutex_lock(&hall->lock);
    struct shelf *shelf = hall->shelf;
    if (shelf) shelf_take(shelf);
    pthread_mutex_unlock(&hall->lock);
    return shelf;
}

void hall_swap_shelf(struct hall *hall, struct shelf *fresh)
{
    pthread_mutex_lock(&hall->lock);
    struct shelf *stale = hall->shelf;
    hall->shelf = fresh;
    pthread_mutex_unlock(&hall->lock);
    hall_sweep(hall, false);
    if (stale && hall->retired_shelves_count < HALL_RETIRED_MAX)
        hall->retired_shelves[hall->retired_shelves_count++] = stale;
    else
        shelf_drop(&stale);
    for (unsigned i = 0; i < hall->workers_count; i++) worker_tell_shelf(hall->workers[i]);
}

void hall_swap_tls(struct hall *hall, struct tls_context *server, struct tls_context *client)
{
    for (unsigned i = 0; i < hall->workers_count; i++) worker_tell_tls(hall->workers[i], server, client);
}

void hall_tally(struct hall *hall, struct tally *sum)
{
    tally_merge(sum, &hall->tally);
    for (unsigned i = 0; i < hall->workers_count; i++) tally_merge(sum, worker_tally(hall->workers[i]));
    tally_merge(sum, ledger_tally(hall->ledger));
}

unsigned hall_in_flight(struct hall *hall)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < hall->workers_count; i++) sum += worker_in_flight(hall->workers[i]);
    return sum;
}
