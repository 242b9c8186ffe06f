/* Names come from files an operator wrote, but perhaps out of a partner's mail: a name that could leave the folder
 * ("../", "/etc") is refused by its letters, before any path is made. */
#include "exchange/base/zonefile.h"

#include <ctype.h>
#include <stdlib.h>

#include "exchange/base/file.h"

#define FOLDER "/usr/share/zoneinfo"
#define PATH_BYTES_MAX 1024

bool zonefile_is_name(struct bytes name)
{
    if (name.len == 0 || name.len > ZONEFILE_NAME_MAX) return false;
    bool part_open = false;
    for (size_t i = 0; i < name.len; i++) {
        unsigned char one = (unsigned char)name.at[i];
        if (one == '/' && !part_open) return false;
        if (one != '/' && !isalnum(one) && one != '_' && one != '+' && one != '-') return false;
        part_open = one != '/';
    }
    return part_open;
}

enum fault zonefile_read(struct bytes name, struct arena *arena, struct bytes *file)
{
    if (!zonefile_is_name(name)) return FAULT_INPUT;
    const char *folder = getenv("TZDIR");
    if (!folder || !*folder) folder = FOLDER;
    char path[PATH_BYTES_MAX];
    struct sink sink = sink_over(path, sizeof path);
    sink_format(&sink, "%s/%.*s", folder, (int)name.len, name.at);
    sink_char(&sink, 0);
    if (sink.cut) return FAULT_TOO_LARGE;
    struct bytes content;
    enum fault fault = file_read(path, ZONEFILE_BYTES_MAX, arena, &content);
    if (fault != FAULT_NONE) return fault;
    if (!bytes_starts(content, BYTES("TZif"))) return FAULT_INPUT;
    *file = content;
    return FAULT_NONE;
}
