/* Figures for operators: alive, ready, Prometheus text (exposition 0.0.4), and one JSON of totals. Never labelled by
 * lead, sub id or contract: reasons are the only labels. */
#include <stdio.h>
#include <stdlib.h>

#include "exchange/api/visit.h"
#include "exchange/market/trial.h"
#include "protocol/base/money.h"

#define METRICS_ROOM 65536u
#define STATS_ROOM 8192u
#define EXPERIMENT_ROOM 1024u

void stats_health(struct visit *visit)
{
    visit_send_json(visit, 200, BYTES("{\"status\":\"alive\"}"));
}

/* Taking leads, or 503 and why not. */
void stats_ready(struct visit *visit)
{
    struct hall *hall = worker_hall(visit->worker);
    const char *why = NULL;
    enum reason reason = ledger_state(hall->ledger, &why);
    if (atomic_load_explicit(&hall->draining, memory_order_relaxed)) reason = REASON_SHUTTING_DOWN;
    if (reason == REASON_NONE)
        visit_send_json(visit, 200, BYTES("{\"status\":\"ready\"}"));
    else
        visit_problem(visit->worker, visit->request, &visit->manners, 503, reason,
                      reason == REASON_LEDGER_DOWN ? why : NULL, NULL, 1);
}

static void metric(struct sink *sink, const char *name, const char *type, const char *help, uint64_t value)
{
    sink_format(sink, "# HELP outcry_%s %s\n# TYPE outcry_%s %s\noutcry_%s %llu\n", name, help, name, type, name,
                (unsigned long long)value);
}

static void money_metric(struct sink *sink, const char *name, const char *help, int64_t micros)
{
    sink_format(sink, "# HELP outcry_%s_total %s\n# TYPE outcry_%s_total counter\noutcry_%s_total ", name, help, name,
                name);
    money_write(sink, micros);
    sink_char(sink, '\n');
}

static void summary(struct sink *sink, const char *name, const char *help, const struct histogram *histogram)
{
    static const struct {
        const char *label;
        uint32_t ppm;
    } quantiles[] = {{"0.5", 500000}, {"0.99", 990000}, {"0.999", 999000}};
    sink_format(sink, "# HELP outcry_%s_seconds %s\n# TYPE outcry_%s_seconds summary\n", name, help, name);
    for (size_t i = 0; i < 3; i++) {
        int64_t us = histogram_quantile(histogram, quantiles[i].ppm);
        sink_format(sink, "outcry_%s_seconds{quantile=\"%s\"} %lld.%06lld\n", name, quantiles[i].label,
                    (long long)(us / 1000000), (long long)(us % 1000000));
    }
    int64_t sum_us = histogram_mean(histogram) * (int64_t)histogram_count(histogram);
    sink_format(sink, "outcry_%s_seconds_sum %lld.%06lld\noutcry_%s_seconds_count %llu\n", name,
                (long long)(sum_us / 1000000), (long long)(sum_us % 1000000), name,
                (unsigned long long)histogram_count(histogram));
}

static void write_traffic(struct sink *sink, const struct tally *sum)
{
    for (int i = 0; i < TALLY_COUNT; i++) {
        char name[64]; /* a counter's name ends in _total */
        snprintf(name, sizeof name, "%s_total", tally_metric((enum tally_name)i));
        metric(sink, name, "counter", tally_help((enum tally_name)i), sum->counts[i]);
    }
    sink_text(sink, "# HELP outcry_reasons_total Requests and leads that ended without a sale, by reason\n"
                    "# TYPE outcry_reasons_total counter\n");
    for (int reason = 1; reason < REASON_COUNT; reason++)
        sink_format(sink, "outcry_reasons_total{reason=\"%s\"} %llu\n", reason_code((enum reason)reason),
                    (unsigned long long)sum->reasons[reason]);
    money_metric(sink, "revenue", "What buyers owe for the leads sold since the start", sum->revenue_micros);
    money_metric(sink, "payout", "What affiliates are owed for them", sum->payout_micros);
    money_metric(sink, "margin", "What the house keeps of them", sum->margin_micros);
    summary(sink, "ping", "From a ping's first byte to its answer", &sum->ping_us);
    summary(sink, "post", "From a post's first byte to its answer", &sum->post_us);
    summary(sink, "lead", "From a one-call lead's first byte to its answer", &sum->lead_us);
}

static void write_state(struct sink *sink, struct hall *hall)
{
    struct ledger_counts ledger;
    ledger_counts(hall->ledger, &ledger);
    metric(sink, "in_flight", "gauge", "Auctions at hand", hall_in_flight(hall));
    metric(sink, "offers_open", "gauge", "Offers that can still be posted to",
           offers_count(hall->offers, clock_now_us()));
    metric(sink, "ledger_up", "gauge", "1 while the ledger takes writes",
           ledger_state(hall->ledger, NULL) == REASON_NONE);
    metric(sink, "ledger_entries_total", "counter", "Entries in the book", ledger.entries);
    metric(sink, "ledger_queue", "gauge", "Steps waiting for the ledger", ledger.queue_depth);
    metric(sink, "ledger_commit_p99_microseconds", "gauge", "A recent commit, 99th percentile",
           (uint64_t)ledger.commit_p99_us);
    metric(sink, "posts_in_doubt", "gauge", "Posts whose outcome is unknown", ledger.doubts);
    metric(sink, "buyer_low_balance_total", "counter", "Times a sale left a buyer with less than its low_at",
           ledger.lows);
    metric(sink, "book_bytes", "gauge", "Bytes used of the book's map", ledger.book_bytes_used);
    metric(sink, "book_bytes_max", "gauge", "The size of the book's map", ledger.book_bytes_max);
    int64_t expires_ms = atomic_load(&hall->certificate_expires_ms);
    if (expires_ms > 0)
        metric(sink, "certificate_expires_timestamp_seconds", "gauge", "When the public certificate expires",
               (uint64_t)expires_ms / 1000);
    metric(sink, "uptime_seconds", "gauge", "Since the start", (uint64_t)((clock_wall_ms() - hall->started_ms) / 1000));
}

void stats_metrics(struct visit *visit)
{
    struct hall *hall = worker_hall(visit->worker);
    struct tally *sum = calloc(1, sizeof *sum);
    char *text = malloc(METRICS_ROOM);
    if (sum && text) {
        struct sink sink = sink_over(text, METRICS_ROOM);
        hall_tally(hall, sum);
        write_traffic(&sink, sum);
        write_state(&sink, hall);
        struct visit_manners manners = {.pack = false};
        visit_send(visit->worker, visit->request, &manners, 200, "text/plain; version=0.0.4; charset=utf-8", NULL,
                   sink_written(&sink));
    } else {
        visit_problem(visit->worker, visit->request, &visit->manners, 503, REASON_BUSY, NULL, NULL, 1);
    }
    free(text);
    free(sum);
}

static void write_latency(struct json *json, const struct tally *sum)
{
    struct histogram *all = calloc(1, sizeof *all);
    json_key(json, "latency_ms");
    json_open_map(json);
    static const struct {
        const char *key;
        uint32_t ppm;
    } quantiles[] = {{"p50", 500000}, {"p99", 990000}, {"p999", 999000}};
    if (all) {
        histogram_merge(all, &sum->ping_us);
        histogram_merge(all, &sum->post_us);
        histogram_merge(all, &sum->lead_us);
        for (size_t i = 0; i < 3; i++) {
            char text[32];
            struct sink sink = sink_over(text, sizeof text);
            int64_t us = histogram_quantile(all, quantiles[i].ppm);
            sink_format(&sink, "%lld.%03lld", (long long)(us / 1000), (long long)(us % 1000));
            json_key(json, quantiles[i].key);
            json_raw(json, sink_written(&sink));
        }
    }
    json_close_map(json);
    free(all);
}

static void write_share(struct json *json, uint32_t ppm)
{
    char text[16];
    struct sink sink = sink_over(text, sizeof text);
    sink_format(&sink, "%u.%06u", ppm / 1000000, ppm % 1000000);
    json_raw(json, sink_written(&sink));
}

static void write_arm(struct json *json, enum ranking_arm arm, const struct arm_sums *sums)
{
    struct trial_share share;
    struct trial_margin margin;
    const struct {
        const char *key;
        int64_t micros;
    } amounts[] = {{"revenue", sums->revenue_micros}, {"payout", sums->payout_micros}, {"margin", sums->margin_micros}};
    json_open_map(json);
    json_key(json, "arm");
    json_text(json, bytes_of(ranking_arm_name(arm)));
    json_key(json, "auctions");
    json_u64(json, sums->auctions);
    json_key(json, "sold");
    json_u64(json, sums->sold);
    for (size_t i = 0; i < sizeof amounts / sizeof *amounts; i++) {
        json_key(json, amounts[i].key);
        json_money(json, amounts[i].micros);
    }
    json_key(json, "sold_share");
    if (trial_share_of(sums, &share)) {
        const uint32_t figures[] = {share.ppm, share.low_ppm, share.high_ppm};
        json_open_list(json);
        for (size_t i = 0; i < 3; i++) write_share(json, figures[i]);
        json_close_list(json);
    } else {
        json_null(json);
    }
    json_key(json, "margin_per_auction");
    if (trial_margin_of(sums, &margin)) {
        json_open_list(json);
        json_money(json, margin.mean_micros);
        json_money(json, margin.low_micros);
        json_money(json, margin.high_micros);
        json_close_list(json);
    } else {
        json_null(json);
    }
    json_close_map(json);
}

static void write_experiments(struct json *json, struct hall *hall, const struct catalogue *catalogue)
{
    json_key(json, "experiments");
    json_open_list(json);
    for (uint32_t i = 0; i < catalogue->campaigns_count; i++) {
        const struct campaign *campaign = &catalogue->campaigns[i];
        if (campaign->trial_cell == STANDING_NONE) continue;
        json_open_map(json);
        json_key(json, "campaign");
        json_text(json, campaign->id);
        json_key(json, "share");
        write_share(json, campaign->trial_ppm);
        json_key(json, "arms");
        json_open_list(json);
        for (unsigned arm = 0; arm < ARMS_PER_EXPERIMENT; arm++) {
            struct arm_sums sums;
            arms_read(hall->standing, campaign->trial_cell, arm, &sums);
            write_arm(json, (enum ranking_arm)(ARM_CONTROL + arm), &sums);
        }
        json_close_list(json);
        json_close_map(json);
    }
    json_close_list(json);
}

static size_t stats_room(const struct catalogue *catalogue)
{
    size_t room = STATS_ROOM;
    for (uint32_t i = 0; i < catalogue->campaigns_count; i++)
        if (catalogue->campaigns[i].trial_cell != STANDING_NONE) room += EXPERIMENT_ROOM;
    return room;
}

static void write_stats(struct json *json, struct hall *hall, const struct catalogue *catalogue,
                        const struct tally *sum)
{
    struct ledger_counts ledger;
    char version[2 * DIGEST_LEN];
    struct sink hex = sink_over(version, sizeof version);
    ledger_counts(hall->ledger, &ledger);
    sink_hex(&hex, (struct bytes){(const char *)catalogue->version.at, DIGEST_LEN});
    const struct {
        const char *key;
        uint64_t value;
    } figures[] = {
        {"workers", hall->workers_count},      {"auctions", sum->counts[TALLY_AUCTIONS]},
        {"in_flight", hall_in_flight(hall)},   {"offers_open", offers_count(hall->offers, clock_now_us())},
        {"posts_in_doubt", ledger.doubts},     {"sold", sum->counts[TALLY_SOLD]},
        {"unsold", sum->counts[TALLY_UNSOLD]}, {"refused", sum->counts[TALLY_REFUSED]},
    };
    json_open_map(json);
    json_key(json, "uptime_s");
    json_i64(json, (clock_wall_ms() - hall->started_ms) / 1000);
    json_key(json, "catalogue_version");
    json_text(json, sink_written(&hex));
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        json_key(json, figures[i].key);
        json_u64(json, figures[i].value);
    }
    json_key(json, "revenue");
    json_money(json, sum->revenue_micros);
    json_key(json, "payout");
    json_money(json, sum->payout_micros);
    json_key(json, "margin");
    json_money(json, sum->margin_micros);
    write_latency(json, sum);
    write_experiments(json, hall, catalogue);
    json_close_map(json);
}

void stats_stats(struct visit *visit)
{
    struct hall *hall = worker_hall(visit->worker);
    struct tally *sum = calloc(1, sizeof *sum);
    const struct catalogue *catalogue = worker_catalogue(visit->worker);
    size_t room = stats_room(catalogue);
    char *body = malloc(room);
    struct sink sink = sink_over(body, body ? room : 0);
    struct json json = json_into(&sink);
    if (!sum || !body) {
        free(sum);
        free(body);
        visit_problem(visit->worker, visit->request, &visit->manners, 503, REASON_BUSY, NULL, NULL, 1);
        return;
    }
    hall_tally(hall, sum);
    write_stats(&json, hall, catalogue, sum);
    free(sum);
    visit_send_json(visit, 200, sink_written(&sink));
    free(body);
}
