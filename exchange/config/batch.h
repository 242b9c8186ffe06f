/* batch: some lines of NDJSON, each read, checked and with its defaults, with a tree and a report of their own: so one
 * thread can fill it while another reads the one before. A batch belongs to one thread at a time. */
#pragma once

#include "exchange/config/ndjson.h"

#define BATCH_LINES_MAX 16u
#define BATCH_NODES_MAX 16384u    /* a batch that has as many takes no other line */
#define BATCH_SCRATCH_MAX 1048576 /* the same, bytes */

struct batch_line {
    uint32_t file, number;
    uint32_t contract;                /* in the tree; TREE_NONE: it is wrong, and the report tells why */
    struct config_report_count found; /* in the report when this line was done */
};

struct batch {
    struct config_report report;
    struct tree tree;
    struct arena scratch; /* keys stand there */
    struct batch_line lines[BATCH_LINES_MAX];
    uint32_t count;
};

/* It must stay where it is. */
void batch_open(struct batch *batch);
void batch_close(struct batch *batch);
/* Lets go of what it held; files stay. */
void batch_clear(struct batch *batch);
bool batch_is_full(const struct batch *batch);
/* Reads the line, a contract, as that of `number`: every node of it has it in `at`. False: it is wrong. `folder` as in
 * checker_run. Not into a full one (checked). */
bool batch_add(struct batch *batch, const struct ndjson_line *line, const char *folder, uint32_t number);
