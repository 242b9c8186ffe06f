/* Compiling a filter: the shape of each node is told by its keys, its values are read by the same readers as leads, and
 * what a list holds decides its cheapest form (mask, numbers, texts). Every error names the node at fault; a part that
 * failed does not stop its neighbours from being looked at. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "exchange/market/compiler.h"
#include "exchange/market/scalar.h"
#include "protocol/base/check.h"

#define MASK_BITS 64u

/* Fills *into from the value of a test's key; `field` is NULL for affiliate and source. */
typedef bool compile_test(struct compiler *compiler, const struct field *field, const struct node *node,
                          const struct node *value, struct filter *into);

static compile_test compile_list, compile_range, compile_prefixes, compile_regex, compile_exists;

static const struct {
    const char *key;
    compile_test *compile;
} TESTS[] = {
    {"is", compile_list},         {"in", compile_list},       {"min", compile_range},     {"max", compile_range},
    {"prefix", compile_prefixes}, {"matches", compile_regex}, {"exists", compile_exists},
};

static const char *const GROUPS[] = {"all", "any", "none"}; /* as enum condition begins */
static const char *const LATER[] = {"channel"};

static bool compile(struct compiler *compiler, const struct node *node, unsigned depth, struct filter *into);
static bool compile_dates(struct compiler *compiler, const struct field *field, const struct node *node,
                          struct filter *into);
static bool decimal_bounds(struct compiler *compiler, const struct node *node, struct filter *into);

const struct filter *filter_build(struct arena *arena, const struct campaign *campaign, const struct geo *geo,
                                  const struct node *node, filter_on_error *on_error, void *arg)
{
    struct compiler compiler = {arena, campaign, geo, on_error, arg};
    struct filter *filter = arena_zero(arena, 1, sizeof *filter);
    return filter && compile(&compiler, node, 0, filter) ? filter : NULL;
}

bool compiler_fail(struct compiler *compiler, const struct node *where, const char *format, ...)
{
    char text[FILTER_ERROR_MAX];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    compiler->on_error(compiler->arg, where, text);
    return false;
}

static bool compile_group(struct compiler *compiler, const struct node *list, unsigned depth, struct filter *into)
{
    bool fine = true;
    uint32_t made = 0;
    if (list->kind != NODE_LIST || list->count == 0)
        return compiler_fail(compiler, list, "%.*s needs a list of at least one condition", COMPILER_SHOWN(list->key));
    if (depth == FILTER_DEPTH_MAX) return compiler_fail(compiler, list, "conditions are nested too deeply");
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

static bool fail_unknown(struct compiler *compiler, const struct node *child)
{
    for (size_t i = 0; i < sizeof LATER / sizeof *LATER; i++)
        if (bytes_is(child->key, LATER[i]))
            return compiler_fail(compiler, child, "the condition %s is not supported yet", LATER[i]);
    return compiler_fail(compiler, child, "no condition is called %.*s", COMPILER_SHOWN(child->key));
}

void compiler_take_field(struct compiler *compiler, uint32_t number, struct filter *into)
{
    into->field = (uint16_t)number;
    into->is_private = compiler->campaign->fields[number].is_private;
}

const struct field *compiler_find_field(struct compiler *compiler, const struct node *node, struct filter *into)
{
    struct bytes name;
    if (!scalar_text(node, &name)) {
        compiler_fail(compiler, node, "field needs a name");
        return NULL;
    }
    for (uint32_t i = 0; i < compiler->campaign->fields_count; i++) {
        const struct field *field = &compiler->campaign->fields[i];
        if (!bytes_same(field->name, name)) continue;
        compiler_take_field(compiler, i, into);
        return field;
    }
    compiler_fail(compiler, node, "campaign %.*s has no field %.*s", COMPILER_SHOWN(compiler->campaign->id),
                  COMPILER_SHOWN(name));
    return NULL;
}

/* {field: f, TEST: …}: exactly one test, where min and max are one. */
static bool compile_field(struct compiler *compiler, const struct node *node, struct filter *into)
{
    compile_test *test = NULL;
    const struct node *value = NULL;
    const struct field *field = compiler_find_field(compiler, node_find(node, "field"), into);
    if (!field) return false;
    NODE_EACH(child, node)
    {
        compile_test *found = NULL;
        if (bytes_is(child->key, "field")) continue;
        for (size_t i = 0; i < sizeof TESTS / sizeof *TESTS; i++)
            if (bytes_is(child->key, TESTS[i].key)) found = TESTS[i].compile;
        if (!found) return fail_unknown(compiler, child);
        if (test && (test != found || test != compile_range))
            return compiler_fail(compiler, child, "a condition has one test of its field only");
        test = found;
        value = child;
    }
    if (!test)
        return compiler_fail(compiler, node, "a condition needs one of is, in, min, max, prefix, matches, exists");
    return test(compiler, field, node, value, into);
}

static bool compile(struct compiler *compiler, const struct node *node, unsigned depth, struct filter *into)
{
    if (node->kind != NODE_MAP || node->count == 0)
        return compiler_fail(compiler, node, "a condition is a map such as {field: state, in: [CA]}");
    if (node_find(node, "field")) return compile_field(compiler, node, into);
    const struct node *age = node_find(node, "age_from"), *child = age ? age : node_first(node);
    if (age) return compiler_find_leaf(age->key)(compiler, node, age, into);
    if (node->count != 1)
        return compiler_fail(compiler, node,
                             "a condition is one thing: a field with its test, one list, or all, any, none");
    for (unsigned i = 0; i < sizeof GROUPS / sizeof *GROUPS; i++) {
        if (!bytes_is(child->key, GROUPS[i])) continue;
        into->condition = (uint8_t)(CONDITION_ALL + i);
        return compile_group(compiler, child, depth, into);
    }
    compiler_leaf *leaf = compiler_find_leaf(child->key);
    return leaf ? leaf(compiler, node, child, into) : fail_unknown(compiler, child);
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
        return compiler_fail(compiler, value, "field %.*s cannot be compared with an empty value",
                             COMPILER_SHOWN(field->name));
    case FIELD_WRONG:
        scalar_text(value, &shown);
        return compiler_fail(compiler, value, "field %.*s cannot be \"%.*s\": it %s", COMPILER_SHOWN(field->name),
                             COMPILER_SHOWN(shown), fault.text);
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
    if (kept > 1 || (field->type != FIELD_INTEGER && field->type != FIELD_DECIMAL)) return fine;
    into->condition = CONDITION_RANGE;
    into->from = into->to = numbers[0];
    return fine;
}

/* Copies of the texts, sorted, each once; `field` NULL: any text will do. The condition is the caller's. */
bool compiler_sort_texts(struct compiler *compiler, const struct field *field, const struct node *list,
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
        if (!taken && !field) compiler_fail(compiler, value, "a name must be a text");
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
        return compiler_fail(compiler, value, "is needs one value; for several there is in");
    if (!is_one && (value->kind != NODE_LIST || value->count == 0))
        return compiler_fail(compiler, value, "in needs a list of at least one value");
    return compiler_list(compiler, field, value, into);
}

bool compiler_list(struct compiler *compiler, const struct field *field, const struct node *list, struct filter *into)
{
    if (field->type == FIELD_US_STATE || field->type == FIELD_BOOLEAN ||
        (field->type == FIELD_CHOICE && field->choices_count <= MASK_BITS))
        return make_mask(compiler, field, list, into);
    if (!field_is_of_text(field->type)) return sort_numbers(compiler, field, list, into);
    into->condition = CONDITION_TEXTS;
    return compiler_sort_texts(compiler, field, list, into);
}

static bool compile_range(struct compiler *compiler, const struct field *field, const struct node *node,
                          const struct node *value, struct filter *into)
{
    (void)value;
    into->condition = CONDITION_RANGE;
    if (field->type == FIELD_DATE) return compile_dates(compiler, field, node, into);
    if (field->type != FIELD_INTEGER && field->type != FIELD_DECIMAL)
        return compiler_fail(compiler, node, "field %.*s is no number: it has no min and max",
                             COMPILER_SHOWN(field->name));
    bool fine = field->type == FIELD_DECIMAL ? decimal_bounds(compiler, node, into)
                                             : compiler_bounds(compiler, node, into);
    if (!fine) return false;
    if (into->from > field->max || into->to < field->min)
        return compiler_fail(compiler, node, "field %.*s cannot have such a value", COMPILER_SHOWN(field->name));
    return true;
}

static bool decimal_bounds(struct compiler *compiler, const struct node *node, struct filter *into)
{
    const struct node *min = node_find(node, "min"), *max = node_find(node, "max");
    into->from = INT64_MIN;
    into->to = INT64_MAX;
    if (min && !scalar_money(min, &into->from)) return compiler_fail(compiler, min, "min must be a number");
    if (max && !scalar_money(max, &into->to)) return compiler_fail(compiler, max, "max must be a number");
    return into->from <= into->to || compiler_fail(compiler, node, "min is above max");
}

bool compiler_bounds(struct compiler *compiler, const struct node *node, struct filter *into)
{
    const struct node *min = node_find(node, "min"), *max = node_find(node, "max");
    into->from = INT64_MIN;
    into->to = INT64_MAX;
    if (min && !scalar_i64(min, &into->from)) return compiler_fail(compiler, min, "min must be a whole number");
    if (max && !scalar_i64(max, &into->to)) return compiler_fail(compiler, max, "max must be a whole number");
    return into->from <= into->to || compiler_fail(compiler, node, "min is above max");
}

static bool compile_dates(struct compiler *compiler, const struct field *field, const struct node *node,
                          struct filter *into)
{
    const struct node *min = node_find(node, "min"), *max = node_find(node, "max");
    struct fact from = {.number = INT64_MIN}, to = {.number = INT64_MAX};
    if (min && !read_value(compiler, field, min, &from)) return false;
    if (max && !read_value(compiler, field, max, &to)) return false;
    into->from = from.number;
    into->to = to.number;
    return into->from <= into->to || compiler_fail(compiler, node, "min is above max");
}

static bool compile_regex(struct compiler *compiler, const struct field *field, const struct node *node,
                          const struct node *value, struct filter *into)
{
    struct bytes text;
    const char *error;
    size_t at;
    (void)node;
    if (!field_is_of_text(field->type) && field->type != FIELD_US_ZIP)
        return compiler_fail(compiler, value, "field %.*s has no text that an expression could fit",
                             COMPILER_SHOWN(field->name));
    if (!scalar_text(value, &text)) return compiler_fail(compiler, value, "matches needs an expression");
    into->condition = CONDITION_REGEX;
    into->regex = regex_compile(compiler->arena, text, &error, &at);
    return into->regex || (error && compiler_fail(compiler, value, "matches: at byte %zu: %s", at + 1, error));
}

/* A prefix in the form the field's values are kept in. */
static bool is_prefix_of(const struct field *field, struct bytes text)
{
    size_t from = field->type == FIELD_US_PHONE ? 1 : 0, max = field->type == FIELD_US_ZIP ? 5 : 12;
    if (field->type == FIELD_TEXT || field->type == FIELD_URL) return (int64_t)text.len <= field->max;
    if (field->type == FIELD_IP) {
        for (size_t i = 0; i < text.len; i++)
            if (!memchr("0123456789abcdef.:", text.at[i], 18)) return false;
        return true;
    }
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
    if (!field_is_of_text(field->type) && field->type != FIELD_US_ZIP)
        return compiler_fail(compiler, value, "field %.*s has no prefix", COMPILER_SHOWN(field->name));
    if (value->kind != NODE_LIST || value->count == 0)
        return compiler_fail(compiler, value, "prefix needs a list of at least one beginning");
    NODE_EACH(child, value)
    {
        struct bytes text;
        if (scalar_text(child, &text) && text.len && is_prefix_of(field, text)) continue;
        fine = compiler_fail(compiler, child, "no value of field %.*s begins like this", COMPILER_SHOWN(field->name));
    }
    if (!fine || !compiler_sort_texts(compiler, NULL, value, into)) return false;
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
    if (!scalar_bool(value, &wanted)) return compiler_fail(compiler, value, "exists is true or false");
    into->condition = wanted ? CONDITION_EXISTS : CONDITION_MISSING;
    return true;
}
