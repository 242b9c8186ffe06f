/* raw: blocking sockets for the far side of a test. Everything that cannot go wrong in a sound test is a check(), which
 * also holds in threads where cmocka's assertions may not be used. A read waits 30 s at most, then the test fails. */
#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "protocol/base/bytes.h"
#include "protocol/base/check.h"

#define RAW_UNUSED __attribute__((unused))

RAW_UNUSED static int raw_patience(int fd)
{
    struct timeval wait = {.tv_sec = 30};
    check(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) == 0);
    return fd;
}

RAW_UNUSED static unsigned raw_port_of(const char *address)
{
    return (unsigned)strtoul(strrchr(address, ':') + 1, NULL, 10);
}

RAW_UNUSED static struct sockaddr_in raw_loopback(unsigned port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

RAW_UNUSED static int raw_dial(unsigned port)
{
    struct sockaddr_in address = raw_loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0, "errno %d", errno);
    return raw_patience(fd);
}

RAW_UNUSED static int raw_listen(unsigned *port)
{
    struct sockaddr_in address = raw_loopback(0);
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(fd >= 0 && bind(fd, (struct sockaddr *)&address, len) == 0 && listen(fd, 64) == 0);
    check(getsockname(fd, (struct sockaddr *)&address, &len) == 0);
    *port = ntohs(address.sin_port);
    return raw_patience(fd);
}

RAW_UNUSED static int raw_accept(int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    check(fd >= 0, "errno %d", errno);
    return raw_patience(fd);
}

RAW_UNUSED static void raw_send_bytes(int fd, const char *at, size_t len)
{
    while (len) {
        ssize_t sent = send(fd, at, len, MSG_NOSIGNAL);
        check(sent > 0, "errno %d", errno);
        at += sent;
        len -= (size_t)sent;
    }
}

RAW_UNUSED static void raw_send(int fd, const char *text)
{
    raw_send_bytes(fd, text, strlen(text));
}

/* Reads until `text` has come (as the last bytes read; one byte at a time, so nothing after it is taken). True if it
 * came, false if the peer closed or reset first. What was read stands in `into`, NUL-terminated. */
RAW_UNUSED static bool raw_read_until(int fd, const char *text, char *into, size_t cap)
{
    size_t len = 0, want = strlen(text);
    for (;;) {
        check(len + 1 < cap);
        ssize_t got = recv(fd, into + len, 1, 0);
        check(got >= 0 || errno == ECONNRESET, "nothing came for 30 s; so far: %.*s", (int)len, into);
        if (got <= 0) break;
        len++;
        if (len >= want && memcmp(into + len - want, text, want) == 0) {
            into[len] = '\0';
            return true;
        }
    }
    into[len] = '\0';
    return false;
}

/* Reads to the end. False if that was a reset. */
RAW_UNUSED static bool raw_read_all(int fd, char *into, size_t cap, size_t *len)
{
    *len = 0;
    for (;;) {
        check(*len + 1 < cap);
        ssize_t got = recv(fd, into + *len, cap - *len - 1, 0);
        check(got >= 0 || errno == ECONNRESET, "nothing came for 30 s");
        if (got <= 0) {
            into[*len] = '\0';
            return got == 0;
        }
        *len += (size_t)got;
    }
}

RAW_UNUSED static void raw_reset(int fd)
{
    struct linger linger = {.l_onoff = 1};
    check(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger) == 0);
    close(fd);
}
