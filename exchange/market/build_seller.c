/* Who is named to the person, and whether the consent has to name them. What affiliates are shown is put on pages: so
 * no text steers a screen, and each has a bound. A hash that is not the text's own would have every affiliate prove the
 * wrong thing. */
#include "exchange/market/build.h"
#include "exchange/market/seller.h"
#include "protocol/message/wording.h"

static void read_text(struct build *build, const struct node *map, const char *name, size_t max, struct bytes *text)
{
    build_text(build, map, name, text);
    if (text->len > max) build_error(build, node_find(map, name), "%s is longer than %zu bytes", name, max);
    for (struct bytes rest = *text; rest.len;) {
        struct bytes line;
        rest = bytes_split(rest, '\n', &line);
        if (wording_is_plain(line)) continue;
        build_error(build, node_find(map, name), "%s must not hold control characters", name);
        return;
    }
}

static void read_url(struct build *build, const struct node *map, const char *name, struct bytes *url)
{
    read_text(build, map, name, SELLER_URL_MAX, url);
    bool is_web = bytes_starts(*url, BYTES("https://")) || bytes_starts(*url, BYTES("http://"));
    bool is_one = bytes_find(*url, ' ') == url->len && bytes_find(*url, '\n') == url->len;
    if (url->len && !(is_web && is_one))
        build_error(build, node_find(map, name), "%s must be an http or https URL", name);
}

static void read_hash(struct build *build, const struct node *map, struct seller *seller)
{
    const struct node *node = node_find(map, "consent_sha256");
    struct digest told, digest;
    char text[2 * DIGEST_LEN];
    struct sink sink = sink_over(text, sizeof text);
    digest_of(&digest, &seller->consent_text, 1);
    build_text(build, map, "consent_sha256", &seller->consent_sha256);
    bool is_hash = bytes_unhex(seller->consent_sha256, told.at, sizeof told.at);
    if (node && !is_hash)
        build_error(build, node, "consent_sha256 must be a SHA-256 in 64 hexadecimal digits");
    else if (node && seller->consent_text.len && memcmp(told.at, digest.at, sizeof told.at) != 0)
        build_error(build, node, "consent_sha256 is not the SHA-256 of consent_text");
    else if (!node && seller->consent_text.len) {
        sink_hex(&sink, (struct bytes){(const char *)digest.at, DIGEST_LEN});
        seller->consent_sha256 = build_copy(build, sink_written(&sink));
    }
}

void build_seller(struct build *build, const struct node *node, struct contract *contract)
{
    static const char *const CONSENTS[] = {"general", "named"};
    const struct node *given = node_find(node, "seller");
    unsigned consent = 0;
    build_word(build, node, "consent", CONSENTS, 2, &consent);
    if (consent == 1 && !given)
        build_error(build, node_find(node, "consent"), "consent: named needs a seller that a consent can name");
    if (!given) return;
    struct seller *seller = build_zero(build, 1, sizeof *seller);
    if (!seller) return;
    if (!node_find(given, "name")) build_error(build, given, "a seller needs a name");
    read_text(build, given, "name", SELLER_NAME_MAX, &seller->name);
    if (bytes_find(seller->name, '\n') != seller->name.len)
        build_error(build, node_find(given, "name"), "name must not hold control characters");
    read_url(build, given, "url", &seller->url);
    read_url(build, given, "logo_url", &seller->logo_url);
    read_text(build, given, "consent_text", SELLER_TEXT_MAX, &seller->consent_text);
    read_hash(build, given, seller);
    contract->seller = seller;
    contract->is_named = consent & 1;
}
