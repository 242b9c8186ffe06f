/* The instants follow from the doubt's beginning alone, so a restart goes on where the last process was without having
 * kept anything. */
#include "exchange/market/doubt.h"

#include <string.h>

/* 1 s, then pauses of 5 s, 30 s, 2 min and 10 min; then every half hour. */
static const int64_t FIRST_MS[] = {1000, 6000, 36000, 156000, 756000};
#define FIRST_COUNT (sizeof FIRST_MS / sizeof *FIRST_MS)
#define PAUSE_MS INT64_C(1800000)
#define STRETCH 200u /* thousandths by which all of them may be later */

/* So much later, in thousandths. */
static int64_t stretch(const struct ident *post_id, int64_t ms)
{
    uint64_t mixed; /* ids made together differ in their last bytes only */
    memcpy(&mixed, post_id->at + sizeof post_id->at - sizeof mixed, sizeof mixed);
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return ms + ms / 1000 * (int64_t)((mixed >> 33) % STRETCH);
}

int64_t doubt_ask_ms(const struct ident *post_id, int64_t since_ms, int64_t now_ms)
{
    for (size_t i = 0; i < FIRST_COUNT; i++) {
        int64_t at_ms = since_ms + stretch(post_id, FIRST_MS[i]);
        if (at_ms > now_ms) return at_ms;
    }
    int64_t last_ms = since_ms + stretch(post_id, FIRST_MS[FIRST_COUNT - 1]), pause_ms = stretch(post_id, PAUSE_MS);
    return last_ms + ((now_ms - last_ms) / pause_ms + 1) * pause_ms;
}

bool doubt_is_told(enum doubt_word word, int64_t since_ms, int64_t now_ms)
{
    return word == DOUBT_ACCEPTED || word == DOUBT_REJECTED ||
           (word == DOUBT_NOT_SEEN && now_ms - since_ms >= DOUBT_GRACE_MS);
}
