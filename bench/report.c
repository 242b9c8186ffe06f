/* Both forms come from the same figures; quantiles are those of the latency from the due instant. */
#include "bench/report.h"

#include <inttypes.h>

#include "protocol/codec/json.h"

#define JSON_MAX 16384

static const struct {
    const char *name;
    uint32_t ppm;
} quantiles[] = {{"p50", 500000}, {"p90", 900000}, {"p99", 990000}, {"p999", 999000}};

#define QUANTILES (sizeof quantiles / sizeof *quantiles)

void report_heading(FILE *out)
{
    fprintf(out, "%6s %9s %9s %8s %8s %9s %9s %9s\n", "second", "answers/s", "failed", "flying", "waiting", "p50 ms",
            "p99 ms", "max ms");
}

static double ms(int64_t value_us)
{
    return (double)value_us / 1000;
}

void report_second(FILE *out, struct sender *sender, int64_t elapsed_us)
{
    const struct histogram *second = &sender->second;
    fprintf(out, "%6" PRId64 " %9" PRIu64 " %9" PRIu64 " %8u %8u %9.3f %9.3f %9.3f\n", elapsed_us / 1000000,
            histogram_count(second), sender->counts.failed, sender_in_flight(sender), sender_waiting(sender),
            ms(histogram_quantile(second, 500000)), ms(histogram_quantile(second, 990000)), ms(histogram_max(second)));
    histogram_clear(&sender->second);
    fflush(out);
}

static double per_answer(const struct report *report, int64_t us)
{
    uint64_t answered = report->sender->counts.answered;
    return answered ? (double)us / (double)answered : 0;
}

static double per_second(const struct report *report)
{
    int64_t span_us = report->sender->counts.counted_us;
    return span_us > 0 ? (double)report->sender->counts.answered * 1e6 / (double)span_us : 0;
}

static int64_t process_us(const struct report *report)
{
    return report->process.after_us - report->process.before_us;
}

void report_table(FILE *out, const struct report *report)
{
    const struct sender *sender = report->sender;
    const struct sender_counts *counts = &sender->counts;
    fprintf(out, "%s\n", report->url);
    fprintf(out, "  sent %" PRIu64 ", answered %" PRIu64 " (%.0f/s), failed %" PRIu64 ", dropped %" PRIu64 "\n",
            counts->sent, counts->answered, per_second(report), counts->failed, counts->dropped);
    for (unsigned i = 0; i < sender->tallies.count; i++)
        fprintf(out, "    %-32s %12" PRIu64 "\n", sender->tallies.list[i].name, sender->tallies.list[i].count);
    fprintf(out, "  latency ms:");
    for (size_t i = 0; i < QUANTILES; i++)
        fprintf(out, " %s %.3f", quantiles[i].name, ms(histogram_quantile(&sender->latency, quantiles[i].ppm)));
    fprintf(out, " max %.3f mean %.3f\n", ms(histogram_max(&sender->latency)), ms(histogram_mean(&sender->latency)));
    fprintf(out, "  connections: %" PRIu64 " dials, %.2f %% of calls on a kept one\n", report->client.dials,
            report->client.calls ? 100.0 * (double)report->client.reused / (double)report->client.calls : 0);
    fprintf(out, "  CPU: %.2f µs per answer in the bench\n", per_answer(report, report->own_cpu_us));
    if (report->process.gone)
        fprintf(out, "       process %ld is gone\n", report->process.pid);
    else if (report->process.pid)
        fprintf(out, "       %.2f µs per answer in process %ld, which holds %.1f MiB\n",
                per_answer(report, process_us(report)), report->process.pid,
                (double)report->process.resident_bytes / (1 << 20));
}

static void number(struct json *json, const char *key, int64_t value)
{
    json_key(json, key);
    json_i64(json, value);
}

/* Two digits after the point. */
static void decimal(struct json *json, const char *key, double value)
{
    char text[64];
    int len = snprintf(text, sizeof text, "%.2f", value);
    json_key(json, key);
    json_raw(json, (struct bytes){text, (size_t)len});
}

static void write_plan(struct json *json, const struct report *report)
{
    const struct sender_plan *plan = &report->sender->plan;
    json_key(json, "url");
    json_text(json, bytes_of(report->url));
    json_key(json, "loop");
    json_text(json, bytes_of(plan->rate_per_s ? "open" : "closed"));
    number(json, "rate", plan->rate_per_s);
    json_key(json, "poisson");
    json_bool(json, plan->poisson);
    number(json, "connections", plan->connections);
    decimal(json, "warmup_s", (double)plan->warmup_us / 1e6);
    decimal(json, "duration_s", (double)plan->duration_us / 1e6);
    number(json, "request_bytes", (int64_t)plan->mix->requests[0].len);
}

static void write_counts(struct json *json, const struct report *report)
{
    const struct sender *sender = report->sender;
    number(json, "sent", (int64_t)sender->counts.sent);
    number(json, "sent_in_all", (int64_t)sender->counts.total_sent); /* the warm-up too */
    number(json, "answered", (int64_t)sender->counts.answered);
    number(json, "failed", (int64_t)sender->counts.failed);
    number(json, "dropped", (int64_t)sender->counts.dropped);
    decimal(json, "answers_per_s", per_second(report));
    json_key(json, "outcomes");
    json_open_map(json);
    for (unsigned i = 0; i < sender->tallies.count; i++) {
        json_key_bytes(json, bytes_of(sender->tallies.list[i].name));
        json_u64(json, sender->tallies.list[i].count);
    }
    json_close_map(json);
    json_key(json, "latency_us");
    json_open_map(json);
    for (size_t i = 0; i < QUANTILES; i++)
        number(json, quantiles[i].name, histogram_quantile(&sender->latency, quantiles[i].ppm));
    number(json, "max", histogram_max(&sender->latency));
    number(json, "mean", histogram_mean(&sender->latency));
    json_close_map(json);
}

void report_json(FILE *out, const struct report *report)
{
    char text[JSON_MAX];
    struct sink sink = sink_over(text, sizeof text);
    struct json json = json_into(&sink);
    json_open_map(&json);
    write_plan(&json, report);
    write_counts(&json, report);
    number(&json, "dials", (int64_t)report->client.dials);
    number(&json, "reused", (int64_t)report->client.reused);
    decimal(&json, "bench_cpu_us_per_answer", per_answer(report, report->own_cpu_us));
    if (report->process.pid && !report->process.gone) {
        number(&json, "pid", report->process.pid);
        number(&json, "cpu_us", process_us(report));
        decimal(&json, "cpu_us_per_answer", per_answer(report, process_us(report)));
        number(&json, "resident_bytes", report->process.resident_bytes);
    }
    json_close_map(&json);
    sink_char(&sink, '\n');
    fwrite(text, 1, sink.cut ? 0 : sink.len, out);
    fflush(out);
}
