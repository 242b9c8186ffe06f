/* What an affiliate knows of its leads only moves forward: pending, then sold or unsold, and that for good; what a sold
 * lead pays never shrinks. It hears by answers and by looking, and it outlives the exchange's crashes. */
#include "tests/sim/inside.h"

static const char *const words[] = {
    [ANSWER_PROBLEM] = "refused", [ANSWER_ACCEPTED] = "accepted", [ANSWER_REJECTED] = "rejected",
    [ANSWER_SOLD] = "sold",       [ANSWER_PENDING] = "pending",   [ANSWER_UNSOLD] = "unsold"};

void forward_told(struct world *world, const struct ident *lead_id, enum answer_status status, int64_t price_micros)
{
    struct model_lead *lead = model_lead(&world->model, lead_id);
    if (!lead) {
        world_wrong(world, "a lead is told %s that is not in the book", words[status]);
        return;
    }
    bool is_first = lead->told == 0;
    enum answer_status before = is_first ? ANSWER_PENDING : (enum answer_status)(lead->told - 1);
    if (before != ANSWER_PENDING && before != status)
        world_wrong(world, "a lead is told %s, then %s", words[before], words[status]);
    if (before == ANSWER_SOLD && price_micros < lead->told_micros)
        world_wrong(world, "a sold lead pays %lld, then %lld", (long long)lead->told_micros, (long long)price_micros);
    lead->told = (uint8_t)(1 + status);
    lead->told_micros = price_micros;
}

void world_look(struct world *world, uint32_t at)
{
    struct auction_answer answer;
    const struct model_lead *lead = &world->model.leads[at];
    auction_answer_of_record(&lead->record, &answer);
    world->counts.looks++;
    bool is_back = world->sabotage == SABOTAGE_BACK && queue_draw(&world->queue, 20) == 0;
    if (is_back && answer.status == ANSWER_PENDING) answer.status = ANSWER_UNSOLD;
    forward_told(world, &lead->record.lead_id, answer.status, answer.price_micros);
}
