/* keytext: the text of the key file, read and written whole; see keyfile.h. For this room only. */
#pragma once

#include "exchange/ledger/keyfile.h"

#define KEYTEXT_DERIVED_MAX 8u

struct keytext_key {
    uint8_t id[KEYFILE_ID];
    uint8_t key[SEAL_KEY_LEN];
};

struct keytext_derived {
    char purpose[24];
    uint8_t key[SEAL_KEY_LEN];
};

struct keytext {
    bool is_old; /* of version 1: no root, the key is it */
    uint8_t root[SEAL_KEY_LEN];
    unsigned derived_count, keys_count;
    struct keytext_derived derived[KEYTEXT_DERIVED_MAX];
    struct keytext_key keys[KEYFILE_IN_FILE_MAX]; /* the newest first */
};

/* A fresh root and a fresh key. */
void keytext_make(struct keytext *text);
/* As keyfile_open. */
enum fault keytext_read(const char *path, struct keytext *text, struct ledger_note *note) MUST_USE;
/* In place of what is there, as one step; `is_new`: nothing may be there. FAULT_SYSTEM: what was there still is. */
enum fault keytext_write(const char *path, const struct keytext *text, bool is_new, struct ledger_note *note) MUST_USE;
