/* stage: what became of a lead at its buyer, in the one vocabulary of market.md section 9. The first six climb: who is
 * at one has been at those before; lost and bad are ends beside the ladder.
 *
 *   attempted < contacted < qualified < appointment < quoted < sold        lost        bad
 *
 * Stored as numbers: append only. No state. */
#pragma once

#include "protocol/base/bytes.h"

enum sale_stage {
    STAGE_NONE,
    STAGE_ATTEMPTED,
    STAGE_CONTACTED,
    STAGE_QUALIFIED,
    STAGE_APPOINTMENT,
    STAGE_QUOTED,
    STAGE_SOLD,
    STAGE_LOST,
    STAGE_BAD,
    STAGE_COUNT
};

#define STAGE_WORDS "attempted contacted qualified appointment quoted sold lost bad"

const char *stage_name(enum sale_stage stage); /* "" for NONE */
/* NONE: no such stage. */
enum sale_stage stage_find(struct bytes name);
/* Who is at `now` has been at `wanted`, or is there. */
bool stage_reaches(enum sale_stage now, enum sale_stage wanted);
/* The person was reached, or will never be: nobody need wait for a first contact any more. */
bool stage_ends_waiting(enum sale_stage stage);
/* The higher of the two on the ladder; an end counts where nothing was climbed. */
enum sale_stage stage_higher(enum sale_stage a, enum sale_stage b);
