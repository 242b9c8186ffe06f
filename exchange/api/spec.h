/* spec: the posting instructions of one campaign for one affiliate, gathered once and written two ways: as JSON
 * (spec.c) and as a page that a person can follow (spec_page.c). For these two files; one thread, the visit's. */
#pragma once

#include "exchange/api/visit.h"

#define SPEC_ORIGIN_MAX 300
#define SPEC_VALUE_MAX 1024 /* of a field's test value */

#define SPEC_SELLERS_MAX 128u /* told; beside them only that there are more */

/* Whom buyers of the campaign buy for. */
struct spec_seller {
    const struct seller *seller;
    bool is_named; /* some contract of it wants a consent that names it */
};

struct spec {
    const struct catalogue *catalogue;
    const struct campaign *campaign;
    const struct affiliate *affiliate;
    struct spec_seller sellers[SPEC_SELLERS_MAX];
    uint32_t sellers_count;
    bool has_more_sellers;
    char origin[SPEC_ORIGIN_MAX]; /* "https://leads.example:8443", as the client called it */
};

/* One step to try out: a line or two of shell. */
enum spec_example { SPEC_PING, SPEC_POST, SPEC_LEAD, SPEC_EXAMPLES };
const char *spec_example_title(enum spec_example example);
/* In shell: $KEY is the affiliate's key, $PING_ID what the ping was answered with. */
void spec_write_example(const struct spec *spec, enum spec_example example, struct sink *sink);

/* "two capital letters: CA"; what a value of that type looks like. */
const char *spec_looks(enum field_type type);
/* A value that passes, as it stands in JSON. */
void spec_write_value(const struct field *field, struct sink *sink);
/* "ping", "post", or NULL: never. */
const char *spec_required(const struct field *field);
/* Limits as numbers or dates: false if there is none at that end. */
bool spec_write_limit(const struct field *field, bool is_max, struct sink *sink);

void spec_write_page(const struct spec *spec, struct sink *sink);
