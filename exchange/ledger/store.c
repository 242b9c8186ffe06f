/* LMDB's errors become faults here, in one place: what only says "full" can be tried again, everything else met while
 * committing is a failed disk.
 *
 * What is written goes through one cursor a table, open as long as its transaction: most rows go where the last one
 * went, or to one just looked up, and a cursor that stands on that page need not come down the tree again.
 *
 * Parts of a value stand under its key and a number: key | 0, key | 1, …  Keys of one table are all of one length
 * wherever parts are used, so no key is another's beginning. */
#include "exchange/ledger/store.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/base/check.h"

#define FOLDER_MODE 0700
#define FILE_MODE 0600
#define LOCK_BYTES 8192 /* of the lock file: LMDB's 126 readers of 64 bytes and its own head, whole pages */
#define PATH_ROOM 4200

#define NO_TABLE ((MDB_dbi)-1)

struct store {
    MDB_env *env;
    _Atomic(struct MDB_txn *) writing;     /* the one transaction that writes; NULL: none does */
    MDB_cursor *cursors[STORE_TABLES_MAX]; /* its own; LMDB closes them when it ends */
    MDB_dbi tables[STORE_TABLES_MAX];
    size_t page_bytes;
};

static enum fault settle_lock(const char *folder);
static enum fault open_tables(struct store *store, const char *const *names, unsigned count, bool make);
static enum fault drop_from(struct store *store, struct MDB_txn *txn, unsigned table, struct bytes part_key,
                            uint32_t from);

static enum fault fault_of(int code)
{
    switch (code) {
    case MDB_SUCCESS:
        return FAULT_NONE;
    case MDB_NOTFOUND:
    case ENOENT:
        return FAULT_NOT_FOUND;
    case MDB_MAP_FULL:
    case MDB_TXN_FULL:
    case ENOSPC:
    case EDQUOT:
        return FAULT_DISK_FULL;
    case ENOMEM:
        return FAULT_MEMORY;
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
        return FAULT_CORRUPT;
    case MDB_VERSION_MISMATCH:
        return FAULT_VERSION;
    case EACCES:
    case EPERM:
    case EROFS:
        return FAULT_SYSTEM;
    case EMFILE:
    case ENFILE:
        return FAULT_DESCRIPTORS;
    default:
        return FAULT_DISK;
    }
}

static MDB_val val_of(struct bytes bytes)
{
    return (MDB_val){bytes.len, (void *)(uintptr_t)bytes.at};
}

static struct bytes bytes_of_val(MDB_val val)
{
    return (struct bytes){val.mv_data, val.mv_size};
}

enum fault store_open(const char *folder, const char *const *names, unsigned count, uint64_t map_bytes,
                      enum store_access access, struct store **store)
{
    static const unsigned flags[] = {[STORE_WRITE] = MDB_NOTLS,
                                     [STORE_READ] = MDB_NOTLS | MDB_RDONLY,
                                     [STORE_SCRATCH] = MDB_NOTLS | MDB_NOSYNC | MDB_NOLOCK};
    check(count <= STORE_TABLES_MAX, "%u tables", count);
    if (access != STORE_READ && mkdir(folder, FOLDER_MODE) != 0 && errno != EEXIST) return fault_of(errno);
    enum fault fault = access == STORE_WRITE ? settle_lock(folder) : FAULT_NONE;
    if (fault != FAULT_NONE) return fault;
    struct store *made = calloc(1, sizeof *made);
    if (!made) return FAULT_MEMORY;
    fault = fault_of(mdb_env_create(&made->env));
    if (fault != FAULT_NONE) goto fail;
    mdb_env_set_userctx(made->env, made);
    mdb_env_set_maxdbs(made->env, STORE_TABLES_MAX);
    if (map_bytes) fault = fault_of(mdb_env_set_mapsize(made->env, (map_bytes + 65535) & ~UINT64_C(65535)));
    if (fault != FAULT_NONE) goto fail;
    int code = mdb_env_open(made->env, folder, flags[access], FILE_MODE);
    if (code == EROFS && access == STORE_READ) { /* a copy on a medium nobody can write: no lock file, no writer */
        mdb_env_close(made->env);
        fault = fault_of(mdb_env_create(&made->env));
        if (fault != FAULT_NONE) goto fail;
        mdb_env_set_userctx(made->env, made);
        mdb_env_set_maxdbs(made->env, STORE_TABLES_MAX);
        code = mdb_env_open(made->env, folder, MDB_NOTLS | MDB_RDONLY | MDB_NOLOCK, FILE_MODE);
    }
    fault = fault_of(code);
    if (fault == FAULT_NONE) fault = open_tables(made, names, count, access != STORE_READ);
    if (fault != FAULT_NONE) goto fail;
    *store = made;
    return FAULT_NONE;
fail:
    if (made->env) mdb_env_close(made->env);
    free(made);
    return fault;
}

/* LMDB makes its lock file by truncation, maps it and writes: where the disk has no room for that page the process gets
 * a SIGBUS, not an error. Here the room is asked for first. */
static enum fault settle_lock(const char *folder)
{
    char path[PATH_ROOM];
    if ((size_t)snprintf(path, sizeof path, "%s/lock.mdb", folder) >= sizeof path) return FAULT_INPUT;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
    if (fd < 0) return fault_of(errno);
    int code = posix_fallocate(fd, 0, LOCK_BYTES);
    close(fd);
    return fault_of(code);
}

static enum fault open_tables(struct store *store, const char *const *names, unsigned count, bool make)
{
    MDB_txn *txn;
    MDB_stat stat;
    int code = mdb_txn_begin(store->env, NULL, make ? 0 : MDB_RDONLY, &txn);
    if (code) return fault_of(code);
    for (unsigned i = 0; i < count && !code; i++) {
        code = mdb_dbi_open(txn, names[i], make ? MDB_CREATE : 0, &store->tables[i]);
        if (code != MDB_NOTFOUND || make || i == 0) continue;
        store->tables[i] = NO_TABLE; /* of an older program's: nothing is in it */
        code = 0;
    }
    if (code) {
        mdb_txn_abort(txn);
        return fault_of(code);
    }
    code = mdb_txn_commit(txn);
    if (!code) code = mdb_env_stat(store->env, &stat);
    if (!code) store->page_bytes = stat.ms_psize;
    return fault_of(code);
}

void store_close(struct store **store)
{
    struct store *gone = *store;
    *store = NULL;
    if (!gone) return;
    mdb_env_close(gone->env);
    free(gone);
}

enum fault store_copy(struct store *store, const char *folder)
{
    return fault_of(mdb_env_copy2(store->env, folder, MDB_CP_COMPACT));
}

void store_check_readers(struct store *store)
{
    int dead;
    mdb_reader_check(store->env, &dead); /* can only fail on a broken lock file, which the next begin reports */
}

void store_size(struct store *store, uint64_t *used, uint64_t *max)
{
    MDB_envinfo info;
    check(mdb_env_info(store->env, &info) == 0);
    *used = (info.me_last_pgno + 1) * store->page_bytes;
    *max = info.me_mapsize;
}

enum fault store_begin(struct store *store, bool write, struct MDB_txn **txn)
{
    enum fault fault = fault_of(mdb_txn_begin(store->env, NULL, write ? 0 : MDB_RDONLY, txn));
    if (fault != FAULT_NONE || !write) return fault;
    memset(store->cursors, 0, sizeof store->cursors);
    atomic_store_explicit(&store->writing, *txn, memory_order_relaxed);
    return FAULT_NONE;
}

static bool is_writing(struct store *store, const struct MDB_txn *txn)
{
    return atomic_load_explicit(&store->writing, memory_order_relaxed) == txn;
}

/* Before it is gone: another may get its place in memory. */
static void end_writing(struct MDB_txn *txn)
{
    struct store *store = mdb_env_get_userctx(mdb_txn_env(txn));
    if (is_writing(store, txn)) atomic_store_explicit(&store->writing, NULL, memory_order_relaxed);
}

/* Of the transaction that writes. */
static int cursor_of(struct store *store, struct MDB_txn *txn, unsigned table, MDB_cursor **cursor)
{
    check(is_writing(store, txn), "table %u is written by a reader", table);
    int code = store->cursors[table] ? 0 : mdb_cursor_open(txn, store->tables[table], &store->cursors[table]);
    *cursor = store->cursors[table];
    return code;
}

enum fault store_commit(struct MDB_txn **txn)
{
    struct MDB_txn *gone = *txn;
    *txn = NULL;
    end_writing(gone);
    enum fault fault = fault_of(mdb_txn_commit(gone));
    return fault == FAULT_NONE || fault == FAULT_DISK_FULL ? fault : FAULT_DISK;
}

void store_abort(struct MDB_txn **txn)
{
    if (*txn) {
        end_writing(*txn);
        mdb_txn_abort(*txn);
    }
    *txn = NULL;
}

enum fault store_get(struct store *store, struct MDB_txn *txn, unsigned table, struct bytes key, struct bytes *value)
{
    MDB_val wanted = val_of(key), found = {0, NULL};
    if (store->tables[table] == NO_TABLE) return FAULT_NOT_FOUND;
    MDB_cursor *cursor;
    int code;
    if (!is_writing(store, txn)) {
        code = mdb_get(txn, store->tables[table], &wanted, &found);
    } else {
        code = cursor_of(store, txn, table, &cursor);
        if (!code) code = mdb_cursor_get(cursor, &wanted, &found, MDB_SET);
    }
    if (!code) *value = bytes_of_val(found);
    return fault_of(code);
}

enum fault store_put(struct store *store, struct MDB_txn *txn, unsigned table, struct bytes key, struct bytes value)
{
    MDB_val at = val_of(key), content = val_of(value);
    MDB_cursor *cursor;
    int code = cursor_of(store, txn, table, &cursor);
    return fault_of(code ? code : mdb_cursor_put(cursor, &at, &content, 0));
}

enum fault store_drop(struct store *store, struct MDB_txn *txn, unsigned table, struct bytes key)
{
    MDB_val at = val_of(key);
    int code = mdb_del(txn, store->tables[table], &at, NULL);
    return code == MDB_NOTFOUND ? FAULT_NONE : fault_of(code);
}

enum fault store_first(struct store *store, struct MDB_txn *txn, unsigned table, struct bytes *key, struct bytes *value)
{
    MDB_val at = {0, NULL}, content = {0, NULL};
    MDB_cursor *cursor;
    int code = cursor_of(store, txn, table, &cursor);
    if (!code) code = mdb_cursor_get(cursor, &at, &content, MDB_FIRST);
    *key = bytes_of_val(at);
    *value = bytes_of_val(content);
    return fault_of(code);
}

enum fault store_clear(struct store *store, struct MDB_txn *txn, unsigned table)
{
    return fault_of(mdb_drop(txn, store->tables[table], 0));
}

/* --- parts --- */

enum fault store_put_parts(struct store *store, struct MDB_txn *txn, unsigned table, struct bytes key,
                           struct bytes value, bool is_new)
{
    char memory[STORE_KEY_MAX + 4];
    check(key.len <= STORE_KEY_MAX, "%zu bytes", key.len);
    memcpy(memory, key.at, key.len);
    struct bytes part_key = {memory, key.len + 4}, rest = value;
    uint32_t number = 0;
    do {
        store_key_u32(memory + key.len, number++);
        enum fault fault = store_put(store, txn, table, part_key, bytes_first(rest, STORE_PART_MAX));
        if (fault != FAULT_NONE) return fault;
        rest = bytes_from(rest, STORE_PART_MAX);
    } while (rest.len);
    return is_new ? FAULT_NONE : drop_from(store, txn, table, part_key, number);
}

/* part_key's memory is overwritten with the numbers looked for. */
static enum fault drop_from(struct store *store, struct MDB_txn *txn, unsigned table, struct bytes part_key,
                            uint32_t from)
{
    char *memory = (char *)(uintptr_t)part_key.at;
    for (uint32_t number = from;; number++) {
        struct bytes unused;
        store_key_u32(memory + part_key.len - 4, number);
        enum fault fault = store_get(store, txn, table, part_key, &unused);
        if (fault == FAULT_NOT_FOUND) return FAULT_NONE;
        if (fault == FAULT_NONE) fault = store_drop(store, txn, table, part_key);
        if (fault != FAULT_NONE) return fault;
    }
}

enum fault store_drop_parts(struct store *store, struct MDB_txn *txn, unsigned table, struct bytes key)
{
    char memory[STORE_KEY_MAX + 4];
    check(key.len <= STORE_KEY_MAX, "%zu bytes", key.len);
    memcpy(memory, key.at, key.len);
    return drop_from(store, txn, table, (struct bytes){memory, key.len + 4}, 0);
}

/* Two walks: one for the length, one for the copy. Nearly every value is one part, which shows by its length: only
 * whole parts have another after them. */
enum fault store_get_parts(struct store *store, struct MDB_txn *txn, unsigned table, struct bytes key,
                           struct arena *arena, struct bytes *value)
{
    char memory[STORE_KEY_MAX + 4];
    check(key.len <= STORE_KEY_MAX, "%zu bytes", key.len);
    memcpy(memory, key.at, key.len);
    struct bytes part_key = {memory, key.len + 4}, part = BYTES_NONE;
    size_t len = 0, used = 0;
    uint32_t parts = 0;
    for (enum fault fault = FAULT_NONE;; parts++) {
        store_key_u32(memory + key.len, parts);
        fault = store_get(store, txn, table, part_key, &part);
        if (fault == FAULT_NOT_FOUND) break;
        if (fault != FAULT_NONE) return fault;
        if (part.len > STORE_PART_MAX) return FAULT_CORRUPT;
        len += part.len;
        if (part.len == STORE_PART_MAX) continue;
        parts++;
        break;
    }
    if (parts == 0) return FAULT_NOT_FOUND;
    if (parts == 1) {
        *value = arena_copy(arena, part);
        return value->at ? FAULT_NONE : FAULT_MEMORY;
    }
    char *copy = arena_take(arena, len ? len : 1);
    if (!copy) return FAULT_MEMORY;
    for (uint32_t number = 0; number < parts; number++, used += part.len) {
        store_key_u32(memory + key.len, number);
        enum fault fault = store_get(store, txn, table, part_key, &part);
        if (fault != FAULT_NONE) return fault;
        memcpy(copy + used, part.at, part.len);
    }
    *value = (struct bytes){copy, len};
    return FAULT_NONE;
}

/* --- cursors --- */

enum fault store_cursor_open(struct store *store, struct MDB_txn *txn, unsigned table, struct store_cursor *cursor)
{
    *cursor = (struct store_cursor){0};
    if (store->tables[table] == NO_TABLE) return FAULT_NONE;
    return fault_of(mdb_cursor_open(txn, store->tables[table], &cursor->at));
}

void store_cursor_close(struct store_cursor *cursor)
{
    if (cursor->at) mdb_cursor_close(cursor->at);
    cursor->at = NULL;
}

static enum fault step(struct store_cursor *cursor, MDB_val key, MDB_cursor_op way)
{
    MDB_val value = {0, NULL};
    if (!cursor->at) return FAULT_NOT_FOUND;
    int code = mdb_cursor_get(cursor->at, &key, &value, way);
    if (code) return fault_of(code);
    cursor->key = bytes_of_val(key);
    cursor->value = bytes_of_val(value);
    return FAULT_NONE;
}

enum fault store_seek(struct store_cursor *cursor, struct bytes key)
{
    return key.len ? step(cursor, val_of(key), MDB_SET_RANGE) : step(cursor, (MDB_val){0, NULL}, MDB_FIRST);
}

enum fault store_next(struct store_cursor *cursor)
{
    return step(cursor, (MDB_val){0, NULL}, MDB_NEXT);
}

enum fault store_before(struct store_cursor *cursor)
{
    return step(cursor, (MDB_val){0, NULL}, MDB_PREV);
}

enum fault store_last(struct store_cursor *cursor)
{
    return step(cursor, (MDB_val){0, NULL}, MDB_LAST);
}

/* --- numbers --- */

void store_key_u32(char *at, uint32_t value)
{
    value = htobe32(value);
    memcpy(at, &value, sizeof value);
}

void store_key_u64(char *at, uint64_t value)
{
    value = htobe64(value);
    memcpy(at, &value, sizeof value);
}

uint32_t store_read_key_u32(const char *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return be32toh(value);
}

uint64_t store_read_key_u64(const char *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return be64toh(value);
}

void store_value_u32(char *at, uint32_t value)
{
    value = htole32(value);
    memcpy(at, &value, sizeof value);
}

uint32_t store_read_value_u32(const char *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return le32toh(value);
}

void store_value_u64(char *at, uint64_t value)
{
    value = htole64(value);
    memcpy(at, &value, sizeof value);
}

uint64_t store_read_value_u64(const char *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return le64toh(value);
}
