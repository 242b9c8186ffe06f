/* Durations and sizes are digits and a unit out of a table; everything else has its reader in the codec already and
 * only the second form (text for a number, number for a text) is added here. */
#include "exchange/market/scalar.h"

#include "protocol/base/money.h"

struct unit {
    const char *name;
    int64_t factor;
};

static bool read_with_unit(const struct node *node, const struct unit *units, size_t count, int64_t *value);

static const struct unit DURATIONS[] = {
    {"ms", 1000},
    {"s", 1000000},
    {"m", INT64_C(60) * 1000000},
    {"h", INT64_C(3600) * 1000000},
    {"d", INT64_C(86400) * 1000000},
    {"y", INT64_C(365) * 86400 * 1000000},
};

static const struct unit SIZES[] = {
    {"", 1}, {"KiB", INT64_C(1) << 10}, {"MiB", INT64_C(1) << 20}, {"GiB", INT64_C(1) << 30}, {"TiB", INT64_C(1) << 40},
};

bool scalar_text(const struct node *node, struct bytes *text)
{
    if (!node || (node->kind != NODE_TEXT && node->kind != NODE_NUMBER)) return false;
    *text = node->text;
    return true;
}

bool scalar_bool(const struct node *node, bool *truth)
{
    if (!node) return false;
    if (node->kind == NODE_BOOL) {
        *truth = node->truth;
        return true;
    }
    if (node->kind != NODE_TEXT) return false;
    if (!bytes_is(node->text, "true") && !bytes_is(node->text, "false")) return false;
    *truth = bytes_is(node->text, "true");
    return true;
}

bool scalar_i64(const struct node *node, int64_t *value)
{
    if (!node) return false;
    return node->kind == NODE_TEXT ? bytes_i64(node->text, value) : node_i64(node, value);
}

bool scalar_money(const struct node *node, int64_t *micros)
{
    return node_money(node, micros);
}

bool scalar_percent(const struct node *node, int64_t *ppm)
{
    struct bytes text;
    return scalar_text(node, &text) && money_read_percent(text, ppm);
}

bool scalar_duration(const struct node *node, int64_t *us)
{
    return read_with_unit(node, DURATIONS, sizeof DURATIONS / sizeof *DURATIONS, us);
}

bool scalar_size(const struct node *node, int64_t *bytes)
{
    return read_with_unit(node, SIZES, sizeof SIZES / sizeof *SIZES, bytes);
}

static bool read_with_unit(const struct node *node, const struct unit *units, size_t count, int64_t *value)
{
    struct bytes text;
    size_t digits = 0;
    int64_t number, product;
    if (!scalar_text(node, &text)) return false;
    while (digits < text.len && text.at[digits] >= '0' && text.at[digits] <= '9') digits++;
    if (!bytes_i64(bytes_first(text, digits), &number)) return false;
    for (size_t i = 0; i < count; i++) {
        if (!bytes_is(bytes_from(text, digits), units[i].name)) continue;
        if (__builtin_mul_overflow(number, units[i].factor, &product)) return false;
        *value = product;
        return true;
    }
    return false;
}
