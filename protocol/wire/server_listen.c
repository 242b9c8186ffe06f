/* Only literals are taken: a name would make the start depend on DNS and may mean several addresses. */
#include "protocol/wire/server_listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static bool read_address(const char *text, struct sockaddr_storage *address, socklen_t *len);
static bool read_unix(struct bytes path, struct sockaddr_storage *address, socklen_t *len);
static enum fault clear_stale(const struct sockaddr_un *address, const char *text, struct tls_note *note);
static void write_address(struct server_listen *listen);

static enum fault refuse(struct tls_note *note, enum fault fault, const char *address, const char *why)
{
    snprintf(note->text, sizeof note->text, "cannot listen on %s: %s", address, why);
    return fault;
}

enum fault server_listen_open(const char *text, bool reuse_port, struct server_listen *listen_on, struct tls_note *note)
{
    struct sockaddr_storage address = {0};
    socklen_t len = 0;
    *note = (struct tls_note){0};
    *listen_on = (struct server_listen){.fd = -1};
    if (strlen(text) >= sizeof listen_on->text || !read_address(text, &address, &len))
        return refuse(note, FAULT_INPUT, text, "not an address like 127.0.0.1:8443, [::1]:8443 or unix:PATH");
    listen_on->is_unix = address.ss_family == AF_UNIX;
    if (listen_on->is_unix) {
        enum fault fault = clear_stale((struct sockaddr_un *)&address, text, note);
        if (fault != FAULT_NONE) return fault;
    }
    int fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return refuse(note, FAULT_SYSTEM, text, strerror(errno));
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (reuse_port && !listen_on->is_unix && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &(int){1}, sizeof(int)) < 0)
        goto fail;
    if (listen_on->is_unix && fchmod(fd, 0600) < 0) goto fail; /* before bind: the file is never open to others */
    if (bind(fd, (struct sockaddr *)&address, len) < 0) goto fail;
    if (listen(fd, SOMAXCONN) < 0) goto fail;
    listen_on->fd = fd;
    memcpy(listen_on->text, text, strlen(text) + 1);
    if (!listen_on->is_unix) write_address(listen_on);
    return FAULT_NONE;
fail:;
    int error = errno;
    close(fd);
    bool theirs = error == EADDRNOTAVAIL || error == EACCES || error == ENOENT || error == ENOTDIR || error == EROFS;
    return refuse(note,
                  error == EADDRINUSE ? FAULT_IN_USE
                  : theirs            ? FAULT_INPUT
                                      : FAULT_SYSTEM,
                  text, strerror(error));
}

void server_listen_close(struct server_listen *listen)
{
    if (listen->fd < 0) return;
    if (listen->is_unix) (void)unlink(listen->text + strlen("unix:")); /* it may have been removed by hand */
    close(listen->fd);
    listen->fd = -1;
}

static bool read_address(const char *text, struct sockaddr_storage *address, socklen_t *len)
{
    struct bytes all = bytes_of(text);
    if (bytes_starts(all, BYTES("unix:"))) return read_unix(bytes_from(all, 5), address, len);
    const char *colon = strrchr(text, ':');
    uint64_t port;
    char host[INET6_ADDRSTRLEN];
    if (!colon || !bytes_u64(bytes_of(colon + 1), &port) || port > 65535) return false;
    struct bytes name = {text, (size_t)(colon - text)};
    bool brackets = name.len >= 2 && name.at[0] == '[' && name.at[name.len - 1] == ']';
    if (brackets) name = (struct bytes){name.at + 1, name.len - 2};
    if (name.len >= sizeof host) return false;
    memcpy(host, name.at, name.len);
    host[name.len] = '\0';
    struct sockaddr_in *v4 = (struct sockaddr_in *)address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
    if (!brackets && inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)port);
        *len = sizeof *v4;
        return true;
    }
    if (!brackets || inet_pton(AF_INET6, host, &v6->sin6_addr) != 1) return false;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons((uint16_t)port);
    *len = sizeof *v6;
    return true;
}

static bool read_unix(struct bytes path, struct sockaddr_storage *address, socklen_t *len)
{
    struct sockaddr_un *un = (struct sockaddr_un *)address;
    if (path.len == 0 || path.len >= sizeof un->sun_path) return false;
    un->sun_family = AF_UNIX;
    memcpy(un->sun_path, path.at, path.len);
    *len = (socklen_t)sizeof *un;
    return true;
}

/* A socket file outlives its process; whether somebody listens is found by knocking. */
static enum fault clear_stale(const struct sockaddr_un *address, const char *text, struct tls_note *note)
{
    struct stat found;
    if (lstat(address->sun_path, &found) < 0) return FAULT_NONE; /* bind will say what else is wrong */
    if (!S_ISSOCK(found.st_mode)) return refuse(note, FAULT_INPUT, text, "the path exists and is not a socket");
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return refuse(note, FAULT_SYSTEM, text, strerror(errno));
    int result = connect(fd, (const struct sockaddr *)address, sizeof *address);
    int error = result < 0 ? errno : 0;
    close(fd);
    if (error != ECONNREFUSED)
        return refuse(note, FAULT_IN_USE, text, error == EACCES ? strerror(error) : "in use by another process");
    if (unlink(address->sun_path) < 0) return refuse(note, FAULT_INPUT, text, strerror(errno));
    return FAULT_NONE;
}

static void write_address(struct server_listen *listen)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    char host[48];
    if (getsockname(listen->fd, (struct sockaddr *)&address, &len) < 0) return; /* the text as given stays */
    bool v4 = address.ss_family == AF_INET;
    unsigned port = ntohs(v4 ? ((struct sockaddr_in *)&address)->sin_port
                             : ((struct sockaddr_in6 *)&address)->sin6_port);
    const void *at = v4 ? (const void *)&((struct sockaddr_in *)&address)->sin_addr
                        : (const void *)&((struct sockaddr_in6 *)&address)->sin6_addr;
    if (!inet_ntop(address.ss_family, at, host, sizeof host)) return;
    snprintf(listen->text, sizeof listen->text, v4 ? "%s:%u" : "[%s]:%u", host, port);
}

void server_listen_peer_text(const struct sockaddr_storage *peer, char *text, size_t cap)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)peer;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)peer;
    const char *written = NULL;
    if (peer->ss_family == AF_INET)
        written = inet_ntop(AF_INET, &v4->sin_addr, text, (socklen_t)cap);
    else if (peer->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
        written = inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], text, (socklen_t)cap);
    else if (peer->ss_family == AF_INET6)
        written = inet_ntop(AF_INET6, &v6->sin6_addr, text, (socklen_t)cap);
    if (!written) snprintf(text, cap, "unix");
}
