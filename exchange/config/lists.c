/* A text is mapped, not read: only its hashes go into memory. */
#include "exchange/config/lists.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exchange/config/list_file.h"
#include "exchange/config/value.h"
#include "exchange/market/list_text.h"

struct mapped {
    struct bytes bytes;
    struct list_origin origin;
    int64_t changed_ms;
};

/* FAULT_NOT_FOUND, or FAULT_SYSTEM with errno. */
static enum fault map_file(const char *path, struct mapped *mapped)
{
    struct stat about;
    *mapped = (struct mapped){0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return errno == ENOENT ? FAULT_NOT_FOUND : FAULT_SYSTEM;
    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) {
        if (!S_ISREG(about.st_mode)) errno = EISDIR;
        close(fd);
        return FAULT_SYSTEM;
    }
    int64_t changed_ns = (int64_t)about.st_mtim.tv_sec * 1000000000 + about.st_mtim.tv_nsec;
    mapped->origin = (struct list_origin){(uint64_t)about.st_dev, (uint64_t)about.st_ino, (uint64_t)about.st_size,
                                          changed_ns};
    mapped->changed_ms = changed_ns / 1000000;
    if (about.st_size > 0) {
        void *at = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (at == MAP_FAILED) {
            close(fd);
            return FAULT_SYSTEM;
        }
        mapped->bytes = (struct bytes){at, (size_t)about.st_size};
    }
    close(fd);
    return FAULT_NONE;
}

static void unmap(struct mapped *mapped)
{
    if (mapped->bytes.len) munmap((void *)(uintptr_t)mapped->bytes.at, mapped->bytes.len);
    *mapped = (struct mapped){0};
}

/* --- out of a text --- */

static struct list *read_text(struct bytes text, const char *path, struct config_report *report)
{
    struct list_maker *maker = NULL;
    struct list *list = NULL;
    struct list_text_error error = {0, "out of memory"};
    bool good = list_begin(&maker) == FAULT_NONE && list_text_read(text, NULL, NULL, maker, &error);
    if (maker && list_finish(&maker, false, good ? &list : NULL) != FAULT_NONE) good = false;
    if (!good) config_report_add(report, true, path, (unsigned)error.line, error.line ? 1 : 0, "%s", error.text);
    return list;
}

static struct list *read_put(struct bytes bytes, const char *path, struct config_report *report)
{
    struct list *list = NULL;
    enum fault fault = list_file_read(bytes, &list);
    if (fault == FAULT_INPUT)
        config_report_add(report, true, path, 0, 0, "is damaged: remove it, and have its owner put the list again");
    else if (fault != FAULT_NONE)
        report->out_of_memory = true;
    return list;
}

/* --- one list --- */

static bool same_origin(const struct list_origin *a, const struct list_origin *b)
{
    return a->device == b->device && a->inode == b->inode && a->bytes == b->bytes && a->changed_ns == b->changed_ns;
}

/* The list as that file has it, or as it was read before. */
static struct list *take_file(const struct shelf *before, struct bytes name, const struct mapped *file,
                              const char *path, bool is_put_one, struct config_report *report)
{
    struct list_origin origin;
    struct list *kept = shelf_find(before, name, &origin);
    if (!kept || !same_origin(&origin, &file->origin))
        return (is_put_one ? read_put : read_text)(file->bytes, path, report);
    list_take(kept);
    return kept;
}

static struct list *nobody(struct config_report *report)
{
    return read_text(BYTES_NONE, "", report);
}

static bool map_text(const struct people_list *source, const char *folder, char *path, size_t room, struct mapped *text,
                     struct config_report *report)
{
    if (!source->file.len) return true;
    if (!value_path(folder, source->file, path, room)) {
        config_report_add(report, true, folder, 0, 0, "the path of list %.*s is too long", (int)source->name.len,
                          source->name.at);
        return false;
    }
    if (map_file(path, text) == FAULT_NONE) return true;
    config_report_add(report, true, path, 0, 0, "cannot be read: %s", strerror(errno));
    return false;
}

static bool read_one(const struct settings *settings, const char *folder, const struct people_list *source,
                     const struct shelf *before, struct shelf *into, struct config_report *report)
{
    char path[SETTINGS_PATH_MAX] = "", put[LIST_FILE_PATH_MAX] = "";
    struct mapped text = {0}, own = {0};
    struct list *list = NULL;
    if (!map_text(source, folder, path, sizeof path, &text, report)) return false;
    bool has_own = source->is_named && source->owner != LIST_NO_OWNER &&
                   list_file_path(settings->ledger_path, source->name, put, sizeof put) &&
                   map_file(put, &own) == FAULT_NONE;
    bool is_later = has_own && (!source->file.len || list_file_put_ms(own.bytes) > text.changed_ms);
    if (is_later)
        list = take_file(before, source->name, &own, put, true, report);
    else if (source->file.len)
        list = take_file(before, source->name, &text, path, false, report);
    else
        list = nobody(report);
    struct list_origin origin = is_later ? own.origin : text.origin;
    bool good = list && shelf_put(into, source->name, list, &origin) == FAULT_NONE;
    if (list && !good) report->out_of_memory = true;
    unmap(&text);
    unmap(&own);
    return good;
}

static void keep_serving(const struct catalogue *serving, const struct shelf *before, struct shelf *into)
{
    for (uint32_t i = 0; serving && i < serving->lists_count; i++) {
        struct list_origin origin;
        struct list *list = shelf_find(before, serving->lists[i].name, &origin);
        if (!list || shelf_find(into, serving->lists[i].name, NULL)) continue;
        list_take(list);
        if (shelf_put(into, serving->lists[i].name, list, &origin) != FAULT_NONE) return; /* as if reloaded twice */
    }
}

struct shelf *lists_read(const struct settings *settings, const struct catalogue *catalogue, const struct shelf *before,
                         const struct catalogue *serving, struct config_report *report)
{
    char folder[SETTINGS_PATH_MAX];
    const char *slash = strrchr(settings->file, '/');
    struct shelf *shelf = shelf_open();
    (void)value_path("", bytes_first(bytes_of(settings->file), slash ? (size_t)(slash - settings->file) : 0), folder,
                     sizeof folder); /* a part of what fits */
    if (slash == settings->file) memcpy(folder, "/", 2);
    if (!shelf) {
        report->out_of_memory = true;
        return NULL;
    }
    bool good = true;
    for (uint32_t i = 0; i < catalogue->lists_count; i++)
        good &= read_one(settings, folder, &catalogue->lists[i], before, shelf, report);
    if (good) keep_serving(serving, before, shelf);
    if (!good) shelf_drop(&shelf);
    return shelf;
}
