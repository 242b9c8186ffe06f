/* list_file: what an owner has put by the API, in a file beside the book: bare entries, keyed.
 *
 *   "OCLIST1\n" | put at, wall ms (8) | entries (8) | SHA-256 of the entries (32) | entries (8 each)
 *
 * little-endian; an entry may stand there twice. It is written as its text comes, beside the old one, and renamed over
 * it when it is whole: so it is the old or the new one whatever happens, and no more of it is in memory than the list
 * that is to serve. Blocking: never on a loop's thread but main's. */
#pragma once

#include "exchange/config/settings.h"
#include "exchange/standing/list.h"

#define LIST_FILE_FOLDER "lists" /* in the ledger's folder */
#define LIST_FILE_PATH_MAX (SETTINGS_PATH_MAX + 128)

struct list_file;

/* `number` tells files apart that are written at the same time. FAULT_DISK, FAULT_DISK_FULL, FAULT_MEMORY,
 * FAULT_TOO_LARGE (the path). */
enum fault list_file_begin(const char *ledger_path, struct bytes name, unsigned number,
                           struct list_file **file) MUST_USE;
/* FAULT_FULL: LIST_ENTRIES_MAX. */
enum fault list_file_add(struct list_file *file, uint64_t entry) MUST_USE;
/* Takes the old one's place, durable when it returns. *list (keyed) is what serves from now on, *origin that of the
 * file. Ends it either way; a fault leaves the old one. */
enum fault list_file_finish(struct list_file **file, int64_t wall_ms, struct list **list,
                            struct list_origin *origin) MUST_USE;
/* Gives it up. */
void list_file_drop(struct list_file **file);
/* Takes away what a process that was killed left half written. At start, before anything is put. */
void list_file_sweep(const char *ledger_path);

/* False: it does not fit. */
bool list_file_path(const char *ledger_path, struct bytes name, char *path, size_t room);
/* When it was put; 0: it is damaged. */
int64_t list_file_put_ms(struct bytes bytes);
/* FAULT_INPUT: damaged. */
enum fault list_file_read(struct bytes bytes, struct list **list) MUST_USE;
