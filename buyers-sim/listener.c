/* "Connection refused" needs a port that is ours and that nobody listens on: it is bound and no more, so that no other
 * program can be given it meanwhile. */
#include "buyers-sim/listener.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol/wire/server_listen.h"

static enum fault open_server(struct listener *listener, struct tls_note *note);
static enum fault open_refusing(struct listener *listener, struct tls_note *note);
static enum fault open_closing(struct listener *listener, struct tls_note *note);

static enum fault open_door(struct listener *listener, enum door door, struct tls_note *note)
{
    static enum fault (*const open[])(struct listener *, struct tls_note *) = {
        [DOOR_OPEN] = open_server, [DOOR_REFUSED] = open_refusing, [DOOR_CLOSES] = open_closing};
    listener->door = door;
    return open[door](listener, note);
}

enum fault listener_open(struct listener *listener, struct loop *loop, const struct server_options *options,
                         enum door door, struct tls_note *note)
{
    *listener = (struct listener){.loop = loop, .options = *options, .fd = -1};
    snprintf(listener->address, sizeof listener->address, "%s", options->address);
    return open_door(listener, door, note);
}

void listener_close(struct listener *listener)
{
    if (listener->server) server_close(&listener->server);
    if (listener->watch) loop_watch_close(&listener->watch);
    if (listener->fd >= 0) close(listener->fd);
    listener->fd = -1;
}

enum fault listener_set_door(struct listener *listener, enum door door, struct tls_note *note)
{
    if (listener->door == door) return FAULT_NONE;
    listener_close(listener);
    return open_door(listener, door, note);
}

static enum fault open_server(struct listener *listener, struct tls_note *note)
{
    listener->options.address = listener->address;
    enum fault fault = server_open(listener->loop, &listener->options, &listener->server, note);
    if (!fault) snprintf(listener->address, sizeof listener->address, "%s", server_address(listener->server));
    return fault;
}

static enum fault open_refusing(struct listener *listener, struct tls_note *note)
{
    struct server_listen listen;
    enum fault fault = server_listen_open(listener->address, false, &listen, note);
    if (fault) return fault;
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    bool named = getsockname(listen.fd, (struct sockaddr *)&address, &len) == 0;
    snprintf(listener->address, sizeof listener->address, "%s", listen.text);
    server_listen_close(&listen);
    listener->fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (named && listener->fd >= 0) {
        (void)setsockopt(listener->fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
        if (bind(listener->fd, (struct sockaddr *)&address, len) == 0) return FAULT_NONE;
    }
    snprintf(note->text, sizeof note->text, "cannot hold %s: %s", listener->address, strerror(errno));
    return FAULT_IN_USE;
}

static void on_knock(void *arg, bool readable, bool writable)
{
    (void)readable;
    (void)writable;
    struct listener *listener = arg;
    int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) return;
    close(fd);
    listener->closed++;
}

static enum fault open_closing(struct listener *listener, struct tls_note *note)
{
    struct server_listen listen;
    enum fault fault = server_listen_open(listener->address, false, &listen, note);
    if (fault) return fault;
    snprintf(listener->address, sizeof listener->address, "%s", listen.text);
    listener->fd = listen.fd;
    fault = loop_watch_open(listener->loop, listener->fd, on_knock, listener, &listener->watch);
    if (fault) return fault;
    loop_watch_want(listener->watch, true, false);
    return FAULT_NONE;
}
