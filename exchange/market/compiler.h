/* compiler: a filter in the making; for filter_build.c and filter_leaf.c only. */
#pragma once

#include "exchange/market/condition.h"

struct compiler {
    struct arena *arena;
    const struct campaign *campaign;
    const struct geo *geo; /* NULL: no tables */
    filter_on_error *on_error;
    void *arg;
};

/* Fills *into from a node that is not about a named field; `node` is the whole condition, `value` its first member.
 * False: told, or memory is out. */
typedef bool compiler_leaf(struct compiler *compiler, const struct node *node, const struct node *value,
                           struct filter *into);

/* Tells on_error; always false. */
__attribute__((format(printf, 3, 4))) bool compiler_fail(struct compiler *compiler, const struct node *where,
                                                         const char *format, ...);
#define COMPILER_SHOWN(bytes) (int)((bytes).len < 64 ? (bytes).len : 64), (bytes).at

/* Copies of the texts of a list (or the one of a plain node), sorted, each once. The condition is the caller's; `field`
 * normalises them, NULL: any text will do. */
bool compiler_sort_texts(struct compiler *compiler, const struct field *field, const struct node *list,
                         struct filter *into);
/* The field is among the values of a list. */
bool compiler_list(struct compiler *compiler, const struct field *field, const struct node *list, struct filter *into);
/* The field's number goes into *into, and whether it is private. */
void compiler_take_field(struct compiler *compiler, uint32_t number, struct filter *into);
/* The field that `name` names, or NULL (told). */
const struct field *compiler_find_field(struct compiler *compiler, const struct node *name, struct filter *into);
/* min and max of a node; absent ones are open. */
bool compiler_bounds(struct compiler *compiler, const struct node *node, struct filter *into);
/* NULL: no condition is called so. */
compiler_leaf *compiler_find_leaf(struct bytes key);
