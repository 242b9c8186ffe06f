/* Caps of contracts and buyers. The same cap keeps its count over a reload and a change of limit; another window or
 * unit is another cap. The hash of a contract's first caps must stay what the first version made of them: books know
 * it. */
#include "exchange/market/build.h"
#include "exchange/market/scalar.h"
#include "protocol/base/money.h"

#define HUNDREDTH (MONEY_UNIT / 100)

static const char *const WINDOWS[CAP_WINDOWS] = {[CAP_HOUR] = "hour", [CAP_DAY] = "day",     [CAP_MINUTE] = "minute",
                                                 [CAP_WEEK] = "week", [CAP_MONTH] = "month", [CAP_TOTAL] = "total"};

static void read_limit(struct build *build, const struct node *node, struct cap *cap);
static struct cap_id cap_id_of(const char *owner, struct bytes id, const struct cap *cap);

const char *cap_window_name(enum cap_window window)
{
    return WINDOWS[window];
}

static void read_cap(struct build *build, const struct node *node, const struct zone *zone, struct cap *cap)
{
    unsigned window = CAP_WINDOWS;
    build_word(build, node, "window", WINDOWS, CAP_WINDOWS, &window);
    if (!node_find(node, "window"))
        build_error(build, node, "a cap needs a window: minute, hour, day, week, month or total");
    cap->window = (uint8_t)window;
    cap->cell = STANDING_NONE;
    read_limit(build, node, cap);
    build_date(build, node, "since", zone, false, &cap->since_min);
    bool is_total = window == CAP_TOTAL, has_since = node_find(node, "since") != NULL;
    if (is_total && !has_since) build_error(build, node, "a total needs since: the day it counts from");
    if (!is_total && has_since) build_error(build, node, "only a total has since");
}

const struct cap *build_caps(struct build *build, const struct node *node, const char *owner, struct bytes id,
                             const struct zone *zone, uint32_t room, uint32_t *count)
{
    uint32_t length;
    unsigned seen = 0;
    const struct node *list = build_list(build, node, "caps", &length);
    *count = 0;
    if (length > room) {
        build_error(build, list, "a contract has at most %d caps, its buyer's included", RESERVATION_KEYS_MAX);
        return NULL;
    }
    struct cap *caps = build_zero(build, length, sizeof *caps);
    if (!list || !caps) return NULL;
    NODE_EACH(child, list)
    {
        struct cap *cap = &caps[(*count)++];
        read_cap(build, child, zone, cap);
        if (cap->window == CAP_WINDOWS) continue;
        unsigned bit = 1u << (cap->window * 2 + cap->is_money);
        if (seen & bit) build_error(build, child, "another cap has the same window");
        seen |= bit;
        cap->id = cap_id_of(owner, id, cap);
    }
    return caps;
}

static void read_limit(struct build *build, const struct node *node, struct cap *cap)
{
    int64_t micros = 0;
    cap->is_money = node_find(node, "money") != NULL;
    if (cap->is_money == (node_find(node, "leads") != NULL)) {
        build_error(build, node, "a cap needs its limit: leads or money");
        return;
    }
    build_count(build, node, "leads", 1, &cap->limit);
    build_money(build, node, "money", &micros);
    if (!cap->is_money) return;
    if (!micros || micros % HUNDREDTH || micros / HUNDREDTH > UINT32_MAX)
        build_error(build, node, "money of a cap is in whole hundredths, above 0 and at most 42949672.95");
    else
        cap->limit = (uint32_t)(micros / HUNDREDTH);
}

static struct cap_id cap_id_of(const char *owner, struct bytes id, const struct cap *cap)
{
    struct cap_id made;
    struct digest digest;
    struct bytes zero = {"", 1}, unit = cap->is_money ? BYTES("money") : BYTES("leads");
    struct bytes parts[] = {bytes_of(owner), zero, id, zero, bytes_of(WINDOWS[cap->window]), zero, unit, zero};
    digest_of(&digest, parts, sizeof parts / sizeof *parts);
    memcpy(made.at, digest.at, sizeof made.at);
    return made;
}
