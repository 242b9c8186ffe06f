/* The rows of outcry.yaml (config.md, "Settings"). A row that is built says where in struct settings its value goes:
 * the reader walks the table and knows no key by name. */
#include <stddef.h>

#include "exchange/config/schema_groups.h"
#include "exchange/config/settings.h"

#define INTO(member) .offset = offsetof(struct settings, member), .size = sizeof((struct settings *)0)->member
#define ROWS(array) .rows = array, .rows_count = sizeof array / sizeof *array

static const struct schema_row listen_rows[] = {
    {.key = "public",
     .type = SCHEMA_ADDRESS,
     .form = SCHEMA_ONE_OR_LIST,
     .items_max = SETTINGS_LISTEN_MAX,
     .fallback = "127.0.0.1:8080",
     .prose = "where affiliates and buyers call; without tls only loopback addresses",
     INTO(listen_public)},
    {.key = "admin",
     .type = SCHEMA_ADDRESS,
     .fallback = "127.0.0.1:9090",
     .prose = "where operators call; or unix:PATH, which needs no key; an address that is not loopback needs tls",
     INTO(listen_admin)},
};
static const struct schema_group listen_group = {
    .name = "listen", .title = "listen", .prose = "Addresses the exchange listens on.", ROWS(listen_rows)};

static const struct schema_row tls_rows[] = {
    {.key = "certificate",
     .type = SCHEMA_PATH,
     .flags = SCHEMA_REQUIRED | SCHEMA_RELOADABLE,
     .prose = "PEM file: the certificate, then its chain",
     INTO(tls_certificate)},
    {.key = "key",
     .type = SCHEMA_PATH,
     .flags = SCHEMA_REQUIRED | SCHEMA_RELOADABLE,
     .prose = "PEM file: the certificate's private key",
     INTO(tls_key)},
};
static const struct schema_group tls_group = {
    .name = "tls",
    .title = "tls",
    .prose = "Without it the public listener may only be a loopback address. A reload reads both files again; that "
             "there is TLS, or none, only a restart can change.",
    ROWS(tls_rows)};

static const struct schema_row ledger_rows[] = {
    {.key = "path",
     .type = SCHEMA_PATH,
     .fallback = "data",
     .prose = "folder of the book and the trace; made at the first start",
     INTO(ledger_path)},
    {.key = "map_size",
     .type = SCHEMA_SIZE,
     .fallback = "64GiB",
     .range = "1MiB..16TiB",
     .prose = "most the book may grow to; the file is sparse",
     INTO(ledger_map_bytes)},
    {.key = "keys",
     .type = SCHEMA_KEYFILE,
     .prose = "file of the keys that leads are sealed with; made at the first start (mode 0600) if it is not there; "
              "without it: ledger.keys in the ledger's folder",
     INTO(ledger_keys)},
};
static const struct schema_group ledger_group = {
    .name = "ledger", .title = "ledger", .prose = "The book: every sale, durable.", ROWS(ledger_rows)};

static const struct schema_row trace_rows[] = {
    {.key = "keep",
     .type = SCHEMA_DURATION,
     .fallback = "7d",
     .range = "1d..3650d",
     .prose = "days older than this are dropped",
     INTO(trace_keep_us)},
    {.key = "max",
     .type = SCHEMA_SIZE,
     .fallback = "40GiB",
     .range = "1MiB..",
     .prose = "a full trace drops its oldest day",
     INTO(trace_max_bytes)},
};
static const struct schema_group trace_group = {
    .name = "trace", .title = "trace", .prose = "What every auction saw and did, for explain.", ROWS(trace_rows)};

static const struct schema_row margin_rows[] = {
    {.key = "percent",
     .type = SCHEMA_PERCENT,
     .flags = SCHEMA_RELOADABLE,
     .fallback = "0",
     .range = "0..100",
     .prose = "of the buyer's price",
     INTO(margin.ppm)},
    {.key = "min",
     .type = SCHEMA_MONEY,
     .flags = SCHEMA_RELOADABLE,
     .fallback = "0",
     .range = "0..",
     .prose = "at least this much a sale",
     INTO(margin.min_micros)},
    {.key = "fixed", .type = SCHEMA_MONEY, .flags = SCHEMA_LATER, .prose = "this much a sale"},
    {.key = "max", .type = SCHEMA_MONEY, .flags = SCHEMA_LATER, .prose = "at most this much a sale"},
    {.key = "bands", .type = SCHEMA_MAP, .form = SCHEMA_LIST, .flags = SCHEMA_LATER, .prose = "by the price"},
};
static const struct schema_group margin_group = {.name = "exchange margin",
                                                 .title = "margin (of the exchange)",
                                                 .prose = "The house's share where campaign and affiliate state none.",
                                                 ROWS(margin_rows)};

static const struct schema_row circuit_rows[] = {
    {.key = "failures",
     .type = SCHEMA_COUNT,
     .flags = SCHEMA_RELOADABLE,
     .fallback = "5",
     .range = "1..20",
     .prose = "so many failures in a row open it",
     INTO(circuit.failures)},
    {.key = "share",
     .type = SCHEMA_PERCENT,
     .flags = SCHEMA_RELOADABLE,
     .fallback = "50",
     .range = "1..100",
     .prose = "or this share of the last `of` calls",
     INTO(circuit.share_ppm)},
    {.key = "of",
     .type = SCHEMA_COUNT,
     .flags = SCHEMA_RELOADABLE,
     .fallback = "20",
     .range = "1..20",
     .prose = "calls looked back on",
     INTO(circuit.of)},
    {.key = "pause",
     .type = SCHEMA_DURATION,
     .flags = SCHEMA_RELOADABLE,
     .fallback = "1s",
     .range = "10ms..1h",
     .prose = "before the first probe; doubles with every probe that fails",
     INTO(circuit.pause_us)},
    {.key = "pause_max",
     .type = SCHEMA_DURATION,
     .flags = SCHEMA_RELOADABLE,
     .fallback = "4s",
     .range = "10ms..1h",
     .prose = "up to this",
     INTO(circuit.pause_max_us)},
};
static const struct schema_group circuit_group = {.name = "circuit",
                                                  .title = "circuit",
                                                  .prose = "When a sick endpoint is spared, and for how long.",
                                                  ROWS(circuit_rows)};

static const struct schema_row geo_rows[] = {
    {.key = "zips",
     .type = SCHEMA_PATH,
     .flags = SCHEMA_RELOADABLE,
     .prose = "file of lines zip, lat, lon, state, county, tz with a tab between; filters near and county need it",
     INTO(geo_zips)},
    {.key = "area_codes",
     .type = SCHEMA_PATH,
     .flags = SCHEMA_RELOADABLE,
     .prose = "file of lines area_code, state, tz with a tab between; filters area_code are checked against it",
     INTO(geo_areas)},
};
static const struct schema_group geo_group = {
    .name = "geo",
    .title = "geo",
    .prose = "Where zips and area codes are. Read with the catalogue, and again with it at a reload.",
    ROWS(geo_rows)};

static const struct schema_row endpoints_rows[] = {
    {.key = "allow_private",
     .type = SCHEMA_BOOL,
     .fallback = "false",
     .prose = "only for demos and tests: webhooks on loopback or private addresses, plain http for posts",
     INTO(endpoints_allow_private)},
    {.key = "ca",
     .type = SCHEMA_PATH,
     .flags = SCHEMA_NULLABLE | SCHEMA_RELOADABLE,
     .prose = "PEM file of further authorities to trust, beside the system's",
     INTO(endpoints_ca)},
};
static const struct schema_group endpoints_group = {.name = "endpoints",
                                                    .title = "endpoints",
                                                    .prose = "Which webhooks of buyers may be called.",
                                                    ROWS(endpoints_rows)};

static const struct schema_row limits_rows[] = {
    {.key = "connections",
     .type = SCHEMA_COUNT,
     .fallback = "20000",
     .range = "1..1000000",
     .prose = "open at a time, a listener and worker",
     INTO(limits_connections)},
    {.key = "per_address",
     .type = SCHEMA_COUNT,
     .fallback = "200",
     .range = "1..1000000",
     .prose = "of them from one address",
     INTO(limits_per_address)},
    {.key = "body",
     .type = SCHEMA_SIZE,
     .fallback = "64KiB",
     .range = "1KiB..16MiB",
     .prose = "of one request",
     INTO(limits_body_bytes)},
    {.key = "handshake_time",
     .type = SCHEMA_DURATION,
     .fallback = "5s",
     .range = "100ms..10m",
     .prose = "for the TLS handshake",
     INTO(limits_handshake_us)},
    {.key = "head_time",
     .type = SCHEMA_DURATION,
     .fallback = "5s",
     .range = "100ms..10m",
     .prose = "from a request's first byte to the end of its head",
     INTO(limits_head_us)},
    {.key = "body_time",
     .type = SCHEMA_DURATION,
     .fallback = "10s",
     .range = "100ms..10m",
     .prose = "from the end of the head to the end of the body",
     INTO(limits_body_us)},
    {.key = "idle_time",
     .type = SCHEMA_DURATION,
     .fallback = "60s",
     .range = "100ms..1h",
     .prose = "a connection without a request is closed after it",
     INTO(limits_idle_us)},
};
static const struct schema_group limits_group = {
    .name = "limits", .title = "limits", .prose = "Bounds on what callers may hold.", ROWS(limits_rows)};

static const struct schema_row log_rows[] = {
    {.key = "level",
     .type = SCHEMA_CHOICE,
     .choices = "error warn info debug",
     .fallback = "info",
     .prose = "the least that is written",
     INTO(log_level)},
    {.key = "format",
     .type = SCHEMA_CHOICE,
     .choices = "text json",
     .fallback = "text",
     .prose = "one line an event, on standard error",
     INTO(log_format)},
};
static const struct schema_group log_group = {
    .name = "log", .title = "log", .prose = "Lines for operators.", ROWS(log_rows)};

static const struct schema_row settings_rows[] = {
    {.key = "listen", .type = SCHEMA_MAP, .group = &listen_group, .prose = "addresses"},
    {.key = "tls", .type = SCHEMA_MAP, .group = &tls_group, .prose = "certificate and key"},
    {.key = "workers",
     .type = SCHEMA_COUNT,
     .choices = "auto",
     .fallback = "auto",
     .range = "1..64",
     .prose = "threads that run auctions; auto: one per core",
     INTO(workers)},
    {.key = "ledger", .type = SCHEMA_MAP, .group = &ledger_group, .prose = "the book"},
    {.key = "trace", .type = SCHEMA_MAP, .group = &trace_group, .prose = "the trace"},
    {.key = "time_zone",
     .type = SCHEMA_ZONE,
     .fallback = "UTC",
     .prose = "the house's day, for statements and reports",
     INTO(time_zone)},
    {.key = "offers_max",
     .type = SCHEMA_COUNT,
     .fallback = "200000",
     .range = "1..10000000",
     .prose = "offers open at a time",
     INTO(offers_max)},
    {.key = "admin_keys",
     .type = SCHEMA_KEY,
     .form = SCHEMA_LIST,
     .items_max = SETTINGS_ADMIN_KEYS_MAX,
     .flags = SCHEMA_MAYBE_EMPTY,
     .prose = "who may call the admin listener; made by: outcry key new admin; none needed on a unix socket",
     INTO(admin_keys)},
    {.key = "catalogue",
     .type = SCHEMA_PATH,
     .flags = SCHEMA_REQUIRED | SCHEMA_RELOADABLE,
     .prose = "a file, or a folder of .yaml, .json and .ndjson files",
     INTO(catalogue)},
    {.key = "currency",
     .type = SCHEMA_CURRENCY,
     .fallback = "USD",
     .prose = "the exchange's one currency",
     INTO(currency)},
    {.key = "payout_step",
     .type = SCHEMA_MONEY,
     .flags = SCHEMA_RELOADABLE,
     .fallback = "0.01",
     .range = "0.000001..1000",
     .prose = "payouts are rounded down to a multiple of it",
     INTO(payout_step_micros)},
    {.key = "margin",
     .type = SCHEMA_MAP,
     .group = &margin_group,
     .prose = "the exchange's own, where nothing more specific stands"},
    {.key = "suppress",
     .type = SCHEMA_PATH,
     .form = SCHEMA_LIST,
     .flags = SCHEMA_LATER,
     .prose = "lists of people never sold"},
    {.key = "circuit", .type = SCHEMA_MAP, .group = &circuit_group, .prose = "sparing sick endpoints"},
    {.key = "max_posts",
     .type = SCHEMA_COUNT,
     .flags = SCHEMA_RELOADABLE,
     .fallback = "4",
     .range = "1..16",
     .prose = "posts a lead may take, fallbacks included",
     INTO(max_posts)},
    {.key = "geo", .type = SCHEMA_MAP, .group = &geo_group, .prose = "tables of zips and area codes"},
    {.key = "endpoints", .type = SCHEMA_MAP, .group = &endpoints_group, .prose = "which webhooks may be called"},
    {.key = "limits", .type = SCHEMA_MAP, .group = &limits_group, .prose = "bounds on callers"},
    {.key = "log", .type = SCHEMA_MAP, .group = &log_group, .prose = "lines for operators"},
};
const struct schema_group schema_settings = {.name = "settings",
                                             .title = "Settings: outcry.yaml",
                                             .prose = "What the exchange is and where it stands.",
                                             ROWS(settings_rows)};

const struct schema_group *const schema_settings_groups[] = {
    &schema_settings, &listen_group, &tls_group,       &ledger_group, &trace_group, &margin_group,
    &circuit_group,   &geo_group,    &endpoints_group, &limits_group, &log_group,
};
const unsigned schema_settings_groups_count = sizeof schema_settings_groups / sizeof *schema_settings_groups;
