/* privacy: verbs of `outcry ledger` about private data; ledger.c reads the options. Each returns the exit status. */
#pragma once

#include "exchange/config/config.h"

/* rotate-key: a new wrapping key, and waits until every data key is wrapped by it. `key_file` as admin_read_key's. */
int privacy_rotate_key(const struct settings *settings, const char *key_file, bool as_json);
/* audit LEAD: who was shown it. */
int privacy_audit(const struct settings *settings, const char *lead_id, bool as_json);
