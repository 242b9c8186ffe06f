/* What a lead is worth, and what shows that it is none: points and test patterns of a campaign. */
#include "exchange/config/schema_groups.h"

#define ROWS(array) .rows = array, .rows_count = sizeof array / sizeof *array

static const struct schema_row pattern_rows[] = {
    {.key = "field", .type = SCHEMA_TEXT, .flags = SCHEMA_REQUIRED, .range = "1..64", .prose = "a field's name"},
    {.key = "matches",
     .type = SCHEMA_TEXT,
     .flags = SCHEMA_REQUIRED,
     .range = "1..1000",
     .prose = "a regular expression, as in filters"},
};
const struct schema_group schema_pattern = {
    .name = "test pattern",
    .title = "test_patterns",
    .prose =
        "What test leads look like: test_patterns: [{field: email, matches: \"@test[.]example$\"}]. A pattern on a "
        "private field is looked at in posts and one-call leads.",
    ROWS(pattern_rows),
    .indivisible = true};

static const struct schema_row score_rows[] = {
    {.key = "when", .type = SCHEMA_MAP, .group = &schema_filter, .prose = "the condition; without it: always"},
    {.key = "points",
     .type = SCHEMA_COUNT,
     .flags = SCHEMA_REQUIRED,
     .range = "-1000000..1000000",
     .prose = "added, or with a minus taken away"},
};
const struct schema_group schema_score = {
    .name = "score rule",
    .title = "score",
    .prose = "Points by rule: score: [{when: {field: credit, in: [good, excellent]}, points: 20}]. Rules look at "
             "public facts only.",
    ROWS(score_rows),
    .indivisible = true};
