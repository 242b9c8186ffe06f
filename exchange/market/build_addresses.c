/* Where it is told after the fact. A whole lead leaves for a copy as it does for a post, and a notice tells who sells
 * to whom: all of them go over https. */
#include "exchange/market/build_addresses.h"
#include "exchange/market/build_doubt.h"

#include "exchange/market/scalar.h"
#include "protocol/crypto/signature.h"

#define SECRET_RAW_MAX 64

_Static_assert(ADDRESS_SECRETS_MAX == SIGNATURE_SECRETS_MAX, "as many as a signer takes");

void build_secret(struct build *build, const struct node *node, const char *name, struct bytes *secrets,
                  uint32_t *count)
{
    uint8_t raw[SECRET_RAW_MAX];
    size_t len;
    struct bytes text;
    bool fine = scalar_text(node, &text) && signature_secret(text, raw, sizeof raw, &len);
    crypto_wipe(raw, sizeof raw);
    if (!fine)
        build_error(build, node, "%s must be whsec_ and base64 of 24 to 64 bytes", name);
    else if (*count == SIGNATURE_SECRETS_MAX)
        build_error(build, node, "there are at most two secrets, while one replaces the other");
    else
        secrets[(*count)++] = build_copy(build, text);
}

static void read_secrets(struct build *build, const struct node *map, struct notice_address *address)
{
    const struct node *secret = node_find(map, "secret");
    if (build->is_unpack) return;
    if (!secret || (secret->kind == NODE_LIST && secret->count == 0))
        build_error(build, map, "notices need a secret: they are signed with it");
    else if (secret->kind != NODE_LIST)
        build_secret(build, secret, "secret", address->secrets, &address->secrets_count);
    else
        NODE_EACH(child, secret)
    build_secret(build, child, "secret", address->secrets, &address->secrets_count);
}

static bool read_url(struct build *build, const struct node *map, struct endpoint *endpoint)
{
    const struct node *url = node_find(map, "url");
    if (!url) build_error(build, map, "notices need a url");
    if (url) build_endpoint(build, url, true, endpoint);
    return endpoint->url.len > 0;
}

void build_affiliate_notices(struct build *build, const struct node *node, struct affiliate *affiliate)
{
    const struct node *map = node_find(node, "notices");
    struct notice_address *address = map ? build_zero(build, 1, sizeof *address) : NULL;
    if (!address) return;
    read_secrets(build, map, address);
    if (read_url(build, map, &address->endpoint)) affiliate->notices = address;
}

void build_buyer_notices(struct build *build, const struct node *node, struct buyer *buyer)
{
    const struct node *map = node_find(node, "notices");
    struct endpoint *endpoint = map ? build_zero(build, 1, sizeof *endpoint) : NULL;
    if (endpoint && read_url(build, map, endpoint)) buyer->notices = endpoint;
}

static void read_list(struct build *build, const struct node *node, const char *name, struct endpoint *list,
                      uint8_t *count)
{
    uint32_t given;
    const struct node *urls = build_list(build, node, name, &given);
    if (!urls || urls->kind != NODE_LIST) return;
    if (given > ADDRESSES_MAX) build_error(build, urls, "a contract has at most %u %s addresses", ADDRESSES_MAX, name);
    NODE_EACH(url, urls)
    {
        struct endpoint endpoint = {0};
        build_endpoint(build, url, true, &endpoint);
        if (endpoint.url.len && *count < ADDRESSES_MAX) list[(*count)++] = endpoint;
    }
}

void build_sale_addresses(struct build *build, const struct node *node, struct contract *contract)
{
    if (!node_find(node, "notify") && !node_find(node, "copies")) return;
    struct contract_asides *asides = build_asides(build, contract);
    if (!asides) return;
    read_list(build, node, "notify", asides->sales.notify, &asides->sales.notify_count);
    read_list(build, node, "copies", asides->sales.copies, &asides->sales.copies_count);
}
