/* A relative time is a duration as settings have them, with a minus. */
#include "exchange/command/instant.h"

#include "exchange/market/scalar.h"
#include "protocol/base/clock.h"

bool instant_read(const char *text, int64_t now_ms, int64_t *wall_ms)
{
    int64_t span_us;
    if (strcmp(text, "now") == 0) {
        *wall_ms = now_ms;
        return true;
    }
    if (text[0] != '-') return clock_read_wall(bytes_of(text), wall_ms);
    struct node span = {.kind = NODE_TEXT, .text = bytes_of(text + 1), .span = 1};
    if (!scalar_duration(&span, &span_us)) return false;
    *wall_ms = now_ms - span_us / 1000;
    return true;
}

void instant_write(struct sink *sink, int64_t wall_ms)
{
    char text[40];
    struct sink whole = sink_over(text, sizeof text);
    clock_write_wall(&whole, wall_ms);
    sink_bytes(sink, bytes_first(sink_written(&whole), 10));
    sink_char(sink, ' ');
    sink_bytes(sink, bytes_first(bytes_from(sink_written(&whole), 11), 8));
}
