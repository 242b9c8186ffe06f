/* copy: what stands of a checked subtree, with the defaults written in, at the end of its tree. One thread. */
#pragma once

#include "exchange/config/schema.h"

/* Without what was dropped. `group` is what a map there holds (NULL: copied as it stands); in a named map the keys are
 * the operator's, and each value is such a map. Its root, or TREE_NONE: memory is out (reported). */
uint32_t copy_checked(struct tree *tree, uint32_t from, const struct schema_group *group, bool named);
