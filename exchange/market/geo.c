/* A centroid is kept as a point on the unit sphere: whether two are near is then one product of vectors, and a radius
 * over 40,000 zips costs a tenth of a millisecond at load. */
#include "exchange/market/geo.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "exchange/market/field.h"

#define EARTH_MILES 3958.7613
#define DEGREE 0.017453292519943295
#define COLUMNS_MAX 6u
#define ZONE_MAX 64u
#define COUNTY_MAX 100u

/* One line's columns into one row of the table. */
typedef bool read_row(const struct bytes *columns, void *row, struct geo_error *error);

struct shape {
    const char *first; /* the name of the first column */
    unsigned columns;
    size_t row_bytes;
    uint32_t rows_max;
    read_row *read;
};

static read_row read_zip, read_area;

static const struct shape ZIPS = {"zip", 6, sizeof(struct geo_zip), GEO_ZIPS_MAX, read_zip};
static const struct shape AREAS = {"area_code", 3, sizeof(struct geo_area), GEO_AREAS_MAX, read_area};

static void *read_table(const struct shape *shape, struct bytes text, struct arena *arena, uint32_t *count,
                        struct geo_error *error);

bool geo_read_zips(struct geo *geo, struct bytes text, struct arena *arena, struct geo_error *error)
{
    geo->zips = read_table(&ZIPS, text, arena, &geo->zips_count, error);
    geo->zips_text = text;
    return geo->zips != NULL;
}

bool geo_read_areas(struct geo *geo, struct bytes text, struct arena *arena, struct geo_error *error)
{
    geo->areas = read_table(&AREAS, text, arena, &geo->areas_count, error);
    geo->areas_text = text;
    return geo->areas != NULL;
}

/* Both kinds of row begin with their number. */
static int by_number(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

const struct geo_zip *geo_zip(const struct geo *geo, uint32_t zip)
{
    if (!geo || !geo->zips_count) return NULL;
    return bsearch(&zip, geo->zips, geo->zips_count, sizeof *geo->zips, by_number);
}

const struct geo_area *geo_area(const struct geo *geo, uint32_t code)
{
    if (!geo || !geo->areas_count) return NULL;
    return bsearch(&code, geo->areas, geo->areas_count, sizeof *geo->areas, by_number);
}

double geo_miles(const struct geo_zip *from, const struct geo_zip *to)
{
    double x = from->x - to->x, y = from->y - to->y, z = from->z - to->z;
    double half = sqrt(x * x + y * y + z * z) / 2;
    return 2 * EARTH_MILES * asin(half < 1 ? half : 1);
}

bool geo_is_within(const struct geo_zip *from, const struct geo_zip *to, int64_t miles)
{
    return geo_miles(from, to) <= (double)miles;
}

const struct geo_run *geo_runs(const struct geo *geo, geo_belongs *belongs, const void *arg, struct arena *arena,
                               uint32_t *count)
{
    struct geo_run *runs = NULL;
    for (int pass = 0; pass < 2; pass++) { /* count, then write */
        uint32_t next = 0;                 /* the zip that would make the run longer */
        *count = 0;
        for (uint32_t i = 0; i < geo->zips_count; i++) {
            uint32_t zip = geo->zips[i].zip;
            if (!belongs(arg, &geo->zips[i])) continue;
            *count += zip != next;
            if (runs && zip != next) runs[*count - 1].from = zip;
            if (runs) runs[*count - 1].to = zip;
            next = zip + 1;
        }
        if (runs) break;
        runs = arena_zero(arena, *count + 1, sizeof *runs);
        if (!runs) return NULL;
    }
    return runs;
}

__attribute__((format(printf, 2, 3))) static bool fail(struct geo_error *error, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vsnprintf(error->text, sizeof error->text, format, values);
    va_end(values);
    return false;
}

#define SHOWN(bytes) (int)((bytes).len < 40 ? (bytes).len : 40), (bytes).at

static struct bytes next_line(struct bytes *rest)
{
    struct bytes line;
    *rest = bytes_split(*rest, '\n', &line);
    if (line.len && line.at[line.len - 1] == '\r') line.len--;
    return line;
}

static bool split(const struct shape *shape, struct bytes line, struct bytes *columns, struct geo_error *error)
{
    unsigned count = 0;
    for (bool more = true; more; count++) {
        size_t tab = bytes_find(line, '\t');
        more = tab < line.len;
        if (count < COLUMNS_MAX) columns[count] = bytes_first(line, tab);
        line = bytes_from(line, tab + 1);
    }
    return count == shape->columns ||
           fail(error, "a line has %u columns between tabs, this one has %u", shape->columns, count);
}

/* No number twice; the table is in order. */
static bool is_single(const struct shape *shape, const char *rows, uint32_t count, struct geo_error *error)
{
    for (uint32_t i = 1; i < count; i++) {
        const uint32_t *before = (const void *)(rows + (i - 1) * shape->row_bytes);
        const uint32_t *here = (const void *)(rows + i * shape->row_bytes);
        if (*before == *here) return fail(error, "%s %05u stands twice", shape->first, *here);
    }
    return count > 0 || fail(error, "the table has no line");
}

static void *read_table(const struct shape *shape, struct bytes text, struct arena *arena, uint32_t *count,
                        struct geo_error *error)
{
    uint32_t lines = 1;
    struct bytes columns[COLUMNS_MAX], rest = text;
    *error = (struct geo_error){.line = 0};
    *count = 0;
    if (text.len > GEO_TEXT_MAX || !bytes_is_utf8(text)) {
        error->line = 1;
        (void)fail(error, "the table is too large, or not UTF-8");
        return NULL;
    }
    for (size_t i = 0; i < text.len; i++) lines += text.at[i] == '\n';
    char *rows = arena_take(arena, lines * shape->row_bytes);
    if (!rows) {
        (void)fail(error, "memory is out");
        return NULL;
    }
    for (error->line = 1; rest.len; error->line++) {
        struct bytes line = next_line(&rest);
        if (line.len == 0 || line.at[0] == '#') continue;
        if (!split(shape, line, columns, error)) return NULL;
        if (*count == 0 && bytes_is(columns[0], shape->first)) continue;
        if (*count == shape->rows_max) {
            (void)fail(error, "a table has at most %u lines", shape->rows_max);
            return NULL;
        }
        if (!shape->read(columns, rows + *count * shape->row_bytes, error)) return NULL;
        ++*count;
    }
    qsort(rows, *count, shape->row_bytes, by_number);
    return is_single(shape, rows, *count, error) ? rows : NULL;
}

/* Plain decimal degrees: -122.4194. */
static bool read_degrees(struct bytes text, int bound, double *degrees)
{
    struct bytes whole, rest = text;
    uint64_t number = 0, part = 0;
    bool is_minus = text.len && text.at[0] == '-';
    if (is_minus) rest = bytes_from(rest, 1);
    rest = bytes_split(rest, '.', &whole);
    if (!bytes_u64(whole, &number) || number > (uint64_t)bound || rest.len > 12) return false;
    if (rest.len && !bytes_u64(rest, &part)) return false;
    double value = (double)number + (double)part / pow(10, (double)rest.len);
    *degrees = is_minus ? -value : value;
    return value <= bound;
}

static bool is_zone(struct bytes text)
{
    return text.len > 0 && text.len <= ZONE_MAX && bytes_find(text, ' ') == text.len;
}

static bool read_zip(const struct bytes *columns, void *row, struct geo_error *error)
{
    struct geo_zip *zip = row;
    uint64_t number;
    double latitude, longitude;
    if (columns[0].len != 5 || !bytes_u64(columns[0], &number) || number == 0)
        return fail(error, "zip: %.*s is not five digits", SHOWN(columns[0]));
    if (!read_degrees(columns[1], 90, &latitude))
        return fail(error, "lat: %.*s is not a latitude such as 37.7486", SHOWN(columns[1]));
    if (!read_degrees(columns[2], 180, &longitude))
        return fail(error, "lon: %.*s is not a longitude such as -122.4158", SHOWN(columns[2]));
    *zip = (struct geo_zip){.zip = (uint32_t)number,
                            .state = field_state_code(columns[3]),
                            .county = columns[4],
                            .zone = columns[5],
                            .x = cos(latitude * DEGREE) * cos(longitude * DEGREE),
                            .y = cos(latitude * DEGREE) * sin(longitude * DEGREE),
                            .z = sin(latitude * DEGREE)};
    if (zip->state < 0) return fail(error, "state: %.*s is not a state's two letters", SHOWN(columns[3]));
    if (columns[4].len > COUNTY_MAX || !bytes_is_utf8(columns[4])) return fail(error, "county: no such name");
    return is_zone(columns[5]) || fail(error, "tz: %.*s is not a time zone's name", SHOWN(columns[5]));
}

static bool read_area(const struct bytes *columns, void *row, struct geo_error *error)
{
    struct geo_area *area = row;
    uint64_t number;
    if (columns[0].len != 3 || !bytes_u64(columns[0], &number) || number < 200)
        return fail(error, "area_code: %.*s is not three digits from 200 on", SHOWN(columns[0]));
    *area = (struct geo_area){(uint32_t)number, field_state_code(columns[1]), columns[2]};
    if (area->state < 0) return fail(error, "state: %.*s is not a state's two letters", SHOWN(columns[1]));
    return is_zone(columns[2]) || fail(error, "tz: %.*s is not a time zone's name", SHOWN(columns[2]));
}
