/* A part that is wrong spoils what holds it, upward, until it meets a key that need not be there: that key is dropped,
 * and what is left is as if it had never been written. So later checks (names that refer to each other) can go on
 * without follow-up errors. */
#include "exchange/config/checker.h"

#include "exchange/market/scalar.h"

struct checker {
    struct tree *tree;
    const char *folder;
};

static bool check_map(struct checker *checker, const struct schema_group *group, struct node *map);
static bool check_pair(struct checker *checker, const struct schema_group *group, struct node *map, struct node *child,
                       bool *excuses);
static bool check_row(struct checker *checker, const struct schema_row *row, struct node *node);
static bool check_list(struct checker *checker, const struct schema_row *row, struct node *list);
static bool check_named(struct checker *checker, const struct schema_row *row, struct node *map);
static bool check_one(struct checker *checker, const struct schema_row *row, struct node *node);
static bool check_price(struct checker *checker, const struct schema_row *row, struct node *node);
static void report_unknown(struct checker *checker, const struct schema_group *group, const struct node *map,
                           const struct node *child);
static bool report_missing(struct checker *checker, const struct schema_group *group, const struct node *map);
static bool is_null(const struct node *node);
static struct value_shown label(const struct schema_group *group, const struct node *map);

bool checker_run(struct tree *tree, uint32_t root, const struct schema_group *group, const char *folder)
{
    struct checker checker = {tree, folder};
    return check_map(&checker, group, &tree->nodes[root]);
}

const struct node *checker_find(const struct tree *tree, const struct node *map, const char *key)
{
    const struct node *found = node_find(map, key);
    return found && !tree_place(tree, found)->dropped ? found : NULL;
}

static bool check_map(struct checker *checker, const struct schema_group *group, struct node *map)
{
    if (map->kind != NODE_MAP) {
        tree_complain(checker->tree, map, "%s: must be a map of keys and values", group->name);
        return false;
    }
    bool good = true, excuses = false;
    struct node *child = map + 1, *end = map + map->span;
    for (; child < end; child += child->span) good &= check_pair(checker, group, map, child, &excuses);
    return (excuses || report_missing(checker, group, map)) && good;
}

/* False: with this pair wrong, the map is. */
static bool check_pair(struct checker *checker, const struct schema_group *group, struct node *map, struct node *child,
                       bool *excuses)
{
    const struct schema_row *row = schema_find(group, child->key);
    if (!row) row = group->any;
    bool *dropped = &tree_place(checker->tree, child)->dropped;
    *dropped = true;
    if (!row) {
        report_unknown(checker, group, map, child);
        return !group->indivisible;
    }
    if (row->flags & SCHEMA_LATER) {
        tree_complain_key(checker->tree, child, "%s: not supported yet", row->key);
        *excuses |= (row->flags & SCHEMA_INSTEAD) != 0;
        return !group->indivisible;
    }
    if (row->flags & SCHEMA_NULLABLE && is_null(child)) return true;
    *dropped = !check_row(checker, row, child);
    return !*dropped || !(group->indivisible || row->flags & (SCHEMA_REQUIRED | SCHEMA_VITAL));
}

static bool check_row(struct checker *checker, const struct schema_row *row, struct node *node)
{
    if (row->form == SCHEMA_LIST || (row->form == SCHEMA_ONE_OR_LIST && node->kind == NODE_LIST))
        return check_list(checker, row, node);
    if (row->form == SCHEMA_NAMED) return check_named(checker, row, node);
    return check_one(checker, row, node);
}

static bool check_list(struct checker *checker, const struct schema_row *row, struct node *list)
{
    if (list->kind != NODE_LIST) {
        tree_complain(checker->tree, list, "%s: must be a list", row->key);
        return false;
    }
    if (list->count == 0 && !(row->flags & SCHEMA_MAYBE_EMPTY)) {
        tree_complain(checker->tree, list, "%s: the list is empty", row->key);
        return false;
    }
    if (row->items_max && list->count > row->items_max) {
        tree_complain(checker->tree, list, "%s: more than %u items", row->key, row->items_max);
        return false;
    }
    bool good = true;
    struct node *item = list + 1, *end = list + list->span;
    for (; item < end; item += item->span) {
        bool one = check_one(checker, row, item);
        if (row->flags & SCHEMA_ITEMS)
            tree_place(checker->tree, item)->dropped = !one;
        else
            good &= one;
    }
    return good;
}

/* The operator's own names for values of one type. Names the group gives a meaning of its own come first. */
static bool check_named(struct checker *checker, const struct schema_row *row, struct node *map)
{
    if (map->kind != NODE_MAP || map->count == 0) {
        tree_complain(checker->tree, map, "%s: must be a map of names and values", row->key);
        return false;
    }
    bool good = true, excuses = false;
    struct node *child = map + 1, *end = map + map->span;
    for (; child < end; child += child->span) {
        if (row->type != SCHEMA_MAP && row->group && schema_find(row->group, child->key)) {
            good &= check_pair(checker, row->group, map, child, &excuses);
            continue;
        }
        bool named = row->type != SCHEMA_MAP || value_is_name(child->key);
        if (!named)
            tree_complain_key(checker->tree, child, "%s: %s cannot be a name (letters, digits, . _ - ; at most 64)",
                              row->key, value_shown(child->key).text);
        good &= check_one(checker, row, child) && named;
    }
    return good;
}

static bool check_one(struct checker *checker, const struct schema_row *row, struct node *node)
{
    if (row->type == SCHEMA_PRICE) return check_price(checker, row, node);
    if (row->flags & SCHEMA_OR_MAP && node->kind == NODE_MAP) return check_map(checker, row->group, node);
    if (row->type == SCHEMA_CHOICE && row->group && node->kind == NODE_MAP) return check_map(checker, row->group, node);
    if (row->type != SCHEMA_MAP) return value_check(checker->tree, row, node, checker->folder);
    return check_map(checker, row->group, node);
}

static bool check_price(struct checker *checker, const struct schema_row *row, struct node *node)
{
    struct bytes text;
    if (node->kind == NODE_LIST) {
        struct schema_row rules = *row;
        rules.type = SCHEMA_MAP;
        return check_list(checker, &rules, node);
    }
    if (node->kind == NODE_MAP) return check_map(checker, &schema_leg_prices, node);
    if (scalar_text(node, &text) && bytes_is(text, "live")) return true;
    return value_check(checker->tree, row, node, checker->folder);
}

static void report_unknown(struct checker *checker, const struct schema_group *group, const struct node *map,
                           const struct node *child)
{
    char words[2048];
    struct sink sink = sink_over(words, sizeof words - 1);
    for (unsigned i = 0; i < group->rows_count; i++) {
        sink_text(&sink, group->rows[i].key);
        sink_char(&sink, ' ');
    }
    words[sink.len] = 0;
    tree_complain_key(checker->tree, child, "unknown key %s in %s%s", value_shown(child->key).text,
                      label(group, map).text, value_hint(child->key, words).text);
}

/* True if nothing is. */
static bool report_missing(struct checker *checker, const struct schema_group *group, const struct node *map)
{
    bool whole = true;
    for (unsigned i = 0; i < group->rows_count; i++) {
        const struct schema_row *row = &group->rows[i];
        if (!(row->flags & SCHEMA_REQUIRED) || node_find(map, row->key)) continue;
        tree_complain(checker->tree, map, "%s: %s is missing", label(group, map).text, row->key);
        whole = false;
    }
    return whole;
}

/* An empty value in YAML says null as well. */
static bool is_null(const struct node *node)
{
    return node->kind == NODE_NULL || (node->kind == NODE_TEXT && (bytes_is(node->text, "null") ||
                                                                   bytes_is(node->text, "~") || node->text.len == 0));
}

/* "contract north-ca": what the map is, and which one. */
static struct value_shown label(const struct schema_group *group, const struct node *map)
{
    struct bytes id;
    struct value_shown shown;
    const struct node *named = node_find(map, "id");
    if (named && scalar_text(named, &id) && value_is_name(id) && schema_find(group, BYTES("id")))
        (void)snprintf(shown.text, sizeof shown.text, "%s %.*s", group->name, (int)id.len, id.at);
    else
        (void)snprintf(shown.text, sizeof shown.text, "%s", group->name);
    return shown;
}
