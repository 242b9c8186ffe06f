/* Conditions that have a name of their own instead of a field's: where the person is, how old, where the lead comes
 * from, what was agreed to. Most become a condition on the field that holds the fact; places the field does not say
 * become the set of zips that are there, so that the ping path knows no geography. */
#include <stdlib.h>

#include "exchange/market/compiler.h"
#include "exchange/market/scalar.h"

#define NO_FIELD UINT32_MAX
#define AGE_MAX 150

static compiler_leaf compile_names, compile_country, compile_state, compile_county, compile_area_code, compile_zip,
    compile_near, compile_language, compile_consent, compile_age, compile_score, compile_in_list;

static const struct {
    const char *key;
    compiler_leaf *compile;
} LEAVES[] = {
    {"affiliate", compile_names}, {"source", compile_names},        {"sub_id", compile_names},
    {"country", compile_country}, {"language", compile_language},   {"state", compile_state},
    {"county", compile_county},   {"area_code", compile_area_code}, {"zip", compile_zip},
    {"near", compile_near},       {"consent", compile_consent},     {"age_from", compile_age},
    {"in_list", compile_in_list}, {"score", compile_score},
};

compiler_leaf *compiler_find_leaf(struct bytes key)
{
    for (size_t i = 0; i < sizeof LEAVES / sizeof *LEAVES; i++)
        if (bytes_is(key, LEAVES[i].key)) return LEAVES[i].compile;
    return NULL;
}

static bool is_list(struct compiler *compiler, const struct node *value)
{
    return (value->kind == NODE_LIST && value->count > 0) ||
           compiler_fail(compiler, value, "%.*s needs a list of at least one value", COMPILER_SHOWN(value->key));
}

static bool compile_names(struct compiler *compiler, const struct node *node, const struct node *value,
                          struct filter *into)
{
    (void)node;
    into->condition = bytes_is(value->key, "affiliate") ? CONDITION_AFFILIATE
                      : bytes_is(value->key, "source")  ? CONDITION_SOURCE
                                                        : CONDITION_SUB_ID;
    return is_list(compiler, value) && compiler_sort_texts(compiler, NULL, value, into);
}

static uint32_t field_called(const struct compiler *compiler, const char *name)
{
    for (uint32_t i = 0; i < compiler->campaign->fields_count; i++)
        if (bytes_is(compiler->campaign->fields[i].name, name)) return i;
    return NO_FIELD;
}

/* The field of that type: a public one before a private one, and of these the first. */
static uint32_t field_of_type(const struct compiler *compiler, enum field_type type)
{
    uint32_t found = NO_FIELD;
    for (uint32_t i = 0; i < compiler->campaign->fields_count; i++) {
        const struct field *field = &compiler->campaign->fields[i];
        if (field->type != type) continue;
        if (!field->is_private) return i;
        if (found == NO_FIELD) found = i;
    }
    return found;
}

/* A list held against the field of the condition's own name. */
static bool compile_own(struct compiler *compiler, const struct node *value, struct filter *into)
{
    const char *name = bytes_is(value->key, "country") ? "country" : "language";
    uint32_t field = field_called(compiler, name);
    if (field == NO_FIELD)
        return compiler_fail(compiler, value, "the condition %s needs a field of that name in campaign %.*s", name,
                             COMPILER_SHOWN(compiler->campaign->id));
    if (!is_list(compiler, value)) return false;
    compiler_take_field(compiler, field, into);
    return compiler_list(compiler, &compiler->campaign->fields[field], value, into);
}

static bool compile_country(struct compiler *compiler, const struct node *node, const struct node *value,
                            struct filter *into)
{
    (void)node;
    return compile_own(compiler, value, into);
}

static bool compile_language(struct compiler *compiler, const struct node *node, const struct node *value,
                             struct filter *into)
{
    (void)node;
    return compile_own(compiler, value, into);
}

/* The zip field and the table of zips, or false and told. */
static bool need_zips(struct compiler *compiler, const struct node *value, struct filter *into)
{
    uint32_t field = field_of_type(compiler, FIELD_US_ZIP);
    if (field == NO_FIELD)
        return compiler_fail(compiler, value, "the condition %.*s needs a field of type us_zip in campaign %.*s",
                             COMPILER_SHOWN(value->key), COMPILER_SHOWN(compiler->campaign->id));
    if (!compiler->geo || !compiler->geo->zips)
        return compiler_fail(compiler, value, "the condition %.*s needs the table of zips (settings: geo: zips)",
                             COMPILER_SHOWN(value->key));
    compiler_take_field(compiler, field, into);
    into->condition = CONDITION_RUNS;
    return true;
}

static bool take_runs(struct compiler *compiler, geo_belongs *belongs, const void *arg, struct filter *into)
{
    into->runs = geo_runs(compiler->geo, belongs, arg, compiler->arena, &into->count);
    return into->runs != NULL;
}

static bool in_states(const void *arg, const struct geo_zip *zip)
{
    return *(const uint64_t *)arg >> zip->state & 1;
}

/* By the lead's state where the campaign has one, else by its zip. */
static bool compile_state(struct compiler *compiler, const struct node *node, const struct node *value,
                          struct filter *into)
{
    uint32_t field = field_of_type(compiler, FIELD_US_STATE);
    uint64_t mask = 0;
    (void)node;
    if (!is_list(compiler, value)) return false;
    if (field != NO_FIELD) {
        compiler_take_field(compiler, field, into);
        return compiler_list(compiler, &compiler->campaign->fields[field], value, into);
    }
    if (!need_zips(compiler, value, into)) return false;
    NODE_EACH(child, value)
    {
        struct bytes text = BYTES_NONE;
        int code = scalar_text(child, &text) ? field_state_code(text) : -1;
        if (code < 0) return compiler_fail(compiler, child, "%.*s is not a state's two letters", COMPILER_SHOWN(text));
        mask |= UINT64_C(1) << code;
    }
    return take_runs(compiler, in_states, &mask, into);
}

struct counties {
    const struct node *list;
};

static bool is_county(struct bytes text, const struct geo_zip *zip)
{
    return text.len > 3 && bytes_same(bytes_first(text, 2), field_state_name((unsigned)zip->state)) &&
           text.at[2] == '/' && zip->county.len && bytes_same_folded(bytes_from(text, 3), zip->county);
}

static bool in_counties(const void *arg, const struct geo_zip *zip)
{
    const struct counties *counties = arg;
    NODE_EACH(child, counties->list)
    {
        struct bytes text;
        if (scalar_text(child, &text) && is_county(text, zip)) return true;
    }
    return false;
}

static bool compile_county(struct compiler *compiler, const struct node *node, const struct node *value,
                           struct filter *into)
{
    struct counties counties = {value};
    (void)node;
    if (!is_list(compiler, value) || !need_zips(compiler, value, into)) return false;
    NODE_EACH(child, value)
    {
        struct bytes text = BYTES_NONE;
        bool found = false;
        if (scalar_text(child, &text))
            for (uint32_t i = 0; i < compiler->geo->zips_count && !found; i++)
                found = is_county(text, &compiler->geo->zips[i]);
        if (!found)
            return compiler_fail(compiler, child, "no zip of the table is in county %.*s (write CA/San Francisco)",
                                 COMPILER_SHOWN(text));
    }
    return take_runs(compiler, in_counties, &counties, into);
}

static int by_number(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static bool compile_area_code(struct compiler *compiler, const struct node *node, const struct node *value,
                              struct filter *into)
{
    (void)node;
    if (!is_list(compiler, value)) return false;
    if (field_called(compiler, "area_code") == NO_FIELD && field_of_type(compiler, FIELD_US_PHONE) == NO_FIELD)
        return compiler_fail(compiler, value,
                             "the condition area_code needs a field area_code, or one of type us_phone");
    int64_t *codes = arena_take(compiler->arena, value->count * sizeof *codes);
    if (!codes) return false;
    into->condition = CONDITION_AREA_CODE;
    NODE_EACH(child, value)
    {
        int64_t code = 0;
        if (!scalar_i64(child, &code) || code < 200 || code > 999)
            return compiler_fail(compiler, child, "an area code has three digits, from 200 on");
        if (compiler->geo && compiler->geo->areas && !geo_area(compiler->geo, (uint32_t)code))
            return compiler_fail(compiler, child, "the table of area codes has no %d", (int)code);
        codes[into->count++] = code;
    }
    qsort(codes, into->count, sizeof *codes, by_number);
    into->numbers = codes;
    return true;
}

static bool compile_zip(struct compiler *compiler, const struct node *node, const struct node *value,
                        struct filter *into)
{
    uint32_t field = field_of_type(compiler, FIELD_US_ZIP);
    (void)node;
    if (field == NO_FIELD)
        return compiler_fail(compiler, value, "the condition zip needs a field of type us_zip in campaign %.*s",
                             COMPILER_SHOWN(compiler->campaign->id));
    if (!is_list(compiler, value)) return false;
    compiler_take_field(compiler, field, into);
    return compiler_list(compiler, &compiler->campaign->fields[field], value, into);
}

struct circle {
    const struct geo_zip *middle;
    int64_t miles;
};

static bool in_circle(const void *arg, const struct geo_zip *zip)
{
    const struct circle *circle = arg;
    return geo_is_within(circle->middle, zip, circle->miles);
}

static bool compile_near(struct compiler *compiler, const struct node *node, const struct node *value,
                         struct filter *into)
{
    const struct node *zip = node_find(value, "zip"), *miles = node_find(value, "miles");
    struct circle circle = {NULL, 0};
    struct bytes text = BYTES_NONE;
    uint64_t number = 0;
    (void)node;
    if (value->kind != NODE_MAP || !zip || !miles || value->count != 2)
        return compiler_fail(compiler, value, "near is written {zip: \"94110\", miles: 25}");
    if (!need_zips(compiler, value, into)) return false;
    if (!scalar_i64(miles, &circle.miles) || circle.miles < 0 || circle.miles > GEO_MILES_MAX)
        return compiler_fail(compiler, miles, "miles is a whole number from 0 to %d", GEO_MILES_MAX);
    if (scalar_text(zip, &text) && text.len == 5 && bytes_u64(text, &number))
        circle.middle = geo_zip(compiler->geo, (uint32_t)number);
    if (!circle.middle) return compiler_fail(compiler, zip, "the table of zips has no %.*s", COMPILER_SHOWN(text));
    return take_runs(compiler, in_circle, &circle, into);
}

static bool compile_consent(struct compiler *compiler, const struct node *node, const struct node *value,
                            struct filter *into)
{
    struct bytes text;
    (void)node;
    if (!scalar_text(value, &text) || !bytes_is(text, "tcpa"))
        return compiler_fail(compiler, value, "the only fact of a consent that a filter can ask for is tcpa");
    into->condition = CONDITION_CONSENT;
    return compiler_sort_texts(compiler, NULL, value, into);
}

/* {age_from: date_field, min: 25, max: 70} */
static bool compile_age(struct compiler *compiler, const struct node *node, const struct node *value,
                        struct filter *into)
{
    const struct field *field = compiler_find_field(compiler, value, into);
    if (!field) return false;
    if (field->type != FIELD_DATE)
        return compiler_fail(compiler, value, "field %.*s is no date: an age cannot be told from it",
                             COMPILER_SHOWN(field->name));
    NODE_EACH(child, node)
    {
        if (child != value && !bytes_is(child->key, "min") && !bytes_is(child->key, "max"))
            return compiler_fail(compiler, child, "age_from goes with min and max only");
    }
    if (node->count < 2) return compiler_fail(compiler, node, "age_from needs min, max, or both");
    into->condition = CONDITION_AGE;
    if (!compiler_bounds(compiler, node, into)) return false;
    if (into->from > AGE_MAX || into->to < 0) return compiler_fail(compiler, node, "nobody has such an age");
    return true;
}

/* Who is on it is found out once a lead; here it only gets its number. */
static bool compile_in_list(struct compiler *compiler, const struct node *node, const struct node *value,
                            struct filter *into)
{
    struct bytes name = BYTES_NONE;
    const struct table *names = compiler->campaign->list_names;
    (void)node;
    uint32_t at = scalar_text(value, &name) && names ? table_find(names, name) : TABLE_NONE;
    if (at == TABLE_NONE) return compiler_fail(compiler, value, "there is no list %.*s", COMPILER_SHOWN(name));
    into->condition = CONDITION_IN_LIST;
    into->from = at;
    return true;
}

/* {score: {min: 20}}. The rules of the score itself are built while the campaign has none yet. */
static bool compile_score(struct compiler *compiler, const struct node *node, const struct node *value,
                          struct filter *into)
{
    (void)node;
    if (compiler->campaign->quality.score_count == 0)
        return compiler_fail(compiler, value, "there are no score rules that could be asked (campaign %.*s)",
                             COMPILER_SHOWN(compiler->campaign->id));
    if (value->kind != NODE_MAP || value->count == 0)
        return compiler_fail(compiler, value, "score is written {min: 20}, {max: 80}, or both");
    NODE_EACH(child, value)
    {
        if (!bytes_is(child->key, "min") && !bytes_is(child->key, "max"))
            return compiler_fail(compiler, child, "score has min and max only");
    }
    into->condition = CONDITION_SCORE;
    return compiler_bounds(compiler, value, into);
}
