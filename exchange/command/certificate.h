/* certificate: says in time that the certificate of the public listener expires: 21, 7 and 1 days before, and when it
 * has, at each of them once, in the log (certificate.expiring, certificate.expired); the metrics have the instant. Main
 * thread. */
#pragma once

#include <stdint.h>

struct serving;

#define CERTIFICATE_LEVELS 4u

/* How many of the instants have come when so much is left: 0 none, 4 it has expired. */
unsigned certificate_level(int64_t left_ms);
/* The certificate that serves from now on (none without TLS): looked at now, and every hour. */
void certificate_begin(struct serving *serving);
void certificate_on_time(void *serving);
