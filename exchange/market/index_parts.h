/* index_parts: what an index is made of; for index*.c only. */
#pragma once

#include "exchange/market/condition.h"
#include "exchange/market/index.h"

enum attribute_kind { BY_NUMBER, BY_TEXT, BY_AGE, BY_AREA_CODE, BY_AFFILIATE, BY_SOURCE, BY_SCORE };

/* Numbers: class 0 is below bounds[0], class i from bounds[i - 1] on. Texts: class 0 is every text that no filter
 * names, the others share the named ones out evenly. */
struct attribute {
    enum attribute_kind kind;
    uint32_t field;
    const int64_t *bounds;
    const struct bytes *texts; /* sorted */
    uint32_t count;            /* of bounds or texts */
    uint32_t classes;
    uint64_t *rows;   /* `classes` of them, each index->words long */
    uint64_t *absent; /* the row of a lead without this fact */
};

struct index {
    struct attribute *attributes;
    uint32_t attributes_count;
    uint32_t count, words;
    uint64_t *all;     /* every contract */
    uint64_t *closed;  /* look at private fields: ruled out where those are not there */
    uint64_t *checked; /* rows do not tell all */
    bool has_closed;
};

uint32_t index_class_of_number(const struct attribute *attribute, int64_t number);
uint32_t index_class_of_text(const struct attribute *attribute, struct bytes text);
