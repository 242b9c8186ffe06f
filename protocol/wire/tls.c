/* Only what reliability asks for is on: TLS 1.2 and 1.3, forward secrecy and authenticated ciphers, no renegotiation,
 * no compression, no early data (a replayed lead is a double lead), http/1.1 as the only application protocol.
 *
 * Session tickets are sealed with the keys of tls_tickets.c. */
#include "protocol/wire/tls.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "protocol/base/check.h"
#include "protocol/base/clock.h"
#include "protocol/wire/tls_context.h"

static const char CIPHERS_1_2[] = "ECDHE+AESGCM:ECDHE+CHACHA20";
static const unsigned char PROTOCOLS[] = "\x08http/1.1";
#define PROTOCOLS_LEN (sizeof PROTOCOLS - 1)

static enum fault open_context(bool is_server, struct tls_context **context);
static enum fault load_certificate(struct tls_context *context, const char *path, struct tls_note *note);
static enum fault load_key(struct tls_context *context, const char *path, struct tls_note *note);
static enum fault load_authorities(struct tls_context *context, const char *path, struct tls_note *note);
static int on_ticket_key(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac,
                         int sealing);
static int on_protocols(SSL *ssl, const unsigned char **chosen, unsigned char *chosen_len, const unsigned char *offered,
                        unsigned offered_len, void *arg);
static int on_server_name(SSL *ssl, int *alert, void *arg);
static int on_password(char *at, int cap, int writing, void *arg);
static void drop_session(void *session);

/* --- the two roles --- */

enum fault tls_server_context(const char *certificate_path, const char *key_path, struct tls_context **context,
                              struct tls_note *note)
{
    struct tls_context *made = NULL;
    *note = (struct tls_note){0};
    enum fault fault = open_context(true, &made);
    if (fault != FAULT_NONE) goto fail;
    fault = tls_tickets_open(&made->tickets);
    if (fault != FAULT_NONE) goto fail;
    fault = load_certificate(made, certificate_path, note);
    if (fault != FAULT_NONE) goto fail;
    fault = load_key(made, key_path, note);
    if (fault != FAULT_NONE) goto fail;
    SSL_CTX_set_options(made->library, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_session_cache_mode(made->library, SSL_SESS_CACHE_OFF); /* tickets only: no memory per session here */
    SSL_CTX_set_tlsext_ticket_key_evp_cb(made->library, on_ticket_key);
    SSL_CTX_set_app_data(made->library, made);
    SSL_CTX_set_alpn_select_cb(made->library, on_protocols, NULL);
    SSL_CTX_set_tlsext_servername_callback(made->library, on_server_name);
    *context = made;
    return FAULT_NONE;
fail:
    if (!note->text[0]) snprintf(note->text, sizeof note->text, "cannot set up TLS: %s", fault_text(fault));
    ERR_clear_error();
    tls_context_drop(&made);
    return fault;
}

enum fault tls_client_context(const char *ca_path, struct tls_context **context, struct tls_note *note)
{
    struct tls_context *made = NULL;
    *note = (struct tls_note){0};
    enum fault fault = open_context(false, &made);
    if (fault != FAULT_NONE) goto fail;
    fault = tls_sessions_open(drop_session, &made->sessions);
    if (fault != FAULT_NONE) goto fail;
    fault = load_authorities(made, ca_path, note);
    if (fault != FAULT_NONE) goto fail;
    SSL_CTX_set_verify(made->library, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_session_cache_mode(made->library, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    fault = FAULT_MEMORY;
    if (SSL_CTX_set_alpn_protos(made->library, PROTOCOLS, PROTOCOLS_LEN) != 0) goto fail;
    *context = made;
    return FAULT_NONE;
fail:
    if (!note->text[0]) snprintf(note->text, sizeof note->text, "cannot set up TLS: %s", fault_text(fault));
    ERR_clear_error();
    tls_context_drop(&made);
    return fault;
}

void tls_context_take(struct tls_context *context)
{
    atomic_fetch_add(&context->count, 1);
}

void tls_context_drop(struct tls_context **context)
{
    struct tls_context *gone = *context;
    *context = NULL;
    if (!gone || atomic_fetch_sub(&gone->count, 1) != 1) return;
    tls_sessions_close(&gone->sessions);
    SSL_CTX_free(gone->library);
    BIO_meth_free(gone->transport);
    tls_tickets_close(&gone->tickets);
    free(gone);
}

int64_t tls_context_expires_ms(const struct tls_context *context)
{
    return context->expires_ms;
}

/* What both roles share. */
static enum fault open_context(bool is_server, struct tls_context **context)
{
    struct tls_context *made = calloc(1, sizeof *made);
    if (!made) return FAULT_MEMORY;
    made->is_server = is_server;
    made->count = 1;
    made->transport = tls_stream_transport();
    SSL_CTX *library = made->library = SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method());
    if (!made->transport || !library) goto fail;
    if (!SSL_CTX_set_min_proto_version(library, TLS1_2_VERSION)) goto fail;
    if (!SSL_CTX_set_cipher_list(library, CIPHERS_1_2)) goto fail;
    if (!SSL_CTX_set1_groups_list(library, "X25519:P-256")) goto fail;
    /* A peer that closes without close_notify is common; the HTTP framing decides whether the message was whole. */
    SSL_CTX_set_options(library, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    tls_stream_prepare(made);
    *context = made;
    return FAULT_NONE;
fail:
    tls_context_drop(&made);
    return FAULT_MEMORY;
}

/* --- files --- */

static enum fault refuse(struct tls_note *note, const char *what, const char *path, const char *why)
{
    snprintf(note->text, sizeof note->text, "%s %s: %s", what, path, why);
    return FAULT_INPUT;
}

/* The library's reason for its latest failure; for a missing file that is the system's. */
static const char *reason(void)
{
    unsigned long error = ERR_peek_last_error(), first = ERR_peek_error();
    if (ERR_SYSTEM_ERROR(first)) return strerror(ERR_GET_REASON(first));
    const char *text = error ? ERR_reason_error_string(error) : NULL;
    return text ? text : "cannot be read";
}

static int64_t wall_ms_of(const ASN1_TIME *time)
{
    struct tm parts;
    if (!ASN1_TIME_to_tm(time, &parts)) return 0;
    int64_t days = clock_days_from_date(parts.tm_year + 1900, (unsigned)parts.tm_mon + 1, (unsigned)parts.tm_mday);
    return (((days * 24 + parts.tm_hour) * 60 + parts.tm_min) * 60 + parts.tm_sec) * 1000;
}

static enum fault load_certificate(struct tls_context *context, const char *path, struct tls_note *note)
{
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(context->library, path) != 1)
        return refuse(note, "cannot use certificate", path, reason());
    const X509 *certificate = SSL_CTX_get0_certificate(context->library);
    context->expires_ms = wall_ms_of(X509_get0_notAfter(certificate));
    if (context->expires_ms > clock_wall_ms()) return FAULT_NONE;
    char text[32];
    struct sink when = sink_over(text, sizeof text - 1);
    clock_write_wall(&when, context->expires_ms);
    text[when.len] = '\0';
    snprintf(note->text, sizeof note->text, "certificate %s expired at %s", path, text);
    return FAULT_INPUT;
}

static enum fault load_key(struct tls_context *context, const char *path, struct tls_note *note)
{
    ERR_clear_error();
    SSL_CTX_set_default_passwd_cb(context->library, on_password);
    BIO *file = BIO_new_file(path, "r");
    if (!file) return refuse(note, "cannot read key", path, reason());
    EVP_PKEY *key = PEM_read_bio_PrivateKey(file, NULL, on_password, NULL);
    BIO_free(file);
    if (!key) return refuse(note, "cannot use key", path, "not an unencrypted PEM private key");
    enum fault fault = FAULT_NONE;
    if (X509_check_private_key(SSL_CTX_get0_certificate(context->library), key) != 1)
        fault = refuse(note, "key", path, "does not belong to the certificate");
    else if (SSL_CTX_use_PrivateKey(context->library, key) != 1)
        fault = refuse(note, "cannot use key", path, reason());
    EVP_PKEY_free(key);
    return fault;
}

static enum fault load_authorities(struct tls_context *context, const char *path, struct tls_note *note)
{
    if (SSL_CTX_set_default_verify_paths(context->library) != 1) return FAULT_MEMORY;
    if (!path) return FAULT_NONE;
    ERR_clear_error();
    struct stat stat_now;
    bool folder = stat(path, &stat_now) == 0 && S_ISDIR(stat_now.st_mode);
    int loaded = folder ? SSL_CTX_load_verify_dir(context->library, path)
                        : SSL_CTX_load_verify_file(context->library, path);
    return loaded == 1 ? FAULT_NONE : refuse(note, "cannot use authorities", path, reason());
}

/* Without this the library would ask on the terminal. */
static int on_password(char *at, int cap, int writing, void *arg)
{
    (void)at;
    (void)cap;
    (void)writing;
    (void)arg;
    return -1;
}

/* --- during handshakes --- */

/* RFC 7301: a client that names protocols must name ours; one that names none is taken at its word. */
static int on_protocols(SSL *ssl, const unsigned char **chosen, unsigned char *chosen_len, const unsigned char *offered,
                        unsigned offered_len, void *arg)
{
    (void)ssl;
    (void)arg;
    unsigned char *common = NULL;
    if (SSL_select_next_proto(&common, chosen_len, PROTOCOLS, PROTOCOLS_LEN, offered, offered_len) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *chosen = common;
    return SSL_TLSEXT_ERR_OK;
}

/* A name the certificate does not carry is refused (RFC 6066 section 3): somebody else was meant. */
static int on_server_name(SSL *ssl, int *alert, void *arg)
{
    (void)arg;
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (!name || X509_check_host(SSL_get_certificate(ssl), name, strlen(name), 0, NULL) == 1) return SSL_TLSEXT_ERR_OK;
    *alert = SSL_AD_UNRECOGNIZED_NAME;
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static bool set_mac(EVP_MAC_CTX *mac, const struct tls_ticket_key *key)
{
    unsigned char *secret =
        (unsigned char *)(uintptr_t)key->mac; /* the library's parameters are not const, and not written */
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, secret, sizeof key->mac),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char[]){"SHA256"}, 0),
        OSSL_PARAM_construct_end(),
    };
    return EVP_MAC_CTX_set_params(mac, params) == 1;
}

/* 1: use the key; 2: use it, and give the client a new ticket; 0: no such key; -1: failure. */
static int on_ticket_key(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac,
                         int sealing)
{
    struct tls_context *context = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    bool old = false;
    const struct tls_ticket_key *key = NULL;
    if (sealing) {
        key = tls_tickets_seal(context->tickets, clock_now_us());
        if (!key || RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1) return -1;
        memcpy(name, key->name, sizeof key->name);
        if (EVP_EncryptInit_ex2(cipher, EVP_aes_256_cbc(), key->cipher, iv, NULL) != 1) return -1;
    } else {
        key = tls_tickets_find(context->tickets, name, clock_now_us(), &old);
        if (!key) return 0;
        if (EVP_DecryptInit_ex2(cipher, EVP_aes_256_cbc(), key->cipher, iv, NULL) != 1) return -1;
    }
    if (!set_mac(mac, key)) return -1;
    /* A 1.3 client uses a ticket once, so it gets another each time. */
    return !sealing && (old || SSL_version(ssl) == TLS1_3_VERSION) ? 2 : 1;
}

static void drop_session(void *session)
{
    SSL_SESSION_free(session);
}
