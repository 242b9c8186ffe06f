/* A browser will follow what this lets through, so whatever a lenient reader could take for another host is refused:
 * user names, back slashes, control characters, anything but letters, digits, dots and hyphens in the host. */
#include "exchange/market/redirect.h"

#define HOST_MAX 253 /* RFC 1035 section 2.3.4, as text */

struct bytes redirect_host(struct bytes url)
{
    struct bytes rest, host, port;
    if (url.len < 9 || !bytes_same_folded(bytes_first(url, 8), BYTES("https://"))) return BYTES_NONE;
    for (size_t i = 0; i < url.len; i++)
        if ((unsigned char)url.at[i] <= ' ' || (unsigned char)url.at[i] >= 0x7F || url.at[i] == '\\') return BYTES_NONE;
    rest = bytes_from(url, 8);
    size_t end = 0;
    while (end < rest.len && rest.at[end] != '/' && rest.at[end] != '?' && rest.at[end] != '#') end++;
    rest = bytes_first(rest, end);
    port = bytes_split(rest, ':', &host);
    uint64_t number = 443;
    bool has_port = host.len < rest.len;
    if (has_port && (port.len > 5 || !bytes_u64(port, &number) || number == 0 || number > 65535)) return BYTES_NONE;
    for (size_t i = 0; i < host.len; i++) {
        char letter = host.at[i];
        bool is_plain = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                        (letter >= '0' && letter <= '9') || letter == '-' || letter == '.';
        if (!is_plain) return BYTES_NONE;
    }
    return host.len <= HOST_MAX ? host : BYTES_NONE;
}

bool redirect_is_allowed(const struct buyer *buyer, struct bytes url)
{
    struct bytes host = redirect_host(url);
    for (uint32_t i = 0; i < buyer->redirect_hosts.count && host.len; i++)
        if (bytes_same_folded(buyer->redirect_hosts.at[i], host)) return true;
    return false;
}
