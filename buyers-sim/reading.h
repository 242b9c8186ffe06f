/* reading: values of a scenario into structs, by tables of keys. The first mistake ends it and is told with its place:
 * "demo.json: buyers[2].price.uniform: two prices are needed".
 *
 * Texts are copied into the arena, so what was read does not need the document any more. One thread. */
#pragma once

#include "protocol/codec/document.h"

#define READING_PATH_MAX 256
#define READING_NOTE_MAX 512

struct reading {
    struct arena *arena;
    const char *file;
    size_t path_len;
    char path[READING_PATH_MAX]; /* where we are: buyers[2].price */
    char note[READING_NOTE_MAX]; /* the mistake, once something returned false */
};

/* Reads `node` to `at`, whose type is the reader's business. */
typedef bool reading_reader(struct reading *reading, const struct node *node, void *at);

struct reading_key {
    const char *name;
    size_t offset; /* of what is read, in the struct given to reading_map */
    reading_reader *read;
};

struct reading reading_of(struct arena *arena, const char *file);
/* Always false. */
bool reading_fail(struct reading *reading, const char *format, ...) __attribute__((format(printf, 2, 3), cold));
/* Every member must be named in `keys`; each is read at its offset from `into`. */
bool reading_map(struct reading *reading, const struct node *node, const struct reading_key *keys, size_t count,
                 void *into);
/* Reads child number `index` of a list, with its place in the path. */
bool reading_item(struct reading *reading, const struct node *child, unsigned index, reading_reader *read, void *at);
/* Reads the member of that name if it is there. */
bool reading_member(struct reading *reading, const struct node *map, const char *name, reading_reader *read, void *at);

bool reading_text(struct reading *reading, const struct node *node, void *at);   /* struct bytes, NUL-terminated */
bool reading_money(struct reading *reading, const struct node *node, void *at);  /* int64_t micros, not negative */
bool reading_share(struct reading *reading, const struct node *node, void *at);  /* 0..1 -> int64_t ppm */
bool reading_ms(struct reading *reading, const struct node *node, void *at);     /* 0 or more -> int64_t µs */
bool reading_count(struct reading *reading, const struct node *node, void *at);  /* int64_t, 0 or more */
bool reading_switch(struct reading *reading, const struct node *node, void *at); /* bool -> int: 0 or 1 */
