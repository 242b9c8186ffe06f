/* outcry-micro: what matching costs a ping: nanoseconds of index_run and of the walk over who is left, for catalogues
 * of 10,000 and 100,000 contracts with 12 conditions each, and the bytes a contract takes; and what lists of people
 * cost (list.c). It prints, and judges nothing: figures belong to docs/benchmarks.md, with the machine's name beside
 * them. */
#include <stdio.h>
#include <stdlib.h>

#include "bench/micro/list.h"
#include "exchange/market/index.h"
#include "exchange/market/match.h"
#include "protocol/base/check.h"
#include "protocol/base/clock.h"

#define FIELDS 10u
#define PINGS 2000u
#define VALUES 60u

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(0x2545F4914F6CDD1D);
}

static uint32_t below(uint64_t *state, uint32_t bound)
{
    return (uint32_t)((next_random(state) >> 32) * bound >> 32);
}

static void write_market(struct sink *out, uint32_t contracts, uint64_t *state)
{
    sink_text(out, "{\"campaigns\":[{\"id\":\"c\",\"fields\":{\"state\":{\"type\":\"us_state\",\"private\":false}");
    for (unsigned i = 0; i < FIELDS; i++) sink_format(out, ",\"f%u\":{\"type\":\"integer\",\"private\":false}", i);
    sink_text(out, "}}],\"buyers\":[{\"id\":\"b\",\"signing_secret\":"
                   "\"whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\",\"contracts\":[");
    for (uint32_t i = 0; i < contracts; i++) {
        sink_format(out, "%s{\"id\":\"k%u\",\"campaign\":\"c\",\"post_url\":\"https://b.example/p\",\"price\":\"2\",",
                    i ? "," : "", i);
        sink_text(out,
                  "\"filter\":{\"all\":[{\"state\":[\"CA\",\"NV\",\"TX\",\"NY\"]},{\"none\":[{\"source\":[\"s1\"]}]}");
        for (unsigned f = 0; f < FIELDS; f++) {
            uint32_t low = below(state, VALUES / 2);
            sink_format(out, ",{\"field\":\"f%u\",\"min\":%u,\"max\":%u}", f, low, low + VALUES / 3);
        }
        sink_text(out, "]}}");
    }
    sink_text(out, "]}]}");
}

static struct catalogue *make_market(uint32_t contracts, uint64_t *state, size_t *bytes)
{
    struct arena arena;
    struct document_error error;
    struct document_limits limits = DOCUMENT_LIMITS;
    size_t room = 4096 + (size_t)contracts * 900;
    char *text = malloc(room);
    struct sink sink = sink_over(text, text ? room : 0);
    limits.nodes_max = UINT32_MAX;
    arena_init(&arena, 1 << 20, (size_t)8 << 30);
    write_market(&sink, contracts, state);
    struct catalogue_source source = {.document = document_read_json(&arena, sink_written(&sink), &limits, &error),
                                      .house = {.margin = {.is_set = true},
                                                .payout_step_micros = 10000,
                                                .max_posts = 4,
                                                .currency = BYTES("USD"),
                                                .circuit = CIRCUIT_RULES}};
    check(source.document, "the market does not read back");
    struct catalogue *catalogue = catalogue_build(&source);
    check(catalogue, "the market was refused");
    *bytes = catalogue->memory.total - catalogue->packed.len;
    arena_free(&arena);
    free(text);
    return catalogue;
}

static void measure(uint32_t contracts)
{
    uint64_t state = 20260102, left = 0;
    size_t bytes;
    int64_t from_us = clock_now_us();
    struct catalogue *catalogue = make_market(contracts, &state, &bytes);
    int64_t built_us = clock_now_us() - from_us;
    const struct campaign *campaign = &catalogue->campaigns[0];
    struct fact *facts = calloc((size_t)PINGS * campaign->fields_count, sizeof *facts);
    uint64_t *bits = malloc((index_words(campaign->filters) + 1) * sizeof *bits);
    check(facts && bits, "memory is out");
    for (uint32_t i = 0; i < PINGS * campaign->fields_count; i++)
        facts[i] = (struct fact){.is_set = true, .number = below(&state, VALUES)};
    from_us = clock_now_us();
    for (uint32_t i = 0; i < PINGS; i++) {
        struct facts ping = {.campaign = campaign,
                             .fields = facts + (size_t)i * campaign->fields_count,
                             .affiliate = BYTES("a"),
                             .source = BYTES("s2")};
        left += index_run(campaign->filters, &ping, bits);
    }
    int64_t spent_us = clock_now_us() - from_us;
    printf("match %7u contracts x 12 conditions: %8lld ns a ping, %.2f left, %zu bytes a contract, loaded in %lld ms\n",
           contracts, (long long)(spent_us * 1000 / PINGS), (double)left / PINGS, bytes / contracts,
           (long long)(built_us / 1000));
    free(bits);
    free(facts);
    catalogue_drop(&catalogue);
}

int main(void)
{
    check(crypto_start() == FAULT_NONE, "no cryptography");
    measure(10000);
    measure(100000);
    list_measure(5000000);
    return 0;
}
