/* Written anew for every question: they are few, and each has another target. */
#include "exchange/buyers/status.h"

#include "protocol/codec/json.h"
#include "protocol/codec/pack.h"

#define READ_CHUNK 4096u
#define READ_MAX (1u << 20)

static bool write_request(struct sink *sink, struct lines *lines, const struct contract *contract,
                          const struct ident *post_id, const struct ident *call_id)
{
    const struct endpoint *endpoint = &contract->asides->status;
    const struct buyer *buyer = &lines_catalogue(lines)->buyers[contract->buyer];
    struct signer *signer = lines_signer(lines, buyer);
    bool has_query = bytes_find(endpoint->target, '?') < endpoint->target.len;
    char id[IDENT_TEXT + 1];
    int64_t now_s = clock_wall_ms() / 1000;
    if (!signer && buyer->secrets_count > 0) return false;
    sink_text(sink, "GET ");
    sink_bytes(sink, endpoint->target);
    sink_text(sink, has_query ? "&post_id=" : "?post_id=");
    ident_write(sink, post_id);
    sink_text(sink, " HTTP/1.1\r\nHost: ");
    line_write_host(sink, endpoint);
    sink_text(sink, "\r\nAccept: application/json\r\nUser-Agent: outcry/1\r\nwebhook-id: ");
    sink_text(sink, ident_text(call_id, id));
    sink_text(sink, "\r\nwebhook-timestamp: ");
    sink_i64(sink, now_s);
    if (signer) {
        sink_text(sink, "\r\nwebhook-signature: ");
        signer_sign(signer, bytes_of(id), now_s, NULL, 0, sink);
    }
    sink_text(sink, "\r\n\r\n");
    return !sink->cut;
}

/* An answer that says anything else says nothing. */
static enum doubt_word read_word(const struct client_result *result)
{
    static const char *const WORDS[DOUBT_UNTOLD] = {
        [DOUBT_ACCEPTED] = "accepted", [DOUBT_REJECTED] = "rejected", [DOUBT_NOT_SEEN] = "not_seen"};
    enum doubt_word word = DOUBT_UNTOLD;
    struct document_error error;
    struct arena arena;
    if (result->end != CLIENT_ANSWERED || result->head->status != 200) return DOUBT_UNTOLD;
    arena_init(&arena, READ_CHUNK, READ_MAX);
    bool is_pack = bytes_starts(http_field_find(result->head, "content-type"), BYTES("application/msgpack"));
    const struct node *document = (is_pack ? document_read_pack : document_read_json)(&arena, result->body,
                                                                                      &DOCUMENT_LIMITS, &error);
    const struct node *status = document && document->kind == NODE_MAP ? node_find(document, "status") : NULL;
    for (unsigned i = 0; status && status->kind == NODE_TEXT && i < DOUBT_UNTOLD; i++)
        if (bytes_is(status->text, WORDS[i])) word = (enum doubt_word)i;
    arena_free(&arena);
    return word;
}

static void on_done(void *arg, uint64_t call, const struct client_result *result)
{
    struct status_ask *ask = arg;
    (void)call;
    enum doubt_word word = read_word(result);
    ask->call = 0;
    lines_drop(&ask->lines);
    ask->on_told(ask->arg, word);
}

bool status_send(struct status_ask *ask, struct client *client, struct lines *lines, const struct contract *contract,
                 const struct ident *post_id, const struct ident *call_id)
{
    enum fault fault = FAULT_NONE;
    struct sink sink = sink_over(ask->request, sizeof ask->request);
    if (!contract->asides || !contract->asides->status.url.len) return false;
    if (!write_request(&sink, lines, contract, post_id, call_id)) return false;
    const struct endpoint *endpoint = &contract->asides->status;
    struct client_call out = {.deadline_us = clock_now_us() + STATUS_US, .on_done = on_done, .arg = ask};
    out.origin = client_origin(client, endpoint->is_https ? "https" : "http", endpoint->host.at, endpoint->port);
    out.parts[out.parts_count++] = (struct iovec){ask->request, sink.len};
    if (!out.origin) return false;
    ask->client = client;
    ask->call = client_send(client, &out, &fault);
    if (!ask->call) return false;
    ask->lines = lines;
    lines_take(lines);
    return true;
}

void status_cancel(struct status_ask *ask)
{
    if (!ask->call) return;
    client_cancel(ask->client, ask->call);
    ask->call = 0;
    lines_drop(&ask->lines);
}
