#include "protocol/message/stage.h"

static const char *const names[STAGE_COUNT] = {"",       "attempted", "contacted", "qualified", "appointment",
                                               "quoted", "sold",      "lost",      "bad"};

const char *stage_name(enum sale_stage stage)
{
    return (unsigned)stage < STAGE_COUNT ? names[stage] : "";
}

enum sale_stage stage_find(struct bytes name)
{
    for (unsigned i = STAGE_NONE + 1; i < STAGE_COUNT; i++)
        if (bytes_is(name, names[i])) return (enum sale_stage)i;
    return STAGE_NONE;
}

static bool is_on_ladder(enum sale_stage stage)
{
    return stage >= STAGE_ATTEMPTED && stage <= STAGE_SOLD;
}

bool stage_reaches(enum sale_stage now, enum sale_stage wanted)
{
    if (now == STAGE_NONE || wanted == STAGE_NONE) return false;
    return now == wanted || (is_on_ladder(now) && is_on_ladder(wanted) && now > wanted);
}

bool stage_ends_waiting(enum sale_stage stage)
{
    return stage >= STAGE_CONTACTED;
}

enum sale_stage stage_higher(enum sale_stage a, enum sale_stage b)
{
    if (is_on_ladder(a) != is_on_ladder(b)) return is_on_ladder(a) ? a : b;
    return a > b ? a : b;
}
