/* list: a set of people's hashes, millions of them; and the shelf that holds the lists that serve now, by name. Both
 * are immutable once made, and counted: any thread may look things up in what it holds a count of. A list is replaced
 * by a new shelf, which shares all others with the one before. */
#pragma once

#include "protocol/base/bytes.h"
#include "protocol/base/fault.h"
#include "protocol/crypto/digest.h"

#define LIST_ENTRIES_MAX (UINT64_C(1) << 28)
#define SHELF_LISTS_MAX 256u

/* Eight bytes of a hash are kept: among five million entries a stranger is taken for one of them once in 3.7e12 looks.
 */
uint64_t list_entry(const struct digest *digest);

struct list;
struct list_maker;

enum fault list_begin(struct list_maker **maker) MUST_USE;
/* FAULT_FULL: LIST_ENTRIES_MAX. */
enum fault list_add(struct list_maker *maker, uint64_t entry) MUST_USE;
/* Ends the maker either way. `is_keyed`: its entries are keyed hashes, else plain ones. `list` NULL: given up. */
enum fault list_finish(struct list_maker **maker, bool is_keyed, struct list **list) MUST_USE;

/* Of entries whose number is known before: at most `entries_max` list_put, before it is shared. */
enum fault list_open(uint64_t entries_max, bool is_keyed, struct list **list) MUST_USE;
void list_put(struct list *list, uint64_t entry);

void list_take(struct list *list);
void list_drop(struct list **list);
bool list_has(const struct list *list, uint64_t entry);
bool list_is_keyed(const struct list *list);
uint64_t list_count(const struct list *list);
/* Each entry once, in no order. */
void list_each(const struct list *list, void (*fn)(void *arg, uint64_t entry), void *arg);

/* Where a list came from: as long as a file is the same, it need not be read again. */
struct list_origin {
    uint64_t device, inode, bytes;
    int64_t changed_ns;
};

struct shelf;

/* An empty one; NULL: memory is out. */
struct shelf *shelf_open(void);
/* Before it is shared. Takes over the caller's count; a list of that name is replaced. Copies the name. */
enum fault shelf_put(struct shelf *shelf, struct bytes name, struct list *list,
                     const struct list_origin *origin) MUST_USE;
/* All lists of another one. */
enum fault shelf_copy(struct shelf *shelf, const struct shelf *from) MUST_USE;
/* Nobody else holds it: dropping it frees what no other shelf shares. */
bool shelf_is_last(const struct shelf *shelf);
void shelf_take(struct shelf *shelf);
void shelf_drop(struct shelf **shelf);
/* NULL: no list of that name. *origin (may be NULL) as it was put. */
struct list *shelf_find(const struct shelf *shelf, struct bytes name, struct list_origin *origin);
