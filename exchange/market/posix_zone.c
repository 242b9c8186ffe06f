/* A reader that eats the text from the left, and the arithmetic of the three ways POSIX names a day. */
#include "exchange/market/posix_zone.h"

#include "protocol/base/clock.h"

#define DAY_S 86400

static bool read_name(struct bytes *text);
static bool read_time(struct bytes *text, unsigned hours_max, int32_t *time_s);
static bool read_date(struct bytes *text, struct posix_date *date);
static int64_t instant_of(const struct posix_date *date, int64_t year, int32_t offset_s);

bool posix_zone_read(struct bytes text, struct posix_zone *zone)
{
    int32_t west;
    *zone = (struct posix_zone){0};
    if (!read_name(&text) || !read_time(&text, 24, &west)) return false;
    zone->standard_s = -west;
    if (text.len == 0) return true;
    zone->has_summer = true;
    zone->summer_s = zone->standard_s + 3600;
    if (!read_name(&text)) return false;
    if (text.len && text.at[0] != ',') {
        if (!read_time(&text, 24, &west)) return false;
        zone->summer_s = -west;
    }
    return read_date(&text, &zone->start) && read_date(&text, &zone->end) && text.len == 0;
}

void posix_zone_changes(const struct posix_zone *zone, int64_t year, struct zone_change changes[POSIX_CHANGES])
{
    struct zone_change summer = {instant_of(&zone->start, year, zone->standard_s), zone->summer_s};
    struct zone_change standard = {instant_of(&zone->end, year, zone->summer_s), zone->standard_s};
    bool summer_first = summer.at_s < standard.at_s;
    changes[0] = summer_first ? summer : standard;
    changes[1] = summer_first ? standard : summer;
}

/* At least three letters, or <anything but '>'>. */
static bool read_name(struct bytes *text)
{
    size_t len = 0;
    if (text->len && text->at[0] == '<') {
        len = bytes_find(*text, '>');
        if (len == text->len || len < 4) return false;
        *text = bytes_from(*text, len + 1);
        return true;
    }
    while (len < text->len && ((text->at[len] | 0x20) >= 'a' && (text->at[len] | 0x20) <= 'z')) len++;
    *text = bytes_from(*text, len);
    return len >= 3;
}

static bool take(struct bytes *text, char wanted)
{
    if (text->len == 0 || text->at[0] != wanted) return false;
    *text = bytes_from(*text, 1);
    return true;
}

static bool read_number(struct bytes *text, unsigned max, unsigned *number)
{
    size_t digits = 0;
    uint64_t value;
    while (digits < text->len && digits < 4 && text->at[digits] >= '0' && text->at[digits] <= '9') digits++;
    if (!bytes_u64(bytes_first(*text, digits), &value) || value > max) return false;
    *text = bytes_from(*text, digits);
    *number = (unsigned)value;
    return true;
}

static bool read_time(struct bytes *text, unsigned hours_max, int32_t *time_s)
{
    unsigned hours, minutes = 0, seconds = 0;
    bool negative = take(text, '-');
    if (!negative) take(text, '+');
    if (!read_number(text, hours_max, &hours)) return false;
    if (take(text, ':') && !read_number(text, 59, &minutes)) return false;
    if (take(text, ':') && !read_number(text, 59, &seconds)) return false;
    int32_t sum = (int32_t)(hours * 3600 + minutes * 60 + seconds);
    *time_s = negative ? -sum : sum;
    return true;
}

static bool read_day(struct bytes *text, struct posix_date *date)
{
    if (take(text, 'M')) {
        date->kind = POSIX_MONTH_WEEK_DAY;
        return read_number(text, 12, &date->month) && date->month && take(text, '.') &&
               read_number(text, 5, &date->week) && date->week && take(text, '.') &&
               read_number(text, 6, &date->weekday);
    }
    date->kind = take(text, 'J') ? POSIX_JULIAN : POSIX_ZERO_BASED;
    return read_number(text, 365, &date->day) && (date->kind == POSIX_ZERO_BASED || date->day > 0);
}

static bool read_date(struct bytes *text, struct posix_date *date)
{
    date->time_s = 2 * 3600;
    return take(text, ',') && read_day(text, date) && (!take(text, '/') || read_time(text, 167, &date->time_s));
}

static int64_t day_of(const struct posix_date *date, int64_t year)
{
    int64_t new_year = clock_days_from_date(year, 1, 1);
    if (date->kind == POSIX_ZERO_BASED) return new_year + date->day;
    if (date->kind == POSIX_JULIAN) return new_year + date->day - (date->day <= 59 || !clock_is_date(year, 2, 29));
    int64_t first = clock_days_from_date(year, date->month, 1);
    int64_t next = date->month == 12 ? clock_days_from_date(year + 1, 1, 1)
                                     : clock_days_from_date(year, date->month + 1, 1);
    int64_t first_weekday = ((first + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday */
    int64_t day = first + (date->weekday - first_weekday + 7) % 7 + (int64_t)(date->week - 1) * 7;
    while (day >= next) day -= 7;
    return day;
}

static int64_t instant_of(const struct posix_date *date, int64_t year, int32_t offset_s)
{
    return day_of(date, year) * DAY_S + date->time_s - offset_s;
}
