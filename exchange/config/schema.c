/* Look-ups in the table, and the words people read for its types. */
#include "exchange/config/schema.h"

static const char *const type_names[SCHEMA_TYPES] = {
    [SCHEMA_TEXT] = "text",         [SCHEMA_NAME] = "name",         [SCHEMA_BOOL] = "bool",
    [SCHEMA_COUNT] = "integer",     [SCHEMA_DURATION] = "duration", [SCHEMA_SIZE] = "size",
    [SCHEMA_MONEY] = "money",       [SCHEMA_PERCENT] = "percent",   [SCHEMA_CHOICE] = "choice",
    [SCHEMA_CURRENCY] = "currency", [SCHEMA_ADDRESS] = "address",   [SCHEMA_PATH] = "path",
    [SCHEMA_URL] = "url",           [SCHEMA_ZONE] = "time zone",    [SCHEMA_SECRET] = "secret",
    [SCHEMA_KEYFILE] = "key file",  [SCHEMA_KEY] = "key hash",      [SCHEMA_VALUE] = "value",
    [SCHEMA_HOURS] = "hours",       [SCHEMA_DATE] = "date",         [SCHEMA_DAY] = "hours of a day",
    [SCHEMA_OPENING] = "hours",     [SCHEMA_MAP] = "map",           [SCHEMA_PRICE] = "price",
};

const struct schema_row *schema_find(const struct schema_group *group, struct bytes key)
{
    if (key.len == 0) return NULL;
    for (unsigned i = 0; i < group->rows_count; i++) {
        const char *name = group->rows[i].key;
        if (name[0] == key.at[0] && bytes_is(key, name)) return &group->rows[i]; /* most differ at once */
    }
    return NULL;
}

const char *schema_type_name(enum schema_type type)
{
    return type_names[type];
}

void schema_write_type(const struct schema_row *row, struct sink *out)
{
    if (row->form == SCHEMA_LIST) sink_text(out, "list of ");
    if (row->form == SCHEMA_NAMED) sink_text(out, "map of ");
    sink_text(out, type_names[row->type]);
    if (row->form == SCHEMA_ONE_OR_LIST) sink_text(out, ", or a list");
}
