/* A bit a half hour keeps a schedule in one cache line and the question at one shift. The next change is looked for by
 * stepping from one half hour (or change of offset) to the next: it is asked by people, not by auctions. */
#include "exchange/market/schedule.h"

#include "protocol/base/clock.h"

#define DAYS 7u
#define HALF_HOURS_A_DAY 48u
#define HALF_HOUR_S 1800
#define WEEK_S (INT64_C(7) * 86400)
#define DAY_S INT64_C(86400)
#define LOOK_AHEAD_S (9 * DAY_S) /* a week, and what a change of offset may skip; a calendar's days come on top */

static bool read_days(struct bytes days, unsigned *set);

const char *schedule_add(struct schedule *schedule, struct bytes days, struct bytes hours)
{
    unsigned day_set = 0;
    uint64_t hour_set = 0;
    if (!read_days(days, &day_set)) return "days are written mon-fri, sat or mon,wed,fri";
    const char *error = schedule_read_hours(hours, &hour_set);
    if (error) return error;
    for (unsigned bit = 0; bit < SCHEDULE_HALF_HOURS; bit++) {
        bool on = (day_set >> (bit / HALF_HOURS_A_DAY) & 1) && (hour_set >> (bit % HALF_HOURS_A_DAY) & 1);
        if (on) schedule->half_hours[bit / 64] |= UINT64_C(1) << (bit % 64);
    }
    return NULL;
}

bool schedule_read_date(struct bytes date, int64_t *days)
{
    uint64_t year, month, day;
    int64_t year_back;
    unsigned month_back, day_back;
    if (date.len != 10 || date.at[4] != '-' || date.at[7] != '-') return false;
    if (!bytes_u64(bytes_first(date, 4), &year) || !bytes_u64(bytes_first(bytes_from(date, 5), 2), &month))
        return false;
    if (!bytes_u64(bytes_from(date, 8), &day) || month < 1 || month > 12 || day < 1 || day > 31) return false;
    int64_t found = clock_days_from_date((int64_t)year, (unsigned)month, (unsigned)day);
    clock_date_from_days(found, &year_back, &month_back, &day_back);
    if (day_back != day || year < 1970) return false;
    *days = found;
    return true;
}

const char *schedule_read_day(struct bytes date, struct bytes hours, struct calendar_day *day)
{
    *day = (struct calendar_day){0};
    if (!schedule_read_date(date, &day->day)) return "a date is written 2026-12-25";
    return bytes_is(hours, "closed") ? NULL : schedule_read_hours(hours, &day->half_hours);
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* NULL: an ordinary day. */
static const struct calendar_day *day_of(const struct calendar *calendar, int64_t day)
{
    uint32_t low = 0, high = calendar ? calendar->count : 0;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (calendar->days[middle].day == day) return &calendar->days[middle];
        if (calendar->days[middle].day < day)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static bool is_open_at(const struct schedule *schedule, int64_t wall_s)
{
    int64_t local = wall_s + zone_offset_s(schedule->zone, wall_s), date = floor_div(local, DAY_S);
    const struct calendar_day *day = day_of(schedule->calendar, date);
    if (day) return day->half_hours >> ((local - date * DAY_S) / HALF_HOUR_S) & 1;
    local += 3 * DAY_S; /* 1970 began on a Thursday */
    unsigned bit = (unsigned)((local - floor_div(local, WEEK_S) * WEEK_S) / HALF_HOUR_S);
    return schedule->half_hours[bit / 64] >> (bit % 64) & 1;
}

/* The open half hours of a date. */
static uint64_t half_hours_of(const struct schedule *schedule, int64_t date)
{
    const struct calendar_day *day = schedule ? day_of(schedule->calendar, date) : NULL;
    uint64_t set = 0;
    if (day) return day->half_hours;
    unsigned first = (unsigned)(date + 3 - floor_div(date + 3, DAYS) * DAYS) * HALF_HOURS_A_DAY;
    for (unsigned i = 0; i < HALF_HOURS_A_DAY; i++) {
        bool open = !schedule || (schedule->half_hours[(first + i) / 64] >> ((first + i) % 64) & 1);
        set |= (uint64_t)open << i;
    }
    return set;
}

/* A change of offset cuts the day in spans; in each, local time runs evenly. */
struct schedule_day schedule_day_at(const struct schedule *schedule, const struct zone *zone, int64_t wall_ms)
{
    struct schedule_day day = {0, 0};
    int64_t now = floor_div(wall_ms, 1000), start = zone_day_start(zone, now),
            end = zone_day_start(zone, start + 129600);
    uint64_t set = half_hours_of(schedule, floor_div(start + zone_offset_s(zone, start), DAY_S));
    for (int64_t at = start, next; at < end; at = next) {
        int64_t offset = zone_offset_s(zone, at), change = zone_next_change(zone, at), local = at + offset;
        next = change < end ? change : end;
        for (int64_t step; at < next; at += step, local += step) {
            int64_t of_day = local - floor_div(local, DAY_S) * DAY_S;
            step = HALF_HOUR_S - of_day % HALF_HOUR_S;
            if (step > next - at) step = next - at;
            if (!(set >> (of_day / HALF_HOUR_S) & 1)) continue;
            day.open_s += step;
            day.gone_s += now >= at + step ? step : now > at ? now - at : 0;
        }
    }
    return day;
}

bool schedule_is_open(const struct schedule *schedule, int64_t wall_ms)
{
    return is_open_at(schedule, floor_div(wall_ms, 1000));
}

int64_t schedule_next_change(const struct schedule *schedule, int64_t wall_ms)
{
    int64_t now = floor_div(wall_ms, 1000), at = now;
    bool open = is_open_at(schedule, now);
    int64_t look_ahead_s = LOOK_AHEAD_S + (schedule->calendar ? schedule->calendar->count * DAY_S : 0);
    while (at - now < look_ahead_s) {
        int64_t offset = zone_offset_s(schedule->zone, at), change = zone_next_change(schedule->zone, at);
        int64_t next = (floor_div(at + offset, HALF_HOUR_S) + 1) * HALF_HOUR_S - offset;
        at = next < change ? next : change;
        if (is_open_at(schedule, at) != open) return at * 1000;
    }
    return CLOCK_NEVER;
}

bool schedule_is_empty(const struct schedule *schedule)
{
    uint64_t all = 0;
    for (unsigned i = 0; i < 6; i++) all |= schedule->half_hours[i];
    return all == 0;
}

static unsigned day_named(struct bytes name)
{
    static const char *const NAMES[DAYS] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    for (unsigned day = 0; day < DAYS; day++)
        if (bytes_is(name, NAMES[day])) return day;
    return DAYS;
}

static bool read_days(struct bytes days, unsigned *set)
{
    struct bytes part, from;
    do {
        bool is_last = bytes_find(days, ',') == days.len;
        days = bytes_split(days, ',', &part);
        bool is_range = bytes_find(part, '-') < part.len;
        struct bytes to = bytes_split(part, '-', &from);
        unsigned first = day_named(from), last = is_range ? day_named(to) : first;
        if (first == DAYS || last == DAYS) return false;
        for (unsigned day = first; *set |= 1u << day, day != last; day = (day + 1) % DAYS)
            ;
        if (is_last) return true;
    } while (true);
}

/* "08:30" -> 17; "24:00" -> 48. */
static bool read_half_hour(struct bytes text, unsigned *half_hour)
{
    uint64_t hours, minutes;
    if (text.len != 5 || text.at[2] != ':') return false;
    if (!bytes_u64(bytes_first(text, 2), &hours) || !bytes_u64(bytes_from(text, 3), &minutes)) return false;
    if ((minutes != 0 && minutes != 30) || hours * 60 + minutes > 24 * 60) return false;
    *half_hour = (unsigned)(hours * 2 + minutes / 30);
    return true;
}

const char *schedule_read_hours(struct bytes hours, uint64_t *half_hours)
{
    struct bytes part, from;
    do {
        unsigned start, end;
        bool is_last = bytes_find(hours, ',') == hours.len;
        hours = bytes_split(hours, ',', &part);
        struct bytes to = bytes_split(part, '-', &from);
        if (!read_half_hour(from, &start) || !read_half_hour(to, &end))
            return "hours are written 08:00-20:00, on the half hour, up to 24:00";
        if (start >= end) return "hours must end after they start, on the same day";
        for (unsigned i = start; i < end; i++) *half_hours |= UINT64_C(1) << i;
        if (is_last) return NULL;
    } while (true);
}
