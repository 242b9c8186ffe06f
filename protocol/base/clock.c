/* Dates by the days-from-civil method: years start in March, so the leap day is a year's last. */
#include "protocol/base/clock.h"

#include <time.h>

static int64_t read_us(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_now_us(void) { return read_us(CLOCK_MONOTONIC); }
int64_t clock_wall_ms(void) { return read_us(CLOCK_REALTIME) / 1000; }
int64_t clock_cpu_us(void) { return read_us(CLOCK_PROCESS_CPUTIME_ID); }

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

int64_t clock_days_from_date(int64_t year, unsigned month, unsigned day)
{
    if (month <= 2) year--;
    int64_t era = floor_div(year, 400);
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + (int64_t)day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

void clock_date_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
    days += 719468;
    int64_t era = floor_div(days, 146097);
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * day_of_year + 2) / 153;
    *day = (unsigned)(day_of_year - (153 * shifted + 2) / 5 + 1);
    *month = (unsigned)(shifted < 10 ? shifted + 3 : shifted - 9);
    *year = year_of_era + era * 400 + (*month <= 2);
}

bool clock_is_date(int64_t year, unsigned month, unsigned day)
{
    static const unsigned char lengths[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (month < 1 || month > 12 || day < 1 || day > lengths[month - 1]) return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month != 2 || day <= 28 || leap;
}

void clock_write_wall(struct sink *sink, int64_t wall_ms)
{
    int64_t days = floor_div(wall_ms, 86400000), year;
    uint64_t rest = (uint64_t)(wall_ms - days * 86400000);
    unsigned month, day;
    clock_date_from_days(days, &year, &month, &day);
    sink_digits(sink, (uint64_t)year, 4);
    sink_char(sink, '-');
    sink_digits(sink, month, 2);
    sink_char(sink, '-');
    sink_digits(sink, day, 2);
    sink_char(sink, 'T');
    sink_digits(sink, rest / 3600000, 2);
    sink_char(sink, ':');
    sink_digits(sink, rest / 60000 % 60, 2);
    sink_char(sink, ':');
    sink_digits(sink, rest / 1000 % 60, 2);
    sink_char(sink, '.');
    sink_digits(sink, rest % 1000, 3);
    sink_char(sink, 'Z');
}

static bool number(struct bytes text, size_t at, size_t len, unsigned *value)
{
    uint64_t read;
    if (at + len > text.len || !bytes_u64((struct bytes){text.at + at, len}, &read)) return false;
    *value = (unsigned)read;
    return true;
}

/* "Z", "+hh:mm" or "-hh:mm": minutes east of UTC. */
static bool read_offset(struct bytes text, int *minutes)
{
    unsigned hours, rest;
    *minutes = 0;
    if (text.len == 1) return text.at[0] == 'Z' || text.at[0] == 'z';
    if (text.len != 6 || (text.at[0] != '+' && text.at[0] != '-') || text.at[3] != ':') return false;
    if (!number(text, 1, 2, &hours) || !number(text, 4, 2, &rest) || hours > 23 || rest > 59) return false;
    *minutes = (int)(hours * 60 + rest) * (text.at[0] == '-' ? -1 : 1);
    return true;
}

bool clock_read_wall(struct bytes text, int64_t *wall_ms)
{
    unsigned year, month, day, hour, minute, second, ms = 0;
    if (text.len < 20 || text.at[4] != '-' || text.at[7] != '-' || text.at[13] != ':' || text.at[16] != ':') return false;
    if (text.at[10] != 'T' && text.at[10] != 't') return false;
    if (!number(text, 0, 4, &year) || !number(text, 5, 2, &month) || !number(text, 8, 2, &day)) return false;
    if (!number(text, 11, 2, &hour) || !number(text, 14, 2, &minute) || !number(text, 17, 2, &second)) return false;
    if (!clock_is_date(year, month, day) || hour > 23 || minute > 59 || second > 60) return false;
    size_t at = 19;
    if (text.at[at] == '.') {
        size_t digits = 0;
        for (at++; at < text.len && text.at[at] >= '0' && text.at[at] <= '9'; at++, digits++)
            if (digits < 3) ms = ms * 10 + (unsigned)(text.at[at] - '0');
        if (digits == 0 || digits > 9) return false;
        for (; digits < 3; digits++) ms *= 10;
    }
    int east;
    if (!read_offset(bytes_from(text, at), &east)) return false;
    int64_t seconds = clock_days_from_date(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - east * 60;
    *wall_ms = seconds * 1000 + ms;
    return true;
}
