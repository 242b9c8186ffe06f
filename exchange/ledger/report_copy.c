/* LMDB copies what one read transaction sees, page by page, while a live exchange goes on; pages that nobody needs any
 * more are left behind. A compact copy gives every page a number of its own, so the exchange's file is only read. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exchange/ledger/journal.h"
#include "exchange/ledger/report.h"

#define PATH_ROOM 4096

static enum fault make_folder(const char *path)
{
    if (mkdir(path, 0700) == 0) return FAULT_NONE;
    return errno == EEXIST ? FAULT_TAKEN : FAULT_SYSTEM;
}

/* The copy's own bytes were flushed by whoever wrote them; its names are flushed here. */
static enum fault flush_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return FAULT_SYSTEM;
    int code = fsync(fd);
    close(fd);
    return code == 0 ? FAULT_NONE : FAULT_DISK;
}

enum fault report_copy(const char *path, const char *to)
{
    char folder[PATH_ROOM], target[PATH_ROOM];
    struct store *book = NULL;
    if ((size_t)snprintf(folder, sizeof folder, "%s/book", path) >= sizeof folder) return FAULT_INPUT;
    if ((size_t)snprintf(target, sizeof target, "%s/book", to) >= sizeof target) return FAULT_INPUT;
    enum fault fault = store_open(folder, journal_tables, BOOK_TABLES_COUNT, 0, STORE_READ, &book);
    if (fault == FAULT_NONE) fault = make_folder(to);
    if (fault == FAULT_NONE) fault = make_folder(target);
    if (fault == FAULT_NONE) fault = store_copy(book, target);
    if (fault == FAULT_NONE) fault = flush_folder(target);
    if (fault == FAULT_NONE) fault = flush_folder(to);
    store_close(&book);
    return fault;
}
