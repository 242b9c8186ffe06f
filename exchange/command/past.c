/* A post to a contract is known by its ping and the contract: one lead goes there once, and again only after a doubt.
 */
#include "exchange/command/past.h"

#include <stdlib.h>

#define ARENA_CHUNK (1u << 20)
#define ARENA_MAX ((size_t)1 << 34)
#define KEY_MAX 256u
#define ALL_PPM 1000000u

enum { TAKEN = 1, REFUSED }; /* values of `posted` */

void past_open(struct past *past)
{
    *past = (struct past){.no_memory = false};
    arena_init(&past->arena, ARENA_CHUNK, ARENA_MAX);
}

void past_close(struct past *past)
{
    table_free(&past->posts);
    table_free(&past->posted);
    table_free(&past->contracts);
    table_free(&past->offers);
    free(past->shares);
    arena_free(&past->arena);
}

static void put(struct past *past, struct table *table, struct bytes key, uint32_t value)
{
    struct bytes copy = arena_copy(&past->arena, key); /* a key that is there already gives way to the new copy */
    if (!copy.at || table_put(table, copy, value) != FAULT_NONE) past->no_memory = true;
}

static struct past_share *share_of(struct past *past, struct table *table, struct bytes key)
{
    uint32_t place = table_find(table, key);
    if (place != TABLE_NONE) return &past->shares[place];
    if (past->shares_count == past->shares_room) {
        uint32_t room = past->shares_room ? past->shares_room * 2 : 64;
        struct past_share *grown = realloc(past->shares, room * sizeof *grown);
        if (!grown) {
            past->no_memory = true;
            return NULL;
        }
        past->shares = grown;
        past->shares_room = room;
    }
    place = past->shares_count++;
    past->shares[place] = (struct past_share){0, 0};
    put(past, table, key, place);
    return &past->shares[place];
}

static void count(struct past *past, struct table *table, struct bytes key, struct past_share *all, bool hit)
{
    struct past_share *share = share_of(past, table, key);
    all->of++;
    all->hits += hit;
    if (share) share->of++;
    if (share) share->hits += hit;
}

static struct bytes key_of(char *text, const struct ident *ping_id, struct bytes contract)
{
    struct sink sink = sink_over(text, KEY_MAX);
    sink_bytes(&sink, ident_bytes(ping_id));
    sink_bytes(&sink, contract);
    return sink_written(&sink);
}

void past_note_posts(struct past *past, const struct trace_auction *trace)
{
    static const enum past_verdict verdicts[] = {
        [TRACE_POST_OPEN] = PAST_DOUBT,        [TRACE_POST_ACCEPTED] = PAST_ACCEPTED,
        [TRACE_POST_REJECTED] = PAST_REJECTED, [TRACE_POST_UNKNOWN] = PAST_DOUBT,
        [TRACE_POST_FAILED] = PAST_MISSED,     [TRACE_POST_SKIPPED] = PAST_MISSED,
        [TRACE_POST_VOIDED] = PAST_REJECTED};
    char text[KEY_MAX];
    if (trace->kind == TRACE_PING || trace->is_test) return;
    bool is_refused = trace->kind == TRACE_POST && trace->posts_count == 0;
    put(past, &past->posted, ident_bytes(&trace->ping_id), is_refused ? REFUSED : TAKEN);
    for (uint32_t i = 0; i < trace->posts_count; i++) {
        const struct trace_post *post = &trace->posts[i];
        enum past_verdict verdict = verdicts[post->outcome];
        put(past, &past->posts, key_of(text, &trace->ping_id, post->contract), verdict);
        if (verdict == PAST_ACCEPTED || verdict == PAST_REJECTED)
            count(past, &past->contracts, post->contract, &past->all_posts, verdict == PAST_ACCEPTED);
    }
}

void past_note_offer(struct past *past, const struct trace_auction *trace)
{
    if (trace->kind != TRACE_PING || trace->is_test || !bytes_is(trace->status, "accepted")) return;
    count(past, &past->offers, trace->affiliate, &past->all_offers, past_was_posted(past, &trace->ping_id));
}

bool past_was_posted(const struct past *past, const struct ident *ping_id)
{
    return table_find(&past->posted, ident_bytes(ping_id)) != TABLE_NONE;
}

bool past_was_refused(const struct past *past, const struct ident *ping_id)
{
    return table_find(&past->posted, ident_bytes(ping_id)) == REFUSED;
}

enum past_verdict past_verdict_of(const struct past *past, const struct ident *ping_id, struct bytes contract)
{
    char text[KEY_MAX];
    uint32_t verdict = table_find(&past->posts, key_of(text, ping_id, contract));
    return verdict == TABLE_NONE ? PAST_NEVER : (enum past_verdict)verdict;
}

static uint32_t ppm_of(const struct past *past, const struct table *table, struct bytes key,
                       const struct past_share *all)
{
    uint32_t place = table_find(table, key);
    const struct past_share *share = place == TABLE_NONE ? all : &past->shares[place];
    if (share->of < PAST_LEAST) share = all;
    return share->of ? (uint32_t)(share->hits * ALL_PPM / share->of) : ALL_PPM;
}

uint32_t past_accepts_ppm(const struct past *past, struct bytes contract)
{
    return ppm_of(past, &past->contracts, contract, &past->all_posts);
}

uint32_t past_takes_ppm(const struct past *past, struct bytes affiliate)
{
    return ppm_of(past, &past->offers, affiliate, &past->all_offers);
}
