/* OpenSSL reads and writes through a transport of our own: the library's socket transport writes without MSG_NOSIGNAL,
 * so a peer that left would kill the process. Ours also remembers how the socket ended, which the library's error codes
 * blur.
 *
 * Reading ahead is on: a record then costs one read instead of two (header, rest), at the price that decrypted or raw
 * bytes may wait inside, which tls_stream_pending tells. */
#include "protocol/wire/tls_stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "protocol/base/check.h"
#include "protocol/wire/tls_context.h"

struct tls_stream {
    struct tls_context *context;
    SSL *ssl;
    void *session_key;
    int fd;
    bool at_end;       /* the socket said: no more */
    bool socket_broke; /* the socket failed */
    bool finished;     /* the handshake is done */
    bool protocol_broke;
};

static int on_transport_write(BIO *bio, const char *at, int len);
static int on_transport_read(BIO *bio, char *at, int cap);
static long on_transport_ctrl(BIO *bio, int command, long number, void *pointer);
static int on_transport_create(BIO *bio);
static int on_new_session(SSL *ssl, SSL_SESSION *session);
static bool set_peer(struct tls_stream *stream, const char *host);
static enum tls_step step_of(struct tls_stream *stream, int result);
static bool is_literal(const char *host);

#define TRANSPORT_TYPE (100 | BIO_TYPE_SOURCE_SINK) /* any number the library does not use itself */

void *tls_stream_transport(void)
{
    BIO_METHOD *method = BIO_meth_new(TRANSPORT_TYPE, "outcry socket");
    if (!method) return NULL;
    BIO_meth_set_write(method, on_transport_write);
    BIO_meth_set_read(method, on_transport_read);
    BIO_meth_set_ctrl(method, on_transport_ctrl);
    BIO_meth_set_create(method, on_transport_create);
    return method;
}

void tls_stream_prepare(struct tls_context *context)
{
    SSL_CTX *library = context->library;
    SSL_CTX_set_mode(library,
                     SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(library, 1);
    if (!context->is_server) SSL_CTX_sess_set_new_cb(library, on_new_session);
}

/* --- life --- */

static bool set_transport(struct tls_stream *stream)
{
    BIO *bio = BIO_new(stream->context->transport);
    if (!bio) return false;
    BIO_set_data(bio, stream);
    BIO_set_init(bio, 1);
    SSL_set_bio(stream->ssl, bio, bio); /* both ends are one reference */
    return true;
}

enum fault tls_stream_open(struct tls_context *context, int fd, const char *host, void *session_key,
                           struct tls_stream **stream)
{
    enum fault fault = FAULT_MEMORY;
    struct tls_stream *made = calloc(1, sizeof *made);
    if (!made) return FAULT_MEMORY;
    tls_context_take(context);
    *made = (struct tls_stream){.context = context, .fd = fd, .session_key = session_key};
    made->ssl = SSL_new(context->library);
    if (!made->ssl || !set_transport(made)) goto fail;
    SSL_set_app_data(made->ssl, made);
    if (context->is_server) {
        SSL_set_accept_state(made->ssl);
    } else {
        fault = FAULT_TLS;
        check(host != NULL); /* a client that does not say whom it calls cannot check whom it reached */
        if (!set_peer(made, host)) goto fail;
        SSL_set_connect_state(made->ssl);
    }
    *stream = made;
    return FAULT_NONE;
fail:
    ERR_clear_error();
    tls_stream_close(&made, false);
    return fault;
}

/* The name for SNI and for the certificate check (RFC 6066 section 3: no literals in SNI), and a session to offer. */
static bool set_peer(struct tls_stream *stream, const char *host)
{
    if (is_literal(host)) {
        if (!X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(stream->ssl), host)) return false;
    } else {
        SSL_set_hostflags(stream->ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        if (!SSL_set1_host(stream->ssl, host) || !SSL_set_tlsext_host_name(stream->ssl, host)) return false;
    }
    SSL_SESSION *session = stream->session_key ? tls_sessions_take(stream->context->sessions, stream->session_key)
                                               : NULL;
    if (!session) return true;
    (void)SSL_set_session(stream->ssl, session); /* one that does not fit costs a full handshake */
    SSL_SESSION_free(session);
    ERR_clear_error();
    return true;
}

static bool is_literal(const char *host)
{
    unsigned char address[16];
    return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

void tls_stream_close(struct tls_stream **stream, bool orderly)
{
    struct tls_stream *gone = *stream;
    *stream = NULL;
    if (!gone) return;
    if (gone->ssl) {
        if (orderly) tls_stream_end(gone);
        /* Freeing a session's connection without a shutdown makes the library forget the session, though only a
         * protocol failure speaks against it. */
        if (gone->finished && !gone->protocol_broke)
            SSL_set_shutdown(gone->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
        SSL_free(gone->ssl);
    }
    tls_context_drop(&gone->context);
    free(gone);
}

/* --- moving bytes --- */

enum tls_step tls_stream_handshake(struct tls_stream *stream)
{
    ERR_clear_error();
    enum tls_step step = step_of(stream, SSL_do_handshake(stream->ssl));
    if (step != TLS_DONE) return step;
    stream->finished = true;
    /* A 1.2 session that was offered and taken serves again unless the server sent a new ticket, which on_new_session
     * kept. */
    bool again = stream->session_key && SSL_session_reused(stream->ssl) && SSL_version(stream->ssl) == TLS1_2_VERSION;
    SSL_SESSION *session = again ? SSL_get1_session(stream->ssl) : NULL;
    if (session) tls_sessions_put(stream->context->sessions, stream->session_key, session);
    return TLS_DONE;
}

enum tls_step tls_stream_read(struct tls_stream *stream, char *at, size_t cap, size_t *got)
{
    ERR_clear_error();
    return step_of(stream, SSL_read_ex(stream->ssl, at, cap, got));
}

enum tls_step tls_stream_peek(struct tls_stream *stream)
{
    char one;
    size_t got;
    ERR_clear_error();
    return step_of(stream, SSL_peek_ex(stream->ssl, &one, 1, &got));
}

enum tls_step tls_stream_write(struct tls_stream *stream, const char *at, size_t len, size_t *taken)
{
    ERR_clear_error();
    return step_of(stream, SSL_write_ex(stream->ssl, at, len, taken));
}

void tls_stream_end(struct tls_stream *stream)
{
    if (!stream->finished || stream->protocol_broke || stream->socket_broke) return;
    ERR_clear_error();
    (void)SSL_shutdown(stream->ssl); /* what the socket does not take now is let go: HTTP's own framing tells the end */
    ERR_clear_error();
}

bool tls_stream_pending(const struct tls_stream *stream)
{
    return SSL_has_pending(stream->ssl);
}
bool tls_stream_was_resumed(const struct tls_stream *stream)
{
    return SSL_session_reused(stream->ssl);
}

static enum tls_step step_of(struct tls_stream *stream, int result)
{
    if (result == 1) return TLS_DONE;
    int error = SSL_get_error(stream->ssl, result);
    if (error == SSL_ERROR_WANT_READ) return TLS_WANT_READ;
    if (error == SSL_ERROR_WANT_WRITE) return TLS_WANT_WRITE;
    ERR_clear_error();
    if (stream->socket_broke) return TLS_RESET; /* first: after a close_notify the library calls every failure an end */
    if (error == SSL_ERROR_ZERO_RETURN) return TLS_ENDED;
    if (stream->at_end && error == SSL_ERROR_SYSCALL) return TLS_ENDED;
    stream->protocol_broke = true;
    return TLS_FAILED;
}

/* The library hands over a reference when the answer is 1. */
static int on_new_session(SSL *ssl, SSL_SESSION *session)
{
    struct tls_stream *stream = SSL_get_app_data(ssl);
    if (!stream->session_key || !SSL_SESSION_is_resumable(session)) return 0;
    tls_sessions_put(stream->context->sessions, stream->session_key, session);
    return 1;
}

/* --- the transport --- */

static int on_transport_write(BIO *bio, const char *at, int len)
{
    struct tls_stream *stream = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    ssize_t sent = send(stream->fd, at, (size_t)len, MSG_NOSIGNAL);
    if (sent >= 0) return (int)sent;
    if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS)
        BIO_set_retry_write(bio);
    else
        stream->socket_broke = true;
    return -1;
}

static int on_transport_read(BIO *bio, char *at, int cap)
{
    struct tls_stream *stream = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    ssize_t got = recv(stream->fd, at, (size_t)cap, 0);
    if (got > 0) return (int)got;
    if (got == 0)
        stream->at_end = true;
    else if (errno == EAGAIN || errno == EINTR)
        BIO_set_retry_read(bio);
    else
        stream->socket_broke = true;
    return got == 0 ? 0 : -1;
}

static long on_transport_ctrl(BIO *bio, int command, long number, void *pointer)
{
    (void)number;
    (void)pointer;
    const struct tls_stream *stream = BIO_get_data(bio);
    if (command == BIO_CTRL_FLUSH) return 1;
    if (command == BIO_CTRL_EOF) return stream && stream->at_end;
    return 0;
}

static int on_transport_create(BIO *bio)
{
    (void)bio;
    return 1;
}
