/* A data key per lead, so that one lead can be made unreadable by destroying its wrapped key alone; the wrapping keys
 * change (keyfile_rotate), and with an old one goes every copy of what it wrapped, in pages LMDB has not used again and
 * in backups too.
 *
 * The keys in memory only ever grow in number: sealing threads read the count and then the key, and never meet one that
 * is being changed. The text of the file is in keytext.c. */
#include "exchange/ledger/keyfile.h"

#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>

#include "exchange/ledger/keytext.h"
#include "protocol/base/check.h"
#include "protocol/crypto/mac.h"

#define KEYS_MAX 64u /* in the life of a process */
#define PAGE_BYTES 8192u
#define VERSION_COMBINED 1u /* of a seal: with its data key */
#define VERSION 2u

struct keyfile {
    char path[2048];
    struct keytext text; /* as the file has it */
    _Atomic unsigned count;
    struct keytext_key keys[KEYS_MAX]; /* oldest first */
};
_Static_assert(sizeof(struct keyfile) <= PAGE_BYTES, "it is mapped as a whole");

/* Each is asked for under this name for good: what came of it is kept, in files and in the book. */
const char *const keyfile_purposes[] = {"source_ref", "tie seed", "same lead", NULL};

static void load(struct keyfile *keys)
{
    unsigned count = 0;
    for (unsigned i = keys->text.keys_count; i > 0; i--) keys->keys[count++] = keys->text.keys[i - 1];
    atomic_store(&keys->count, count);
}

enum fault keyfile_open(const char *path, bool make, struct keyfile **keys, struct ledger_note *note)
{
    struct keyfile *page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return FAULT_MEMORY;
    mlock(page, PAGE_BYTES); /* where the limit forbids it, the keys may be swapped: no reason not to start */
    madvise(page, PAGE_BYTES, MADV_DONTDUMP);
    bool fits = (size_t)snprintf(page->path, sizeof page->path, "%s", path) < sizeof page->path;
    enum fault fault = fits ? keytext_read(path, &page->text, note) : FAULT_INPUT;
    if (fault == FAULT_NOT_FOUND && make) {
        keytext_make(&page->text);
        fault = keytext_write(path, &page->text, true, note);
    }
    load(page);
    if (fault == FAULT_NONE)
        *keys = page;
    else
        keyfile_close(&page);
    return fault;
}

void keyfile_close(struct keyfile **keys)
{
    struct keyfile *gone = *keys;
    *keys = NULL;
    if (!gone) return;
    crypto_wipe(gone, sizeof *gone);
    munmap(gone, PAGE_BYTES);
}

/* --- the keys --- */

static const struct keytext_key *newest(const struct keyfile *keys)
{
    return &keys->keys[atomic_load(&keys->count) - 1];
}

static struct bytes id_of(const struct keytext_key *key)
{
    return (struct bytes){(const char *)key->id, KEYFILE_ID};
}

static const struct keytext_key *find(const struct keyfile *keys, struct bytes id)
{
    for (unsigned i = atomic_load(&keys->count); i > 0; i--)
        if (bytes_same(id, id_of(&keys->keys[i - 1]))) return &keys->keys[i - 1];
    return NULL;
}

struct bytes keyfile_newest(const struct keyfile *keys)
{
    return id_of(newest(keys));
}

bool keyfile_knows(const struct keyfile *keys, struct bytes id)
{
    return find(keys, id) != NULL;
}

unsigned keyfile_in_file(const struct keyfile *keys)
{
    return keys->text.keys_count;
}

/* The purposes' keys, for a file that derives from a wrapping key. */
static enum fault keep_derived(struct keyfile *keys, struct keytext *text)
{
    for (const char *const *purpose = keyfile_purposes; *purpose; purpose++) {
        struct keytext_derived *derived = &text->derived[text->derived_count];
        struct digest digest;
        enum fault fault = keyfile_derive(keys, *purpose, &digest);
        if (fault != FAULT_NONE) return fault;
        check(text->derived_count < KEYTEXT_DERIVED_MAX && strlen(*purpose) < sizeof derived->purpose);
        strcpy(derived->purpose, *purpose);
        memcpy(derived->key, digest.at, sizeof derived->key);
        crypto_wipe(&digest, sizeof digest);
        text->derived_count++;
    }
    crypto_random(text->root, sizeof text->root);
    text->is_old = false;
    return FAULT_NONE;
}

enum fault keyfile_rotate(struct keyfile *keys, struct ledger_note *note)
{
    unsigned count = atomic_load(&keys->count);
    struct keytext text = keys->text;
    enum fault fault = FAULT_NONE;
    if (text.keys_count > 1) return FAULT_IN_USE;
    if (count == KEYS_MAX) return FAULT_FULL;
    if (text.is_old) fault = keep_derived(keys, &text);
    memmove(&text.keys[1], &text.keys[0], text.keys_count * sizeof *text.keys);
    text.keys_count++;
    crypto_random(&text.keys[0], sizeof text.keys[0]);
    if (fault == FAULT_NONE) fault = keytext_write(keys->path, &text, false, note);
    if (fault == FAULT_NONE) {
        keys->text = text;
        keys->keys[count] = text.keys[0];
        atomic_store(&keys->count, count + 1);
    }
    crypto_wipe(&text, sizeof text);
    return fault;
}

enum fault keyfile_retire(struct keyfile *keys, struct ledger_note *note)
{
    struct keytext text = keys->text;
    if (text.keys_count == 1) return FAULT_NONE;
    crypto_wipe(&text.keys[1], (text.keys_count - 1) * sizeof *text.keys);
    text.keys_count = 1;
    enum fault fault = keytext_write(keys->path, &text, false, note);
    if (fault == FAULT_NONE) keys->text = text;
    crypto_wipe(&text, sizeof text);
    return fault;
}

enum fault keyfile_derive(const struct keyfile *keys, const char *purpose, struct digest *key)
{
    bool is_known = false;
    for (const char *const *known = keyfile_purposes; *known; known++) is_known |= strcmp(*known, purpose) == 0;
    check(is_known, "no purpose: %s", purpose);
    for (unsigned i = 0; i < keys->text.derived_count; i++) {
        if (strcmp(keys->text.derived[i].purpose, purpose) != 0) continue;
        memcpy(key->at, keys->text.derived[i].key, sizeof key->at);
        return FAULT_NONE;
    }
    const uint8_t *root = keys->text.is_old ? keys->text.keys[0].key : keys->text.root;
    struct mac *mac = mac_open((struct bytes){(const char *)root, SEAL_KEY_LEN});
    struct bytes name = bytes_of(purpose);
    if (!mac) return FAULT_MEMORY;
    mac_of(mac, key, &name, 1);
    mac_close(&mac);
    return FAULT_NONE;
}

/* --- sealing --- */

/* lead id | version | 'k' and the key's id, or 'c'. The first version had neither letter nor id. */
struct tie {
    char at[sizeof(struct ident) + 2 + KEYFILE_ID];
    size_t len;
};

static struct bytes tie_to(struct tie *tie, const struct ident *lead_id, uint8_t version, char what, struct bytes id)
{
    memcpy(tie->at, lead_id->at, sizeof lead_id->at);
    tie->len = sizeof lead_id->at;
    tie->at[tie->len++] = (char)version;
    if (version != VERSION_COMBINED) {
        tie->at[tie->len++] = what;
        memcpy(tie->at + tie->len, id.at, id.len);
        tie->len += id.len;
    }
    return (struct bytes){tie->at, tie->len};
}

static struct bytes tie_key(struct tie *tie, const struct ident *lead_id, uint8_t version, struct bytes id)
{
    return tie_to(tie, lead_id, version, 'k', id);
}

static struct bytes tie_content(struct tie *tie, const struct ident *lead_id, uint8_t version)
{
    return tie_to(tie, lead_id, version, 'c', (struct bytes){"", 0});
}

static enum fault wrap(const struct keyfile *keys, const struct ident *lead_id, struct bytes data_key, uint8_t *out)
{
    const struct keytext_key *with = newest(keys);
    struct bytes key = {(const char *)with->key, SEAL_KEY_LEN};
    struct tie tie;
    size_t len;
    out[0] = VERSION;
    memcpy(out + 1, with->id, KEYFILE_ID);
    return seal_close(key, tie_key(&tie, lead_id, VERSION, id_of(with)), data_key, out + 1 + KEYFILE_ID,
                      SEAL_KEY_LEN + SEAL_EXTRA, &len);
}

/* `wrapped`: of either version; what follows it is not looked at. */
static enum fault unwrap(const struct keyfile *keys, const struct ident *lead_id, struct bytes wrapped,
                         uint8_t data_key[SEAL_KEY_LEN])
{
    struct tie tie;
    size_t len;
    if (wrapped.len < KEYFILE_WRAPPED) return FAULT_CORRUPT;
    uint8_t version = (uint8_t)wrapped.at[0];
    const struct keytext_key *with = find(keys, bytes_first(bytes_from(wrapped, 1), KEYFILE_ID));
    if (!with || (version != VERSION && version != VERSION_COMBINED)) return FAULT_CORRUPT;
    struct bytes key = {(const char *)with->key, SEAL_KEY_LEN};
    struct bytes sealed = bytes_first(bytes_from(wrapped, 1 + KEYFILE_ID), SEAL_KEY_LEN + SEAL_EXTRA);
    return seal_open(key, tie_key(&tie, lead_id, version, id_of(with)), sealed, data_key, SEAL_KEY_LEN, &len);
}

enum fault keyfile_seal(const struct keyfile *keys, const struct ident *lead_id, struct bytes content,
                        struct sink *sealed)
{
    struct tie tie;
    uint8_t data_key[SEAL_KEY_LEN];
    struct bytes key = {(const char *)data_key, sizeof data_key};
    if (sealed->cap - sealed->len < content.len + KEYFILE_SEALED_EXTRA) return FAULT_TOO_LARGE;
    uint8_t *at = (uint8_t *)sealed->at + sealed->len, *body = at + KEYFILE_WRAPPED;
    size_t len;
    crypto_random(data_key, sizeof data_key);
    enum fault fault = wrap(keys, lead_id, key, at);
    body[0] = KEYFILE_CONTENT;
    if (fault == FAULT_NONE)
        fault = seal_close(key, tie_content(&tie, lead_id, VERSION), content, body + 1, content.len + SEAL_EXTRA, &len);
    crypto_wipe(data_key, sizeof data_key);
    if (fault == FAULT_NONE) sealed->len += content.len + KEYFILE_SEALED_EXTRA;
    return fault;
}

enum fault keyfile_unseal(const struct keyfile *keys, const struct ident *lead_id, struct bytes wrapped,
                          struct bytes content, struct arena *arena, struct bytes *plain)
{
    struct tie tie;
    uint8_t data_key[SEAL_KEY_LEN];
    struct bytes key = {(const char *)data_key, sizeof data_key};
    if (content.len == 0) return FAULT_CORRUPT;
    bool is_combined = content.at[0] == KEYFILE_CONTENT_COMBINED;
    uint8_t version = content.at[0] == KEYFILE_CONTENT ? VERSION : VERSION_COMBINED;
    if (!is_combined && content.at[0] != KEYFILE_CONTENT && content.at[0] != KEYFILE_CONTENT_APART)
        return FAULT_CORRUPT;
    struct bytes body = bytes_from(content, is_combined ? KEYFILE_COMBINED_HEAD : 1);
    if (body.len < SEAL_EXTRA) return FAULT_CORRUPT;
    size_t len = 0, room = body.len - SEAL_EXTRA;
    uint8_t *out = arena_take(arena, room ? room : 1);
    if (!out) return FAULT_MEMORY;
    enum fault fault = unwrap(keys, lead_id, is_combined ? content : wrapped, data_key);
    if (fault == FAULT_NONE) fault = seal_open(key, tie_content(&tie, lead_id, version), body, out, room, &len);
    crypto_wipe(data_key, sizeof data_key);
    *plain = (struct bytes){(const char *)out, len};
    return fault;
}

bool keyfile_is_newest(const struct keyfile *keys, struct bytes wrapped)
{
    return wrapped.len >= KEYFILE_WRAPPED &&
           bytes_same(bytes_first(bytes_from(wrapped, 1), KEYFILE_ID), keyfile_newest(keys));
}

enum fault keyfile_rewrap(const struct keyfile *keys, const struct ident *lead_id, struct bytes wrapped,
                          uint8_t fresh[KEYFILE_WRAPPED])
{
    uint8_t data_key[SEAL_KEY_LEN];
    enum fault fault = unwrap(keys, lead_id, wrapped, data_key);
    if (fault == FAULT_NONE)
        fault = wrap(keys, lead_id, (struct bytes){(const char *)data_key, sizeof data_key}, fresh);
    crypto_wipe(data_key, sizeof data_key);
    return fault;
}

enum fault keyfile_split(const struct keyfile *keys, const struct ident *lead_id, struct bytes combined,
                         uint8_t fresh[KEYFILE_WRAPPED])
{
    if (combined.len < KEYFILE_COMBINED_HEAD + SEAL_EXTRA || combined.at[0] != KEYFILE_CONTENT_COMBINED)
        return FAULT_CORRUPT;
    return keyfile_rewrap(keys, lead_id, combined, fresh);
}
