/* geo: where zips and area codes are, from the two tables an operator supplies. Only the build of a catalogue looks
 * here: what filters need of it becomes sets of zips, so that no distance is ever computed for a ping.
 *
 * Pure; a table lives in the arena it was read into, its texts in the input. One thread. */
#pragma once

#include "protocol/base/arena.h"

#define GEO_ZIPS_MAX 200000u
#define GEO_AREAS_MAX 1000u
#define GEO_TEXT_MAX ((size_t)32 << 20) /* bytes of a table */
#define GEO_ERROR_MAX 160
#define GEO_MILES_MAX 13000 /* more is farther than any two places are from each other */

struct geo_zip {
    uint32_t zip;
    int state;           /* field_state_code */
    struct bytes county; /* "San Francisco"; may be empty */
    struct bytes zone;   /* IANA name */
    double x, y, z;      /* of the centroid, on a sphere of radius 1 */
};

struct geo_area {
    uint32_t code; /* 200..999 */
    int state;
    struct bytes zone;
};

struct geo {
    const struct geo_zip *zips; /* by zip; NULL: there is no such table */
    uint32_t zips_count;
    const struct geo_area *areas; /* by code; NULL likewise */
    uint32_t areas_count;
    struct bytes zips_text, areas_text; /* what they were read from: kept with the catalogue */
};

/* Both included. */
struct geo_run {
    uint32_t from, to;
};

struct geo_error {
    unsigned line; /* from 1 */
    char text[GEO_ERROR_MAX];
};

/* Tab-separated lines `zip lat lon state county tz` and `area_code state tz`; lines that are empty or begin with # are
 * passed over, so is a first line of the columns' names. Each zip and code once, in any order. False: *error says why;
 * memory being out has line 0. */
bool geo_read_zips(struct geo *geo, struct bytes text, struct arena *arena, struct geo_error *error);
bool geo_read_areas(struct geo *geo, struct bytes text, struct arena *arena, struct geo_error *error);
/* NULL: unknown. */
const struct geo_zip *geo_zip(const struct geo *geo, uint32_t zip);
const struct geo_area *geo_area(const struct geo *geo, uint32_t code);
double geo_miles(const struct geo_zip *from, const struct geo_zip *to);
bool geo_is_within(const struct geo_zip *from, const struct geo_zip *to, int64_t miles);

/* Says whether a zip belongs. */
typedef bool geo_belongs(const void *arg, const struct geo_zip *zip);
/* The zips that belong, as runs in order. A zip that is not in the table (a new one, a post office box) belongs
 * nowhere. NULL: memory is out. */
const struct geo_run *geo_runs(const struct geo *geo, geo_belongs *belongs, const void *arg, struct arena *arena,
                               uint32_t *count);
