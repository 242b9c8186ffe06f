/* listener: one address the simulator answers at, and its door: open, refusing connections, or closing them as soon as
 * they are accepted. The address stays the same when the door changes. One thread. */
#pragma once

#include "buyers-sim/scenario.h"
#include "protocol/wire/server.h"

struct listener {
    struct loop *loop;
    struct server_options options; /* .address: as given, then as it is */
    char address[128];
    enum door door;
    struct server *server;    /* OPEN */
    struct loop_watch *watch; /* CLOSES */
    int fd;                   /* REFUSED (bound only), CLOSES; else -1 */
    uint64_t closed;          /* connections closed at the door */
};

/* options->handler.arg is given by the caller. The note tells what is wrong. */
enum fault listener_open(struct listener *listener, struct loop *loop, const struct server_options *options,
                         enum door door, struct tls_note *note) MUST_USE;
void listener_close(struct listener *listener);
/* Nothing happens if that is its state already. Open connections are closed. */
enum fault listener_set_door(struct listener *listener, enum door door, struct tls_note *note) MUST_USE;
