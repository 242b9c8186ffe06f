/* splitmix64 (Steele, Lea, Flood 2014) because every seed is a good one; a name is folded into the seed by FNV-1a. */
#include "buyers-sim/draw.h"

#include "protocol/base/money.h"

#define SIGMA_PPM_MAX (5 * MONEY_PPM)
#define NORMAL_DRAWS 12 /* that many uniforms have variance 1 */

void draw_init(struct draw *draw, uint64_t seed, struct bytes name, uint64_t stream)
{
    uint64_t hash = UINT64_C(14695981039346656037) ^ seed;
    for (size_t i = 0; i < name.len; i++) hash = (hash ^ (unsigned char)name.at[i]) * UINT64_C(1099511628211);
    draw->state = hash + stream * UINT64_C(0x9e3779b97f4a7c15);
    draw->state = draw_next(draw);
}

uint64_t draw_next(struct draw *draw)
{
    uint64_t mixed = draw->state += UINT64_C(0x9e3779b97f4a7c15);
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ (mixed >> 31);
}

uint64_t draw_below(struct draw *draw, uint64_t bound)
{
    return (uint64_t)(((unsigned __int128)draw_next(draw) * bound) >> 64);
}

bool draw_hit(struct draw *draw, int64_t ppm)
{
    return draw_below(draw, (uint64_t)MONEY_PPM) < (uint64_t)ppm;
}

/* e^x for |x| <= 30: the series at x / 1024, squared ten times. */
static double exponential(double x)
{
    double part = x / 1024, power = 1 + part * (1 + part / 2 * (1 + part / 3 * (1 + part / 4)));
    for (int i = 0; i < 10; i++) power *= power;
    return power;
}

/* A factor with median 1. */
static double log_normal(struct draw *draw, int64_t sigma_ppm)
{
    double normal = -NORMAL_DRAWS / 2;
    for (int i = 0; i < NORMAL_DRAWS; i++) normal += (double)(draw_next(draw) >> 11) / (double)(UINT64_C(1) << 53);
    return exponential(normal * ((double)sigma_ppm / (double)MONEY_PPM));
}

static int64_t draw_raw(const struct spread *spread, struct draw *draw)
{
    switch (spread->kind) {
    case SPREAD_CONSTANT:
        return spread->low;
    case SPREAD_UNIFORM:
        return spread->low + (int64_t)draw_below(draw, (uint64_t)(spread->high - spread->low + 1));
    case SPREAD_LOG_NORMAL: {
        double value = (double)spread->low * log_normal(draw, spread->sigma_ppm);
        return value < 9e15 ? (int64_t)value : INT64_C(9000000000000000);
    }
    case SPREAD_TAIL:
        return draw_hit(draw, spread->tail_ppm) ? spread->high : spread->low;
    }
    return spread->low;
}

int64_t spread_draw(const struct spread *spread, struct draw *draw, int64_t step)
{
    int64_t value = draw_raw(spread, draw);
    if (spread->kind == SPREAD_CONSTANT) return value;
    int64_t rounded = value - value % step;
    return rounded || !value ? rounded : step;
}

static bool read_uniform(struct reading *reading, const struct node *node, reading_reader *value, struct spread *spread)
{
    if (node->kind != NODE_LIST || node->count != 2) return reading_fail(reading, "a list of two is needed");
    const struct node *low = node_first(node);
    if (!reading_item(reading, low, 0, value, &spread->low)) return false;
    if (!reading_item(reading, node_step(low), 1, value, &spread->high)) return false;
    return spread->low <= spread->high || reading_fail(reading, "the lower end comes first");
}

static bool read_sigma(struct reading *reading, const struct node *node, void *at)
{
    int64_t *sigma_ppm = at;
    if (node->kind != NODE_NUMBER || !node_money(node, sigma_ppm) || *sigma_ppm < 0 || *sigma_ppm > SIGMA_PPM_MAX)
        return reading_fail(reading, "a number from 0 to 5 is needed");
    return true;
}

static bool read_log_normal(struct reading *reading, const struct node *node, reading_reader *value,
                            struct spread *spread)
{
    const struct reading_key keys[] = {
        {"median", offsetof(struct spread, low), value},
        {"sigma", offsetof(struct spread, sigma_ppm), read_sigma},
    };
    if (!reading_map(reading, node, keys, 2, spread)) return false;
    return node->count == 2 || reading_fail(reading, "median and sigma are needed");
}

static bool read_tail(struct reading *reading, const struct node *node, reading_reader *value, struct spread *spread)
{
    const struct reading_key keys[] = {
        {"base", offsetof(struct spread, low), value},
        {"share", offsetof(struct spread, tail_ppm), reading_share},
        {"ms", offsetof(struct spread, high), value},
    };
    if (!reading_map(reading, node, keys, 3, spread)) return false;
    return node->count == 3 || reading_fail(reading, "base, share and ms are needed");
}

static bool read_constant(struct reading *reading, const struct node *node, reading_reader *value,
                          struct spread *spread)
{
    return value(reading, node, &spread->low);
}

struct shape {
    reading_reader *value;
    struct spread *spread;
    bool (*read)(struct reading *, const struct node *, reading_reader *, struct spread *);
};

static bool read_shape(struct reading *reading, const struct node *node, void *at)
{
    const struct shape *shape = at;
    return shape->read(reading, node, shape->value, shape->spread);
}

bool spread_read(struct reading *reading, const struct node *node, reading_reader *value, struct spread *spread)
{
    static const struct {
        const char *name;
        bool (*read)(struct reading *, const struct node *, reading_reader *, struct spread *);
    } shapes[] = {
        [SPREAD_CONSTANT] = {"constant", read_constant},
        [SPREAD_UNIFORM] = {"uniform", read_uniform},
        [SPREAD_LOG_NORMAL] = {"log_normal", read_log_normal},
        [SPREAD_TAIL] = {"tail", read_tail},
    };
    *spread = (struct spread){0};
    if (node->kind != NODE_MAP) return value(reading, node, &spread->low);
    for (unsigned kind = 0; kind < sizeof shapes / sizeof *shapes; kind++) {
        if (node->count != 1 || !node_find(node, shapes[kind].name)) continue;
        spread->kind = (enum spread_kind)kind;
        struct shape shape = {value, spread, shapes[kind].read};
        return reading_member(reading, node, shapes[kind].name, read_shape, &shape);
    }
    return reading_fail(reading, "one of constant, uniform, log_normal, tail is needed");
}
