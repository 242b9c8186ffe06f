/* Calendars, schedules and periods. Schedules that many contracts share are kept once: a buyer's is every contract's
 * that has none of its own. */
#include "exchange/market/build.h"

#include <stdlib.h>

#include "exchange/market/scalar.h"

const struct zone *build_zone(struct build *build, struct bytes name)
{
    const struct catalogue_source *source = build->source;
    struct bytes file, kept;
    if (name.len == 0 || bytes_is(name, "UTC")) return zone_utc();
    const struct zone *zone = pool_find(&build->zones, name);
    if (zone || !source->read_zone || !source->read_zone(source->read_zone_arg, name, &file)) return zone;
    zone = zone_parse(build->arena, file);
    kept = zone ? build_copy(build, name) : BYTES_NONE;
    if (kept.at) pool_put(build, &build->zones, kept, zone);
    return zone;
}

static int compare_days(const void *a, const void *b)
{
    int64_t left = ((const struct calendar_day *)a)->day, right = ((const struct calendar_day *)b)->day;
    return left < right ? -1 : left > right;
}

static void read_calendar(struct build *build, const struct node *node)
{
    struct calendar *calendar = build_zero(build, 1, sizeof *calendar);
    bool is_map = node->kind == NODE_MAP && node->count > 0;
    if (!is_map) build_error(build, node, "a calendar is a map such as {\"2026-12-25\": closed}");
    if (pool_find(&build->calendars, node->key)) build_error(build, node, "there is another calendar of that name");
    struct calendar_day *days = build_zero(build, is_map ? node->count : 0, sizeof *days);
    if (!calendar || !days || !is_map) return;
    NODE_EACH(child, node)
    {
        struct bytes hours;
        const char *error = "a day is closed or has hours such as \"09:00-12:00\"";
        if (scalar_text(child, &hours)) error = schedule_read_day(child->key, hours, &days[calendar->count++]);
        if (error) build_error(build, child, "%s", error);
    }
    qsort(days, calendar->count, sizeof *days, compare_days);
    calendar->days = days;
    pool_put(build, &build->calendars, node->key, calendar);
}

void build_calendars(struct build *build)
{
    const struct node *map = node_find(build->source->document, "calendars");
    if (!map) return;
    if (map->kind != NODE_MAP) {
        build_error(build, map, "calendars is a map such as {us: {\"2026-12-25\": closed}}");
        return;
    }
    NODE_EACH(node, map) read_calendar(build, node);
}

static void read_use(struct build *build, const struct node *node, struct schedule *schedule)
{
    struct bytes name;
    schedule->calendar = scalar_text(node, &name) ? pool_find(&build->calendars, name) : NULL;
    if (!schedule->calendar) build_error(build, node, "there is no such calendar");
}

static bool has_open_day(const struct calendar *calendar)
{
    for (uint32_t i = 0; calendar && i < calendar->count; i++)
        if (calendar->days[i].half_hours) return true;
    return false;
}

const struct schedule *build_schedule(struct build *build, const struct node *node, const struct zone *zone)
{
    const struct node *map = node_find(node, "schedule");
    struct schedule schedule = {.zone = zone};
    if (!map) return NULL;
    if (map->kind != NODE_MAP) {
        build_error(build, map, "a schedule is a map such as {mon-fri: \"08:00-20:00\"}");
        return NULL;
    }
    NODE_EACH(child, map)
    {
        struct bytes hours;
        const char *error = "hours are a text such as \"08:00-20:00\"";
        if (bytes_is(child->key, "use")) {
            read_use(build, child, &schedule);
            continue;
        }
        if (scalar_text(child, &hours)) error = schedule_add(&schedule, child->key, hours);
        if (error) build_error(build, child, "%s", error);
    }
    if (schedule_is_empty(&schedule) && !has_open_day(schedule.calendar))
        build_warning(build, map, "the contract can never be open [never_open]");
    const struct schedule *same = pool_find(&build->schedules,
                                            (struct bytes){(const char *)&schedule, sizeof schedule});
    struct schedule *kept = same ? NULL : build_zero(build, 1, sizeof *kept);
    if (!kept) return same;
    *kept = schedule;
    pool_put(build, &build->schedules, (struct bytes){(const char *)kept, sizeof *kept}, kept);
    return kept;
}

/* The first instant of that date, or of the one after it. */
void build_date(struct build *build, const struct node *map, const char *name, const struct zone *zone, bool after,
                uint32_t *minute)
{
    const struct node *node = node_find(map, name);
    struct bytes text;
    int64_t days;
    if (!node) return;
    if (scalar_text(node, &text) && schedule_read_date(text, &days))
        *minute = (uint32_t)(zone_date_start(zone, days + after) / 60);
    else
        build_error(build, node, "%s is a date such as 2026-12-25", name);
}

void build_period(struct build *build, const struct node *node, const struct zone *zone, struct contract *contract)
{
    build_date(build, node, "from", zone, false, &contract->from_min);
    build_date(build, node, "until", zone, true, &contract->until_min);
    if (contract->until_min && contract->until_min <= contract->from_min)
        build_error(build, node, "until is before from: the contract can never be open");
}
