/* outcry-bench: sends pings by a schedule and tells how long they took. Options, start, report. */
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench/process.h"
#include "bench/report.h"
#include "protocol/base/clock.h"
#include "protocol/base/money.h"

enum { EXIT_FAILED = 1, EXIT_BAD_INPUT = 2 };

#define HOST_MAX 256
#define CONNECTIONS_MAX 20000
#define SECONDS_MAX 86400

static const char usage[] =
    "usage: outcry-bench --url URL --ping FILE [options]\n"
    "  --url URL          where to POST: http://127.0.0.1:8080/v1/pings\n"
    "  --ping FILE        one JSON document, or one per line, sent in turn\n"
    "  --key KEY          Authorization: Bearer KEY\n"
    "  --rate N           requests due per second (1000), whether or not the last was answered\n"
    "  --poisson          at random instants instead of equal gaps\n"
    "  --saturate         no rate: every connection sends again as soon as it was answered\n"
    "  --connections N    at most so many in flight (64)\n"
    "  --duration S       seconds that are counted (10)\n"
    "  --warmup S         seconds before, not counted (1)\n"
    "  --timeout S        an answer later than this has failed (10)\n"
    "  --ca FILE          an authority to trust beside the system's (https)\n"
    "  --pid PID          print the CPU that process used per answer\n"
    "  --seed N           of --poisson (1)\n"
    "  --json FILE        write the results there; - is standard output\n"
    "  --quiet            no line per second\n"
    "Exit status 1: a request failed or was dropped.\n";

struct options {
    const char *url, *ping, *key, *ca, *json;
    int64_t rate, connections, seed, pid;
    int64_t duration_us, warmup_us, timeout_us;
    bool poisson, saturate, quiet, help;
};

struct bench {
    struct options options;
    struct sender sender;
    struct report report;
    struct loop *loop;
    struct resolver *resolver;
    struct tls_context *tls;
    struct client *client;
    struct mix mix;
    char host[HOST_MAX];    /* without brackets or port */
    char address[HOST_MAX]; /* as in Host */
    char note[512];
};

enum option_kind { TEXT, COUNT, SECONDS, SWITCH };

static const struct {
    const char *name;
    enum option_kind kind;
    size_t offset;
    int64_t low, high;
} options_table[] = {
    {"url", TEXT, offsetof(struct options, url), 0, 0},
    {"ping", TEXT, offsetof(struct options, ping), 0, 0},
    {"key", TEXT, offsetof(struct options, key), 0, 0},
    {"ca", TEXT, offsetof(struct options, ca), 0, 0},
    {"json", TEXT, offsetof(struct options, json), 0, 0},
    {"rate", COUNT, offsetof(struct options, rate), 1, 1000000},
    {"connections", COUNT, offsetof(struct options, connections), 1, CONNECTIONS_MAX},
    {"seed", COUNT, offsetof(struct options, seed), 0, INT64_MAX},
    {"pid", COUNT, offsetof(struct options, pid), 1, INT32_MAX},
    {"duration", SECONDS, offsetof(struct options, duration_us), 1, 0},
    {"warmup", SECONDS, offsetof(struct options, warmup_us), 0, 0},
    {"timeout", SECONDS, offsetof(struct options, timeout_us), 1, 0},
    {"poisson", SWITCH, offsetof(struct options, poisson), 0, 0},
    {"saturate", SWITCH, offsetof(struct options, saturate), 0, 0},
    {"quiet", SWITCH, offsetof(struct options, quiet), 0, 0},
    {"help", SWITCH, offsetof(struct options, help), 0, 0},
};

#define OPTIONS (sizeof options_table / sizeof *options_table)

static bool read_option(struct options *options, size_t index, const char *text)
{
    void *at = (char *)options + options_table[index].offset;
    int64_t value;
    switch (options_table[index].kind) {
    case TEXT:
        *(const char **)at = text;
        return true;
    case SWITCH:
        *(bool *)at = true;
        return true;
    case COUNT:
        if (!bytes_i64(bytes_of(text), &value)) return false;
        *(int64_t *)at = value;
        return value >= options_table[index].low && value <= options_table[index].high;
    case SECONDS:
        if (!money_read(bytes_of(text), &value)) return false; /* seconds with six digits are microseconds */
        *(int64_t *)at = value;
        return value >= options_table[index].low && value <= SECONDS_MAX * MONEY_UNIT;
    }
    return false;
}

static bool read_options(int argc, char **argv, struct options *options)
{
    struct option table[OPTIONS + 1] = {{0}};
    for (size_t i = 0; i < OPTIONS; i++)
        table[i] = (struct option){options_table[i].name, options_table[i].kind != SWITCH, NULL, (int)i + 1};
    *options = (struct options){.rate = 1000,
                                .connections = 64,
                                .seed = 1,
                                .duration_us = 10 * MONEY_UNIT,
                                .warmup_us = MONEY_UNIT,
                                .timeout_us = 10 * MONEY_UNIT};
    for (int key; (key = getopt_long(argc, argv, "", table, NULL)) != -1;) {
        if (key == '?') return false;
        if (read_option(options, (size_t)key - 1, optarg)) continue;
        fprintf(stderr, "outcry-bench: --%s %s: out of range\n", options_table[key - 1].name, optarg);
        return false;
    }
    if (options->help || (optind == argc && options->url && options->ping)) return true;
    fputs(usage, stderr);
    return false;
}

static bool open_client(struct bench *bench, const char *scheme, unsigned port)
{
    struct tls_note note = {{0}};
    struct client_options options = client_options_default;
    bool over_tls = bytes_is(bytes_of(scheme), "https");
    enum fault fault = loop_open(&bench->loop);
    if (!fault) fault = resolver_start(true, &bench->resolver);
    if (!fault && over_tls) fault = tls_client_context(bench->options.ca, &bench->tls, &note);
    options.resolver = bench->resolver;
    options.tls = bench->tls;
    options.idle_max = options.calls_max = (unsigned)bench->options.connections;
    options.body_max = 1 << 20;
    if (!fault) fault = client_open(bench->loop, &options, &bench->client);
    if (fault) {
        snprintf(bench->note, sizeof bench->note, "%s", note.text[0] ? note.text : fault_text(fault));
        return false;
    }
    bench->sender.plan.origin = client_origin(bench->client, scheme, bench->host, port);
    return bench->sender.plan.origin != NULL;
}

/* The url's parts; the mix and the client that need them. */
static bool open_target(struct bench *bench)
{
    struct bytes scheme, host, path;
    unsigned port;
    if (!client_split_url(bytes_of(bench->options.url), &scheme, &host, &port, &path) || host.len >= HOST_MAX - 16) {
        snprintf(bench->note, sizeof bench->note, "%s: no url", bench->options.url);
        return false;
    }
    const char *name = bytes_is(scheme, "https") ? "https" : "http";
    snprintf(bench->host, sizeof bench->host, "%.*s", (int)host.len, host.at);
    bool bare_v6 = bytes_find(host, ':') < host.len && host.at[0] != '[';
    snprintf(bench->address, sizeof bench->address, bare_v6 ? "[%s]:%u" : "%s:%u", bench->host, port);
    struct mix_target target = {bytes_of(bench->address), path.len ? path : BYTES("/"), bytes_of(bench->options.key)};
    return mix_read(&bench->mix, bench->options.ping, &target, bench->note, sizeof bench->note) &&
           open_client(bench, name, port);
}

static void on_second(void *arg, int64_t elapsed_us)
{
    struct bench *bench = arg;
    if (bench->options.quiet)
        histogram_clear(&bench->sender.second);
    else
        report_second(stderr, &bench->sender, elapsed_us);
}

static void on_window(void *arg, bool begins)
{
    struct bench *bench = arg;
    struct report_process *process = &bench->report.process;
    bench->report.own_cpu_us = clock_cpu_us() - (begins ? 0 : bench->report.own_cpu_us);
    if (!process->pid) return;
    int64_t *at_us = begins ? &process->before_us : &process->after_us;
    if (!process_cpu_us(process->pid, at_us) || !process_resident(process->pid, &process->resident_bytes))
        process->gone = true;
}

static bool write_json(struct bench *bench)
{
    const char *name = bench->options.json;
    bool to_stdout = bytes_is(bytes_of(name), "-");
    FILE *out = to_stdout ? stdout : fopen(name, "w");
    if (!out) {
        fprintf(stderr, "outcry-bench: cannot write %s\n", name);
        return false;
    }
    report_json(out, &bench->report);
    return to_stdout || fclose(out) == 0;
}

static void close_bench(struct bench *bench)
{
    sender_free(&bench->sender);
    if (bench->client) client_close(&bench->client);
    if (bench->loop) {
        loop_stop(bench->loop); /* one more turn: what was closed is freed at its end */
        loop_run(bench->loop);
    }
    if (bench->resolver) resolver_stop(&bench->resolver);
    if (bench->tls) tls_context_drop(&bench->tls);
    if (bench->loop) loop_close(&bench->loop);
    mix_free(&bench->mix);
}

static int run(struct bench *bench)
{
    const struct options *options = &bench->options;
    struct sender_plan plan = {
        .mix = &bench->mix,
        .connections = (uint32_t)options->connections,
        .rate_per_s = options->saturate ? 0 : (uint32_t)options->rate,
        .poisson = options->poisson,
        .seed = (uint64_t)options->seed,
        .warmup_us = options->warmup_us,
        .duration_us = options->duration_us,
        .timeout_us = options->timeout_us,
    };
    sender_init(&bench->sender, &plan);
    if (!open_target(bench)) {
        fprintf(stderr, "outcry-bench: %s\n", bench->note);
        return EXIT_BAD_INPUT;
    }
    bench->sender.plan.client = bench->client;
    bench->sender.on_second = on_second;
    bench->sender.on_window = on_window;
    bench->sender.arg = bench;
    bench->report = (struct report){.sender = &bench->sender, .url = options->url, .process.pid = (long)options->pid};
    if (!options->quiet) report_heading(stderr);
    enum fault fault = sender_run(&bench->sender, bench->loop);
    if (fault) {
        fprintf(stderr, "outcry-bench: %s\n", fault_text(fault));
        return EXIT_BAD_INPUT;
    }
    client_counts(bench->client, &bench->report.client);
    bool json_on_stdout = options->json && bytes_is(bytes_of(options->json), "-");
    report_table(json_on_stdout ? stderr : stdout, &bench->report);
    if (options->json && !write_json(bench)) return EXIT_BAD_INPUT;
    const struct sender_counts *counts = &bench->sender.counts;
    return counts->failed || counts->dropped || !counts->answered ? EXIT_FAILED : EXIT_SUCCESS;
}

static void raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit)) return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit); /* refused: there are fewer connections */
}

int main(int argc, char **argv)
{
    struct bench bench = {0};
    if (!read_options(argc, argv, &bench.options)) return EXIT_BAD_INPUT;
    if (bench.options.help) {
        fputs(usage, stdout);
        return EXIT_SUCCESS;
    }
    signal(SIGPIPE, SIG_IGN);
    raise_descriptors();
    int status = run(&bench);
    close_bench(&bench);
    return status;
}
