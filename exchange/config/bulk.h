/* bulk: contracts out of NDJSON files, one after the other, each checked and with its defaults, and forgotten soon
 * after the next is read: so a hundred thousand of them need the memory of a few.
 *
 *   lines -> | batch | batch | batch | batch | -> contracts
 *   a thread of its own reads and checks ahead    the caller's builds
 *
 * What is given out and told, and its order, are those of one thread. The caller's thread, all of it. */
#pragma once

#include <pthread.h>

#include "exchange/config/batch.h"

#define BULK_FILES_MAX TREE_FILES_MAX
#define BULK_BATCHES 4u      /* how far the reading may be ahead */
#define BULK_ALONE_MAX 1000u /* lines that are not worth a thread */

struct bulk_file {
    uint32_t file; /* in each batch's tree */
    struct bytes rest;
    uint32_t line;
};

struct bulk {
    const char *folder;
    struct config_report *report;
    struct batch batches[BULK_BATCHES];
    struct config_report_count told; /* of the batch at hand's report */
    uint32_t line;                   /* the next of the batch at hand */
    uint32_t lines;
    struct bulk_place {
        uint32_t file, line;
    } * places; /* of the contracts given out, by their number */
    uint32_t given;
    bool has_started, has_thread, is_wrong;
    /* Of who reads: the thread, where there is one. */
    struct bulk_file *files;
    uint32_t files_count, at;
    uint32_t good; /* contracts read */
    /* Between the two. */
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t moved;  /* one of the following has changed */
    uint32_t filled, used; /* batches: those between are the caller's */
    bool has_ended, is_left;
};

/* `folder`: of the settings file; both must live as long. It must stay where it is. */
void bulk_open(struct bulk *bulk, const char *folder, struct config_report *report);
void bulk_close(struct bulk *bulk);
/* Before the first bulk_next. The content must live as long. False: memory is out (reported). */
bool bulk_add(struct bulk *bulk, const char *path, struct bytes content);
/* catalogue_source.next_bulk; `arg` is the bulk. Every node has the contract's number in `at`. */
const struct node *bulk_next(void *arg, bool *is_wrong);
/* The tree in which the contract at hand stands. */
const struct tree *bulk_tree(const struct bulk *bulk);
/* Reads on to the end, for what there is to tell. */
void bulk_finish(struct bulk *bulk);
/* A finding about a contract that was given out: with its column while it is in the batch at hand, else at its line. */
void bulk_complain(struct bulk *bulk, const struct node *where, bool is_error, const char *text);
