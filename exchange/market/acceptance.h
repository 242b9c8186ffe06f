/* acceptance: P(post accepted) of a contract, learned from its buyer's verdicts (market.md section 5). Pure integers
 * over one word; 0 is a contract nothing is known of.
 *
 * The word holds how many posts were counted and how many of them were accepted, both with decay: what was seen
 * weighs half after a week, and no more than ACCEPTANCE_POSTS_MAX posts count at all. To them stand
 * ACCEPTANCE_PRIOR posts taken as accepted, so a new contract starts at 1, one that only refuses sinks step by step,
 * and one that is not posted to any more rises again and is tried anew.
 *
 *   P = (accepted + prior) / (posts + prior) */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define ACCEPTANCE_ONE 1000000u /* ppm: certain */
#define ACCEPTANCE_PRIOR 8u
#define ACCEPTANCE_POSTS_MAX 512u
#define ACCEPTANCE_HALF_HOURS 168u

/* After one more verdict at that instant. */
uint64_t acceptance_after(uint64_t word, bool accepted, int64_t wall_ms);
/* One that was counted as accepted at `counted_ms` turns out not to be: its weight as it is by now is taken away. (Of
 * sales: "accepted" are those that are kept, and this one came back.) */
uint64_t acceptance_undo(uint64_t word, int64_t counted_ms, int64_t wall_ms);
/* P at that instant, in ppm: 1 to ACCEPTANCE_ONE. */
uint32_t acceptance_ppm(uint64_t word, int64_t wall_ms);
/* Posts that still count, rounded down: how sure P is. */
uint32_t acceptance_posts(uint64_t word, int64_t wall_ms);
