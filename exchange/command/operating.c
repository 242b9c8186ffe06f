/* One plain blocking request: a command has nothing else to do meanwhile. The listener of an address that is neither
 * loopback nor a socket file speaks TLS; that one is asked with curl. */
#include "exchange/command/operating.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "protocol/codec/http.h"

#define PATIENCE_S 30

/* --- straight --- */

enum fault operating_open(const struct settings *settings, struct operating *operating, struct ledger_note *note)
{
    struct reader *reader;
    struct ledger_options options = {.path = settings->ledger_path,
                                     .map_bytes = (uint64_t)settings->ledger_map_bytes,
                                     .keys_path = settings->ledger_keys,
                                     .trace_keep_ms = settings->trace_keep_us / 1000,
                                     .trace_max_bytes = (uint64_t)settings->trace_max_bytes,
                                     .lines_max = 1};
    *operating = (struct operating){NULL, NULL, NULL};
    note->text[0] = '\0';
    enum fault fault = reader_open(settings->ledger_path, NULL, &reader); /* a command makes no book */
    if (fault == FAULT_NONE) {
        reader_close(&reader);
        fault = ledger_open(&options, &operating->ledger, note);
    }
    if (fault == FAULT_NONE) fault = loop_open(&operating->loop);
    if (fault == FAULT_NONE) fault = ledger_line_open(operating->ledger, operating->loop, &operating->line);
    if (fault == FAULT_NONE) fault = ledger_start(operating->ledger);
    if (fault != FAULT_NONE) operating_close(operating);
    if (fault != FAULT_NONE && !note->text[0])
        snprintf(note->text, sizeof note->text, "%.250s: %s", settings->ledger_path, fault_text(fault));
    return fault;
}

void operating_close(struct operating *operating)
{
    ledger_line_close(&operating->line);
    ledger_close(&operating->ledger);
    loop_close(&operating->loop);
}

/* --- over the admin listener --- */

static bool tell(struct ledger_note *note, const char *address, const char *text)
{
    snprintf(note->text, sizeof note->text, "the admin listener %.100s: %s", address, text);
    return false;
}

static int dial_file(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof to.sun_path) return -1;
    strcpy(to.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0) return fd;
    if (fd >= 0) close(fd);
    return -1;
}

/* "127.0.0.1:9090", "[::1]:9090". */
static int dial_address(const char *address)
{
    char host[SETTINGS_ADDRESS_MAX];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST}, *found;
    const char *colon = strrchr(address, ':');
    if (!colon || (size_t)(colon - address) >= sizeof host) return -1;
    bool is_bracketed = address[0] == '[' && colon > address + 1;
    snprintf(host, sizeof host, "%.*s", (int)(colon - address) - (is_bracketed ? 2 : 0), address + is_bracketed);
    if (getaddrinfo(host, colon + 1, &hints, &found) != 0) return -1;
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) != 0) {
        close(fd);
        fd = -1;
    }
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

static bool send_request(int fd, const char *method, const char *path, struct bytes body)
{
    char head[1024];
    const char *key = getenv(OPERATING_KEY);
    int len = snprintf(head, sizeof head,
                       "%s %s HTTP/1.1\r\nHost: admin\r\n%s%s%sContent-Type: application/json\r\nContent-Length: %zu\r\n"
                       "Connection: close\r\n\r\n",
                       method, path, key ? "Authorization: Bearer " : "", key ? key : "", key ? "\r\n" : "", body.len);
    if (len < 0 || (size_t)len >= sizeof head) return false;
    return send_all(fd, (struct bytes){head, (size_t)len}) && send_all(fd, body);
}

static bool receive(int fd, struct operating_reply *reply)
{
    size_t len = 0, taken = 0, given = 0;
    struct http_head head;
    struct http_body body;
    enum http_error error;
    for (;;) {
        ssize_t got = recv(fd, reply->room + len, sizeof reply->room - len, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return false;
        if (got == 0) break;
        len += (size_t)got;
    }
    if (http_read_response((struct bytes){reply->room, len}, 0, false, &HTTP_LIMITS, &head, &error) != HTTP_DONE)
        return false;
    http_body_start(&body, &head, sizeof reply->room);
    char *raw = reply->room + head.head_len;
    if (http_body_read(&body, raw, len - head.head_len, raw, &taken, &given, &error) == HTTP_BAD) return false;
    reply->status = head.status;
    reply->body = (struct bytes){raw, given};
    return true;
}

bool operating_ask(const struct settings *settings, const char *address, const char *method, const char *path,
                   struct bytes body, struct operating_reply *reply, struct ledger_note *note)
{
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    if (!address) address = settings->listen_admin;
    bool is_file = strncmp(address, "unix:", 5) == 0;
    if (!address[0]) return tell(note, "", "there is none in the settings (listen.admin)");
    if (!is_file && !settings_is_loopback(address)) return tell(note, address, "speaks TLS; ask it with curl");
    int fd = is_file ? dial_file(address + 5) : dial_address(address);
    if (fd < 0) return tell(note, address, "cannot be reached");
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    bool good = send_request(fd, method, path, body) && receive(fd, reply);
    close(fd);
    if (!good) return tell(note, address, "gave no answer");
    if (reply->status == 401 || reply->status == 403)
        return tell(note, address, "wants an operator's key: put it into the environment as " OPERATING_KEY);
    return true;
}
