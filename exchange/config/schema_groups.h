/* schema_groups: how the files of the table hand their groups to schema.c; for this room only. */
#pragma once

#include "exchange/config/schema.h"

extern const struct schema_group *const schema_settings_groups[];
extern const unsigned schema_settings_groups_count; /* the first one is the file itself */
extern const struct schema_group *const schema_catalogue_groups[];
extern const unsigned schema_catalogue_groups_count;
extern const struct schema_group *const schema_buyer_groups[];
extern const unsigned schema_buyer_groups_count;
extern const struct schema_group schema_buyer, schema_margin, schema_band, schema_filter, schema_cap,
    schema_contract_duplicates, schema_suppress, schema_funds, schema_affiliate_notices, schema_buyer_notices,
    schema_pattern, schema_score, schema_contract_returns, schema_affiliate_returns, schema_pay_on, schema_redistribute;
