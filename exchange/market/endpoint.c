/* The grammar is the HTTP client's own, so nothing passes here that the client would read differently; this file adds
 * which addresses an operator may name. */
#include "exchange/market/endpoint.h"

#include "protocol/wire/client.h"

/* An IPv6 literal, or a name whose last label is a number (RFC 3986 section 3.2.2: that would be IPv4). */
static bool is_literal(struct bytes host)
{
    uint64_t number;
    size_t from = host.len;
    if (bytes_find(host, ':') < host.len) return true;
    while (from > 0 && host.at[from - 1] != '.') from--;
    return bytes_u64(bytes_from(host, from), &number);
}

const char *endpoint_read(struct bytes url, bool allow_private, bool is_post, struct endpoint *endpoint)
{
    struct bytes scheme;
    *endpoint = (struct endpoint){.url = url};
    if (url.len > ENDPOINT_URL_MAX) return "the URL is too long";
    if (!client_split_url(url, &scheme, &endpoint->host, &endpoint->port, &endpoint->target))
        return "not a URL of the form https://host/path (without user name and fragment)";
    endpoint->is_https = bytes_is(scheme, "https");
    if (allow_private) return NULL;
    if (is_post && !endpoint->is_https) return "leads are posted over https only";
    if (is_literal(endpoint->host)) return "an endpoint needs a host name, not an address";
    if (bytes_find(endpoint->host, '.') == endpoint->host.len) return "an endpoint needs a full host name";
    if (endpoint->port != (endpoint->is_https ? 443 : 80) && endpoint->port != (endpoint->is_https ? 8443 : 8080))
        return endpoint->is_https ? "https endpoints are on port 443 or 8443" : "http endpoints are on port 80 or 8080";
    return NULL;
}
