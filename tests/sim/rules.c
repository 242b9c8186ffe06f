#include "tests/sim/rules.h"

#include "tests/sim/inside.h"

static const char *spell(const struct ident *ident)
{
    static char text[IDENT_TEXT + 1];
    return ident_text(ident, text);
}

/* Exactly one answer for every affiliate that stayed; none where the process died or the affiliate left. */
static void check_answers(struct world *world)
{
    for (uint32_t i = 0; i < world->requests_count; i++) {
        const struct world_request *request = &world->requests[i];
        unsigned ends = (unsigned)request->answered + (request->gone || request->died);
        if (ends == 0) world_wrong(world, "request %u was never answered", i);
        if (request->answered && request->gone) world_wrong(world, "request %u was answered and had gone", i);
    }
}

/* What was told stays true: a lead told sold is sold, one told unsold is never sold later. */
static void check_told(struct world *world)
{
    for (uint32_t i = 0; i < world->requests_count; i++) {
        const struct world_request *request = &world->requests[i];
        bool of_lead = request->answered && request->status >= ANSWER_SOLD && !ident_is_none(&request->lead_id);
        const struct model_lead *lead = of_lead ? model_lead(&world->model, &request->lead_id) : NULL;
        if (!of_lead) continue;
        if (!lead) {
            world_wrong(world, "an answered lead is not in the book: %s", spell(&request->lead_id));
            continue;
        }
        bool is_sold = lead->record.state == LEAD_SOLD, is_unsold = lead->record.state == LEAD_UNSOLD;
        if (request->status == ANSWER_SOLD && !is_sold) world_wrong(world, "told sold, but it is not");
        if (request->status == ANSWER_UNSOLD && !is_unsold) world_wrong(world, "told unsold, but it is not");
    }
}

/* The buyers' own memory: whoever took a lead has bought it or is in doubt; nobody is billed for one it refused. */
static void check_buyers(struct world *world)
{
    const struct model *model = &world->model;
    for (uint32_t i = 0; i < model->posts_count; i++) {
        const struct model_post *post = &model->posts[i];
        char text[IDENT_TEXT + 1];
        int buyer = town_find(world->town, post->intent.buyer);
        if (buyer < 0) continue;
        if (post->by_operator && !world->options.rough) continue; /* in a play an operator may say what it likes */
        const char *knows = town_knows(world->town, buyer,
                                       (struct bytes){ident_text(&post->post_id, text), IDENT_TEXT});
        bool took = knows[0] == 'a', refused = knows[0] == 'r';
        if (post->state == POST_OPEN) world_wrong(world, "a post is open and nobody waits for it: %s", text);
        bool is_silence = post->state == POST_REJECTED && post->reason == REASON_UNKNOWN; /* it agreed to mean no */
        if (took && !is_silence && post->state != POST_ACCEPTED && post->state != POST_UNKNOWN)
            world_wrong(world, "a buyer took post %s, the book says %s", text, post_state_name(post->state));
        if (refused && post->state == POST_ACCEPTED)
            world_wrong(world, "a buyer is billed for post %s it refused", text);
    }
}

static void check_leads(struct world *world)
{
    const struct model *model = &world->model;
    for (uint32_t i = 0; i < model->leads_count; i++) {
        const struct model_lead *lead = &model->leads[i];
        if (lead->record.state == LEAD_POSTING)
            world_wrong(world, "lead %s is posting and nobody is at it", spell(&lead->record.lead_id));
        if (lead->sales > 1) world_wrong(world, "a lead was sold %u times", lead->sales);
        if (lead->sales && lead->record.sale.payout_micros < lead->record.offer.promise_micros)
            world_wrong(world, "lead %s was sold below its promise", spell(&lead->record.lead_id));
        if ((lead->record.state == LEAD_SOLD) != (lead->sales == 1)) world_wrong(world, "sold, but no sale");
    }
}

/* Every reservation is committed, returned or held: what standing counts is what the book counts. Only the newest
 * window of a cap is still in standing. */
static void check_caps(struct world *world)
{
    const struct model *model = &world->model;
    for (uint32_t i = 0; i < model->caps_count; i++) {
        const struct book_cap_key *key = &model->caps[i].key;
        bool newest = true;
        for (uint32_t k = 0; k < model->caps_count; k++)
            newest &= memcmp(model->caps[k].key.id, key->id, 16) != 0 || model->caps[k].key.window <= key->window;
        if (!newest) continue;
        struct cap_id id;
        memcpy(id.at, key->id, sizeof id.at);
        uint32_t used = caps_used(world->standing, standing_cap_cell(world->standing, &id), key->window);
        /* A reservation that was given back before its intent may have moved the cell into a window the book has not
         * seen: then even nothing can no longer be taken from this one. */
        struct cap_key nothing = {
            .cell = standing_cap_cell(world->standing, &id), .window = key->window, .limit = UINT32_MAX};
        unsigned full;
        if (!caps_reserve(world->standing, &nothing, 1, &full)) continue;
        if (used != key->amount) world_wrong(world, "a cap counts %u, the book %u", used, key->amount);
    }
}

static void check_load(struct world *world)
{
    const struct catalogue *catalogue = world->catalogue;
    for (uint32_t i = 0; i < catalogue->buyers_count; i++)
        if (rates_in_flight(world->standing, catalogue->buyers[i].cell))
            world_wrong(world, "calls of a buyer are counted in flight, and none is");
    if (world->counts.calls != world->counts.calls_ended)
        world_wrong(world, "%llu calls began, %llu ended", (unsigned long long)world->counts.calls,
                    (unsigned long long)world->counts.calls_ended);
    uint64_t ended = world->counts.committed + world->counts.released + world->counts.kept;
    if (world->counts.reserved != ended)
        world_wrong(world, "%llu reservations, %llu ended", (unsigned long long)world->counts.reserved,
                    (unsigned long long)ended);
}

void rules_check(struct world *world)
{
    if (world->places.used) world_wrong(world, "%u auctions never closed", world->places.used);
    if (world->calls.used) world_wrong(world, "%u calls never ended", world->calls.used);
    check_answers(world);
    check_told(world);
    check_leads(world);
    check_buyers(world);
    if (!world->ledger_broken) check_caps(world);
    check_load(world);
    if (model_balance(&world->model) != 0) world_wrong(world, "the sum over all accounts is not 0");
}
