/* endpoint: a buyer's webhook address, checked by what its text alone can tell (the addresses its name resolves to are
 * checked when it is dialled, protocol/wire). Pure. */
#pragma once

#include "protocol/base/bytes.h"

#define ENDPOINT_URL_MAX 2048

struct endpoint {
    bool is_https;
    unsigned port;
    struct bytes host;   /* lower case, NUL-terminated */
    struct bytes target; /* path and query */
    struct bytes url;
};

/* Splits the URL: NULL and *endpoint, its parts pointing into the URL (the host in whatever case); or a constant
 * sentence. Without allow_private a post must be https, ports are 443 and 8443 (for pings without TLS 80 and 8080), and
 * the host is a name with a dot, not an address. User names, fragments and spaces are always refused. */
const char *endpoint_read(struct bytes url, bool allow_private, bool is_post, struct endpoint *endpoint);
