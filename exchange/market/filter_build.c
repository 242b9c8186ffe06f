/* Compiling a filter: the shape of each node is told by its keys, its values are read by the same readers as leads, and
 * what a list holds decides its cheapest form (mask, numbers, texts). Every error names the node at fault; a part that
 * failed does not stop its neighbours from being looked at. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "exchange/market/condition.h"
#include "exchange/market/filter.h"
#include "exchange/market/scalar.h"
#include "protocol/base/check.h"

#define MASK_BITS 64u

struct compiler {
    struct arena *arena;
    const struct campaign *campaign;
    filter_on_error *on_error;
    void *arg;
};

/* Fills *into from the value of a test's key; `field` is NULL for affiliate and source. */
typedef bool compile_test(struct compiler *compiler, const struct field *field, const struct node *node,
                          const struct node *value, struct filter *into);

static compile_test compile_list, compile_range, compile_prefixes, compile_exists;

static const struct {
    const char *key;
    compile_test *compile;
} TESTS[] = {
    {"is", compile_list},   {"in", compile_list},         {"min", compile_range},
    {"max", compile_range}, {"prefix", compile_prefixes}, {"exists", compile_exists},
};

static const char *const GROUPS[] = {"all", "any", "none"}; /* as enum condition begins */
static const char *const LATER[] = {"matches", "age_from", "country", "state",   "county", "area_code", "zip",
                                    "near",    "language", "sub_id",  "consent", "score",  "in_list",   "channel"};

static bool compile(struct compiler *compiler, const struct node *node, unsigned depth, struct filter *into);

const struct filter *filter_build(struct arena *arena, const struct campaign *campaign, const struct node *node,
                                  filter_on_error *on_error, void *arg)
{
    struct compiler compiler = {arena, campaign, on_error, arg};
    struct filter *filter = arena_zero(arena, 1, sizeof *filter);
    return filter && compile(&compiler, node, 0, filter) ? filter : NULL;
}

/* Always false. */
__attribute__((format(printf, 3, 4))) static bool fail(struct compiler *compiler, const struct node *where,
                                                       const char *format, ...)
{
    char text[FILTER_ERROR_MAX];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    compiler->on_error(compiler->arg, where, text);
    return false;
}

#define SHOWN(bytes) (int)((bytes).len < 64 ? (bytes).len : 64), (bytes).at

static bool compile_group(struct compiler *compiler, const struct node *list, unsigned depth, struct filter *into)
{
    bool fine = true;
    uint32_t made = 0;
    if (list->kind != NODE_LIST || list->count == 0)
        return fail(compiler, list, "%.*s needs a list of at least one condition", SHOWN(list->key));
    if (depth == FILTER_DEPTH_MAX) return fail(compiler, list, "conditions are nested too deeply");
    struct filter *parts = arena_zero(compiler->arena, list->count, sizeof *parts);
    if (!parts) return false;
    NODE_EACH(child, list)
    {
        fine = compile(compiler, child, depth + 1, &parts[made]) && fine;
        into->is_private |= parts[made++].is_private;
    }
    into->parts = parts;
    into->count = made;
    return fine;
}

static bool sort_texts(struct compiler *compiler, const struct field *field, const struct node *list,
                       struct filter *into);

static bool compile_name_list(struct compiler *compiler, const struct node *list, enum condition condition,
                              struct filter *into)
{
    into->condition = (uint8_t)condition;
    if (list->kind != NODE_LIST || list->count == 0)
        return fail(compiler, list, "%.*s needs a list of at least one name", SHOWN(list->key));
    return sort_texts(compiler, NULL, list, into);
}

static bool fail_unknown(struct compiler *compiler, const struct node *child)
{
    for (size_t i = 0; i < sizeof LATER / sizeof *LATER; i++)
        if (bytes_is(child->key, LATER[i]))
            return fail(compiler, child, "the condition %s is not supported yet", LATER[i]);
    return fail(compiler, child, "no condition is called %.*s", SHOWN(child->key));
}

static const struct field *find_field(struct compiler *compiler, const struct node *node, struct filter *into)
{
    struct bytes name;
    if (!scalar_text(node, &name)) {
        fail(compiler, node, "field needs a name");
        return NULL;
    }
    for (uint32_t i = 0; i < compiler->campaign->fields_count; i++) {
        const struct field *field = &compiler->campaign->fields[i];
        if (!bytes_same(field->name, name)) continue;
        into->field = (uint16_t)i;
        into->is_private = field->is_private;
        return field;
    }
    fail(compiler, node, "campaign %.*s has no field %.*s", SHOWN(compiler->campaign->id), SHOWN(name));
    return NULL;
}

/* {field: f, TEST: …}: exactly one test, where min and max are one. */
static bool compile_field(struct compiler *compiler, const struct node *node, struct filter *into)
{
    compile_test *test = NULL;
    const struct node *value = NULL;
    const struct field *field = find_field(compiler, node_find(node, "field"), into);
    if (!field) return false;
    NODE_EACH(child, node)
    {
        compile_test *found = NULL;
        if (bytes_is(child->key, "field")) continue;
        for (size_t i = 0; i < sizeof TESTS / sizeof *TESTS; i++)
            if (bytes_is(child->key, TESTS[i].key)) found = TESTS[i].compile;
        if (!found) return fail_unknown(compiler, child);
        if (test && (test != found || test != compile_range))
            return fail(compiler, child, "a condition has one test of its field only");
        test = found;
        value = child;
    }
    if (!test) return fail(compiler, node, "a condition needs one of is, in, min, max, prefix, exists");
    return test(compiler, field, node, value, into);
}

static bool compile(struct compiler *compiler, const struct node *node, unsigned depth, struct filter *into)
{
    if (node->kind != NODE_MAP || node->count == 0)
        return fail(compiler, node, "a condition is a map such as {field: state, in: [CA]}");
    if (node_find(node, "field")) return compile_field(compiler, node, into);
    const struct node *child = node_first(node);
    if (node->count != 1) return fail(compiler, node, "a condition is one of all, any, none, affiliate, source, field");
    for (unsigned i = 0; i < sizeof GROUPS / sizeof *GROUPS; i++) {
        if (!bytes_is(child->key, GROUPS[i])) continue;
        into->condition = (uint8_t)(CONDITION_ALL + i);
        return compile_group(compiler, child, depth, into);
    }
    if (bytes_is(child->key, "affiliate")) return compile_name_list(compiler, child, CONDITION_AFFILIATE, into);
    if (bytes_is(child->key, "source")) return compile_name_list(compiler, child, CONDITION_SOURCE, into);
    return fail_unknown(compiler, child);
}

static int by_text(const void *a, const void *b)
{
    return bytes_compare(*(const struct bytes *)a, *(const struct bytes *)b);
}

static int by_number(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

/* One value as the field would have it; false was told, or memory is out. */
static bool read_value(struct compiler *compiler, const struct field *field, const struct node *value,
                       struct fact *fact)
{
    struct field_fault fault;
    struct bytes shown = BYTES("that");
    switch (field_read(field, value, compiler->arena, fact, &fault)) {
    case FIELD_FINE:
        return true;
    case FIELD_ABSENT:
        return fail(compiler, value, "field %.*s cannot be compared with an empty value", SHOWN(field->name));
    case FIELD_WRONG:
        scalar_text(value, &shown);
        return fail(compiler, value, "field %.*s cannot be \"%.*s\": it %s", SHOWN(field->name), SHOWN(shown),
                    fault.text);
    default:
        return false;
    }
}

/* A list's children, or the one value of `is`. */
static const struct node *values_of(const struct node *value, uint32_t *count)
{
    *count = value->kind == NODE_LIST ? value->count : 1;
    return value->kind == NODE_LIST ? value + 1 : value;
}

static bool make_mask(struct compiler *compiler, const struct field *field, const struct node *list,
                      struct filter *into)
{
    uint32_t count;
    bool fine = true;
    const struct node *value = values_of(list, &count);
    into->condition = CONDITION_MASK;
    for (; count > 0; count--, value = node_step(value)) {
        struct fact fact;
        if (read_value(compiler, field, value, &fact))
            into->mask |= UINT64_C(1) << fact.number;
        else
            fine = false;
    }
    return fine;
}

static bool sort_numbers(struct compiler *compiler, const struct field *field, const struct node *list,
                         struct filter *into)
{
    uint32_t count, kept = 0;
    bool fine = true;
    const struct node *value = values_of(list, &count);
    int64_t *numbers = arena_take(compiler->arena, count * sizeof *numbers);
    if (!numbers) return false;
    for (uint32_t i = 0; i < count; i++, value = node_step(value)) {
        struct fact fact;
        if (!read_value(compiler, field, value, &fact)) fine = false;
        numbers[i] = fact.number;
    }
    qsort(numbers, count, sizeof *numbers, by_number);
    for (uint32_t i = 0; i < count; i++)
        if (kept == 0 || numbers[kept - 1] != numbers[i]) numbers[kept++] = numbers[i];
    into->condition = CONDITION_NUMBERS;
    into->numbers = numbers;
    into->count = kept;
    if (kept > 1 || field->type != FIELD_INTEGER) return fine;
    into->condition = CONDITION_RANGE;
    into->from = into->to = numbers[0];
    return fine;
}

/* Copies of the texts, sorted, each once; `field` NULL: any text will do. The condition is the caller's. */
static bool sort_texts(struct compiler *compiler, const struct field *field, const struct node *list,
                       struct filter *into)
{
    uint32_t count, kept = 0, read = 0;
    bool fine = true;
    const struct node *value = values_of(list, &count);
    struct bytes *texts = arena_take(compiler->arena, count * sizeof *texts);
    if (!texts) return false;
    for (uint32_t i = 0; i < count; i++, value = node_step(value)) {
        struct fact fact;
        bool taken = field ? read_value(compiler, field, value, &fact) : scalar_text(value, &fact.text);
        if (!taken && !field) fail(compiler, value, "a name must be a text");
        if (taken) texts[read++] = arena_copy(compiler->arena, fact.text);
        fine = fine && taken && texts[read - 1].at;
    }
    if (!fine) return false;
    qsort(texts, read, sizeof *texts, by_text);
    for (uint32_t i = 0; i < read; i++)
        if (kept == 0 || !bytes_same(texts[kept - 1], texts[i])) texts[kept++] = texts[i];
    into->texts = texts;
    into->count = kept;
    return true;
}

static bool compile_list(struct compiler *compiler, const struct field *field, const struct node *node,
                         const struct node *value, struct filter *into)
{
    bool is_one = bytes_is(value->key, "is");
    (void)node;
    if (is_one && (value->kind == NODE_LIST || value->kind == NODE_MAP))
        return fail(compiler, value, "is needs one value; for several there is in");
    if (!is_one && (value->kind != NODE_LIST || value->count == 0))
        return fail(compiler, value, "in needs a list of at least one value");
    if (field->type == FIELD_US_STATE || (field->type == FIELD_CHOICE && field->choices_count <= MASK_BITS))
        return make_mask(compiler, field, value, into);
    if (field->type == FIELD_CHOICE || field->type == FIELD_INTEGER || field->type == FIELD_US_ZIP)
        return sort_numbers(compiler, field, value, into);
    into->condition = CONDITION_TEXTS;
    return sort_texts(compiler, field, value, into);
}

static bool compile_range(struct compiler *compiler, const struct field *field, const struct node *node,
                          const struct node *value, struct filter *into)
{
    const struct node *min = node_find(node, "min"), *max = node_find(node, "max");
    (void)value;
    if (field->type != FIELD_INTEGER)
        return fail(compiler, node, "field %.*s is no integer: it has no min and max", SHOWN(field->name));
    into->condition = CONDITION_RANGE;
    into->from = INT64_MIN;
    into->to = INT64_MAX;
    if (min && !scalar_i64(min, &into->from)) return fail(compiler, min, "min must be a whole number");
    if (max && !scalar_i64(max, &into->to)) return fail(compiler, max, "max must be a whole number");
    if (into->from > into->to) return fail(compiler, node, "min is above max");
    if (into->from > field->max || into->to < field->min)
        return fail(compiler, node, "field %.*s cannot have such a value", SHOWN(field->name));
    return true;
}

/* A prefix in the form the field's values are kept in. */
static bool is_prefix_of(const struct field *field, struct bytes text)
{
    size_t from = field->type == FIELD_US_PHONE ? 1 : 0, max = field->type == FIELD_US_ZIP ? 5 : 12;
    if (field->type == FIELD_TEXT) return (int64_t)text.len <= field->max;
    if (field->type == FIELD_EMAIL) {
        for (size_t i = 0; i < text.len; i++)
            if (text.at[i] >= 'A' && text.at[i] <= 'Z') return false;
        return true;
    }
    if (from && text.at[0] != '+') return false;
    for (size_t i = from; i < text.len; i++)
        if (text.at[i] < '0' || text.at[i] > '9') return false;
    return text.len <= max;
}

static bool compile_prefixes(struct compiler *compiler, const struct field *field, const struct node *node,
                             const struct node *value, struct filter *into)
{
    uint32_t kept = 0;
    bool fine = true;
    (void)node;
    if (field->type == FIELD_INTEGER || field->type == FIELD_CHOICE || field->type == FIELD_US_STATE)
        return fail(compiler, value, "field %.*s has no prefix", SHOWN(field->name));
    if (value->kind != NODE_LIST || value->count == 0)
        return fail(compiler, value, "prefix needs a list of at least one beginning");
    NODE_EACH(child, value)
    {
        struct bytes text;
        if (scalar_text(child, &text) && text.len && is_prefix_of(field, text)) continue;
        fine = fail(compiler, child, "no value of field %.*s begins like this", SHOWN(field->name));
    }
    if (!fine || !sort_texts(compiler, NULL, value, into)) return false;
    struct bytes *texts = (struct bytes *)(uintptr_t)into->texts; /* our own, made a moment ago */
    for (uint32_t i = 0; i < into->count; i++)                    /* a prefix of another stands just before it */
        if (kept == 0 || !bytes_starts(texts[i], texts[kept - 1])) texts[kept++] = texts[i];
    into->condition = CONDITION_PREFIXES;
    into->count = kept;
    return true;
}

static bool compile_exists(struct compiler *compiler, const struct field *field, const struct node *node,
                           const struct node *value, struct filter *into)
{
    bool wanted;
    (void)field, (void)node;
    if (!scalar_bool(value, &wanted)) return fail(compiler, value, "exists is true or false");
    into->condition = wanted ? CONDITION_EXISTS : CONDITION_MISSING;
    return true;
}
