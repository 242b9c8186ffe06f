#include "tests/sim/rules.h"

#include <stdio.h>
#include <stdlib.h>

#include "exchange/market/seller.h"
#include "tests/sim/inside.h"
#include "tests/sim/purses.h"

#define SWEEP_MS 2000 /* by when a doubt has ended whose time is over */

static const char *spell(const struct ident *ident)
{
    static char texts[2][IDENT_TEXT + 1]; /* a sentence names two at most */
    static unsigned turn;
    turn = !turn;
    return ident_text(ident, texts[turn]);
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
        bool is_said = post->by == VERDICT_BY_OPERATOR || post->by == VERDICT_BY_BUYER;
        if (is_said && !world->options.rough) continue; /* in a play both may say what they like */
        const char *knows = town_knows(world->town, buyer,
                                       (struct bytes){ident_text(&post->post_id, text), IDENT_TEXT});
        bool took = knows[0] == 'a', refused = knows[0] == 'r';
        if (post->state == POST_OPEN) world_wrong(world, "a post is open and nobody waits for it: %s", text);
        bool is_silence = post->state == POST_REJECTED && post->reason == REASON_UNKNOWN; /* it agreed to mean no */
        bool is_void = post->state == POST_VOIDED;
        if (took && !is_silence && !is_void && post->state != POST_ACCEPTED && post->state != POST_UNKNOWN)
            world_wrong(world, "a buyer took post %s, the book says %s", text, post_state_name(post->state));
        if (!world->ledger_broken && model_ends_ms(post) < world_wall_ms(world) - SWEEP_MS)
            world_wrong(world, "the doubt about post %s is over and has not ended", text);
        if (refused && post->state == POST_ACCEPTED && post->by != VERDICT_BY_TIME)
            world_wrong(world, "a buyer is billed for post %s it refused", text);
    }
}

/* Never to more buyers than were to get it, never below the promise when all that was planned is sold, and a lead is
 * sold when it has a sale. */
static void check_sales(struct world *world, const struct model_lead *lead)
{
    const struct lead_record *record = &lead->record;
    unsigned sold = lead_slots_in(record, LEAD_SLOTS(POST_ACCEPTED));
    int64_t paid_micros = 0;
    for (unsigned i = 0; i < record->slots_count; i++)
        if (record->slots[i].is_used && record->slots[i].state == POST_ACCEPTED)
            paid_micros += record->slots[i].sale.payout_micros;
    world->counts.shared += sold > 1;
    if (sold != lead->sales || sold > record->offer.max_sales)
        world_wrong(world, "a lead was sold %u times, in %u slots of %u", lead->sales, sold, record->offer.max_sales);
    if (sold && sold == record->planned && paid_micros < record->offer.promise_micros)
        world_wrong(world, "lead %s was sold below its promise", spell(&record->lead_id));
    if ((record->state == LEAD_SOLD) != (sold > 0)) world_wrong(world, "sold, but no sale");
}

/* A test comes to what it asked for, and takes nothing. */
static void check_test(struct world *world, const struct model_lead *lead)
{
    const struct model *model = &world->model;
    enum rehearsal rehearsal = (enum rehearsal)lead->record.offer.rehearsal;
    unsigned posts = 0, states[POST_STATE_COUNT] = {0};
    bool is_ended = false; /* by an operator, who may say what it likes about a doubt, or by itself */
    for (uint32_t i = 0; i < model->posts_count; i++) {
        if (&model->leads[model->posts[i].lead] != lead) continue;
        posts++;
        states[model->posts[i].state]++;
        is_ended |= model->posts[i].by != VERDICT_BY_REPLY;
        if (model->posts[i].intent.keys_count) world_wrong(world, "a test took from a cap");
    }
    bool ends_early = rehearsal_is_of_ping(rehearsal) || rehearsal == REHEARSAL_DUPLICATE;
    if (ends_early && posts) world_wrong(world, "a test was posted that was to end before");
    if (is_ended) return;
    if (rehearsal == REHEARSAL_SOLD && states[POST_REJECTED])
        world_wrong(world, "a test was refused that was to be sold");
    if (rehearsal == REHEARSAL_UNSOLD && lead->sales) world_wrong(world, "a test was sold that was not to be");
    if (rehearsal == REHEARSAL_REJECTED_THEN_SOLD && lead->sales && !states[POST_REJECTED])
        world_wrong(world, "a test was sold at once that was to be refused first");
}

/* Exactly one end: what its posts say, each looked at anew. */
static void check_ends(struct world *world)
{
    const struct model *model = &world->model;
    bool(*any)[POST_STATE_COUNT] = calloc(model->leads_count + 1, sizeof *any);
    for (uint32_t i = 0; any && i < model->posts_count; i++) any[model->posts[i].lead][model->posts[i].state] = true;
    for (uint32_t i = 0; any && i < model->leads_count; i++) {
        enum lead_state end = any[i][POST_ACCEPTED] ? LEAD_SOLD : any[i][POST_UNKNOWN] ? LEAD_PENDING : LEAD_UNSOLD;
        if (model->leads[i].record.state != end)
            world_wrong(world, "lead %s has ended in another state than its posts",
                        spell(&model->leads[i].record.lead_id));
    }
    free(any);
}

static void check_leads(struct world *world)
{
    const struct model *model = &world->model;
    for (uint32_t i = 0; i < model->leads_count; i++) {
        const struct model_lead *lead = &model->leads[i];
        if (lead->record.state == LEAD_POSTING)
            world_wrong(world, "lead %s is posting and nobody is at it", spell(&lead->record.lead_id));
        if (lead->record.offer.rehearsal) check_test(world, lead);
        world_look(world, i);
        check_sales(world, lead);
    }
}

/* Once all offers have expired nothing is held for any; what they held is not counted any more (check_caps). */
static void check_holds(struct world *world)
{
    const struct catalogue *catalogue = world->catalogue;
    holds_sweep(world->holds, world->standing, INT64_MAX);
    for (uint32_t i = 0; i < catalogue->contracts_count; i++)
        if (holds_open_offers(world->standing, catalogue->contracts[i].cell))
            world_wrong(world, "an offer that is over holds a place");
}

/* Every reservation is committed, returned or held: what standing counts is what the book counts. Only the newest
 * window of a cap is still in standing. */
static void check_caps(struct world *world, bool exactly)
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
        if (exactly ? used != key->amount : used < key->amount)
            world_wrong(world, "a cap counts %u, the book %u", used, key->amount);
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

/* A person, as the lead spells it. */
struct who {
    unsigned phone, email; /* email: 1 more than it says; 0: none */
};

static struct who who_of(const struct model_lead *lead)
{
    static const char phone[] = "\"phone\":\"+1", email[] = "\"email\":\"" WORLD_CANARY_TEXT;
    struct who who = {0, 0};
    const char *found = lead->content.at ? strstr(lead->content.at, phone) : NULL;
    if (found) who.phone = (unsigned)strtoul(found + sizeof phone - 1, NULL, 10) / 10000000u;
    found = lead->content.at ? strstr(lead->content.at, email) : NULL;
    if (found) who.email = 1 + (unsigned)strtoul(found + sizeof email - 1, NULL, 10);
    return who;
}

static bool is_same(const struct duplicates *rule, struct who a, struct who b)
{
    bool phone = a.phone && a.phone == b.phone, email = a.email && a.email == b.email;
    return rule->match_all ? phone && email : phone || email;
}

/* Nobody is posted while another lead of the same person is open, in doubt, or counts as seen. */
static void check_pair(struct world *world, const struct duplicates *rule, const struct model_post *first,
                       const struct model_post *second)
{
    const struct contract *contract = catalogue_contract(world->catalogue, second->intent.contract);
    bool refused = first->state == POST_REJECTED || first->state == POST_VOIDED,
         open = first->state == POST_UNKNOWN || first->state == POST_OPEN;
    bool same_contract = contract && bytes_same(first->intent.contract, second->intent.contract);
    int64_t own_ms = same_contract && contract->people ? contract->people->duplicates_ms : 0;
    bool never = first->state == POST_FAILED;
    int64_t window_ms = never || (refused && !rule->counts_posted) ? 0 : rule->window_ms, memory_ms = 0;
    if (own_ms && !never && !(refused && !rule->counts_posted)) memory_ms = own_ms;
    if (same_contract && refused && rule->reject_memory_ms > memory_ms) memory_ms = rule->reject_memory_ms;
    bool applies = rule->window_ms || own_ms;
    if (memory_ms > window_ms) window_ms = memory_ms;
    if (!applies || first->lead == second->lead) return;
    if (open || second->opened_ms < first->settled_ms + window_ms)
        world_wrong(world, "post %s and post %s are of one person", spell(&first->post_id), spell(&second->post_id));
}

/* Of the lists random.c writes. */
static bool is_suppressed(struct who who)
{
    return who.phone == 212 || who.phone == 218 || who.email == 1 + 7;
}

/* in_list: customers only, or everybody else; on the list is every odd area code. */
static void check_listed(struct world *world, const struct contract *contract, struct who who)
{
    static const uint64_t all[LISTS_MAX / 64] = {~UINT64_C(0)};
    struct facts on = {.campaign = &world->catalogue->campaigns[0], .on_lists = all};
    bool wants_listed = filter_matches(contract->filter, &on), is_listed = who.phone % 2 == 1;
    if (wants_listed != is_listed) world_wrong(world, "a contract for listed people, or for others, got a wrong one");
}

/* Reloads change who is suppressed where, so only a world without one is held to it. */
static void check_suppressed(struct world *world, const struct who *who)
{
    const struct model *model = &world->model;
    const struct campaign *campaign = &world->catalogue->campaigns[0];
    for (uint32_t i = 0; i < model->posts_count && world->reloads == 0; i++) {
        const struct contract *contract = catalogue_contract(world->catalogue, model->posts[i].intent.contract);
        bool keeps_out = campaign->suppress.count || (contract && contract->people && contract->people->suppress.count);
        if (keeps_out && is_suppressed(who[i]))
            world_wrong(world, "post %s is of a suppressed person", spell(&model->posts[i].post_id));
        if (contract && contract->asks_list && contract->filter) check_listed(world, contract, who[i]);
    }
}

/* Among the sellers of the consent, as the lead spells them: a text, or a list of texts. */
static bool is_agreed_to(const struct model_lead *lead, struct bytes seller)
{
    char quoted[64];
    const char *sellers = lead->content.at ? strstr(lead->content.at, "\"sellers\":") : NULL;
    snprintf(quoted, sizeof quoted, "\"%.*s\"", (int)seller.len, seller.at);
    const char *found = sellers ? strstr(sellers, quoted) : NULL;
    return found && strcspn(sellers, "]}") > (size_t)(found - sellers);
}

/* Whose seller has to be named is the same after every reload. */
static void check_sellers(struct world *world)
{
    const struct model *model = &world->model;
    for (uint32_t i = 0; i < model->posts_count; i++) {
        const struct model_post *post = &model->posts[i];
        const struct contract *contract = catalogue_contract(world->catalogue, post->intent.contract);
        if (!contract || !contract->is_named) continue;
        if (!is_agreed_to(&model->leads[post->lead], contract->seller->name))
            world_wrong(world, "post %s is for a seller the consent does not name", spell(&post->post_id));
    }
}

static void check_people(struct world *world)
{
    const struct model *model = &world->model;
    const struct duplicates *rule = &world->catalogue->campaigns[0].duplicates;
    struct who *who = calloc(model->posts_count + 1, sizeof *who);
    for (uint32_t i = 0; who && i < model->posts_count; i++) who[i] = who_of(&model->leads[model->posts[i].lead]);
    for (uint32_t i = 0; who && i < model->posts_count; i++) {
        const struct model_lead *lead = &model->leads[model->posts[i].lead];
        if (lead->record.offer.rehearsal) who[i] = (struct who){0}; /* a test is about nobody */
    }
    for (uint32_t i = 0; who && i < model->posts_count; i++)
        for (uint32_t k = 0; k < i; k++)
            if (is_same(rule, who[k], who[i])) check_pair(world, rule, &model->posts[k], &model->posts[i]);
    if (who) check_suppressed(world, who);
    free(who);
}

void rules_check_broken(struct world *world)
{
    check_caps(world, false);
}

void rules_check(struct world *world)
{
    if (world->places.used) world_wrong(world, "%u auctions never closed", world->places.used);
    if (world->calls.used) world_wrong(world, "%u calls never ended", world->calls.used);
    check_answers(world);
    check_told(world);
    check_leads(world);
    check_ends(world);
    check_buyers(world);
    check_holds(world);
    if (!world->ledger_broken) check_caps(world, true);
    if (!world->ledger_broken) purses_check(world);
    check_load(world);
    if (world->options.rough) check_people(world);
    if (world->options.rough) check_sellers(world);
    if (world->options.rough) limits_check(world);
    if (model_balance(&world->model) != 0) world_wrong(world, "the sum over all accounts is not 0");
}
