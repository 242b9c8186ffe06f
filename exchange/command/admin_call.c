/* A connection of its own that the answer ends, so that nothing but the socket's own calls is needed. */
#include "exchange/command/admin_call.h"

#include <errno.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "exchange/base/file.h"
#include "protocol/codec/http.h"
#include "protocol/crypto/apikey.h"

#define REQUEST_MAX 2048u
#define KEY_FILE_MAX 4096u
#define PATIENCE_S 30

static int dial_unix(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) return -1;
    memcpy(address.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
    close(fd);
    return -1;
}

static int dial_first(const struct addrinfo *found)
{
    for (; found; found = found->ai_next) {
        int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) == 0) return fd;
        if (fd >= 0) close(fd);
    }
    return -1;
}

/* "127.0.0.1:80", "[::1]:80", "localhost:80" */
static int dial_tcp(const char *address)
{
    char text[SETTINGS_ADDRESS_MAX], *host = text;
    struct addrinfo wanted = {.ai_socktype = SOCK_STREAM}, *found;
    memcpy(text, address, strlen(address) + 1);
    char *colon = strrchr(text, ':');
    if (!colon) return -1;
    *colon = 0;
    if (*host == '[' && colon[-1] == ']') {
        host++;
        colon[-1] = 0;
    }
    if (getaddrinfo(host, colon + 1, &wanted, &found) != 0) return -1;
    int fd = dial_first(found);
    freeaddrinfo(found);
    return fd;
}

static bool send_all(int fd, struct bytes bytes)
{
    while (bytes.len) {
        ssize_t sent = send(fd, bytes.at, bytes.len, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return false;
        bytes = bytes_from(bytes, (size_t)sent);
    }
    return true;
}

static enum fault read_answer(int fd, struct admin_answer *answer)
{
    size_t len = 0;
    for (ssize_t got = 1; got > 0 && len < sizeof answer->text; len += (size_t)(got > 0 ? got : 0)) {
        got = recv(fd, answer->text + len, sizeof answer->text - len, 0);
        if (got < 0) return errno == EAGAIN ? FAULT_TIMEOUT : FAULT_CONNECT;
    }
    struct http_head head;
    enum http_error error;
    const struct http_limits limits = HTTP_LIMITS;
    struct bytes all = {answer->text, len};
    if (http_read_response(all, 0, false, &limits, &head, &error) != HTTP_DONE) return FAULT_PROTOCOL;
    answer->status = head.status;
    answer->body = bytes_from(all, head.head_len);
    if (head.framing == HTTP_LENGTH && head.content_length == answer->body.len) return FAULT_NONE;
    return head.framing == HTTP_NO_BODY ? FAULT_NONE : FAULT_PROTOCOL;
}

enum fault admin_call(const struct settings *settings, struct bytes key, const char *method, const char *path,
                      struct bytes body, struct admin_answer *answer)
{
    const char *address = settings->listen_admin;
    bool is_unix = strncmp(address, "unix:", 5) == 0;
    if (!is_unix && !settings_is_loopback(address)) return FAULT_INPUT;
    char request[REQUEST_MAX];
    struct sink sink = sink_over(request, sizeof request);
    sink_format(&sink, "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %zu\r\n", method,
                path, body.len);
    if (body.len) sink_text(&sink, "Content-Type: application/json\r\n");
    if (key.len) sink_format(&sink, "Authorization: Bearer %.*s\r\n", (int)key.len, key.at);
    sink_text(&sink, "\r\n");
    if (sink.cut) return FAULT_TOO_LARGE;
    int fd = is_unix ? dial_unix(address + 5) : dial_tcp(address);
    if (fd < 0) return FAULT_CONNECT;
    struct timeval patience = {.tv_sec = PATIENCE_S};
    enum fault fault = FAULT_CONNECT;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0 && send_all(fd, sink_written(&sink)) &&
        send_all(fd, body))
        fault = read_answer(fd, answer);
    close(fd);
    return fault;
}

bool admin_read_key(const char *path, struct arena *arena, struct bytes *key)
{
    enum apikey_kind kind;
    *key = BYTES_NONE;
    if (!path) return true;
    if (file_read(path, KEY_FILE_MAX, arena, key) != FAULT_NONE) return false;
    while (key->len && strchr(" \t\r\n", key->at[key->len - 1])) key->len--;
    return apikey_read(*key, &kind) && kind == APIKEY_ADMIN;
}
