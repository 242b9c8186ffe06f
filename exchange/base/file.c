/* The size is asked first and then held to: a file that grows while it is read is cut at the size it had, one that
 * shrinks gives what was there. Devices and pipes are refused, so that nothing here can block without end. */
#include "exchange/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static enum fault fill(int descriptor, char *at, size_t size, size_t *len);

enum fault file_read(const char *path, size_t bytes_max, struct arena *arena, struct bytes *content)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) return errno == ENOENT || errno == ENOTDIR ? FAULT_NOT_FOUND : FAULT_SYSTEM;
    enum fault fault = FAULT_NONE;
    int error = 0;
    struct stat about;
    if (fstat(descriptor, &about) != 0) {
        error = errno;
        fault = FAULT_SYSTEM;
        goto done;
    }
    if (!S_ISREG(about.st_mode)) {
        fault = FAULT_INPUT;
        goto done;
    }
    if (about.st_size < 0 || (uint64_t)about.st_size > bytes_max) {
        fault = FAULT_TOO_LARGE;
        goto done;
    }
    size_t size = (size_t)about.st_size, len = 0;
    char *at = arena_take(arena, size + 1);
    if (!at) {
        fault = FAULT_MEMORY;
        goto done;
    }
    fault = fill(descriptor, at, size, &len);
    error = errno;
    at[len] = 0;
    if (fault == FAULT_NONE) *content = (struct bytes){at, len};
done:
    close(descriptor);
    errno = error;
    return fault;
}

static enum fault fill(int descriptor, char *at, size_t size, size_t *len)
{
    while (*len < size) {
        ssize_t got = read(descriptor, at + *len, size - *len);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return FAULT_SYSTEM;
        if (got == 0) break;
        *len += (size_t)got;
    }
    return FAULT_NONE;
}
