/* bests: the highest of many figures, one an owner. Pure, and without memory of its own. */
#pragma once

#include "exchange/record/offer.h"

struct best {
    uint32_t group; /* equal numbers: one owner */
    int64_t micros;
};

struct bests {
    struct best list[OFFER_SALES_MAX]; /* highest first, each group once */
    uint32_t count;
};

/* Keeps it if it is among the `room` highest, up to OFFER_SALES_MAX. */
void bests_note(struct bests *bests, uint32_t room, uint32_t group, int64_t micros);
