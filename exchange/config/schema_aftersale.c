/* The catalogue's rows, third part: what holds after a sale. */
#include "exchange/config/schema_groups.h"

#define ROWS(array) .rows = array, .rows_count = sizeof array / sizeof *array

static const struct schema_row contract_returns_rows[] = {
    {.key = "window",
     .type = SCHEMA_DURATION,
     .flags = SCHEMA_REQUIRED,
     .range = "1m..365d",
     .prose = "so long after a sale it may be returned"},
    {.key = "max_percent",
     .type = SCHEMA_PERCENT,
     .range = "0..100",
     .fallback = "100",
     .prose = "of a month's sales, rounded down; one may always be returned"},
    {.key = "reasons",
     .type = SCHEMA_NAME,
     .form = SCHEMA_LIST,
     .flags = SCHEMA_MAYBE_EMPTY,
     .items_max = 64,
     .prose = "the codes a return may give; without them: any"},
    {.key = "decide",
     .type = SCHEMA_CHOICE,
     .choices = "auto review",
     .fallback = "review",
     .prose = "auto: what may be returned is approved at once; review: an operator decides"},
    {.key = "auto_accept_after",
     .type = SCHEMA_DURATION,
     .range = "1m..365d",
     .prose = "review: approved by itself if nobody has decided by then; without it: never"},
};
const struct schema_group schema_contract_returns = {
    .name = "contract returns",
    .title = "returns of a contract",
    .prose = "What may be given back: returns: {window: 7d, max_percent: 10, reasons: [bad_phone, duplicate]}. Without "
             "it nothing may. Months are the house's, a sale is of the month it was made in.",
    ROWS(contract_returns_rows),
    .indivisible = true};

static const struct schema_row affiliate_returns_rows[] = {
    {.key = "window",
     .type = SCHEMA_DURATION,
     .flags = SCHEMA_REQUIRED,
     .range = "1m..365d",
     .prose = "it bears what is returned so long after its sale"},
    {.key = "max_percent",
     .type = SCHEMA_PERCENT,
     .range = "0..100",
     .fallback = "100",
     .prose = "of its sales of a month, rounded down; one always"},
    {.key = "beyond", .type = SCHEMA_CHOICE, .choices = "house", .fallback = "house", .prose = "who bears the others"},
};
const struct schema_group schema_affiliate_returns = {
    .name = "affiliate returns",
    .title = "returns of an affiliate",
    .prose = "Of its returned leads those whose payout it gives back; the house bears that of all others, and of all "
             "of them without this.",
    ROWS(affiliate_returns_rows),
    .indivisible = true};

static const struct schema_row pay_on_rows[] = {
    {.key = "stage",
     .type = SCHEMA_CHOICE,
     .flags = SCHEMA_REQUIRED,
     .choices = "contacted qualified appointment quoted sold",
     .prose = "when the buyer's disposition says this stage, or a higher one"},
    {.key = "percent",
     .type = SCHEMA_PERCENT,
     .range = "0.0001..100",
     .prose = "of the disposition's value; without it: the price of the bid"},
};
const struct schema_group schema_pay_on = {
    .name = "pay_on",
    .title = "pay_on",
    .prose =
        "Billed when the lead reaches a stage, not when it is accepted: pay_on: {stage: sold, percent: 10}. Nothing "
        "is promised for such a lead, so the contract has to be free: true.",
    ROWS(pay_on_rows),
    .indivisible = true};

static const struct schema_row redistribute_rows[] = {
    {.key = "returned", .type = SCHEMA_BOOL, .fallback = "false", .prose = "leads that were returned whole"},
    {.key = "uncontacted",
     .type = SCHEMA_BOOL,
     .fallback = "false",
     .prose = "leads whose buyer did not reach the person in time (contact_within of its contract)"},
    {.key = "max_age", .type = SCHEMA_DURATION, .fallback = "24h", .range = "1m..90d", .prose = "not older ones"},
};
const struct schema_group schema_redistribute = {
    .name = "redistribute",
    .title = "redistribute",
    .prose = "Which leads go to a new auction, once, without those who had them.",
    ROWS(redistribute_rows),
    .indivisible = true};
