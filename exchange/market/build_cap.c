/* Caps of contracts, buyers and affiliates. The same cap keeps its count over a reload and a change of limit; another
 * window, unit or segment is another cap. The hash of the first version's caps must stay what it was: books know it. */
#include "exchange/market/build.h"
#include "exchange/market/scalar.h"
#include "protocol/base/money.h"

#define HUNDREDTH (MONEY_UNIT / 100)

static const char *const WINDOWS[CAP_WINDOWS] = {[CAP_HOUR] = "hour", [CAP_DAY] = "day",     [CAP_MINUTE] = "minute",
                                                 [CAP_WEEK] = "week", [CAP_MONTH] = "month", [CAP_TOTAL] = "total"};

static void read_limit(struct build *build, const struct node *node, struct cap *cap);

const char *cap_window_name(enum cap_window window)
{
    return WINDOWS[window];
}

static const char *const PERS[CAP_PERS] = {"", "state", "affiliate", "source", "channel"};
static const char *const COUNTS[CAP_COUNTS] = {"sold", "posts", "pings"};

const char *cap_per_name(enum cap_per per)
{
    return PERS[per];
}

const char *cap_counts_name(enum cap_counts counts)
{
    return COUNTS[counts];
}

/* What does not go together. */
static void check_cap(struct build *build, const struct node *node, const struct cap *cap)
{
    if (cap->window == CAP_TOTAL && !node_find(node, "since"))
        build_error(build, node, "a total needs since: the day it counts from");
    if (cap->window != CAP_TOTAL && node_find(node, "since"))
        build_error(build, node_find(node, "since"), "only a total has since");
    if (cap->is_percent && cap->per == CAP_PER_ALL)
        build_error(build, node, "a percent needs per: which share of the sales it bounds");
    if (cap->is_percent && cap->counts != CAP_OF_SOLD)
        build_error(build, node, "a percent is of sales: it cannot count posts or pings");
    if (cap->is_money && cap->counts == CAP_OF_PINGS) build_error(build, node, "a ping costs no money: count leads");
    if (cap->is_paced && cap->window != CAP_DAY) build_error(build, node, "only a daily cap has a pace");
    if (cap->is_paced && cap->is_percent) build_error(build, node, "a percent has no pace: say leads or money");
    if (cap->gives_back && cap->counts != CAP_OF_SOLD)
        build_error(build, node, "only sales come back: posts and pings have no give_back");
}

static void read_cap(struct build *build, const struct node *node, const struct zone *zone, struct cap *cap)
{
    unsigned window = CAP_WINDOWS, per = CAP_PER_ALL, counts = CAP_OF_SOLD;
    bool is_paced = false, gives_back = false;
    build_word(build, node, "window", WINDOWS, CAP_WINDOWS, &window);
    if (!node_find(node, "window"))
        build_error(build, node, "a cap needs a window: minute, hour, day, week, month or total");
    build_word(build, node, "per", PERS, CAP_PERS, &per);
    build_word(build, node, "counts", COUNTS, CAP_COUNTS, &counts);
    build_bool(build, node, "pace", &is_paced);
    build_bool(build, node, "give_back", &gives_back);
    cap->is_paced = is_paced;
    cap->gives_back = gives_back;
    cap->window = (uint8_t)window;
    cap->per = (uint8_t)per;
    cap->counts = (uint8_t)counts;
    cap->cell = STANDING_NONE;
    read_limit(build, node, cap);
    build_date(build, node, "since", zone, false, &cap->since_min);
    if (window != CAP_WINDOWS) check_cap(build, node, cap);
}

unsigned build_cap_keys(const struct cap *caps, uint32_t count)
{
    unsigned keys = 0;
    for (uint32_t i = 0; i < count; i++) keys += caps[i].is_percent ? 2 : 1;
    return keys;
}

/* How the text of an owner's id is made: its kind, 0, its name or names with 0 between them, 0. */
struct cap_id build_cap_id(const struct cap_owner *owner, const struct cap *cap)
{
    struct cap_id made;
    struct digest digest;
    struct bytes zero = {"", 1}, unit = cap->is_percent ? BYTES("percent")
                                        : cap->is_money ? BYTES("money")
                                                        : BYTES("leads");
    struct bytes parts[16] = {bytes_of(owner->kind), zero, owner->id, zero};
    size_t count = 4;
    struct bytes more[] = {owner->campaign, bytes_of(WINDOWS[cap->window]), unit, bytes_of(PERS[cap->per]),
                           cap->counts == CAP_OF_SOLD ? BYTES_NONE : bytes_of(COUNTS[cap->counts])};
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        if (more[i].len == 0) continue;
        parts[count++] = more[i];
        parts[count++] = zero;
    }
    digest_of(&digest, parts, count);
    memcpy(made.at, digest.at, sizeof made.at);
    return made;
}

static bool is_there(const struct cap *caps, uint32_t count, const struct cap_id *id)
{
    for (uint32_t i = 0; i < count; i++)
        if (memcmp(&caps[i].id, id, sizeof *id) == 0) return true;
    return false;
}

/* Every window of the first lies in one of the second. */
static bool is_inside(unsigned inner, unsigned outer)
{
    static const unsigned inside[CAP_WINDOWS] = {
        [CAP_HOUR] = 1u << CAP_MINUTE,
        [CAP_DAY] = 1u << CAP_MINUTE | 1u << CAP_HOUR,
        [CAP_WEEK] = 1u << CAP_MINUTE | 1u << CAP_HOUR | 1u << CAP_DAY,
        [CAP_MONTH] = 1u << CAP_MINUTE | 1u << CAP_HOUR | 1u << CAP_DAY,
    };
    return inside[outer] >> inner & 1;
}

/* A shorter window with at least the limit of a longer one is never the first to be full. */
static void check_pairs(struct build *build, const struct node *list, const struct cap *caps, uint32_t count)
{
    uint32_t at = 0;
    NODE_EACH(node, list)
    {
        const struct cap *inner = &caps[at++];
        for (uint32_t i = 0; i < count; i++) {
            const struct cap *outer = &caps[i];
            bool same = inner->is_money == outer->is_money && inner->per == outer->per &&
                        inner->counts == outer->counts && !inner->is_percent && !outer->is_percent && !inner->is_paced;
            if (same && is_inside(inner->window, outer->window) && inner->limit >= outer->limit && outer->limit)
                build_warning(build, node, "a cap of the %s is never full before that of the %s [cap_never_full]",
                              WINDOWS[inner->window], WINDOWS[outer->window]);
        }
    }
}

const struct cap *build_caps(struct build *build, const struct node *node, const struct cap_owner *owner,
                             const struct zone *zone, uint32_t *count)
{
    uint32_t length, errors = build->errors;
    const struct node *list = build_list(build, node, "caps", &length);
    *count = 0;
    if (length > CAPS_MAX) {
        build_error(build, list, "at most %u caps", CAPS_MAX);
        return NULL;
    }
    struct cap *caps = build_zero(build, length, sizeof *caps);
    if (!list || !caps) return NULL;
    NODE_EACH(child, list)
    {
        struct cap *cap = &caps[(*count)++];
        read_cap(build, child, zone, cap);
        if (cap->window == CAP_WINDOWS) continue;
        cap->id = build_cap_id(owner, cap);
        if (is_there(caps, *count - 1, &cap->id)) build_error(build, child, "another cap has the same window");
    }
    if (build->errors == errors) check_pairs(build, list, caps, *count);
    if (build_cap_keys(caps, *count) > CAPS_MAX)
        build_error(build, list, "at most %u caps, of which a percent counts as two", CAPS_MAX);
    return caps;
}

static void read_percent(struct build *build, const struct node *node, struct cap *cap)
{
    int64_t ppm = 0;
    if (!scalar_percent(node, &ppm) || ppm <= 0 || ppm >= MONEY_PPM)
        build_error(build, node, "percent of a cap is above 0 and below 100");
    else
        cap->limit = (uint32_t)ppm;
}

static void read_limit(struct build *build, const struct node *node, struct cap *cap)
{
    const struct node *percent = node_find(node, "percent"), *money = node_find(node, "money");
    int64_t micros = 0;
    cap->is_money = money != NULL;
    cap->is_percent = percent != NULL;
    if (cap->is_money + cap->is_percent + (node_find(node, "leads") != NULL) != 1) {
        build_error(build, node, "a cap needs its limit: leads, money or percent");
        return;
    }
    build_count(build, node, "leads", 1, &cap->limit);
    build_money(build, node, "money", &micros);
    if (percent) read_percent(build, percent, cap);
    if (!cap->is_money) return;
    if (!micros || micros % HUNDREDTH || micros / HUNDREDTH > UINT32_MAX)
        build_error(build, node, "money of a cap is in whole hundredths, above 0 and at most 42949672.95");
    else
        cap->limit = (uint32_t)(micros / HUNDREDTH);
}

/* Which segments -----------------------------------------------------------------------------------------------------
 */

static unsigned segments_of(const struct cap *caps, uint32_t count)
{
    unsigned set = 0;
    for (uint32_t i = 0; i < count; i++) set |= 1u << caps[i].per;
    return set & ~(1u << CAP_PER_ALL);
}

static bool has_pings(const struct cap *caps, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (caps[i].counts == CAP_OF_PINGS) return true;
    return false;
}

/* A ping must tell the state, or its reservation would be made in another segment than was looked at. */
static void need_state(struct build *build, const struct node *where, struct campaign *campaign)
{
    if (campaign->state_field != FIELD_NONE) return;
    if (campaign->zip_field == FIELD_NONE)
        build_error(build, where, "a cap per state needs a public field of type us_state or us_zip in campaign %.*s",
                    BUILD_SHOWN(campaign->id));
    else if (!build->source->geo || !build->source->geo->zips)
        build_error(build, where,
                    "a cap per state needs a field of type us_state, or the table of zips (settings: geo: "
                    "zips)");
    else
        campaign->places = build_places(build, where);
}

static void add_segments(struct build *build, const struct node *where, struct campaign *campaign, unsigned set)
{
    if (set >> CAP_PER_STATE & 1 && !(campaign->segments >> CAP_PER_STATE & 1)) need_state(build, where, campaign);
    campaign->segments |= set;
}

void build_segments(struct build *build)
{
    struct catalogue *catalogue = build->catalogue;
    const struct node *affiliate = node_find(build->source->document, "affiliates");
    for (uint32_t i = 0; i < catalogue->contracts_count; i++) {
        struct contract *contract = &catalogue->contracts[i];
        if (contract->buyer == UINT32_MAX || contract->campaign == UINT32_MAX) continue;
        const struct buyer *buyer = &catalogue->buyers[contract->buyer];
        contract->counts_pings = has_pings(contract->caps, contract->caps_count) ||
                                 has_pings(buyer->caps, buyer->caps_count);
        unsigned set = segments_of(contract->caps, contract->caps_count) | segments_of(buyer->caps, buyer->caps_count);
        if (set) add_segments(build, build->contract_nodes[i], &catalogue->campaigns[contract->campaign], set);
    }
    for (uint32_t i = 0; i < catalogue->affiliates_count; i++) {
        const struct affiliate *seller = &catalogue->affiliates[i];
        affiliate = i == 0 ? affiliate + 1 : node_step(affiliate);
        unsigned set = segments_of(seller->caps, seller->caps_count);
        for (uint32_t k = 0; set && k < seller->campaigns_count; k++)
            add_segments(build, affiliate, &catalogue->campaigns[seller->campaigns[k]], set);
    }
}
