/* Entries are written through a buffer, and flushed to the disk every megabyte, so that the flush at the end is
 * not one that the book's own flushes wait behind. The list that serves is then built out of the file: the number of
 * its entries is known by then, and nothing but the table itself takes memory. */
#include "exchange/config/list_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARK "OCLIST1\n"
#define HEAD_BYTES (8 + 8 + 8 + DIGEST_LEN)
#define FILE_MODE 0600
#define FOLDER_MODE 0700
#define BUFFER_BYTES 65536u    /* whole entries */
#define FLUSH_BYTES (1u << 20) /* written since the last flush */
#define HALF_SUFFIX ".new"

struct list_file {
    int fd;
    uint64_t entries;
    uint64_t unflushed; /* bytes */
    size_t len;
    struct digest_run *digest;
    char path[LIST_FILE_PATH_MAX], half[LIST_FILE_PATH_MAX], folder[LIST_FILE_PATH_MAX];
    char buffer[BUFFER_BYTES];
};

/* --- paths --- */

static bool write_path(const char *ledger_path, struct bytes name, const char *suffix, char *out, size_t room)
{
    struct sink sink = sink_over(out, room - 1);
    sink_format(&sink, "%s/" LIST_FILE_FOLDER "/", ledger_path);
    sink_bytes(&sink, name);
    sink_text(&sink, suffix);
    out[sink.len] = 0;
    return !sink.cut;
}

bool list_file_path(const char *ledger_path, struct bytes name, char *path, size_t room)
{
    return write_path(ledger_path, name, ".list", path, room);
}

static bool write_paths(struct list_file *file, const char *ledger_path, struct bytes name, unsigned number)
{
    char suffix[32];
    struct sink sink = sink_over(suffix, sizeof suffix - 1);
    sink_format(&sink, ".%u" HALF_SUFFIX, number);
    suffix[sink.len] = 0;
    return list_file_path(ledger_path, name, file->path, sizeof file->path) &&
           write_path(ledger_path, name, suffix, file->half, sizeof file->half) &&
           write_path(ledger_path, BYTES_NONE, "", file->folder, sizeof file->folder);
}

/* --- writing --- */

static enum fault disk_fault(void)
{
    return errno == ENOSPC || errno == EDQUOT ? FAULT_DISK_FULL : FAULT_DISK;
}

static void put_number(char *at, uint64_t number)
{
    for (unsigned i = 0; i < 8; i++) at[i] = (char)(number >> 8 * i);
}

static uint64_t number_at(const char *at)
{
    uint64_t number = 0;
    for (unsigned i = 8; i-- > 0;) number = number << 8 | (unsigned char)at[i];
    return number;
}

static enum fault write_all(int fd, struct bytes bytes)
{
    while (bytes.len) {
        ssize_t written = write(fd, bytes.at, bytes.len);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return disk_fault();
        bytes = bytes_from(bytes, (size_t)written);
    }
    return FAULT_NONE;
}

enum fault list_file_begin(const char *ledger_path, struct bytes name, unsigned number, struct list_file **begun)
{
    struct list_file *file = calloc(1, sizeof *file);
    enum fault fault = FAULT_MEMORY;
    *begun = NULL;
    if (!file) return fault;
    file->fd = -1;
    file->digest = digest_begin();
    if (!file->digest) goto fail;
    fault = FAULT_TOO_LARGE;
    if (!write_paths(file, ledger_path, name, number)) goto fail;
    fault = FAULT_DISK;
    if (mkdir(file->folder, FOLDER_MODE) != 0 && errno != EEXIST) goto fail;
    file->fd = open(file->half, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE);
    if (file->fd < 0) goto fail;
    fault = write_all(file->fd, (struct bytes){file->buffer, HEAD_BYTES}); /* zeros: it is told at the end */
    if (fault != FAULT_NONE) goto fail;
    *begun = file;
    return FAULT_NONE;
fail:
    list_file_drop(&file);
    return fault;
}

static enum fault write_buffer(struct list_file *file)
{
    struct bytes bytes = {file->buffer, file->len};
    digest_add(file->digest, bytes);
    enum fault fault = write_all(file->fd, bytes);
    file->unflushed += file->len;
    file->len = 0;
    if (fault != FAULT_NONE || file->unflushed < FLUSH_BYTES) return fault;
    file->unflushed = 0;
    return fdatasync(file->fd) == 0 ? FAULT_NONE : disk_fault();
}

enum fault list_file_add(struct list_file *file, uint64_t entry)
{
    enum fault fault = FAULT_NONE;
    if (file->entries == LIST_ENTRIES_MAX) return FAULT_FULL;
    if (file->len == BUFFER_BYTES) fault = write_buffer(file);
    if (fault != FAULT_NONE) return fault;
    put_number(file->buffer + file->len, entry);
    file->len += 8;
    file->entries++;
    return FAULT_NONE;
}

static enum fault write_head(struct list_file *file, int64_t wall_ms)
{
    char head[HEAD_BYTES];
    struct digest digest;
    digest_end(&file->digest, &digest);
    memcpy(head, MARK, 8);
    put_number(head + 8, (uint64_t)wall_ms);
    put_number(head + 16, file->entries);
    memcpy(head + 24, digest.at, DIGEST_LEN);
    return lseek(file->fd, 0, SEEK_SET) == 0 ? write_all(file->fd, (struct bytes){head, sizeof head}) : FAULT_DISK;
}

/* All entries of the file, which were written a moment ago. */
static enum fault read_back(struct list_file *file, struct list *list)
{
    if (lseek(file->fd, HEAD_BYTES, SEEK_SET) != HEAD_BYTES) return FAULT_DISK;
    for (uint64_t left = file->entries; left;) {
        size_t want = left < BUFFER_BYTES / 8 ? (size_t)left * 8 : BUFFER_BYTES, len = 0;
        while (len < want) {
            ssize_t got = read(file->fd, file->buffer + len, want - len);
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) return FAULT_DISK;
            len += (size_t)got;
        }
        for (size_t at = 0; at < want; at += 8) list_put(list, number_at(file->buffer + at));
        left -= want / 8;
    }
    return FAULT_NONE;
}

static enum fault flush_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return FAULT_DISK;
    enum fault fault = fsync(fd) == 0 ? FAULT_NONE : disk_fault();
    close(fd);
    return fault;
}

/* fsync first: what cannot be written shows before the old one is gone. */
static enum fault take_place(struct list_file *file, struct list_origin *origin)
{
    struct stat about;
    if (fsync(file->fd) != 0) return disk_fault();
    if (fstat(file->fd, &about) != 0 || rename(file->half, file->path) != 0) return FAULT_DISK;
    file->half[0] = 0;
    *origin = (struct list_origin){(uint64_t)about.st_dev, (uint64_t)about.st_ino, (uint64_t)about.st_size,
                                   (int64_t)about.st_mtim.tv_sec * 1000000000 + about.st_mtim.tv_nsec};
    return flush_folder(file->folder);
}

enum fault list_file_finish(struct list_file **finished, int64_t wall_ms, struct list **list,
                            struct list_origin *origin)
{
    struct list_file *file = *finished;
    *finished = NULL;
    *list = NULL;
    enum fault fault = write_buffer(file);
    if (fault == FAULT_NONE) fault = write_head(file, wall_ms);
    if (fault == FAULT_NONE) fault = list_open(file->entries, true, list);
    if (fault == FAULT_NONE) fault = read_back(file, *list);
    if (fault == FAULT_NONE) fault = take_place(file, origin);
    if (fault != FAULT_NONE) list_drop(list);
    list_file_drop(&file);
    return fault;
}

void list_file_drop(struct list_file **dropped)
{
    struct list_file *file = *dropped;
    *dropped = NULL;
    if (!file) return;
    if (file->fd >= 0) close(file->fd);
    if (file->fd >= 0 && file->half[0]) (void)unlink(file->half); /* half a list takes room that may be short */
    if (file->digest) digest_end(&file->digest, NULL);
    free(file);
}

void list_file_sweep(const char *ledger_path)
{
    char folder[LIST_FILE_PATH_MAX];
    DIR *entries = write_path(ledger_path, BYTES_NONE, "", folder, sizeof folder) ? opendir(folder) : NULL;
    const struct dirent *entry;
    while (entries && (entry = readdir(entries)) != NULL) {
        struct bytes name = bytes_of(entry->d_name), suffix = BYTES(HALF_SUFFIX);
        if (name.len > suffix.len && bytes_same(bytes_from(name, name.len - suffix.len), suffix))
            (void)unlinkat(dirfd(entries), entry->d_name, 0); /* what stays is written over, one day */
    }
    if (entries) closedir(entries);
}

/* --- reading --- */

int64_t list_file_put_ms(struct bytes bytes)
{
    return bytes.len >= HEAD_BYTES ? (int64_t)number_at(bytes.at + 8) : 0;
}

enum fault list_file_read(struct bytes bytes, struct list **list)
{
    struct digest digest;
    *list = NULL;
    if (bytes.len < HEAD_BYTES || !bytes_starts(bytes, BYTES(MARK))) return FAULT_INPUT;
    struct bytes entries = bytes_from(bytes, HEAD_BYTES);
    if (entries.len % 8 || number_at(bytes.at + 16) != entries.len / 8) return FAULT_INPUT;
    digest_of(&digest, &entries, 1);
    if (memcmp(digest.at, bytes.at + 24, DIGEST_LEN) != 0) return FAULT_INPUT;
    enum fault fault = list_open(entries.len / 8, true, list);
    for (size_t at = 0; at < entries.len && fault == FAULT_NONE; at += 8) list_put(*list, number_at(entries.at + at));
    return fault;
}
