/* serving: all that lives as long as `outcry serve`. For serve.c, which starts and stops it, and reload.c, which
 * changes it while it runs. Main thread only; workers reach it through `wishes`. */
#pragma once

#include "exchange/api/api.h"
#include "exchange/base/mailbox.h"
#include "exchange/config/config.h"
#include "exchange/courier/courier.h"

#define RELOAD_WISHES_MAX 16u

struct reload_wish {
    unsigned worker; /* UINT32_MAX: a signal asked */
    void *waiter;
};

struct serving {
    struct settings settings;
    struct arena memory; /* the house's time zone */
    struct hall hall;
    struct worker *workers[HALL_WORKERS_MAX];
    struct tls_context *server_tls, *client_tls;
    struct loop *loop;
    struct mailbox *wishes;
    struct mailbox *pieces; /* of uploads; UPLOADS_MAX are enough */
    struct loop_watch *signal_watch;
    struct loop_timer *sweep_timer; /* on while old snapshots are held by someone */
    struct loop_timer *certificate_timer;
    unsigned certificate_told; /* the level that was told of it */
    int signal_fd;
    struct ledger_line *line;
    struct courier *courier;
    bool stopping, stored, store_failed;

    /* A reload under way, one at a time: its new settings and catalogue, what was found, who asked. */
    bool reloading;
    struct reload_wish wish;
    struct settings fresh_settings;
    struct catalogue *fresh;
    struct shelf *fresh_shelf;
    struct config_report report;
};

/* A signal (worker UINT32_MAX) or an operator's request wants a reload. False: too many wait already. Any thread. */
bool reload_ask(void *serving, unsigned worker, void *waiter);
/* Old snapshots are freed when the last auction on them is over. */
void reload_on_sweep(void *serving);
/* Mail in `wishes`. */
void reload_on_wish(void *serving);
/* Old lists and snapshots are looked at again soon. */
void reload_sweep_soon(struct serving *serving);

/* replace.c: a piece of a buyer's list. Any thread. */
void replace_send(void *serving, struct upload *upload);
/* Mail in `pieces`. */
void replace_on_piece(void *serving);
/* Gives up what is under way. After the workers are closed. */
void replace_stop(struct serving *serving);
