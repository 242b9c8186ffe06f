/* tls: TLS 1.2 and 1.3 contexts for both sides (libssl). ECDHE with AES-GCM or ChaCha20, ALPN http/1.1, no
 * renegotiation, no compression, no early data. One context per role and thread; built aside and swapped at reload, so
 * connections keep the one they were opened with (counted). */
#pragma once

#include "protocol/base/bytes.h"
#include "protocol/base/fault.h"

struct tls_context;

/* Why a file or peer was refused, as a sentence for an operator. */
struct tls_note {
    char text[256];
};

/* Chain and key from PEM files; the key must fit, the certificate must not have expired. */
enum fault tls_server_context(const char *certificate_path, const char *key_path, struct tls_context **context,
                              struct tls_note *note) MUST_USE;
/* Checks certificate and host name always; trusts the system's authorities, and those of ca_path where given. Keeps up
 * to two session tickets per origin for resumption. */
enum fault tls_client_context(const char *ca_path, struct tls_context **context, struct tls_note *note) MUST_USE;
void tls_context_take(struct tls_context *context);
void tls_context_drop(struct tls_context **context);
/* Wall ms at which the certificate expires (server contexts). */
int64_t tls_context_expires_ms(const struct tls_context *context);
