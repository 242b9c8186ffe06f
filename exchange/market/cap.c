/* Contract, buyer and affiliate have caps of one kind; what differs is whose day it is and which hours are open. So
 * each owner's caps are a row with those two, and everything below works on rows. */
#include "exchange/market/cap.h"

#include "exchange/market/places.h"
#include "protocol/base/check.h"
#include "protocol/base/money.h"

#define HUNDREDTH (MONEY_UNIT / 100)

struct row {
    const struct cap *caps;
    uint32_t count;
    const struct zone *zone;
    const struct schedule *schedule; /* that pacing goes by; NULL: the whole day */
};

static struct bytes state_of(const struct facts *facts)
{
    const struct campaign *campaign = facts->campaign;
    if (campaign->state_field != FIELD_NONE) {
        const struct fact *state = &facts->fields[campaign->state_field];
        return state->is_set ? state->text : BYTES_NONE;
    }
    const struct fact *zip = campaign->zip_field == FIELD_NONE ? NULL : &facts->fields[campaign->zip_field];
    const struct place *place = zip && zip->is_set ? places_zip(campaign->places, (uint32_t)zip->number) : NULL;
    return place ? field_state_name(place->state) : BYTES_NONE;
}

static struct cap_id segment_named(struct bytes name)
{
    struct cap_id segment;
    struct digest digest;
    digest_of(&digest, &name, 1);
    memcpy(segment.at, digest.at, sizeof segment.at);
    return segment;
}

void cap_segments_of(const struct facts *facts, struct cap_segments *segments)
{
    *segments = (struct cap_segments){{{{0}}}};
    for (unsigned per = CAP_PER_ALL + 1; per < CAP_PERS; per++) {
        if (!(facts->campaign->segments >> per & 1)) continue;
        struct bytes name = per == CAP_PER_STATE       ? state_of(facts)
                            : per == CAP_PER_AFFILIATE ? facts->affiliate
                            : per == CAP_PER_SOURCE    ? facts->source
                                                       : facts->channel;
        segments->of[per] = segment_named(name);
    }
}

int64_t cap_window_of(const struct cap *cap, const struct zone *zone, int64_t wall_ms)
{
    static int64_t (*const STARTS[])(const struct zone *, int64_t) = {
        [CAP_HOUR] = zone_hour_start, [CAP_DAY] = zone_day_start,     [CAP_MINUTE] = NULL,
        [CAP_WEEK] = zone_week_start, [CAP_MONTH] = zone_month_start, [CAP_TOTAL] = NULL,
    };
    if (cap->window == CAP_MINUTE) return wall_ms / 60000;
    if (cap->window == CAP_TOTAL) return cap->since_min;
    return STARTS[cap->window](zone, wall_ms / 1000) / 60;
}

/* Of so many that were sold and one more, rounded up: rounded down, five equal segments could never share 30 percent
 * each, for none could be the first with a second lead. */
static uint32_t share_of(uint32_t sold, uint32_t ppm)
{
    return (uint32_t)((((uint64_t)sold + 1) * ppm + MONEY_PPM - 1) / MONEY_PPM);
}

uint32_t cap_segment_used(const struct cap *cap, const struct zone *zone, struct bytes name, struct standing *standing,
                          int64_t wall_ms)
{
    struct cap_id segment = segment_named(name);
    struct cap_id id = caps_segment(&cap->id, &segment, cap->window != CAP_TOTAL);
    return caps_used(standing, caps_find(standing, &id), (uint32_t)cap_window_of(cap, zone, wall_ms));
}

/* Money has no first one to let through: what has come together by now is what may be spent. */
static uint32_t paced(const struct cap *cap, const struct zone *zone, const struct schedule *schedule, int64_t wall_ms)
{
    struct schedule_day day = schedule_day_at(schedule, zone, wall_ms);
    if (day.open_s == 0 || day.gone_s >= day.open_s) return cap->limit;
    uint64_t grown = (uint64_t)cap->limit * (uint64_t)day.gone_s / (uint64_t)day.open_s + !cap->is_money;
    return grown < cap->limit ? (uint32_t)grown : cap->limit;
}

uint32_t cap_limit_now(const struct cap *cap, const struct zone *zone, const struct schedule *schedule,
                       struct standing *standing, int64_t wall_ms)
{
    if (cap->is_paced) return paced(cap, zone, schedule, wall_ms);
    if (!cap->is_percent) return cap->limit;
    return share_of(caps_used(standing, cap->cell, (uint32_t)cap_window_of(cap, zone, wall_ms)), cap->limit);
}

/* Money is counted in hundredths, upwards: a cap is never over by what rounding hid. */
static uint32_t amount_of(const struct cap *cap, int64_t micros)
{
    int64_t hundredths = micros / HUNDREDTH + (micros % HUNDREDTH > 0);
    if (!cap->is_money) return 1;
    return hundredths > UINT32_MAX ? UINT32_MAX : (uint32_t)hundredths;
}

/* The counter of this lead's segment, or the cap's own. */
static void find_counter(const struct cap *cap, const struct cap_segments *segments, struct standing *standing,
                         struct cap_key *key)
{
    key->id = cap->id;
    key->cell = cap->cell;
    if (cap->per == CAP_PER_ALL) return;
    key->id = caps_segment(&cap->id, &segments->of[cap->per], cap->window != CAP_TOTAL);
    key->cell = caps_find(standing, &key->id);
}

static struct cap_key key_of(const struct cap *cap, const struct row *row, const struct cap_segments *segments,
                             struct standing *standing, int64_t wall_ms)
{
    struct cap_key key = {.window = (uint32_t)cap_window_of(cap, row->zone, wall_ms),
                          .limit = cap_limit_now(cap, row->zone, row->schedule, standing, wall_ms),
                          .stay = cap->counts == CAP_OF_SOLD ? CAP_HELD : CAP_SPENT,
                          .gives_back = cap->gives_back && cap->counts == CAP_OF_SOLD};
    find_counter(cap, segments, standing, &key);
    return key;
}

static bool is_full(const struct cap *cap, const struct row *row, const struct cap_segments *segments,
                    struct standing *standing, int64_t wall_ms)
{
    if (cap->per != CAP_PER_ALL && !segments) return false;
    struct cap_key key = key_of(cap, row, segments, standing, wall_ms);
    return caps_used(standing, key.cell, key.window) >= key.limit;
}

static struct row row_of_contract(const struct contract *contract, const struct buyer *buyer)
{
    return (struct row){contract->caps, contract->caps_count, buyer->zone, contract->schedule};
}

static struct row row_of_buyer(const struct buyer *buyer)
{
    return (struct row){buyer->caps, buyer->caps_count, buyer->zone, buyer->schedule};
}

const struct cap *cap_of_affiliate(const struct affiliate *affiliate, const struct campaign *campaign)
{
    for (uint32_t i = 0; affiliate->caps_count && i < affiliate->campaigns_count; i++)
        if (affiliate->campaigns[i] == campaign->index) return affiliate->caps + (size_t)i * affiliate->caps_count;
    return NULL;
}

static struct row row_of_affiliate(const struct catalogue *catalogue, const struct affiliate *affiliate,
                                   const struct campaign *campaign)
{
    const struct cap *caps = affiliate ? cap_of_affiliate(affiliate, campaign) : NULL;
    return (struct row){caps, caps ? affiliate->caps_count : 0, catalogue->zone, NULL};
}

/* Reservations -------------------------------------------------------------------------------------------------------
 */

static unsigned add_keys(const struct row *row, const struct cap_deal *deal, int64_t micros, struct standing *standing,
                         struct cap_key *keys)
{
    unsigned count = 0;
    for (uint32_t i = 0; i < row->count; i++) {
        const struct cap *cap = &row->caps[i];
        if (cap->counts == CAP_OF_PINGS) continue;
        struct cap_key key = key_of(cap, row, deal->segments, standing, deal->wall_ms);
        key.amount = amount_of(cap, micros);
        keys[count++] = key;
        if (cap->is_percent)
            keys[count++] = (struct cap_key){.cell = cap->cell,
                                             .id = cap->id,
                                             .window = key.window,
                                             .amount = 1,
                                             .limit = UINT32_MAX,
                                             .stay = CAP_COUNTED,
                                             .gives_back = cap->gives_back};
    }
    return count;
}

unsigned cap_keys(const struct cap_deal *deal, struct standing *standing, struct cap_key *keys)
{
    const struct contract *contract = deal->contract;
    const struct buyer *buyer = &deal->catalogue->buyers[contract->buyer];
    const struct campaign *campaign = &deal->catalogue->campaigns[contract->campaign];
    struct row rows[] = {row_of_contract(contract, buyer), row_of_buyer(buyer),
                         row_of_affiliate(deal->catalogue, deal->affiliate, campaign)};
    unsigned count = 0;
    for (unsigned i = 0; i < 3; i++)
        count += add_keys(&rows[i], deal, i < 2 ? deal->price_micros : deal->payout_micros, standing, keys + count);
    if (contract->counts_today) {
        const struct cap *today = &contract->caps[contract->caps_count];
        keys[count++] = (struct cap_key){.cell = today->cell,
                                         .id = today->id,
                                         .window = (uint32_t)cap_window_of(today, deal->catalogue->zone, deal->wall_ms),
                                         .amount = 1,
                                         .limit = today->limit,
                                         .stay = CAP_HELD};
    }
    check(count <= RESERVATION_KEYS_MAX);
    return count;
}

uint32_t cap_sold_today(const struct catalogue *catalogue, const struct contract *contract, struct standing *standing,
                        int64_t wall_ms)
{
    const struct cap *today = &contract->caps[contract->caps_count];
    return caps_used(standing, today->cell, (uint32_t)cap_window_of(today, catalogue->zone, wall_ms));
}

static unsigned add_ping_keys(const struct row *row, const struct cap_segments *segments, struct standing *standing,
                              int64_t wall_ms, struct cap_key *keys)
{
    unsigned count = 0;
    for (uint32_t i = 0; i < row->count; i++) {
        if (row->caps[i].counts != CAP_OF_PINGS) continue;
        keys[count] = key_of(&row->caps[i], row, segments, standing, wall_ms);
        keys[count].stay = CAP_PINGED;
        keys[count++].amount = 1;
    }
    return count;
}

unsigned cap_ping_keys(const struct contract *contract, const struct buyer *buyer, const struct cap_segments *segments,
                       struct standing *standing, int64_t wall_ms, struct cap_key *keys)
{
    struct row own = row_of_contract(contract, buyer), shared = row_of_buyer(buyer);
    unsigned count = add_ping_keys(&own, segments, standing, wall_ms, keys);
    return count + add_ping_keys(&shared, segments, standing, wall_ms, keys + count);
}

/* Looks --------------------------------------------------------------------------------------------------------------
 */

int32_t cap_first_full(const struct contract *contract, const struct buyer *buyer, const struct cap_segments *segments,
                       struct standing *standing, int64_t wall_ms)
{
    struct row own = row_of_contract(contract, buyer), shared = row_of_buyer(buyer);
    for (uint32_t i = 0; i < own.count; i++)
        if (is_full(&own.caps[i], &own, segments, standing, wall_ms)) return (int32_t)i;
    for (uint32_t i = 0; i < shared.count; i++)
        if (is_full(&shared.caps[i], &shared, segments, standing, wall_ms)) return (int32_t)(own.count + i);
    return -1;
}

bool cap_admits(const struct catalogue *catalogue, const struct affiliate *affiliate, const struct campaign *campaign,
                const struct cap_segments *segments, struct standing *standing, int64_t wall_ms)
{
    struct cap_key keys[RESERVATION_KEYS_MAX];
    unsigned full;
    struct row row = row_of_affiliate(catalogue, affiliate, campaign);
    for (uint32_t i = 0; i < row.count; i++)
        if (is_full(&row.caps[i], &row, segments, standing, wall_ms)) return false;
    unsigned count = add_ping_keys(&row, segments, standing, wall_ms, keys);
    return caps_reserve(standing, keys, count, &full);
}
