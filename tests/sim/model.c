#include "tests/sim/model.h"

#include <stdlib.h>

#include "exchange/market/acceptance.h"
#include "exchange/standing/caps.h"
#include "protocol/base/check.h"

#define ARENA_BYTES_MAX ((size_t)4 << 30)

void model_open(struct model *model)
{
    *model = (struct model){0};
    arena_init(&model->arena, 1 << 16, ARENA_BYTES_MAX);
}

void model_close(struct model *model)
{
    struct table *tables[] = {&model->lead_ids, &model->ping_ids, &model->keys,
                              &model->post_ids, &model->cap_ids,  &model->account_names};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) table_free(tables[i]);
    free(model->leads);
    free(model->posts);
    free(model->caps);
    free(model->accounts);
    free(model->learned);
    arena_free(&model->arena);
}

/* A new, zeroed row at the end of a growing list. */
static void *grow(void **list, uint32_t *count, uint32_t *room, size_t size)
{
    if (*count == *room) {
        *room = *room ? *room * 2 : 64;
        *list = realloc(*list, *room * size);
        check(*list != NULL);
    }
    void *row = (char *)*list + (*count)++ * size;
    memset(row, 0, size);
    return row;
}

#define GROW(model, rows)                                                                                              \
    grow((void **)&(model)->rows, &(model)->rows##_count, &(model)->rows##_room, sizeof *(model)->rows)

static struct bytes keep(struct model *model, struct bytes text)
{
    if (!text.len) return BYTES_NONE;
    struct bytes copy = arena_copy(&model->arena, text);
    check(copy.at != NULL);
    return copy;
}

static void enter(struct model *model, struct table *table, struct bytes key, uint32_t value)
{
    check(table_put(table, keep(model, key), value) == FAULT_NONE);
}

static struct bytes key_bytes(const struct digest *key)
{
    return (struct bytes){(const char *)key->at, DIGEST_LEN};
}

struct model_lead *model_lead(const struct model *model, const struct ident *lead_id)
{
    uint32_t at = table_find(&model->lead_ids, ident_bytes(lead_id));
    return at == TABLE_NONE ? NULL : &model->leads[at];
}

struct model_lead *model_lead_of_ping(const struct model *model, const struct ident *ping_id)
{
    uint32_t at = table_find(&model->ping_ids, ident_bytes(ping_id));
    return at == TABLE_NONE ? NULL : &model->leads[at];
}

struct model_lead *model_lead_of_key(const struct model *model, const struct digest *key)
{
    uint32_t at = table_find(&model->keys, key_bytes(key));
    return at == TABLE_NONE ? NULL : &model->leads[at];
}

struct model_post *model_post(const struct model *model, const struct ident *post_id)
{
    uint32_t at = table_find(&model->post_ids, ident_bytes(post_id));
    return at == TABLE_NONE ? NULL : &model->posts[at];
}

static bool is_of(const struct model_post *post, const struct person_key *key)
{
    for (uint32_t i = 0; i < post->keys.count; i++)
        if (memcmp(post->keys.list[i].at, key->at, PERSON_KEY_LEN) == 0) return true;
    return false;
}

uint32_t model_encounters(const struct model *model, const struct person_keys *keys, struct encounter *list)
{
    static const enum encounter_state states[POST_STATE_COUNT] = {
        [POST_ACCEPTED] = ENCOUNTER_SOLD, [POST_REJECTED] = ENCOUNTER_REFUSED, [POST_VOIDED] = ENCOUNTER_REFUSED};
    uint32_t count = 0;
    for (uint32_t i = 0; i < model->posts_count; i++) {
        const struct model_post *post = &model->posts[i];
        const struct lead_record *lead = &model->leads[post->lead].record;
        bool is_settled = post->state != POST_OPEN && post->state != POST_UNKNOWN;
        for (uint32_t k = 0; k < keys->count && count < MODEL_ENCOUNTERS_MAX && post->state != POST_FAILED; k++)
            if (is_of(post, &keys->list[k]))
                list[count++] = (struct encounter){.post_id = post->post_id,
                                                   .lead_id = lead->lead_id,
                                                   .state = states[post->state],
                                                   .kind = keys->list[k].kind,
                                                   .at_ms = is_settled ? post->settled_ms : post->opened_ms,
                                                   .campaign = lead->campaign,
                                                   .contract = post->intent.contract};
    }
    return count;
}

/* Caps and accounts ------------------------------------------------------------------------------------------------ */

static struct bytes cap_name(const uint8_t id[16], uint32_t window, char name[20])
{
    memcpy(name, id, 16);
    memcpy(name + 16, &window, 4);
    return (struct bytes){name, 20};
}

uint32_t model_used(const struct model *model, const uint8_t id[16], uint32_t window)
{
    char name[20];
    uint32_t at = table_find(&model->cap_ids, cap_name(id, window, name));
    return at == TABLE_NONE ? 0 : model->caps[at].key.amount;
}

/* What an intent takes (OPEN), and what the end of its post does to that. */
static bool moves(const struct book_cap_key *key, enum post_state state)
{
    static const bool moves_at[CAP_STAYS][POST_STATE_COUNT] = {
        [CAP_HELD] = {[POST_OPEN] = true, [POST_REJECTED] = true, [POST_FAILED] = true, [POST_VOIDED] = true},
        [CAP_SPENT] = {[POST_OPEN] = true, [POST_FAILED] = true},
        [CAP_COUNTED] = {[POST_ACCEPTED] = true},
    };
    return moves_at[key->stay][state];
}

static bool count_caps(struct model *model, const struct book_intent *intent, enum post_state state)
{
    bool takes = state == POST_OPEN || state == POST_ACCEPTED;
    for (unsigned i = 0; i < intent->keys_count; i++) {
        const struct book_cap_key *key = &intent->keys[i];
        if (!moves(key, state)) continue;
        char name[20];
        struct bytes id = cap_name(key->id, key->window, name);
        uint32_t at = table_find(&model->cap_ids, id);
        if (at == TABLE_NONE) {
            at = model->caps_count;
            struct model_cap *cap = GROW(model, caps);
            cap->key = *key;
            cap->key.amount = 0;
            enter(model, &model->cap_ids, id, at);
        }
        struct model_cap *cap = &model->caps[at];
        if (!takes && model->forgets_releases) continue;
        if (!takes && cap->key.amount < key->amount) return false;
        cap->key.amount = takes ? cap->key.amount + key->amount : cap->key.amount - key->amount;
        if (cap->key.amount > cap->used_max) cap->used_max = cap->key.amount;
    }
    return true;
}

static void move(struct model *model, const char *kind, struct bytes id, const char *part, int64_t micros)
{
    char text[300];
    struct sink name = sink_over(text, sizeof text);
    sink_text(&name, kind);
    sink_bytes(&name, id);
    sink_text(&name, part);
    check(!name.cut);
    uint32_t at = table_find(&model->account_names, sink_written(&name));
    if (at == TABLE_NONE) {
        at = model->accounts_count;
        struct model_account *account = GROW(model, accounts);
        account->name = keep(model, sink_written(&name));
        check(table_put(&model->account_names, account->name, at) == FAULT_NONE);
    }
    model->accounts[at].micros += micros;
}

void model_pay(struct model *model, struct bytes buyer, int64_t micros)
{
    move(model, "buyer:", buyer, "", micros);
    move(model, "external:cash", BYTES_NONE, "", -micros);
    model->seq++;
    if (model->witness.on_pay) model->witness.on_pay(model->witness.arg, buyer, micros);
}

int64_t model_balance(const struct model *model)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < model->accounts_count; i++) sum += model->accounts[i].micros;
    return sum;
}

/* The parts of a step, in their order ------------------------------------------------------------------------------ */

static void keep_offer(struct model *model, struct offer *offer)
{
    struct bytes *texts[] = {&offer->affiliate, &offer->campaign, &offer->source,      &offer->channel, &offer->ref,
                             &offer->click_id,  &offer->sub_ids,  &offer->public_json, &offer->excluded};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) *texts[i] = keep(model, *texts[i]);
    for (uint32_t i = 0; i < offer->candidates_count; i++) {
        offer->candidates[i].contract = keep(model, offer->candidates[i].contract);
        offer->candidates[i].bid_id = keep(model, offer->candidates[i].bid_id);
    }
}

static const char *apply_opening(struct model *model, const struct book_step *step)
{
    const struct book_opening *opening = step->opening;
    if (model_lead(model, &step->lead_id)) return "a lead was opened twice";
    if (model_lead_of_ping(model, &step->ping_id)) return "one ping became two leads";
    for (uint32_t i = 0; i < opening->offer.past.ancestors_count; i++)
        if (model_lead_of_ping(model, &opening->offer.past.ancestors[i]))
            return "one lineage of pings became two leads";
    const struct model_lead *before = opening->has_key ? model_lead_of_key(model, &opening->key) : NULL;
    int64_t keep_ms = step->seen ? step->seen->key_keep_ms : 0;
    if (before && (keep_ms == 0 || before->record.created_ms + keep_ms > step->wall_ms))
        return "one key became two leads";
    uint32_t at = model->leads_count;
    struct model_lead *lead = GROW(model, leads);
    lead->record = (struct lead_record){.lead_id = step->lead_id,
                                        .ping_id = step->ping_id,
                                        .state = LEAD_POSTING,
                                        .created_ms = step->wall_ms,
                                        .affiliate = keep(model, opening->affiliate),
                                        .campaign = keep(model, opening->campaign),
                                        .source = keep(model, opening->source),
                                        .channel = keep(model, opening->channel),
                                        .ref = keep(model, opening->ref),
                                        .click_id = keep(model, opening->click_id),
                                        .sub_ids = keep(model, opening->sub_ids),
                                        .document = opening->document,
                                        .is_one_call = opening->is_one_call,
                                        .offer = opening->offer};
    keep_offer(model, &lead->record.offer);
    lead->is_running = true;
    lead->content = keep(model, opening->content);
    enter(model, &model->lead_ids, ident_bytes(&step->lead_id), at);
    enter(model, &model->ping_ids, ident_bytes(&step->ping_id), at);
    for (uint32_t i = 0; i < opening->offer.past.ancestors_count; i++)
        enter(model, &model->ping_ids, ident_bytes(&opening->offer.past.ancestors[i]), at);
    if (opening->has_key) enter(model, &model->keys, key_bytes(&opening->key), at);
    return NULL;
}

static struct lead_slot *slot_of(struct model *model, struct model_lead *lead, const struct ident *post_id)
{
    const struct model_post *post = model_post(model, post_id);
    struct lead_slot *slot = post ? &lead->record.slots[post->intent.slot] : NULL;
    return slot && ident_same(&slot->post_id, post_id) ? slot : NULL;
}

/* What is known of the contract from now on: a doubt counts against it, and for it once it turns out accepted. */
static void learn(struct model *model, const struct model_post *post, bool was_open, int64_t wall_ms)
{
    uint32_t at = 0;
    if (post->state == POST_FAILED || (!was_open && post->state != POST_ACCEPTED)) return;
    while (at < model->learned_count && !bytes_same(model->learned[at].contract, post->intent.contract)) at++;
    if (at == model->learned_count) {
        struct model_learned *fresh = GROW(model, learned);
        fresh->contract = keep(model, post->intent.contract);
    }
    model->learned[at].word = acceptance_after(model->learned[at].word, post->state == POST_ACCEPTED, wall_ms);
}

/* The doubt's end came, and it is no sale then. */
static bool is_end_of_time(const struct model_post *post, const struct book_verdict *verdict)
{
    return verdict->by == VERDICT_BY_TIME && post->intent.doubt.then == DOUBT_VOIDS;
}

static const char *apply_verdict(struct model *model, struct model_lead *lead, const struct book_verdict *verdict,
                                 int64_t wall_ms)
{
    struct model_post *post = model_post(model, &verdict->post_id);
    struct lead_slot *slot = slot_of(model, lead, &verdict->post_id);
    if (!post || &model->leads[post->lead] != lead || !slot) return "a verdict on a post this lead does not have";
    bool is_of_story = verdict->by == VERDICT_BY_REPLY || verdict->by == VERDICT_BY_RELEASE;
    if (post->state != (is_of_story ? POST_OPEN : POST_UNKNOWN)) return "a second verdict on one post";
    if ((verdict->state == POST_VOIDED) != (verdict->by == VERDICT_BY_RELEASE || is_end_of_time(post, verdict)))
        return "a post is given up for no reason";
    if (verdict->state == POST_OPEN) return "a verdict that is none";
    bool was_counted = post->state == POST_UNKNOWN, counts = verdict->state != POST_FAILED;
    post->state = verdict->state;
    learn(model, post, !was_counted, wall_ms);
    post->reason = verdict->reason;
    post->by = verdict->by;
    post->named_micros = verdict->named_price_micros;
    post->settled_ms = wall_ms;
    slot->posts_sent += counts && !was_counted;
    slot->state = verdict->state;
    if (verdict->buyer_lead_id.len) slot->buyer_lead_id = keep(model, verdict->buyer_lead_id);
    if (!count_caps(model, &post->intent, verdict->state)) return "more given back to a cap than was taken";
    return NULL;
}

/* Of a slot whose latest post is in that state nobody has the lead. */
static bool is_free(enum post_state state)
{
    return state == POST_REJECTED || state == POST_FAILED || state == POST_VOIDED;
}

/* Who has it, may have it or is being asked. */
static unsigned holders(const struct lead_record *record, unsigned *most)
{
    unsigned count = 0;
    *most = UINT32_MAX;
    for (unsigned i = 0; i < record->slots_count; i++) {
        const struct lead_slot *slot = &record->slots[i];
        if (!slot->is_used || is_free(slot->state)) continue;
        if (slot->max_sold < *most) *most = slot->max_sold;
        count++;
    }
    return count;
}

static const char *apply_intent(struct model *model, struct model_lead *lead, const struct book_step *step,
                                const struct book_intent *intent)
{
    uint32_t lead_at = (uint32_t)(lead - model->leads), at = model->posts_count;
    struct lead_slot *slot = &lead->record.slots[intent->slot];
    unsigned most;
    if (slot->is_used && !is_free(slot->state)) return "a slot is posted to a second buyer while the first may have it";
    if (model_post(model, &intent->post_id)) return "a post id was used twice";
    if (lead->record.tried & UINT64_C(1) << intent->candidate) return "a leg is posted to twice";
    struct model_post *post = GROW(model, posts);
    *post = (struct model_post){.post_id = intent->post_id, .lead = lead_at, .state = POST_OPEN, .intent = *intent};
    if (step->seen) post->keys = step->seen->keys;
    post->opened_ms = step->wall_ms;
    post->intent.contract = keep(model, intent->contract);
    post->intent.buyer = keep(model, intent->buyer);
    post->intent.bid_id = keep(model, intent->bid_id);
    enter(model, &model->post_ids, ident_bytes(&intent->post_id), at);
    *slot = (struct lead_slot){.is_used = true,
                               .post_id = intent->post_id,
                               .candidate = intent->candidate,
                               .max_sold = intent->max_sold,
                               .posts_sent = slot->posts_sent,
                               .sale = {.sale_id = intent->post_id,
                                        .post_id = intent->post_id,
                                        .contract = post->intent.contract,
                                        .buyer = post->intent.buyer,
                                        .price_micros = intent->price_micros,
                                        .payout_micros = intent->payout_micros,
                                        .margin_micros = intent->price_micros - intent->payout_micros,
                                        .margin_rule = intent->margin_rule}};
    if (intent->slot >= lead->record.slots_count) lead->record.slots_count = intent->slot + 1;
    for (unsigned i = 0; i < step->afters_count; i++)
        if (ident_same(&step->afters[i].post_id, &intent->post_id))
            model_post(model, &intent->post_id)->is_later = step->afters[i].pays_at != STAGE_NONE;
    if (holders(&lead->record, &most) > most) return "more buyers may have a lead than a leg allows";
    lead->record.planned = intent->planned;
    lead->record.tried |= UINT64_C(1) << intent->candidate;
    lead->goes_on = false;
    lead->is_running = true;
    lead->intents++;
    count_caps(model, intent, POST_OPEN);
    return NULL;
}

static const char *apply_sale(struct model *model, struct model_lead *lead, const struct book_sale *sale)
{
    const struct model_post *post = model_post(model, &sale->post_id);
    struct lead_slot *slot = slot_of(model, lead, &sale->post_id);
    if (!post || !slot || post->state != POST_ACCEPTED) return "a sale without an accepted post";
    if (!bytes_same(post->intent.contract, sale->contract)) return "sold to another contract than was posted to";
    bool is_agreed = post->intent.price_micros == sale->price_micros &&
                     post->intent.payout_micros == sale->payout_micros;
    bool is_lower = post->named_micros >= 0 && post->named_micros <= sale->price_micros &&
                    sale->price_micros < post->intent.price_micros && sale->payout_micros <= post->intent.payout_micros;
    if (post->is_later) is_agreed = sale->price_micros == 0 && sale->payout_micros == 0;
    if (!is_agreed && (!is_lower || post->is_later)) return "sold at another price than was intended or named";
    if (sale->price_micros != sale->payout_micros + sale->margin_micros) return "a sale whose parts are not the whole";
    lead->sales++;
    slot->sale = *sale;
    slot->sale.contract = keep(model, sale->contract);
    slot->sale.buyer = keep(model, sale->buyer);
    slot->sale.redirect_url = keep(model, sale->redirect_url);
    if (lead->record.offer.rehearsal) return NULL; /* of a test no money moves */
    move(model, "buyer:", sale->buyer, "", -sale->price_micros);
    if (!model->loses_leg) move(model, "affiliate:", lead->record.affiliate, ":uncleared", sale->payout_micros);
    move(model, sale->margin_micros < 0 ? "house:loss" : "house:margin", BYTES_NONE, "", sale->margin_micros);
    return NULL;
}

/* What its slots say, and whether its story is over. */
static enum lead_state state_of(const struct model_lead *lead)
{
    bool any[POST_STATE_COUNT] = {false};
    for (unsigned i = 0; i < lead->record.slots_count; i++)
        if (lead->record.slots[i].is_used) any[lead->record.slots[i].state] = true;
    if (any[POST_ACCEPTED]) return LEAD_SOLD;
    if (any[POST_OPEN]) return LEAD_POSTING;
    if (any[POST_UNKNOWN]) return LEAD_PENDING;
    return lead->is_running || lead->goes_on ? LEAD_POSTING : LEAD_UNSOLD;
}

static const char *apply_final(struct model *model, struct model_lead *lead, const struct book_step *step)
{
    const struct book_final *final = step->final;
    lead->is_running = false;
    lead->goes_on = final->goes_on;
    enum lead_state state = state_of(lead);
    if ((final->state == LEAD_SOLD || final->state == LEAD_UNSOLD) && state != final->state)
        return "a story ends with another state than its posts";
    lead->record.text = state == LEAD_UNSOLD ? keep(model, final->text) : BYTES_NONE;
    lead->record.reason = state == LEAD_UNSOLD ? final->reason ? final->reason : REASON_REJECTED : REASON_NONE;
    return NULL;
}

static void note_rest(struct model_lead *lead)
{
    bool is_over = !lead->is_running && !lead->goes_on;
    bool in_doubt = lead_slots_in(&lead->record, LEAD_SLOTS(POST_UNKNOWN)) > 0;
    lead->was_pending |= is_over && in_doubt;
    lead->is_settled = is_over && !in_doubt && !lead_slots_in(&lead->record, LEAD_SLOTS(POST_OPEN));
}

/* The state of a lead once that post of it is in that state. */
static enum lead_state state_with(const struct lead_record *record, const struct ident *post_id, enum post_state state)
{
    struct lead_record after = *record;
    for (unsigned i = 0; i < after.slots_count; i++)
        if (ident_same(&after.slots[i].post_id, post_id)) after.slots[i].state = state;
    return lead_state_of(&after);
}

const char *model_apply(struct model *model, const struct book_step *step)
{
    const char *wrong = step->opening ? apply_opening(model, step) : NULL;
    struct model_lead *lead = model_lead(model, &step->lead_id);
    if (!wrong && !lead) wrong = "a step of a lead that was never opened";
    bool was_sold = lead && lead->record.state == LEAD_SOLD, was_unsold = lead && lead->record.state == LEAD_UNSOLD;
    if (was_unsold) wrong = "a lead that had ended moved again";
    for (unsigned i = 0; !wrong && i < step->verdicts_count; i++)
        wrong = apply_verdict(model, lead, &step->verdicts[i], step->wall_ms);
    for (unsigned i = 0; !wrong && i < step->sales_count; i++) wrong = apply_sale(model, lead, &step->sales[i]);
    for (unsigned i = 0; !wrong && i < step->intents_count; i++)
        wrong = apply_intent(model, lead, step, &step->intents[i]);
    if (!wrong && step->final) wrong = apply_final(model, lead, step);
    if (!wrong) lead->record.state = state_of(lead);
    if (!wrong && was_sold && lead->record.state != LEAD_SOLD) wrong = "a sold lead is not sold any more";
    if (!wrong) lead->record.updated_ms = step->wall_ms;
    if (!wrong) note_rest(lead);
    model->seq++;
    if (!wrong && model->witness.on_step) model->witness.on_step(model->witness.arg, step);
    return wrong;
}

/* Without a story ----------------------------------------------------------------------------------------------------
 */

uint32_t model_restart(struct model *model, int64_t wall_ms)
{
    uint32_t doubts = 0;
    for (uint32_t i = 0; i < model->posts_count; i++) {
        struct model_post *post = &model->posts[i];
        if (post->state != POST_OPEN) continue;
        bool is_void = post->intent.doubt.then == DOUBT_RELEASES;
        struct book_verdict verdict = {.post_id = post->post_id,
                                       .named_price_micros = -1,
                                       .state = is_void ? POST_VOIDED : POST_UNKNOWN,
                                       .reason = is_void ? REASON_VOIDED : REASON_UNKNOWN,
                                       .by = is_void ? VERDICT_BY_RELEASE : VERDICT_BY_REPLY};
        model->leads[post->lead].is_running = false;
        struct lead_record *record = &model->leads[post->lead].record;
        struct book_step step = {.lead_id = record->lead_id,
                                 .ping_id = record->ping_id,
                                 .wall_ms = wall_ms,
                                 .verdicts = &verdict,
                                 .verdicts_count = 1};
        struct book_final final = {.state = state_with(record, &post->post_id, verdict.state)};
        if (final.state == LEAD_UNSOLD) final.reason = is_void ? REASON_VOIDED : REASON_REJECTED;
        if (lead_slots_in(record, LEAD_SLOTS(POST_OPEN)) == 1) step.final = &final; /* the last of its open posts */
        check(model_apply(model, &step) == NULL);
        if (record->state == LEAD_UNSOLD) record->reason = verdict.reason;
        doubts += !is_void;
    }
    for (uint32_t i = 0; i < model->leads_count; i++) {
        struct model_lead *lead = &model->leads[i];
        if (!lead->goes_on || lead->record.offer.expires_ms > wall_ms) continue; /* it goes on */
        struct book_final final = {.state = lead_state_of(&lead->record)};
        if (final.state == LEAD_UNSOLD) final.reason = REASON_REJECTED;
        struct book_step step = {
            .lead_id = lead->record.lead_id, .ping_id = lead->record.ping_id, .wall_ms = wall_ms, .final = &final};
        check(model_apply(model, &step) == NULL);
    }
    return doubts;
}

int64_t model_ends_ms(const struct model_post *post)
{
    int64_t within_ms = post->intent.doubt.within_ms;
    return post->state == POST_UNKNOWN && within_ms ? post->settled_ms + within_ms : INT64_MAX;
}

const char *model_end(struct model *model, const struct model_end *end, int64_t wall_ms, bool *resumes)
{
    struct model_post *post = model_post(model, &end->post_id);
    *resumes = false;
    if (!post) return "unknown";
    if (post->state != POST_UNKNOWN) return "settled";
    struct model_lead *lead = &model->leads[post->lead];
    struct book_verdict verdict = {
        .post_id = end->post_id, .state = end->state, .reason = end->reason, .named_price_micros = -1, .by = end->by};
    struct book_sale sale = {.sale_id = end->post_id,
                             .post_id = end->post_id,
                             .contract = post->intent.contract,
                             .buyer = post->intent.buyer,
                             .price_micros = post->is_later ? 0 : post->intent.price_micros,
                             .payout_micros = post->intent.payout_micros,
                             .margin_micros = post->is_later ? 0
                                                             : post->intent.price_micros - post->intent.payout_micros,
                             .margin_rule = post->intent.margin_rule};
    bool stands = end->state == POST_REJECTED && lead->record.offer.expires_ms > wall_ms;
    bool is_over = !lead->is_running && !lead->goes_on; /* a story that is at it writes its own end */
    *resumes = stands && is_over;
    lead->goes_on |= *resumes;
    struct book_final final = {.state = state_with(&lead->record, &end->post_id, end->state), .goes_on = *resumes};
    if (final.state == LEAD_UNSOLD && *resumes) final.state = LEAD_POSTING;
    if (final.state == LEAD_UNSOLD) final.reason = end->state == POST_VOIDED ? REASON_VOIDED : REASON_REJECTED;
    struct book_step step = {.lead_id = lead->record.lead_id,
                             .ping_id = lead->record.ping_id,
                             .wall_ms = wall_ms,
                             .verdicts = &verdict,
                             .verdicts_count = 1,
                             .sales = &sale,
                             .sales_count = end->state == POST_ACCEPTED,
                             .final = is_over ? &final : NULL};
    check(model_apply(model, &step) == NULL);
    if (lead->record.state == LEAD_UNSOLD)
        lead->record.reason = end->state == POST_VOIDED ? REASON_VOIDED : REASON_REJECTED;
    return NULL;
}

void model_totals(const struct model *model, struct model_totals *totals)
{
    *totals = (struct model_totals){0};
    for (uint32_t i = 0; i < model->leads_count; i++) {
        const struct lead_record *record = &model->leads[i].record;
        bool is_test = record->offer.rehearsal != 0;
        totals->tests += is_test;
        if (is_test) continue;
        totals->leads++;
        totals->sold += record->state == LEAD_SOLD;
        totals->unsold += record->state == LEAD_UNSOLD;
        totals->pending += record->state == LEAD_PENDING;
        totals->posting += record->state == LEAD_POSTING;
        for (unsigned k = 0; k < record->slots_count; k++) {
            const struct lead_slot *slot = &record->slots[k];
            if (!slot->is_used || slot->state != POST_ACCEPTED) continue;
            totals->revenue_micros += slot->sale.price_micros;
            totals->payout_micros += slot->sale.payout_micros;
            totals->margin_micros += slot->sale.margin_micros;
        }
    }
    for (uint32_t i = 0; i < model->posts_count; i++) {
        if (model->leads[model->posts[i].lead].record.offer.rehearsal) continue;
        totals->posts++;
        totals->doubts += model->posts[i].state == POST_UNKNOWN;
    }
}
