/* bulk: contracts out of NDJSON files, one after the other, each checked and with its defaults, and forgotten when the
 * next is read: so a hundred thousand of them need the memory of one. One thread. */
#pragma once

#include "exchange/config/tree.h"

#define BULK_FILES_MAX TREE_FILES_MAX

struct bulk_file {
    uint32_t file; /* in the tree */
    struct bytes rest;
    uint32_t line;
};

struct bulk {
    const char *folder;
    struct config_report *report;
    struct tree tree;     /* of the line at hand */
    struct arena scratch; /* of its reading */
    struct bulk_file *files;
    uint32_t files_count, at, lines;
    struct bulk_place {
        uint32_t file, line;
    } * places; /* of the contracts given out, by their number */
    uint32_t given;
    bool is_wrong;
};

/* `folder`: of the settings file; both must live as long. */
void bulk_open(struct bulk *bulk, const char *folder, struct config_report *report);
void bulk_close(struct bulk *bulk);
/* The content must live as long. False: memory is out (reported). */
bool bulk_add(struct bulk *bulk, const char *path, struct bytes content);
/* catalogue_source.next_bulk; `arg` is the bulk. Every node has the contract's number in `at`. */
const struct node *bulk_next(void *arg, bool *is_wrong);
/* Reads on to the end, for what there is to tell. */
void bulk_finish(struct bulk *bulk);
/* A finding about a contract that was given out: with its column while it is the one at hand, else at its line. */
void bulk_complain(struct bulk *bulk, const struct node *where, bool is_error, const char *text);
