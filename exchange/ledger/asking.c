/* The reader thread: one look-up after the other, so a cold page stalls nobody but the next look-up. Waiting for an
 * entry or a trace commit is bounded: what cannot be seen by then is answered as not found. */
#include <time.h>

#include "exchange/ledger/engine.h"
#include "protocol/base/check.h"

#define WAIT_US INT64_C(300000)
#define LOOK_US                                                                                                        \
    INT64_C(5000) /* a trace commit signals, an entry's does not: that is waited for here only by accident */

static bool is_visible(const struct ledger *ledger, const struct ask *ask)
{
    return atomic_load(&ledger->seq) >= ask->after_seq && atomic_load(&ledger->flush_done) >= ask->flush;
}

static void wait_visible(struct ledger *ledger, const struct ask *ask)
{
    if (is_visible(ledger, ask)) return;
    int64_t until_us = clock_now_us() + WAIT_US;
    pthread_mutex_lock(&ledger->flush_mutex);
    for (int64_t now_us; !is_visible(ledger, ask) && (now_us = clock_now_us()) < until_us;) {
        int64_t look_us = now_us + LOOK_US;
        struct timespec look = {.tv_sec = look_us / 1000000, .tv_nsec = look_us % 1000000 * 1000};
        pthread_cond_timedwait(&ledger->flushed, &ledger->flush_mutex, &look);
    }
    pthread_mutex_unlock(&ledger->flush_mutex);
}

void *asking_run(void *arg)
{
    struct ledger *ledger = arg;
    for (;;) {
        bool is_last = atomic_load(&ledger->stopping);
        struct ask *ask;
        unsigned taken = 0;
        for (; mailbox_take(ledger->asks, &ask); taken++) {
            if (!ask) continue;
            if (!is_last) wait_visible(ledger, ask);
            ask->job(ask->context, ledger->reader);
            struct mail mail = {.ask = ask};
            bool sent = mailbox_send(ask->line->mail, &mail);
            check(sent, "a line's mailbox is as large as all it may have under way");
        }
        if (is_last && taken == 0) break;
        /* The letter that told of the stop may have been taken above: whoever has it sees the stop too. */
        if (!is_last && !atomic_load(&ledger->stopping)) mailbox_wait(ledger->asks, CLOCK_NEVER);
    }
    return NULL;
}
