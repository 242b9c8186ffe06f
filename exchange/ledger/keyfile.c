/* The file is written whole, flushed, and its folder too, before the first lead is sealed with it: a key that a power
 * cut could take would take every lead with it. O_EXCL: two starts at once cannot make two keys.
 *
 * A data key per lead, so that one lead can be made unreadable by destroying its wrapped key alone, in every copy of
 * the page it ever stood on. */
#include "exchange/ledger/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX 512
#define TITLE "outcry-ledger-key 1\n"
#define SEALED_VERSION 1
#define WRAPPED_AT (1u + KEYFILE_ID)
#define WRAPPED_BYTES (SEAL_KEY_LEN + SEAL_EXTRA)
#define CONTENT_AT (WRAPPED_AT + WRAPPED_BYTES)
#define PAGE_BYTES 4096u

static enum fault make_file(const char *path, struct ledger_note *note);
static enum fault read_file(const char *path, struct keyfile *keys, struct ledger_note *note);
static bool parse(struct bytes text, struct keyfile *keys);

static enum fault tell(struct ledger_note *note, enum fault fault, const char *path, const char *text)
{
    if (note) snprintf(note->text, sizeof note->text, "key file %s: %s", path, text);
    return fault;
}

enum fault keyfile_open(const char *path, bool make, struct keyfile **keys, struct ledger_note *note)
{
    struct keyfile *page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return FAULT_MEMORY;
    mlock(page, PAGE_BYTES); /* where the limit forbids it, the key may be swapped: no reason not to start */
    madvise(page, PAGE_BYTES, MADV_DONTDUMP);
    enum fault fault = read_file(path, page, note);
    if (fault == FAULT_NOT_FOUND && make) {
        fault = make_file(path, note);
        if (fault == FAULT_NONE) fault = read_file(path, page, note);
    }
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

static bool flush_folder(const char *path)
{
    char folder[4096];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash) slash[slash == folder ? 1 : 0] = '\0';
    int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return false;
    bool flushed = fsync(fd) == 0;
    close(fd);
    return flushed;
}

static enum fault make_file(const char *path, struct ledger_note *note)
{
    struct keyfile fresh;
    char text[FILE_MAX];
    struct sink sink = sink_over(text, sizeof text);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return tell(note, FAULT_SYSTEM, path, strerror(errno));
    crypto_random(&fresh, sizeof fresh);
    sink_text(&sink, TITLE "id ");
    sink_hex(&sink, (struct bytes){(const char *)fresh.id, sizeof fresh.id});
    sink_text(&sink, "\nkey ");
    sink_hex(&sink, (struct bytes){(const char *)fresh.key, sizeof fresh.key});
    sink_text(&sink, "\n");
    bool written = write(fd, sink.at, sink.len) == (ssize_t)sink.len && fsync(fd) == 0;
    int code = errno;
    written = close(fd) == 0 && written && flush_folder(path);
    crypto_wipe(&fresh, sizeof fresh);
    crypto_wipe(text, sizeof text);
    if (written) return FAULT_NONE;
    unlink(path); /* half a key is no key */
    return tell(note, FAULT_SYSTEM, path, strerror(code));
}

static enum fault read_file(const char *path, struct keyfile *keys, struct ledger_note *note)
{
    struct stat stat;
    char text[FILE_MAX];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) return tell(note, FAULT_NOT_FOUND, path, "not found");
    if (fd < 0) return tell(note, FAULT_SYSTEM, path, strerror(errno));
    if (fstat(fd, &stat) != 0 || !S_ISREG(stat.st_mode) || (stat.st_mode & 027)) {
        close(fd);
        return tell(note, FAULT_INPUT, path, "others can read or change it; set it to mode 0600 (chmod 600)");
    }
    ssize_t got = read(fd, text, sizeof text);
    close(fd);
    bool fine = got > 0 && (size_t)got < sizeof text && parse((struct bytes){text, (size_t)got}, keys);
    crypto_wipe(text, sizeof text);
    return fine ? FAULT_NONE : tell(note, FAULT_INPUT, path, "not a key file of this program");
}

static bool parse(struct bytes text, struct keyfile *keys)
{
    struct bytes line, rest;
    if (!bytes_starts(text, BYTES(TITLE "id "))) return false;
    rest = bytes_split(bytes_from(text, sizeof TITLE - 1 + 3), '\n', &line);
    if (!bytes_unhex(line, keys->id, sizeof keys->id) || !bytes_starts(rest, BYTES("key "))) return false;
    rest = bytes_split(bytes_from(rest, 4), '\n', &line);
    return bytes_unhex(line, keys->key, sizeof keys->key) && rest.len == 0;
}

/* --- sealing --- */

struct tie {
    char at[17]; /* lead id, version */
};

static struct bytes tie_of(const struct ident *lead_id, struct tie *tie)
{
    memcpy(tie->at, lead_id->at, sizeof lead_id->at);
    tie->at[16] = SEALED_VERSION;
    return (struct bytes){tie->at, sizeof tie->at};
}

enum fault keyfile_seal(const struct keyfile *keys, const struct ident *lead_id, struct bytes content,
                        struct sink *sealed)
{
    struct tie tie;
    struct bytes associated = tie_of(lead_id, &tie), kek = {(const char *)keys->key, sizeof keys->key};
    uint8_t data_key[SEAL_KEY_LEN];
    struct bytes key = {(const char *)data_key, sizeof data_key};
    if (sealed->cap - sealed->len < content.len + KEYFILE_SEALED_EXTRA) return FAULT_TOO_LARGE;
    uint8_t *at = (uint8_t *)sealed->at + sealed->len;
    size_t room = sealed->cap - sealed->len, len;
    at[0] = SEALED_VERSION;
    memcpy(at + 1, keys->id, KEYFILE_ID);
    crypto_random(data_key, sizeof data_key);
    enum fault fault = seal_close(kek, associated, key, at + WRAPPED_AT, WRAPPED_BYTES, &len);
    if (fault == FAULT_NONE) fault = seal_close(key, associated, content, at + CONTENT_AT, room - CONTENT_AT, &len);
    crypto_wipe(data_key, sizeof data_key);
    if (fault == FAULT_NONE) sealed->len += content.len + KEYFILE_SEALED_EXTRA;
    return fault;
}

enum fault keyfile_unseal(const struct keyfile *keys, const struct ident *lead_id, struct bytes sealed,
                          struct arena *arena, struct bytes *content)
{
    struct tie tie;
    struct bytes associated = tie_of(lead_id, &tie), kek = {(const char *)keys->key, sizeof keys->key};
    uint8_t data_key[SEAL_KEY_LEN];
    if (sealed.len < KEYFILE_SEALED_EXTRA || sealed.at[0] != SEALED_VERSION) return FAULT_CORRUPT;
    if (memcmp(sealed.at + 1, keys->id, KEYFILE_ID) != 0) return FAULT_CORRUPT;
    size_t len = 0, room = sealed.len - KEYFILE_SEALED_EXTRA;
    uint8_t *plain = arena_take(arena, room ? room : 1);
    if (!plain) return FAULT_MEMORY;
    struct bytes wrapped = bytes_first(bytes_from(sealed, WRAPPED_AT), WRAPPED_BYTES);
    enum fault fault = seal_open(kek, associated, wrapped, data_key, sizeof data_key, &len);
    struct bytes key = {(const char *)data_key, sizeof data_key};
    if (fault == FAULT_NONE) fault = seal_open(key, associated, bytes_from(sealed, CONTENT_AT), plain, room, &len);
    crypto_wipe(data_key, sizeof data_key);
    *content = (struct bytes){(const char *)plain, len};
    return fault;
}

enum fault keyfile_derive(const struct keyfile *keys, const char *purpose, struct digest *key)
{
    struct mac *mac = mac_open((struct bytes){(const char *)keys->key, SEAL_KEY_LEN});
    struct bytes name = bytes_of(purpose);
    if (!mac) return FAULT_MEMORY;
    mac_of(mac, key, &name, 1);
    mac_close(&mac);
    return FAULT_NONE;
}
