/* A reload: files read and checked whole, the catalogue stored in the book, then certificates and catalogue swapped.
 * Whatever fails leaves the old ones serving. The store answers later, so a reload is a small story of its own: begin,
 * on_stored, finish. */
#include <stdio.h>
#include <stdlib.h>

#include "exchange/base/log.h"
#include "exchange/command/certificate.h"
#include "exchange/command/serving.h"

#define SWEEP_US 1000000

static bool begin(struct serving *serving);
static void on_stored(void *arg, uint64_t token, enum fault fault, uint64_t seq);
static bool swap_tls(struct serving *serving);
static void finish(struct serving *serving, bool good);

bool reload_ask(void *arg, unsigned worker, void *waiter)
{
    struct serving *serving = arg;
    struct reload_wish wish = {.worker = worker, .waiter = waiter};
    return mailbox_send(serving->wishes, &wish);
}

void reload_on_wish(void *arg)
{
    struct serving *serving = arg;
    while (!serving->reloading && mailbox_take(serving->wishes, &serving->wish)) {
        serving->reloading = true;
        config_report_open(&serving->report);
        if (!begin(serving)) finish(serving, false);
    }
}

static bool begin(struct serving *serving)
{
    struct config_report *report = &serving->report;
    if (!settings_read(serving->settings.file, &serving->fresh_settings, report)) return false;
    settings_keep(&serving->settings, &serving->fresh_settings, report);
    serving->fresh = config_catalogue(&serving->fresh_settings, serving->hall.standing, report);
    if (!serving->fresh) return false;
    serving->fresh_shelf = lists_read(&serving->fresh_settings, serving->fresh, serving->hall.shelf,
                                      serving->hall.catalogue, report);
    if (!serving->fresh_shelf) return false;
    if (ledger_catalogue(serving->line, &serving->fresh->version, serving->fresh->packed, on_stored, serving, 0) ==
        FAULT_NONE)
        return true;
    config_report_add(report, true, serving->settings.file, 0, 0, "the ledger takes no writes");
    return false;
}

static void on_stored(void *arg, uint64_t token, enum fault fault, uint64_t seq)
{
    struct serving *serving = arg;
    (void)token;
    (void)seq;
    if (fault) config_report_add(&serving->report, true, serving->settings.file, 0, 0, "the ledger takes no writes");
    bool good = !fault && swap_tls(serving);
    if (good) {
        serving->settings = serving->fresh_settings;
        hall_swap_shelf(&serving->hall, serving->fresh_shelf); /* first: no list of the new catalogue is missed */
        hall_swap(&serving->hall, serving->fresh);
        courier_reloaded(serving->courier);
        reload_sweep_soon(serving);
        serving->fresh_shelf = NULL;
        serving->fresh = NULL;
    }
    finish(serving, good);
    reload_on_wish(serving);
    replace_on_piece(serving); /* which waited */
}

void reload_sweep_soon(struct serving *serving)
{
    loop_timer_at(serving->sweep_timer, loop_now_us(serving->loop) + SWEEP_US);
}

void reload_on_sweep(void *arg)
{
    struct serving *serving = arg;
    if (hall_sweep(&serving->hall, false)) reload_sweep_soon(serving);
}

static bool swap_tls(struct serving *serving)
{
    const struct settings *fresh = &serving->fresh_settings;
    struct tls_context *server = NULL, *client = NULL;
    struct tls_note note;
    if (fresh->tls_certificate[0] && tls_server_context(fresh->tls_certificate, fresh->tls_key, &server, &note))
        goto fail;
    if (tls_client_context(fresh->endpoints_ca[0] ? fresh->endpoints_ca : NULL, &client, &note)) goto fail;
    hall_swap_tls(&serving->hall, server, client);
    courier_swap_tls(serving->courier, client);
    if (serving->server_tls) tls_context_drop(&serving->server_tls);
    if (serving->client_tls) tls_context_drop(&serving->client_tls);
    serving->server_tls = server;
    serving->client_tls = client;
    certificate_begin(serving);
    return true;
fail:
    config_report_add(&serving->report, true, fresh->file, 0, 0, "%s", note.text);
    if (server) tls_context_drop(&server);
    return false;
}

static char *findings_of(const struct config_report *report)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (!out) return NULL;
    config_report_print(report, out);
    if (fclose(out) == 0) return text;
    free(text);
    return NULL;
}

static void finish(struct serving *serving, bool good)
{
    char *text = findings_of(&serving->report);
    if (serving->fresh) catalogue_drop(&serving->fresh);
    shelf_drop(&serving->fresh_shelf);
    config_report_close(&serving->report);
    log_line(good ? LOG_INFO : LOG_ERROR, good ? "reload.done" : "reload.refused", "findings", text ? text : "", NULL);
    if (serving->wish.worker != UINT32_MAX)
        worker_tell_reloaded(serving->hall.workers[serving->wish.worker], serving->wish.waiter, good, text);
    else
        free(text);
    serving->reloading = false;
}
