/* `outcry serve`: hands each room what it needs, in the order of the floors; then waits for signals and reloads until
 * it is told to stop.
 *
 * Everything that lives as long as the process stands in one struct, opened top to bottom and closed bottom to top, so
 * that a start that fails half-way closes exactly what it opened. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "exchange/api/api.h"
#include "exchange/base/log.h"
#include "exchange/command/certificate.h"
#include "exchange/command/command.h"
#include "exchange/command/house.h"
#include "exchange/command/options.h"
#include "exchange/command/serving.h"
#include "exchange/config/list_file.h"

#define MEMORY_BYTES 65536u
#define MEMORY_MAX_BYTES (4u << 20)
#define DRAIN_US 10000000
#define CLAIMS_MAX 65536u
#define FILES_WANTED 65536u

static int prepare(struct serving *serving, const char *config);
static enum fault open_market(struct serving *serving);
static int open_workers(struct serving *serving, unsigned count);
static void say_ready(const struct serving *serving, uint32_t doubts);
static void on_signal(void *arg, bool readable, bool writable);
static void stop(struct serving *serving);

static int say(const char *format, const char *text)
{
    fprintf(stderr, "outcry: ");
    fprintf(stderr, format, text);
    fputc('\n', stderr);
    return COMMAND_USAGE;
}

/* Private data is in memory: no core dumps, no reading by others. Descriptors: as many as the system lets us have. */
static void guard_process(void)
{
    struct rlimit none = {0, 0}, files;
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max < FILES_WANTED ? files.rlim_max : FILES_WANTED;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    signal(SIGPIPE, SIG_IGN);
}

int command_serve(int argc, char **argv)
{
    static const struct option_row rows[] = {
        {"config", "FILE", "settings; else $OUTCRY_CONFIG, else ./outcry.yaml"},
        {"seed", "N", "fixes the draw among ties and all ids, for tests"},
    };
    static const struct options options = {.command = "serve",
                                           .usage = "",
                                           .prose = "runs the exchange until SIGTERM; SIGHUP reloads",
                                           .rows = rows,
                                           .rows_count = 2};
    struct options_given given;
    int status;
    if (!options_read(&options, argc, argv, &given, &status)) return status;
    struct serving *serving = calloc(1, sizeof *serving);
    if (!serving) return say("%s", "out of memory");
    serving->signal_fd = -1;
    arena_init(&serving->memory, MEMORY_BYTES, MEMORY_MAX_BYTES);
    if (given.values[1]) {
        uint64_t seed;
        if (!bytes_u64(bytes_of(given.values[1]), &seed) || seed == 0) {
            free(serving);
            return say("--seed must be a whole number from 1 on, not %s", given.values[1]);
        }
        serving->hall.id_seed = seed;
    }
    guard_process();
    status = prepare(serving, config_path(given.values[0]));
    if (status == COMMAND_DONE) {
        loop_run(serving->loop);
        log_line(LOG_INFO, "exchange.stopped", NULL);
    }
    stop(serving);
    return status;
}

/* Start
 * ----------------------------------------------------------------------------------------------------------------- */

static int open_files(struct serving *serving, const char *config)
{
    struct config_report report;
    config_report_open(&report);
    bool good = settings_read(config, &serving->settings, &report);
    config_report_print(&report, stderr);
    config_report_close(&report);
    if (!good) return COMMAND_USAGE;
    log_start(serving->settings.log_level, serving->settings.log_format);
    if (crypto_start()) return say("%s", "OpenSSL has none of the algorithms needed");
    return COMMAND_DONE;
}

static int open_tls(struct serving *serving)
{
    const struct settings *settings = &serving->settings;
    struct tls_note note;
    if (settings->tls_certificate[0] &&
        tls_server_context(settings->tls_certificate, settings->tls_key, &serving->server_tls, &note))
        return say("%s", note.text);
    if (tls_client_context(settings->endpoints_ca[0] ? settings->endpoints_ca : NULL, &serving->client_tls, &note))
        return say("%s", note.text);
    return COMMAND_DONE;
}

static int open_ledger(struct serving *serving, unsigned workers)
{
    const struct settings *settings = &serving->settings;
    struct ledger_note note;
    struct ledger_options options = {.path = settings->ledger_path,
                                     .map_bytes = (uint64_t)settings->ledger_map_bytes,
                                     .keys_path = settings->ledger_keys,
                                     .trace_keep_ms = settings->trace_keep_us / 1000,
                                     .trace_max_bytes = (uint64_t)settings->trace_max_bytes,
                                     .lines_max = workers + 1,
                                     .zone = house_zone(settings, &serving->memory)};
    if (!options.zone) return say("the time zone %s cannot be read", settings->time_zone);
    if (ledger_open(&options, &serving->hall.ledger, &note)) return say("%s", note.text);
    if (ledger_derive(serving->hall.ledger, "source_ref", &serving->hall.reference_key) ||
        ledger_derive(serving->hall.ledger, "tie seed", &serving->hall.seed_key) ||
        ledger_derive(serving->hall.ledger, "same lead", &serving->hall.document_key))
        return say("%s", "out of memory");
    if (serving->hall.id_seed) {
        struct bytes seed = {(const char *)&serving->hall.id_seed, sizeof serving->hall.id_seed};
        digest_of(&serving->hall.seed_key, &seed, 1);
    }
    return COMMAND_DONE;
}

static void on_stored(void *arg, uint64_t token, enum fault fault, uint64_t seq)
{
    struct serving *serving = arg;
    (void)token;
    (void)seq;
    serving->stored = true;
    serving->store_failed = fault != FAULT_NONE;
    loop_stop(serving->loop);
}

/* The catalogue is in the book before it serves: what is decided by it can be told again from there. */
static bool store_catalogue(struct serving *serving, const struct catalogue *catalogue)
{
    serving->stored = false;
    if (ledger_catalogue(serving->line, &catalogue->version, catalogue->packed, on_stored, serving, 0)) return false;
    while (!serving->stored) loop_run(serving->loop);
    return !serving->store_failed;
}

static struct catalogue *serving_catalogue(void *hall)
{
    return hall_catalogue(hall);
}

static enum fault open_courier(struct serving *serving)
{
    struct hall *hall = &serving->hall;
    struct courier_options options = {.loop = serving->loop,
                                      .line = serving->line,
                                      .resolver = hall->resolver,
                                      .tls = serving->client_tls,
                                      .tally = &hall->tally,
                                      .catalogue = serving_catalogue,
                                      .arg = hall};
    return courier_open(&options, &serving->courier);
}

static int prepare(struct serving *serving, const char *config)
{
    struct hall *hall = &serving->hall;
    int status = open_files(serving, config);
    if (status == COMMAND_DONE) status = open_tls(serving);
    if (status != COMMAND_DONE) return status;
    unsigned workers = serving->settings.workers ? serving->settings.workers : (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
    if (workers == 0 || workers > HALL_WORKERS_MAX) workers = HALL_WORKERS_MAX;
    if (open_market(serving)) return say("%s", "out of memory or threads");

    struct config_report report;
    config_report_open(&report);
    hall->catalogue = config_catalogue(&serving->settings, hall->standing, &report);
    if (hall->catalogue) hall->shelf = lists_read(&serving->settings, hall->catalogue, NULL, NULL, &report);
    config_report_print(&report, stderr);
    config_report_close(&report);
    if (!hall->catalogue || !hall->shelf) return COMMAND_USAGE;

    uint32_t doubts = 0;
    status = open_ledger(serving, workers);
    if (status != COMMAND_DONE) return status;
    list_file_sweep(serving->settings.ledger_path); /* now that no other exchange can be writing there */
    if (offers_open(serving->settings.offers_max, workers, &hall->offers))
        return say("%s", "out of memory for offers_max");
    if (ledger_restore(hall->ledger, hall->standing, hall->offers, clock_now_us(), clock_wall_ms(), &doubts))
        return say("%s", "the ledger could not be read; try `outcry ledger verify`");
    if (ledger_start(hall->ledger) || ledger_line_open(hall->ledger, serving->loop, &serving->line))
        return say("%s", "out of memory or threads");
    if (!store_catalogue(serving, hall->catalogue)) return say("%s", "the ledger takes no writes");
    status = open_workers(serving, workers);
    if (status == COMMAND_DONE && open_courier(serving)) return say("%s", "out of memory");
    if (status == COMMAND_DONE) {
        say_ready(serving, doubts);
        certificate_begin(serving);
    }
    return status;
}

static enum fault open_signals(struct serving *serving)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    serving->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (serving->signal_fd < 0) return FAULT_SYSTEM;
    enum fault fault = loop_watch_open(serving->loop, serving->signal_fd, on_signal, serving, &serving->signal_watch);
    if (!fault) loop_watch_want(serving->signal_watch, true, false);
    return fault;
}

static enum fault open_market(struct serving *serving)
{
    struct hall *hall = &serving->hall;
    const struct settings *settings = &serving->settings;
    hall->lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    hall->started_ms = clock_wall_ms();
    hall->limits = server_limits_default;
    hall->limits.connections_max = settings->limits_connections;
    hall->limits.per_address_max = settings->limits_per_address;
    hall->limits.handshakes_max = settings->limits_handshakes;
    hall->limits.handshakes_per_address_max = settings->limits_handshakes_per_address;
    hall->limits.body_max = (size_t)settings->limits_body_bytes;
    hall->limits.handshake_us = settings->limits_handshake_us;
    hall->limits.head_us = settings->limits_head_us;
    hall->limits.body_us = settings->limits_body_us;
    hall->limits.idle_us = settings->limits_idle_us;
    hall->admin_keys_count = settings->admin_keys.count;
    for (unsigned i = 0; i < settings->admin_keys.count; i++) hall->admin_keys[i] = settings->admin_keys.at[i];
    hall->admin_is_open = strncmp(settings->listen_admin, "unix:", 5) == 0;
    hall->ask_reload = reload_ask;
    hall->ask_reload_arg = serving;
    hall->send_upload = replace_send;
    hall->list_max = (uint64_t)settings->limits_list_bytes;
    uploads_open(&hall->uploads);
    enum fault fault = loop_open(&serving->loop);
    if (!fault) fault = open_signals(serving);
    if (!fault) fault = mailbox_open(sizeof(struct reload_wish), RELOAD_WISHES_MAX, &serving->wishes);
    if (!fault) fault = mailbox_attend(serving->wishes, serving->loop, reload_on_wish, serving);
    if (!fault) fault = mailbox_open(sizeof(struct upload *), UPLOADS_MAX, &serving->pieces);
    if (!fault) fault = mailbox_attend(serving->pieces, serving->loop, replace_on_piece, serving);
    if (!fault) fault = loop_timer_open(serving->loop, reload_on_sweep, serving, &serving->sweep_timer);
    if (!fault) fault = loop_timer_open(serving->loop, certificate_on_time, serving, &serving->certificate_timer);
    if (!fault) fault = standing_open(&hall->standing);
    if (!fault) fault = claims_open(CLAIMS_MAX, &hall->claims);
    if (!fault) fault = holds_open(&hall->holds);
    if (!fault) fault = resolver_start(settings->endpoints_allow_private, &hall->resolver);
    return fault;
}

/* All sockets are bound before the first thread runs, so an address in use stops the start before anything is answered.
 */
static int open_workers(struct serving *serving, unsigned count)
{
    struct hall *hall = &serving->hall;
    const struct settings *settings = &serving->settings;
    for (unsigned i = 0; i < count; i++) {
        struct tls_note note;
        struct worker_options options = {.hall = hall,
                                         .front = &api_front,
                                         .number = i,
                                         .server_tls = serving->server_tls,
                                         .client_tls = serving->client_tls,
                                         .listen_count = settings->listen_public.count};
        for (unsigned k = 0; k < settings->listen_public.count; k++)
            options.listen[k] = i == 0 ? settings->listen_public.at[k] : worker_address(hall->workers[0], k);
        if (i == 0 && settings->listen_admin[0]) {
            options.admin = settings->listen_admin;
            options.admin_tls = !hall->admin_is_open && !settings_is_loopback(settings->listen_admin);
        }
        if (worker_open(&options, &hall->workers[i], &note)) return say("%s", note.text);
        hall->workers_count++;
    }
    for (unsigned i = 0; i < count; i++)
        if (worker_start(hall->workers[i])) return say("%s", "a worker thread could not be started");
    return COMMAND_DONE;
}

static void say_ready(const struct serving *serving, uint32_t doubts)
{
    const struct hall *hall = &serving->hall;
    char workers[16], in_doubt[16];
    snprintf(workers, sizeof workers, "%u", hall->workers_count);
    snprintf(in_doubt, sizeof in_doubt, "%u", doubts);
    log_line(LOG_INFO, "exchange.ready", "public", worker_address(hall->workers[0], 0), "admin",
             serving->settings.listen_admin[0] ? worker_admin_address(hall->workers[0]) : "none", "workers", workers,
             "posts_in_doubt", in_doubt, NULL);
}

/* Signals and reloads
 * ----------------------------------------------------------------------------------------------------- */

static void begin_stop(struct serving *serving)
{
    if (serving->stopping) return;
    serving->stopping = true;
    log_line(LOG_INFO, "exchange.draining", NULL);
    atomic_store(&serving->hall.draining, true);
    for (unsigned i = 0; i < serving->hall.workers_count; i++) worker_drain(serving->hall.workers[i], DRAIN_US);
    for (unsigned i = 0; i < serving->hall.workers_count; i++) worker_join(serving->hall.workers[i]);
    loop_stop(serving->loop);
}

static void on_signal(void *arg, bool readable, bool writable)
{
    struct serving *serving = arg;
    struct signalfd_siginfo info;
    (void)readable;
    (void)writable;
    while (read(serving->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo != SIGHUP)
            begin_stop(serving);
        else if (!reload_ask(serving, UINT32_MAX, NULL))
            log_line(LOG_WARN, "reload.skipped", "why", "one is running already", NULL);
    }
}

/* Stop
 * ---------------------------------------------------------------------------------------------------------------------
 */

static void stop(struct serving *serving)
{
    struct hall *hall = &serving->hall;
    for (unsigned i = 0; i < hall->workers_count; i++) {
        worker_drain(hall->workers[i], 0);
        worker_join(hall->workers[i]);
    }
    if (hall->ledger) ledger_stop(hall->ledger);
    for (unsigned i = 0; i < hall->workers_count; i++) worker_close(&hall->workers[i]);
    if (serving->line) ledger_line_close(&serving->line);
    courier_close(&serving->courier);
    if (hall->ledger) ledger_close(&hall->ledger);
    if (hall->resolver) resolver_stop(&hall->resolver);
    if (hall->offers) offers_close(&hall->offers);
    if (hall->claims) claims_close(&hall->claims);
    holds_close(&hall->holds);
    replace_stop(serving);
    (void)hall_sweep(hall, true);
    if (hall->catalogue) catalogue_drop(&hall->catalogue);
    shelf_drop(&hall->shelf);
    if (hall->standing) standing_close(&hall->standing);
    if (serving->wishes) mailbox_close(&serving->wishes);
    if (serving->pieces) mailbox_close(&serving->pieces);
    if (serving->sweep_timer) loop_timer_close(&serving->sweep_timer);
    if (serving->certificate_timer) loop_timer_close(&serving->certificate_timer);
    if (serving->signal_watch) loop_watch_close(&serving->signal_watch);
    if (serving->signal_fd >= 0) close(serving->signal_fd);
    if (serving->loop) loop_close(&serving->loop);
    if (serving->server_tls) tls_context_drop(&serving->server_tls);
    if (serving->client_tls) tls_context_drop(&serving->client_tls);
    arena_free(&serving->memory);
    crypto_stop();
    free(serving);
}
