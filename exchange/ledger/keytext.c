/* The file is written whole beside itself, flushed, named, and its folder flushed, before anything is sealed with what
 * it holds: a key that a power cut could take would take every lead with it. A first file is linked into place, which
 * fails where one is, so two starts at once cannot make two keys. */
#include "exchange/ledger/keytext.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/base/check.h"

#define FILE_MAX 4096
#define PATH_MAX_BYTES 4096
#define TITLE_1 "outcry-ledger-key 1\n"
#define TITLE_2 "outcry-ledger-key 2\n"

static bool parse(struct bytes text, struct keytext *keys);

static enum fault tell(struct ledger_note *note, enum fault fault, const char *path, const char *text)
{
    if (note) snprintf(note->text, sizeof note->text, "key file %s: %s", path, text);
    return fault;
}

void keytext_make(struct keytext *text)
{
    *text = (struct keytext){.keys_count = 1};
    crypto_random(text->root, sizeof text->root);
    crypto_random(&text->keys[0], sizeof text->keys[0]);
}

/* --- reading --- */

enum fault keytext_read(const char *path, struct keytext *keys, struct ledger_note *note)
{
    struct stat stat;
    char text[FILE_MAX];
    *keys = (struct keytext){.keys_count = 0};
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

static bool parse_1(struct bytes rest, struct keytext *keys)
{
    struct bytes line;
    keys->is_old = true;
    keys->keys_count = 1;
    rest = bytes_split(rest, '\n', &line);
    if (!bytes_starts(line, BYTES("id "))) return false;
    if (!bytes_unhex(bytes_from(line, 3), keys->keys[0].id, KEYFILE_ID)) return false;
    rest = bytes_split(rest, '\n', &line);
    if (!bytes_starts(line, BYTES("key "))) return false;
    return bytes_unhex(bytes_from(line, 4), keys->keys[0].key, SEAL_KEY_LEN) && rest.len == 0;
}

static bool parse_derived(struct bytes line, struct keytext *keys)
{
    struct bytes hex, purpose = bytes_split(line, ' ', &hex);
    if (keys->derived_count == KEYTEXT_DERIVED_MAX) return false;
    struct keytext_derived *derived = &keys->derived[keys->derived_count++];
    if (purpose.len == 0 || purpose.len >= sizeof derived->purpose) return false;
    memcpy(derived->purpose, purpose.at, purpose.len);
    return bytes_unhex(hex, derived->key, SEAL_KEY_LEN);
}

static bool parse_key(struct bytes line, struct keytext *keys)
{
    struct bytes id, hex = bytes_split(line, ' ', &id);
    if (keys->keys_count == KEYFILE_IN_FILE_MAX) return false;
    struct keytext_key *key = &keys->keys[keys->keys_count++];
    return bytes_unhex(id, key->id, KEYFILE_ID) && bytes_unhex(hex, key->key, SEAL_KEY_LEN);
}

static bool parse(struct bytes text, struct keytext *keys)
{
    struct bytes line, rest = bytes_from(text, sizeof TITLE_2 - 1);
    if (bytes_starts(text, BYTES(TITLE_1))) return parse_1(rest, keys);
    if (!bytes_starts(text, BYTES(TITLE_2))) return false;
    rest = bytes_split(rest, '\n', &line);
    bool fine = bytes_starts(line, BYTES("root ")) && bytes_unhex(bytes_from(line, 5), keys->root, SEAL_KEY_LEN);
    while (fine && rest.len) {
        rest = bytes_split(rest, '\n', &line);
        if (bytes_starts(line, BYTES("derived ")))
            fine = parse_derived(bytes_from(line, 8), keys);
        else
            fine = bytes_starts(line, BYTES("key ")) && parse_key(bytes_from(line, 4), keys);
    }
    return fine && keys->keys_count > 0;
}

/* --- writing --- */

static void put_hex(struct sink *sink, const uint8_t *at, size_t len)
{
    sink_hex(sink, (struct bytes){(const char *)at, len});
}

static void print(struct sink *sink, const struct keytext *text)
{
    sink_text(sink, TITLE_2 "root ");
    put_hex(sink, text->root, sizeof text->root);
    for (unsigned i = 0; i < text->derived_count; i++) {
        sink_text(sink, "\nderived ");
        put_hex(sink, text->derived[i].key, sizeof text->derived[i].key);
        sink_char(sink, ' ');
        sink_text(sink, text->derived[i].purpose);
    }
    for (unsigned i = 0; i < text->keys_count; i++) {
        sink_text(sink, "\nkey ");
        put_hex(sink, text->keys[i].id, sizeof text->keys[i].id);
        sink_char(sink, ' ');
        put_hex(sink, text->keys[i].key, sizeof text->keys[i].key);
    }
    sink_char(sink, '\n');
    check(!sink->cut);
}

/* As whoever keeps it has set it: a group that may read it still may. */
static void keep_owner(const char *path, int fd)
{
    struct stat old;
    if (stat(path, &old) == 0 && fchown(fd, (uid_t)-1, old.st_gid) == 0) fchmod(fd, old.st_mode & 0750);
}

static enum fault write_beside(const char *path, const char *beside, struct bytes text)
{
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return FAULT_SYSTEM;
    bool written = fchmod(fd, 0600) == 0 && write(fd, text.at, text.len) == (ssize_t)text.len;
    keep_owner(path, fd);
    written = written && fsync(fd) == 0;
    return close(fd) == 0 && written ? FAULT_NONE : FAULT_SYSTEM;
}

static bool flush_folder(const char *path)
{
    char folder[PATH_MAX_BYTES];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash) slash[slash == folder ? 1 : 0] = '\0';
    int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return false;
    bool flushed = fsync(fd) == 0;
    close(fd);
    return flushed;
}

enum fault keytext_write(const char *path, const struct keytext *text, bool is_new, struct ledger_note *note)
{
    char memory[FILE_MAX], beside[PATH_MAX_BYTES];
    struct sink sink = sink_over(memory, sizeof memory);
    if ((size_t)snprintf(beside, sizeof beside, "%s.%ld", path, (long)getpid()) >= sizeof beside) return FAULT_INPUT;
    print(&sink, text);
    enum fault fault = write_beside(path, beside, sink_written(&sink));
    crypto_wipe(memory, sizeof memory);
    bool placed = fault == FAULT_NONE && (is_new ? link(beside, path) : rename(beside, path)) == 0;
    int code = errno;
    if (is_new || !placed) unlink(beside); /* half a key is no key */
    if (placed && flush_folder(path)) return FAULT_NONE;
    return tell(note, FAULT_SYSTEM, path, placed ? "its folder cannot be flushed" : strerror(code));
}
