/* The exchange closes the connection after its reply, because it is asked to: the reply ends where the stream does. */
#include "exchange/command/admin_call.h"

#include <netdb.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE_S 30
#define HEAD_ROOM 2048u
#define REPLY_ROOM (1u << 20)
#define UNIX "unix:"

static int dial_file(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    if (len >= sizeof address.sun_path) return -1;
    memcpy(address.sun_path, path, len);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0) return fd;
    if (fd >= 0) close(fd);
    return -1;
}

/* "127.0.0.1:9000", "[::1]:9000" */
static int dial_port(const char *place)
{
    char host[SETTINGS_ADDRESS_MAX];
    struct addrinfo wanted = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV}, *found = NULL;
    const char *colon = strrchr(place, ':');
    size_t len = colon ? (size_t)(colon - place) : 0;
    if (len == 0 || len >= sizeof host) return -1;
    bool is_bracketed = place[0] == '[' && place[len - 1] == ']';
    size_t inner = is_bracketed ? len - 2 : len;
    memcpy(host, place + is_bracketed, inner);
    host[inner] = '\0';
    if (getaddrinfo(host, colon + 1, &wanted, &found) != 0) return -1;
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) != 0) {
        close(fd);
        fd = -1;
    }
    freeaddrinfo(found);
    return fd;
}

static bool send_all(int fd, struct bytes text)
{
    for (size_t sent = 0; sent < text.len;) {
        ssize_t now = send(fd, text.at + sent, text.len - sent, MSG_NOSIGNAL);
        if (now <= 0) return false;
        sent += (size_t)now;
    }
    return true;
}

static struct bytes write_head(char *room, const struct settings *settings, const char *method, struct bytes path,
                               size_t body_len)
{
    const char *key = getenv(ADMIN_KEY_VARIABLE);
    bool is_file = strncmp(settings->listen_admin, UNIX, sizeof UNIX - 1) == 0;
    struct sink sink = sink_over(room, HEAD_ROOM);
    sink_text(&sink, method);
    sink_char(&sink, ' ');
    sink_bytes(&sink, path);
    sink_text(&sink, " HTTP/1.1\r\nHost: ");
    sink_text(&sink, is_file ? "localhost" : settings->listen_admin);
    sink_text(&sink, "\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ");
    sink_u64(&sink, body_len);
    if (key) sink_text(&sink, "\r\nAuthorization: Bearer ");
    if (key) sink_text(&sink, key);
    sink_text(&sink, "\r\n\r\n");
    return sink.cut ? BYTES_NONE : sink_written(&sink);
}

static bool read_reply(int fd, struct arena *arena, struct admin_reply *reply)
{
    char *text = arena_take(arena, REPLY_ROOM);
    size_t len = 0;
    uint64_t status;
    if (!text) return false;
    for (ssize_t now = 1; now > 0 && len<REPLY_ROOM; len += now> 0 ? (size_t)now : 0) {
        now = recv(fd, text + len, REPLY_ROOM - len, 0);
        if (now < 0) return false;
    }
    struct bytes whole = {text, len};
    if (!bytes_starts(whole, BYTES("HTTP/1.1 ")) || !bytes_u64(bytes_first(bytes_from(whole, 9), 3), &status))
        return false;
    const char *end = memmem(text, len, "\r\n\r\n", 4);
    if (!end) return false;
    reply->status = (int)status;
    reply->body = bytes_from(whole, (size_t)(end - text) + 4);
    return true;
}

static int dial(const struct settings *settings, const char **why)
{
    const char *place = settings->listen_admin;
    bool is_file = strncmp(place, UNIX, sizeof UNIX - 1) == 0;
    *why = "it has no admin listener: set listen.admin, or stop it first";
    if (!place[0]) return -1;
    *why = "its admin listener is not on this machine's loopback: use its API (POST, with an admin key)";
    if (!is_file && !settings_is_loopback(place)) return -1;
    *why = "its admin listener cannot be reached";
    return is_file ? dial_file(place + sizeof UNIX - 1) : dial_port(place);
}

bool admin_call(const struct settings *settings, const char *method, struct bytes path, struct bytes body,
                struct arena *arena, struct admin_reply *reply, const char **why)
{
    char head[HEAD_ROOM];
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    struct bytes written = write_head(head, settings, method, path, body.len);
    int fd = dial(settings, why);
    if (fd < 0) return false;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    *why = "its admin listener gave no whole reply: look at the statement before trying again";
    bool good = written.len && send_all(fd, written) && send_all(fd, body) && read_reply(fd, arena, reply);
    close(fd);
    return good;
}
