/* checker: a document held against a group of the schema, key by key. Everything that is wrong is reported, not only
 * the first of it. */
#pragma once

#include "exchange/config/value.h"

/* False: something is wrong that leaves nothing to work with. True: what was wrong, if anything was, is marked as
 * dropped, and the rest is whole and of the right types, fit for further checks; look at the report before it is used
 * for more. Secrets are fetched. */
bool checker_run(struct tree *tree, uint32_t root, const struct schema_group *group, const char *folder);
/* The member of that name that was not dropped, or NULL. */
const struct node *checker_find(const struct tree *tree, const struct node *map, const char *key);
