/* yaml: one YAML document (or a JSON one, which is YAML too) -> nodes of a tree. The only room's file that knows
 * libyaml.
 *
 * Every plain or quoted value becomes a NODE_TEXT: the schema decides what it means, so NO, 1e3 and 08:00 stay what
 * they are. Anchors, aliases, tags, duplicate keys and a second document are refused. */
#pragma once

#include "exchange/config/tree.h"

#define YAML_INPUT_MAX 268435456u /* bytes of one file */

/* Reads `input`, which is file number `file` of the tree. The root's index, or TREE_NONE when the text cannot be
 * understood or a bound is passed; the report then says where. Refusals that leave the rest readable are reported too
 * and the root is given, so that what else is wrong can be found: look at the report before using it. */
uint32_t yaml_read(struct tree *tree, uint32_t file, struct bytes input);
