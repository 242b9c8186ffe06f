/* schedule: how days and hours are written, when it is open in local time, over DST nights too, and its next change. */
#include "exchange/market/schedule.h"

#include "protocol/base/clock.h"
#include "tests/unit/exchange/market/world.h"

static struct arena arena;
static const struct zone *new_york, *lord_howe;

static const struct zone *zone_by(const char *rule)
{
    char file[1024];
    struct sink sink = sink_over(file, sizeof file);
    const struct zone *zone = zone_parse(&arena, tzif_make(&sink, 0, NULL, 0, rule));
    assert_non_null(zone);
    return zone;
}

static int64_t wall(const char *text)
{
    int64_t ms;
    if (!clock_read_wall(bytes_of(text), &ms)) fail_msg("not a time: %s", text);
    return ms;
}

static struct schedule schedule_of(const struct zone *zone, const char *days, const char *hours)
{
    struct schedule schedule = {.zone = zone};
    const char *error = schedule_add(&schedule, bytes_of(days), bytes_of(hours));
    if (error) fail_msg("%s %s: %s", days, hours, error);
    return schedule;
}

static unsigned half_hours(const struct schedule *schedule)
{
    unsigned count = 0;
    for (unsigned i = 0; i < 6; i++) count += (unsigned)__builtin_popcountll(schedule->half_hours[i]);
    return count;
}

static void forms(void **state)
{
    static const struct {
        const char *days, *hours;
        unsigned half_hours; /* 0: refused */
    } ROWS[] = {
        {"mon-fri", "08:00-20:00", 120},
        {"sat", "09:00-17:00", 16},
        {"mon,wed,fri", "09:00-12:00,13:00-17:30", 45},
        {"fri-mon", "00:00-24:00", 192},
        {"mon-sun", "00:00-24:00", 336},
        {"mon-mon", "23:30-24:00", 1},
        {"mon-wed,wed-thu,sun", "10:00-10:30", 5},
        {"sat", "09:00-12:00,10:00-11:00", 6},
        {"", "08:00-20:00", 0},
        {"monday", "08:00-20:00", 0},
        {"Mon", "08:00-20:00", 0},
        {"mon-", "08:00-20:00", 0},
        {"-fri", "08:00-20:00", 0},
        {"mon,", "08:00-20:00", 0},
        {"mon-wed-fri", "08:00-20:00", 0},
        {"mon fri", "08:00-20:00", 0},
        {"mon", "", 0},
        {"mon", "08:00", 0},
        {"mon", "8:00-20:00", 0},
        {"mon", "08:15-20:00", 0},
        {"mon", "08:00-24:30", 0},
        {"mon", "24:00-24:00", 0},
        {"mon", "20:00-08:00", 0},
        {"mon", "08:00-08:00", 0},
        {"mon", "08:00-20:00,", 0},
        {"mon", "08:00-20:00 ", 0},
        {"mon", "08.00-20.00", 0},
        {"mon", "-1:00-20:00", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct schedule schedule = {.zone = zone_utc()};
        const char *error = schedule_add(&schedule, bytes_of(ROWS[i].days), bytes_of(ROWS[i].hours));
        if ((error != NULL) != (ROWS[i].half_hours == 0))
            fail_msg("\"%s\" \"%s\": %s", ROWS[i].days, ROWS[i].hours, error);
        if (!error) assert_int_equal(half_hours(&schedule), ROWS[i].half_hours);
        if (!error) assert_false(schedule_is_empty(&schedule));
    }
    struct schedule two = schedule_of(zone_utc(), "mon-fri", "08:00-20:00");
    assert_null(schedule_add(&two, BYTES("fri-sat"), BYTES("19:00-21:00")));
    assert_int_equal(half_hours(&two), 120 + 2 + 4);
    two = (struct schedule){.zone = zone_utc()};
    assert_true(schedule_is_empty(&two));
}

static void open_in_local_time(void **state)
{
    static const struct {
        const char *at;
        bool open;
    } ROWS[] = {
        {"2026-01-02T12:59:59.999Z", false}, /* Friday 07:59 EST */
        {"2026-01-02T13:00:00.000Z", true},  {"2026-01-03T00:59:59.999Z", true},
        {"2026-01-03T01:00:00.000Z", false}, {"2026-01-03T15:00:00.000Z", false}, /* Saturday */
        {"2026-01-05T13:00:00.000Z", true},                                       /* Monday */
        {"2026-07-03T12:00:00.000Z", true},                                       /* 08:00 EDT */
        {"2026-07-03T11:59:59.999Z", false}, {"1969-12-31T13:30:00.000Z", true},  /* a Wednesday before 1970 */
    };
    struct schedule schedule = schedule_of(new_york, "mon-fri", "08:00-20:00");
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        if (schedule_is_open(&schedule, wall(ROWS[i].at)) != ROWS[i].open) fail_msg("at %s", ROWS[i].at);
}

/* Minutes open between two instants. */
static unsigned minutes_open(const struct schedule *schedule, const char *from, const char *to)
{
    unsigned count = 0;
    for (int64_t at = wall(from); at < wall(to); at += 60000) count += schedule_is_open(schedule, at);
    return count;
}

static void nights_of_change(void **state)
{
    (void)state;
    /* Sunday 02:00-03:00 does not exist on 8 March 2026 and comes once on any other Sunday; 01:00-02:00 comes twice in
     * autumn. */
    struct schedule skipped = schedule_of(new_york, "sun", "02:00-03:00");
    assert_int_equal(minutes_open(&skipped, "2026-03-08T00:00:00Z", "2026-03-09T12:00:00Z"), 0);
    assert_int_equal(minutes_open(&skipped, "2026-03-15T00:00:00Z", "2026-03-16T12:00:00Z"), 60);
    struct schedule twice = schedule_of(new_york, "sun", "01:00-02:00");
    assert_int_equal(minutes_open(&twice, "2026-11-01T00:00:00Z", "2026-11-02T12:00:00Z"), 120);
    struct schedule half = schedule_of(lord_howe, "sun", "01:30-02:00");
    assert_int_equal(minutes_open(&half, "2026-04-04T00:00:00Z", "2026-04-05T12:00:00Z"), 60);
    struct schedule day = schedule_of(new_york, "sun", "00:00-24:00");
    assert_int_equal(minutes_open(&day, "2026-03-07T12:00:00Z", "2026-03-09T12:00:00Z"), 23 * 60);
    assert_int_equal(minutes_open(&day, "2026-10-31T12:00:00Z", "2026-11-02T12:00:00Z"), 25 * 60);
}

static void next_change(void **state)
{
    struct schedule schedule = schedule_of(new_york, "mon-fri", "08:00-20:00");
    struct schedule always = schedule_of(new_york, "mon-sun", "00:00-24:00"), never = {.zone = new_york};
    (void)state;
    assert_true(schedule_next_change(&schedule, wall("2026-01-02T12:00:00Z")) == wall("2026-01-02T13:00:00Z"));
    assert_true(schedule_next_change(&schedule, wall("2026-01-02T13:00:00Z")) == wall("2026-01-03T01:00:00Z"));
    assert_true(schedule_next_change(&schedule, wall("2026-01-03T01:00:00Z")) == wall("2026-01-05T13:00:00Z"));
    assert_true(schedule_next_change(&schedule, wall("2026-03-07T02:00:00.500Z")) == wall("2026-03-09T12:00:00Z"));
    assert_true(schedule_next_change(&always, wall("2026-01-03T01:00:00Z")) == CLOCK_NEVER);
    assert_true(schedule_next_change(&never, wall("2026-01-03T01:00:00Z")) == CLOCK_NEVER);
    /* Open from 01:00 to 02:30 on Sundays: on the night that skips 02:00 it closes by the change itself. */
    struct schedule night = schedule_of(new_york, "sun", "01:00-02:30");
    assert_true(schedule_next_change(&night, wall("2026-03-08T06:30:00Z")) == wall("2026-03-08T07:00:00Z"));
    /* And a change in the middle of a half hour: 10:15 becomes 11:15. */
    char file[1024];
    struct sink sink = sink_over(file, sizeof file);
    const struct tzif_change change = {wall("2026-01-01T10:15:00Z") / 1000, 3600};
    const struct zone *zone = zone_parse(&arena, tzif_make(&sink, 0, &change, 1, ""));
    assert_non_null(zone);
    struct schedule quarter = schedule_of(zone, "thu", "10:00-11:00");
    assert_true(schedule_next_change(&quarter, wall("2026-01-01T10:05:00Z")) == wall("2026-01-01T10:15:00Z"));
}

/* The next change is the first instant that differs, whatever the schedule. */
static void next_change_by_walking(void **state)
{
    static const char *const DAYS[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    struct dice dice = {42};
    (void)state;
    for (unsigned round = 0; round < 60; round++) {
        struct schedule schedule = {.zone = round % 2 ? new_york : lord_howe};
        for (unsigned i = 0; i < 1 + round % 5; i++) {
            char hours[64];
            unsigned from = dice_below(&dice, 48), to = from + 1 + dice_below(&dice, 48 - from);
            snprintf(hours, sizeof hours, "%02u:%02u-%02u:%02u", from / 2, from % 2 * 30, to / 2, to % 2 * 30);
            assert_null(schedule_add(&schedule, bytes_of(DAYS[dice_below(&dice, 7)]), bytes_of(hours)));
        }
        int64_t at = wall("2026-03-01T00:00:00Z") + (int64_t)dice_below(&dice, 300 * 1440) * 60000;
        bool open = schedule_is_open(&schedule, at);
        int64_t walked = at;
        while (schedule_is_open(&schedule, walked) == open && walked < at + INT64_C(9) * 86400000) walked += 60000;
        int64_t next = schedule_next_change(&schedule, at);
        if (next != walked) fail_msg("round %u: %lld, walking says %lld", round, (long long)next, (long long)walked);
    }
}

static void dates(void **state)
{
    static const char *const WRONG[] = {
        "2026-2-1", "2026-02-29", "2026-13-01", "2026-00-10", "26-01-01", "1969-12-31", "2026-04-31", "2026-01-0a", ""};
    int64_t days;
    (void)state;
    assert_true(schedule_read_date(BYTES("1970-01-02"), &days));
    assert_int_equal(days, 1);
    assert_true(schedule_read_date(BYTES("2028-02-29"), &days)); /* a leap year's */
    assert_int_equal(zone_date_start(new_york, days) * 1000, wall("2028-02-29T05:00:00Z"));
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++)
        if (schedule_read_date(bytes_of(WRONG[i]), &days)) fail_msg("%s", WRONG[i]);
}

/* A date's own hours count instead of the week's: closed on a working day, open on a Sunday, shorter on another. */
static void calendars(void **state)
{
    struct calendar_day days[3];
    assert_null(schedule_read_day(BYTES("2026-12-24"), BYTES("08:00-12:00"), &days[0]));
    assert_null(schedule_read_day(BYTES("2026-12-25"), BYTES("closed"), &days[1]));
    assert_null(schedule_read_day(BYTES("2026-12-27"), BYTES("10:00-24:00"), &days[2]));
    assert_non_null(schedule_read_day(BYTES("2026-12-32"), BYTES("closed"), &days[2] + 0));
    assert_null(schedule_read_day(BYTES("2026-12-27"), BYTES("10:00-24:00"), &days[2]));
    struct calendar calendar = {days, 3};
    struct schedule schedule = schedule_of(new_york, "mon-fri", "08:00-20:00");
    schedule.calendar = &calendar;
    static const struct {
        const char *at;
        bool open;
    } ROWS[] = {
        {"2026-12-24T13:00:00Z", true},  {"2026-12-24T16:59:00Z", true},  {"2026-12-24T17:00:00Z", false},
        {"2026-12-25T15:00:00Z", false}, {"2026-12-26T15:00:00Z", false}, {"2026-12-27T15:00:00Z", true},
        {"2026-12-28T04:59:00Z", true},  {"2026-12-28T05:00:00Z", false}, {"2026-12-28T13:00:00Z", true},
        {"2026-12-23T17:00:00Z", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        if (schedule_is_open(&schedule, wall(ROWS[i].at)) != ROWS[i].open) fail_msg("at %s", ROWS[i].at);
    assert_true(schedule_next_change(&schedule, wall("2026-12-24T17:00:00Z")) == wall("2026-12-27T15:00:00Z"));
    /* Closed for three weeks on end: the change behind them is found. */
    struct calendar_day holidays[21];
    for (unsigned i = 0; i < 21; i++) holidays[i] = (struct calendar_day){days[0].day + i, 0};
    calendar = (struct calendar){holidays, 21};
    assert_true(schedule_next_change(&schedule, wall("2026-12-24T17:00:00Z")) == wall("2027-01-14T13:00:00Z"));
}

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 16, 1 << 24);
    new_york = zone_by("EST5EDT,M3.2.0,M11.1.0");
    lord_howe = zone_by("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

/* Open seconds of the local day and how many have gone: plain days, both nights of change, calendars, no schedule. */
static void how_much_of_the_day(void **state)
{
    static const struct calendar_day CLOSED_DAY[] = {{.day = 20446}, {.day = 20447, .half_hours = 0xF0}};
    const struct calendar calendar = {CLOSED_DAY, 2};
    struct schedule office = schedule_of(new_york, "mon-sun", "08:00-20:00");
    struct schedule night = schedule_of(new_york, "mon-sun", "00:00-04:00");
    struct schedule dated = office, half = schedule_of(lord_howe, "mon-sun", "00:00-24:00");
    const struct {
        const struct schedule *schedule;
        const struct zone *zone;
        const char *at;
        int64_t open_s, gone_s;
    } ROWS[] = {
        {&office, new_york, "2026-01-02T12:59:59Z", 43200, 0},
        {&office, new_york, "2026-01-02T13:00:00Z", 43200, 0},
        {&office, new_york, "2026-01-02T13:10:07Z", 43200, 607},
        {&office, new_york, "2026-01-03T01:00:00Z", 43200, 43200},
        {&office, new_york, "2026-01-03T04:59:59Z", 43200, 43200},
        {&office, new_york, "2026-01-03T05:00:00Z", 43200, 0},
        {&night, new_york, "2026-03-08T08:00:00Z", 3 * 3600, 3 * 3600}, /* 04:00 after a night without 02:00 */
        {&night, new_york, "2026-03-08T07:30:00Z", 3 * 3600, 9000},
        {&night, new_york, "2026-11-01T05:30:00Z", 5 * 3600, 5400}, /* 01:30, the first one */
        {&night, new_york, "2026-11-01T06:30:00Z", 5 * 3600, 9000}, /* 01:30 again */
        {NULL, new_york, "2026-11-01T04:00:00Z", 25 * 3600, 0},
        {NULL, new_york, "2026-11-02T04:59:59Z", 25 * 3600, 25 * 3600 - 1},
        {NULL, new_york, "2026-03-08T05:00:01Z", 23 * 3600, 1},
        {&half, lord_howe, "2026-10-03T13:30:00Z", 84600, 0}, /* half an hour of change */
        {&dated, new_york, "2025-12-24T15:00:00Z", 0, 0},
        {&dated, new_york, "2025-12-25T08:00:00Z", 7200, 3600}, /* 03:00, open from 02:00 to 04:00 */
        {NULL, zone_utc(), "2028-02-29T12:00:00Z", 86400, 43200},
    };
    (void)state;
    dated.calendar = &calendar;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct schedule_day day = schedule_day_at(ROWS[i].schedule, ROWS[i].zone, wall(ROWS[i].at));
        if (day.open_s != ROWS[i].open_s || day.gone_s != ROWS[i].gone_s)
            fail_msg("row %zu: %lld of %lld", i, (long long)day.gone_s, (long long)day.open_s);
    }
}

/* The same counted second by second, over both nights of change. */
static void the_day_by_walking(void **state)
{
    struct schedule schedule = schedule_of(new_york, "mon-sun", "00:30-02:30,22:00-24:00");
    static const char *const DAYS[] = {"2026-03-08T05:00:00Z", "2026-11-01T04:00:00Z", "2026-07-01T04:00:00Z"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        int64_t start = wall(DAYS[i]), gone = 0;
        struct schedule_day first = schedule_day_at(&schedule, new_york, start), day;
        assert_int_equal(first.gone_s, 0);
        for (int64_t at = start;; at += 1000) {
            day = schedule_day_at(&schedule, new_york, at);
            if (at > start && day.gone_s < gone) break; /* the next day */
            assert_int_equal(day.gone_s, gone);
            gone += schedule_is_open(&schedule, at);
        }
        assert_int_equal(gone, first.open_s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms),       cmocka_unit_test(open_in_local_time),     cmocka_unit_test(nights_of_change),
        cmocka_unit_test(next_change), cmocka_unit_test(next_change_by_walking), cmocka_unit_test(dates),
        cmocka_unit_test(calendars),   cmocka_unit_test(how_much_of_the_day),    cmocka_unit_test(the_day_by_walking),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
