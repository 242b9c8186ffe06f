/* build_pack: a catalogue as the book keeps it, written and read; for catalogue.c and build*.c only. */
#pragma once

#include "exchange/market/build.h"

/* One contract as the packed catalogue has it; `buyer` NULL: the map names it. */
void build_pack_contract(struct sink *sink, const struct node *contract, const struct buyer *buyer);
/* catalogue.packed and .version. */
void build_pack(struct build *build);
/* The geographic tables out of a packed catalogue; texts point into it. */
bool build_unpack_geo(const struct node *node, struct arena *arena, struct geo *geo);
/* House rules out of a packed catalogue. */
bool build_unpack_house(const struct node *node, struct arena *arena, struct house_rules *house);
