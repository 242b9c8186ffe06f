/* The word, high bits first:   hours since 1970 of the latest verdict (24) | posts (20) | accepted (20)
 *
 * Posts and accepted are in 1/256, so that decay has something to take away. Half-lives that have passed whole are a
 * shift; the rest of one is taken on the straight line between 1 and 1/2, which is at most 6 % above the curve and the
 * same on every machine. */
#include "exchange/market/acceptance.h"

#define FIGURE_BITS 20u
#define FIGURE_MASK ((UINT64_C(1) << FIGURE_BITS) - 1)
#define HOURS_MASK ((UINT64_C(1) << 24) - 1)
#define POST UINT64_C(256) /* one post, as a figure */
#define HOUR_MS INT64_C(3600000)

struct figures {
    uint64_t posts, accepted;
};

static uint64_t hours_of(int64_t wall_ms)
{
    return wall_ms > 0 ? (uint64_t)(wall_ms / HOUR_MS) & HOURS_MASK : 0;
}

static uint64_t decayed(uint64_t figure, uint64_t hours)
{
    uint64_t halves = hours / ACCEPTANCE_HALF_HOURS, rest = hours % ACCEPTANCE_HALF_HOURS;
    if (halves >= FIGURE_BITS) return 0;
    figure >>= halves;
    return figure - figure * rest / (UINT64_C(2) * ACCEPTANCE_HALF_HOURS);
}

/* A clock that was set back makes nothing older. */
static struct figures figures_at(uint64_t word, uint64_t hours)
{
    uint64_t seen = word >> (2 * FIGURE_BITS), age = hours > seen ? hours - seen : 0;
    return (struct figures){decayed(word >> FIGURE_BITS & FIGURE_MASK, age), decayed(word & FIGURE_MASK, age)};
}

uint64_t acceptance_after(uint64_t word, bool accepted, int64_t wall_ms)
{
    uint64_t hours = hours_of(wall_ms), seen = word >> (2 * FIGURE_BITS);
    if (hours < seen) hours = seen;
    struct figures figures = figures_at(word, hours);
    if (figures.posts > (ACCEPTANCE_POSTS_MAX - 1) * POST) { /* the oldest give way, in their own proportion */
        figures.accepted = figures.accepted * ((ACCEPTANCE_POSTS_MAX - 1) * POST) / figures.posts;
        figures.posts = (ACCEPTANCE_POSTS_MAX - 1) * POST;
    }
    figures.posts += POST;
    if (accepted) figures.accepted += POST;
    if (figures.accepted > figures.posts) figures.accepted = figures.posts; /* two roundings may differ by one */
    return hours << (2 * FIGURE_BITS) | figures.posts << FIGURE_BITS | figures.accepted;
}

uint64_t acceptance_undo(uint64_t word, int64_t counted_ms, int64_t wall_ms)
{
    uint64_t hours = hours_of(wall_ms), seen = word >> (2 * FIGURE_BITS), since = hours_of(counted_ms);
    if (hours < seen) hours = seen;
    struct figures figures = figures_at(word, hours);
    uint64_t weight = decayed(POST, hours > since ? hours - since : 0);
    figures.accepted = figures.accepted > weight ? figures.accepted - weight : 0;
    return hours << (2 * FIGURE_BITS) | figures.posts << FIGURE_BITS | figures.accepted;
}

uint32_t acceptance_ppm(uint64_t word, int64_t wall_ms)
{
    if (word == 0) return ACCEPTANCE_ONE;
    struct figures figures = figures_at(word, hours_of(wall_ms));
    uint64_t prior = ACCEPTANCE_PRIOR * POST;
    return (uint32_t)((figures.accepted + prior) * ACCEPTANCE_ONE / (figures.posts + prior));
}

uint32_t acceptance_posts(uint64_t word, int64_t wall_ms)
{
    return (uint32_t)(figures_at(word, hours_of(wall_ms)).posts / POST);
}
