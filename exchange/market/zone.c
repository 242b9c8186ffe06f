/* Time is cut into spans of one offset each:
 *
 *      first_s        [0]            [1]                    [count-1]        rule
 *   ------------|--------------|--------------|-- … --|--------------|-------------->
 *             changes[0].at  changes[1].at        changes[count-1].at
 *
 * The footer's rule is written out as changes until EXPANDED_UNTIL, so that a look-up in our lifetime is one binary
 * search; only later instants work the rule out. Hours and days walk over spans, so no question has a special case for
 * DST nights. */
#include "exchange/market/zone.h"

#include <endian.h>

#include "exchange/market/posix_zone.h"
#include "protocol/base/clock.h"

#define HEADER_BYTES 44u
#define EXPANDED_UNTIL 2100
#define OFFSET_S_MIN (-89999) /* RFC 8536 section 3.2 */
#define OFFSET_S_MAX 93599
#define DAY_S 86400
#define DAY_WALK_S (50 * 3600) /* the longest local dates lasted two days (a date line crossed) */

struct zone {
    int32_t first_s; /* before all changes */
    uint32_t count;
    const struct zone_change *changes;
    bool has_rule;
    struct posix_zone rule;
};

struct span {
    int64_t start_s, end_s; /* INT64_MIN, INT64_MAX: without end */
    int32_t offset_s;
};

/* The counts of one TZif header, in the file's order. */
struct counts {
    uint32_t isutc, isstd, leap, time, type, letters;
};

static bool read_header(struct bytes tzif, struct counts *counts);
static size_t block_bytes(const struct counts *counts, size_t time_bytes);
static bool read_block(struct arena *arena, struct zone *zone, struct bytes block, const struct counts *counts);
static bool read_footer(struct zone *zone, struct bytes footer);
static void expand(struct zone *zone, struct zone_change *changes);
static struct span span_at(const struct zone *zone, int64_t wall_s);

const struct zone *zone_parse(struct arena *arena, struct bytes tzif)
{
    struct counts counts;
    if (!read_header(tzif, &counts) || tzif.at[4] < '2') return NULL;
    tzif = bytes_from(tzif, HEADER_BYTES + block_bytes(&counts, 4));
    if (!read_header(tzif, &counts) || counts.leap || counts.type == 0) return NULL;
    tzif = bytes_from(tzif, HEADER_BYTES);
    size_t len = block_bytes(&counts, 8);
    if (tzif.len < len) return NULL;
    struct zone *zone = arena_zero(arena, 1, sizeof *zone);
    if (!zone || !read_footer(zone, bytes_from(tzif, len))) return NULL;
    return read_block(arena, zone, bytes_first(tzif, len), &counts) ? zone : NULL;
}

const struct zone *zone_utc(void)
{
    static const struct zone UTC = {0};
    return &UTC;
}

int32_t zone_offset_s(const struct zone *zone, int64_t wall_s)
{
    return span_at(zone, wall_s).offset_s;
}

int64_t zone_next_change(const struct zone *zone, int64_t wall_s)
{
    struct span span = span_at(zone, wall_s);
    return span.end_s == INT64_MAX ? CLOCK_NEVER : span.end_s;
}

static int64_t floor_to(int64_t value, int64_t step)
{
    int64_t rest = value % step;
    return value - (rest < 0 ? rest + step : rest);
}

int64_t zone_hour_start(const struct zone *zone, int64_t wall_s)
{
    struct span span = span_at(zone, wall_s);
    int64_t start = floor_to(wall_s + span.offset_s, 3600) - span.offset_s;
    return start > span.start_s ? start : span.start_s;
}

int64_t zone_day_start(const struct zone *zone, int64_t wall_s)
{
    struct span span = span_at(zone, wall_s);
    int64_t midnight = floor_to(wall_s + span.offset_s, DAY_S), best = wall_s;
    while (true) {
        int64_t start = midnight - span.offset_s,
                end = start + DAY_S; /* of that date, if this offset had always held */
        if (start < span.start_s) start = span.start_s;
        if (end > span.end_s) end = span.end_s;
        if (start < end && start < best) best = start;
        if (span.start_s < wall_s - DAY_WALK_S) return best;
        span = span_at(zone, span.start_s - 1);
    }
}

static int64_t local_date(const struct zone *zone, int64_t wall_s)
{
    return floor_to(wall_s + zone_offset_s(zone, wall_s), DAY_S) / DAY_S;
}

int64_t zone_week_start(const struct zone *zone, int64_t wall_s)
{
    int64_t date = local_date(zone, wall_s);
    return zone_date_start(zone, floor_to(date + 3, 7) - 3); /* 1970 began on a Thursday */
}

int64_t zone_month_start(const struct zone *zone, int64_t wall_s)
{
    int64_t date = local_date(zone, wall_s), year;
    unsigned month, day;
    clock_date_from_days(date, &year, &month, &day);
    return zone_date_start(zone, date - (day - 1));
}

/* Noon is inside the date whatever the night did to the clocks. */
int64_t zone_date_start(const struct zone *zone, int64_t days)
{
    int64_t noon = days * DAY_S + DAY_S / 2;
    noon -= zone_offset_s(zone, noon);
    return zone_day_start(zone, noon);
}

static uint32_t read_u32(const char *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return be32toh(value);
}

static int64_t read_i64(const char *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return (int64_t)be64toh(value);
}

static bool read_header(struct bytes tzif, struct counts *counts)
{
    if (tzif.len < HEADER_BYTES || !bytes_starts(tzif, BYTES("TZif"))) return false;
    const char *at = tzif.at + 20;
    *counts = (struct counts){read_u32(at),      read_u32(at + 4),  read_u32(at + 8),
                              read_u32(at + 12), read_u32(at + 16), read_u32(at + 20)};
    return true;
}

/* times | type of each | types: offset, is_dst, letters | letters | leap seconds | isstd | isutc */
static size_t block_bytes(const struct counts *counts, size_t time_bytes)
{
    return counts->time * (time_bytes + 1) + counts->type * (size_t)6 + counts->letters +
           counts->leap * (time_bytes + 4) + counts->isstd + counts->isutc;
}

static bool read_block(struct arena *arena, struct zone *zone, struct bytes block, const struct counts *counts)
{
    const char *kinds = block.at + counts->time * (size_t)8, *types = kinds + counts->time;
    size_t expanded = (size_t)POSIX_CHANGES * (EXPANDED_UNTIL - 1900 + 1);
    struct zone_change *changes = arena_zero(arena, counts->time + expanded, sizeof *changes);
    if (!changes) return false;
    for (uint32_t i = 0; i < counts->type; i++) {
        int32_t offset = (int32_t)read_u32(types + i * (size_t)6);
        if (offset < OFFSET_S_MIN || offset > OFFSET_S_MAX) return false;
    }
    for (uint32_t i = 0; i < counts->time; i++) {
        uint8_t kind = (uint8_t)kinds[i];
        changes[i].at_s = read_i64(block.at + i * (size_t)8);
        if (kind >= counts->type || (i && changes[i].at_s <= changes[i - 1].at_s)) return false;
        changes[i].offset_s = (int32_t)read_u32(types + kind * (size_t)6);
    }
    zone->first_s = (int32_t)read_u32(types);
    zone->count = counts->time;
    zone->changes = changes;
    expand(zone, changes);
    return true;
}

/* Newline, rule, newline; an empty rule leaves the last offset in force. */
static bool read_footer(struct zone *zone, struct bytes footer)
{
    struct bytes rule;
    if (footer.len < 2 || footer.at[0] != '\n') return false;
    footer = bytes_from(footer, 1);
    if (bytes_find(footer, '\n') == footer.len) return false;
    bytes_split(footer, '\n', &rule);
    zone->has_rule = rule.len > 0;
    return rule.len == 0 || posix_zone_read(rule, &zone->rule);
}

static int64_t year_of(int64_t wall_s)
{
    int64_t year;
    unsigned month, day;
    clock_date_from_days(floor_to(wall_s, DAY_S) / DAY_S, &year, &month, &day);
    return year;
}

/* Changes after the last listed one; a file that lists none starts at 1900 (the room taken is for that). */
static void expand(struct zone *zone, struct zone_change *changes)
{
    if (!zone->has_rule || !zone->rule.has_summer) return;
    int64_t last = zone->count ? changes[zone->count - 1].at_s : INT64_MIN;
    int64_t year = last < clock_days_from_date(1900, 1, 1) * DAY_S ? 1900 : year_of(last);
    for (; year <= EXPANDED_UNTIL; year++) {
        struct zone_change pair[POSIX_CHANGES];
        posix_zone_changes(&zone->rule, year, pair);
        for (unsigned i = 0; i < POSIX_CHANGES; i++) {
            if (pair[i].at_s <= last || (zone->count && pair[i].at_s < changes[zone->count - 1].at_s)) continue;
            if (zone->count && pair[i].at_s == changes[zone->count - 1].at_s) zone->count--;
            changes[zone->count++] = pair[i];
        }
    }
}

/* After the last change: the rule, worked out for the years around. */
static struct span rule_span(const struct zone *zone, int64_t wall_s, int64_t floor_s)
{
    struct span span = {floor_s, INT64_MAX, zone->rule.standard_s};
    if (!zone->rule.has_summer) return span;
    int64_t year = year_of(wall_s);
    for (int64_t y = year - 1; y <= year + 1; y++) {
        struct zone_change pair[POSIX_CHANGES];
        posix_zone_changes(&zone->rule, y, pair);
        for (unsigned i = 0; i < POSIX_CHANGES; i++) {
            if (pair[i].at_s > wall_s) {
                span.end_s = pair[i].at_s;
                return span;
            }
            if (pair[i].at_s > floor_s) span.start_s = pair[i].at_s;
            span.offset_s = pair[i].offset_s;
        }
    }
    return span;
}

static struct span span_at(const struct zone *zone, int64_t wall_s)
{
    uint32_t low = 0, high = zone->count; /* changes[low - 1] is the last at or before wall_s */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (zone->changes[middle].at_s <= wall_s)
            low = middle + 1;
        else
            high = middle;
    }
    int64_t start = low ? zone->changes[low - 1].at_s : INT64_MIN;
    if (low == zone->count && zone->has_rule) return rule_span(zone, wall_s, start);
    int64_t end = low < zone->count ? zone->changes[low].at_s : INT64_MAX;
    return (struct span){start, end, low ? zone->changes[low - 1].offset_s : zone->first_s};
}
