/* Slow on purpose: every look adds up everything. */
#include "tests/sim/purses.h"

#include "tests/sim/inside.h"

static bool is_held(const struct model *model, const struct model_post *post)
{
    bool is_test = model->leads[post->lead].record.offer.rehearsal != 0;
    return !is_test && (post->state == POST_OPEN || post->state == POST_UNKNOWN);
}

static uint32_t cell_of(struct world *world, struct bytes buyer)
{
    return standing_buyer_cell(world->standing, buyer);
}

void purses_publish(struct world *world, const struct book_step *step)
{
    const struct model_lead *lead = model_lead(&world->model, &step->lead_id);
    if (!lead || lead->record.offer.rehearsal) return;
    bool is_lost = world->sabotage == SABOTAGE_PURSE && queue_draw(&world->queue, 20) == 0;
    for (unsigned i = 0; i < step->verdicts_count && !is_lost; i++) {
        const struct model_post *post = model_post(&world->model, &step->verdicts[i].post_id);
        if (!post || !is_held(&world->model, post) || step->verdicts[i].state == POST_UNKNOWN) continue;
        funds_change(world->standing, cell_of(world, post->intent.buyer), post->intent.price_micros);
    }
    for (unsigned i = 0; i < step->sales_count; i++)
        funds_change(world->standing, cell_of(world, step->sales[i].buyer), -step->sales[i].price_micros);
}

int64_t purses_left(const struct model *model, struct bytes buyer)
{
    int64_t left = 0;
    for (uint32_t i = 0; i < model->accounts_count; i++) {
        struct bytes name = model->accounts[i].name;
        if (bytes_starts(name, BYTES("buyer:")) && bytes_same(bytes_from(name, 6), buyer))
            left += model->accounts[i].micros;
    }
    for (uint32_t i = 0; i < model->posts_count; i++)
        if (bytes_same(model->posts[i].intent.buyer, buyer) && is_held(model, &model->posts[i]))
            left -= model->posts[i].intent.price_micros;
    return left;
}

/* Under another catalogue than it was asked under an intent is none of these limits. */
void purses_check_step(struct world *world, const struct book_step *step)
{
    const struct model_lead *lead = model_lead(&world->model, &step->lead_id);
    if (!lead || lead->record.offer.rehearsal || world->reloads) return;
    for (unsigned i = 0; i < step->intents_count; i++) {
        const struct buyer *buyer = catalogue_buyer(world->catalogue, step->intents[i].buyer);
        if (!buyer || !buyer->purse.is_limited) continue;
        int64_t left = purse_left(&buyer->purse, purses_left(&world->model, buyer->id));
        world->counts.purses++;
        if (left < 0) world_wrong(world, "a buyer may lose %lld more than it has", (long long)-left);
    }
}

void purses_restore(struct world *world)
{
    const struct model *model = &world->model;
    for (uint32_t i = 0; i < model->accounts_count; i++) {
        struct bytes name = model->accounts[i].name;
        if (bytes_starts(name, BYTES("buyer:")))
            funds_change(world->standing, cell_of(world, bytes_from(name, 6)), model->accounts[i].micros);
    }
    for (uint32_t i = 0; i < model->posts_count; i++)
        if (is_held(model, &model->posts[i]))
            funds_change(world->standing, cell_of(world, model->posts[i].intent.buyer),
                         -model->posts[i].intent.price_micros);
}

void purses_check(struct world *world)
{
    const struct catalogue *catalogue = world->catalogue;
    for (uint32_t i = 0; i < catalogue->buyers_count; i++) {
        const struct buyer *buyer = &catalogue->buyers[i];
        int64_t has = funds_left(world->standing, buyer->cell), books = purses_left(&world->model, buyer->id);
        if (has != books)
            world_wrong(world, "buyer %.*s has %lld left, by the book %lld", (int)buyer->id.len, buyer->id.at,
                        (long long)has, (long long)books);
    }
}
