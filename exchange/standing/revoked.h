/* revoked: the people who are not to be sold any more, by keyed hashes, process-wide. Only ever grows. Any thread looks
 * without a lock; adding takes one. The book has them too; a start fills them in again. */
#pragma once

#include "exchange/record/person.h"
#include "protocol/base/fault.h"

struct revoked;

/* NULL: memory is out. */
struct revoked *revoked_open(void);
void revoked_close(struct revoked **revoked);
/* FAULT_MEMORY: not added. */
enum fault revoked_add(struct revoked *revoked, const struct person_key *key) MUST_USE;
bool revoked_is_empty(const struct revoked *revoked);
bool revoked_has(const struct revoked *revoked, const struct person_keys *keys);
