/* outcry-buyers: simulated buyers in one process (docs/simulated-buyers.md). Options, signals, start, stop. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "buyers-sim/front.h"
#include "buyers-sim/words.h"

#define READING_ARENA_BYTES 65536
#define READING_ARENA_MAX (8u << 20)

enum { EXIT_BAD_INPUT = 2 };

static const char usage[] = "usage: outcry-buyers --scenario FILE [--listen ADDRESS:PORT] [--check]\n"
                            "  --scenario FILE   the buyers and their manners, JSON (docs/simulated-buyers.md)\n"
                            "  --listen ADDRESS  instead of the scenario's own; port 0 lets the system choose\n"
                            "  --check           read the scenario and say whether it is good\n"
                            "One line per address is printed, then \"ready N buyers\". SIGTERM or SIGINT ends it.\n";

struct options {
    const char *scenario;
    const char *listen;
    bool check;
};

/* 0: go on; else the exit status plus one. */
static int read_options(int argc, char **argv, struct options *options)
{
    static const struct option table[] = {{"scenario", required_argument, NULL, 's'},
                                          {"listen", required_argument, NULL, 'l'},
                                          {"check", no_argument, NULL, 'c'},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
    for (int key; (key = getopt_long(argc, argv, "s:h", table, NULL)) != -1;) {
        if (key == 'h') {
            fputs(usage, stdout);
            return 1;
        }
        if (key == '?') return EXIT_BAD_INPUT + 1;
        if (key == 's') options->scenario = optarg;
        if (key == 'l') options->listen = optarg;
        if (key == 'c') options->check = true;
    }
    if (options->scenario && optind == argc) return 0;
    fputs(usage, stderr);
    return EXIT_BAD_INPUT + 1;
}

static void on_signal(void *arg, bool readable, bool writable)
{
    (void)readable;
    (void)writable;
    loop_stop(arg);
}

static void raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit)) return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit); /* refused: there are fewer connections */
}

static enum fault open_tls(struct town *town, struct tls_note *note)
{
    struct scenario *scenario = town->scenario;
    if (!scenario->certificate.len) return FAULT_NONE;
    const char *certificate = scenario_path(scenario, scenario->certificate);
    const char *key = scenario_path(scenario, scenario->certificate_key);
    if (!certificate || !key) return FAULT_MEMORY;
    return tls_server_context(certificate, key, &town->tls, note);
}

static enum fault open_buyers(struct town *town, struct tls_note *note)
{
    const struct scenario *scenario = town->scenario;
    town->buyers = calloc(scenario->count, sizeof *town->buyers);
    if (!town->buyers) return FAULT_MEMORY;
    for (uint32_t i = 0; i < scenario->count; i++) {
        enum fault fault = buyer_open(&town->buyers[i], scenario, &scenario->buyers[i]);
        if (!fault) continue;
        snprintf(note->text, sizeof note->text,
                 "buyer \"%s\": secret: \"whsec_\" and base64 of 24 to 64 bytes is needed",
                 scenario->buyers[i].name.at);
        return fault;
    }
    return FAULT_NONE;
}

static enum fault open_town(struct town *town, struct tls_note *note)
{
    struct scenario *scenario = town->scenario;
    scenario->huge = words_make_huge(&scenario->arena, scenario->huge_bytes);
    if (!scenario->huge.at) return FAULT_MEMORY;
    arena_init(&town->reading, READING_ARENA_BYTES, READING_ARENA_MAX);
    enum fault fault = open_buyers(town, note);
    if (!fault) fault = loop_open(&town->loop);
    if (!fault) fault = answers_open(town->loop, &town->answers);
    if (!fault) fault = open_tls(town, note);
    if (!fault) fault = front_open(town, note);
    if (!fault && scenario->exchange_url.len)
        fault = push_open(town->loop, scenario, town->buyers, &town->pusher, note);
    return fault;
}

/* Tolerates a town that was opened half. */
static void close_town(struct town *town)
{
    push_close(&town->pusher);
    front_close(town);
    if (town->loop) {
        loop_stop(town->loop); /* one more turn: what was closed above is freed at its end */
        loop_run(town->loop);
    }
    answers_close(&town->answers);
    if (town->tls) tls_context_drop(&town->tls);
    for (uint32_t i = 0; town->buyers && i < town->scenario->count; i++) buyer_close(&town->buyers[i]);
    free(town->buyers);
    arena_free(&town->reading);
    if (town->loop) loop_close(&town->loop);
}

static int run(struct town *town, const char *file)
{
    struct tls_note note = {{0}};
    struct loop_watch *watch = NULL;
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, NULL); /* before any thread starts */
    signal(SIGPIPE, SIG_IGN);
    raise_descriptors();
    int fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    enum fault fault = fd < 0 ? FAULT_DESCRIPTORS : open_town(town, &note);
    if (!fault) fault = loop_watch_open(town->loop, fd, on_signal, town->loop, &watch);
    if (fault) {
        fprintf(stderr, "%s: %s\n", file, note.text[0] ? note.text : fault_text(fault));
    } else {
        loop_watch_want(watch, true, false);
        loop_run(town->loop);
        loop_watch_close(&watch);
    }
    close_town(town);
    if (fd >= 0) close(fd);
    return fault ? EXIT_BAD_INPUT : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct options options = {0};
    int ended = read_options(argc, argv, &options);
    if (ended) return ended - 1;
    struct scenario scenario;
    struct reading reading;
    struct town town = {.scenario = &scenario};
    int status = EXIT_BAD_INPUT;
    bool good = scenario_read(&scenario, options.scenario, options.listen, &reading);
    if (!good)
        fprintf(stderr, "%s\n", reading.note);
    else if (options.check)
        status = EXIT_SUCCESS;
    else if (crypto_start())
        fprintf(stderr, "%s: the crypto library lacks an algorithm\n", options.scenario);
    else {
        status = run(&town, options.scenario);
        crypto_stop();
    }
    scenario_free(&scenario);
    return status;
}
