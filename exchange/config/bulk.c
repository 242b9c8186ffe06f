/* A contract is read while market builds: what is cold by the time it is needed costs more than all the work on it. The
 * reading takes as long as the building, so each has a thread; a batch goes from one to the other under the mutex. */
#include "exchange/config/bulk.h"

#include <stdlib.h>

static void start(struct bulk *bulk);
static bool next_batch(struct bulk *bulk);
static void *read_ahead(void *arg);
static void fill(struct bulk *bulk, struct batch *batch);
static bool take_line(struct bulk *bulk, struct ndjson_line *line);
static bool make_room(struct bulk *bulk);

void bulk_open(struct bulk *bulk, const char *folder, struct config_report *report)
{
    *bulk = (struct bulk){.folder = folder, .report = report};
    for (unsigned i = 0; i < BULK_BATCHES; i++) batch_open(&bulk->batches[i]);
    pthread_mutex_init(&bulk->mutex, NULL);
    pthread_cond_init(&bulk->moved, NULL);
}

void bulk_close(struct bulk *bulk)
{
    if (bulk->has_thread) {
        pthread_mutex_lock(&bulk->mutex);
        bulk->is_left = true;
        pthread_cond_signal(&bulk->moved);
        pthread_mutex_unlock(&bulk->mutex);
        pthread_join(bulk->thread, NULL);
    }
    pthread_cond_destroy(&bulk->moved);
    pthread_mutex_destroy(&bulk->mutex);
    for (unsigned i = 0; i < BULK_BATCHES; i++) batch_close(&bulk->batches[i]);
    free(bulk->files);
    free(bulk->places);
}

static uint32_t count_lines(struct bytes content)
{
    uint32_t count = 0;
    while (content.len) {
        const char *end = memchr(content.at, '\n', content.len);
        count++;
        content = end ? bytes_from(content, (size_t)(end - content.at) + 1) : BYTES_NONE;
    }
    return count;
}

bool bulk_add(struct bulk *bulk, const char *path, struct bytes content)
{
    uint32_t file = TREE_NONE;
    if (!bulk->files) bulk->files = malloc(BULK_FILES_MAX * sizeof *bulk->files);
    for (unsigned i = 0; i < BULK_BATCHES && bulk->files; i++) {
        file = tree_file(&bulk->batches[i].tree, path); /* the same number in each */
        if (file == TREE_NONE) break;
    }
    if (file == TREE_NONE) {
        bulk->report->out_of_memory = true;
        return false;
    }
    config_report_mention(bulk->report, path);
    bulk->files[bulk->files_count++] = (struct bulk_file){.file = file, .rest = content};
    bulk->lines += count_lines(content);
    return true;
}

static struct batch *at_hand(const struct bulk *bulk)
{
    return (struct batch *)&bulk->batches[bulk->used % BULK_BATCHES];
}

const struct node *bulk_next(void *arg, bool *is_wrong)
{
    struct bulk *bulk = arg;
    if (!bulk->has_started) start(bulk);
    while (bulk->line < at_hand(bulk)->count || next_batch(bulk)) {
        struct batch *batch = at_hand(bulk);
        const struct batch_line *line = &batch->lines[bulk->line++];
        config_report_repeat(bulk->report, &batch->report, &bulk->told, &line->found);
        bulk->told = line->found;
        if (line->contract == TREE_NONE) {
            bulk->is_wrong = true;
            continue;
        }
        if (!make_room(bulk)) break;
        bulk->places[bulk->given++] = (struct bulk_place){line->file, line->number};
        *is_wrong = bulk->is_wrong;
        return &batch->tree.nodes[line->contract];
    }
    *is_wrong = bulk->is_wrong || bulk->report->out_of_memory;
    return NULL;
}

const struct tree *bulk_tree(const struct bulk *bulk)
{
    return &at_hand(bulk)->tree;
}

void bulk_finish(struct bulk *bulk)
{
    bool is_wrong;
    while (bulk_next(bulk, &is_wrong)) {
    }
}

void bulk_complain(struct bulk *bulk, const struct node *where, bool is_error, const char *text)
{
    const struct tree *tree = bulk_tree(bulk);
    if (tree_has(tree, where)) {
        const struct tree_place *place = tree_place(tree, where);
        config_report_add(bulk->report, is_error, tree->files[place->file], place->line, place->col, "%s", text);
    } else if (where->at < bulk->given) {
        const struct bulk_place *place = &bulk->places[where->at];
        config_report_add(bulk->report, is_error, tree->files[place->file], place->line, 1, "%s", text);
    }
}

/* Without a thread, because there is little to read or none is to be had, batches are filled when they are needed. */
static void start(struct bulk *bulk)
{
    bulk->has_started = true;
    if (bulk->lines > BULK_ALONE_MAX) bulk->has_thread = pthread_create(&bulk->thread, NULL, read_ahead, bulk) == 0;
    if (!bulk->has_thread) {
        fill(bulk, at_hand(bulk));
        return;
    }
    pthread_mutex_lock(&bulk->mutex);
    while (bulk->filled == 0 && !bulk->has_ended) pthread_cond_wait(&bulk->moved, &bulk->mutex);
    pthread_mutex_unlock(&bulk->mutex);
}

/* Gives the one at hand back. False: there is no other. */
static bool next_batch(struct bulk *bulk)
{
    bulk->line = 0;
    bulk->told = (struct config_report_count){0};
    if (!bulk->has_thread) {
        fill(bulk, at_hand(bulk));
        return at_hand(bulk)->count > 0;
    }
    pthread_mutex_lock(&bulk->mutex);
    if (bulk->used < bulk->filled) bulk->used++;
    pthread_cond_signal(&bulk->moved);
    while (bulk->used == bulk->filled && !bulk->has_ended) pthread_cond_wait(&bulk->moved, &bulk->mutex);
    bool has_one = bulk->used < bulk->filled;
    pthread_mutex_unlock(&bulk->mutex);
    return has_one;
}

static void *read_ahead(void *arg)
{
    struct bulk *bulk = arg;
    bool goes_on = true;
    while (goes_on) {
        pthread_mutex_lock(&bulk->mutex);
        while (bulk->filled - bulk->used == BULK_BATCHES && !bulk->is_left)
            pthread_cond_wait(&bulk->moved, &bulk->mutex);
        goes_on = !bulk->is_left;
        struct batch *batch = &bulk->batches[bulk->filled % BULK_BATCHES];
        pthread_mutex_unlock(&bulk->mutex);
        if (!goes_on) break;
        fill(bulk, batch);
        goes_on = batch->count > 0;
        pthread_mutex_lock(&bulk->mutex);
        bulk->filled += goes_on;
        bulk->has_ended = !goes_on;
        pthread_cond_signal(&bulk->moved);
        pthread_mutex_unlock(&bulk->mutex);
    }
    return NULL;
}

static void fill(struct bulk *bulk, struct batch *batch)
{
    struct ndjson_line line;
    batch_clear(batch);
    while (!batch_is_full(batch) && take_line(bulk, &line))
        bulk->good += batch_add(batch, &line, bulk->folder, bulk->good);
}

/* Empty ones are passed over. */
static bool take_line(struct bulk *bulk, struct ndjson_line *line)
{
    for (; bulk->at < bulk->files_count; bulk->at++) {
        struct bulk_file *file = &bulk->files[bulk->at];
        while (file->rest.len) {
            file->rest = bytes_split(file->rest, '\n', &line->text);
            line->number = ++file->line;
            line->file = file->file;
            if (line->text.len && line->text.at[line->text.len - 1] == '\r') line->text.len--;
            if (line->text.len) return true;
        }
    }
    return false;
}

static bool make_room(struct bulk *bulk)
{
    if (!bulk->places) bulk->places = malloc((bulk->lines + 1) * sizeof *bulk->places);
    if (!bulk->places) bulk->report->out_of_memory = true;
    return bulk->places != NULL;
}
