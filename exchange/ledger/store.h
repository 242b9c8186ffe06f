/* store: one LMDB environment with its named tables; the only file that speaks to LMDB. For this room only.
 *
 * Default durability, MDB_NOTLS, no DUPSORT, no nested transactions: what 0.9 does well. One writer thread per
 * environment, read transactions short, on any thread, one at a time each. An environment is opened once per process.
 *
 * Values found point into the map and are good until the transaction ends. Values over STORE_PART_MAX bytes are kept as
 * numbered parts (store_put_parts), so that no value needs a page of its own. */
#pragma once

#include "protocol/base/arena.h"
#include "protocol/base/fault.h"

#define STORE_TABLES_MAX 64
#define STORE_KEY_MAX 500 /* LMDB takes 511; a part's number needs four */
#define STORE_PART_MAX 1984

struct MDB_txn;
struct MDB_cursor;
struct store;

enum store_access {
    STORE_WRITE,   /* made if it is not there */
    STORE_READ,    /* FAULT_NOT_FOUND if it is not there; beside a live writer too */
    STORE_SCRATCH, /* to be thrown away: never flushed */
};

/* names[n] is table n. `folder` is made for STORE_WRITE and STORE_SCRATCH, its parent must be there. map_bytes 0 with
 * STORE_READ: as large as the writer's. FAULT_VERSION, FAULT_CORRUPT: not an environment this LMDB reads. */
enum fault store_open(const char *folder, const char *const *names, unsigned count, uint64_t map_bytes,
                      enum store_access access, struct store **store) MUST_USE;
void store_close(struct store **store);
/* A consistent copy of a store that was opened STORE_READ, into that folder, which is there and empty; flushed. In a
 * process that has it open for nothing else. */
enum fault store_copy(struct store *store, const char *folder) MUST_USE;
/* Frees the places of readers that died. */
void store_check_readers(struct store *store);
/* Pages ever used, and the map's size, in bytes. */
void store_size(struct store *store, uint64_t *used, uint64_t *max);

enum fault store_begin(struct store *store, bool write, struct MDB_txn **txn) MUST_USE;
/* After FAULT_DISK_FULL the store may be written again later; after any other fault it must not be. */
enum fault store_commit(struct MDB_txn **txn) MUST_USE;
void store_abort(struct MDB_txn **txn);

/* FAULT_NOT_FOUND: no such key. */
enum fault store_get(struct store *store, struct MDB_txn *txn, unsigned table, struct bytes key,
                     struct bytes *value) MUST_USE;
enum fault store_put(struct store *store, struct MDB_txn *txn, unsigned table, struct bytes key,
                     struct bytes value) MUST_USE;
/* A key that is not there is no fault. */
enum fault store_drop(struct store *store, struct MDB_txn *txn, unsigned table, struct bytes key) MUST_USE;
/* The lowest key, for the transaction that writes; FAULT_NOT_FOUND: the table is empty. */
enum fault store_first(struct store *store, struct MDB_txn *txn, unsigned table, struct bytes *key,
                       struct bytes *value) MUST_USE;
/* All keys. */
enum fault store_clear(struct store *store, struct MDB_txn *txn, unsigned table) MUST_USE;

/* `is_new`: there is nothing under that key yet, or less than STORE_PART_MAX bytes (what is left of a longer value is
 * then not looked for). */
enum fault store_put_parts(struct store *store, struct MDB_txn *txn, unsigned table, struct bytes key,
                           struct bytes value, bool is_new) MUST_USE;
/* All parts; a key that is not there is no fault. */
enum fault store_drop_parts(struct store *store, struct MDB_txn *txn, unsigned table, struct bytes key) MUST_USE;
/* One copy in the arena. FAULT_NOT_FOUND: not even a first part; FAULT_CORRUPT: a gap. */
enum fault store_get_parts(struct store *store, struct MDB_txn *txn, unsigned table, struct bytes key,
                           struct arena *arena, struct bytes *value) MUST_USE;

/* In the order of the keys. */
struct store_cursor {
    struct MDB_cursor *at;
    struct bytes key, value;
};
enum fault store_cursor_open(struct store *store, struct MDB_txn *txn, unsigned table,
                             struct store_cursor *cursor) MUST_USE;
void store_cursor_close(struct store_cursor *cursor);
/* The first key that is not below `key`; FAULT_NOT_FOUND: none. */
enum fault store_seek(struct store_cursor *cursor, struct bytes key) MUST_USE;
enum fault store_next(struct store_cursor *cursor) MUST_USE;
enum fault store_before(struct store_cursor *cursor) MUST_USE;
enum fault store_last(struct store_cursor *cursor) MUST_USE;

/* Key and value numbers. Keys are big-endian, so that they sort; values little-endian. */
void store_key_u32(char *at, uint32_t value);
void store_key_u64(char *at, uint64_t value);
uint32_t store_read_key_u32(const char *at);
uint64_t store_read_key_u64(const char *at);
void store_value_u32(char *at, uint32_t value);
void store_value_u64(char *at, uint64_t value);
uint32_t store_read_value_u32(const char *at);
uint64_t store_read_value_u64(const char *at);
