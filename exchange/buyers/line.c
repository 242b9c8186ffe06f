/* Signers are one per buyer, heads one per endpoint. source_ref is an HMAC; recent ones are kept, since one affiliate's
 * source meets the same ten buyers at every ping. */
#include "exchange/buyers/line.h"

#include <stdlib.h>

#include "protocol/base/check.h"

#define LINES_ARENA_MAX (1024u << 20)
#define HEAD_MAX 4096u
#define REFERENCES_MAX 4096u /* remembered; a power of two */

struct reference {
    uint64_t hash;
    char text[LINE_REFERENCE_LEN];
};

struct lines {
    unsigned count;
    struct client *client;
    struct catalogue *catalogue;
    struct mac *reference_mac;
    struct signer **signers;    /* per buyer */
    struct mac **hash_macs;     /* likewise; made when first needed */
    struct line *pings, *posts; /* per contract; head.at NULL: not made yet */
    struct line *tests;         /* two per contract; NULL: no test went to a contract yet */
    struct reference *references;
    struct arena memory;
};

struct lines *lines_open(struct client *client, struct catalogue *catalogue, const struct digest *reference_key)
{
    struct lines *lines = calloc(1, sizeof *lines);
    if (!lines) return NULL;
    *lines = (struct lines){.count = 1, .client = client, .catalogue = catalogue};
    catalogue_take(catalogue);
    arena_init(&lines->memory, 65536, LINES_ARENA_MAX);
    lines->reference_mac = mac_open((struct bytes){(const char *)reference_key->at, DIGEST_LEN});
    lines->signers = calloc(catalogue->buyers_count + 1, sizeof *lines->signers);
    lines->hash_macs = calloc(catalogue->buyers_count + 1, sizeof *lines->hash_macs);
    lines->pings = calloc(catalogue->contracts_count + 1, sizeof *lines->pings);
    lines->posts = calloc(catalogue->contracts_count + 1, sizeof *lines->posts);
    lines->references = calloc(REFERENCES_MAX, sizeof *lines->references);
    if (lines->reference_mac && lines->signers && lines->hash_macs && lines->pings && lines->posts && lines->references)
        return lines;
    lines_drop(&lines);
    return NULL;
}

void lines_take(struct lines *lines)
{
    lines->count++;
}

void lines_drop(struct lines **taken)
{
    struct lines *lines = *taken;
    *taken = NULL;
    check(lines->count > 0);
    if (--lines->count > 0) return;
    for (uint32_t i = 0; lines->signers && i < lines->catalogue->buyers_count; i++)
        if (lines->signers[i]) signer_close(&lines->signers[i]);
    for (uint32_t i = 0; lines->hash_macs && i < lines->catalogue->buyers_count; i++)
        if (lines->hash_macs[i]) mac_close(&lines->hash_macs[i]);
    if (lines->reference_mac) mac_close(&lines->reference_mac);
    arena_free(&lines->memory);
    catalogue_drop(&lines->catalogue);
    free(lines->signers);
    free(lines->hash_macs);
    free(lines->pings);
    free(lines->posts);
    free(lines->tests);
    free(lines->references);
    free(lines);
}

const struct catalogue *lines_catalogue(const struct lines *lines)
{
    return lines->catalogue;
}

struct signer *lines_signer(struct lines *lines, const struct buyer *buyer)
{
    struct signer **place = &lines->signers[buyer->index];
    if (!*place && buyer->secrets_count > 0) *place = signer_open(buyer->secrets, buyer->secrets_count);
    return *place;
}

struct mac *lines_hash_mac(struct lines *lines, const struct buyer *buyer)
{
    struct mac **place = &lines->hash_macs[buyer->index];
    if (!*place && buyer->hash_secret.len) *place = mac_open(buyer->hash_secret);
    return *place;
}

void line_write_host(struct sink *sink, const struct endpoint *endpoint)
{
    bool is_usual = endpoint->port == (endpoint->is_https ? 443u : 80u),
         is_v6 = bytes_find(endpoint->host, ':') < endpoint->host.len;
    if (is_v6) sink_char(sink, '[');
    sink_bytes(sink, endpoint->host);
    if (is_v6) sink_char(sink, ']');
    if (is_usual) return;
    sink_char(sink, ':');
    sink_u64(sink, endpoint->port);
}

void line_write_head(struct sink *sink, const struct endpoint *endpoint)
{
    sink_text(sink, "POST ");
    sink_bytes(sink, endpoint->target);
    sink_text(sink, " HTTP/1.1\r\nHost: ");
    line_write_host(sink, endpoint);
    sink_text(sink, "\r\nContent-Type: application/json\r\nUser-Agent: outcry/1\r\nwebhook-id: ");
}

void line_write_fields(struct sink *sink, struct signer *signer, struct bytes id, const struct bytes *body,
                       size_t count)
{
    int64_t now_s = clock_wall_ms() / 1000;
    size_t length = 0;
    for (size_t i = 0; i < count; i++) length += body[i].len;
    sink_bytes(sink, id);
    sink_text(sink, "\r\nwebhook-timestamp: ");
    sink_i64(sink, now_s);
    if (signer) {
        sink_text(sink, "\r\nwebhook-signature: ");
        signer_sign(signer, id, now_s, body, count, sink);
    }
    sink_text(sink, "\r\nContent-Length: ");
    sink_u64(sink, length);
    sink_text(sink, "\r\n\r\n");
}

static const struct line *make(struct lines *lines, struct line *line, const struct endpoint *endpoint,
                               const struct contract *contract)
{
    char head[HEAD_MAX];
    struct sink sink = sink_over(head, sizeof head);
    if (line->head.at) return line;
    if (endpoint->url.len == 0) return NULL;
    const struct buyer *buyer = &lines->catalogue->buyers[contract->buyer];
    line->signer = lines_signer(lines, buyer);
    if (!line->signer && buyer->secrets_count > 0) return NULL;
    line->origin = client_origin(lines->client, endpoint->is_https ? "https" : "http", endpoint->host.at,
                                 endpoint->port);
    if (!line->origin) return NULL;
    line_write_head(&sink, endpoint);
    if (sink.cut) return NULL;
    line->head = arena_copy(&lines->memory, sink_written(&sink));
    return line->head.at ? line : NULL;
}

const struct line *lines_ping(struct lines *lines, const struct contract *contract)
{
    return make(lines, &lines->pings[contract->index], &contract->ping, contract);
}

const struct line *lines_post(struct lines *lines, const struct contract *contract)
{
    return make(lines, &lines->posts[contract->index], &contract->post, contract);
}

const struct line *lines_test(struct lines *lines, const struct contract *contract, bool is_post)
{
    if (!contract_takes_tests(contract)) return NULL;
    if (!lines->tests) lines->tests = calloc(2 * (size_t)lines->catalogue->contracts_count, sizeof *lines->tests);
    if (!lines->tests) return NULL;
    return make(lines, &lines->tests[2 * (size_t)contract->index + is_post],
                is_post ? &contract->asides->test_post : &contract->asides->test_ping, contract);
}

struct bytes lines_reference(struct lines *lines, const struct buyer *buyer, struct bytes affiliate,
                             struct bytes source, char *out)
{
    struct bytes zero = {"", 1};
    struct bytes parts[] = {buyer->id, zero, affiliate, zero, source};
    uint64_t hash = table_hash(buyer->id) * 31 + table_hash(affiliate) * 17 + table_hash(source);
    struct reference *kept = &lines->references[hash & (REFERENCES_MAX - 1)];
    if (kept->hash != hash || hash == 0) {
        struct digest digest;
        mac_of(lines->reference_mac, &digest, parts, sizeof parts / sizeof *parts);
        struct sink sink = sink_over(kept->text, sizeof kept->text);
        sink_text(&sink, "s-");
        sink_hex(&sink, (struct bytes){(const char *)digest.at, 8});
        kept->hash = hash;
    }
    memcpy(out, kept->text, LINE_REFERENCE_LEN);
    return (struct bytes){out, LINE_REFERENCE_LEN};
}
