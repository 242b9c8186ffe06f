/* Where it is told after the fact: affiliates by a secret of their own, buyers by the one their calls are signed with.
 */
#include "exchange/config/schema_groups.h"
#include "protocol/crypto/signature.h"

#define ROWS(array) .rows = array, .rows_count = sizeof array / sizeof *array

static const struct schema_row affiliate_rows[] = {
    {.key = "url", .type = SCHEMA_URL, .flags = SCHEMA_REQUIRED, .prose = "its endpoint, https"},
    {.key = "secret",
     .type = SCHEMA_SECRET,
     .form = SCHEMA_ONE_OR_LIST,
     .flags = SCHEMA_REQUIRED,
     .items_max = SIGNATURE_SECRETS_MAX,
     .prose = "notices are signed with this; two while one is being replaced"},
};
const struct schema_group schema_affiliate_notices = {
    .name = "notices",
    .title = "notices of an affiliate",
    .prose = "Where an affiliate is told what became of its leads after they were answered, beside its feed of events.",
    ROWS(affiliate_rows)};

static const struct schema_row buyer_rows[] = {
    {.key = "url", .type = SCHEMA_URL, .flags = SCHEMA_REQUIRED, .prose = "its endpoint, https"},
};
const struct schema_group schema_buyer_notices = {
    .name = "notices",
    .title = "notices of a buyer",
    .prose = "Where a buyer is told what came after its sales, beside its feed of events.",
    ROWS(buyer_rows)};
