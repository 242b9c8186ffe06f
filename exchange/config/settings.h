/* settings: what outcry.yaml says, as one flat value without pointers: it can be copied, compared and kept anywhere.
 * Filled from the schema table (schema_settings.c), which also holds every default; read once at start and again at
 * reload. */
#pragma once

#include "exchange/base/log.h"
#include "exchange/config/report.h"
#include "exchange/market/availability.h"
#include "exchange/market/catalogue.h"

#define SETTINGS_PATH_MAX 1024
#define SETTINGS_ADDRESS_MAX 160 /* "unix:" and the 107 bytes of a socket's path fit */
#define SETTINGS_LISTEN_MAX 4
#define SETTINGS_ADMIN_KEYS_MAX 64
#define SETTINGS_ZONE_MAX 64
#define SETTINGS_SUPPRESS_MAX 16

struct settings_addresses {
    uint32_t count;
    char at[SETTINGS_LISTEN_MAX][SETTINGS_ADDRESS_MAX]; /* "127.0.0.1:8443", "[::1]:80" */
};

struct settings_keys {
    uint32_t count;
    struct digest at[SETTINGS_ADMIN_KEYS_MAX]; /* SHA-256 of each key's whole text */
};

struct settings_texts {
    uint32_t count;
    char at[SETTINGS_SUPPRESS_MAX][256];
};

/* Paths are absolute, or relative to the working directory: the settings file's folder already stands before them.
 * Texts are NUL-terminated and empty where nothing was said; bytes after the NUL are zero. */
struct settings {
    char file[SETTINGS_PATH_MAX]; /* the file read */

    struct settings_addresses listen_public;
    char listen_admin[SETTINGS_ADDRESS_MAX]; /* address or "unix:PATH"; with no unix: and no loopback it is served over
                                                TLS */
    char tls_certificate[SETTINGS_PATH_MAX]; /* empty: no TLS; the public addresses are then all loopback */
    char tls_key[SETTINGS_PATH_MAX];
    uint32_t workers; /* 0: one per core */

    char ledger_path[SETTINGS_PATH_MAX]; /* a folder */
    int64_t ledger_map_bytes;
    char ledger_keys[SETTINGS_PATH_MAX]; /* a file; made at the first start */
    int64_t trace_keep_us;
    int64_t trace_max_bytes;

    char time_zone[SETTINGS_ZONE_MAX]; /* IANA name */
    uint32_t offers_max;
    struct settings_keys admin_keys;
    char catalogue[SETTINGS_PATH_MAX]; /* file or folder */

    char currency[8];
    int64_t payout_step_micros;
    struct margin margin; /* is_set always; its bands are those of */
    struct margin_band margin_bands[MARGIN_BANDS_MAX];
    uint32_t margin_bands_count;
    struct circuit_rules circuit;
    uint32_t max_posts;
    struct settings_texts suppress; /* as written: names of lists, or paths */

    char geo_zips[SETTINGS_PATH_MAX], geo_areas[SETTINGS_PATH_MAX]; /* empty: no such table */

    bool endpoints_allow_private;
    char endpoints_ca[SETTINGS_PATH_MAX]; /* empty: the system's authorities only */

    uint32_t limits_connections, limits_per_address;
    uint32_t limits_handshakes, limits_handshakes_per_address;
    int64_t limits_body_bytes, limits_list_bytes;
    int64_t limits_handshake_us, limits_head_us, limits_body_us, limits_idle_us;

    enum log_level log_level;
    enum log_format log_format;
};

/* Reads and checks the file whole, files it names included (can they be read?). False: the report tells why, all of it,
 * and *settings is not to be used, but for this: where it names a catalogue, config_catalogue still lists that one's
 * errors. Nothing in *settings needs freeing. */
bool settings_read(const char *path, struct settings *settings, struct config_report *report);
/* At reload: what cannot change while the exchange runs. Each setting that `fresh` says otherwise than `running` is
 * reported as a warning, and `fresh` gets the running value back. Returns how many there were. */
unsigned settings_keep(const struct settings *running, struct settings *fresh, struct config_report *report);
/* What the settings say for every campaign; `currency` points into *settings. */
struct house_rules settings_house_rules(const struct settings *settings);
/* "127.0.0.1:80", "[::1]:80", "localhost:80": reached from this machine only. */
bool settings_is_loopback(const char *address);
