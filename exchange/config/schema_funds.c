/* The catalogue's rows about a buyer's money. */
#include "exchange/config/schema_groups.h"

static const struct schema_row funds_rows[] = {
    {.key = "prepaid",
     .type = SCHEMA_BOOL,
     .fallback = "false",
     .prose = "it spends what it has paid in and no more; this or credit_limit"},
    {.key = "credit_limit",
     .type = SCHEMA_MONEY,
     .range = "0.000001..",
     .prose = "it may owe so much, posts under way and in doubt included"},
    {.key = "low_at",
     .type = SCHEMA_MONEY,
     .range = "0.000001..",
     .prose = "told once each time a sale leaves less than this to spend"},
};
const struct schema_group schema_funds = {
    .name = "funds",
    .title = "funds",
    .prose = "What a buyer may spend over all its contracts: never over, not by the smallest amount. A contract whose "
             "buyer cannot pay its least price is not pinged (no_funds), a bid of more than is left has lost, and the "
             "price is held from before the post until its verdict. Reloadable at any time; a lowered limit lets "
             "nothing through until there is room again.",
    .rows = funds_rows,
    .rows_count = sizeof funds_rows / sizeof *funds_rows,
    .indivisible = true};
