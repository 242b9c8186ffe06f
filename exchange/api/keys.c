/* A key is named by the first digits of its hash, which stand in the catalogue in plain sight: the key itself is
 * nowhere but with its holder. A revoked one stays so, in the book, whatever catalogues say later. */
#include "exchange/api/keys.h"

#include <stdlib.h>

#include "exchange/api/visit.h"

#define LINE_ROOM 1024u /* of one key: kind, hash, and an id whose every byte may be escaped */

enum fault keys_open(const struct catalogue *catalogue, const struct digest *admin_keys, uint32_t admin_count,
                     struct keys *keys)
{
    static const char *const kinds[] = {[PRINCIPAL_AFFILIATE] = "affiliate", [PRINCIPAL_BUYER] = "buyer"};
    uint32_t held = catalogue->principals_count;
    struct digest *hashes = calloc(held + 1, sizeof *hashes);
    *keys = (struct keys){calloc(held + admin_count + 1, sizeof *keys->list), held + admin_count};
    if (!keys->list || !hashes) {
        free(hashes);
        keys_close(keys);
        return FAULT_MEMORY;
    }
    catalogue_keys(catalogue, hashes);
    for (uint32_t i = 0; i < held; i++) {
        const struct principal *principal = &catalogue->principals[i];
        struct bytes owner = principal->kind == PRINCIPAL_BUYER ? catalogue->buyers[principal->index].id
                                                                : catalogue->affiliates[principal->index].id;
        keys->list[i] = (struct keys_holder){hashes[i], kinds[principal->kind], owner};
    }
    for (uint32_t i = 0; i < admin_count; i++)
        keys->list[held + i] = (struct keys_holder){admin_keys[i], "admin", BYTES_NONE};
    free(hashes);
    return FAULT_NONE;
}

void keys_close(struct keys *keys)
{
    free(keys->list);
    *keys = (struct keys){0};
}

static bool is_digits(struct bytes digits)
{
    for (size_t i = 0; i < digits.len; i++)
        if (!strchr("0123456789abcdef", digits.at[i]) || !digits.at[i]) return false;
    return digits.len >= KEYS_NAMED_DIGITS && digits.len <= 2 * DIGEST_LEN;
}

enum fault keys_find(const struct keys *keys, struct bytes digits, struct digest *hash)
{
    uint32_t found = 0;
    if (!is_digits(digits)) return FAULT_INPUT;
    if (bytes_unhex(digits, hash->at, DIGEST_LEN)) return FAULT_NONE;
    for (uint32_t i = 0; i < keys->count; i++) {
        char text[2 * DIGEST_LEN];
        struct sink sink = sink_over(text, sizeof text);
        sink_hex(&sink, (struct bytes){(const char *)keys->list[i].hash.at, DIGEST_LEN});
        if (!bytes_starts(sink_written(&sink), digits)) continue;
        *hash = keys->list[i].hash;
        found++;
    }
    return found == 1 ? FAULT_NONE : found ? FAULT_TAKEN : FAULT_NOT_FOUND;
}

/* --- the operator's calls --- */

static enum fault open_here(const struct visit *visit, struct keys *keys)
{
    const struct hall *hall = worker_hall(visit->worker);
    return keys_open(worker_catalogue(visit->worker), hall->admin_keys, hall->admin_keys_count, keys);
}

static void busy(struct visit *visit)
{
    visit_problem(visit->worker, visit->request, &visit->manners, 503, REASON_BUSY, NULL, NULL, 1);
}

static void write_hash(struct json *json, const struct digest *hash, unsigned digits)
{
    char text[2 * DIGEST_LEN];
    struct sink sink = sink_over(text, sizeof text);
    sink_hex(&sink, (struct bytes){(const char *)hash->at, digits / 2});
    json_key(json, "hash");
    json_text(json, sink_written(&sink));
}

void operator_keys(struct visit *visit)
{
    struct keys keys;
    const struct standing *standing = worker_hall(visit->worker)->standing;
    if (open_here(visit, &keys) != FAULT_NONE) {
        busy(visit);
        return;
    }
    size_t room = (keys.count + 1) * LINE_ROOM;
    char *text = malloc(room);
    struct sink sink = sink_over(text, text ? room : 0);
    struct json json = json_into(&sink);
    json_open_map(&json);
    json_key(&json, "keys");
    json_open_list(&json);
    for (uint32_t i = 0; i < keys.count; i++) {
        json_open_map(&json);
        write_hash(&json, &keys.list[i].hash, KEYS_SHOWN_DIGITS);
        json_key(&json, "kind");
        json_text(&json, bytes_of(keys.list[i].kind));
        json_key(&json, "owner");
        json_text(&json, keys.list[i].owner);
        json_key(&json, "revoked");
        json_bool(&json, standing_is_key_revoked(standing, &keys.list[i].hash));
        json_close_map(&json);
    }
    json_close_list(&json);
    json_close_map(&json);
    if (sink.cut)
        busy(visit);
    else
        visit_send_json(visit, 200, sink_written(&sink));
    free(text);
    keys_close(&keys);
}

struct revoking {
    enum waiter_kind kind; /* first: see waiter.h */
    struct worker *worker;
    struct server_request *request; /* NULL once the operator has gone */
    struct visit_manners manners;
    struct digest hash;
};

void keys_on_gone(void *waiter)
{
    ((struct revoking *)waiter)->request = NULL;
}

static void answer_revoked(struct worker *worker, struct server_request *request, const struct visit_manners *manners,
                           const struct digest *hash)
{
    char text[256];
    struct sink sink = sink_over(text, sizeof text);
    struct json json = json_into(&sink);
    json_open_map(&json);
    write_hash(&json, hash, 2 * DIGEST_LEN);
    json_key(&json, "revoked");
    json_bool(&json, true);
    json_close_map(&json);
    visit_send(worker, request, manners, 200, "application/json", NULL, sink_written(&sink));
}

/* It is in the book: from here on no request gets by with it. */
static void on_durable(void *arg, uint64_t token, enum fault fault, uint64_t seq)
{
    struct revoking *revoking = arg;
    struct server_request *request = revoking->request;
    (void)token;
    (void)seq;
    enum fault held = fault ? fault : standing_revoke_key(worker_hall(revoking->worker)->standing, &revoking->hash);
    if (request) worker_wait(request, NULL);
    if (request && held)
        visit_problem(revoking->worker, request, &revoking->manners, 503, fault ? REASON_LEDGER_DOWN : REASON_BUSY,
                      fault ? NULL : "out of memory: it is refused from the next start on", NULL, 1);
    else if (request)
        answer_revoked(revoking->worker, request, &revoking->manners, &revoking->hash);
    free(revoking);
}

static void revoke(struct visit *visit, const struct digest *hash)
{
    struct revoking *revoking = calloc(1, sizeof *revoking);
    if (!revoking) {
        busy(visit);
        return;
    }
    *revoking = (struct revoking){WAITER_KEY, visit->worker, visit->request, visit->manners, *hash};
    worker_wait(visit->request, revoking);
    if (ledger_revoke_key(worker_line(visit->worker), hash, clock_wall_ms(), on_durable, revoking, 0) == FAULT_NONE)
        return;
    worker_wait(visit->request, NULL);
    free(revoking);
    visit_problem(visit->worker, visit->request, &visit->manners, 503, REASON_LEDGER_DOWN, NULL, NULL, 1);
}

void operator_revoke_key(struct visit *visit)
{
    struct keys keys;
    struct digest hash;
    if (open_here(visit, &keys) != FAULT_NONE) {
        busy(visit);
        return;
    }
    enum fault fault = keys_find(&keys, visit->path_id, &hash);
    keys_close(&keys);
    if (fault == FAULT_TAKEN)
        visit_problem(visit->worker, visit->request, &visit->manners, 409, REASON_CONFLICT,
                      "several keys' hashes begin so: give more digits", NULL, 0);
    else if (fault != FAULT_NONE)
        visit_problem(visit->worker, visit->request, &visit->manners, 404, REASON_NOT_FOUND,
                      "no key's hash begins so (at least 8 of its hexadecimal digits)", NULL, 0);
    else if (standing_is_key_revoked(worker_hall(visit->worker)->standing, &hash))
        answer_revoked(visit->worker, visit->request, &visit->manners, &hash);
    else
        revoke(visit, &hash);
}
