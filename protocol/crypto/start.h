/* start: the parts of crypto_start, one per file that keeps a fetched algorithm. For this room only.
 *
 * Each handle is fetched once, is read-only from then on, and is shared by all threads: OpenSSL 3.0 looks an algorithm
 * up anew, under a lock, wherever it is only named. That is why they stand in statics. */
#pragma once

#include "protocol/base/fault.h"

enum fault digest_start(void) MUST_USE;
void digest_stop(void);
enum fault mac_start(void) MUST_USE;
void mac_stop(void);
enum fault seal_start(void) MUST_USE;
void seal_stop(void);
