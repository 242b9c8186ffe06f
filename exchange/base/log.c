/* Each line is put together in memory and leaves by one write, so lines of several threads never mix. What does not fit
 * is cut, the line stays whole.
 *
 * Level and format stand in statics: they are set once, before the first thread starts, and every room below the worker
 * would otherwise have to be handed them. */
#include "exchange/base/log.h"

#include <stdarg.h>
#include <unistd.h>

#include "protocol/base/clock.h"
#include "protocol/codec/json.h"

#define LINE_MAX_BYTES 4096
#define VALUE_MAX_BYTES 512
#define CLOSING_BYTES 8 /* kept back for "…"} and the line's end */

static enum log_level level_max = LOG_INFO;
static enum log_format line_format = LOG_TEXT;

static const char *const level_names[] = {
    [LOG_ERROR] = "error", [LOG_WARN] = "warn", [LOG_INFO] = "info", [LOG_DEBUG] = "debug"};

static void write_head(struct sink *sink, enum log_level level, const char *event);
static void write_pair(struct sink *sink, const char *name, struct bytes value);
static struct bytes clean(struct bytes value, struct sink *room);
static bool is_control(struct bytes text);
static bool may_stand_bare(struct bytes value);

void log_start(enum log_level level, enum log_format format)
{
    level_max = level;
    line_format = format;
}

bool log_wants(enum log_level level)
{
    return level <= level_max;
}

void log_line(enum log_level level, const char *event, ...)
{
    if (!log_wants(level)) return;
    char line[LINE_MAX_BYTES];
    struct sink sink = sink_over(line, sizeof line - CLOSING_BYTES);
    write_head(&sink, level, event);
    va_list pairs;
    va_start(pairs, event);
    for (const char *name; (name = va_arg(pairs, const char *));) {
        const char *value = va_arg(pairs, const char *);
        size_t before = sink.len;
        write_pair(&sink, name, bytes_of(value ? value : ""));
        if (sink.cut) { /* no room for this pair: the line ends before it */
            sink.len = before;
            break;
        }
    }
    va_end(pairs);
    sink.cap = sizeof line;
    if (line_format == LOG_JSON) sink_char(&sink, '}');
    sink_char(&sink, '\n');
    ssize_t written = write(STDERR_FILENO, sink.at, sink.len);
    (void)written; /* a log that cannot be written has nobody to tell */
}

static void write_head(struct sink *sink, enum log_level level, const char *event)
{
    bool is_json = line_format == LOG_JSON;
    sink_text(sink, is_json ? "{\"at\":\"" : "");
    clock_write_wall(sink, clock_wall_ms());
    sink_text(sink, is_json ? "\",\"level\":\"" : " ");
    sink_text(sink, level_names[level]);
    sink_text(sink, is_json ? "\",\"event\":\"" : " ");
    sink_text(sink, event);
    sink_text(sink, is_json ? "\"" : "");
}

static void write_pair(struct sink *sink, const char *name, struct bytes value)
{
    char memory[VALUE_MAX_BYTES];
    struct sink room = sink_over(memory, sizeof memory);
    struct bytes text = clean(value, &room);
    bool is_json = line_format == LOG_JSON;
    sink_text(sink, is_json ? ",\"" : " ");
    sink_text(sink, name);
    sink_text(sink, is_json ? "\":" : "=");
    if (!is_json && may_stand_bare(text))
        sink_bytes(sink, text);
    else
        json_write_text(sink, text);
}

/* Whole characters only: bytes that are not UTF-8 and the controls JSON does not escape (DEL, C1: a terminal obeys
 * them) become '?', and a long value ends at a character with "...". */
static struct bytes clean(struct bytes value, struct sink *room)
{
    struct bytes rest = value;
    while (rest.len) {
        size_t step = bytes_utf8_step(rest);
        if (room->len + (step ? step : 1) > room->cap - 3) {
            sink_text(room, "...");
            break;
        }
        sink_bytes(room, step && !is_control(rest) ? bytes_first(rest, step) : BYTES("?"));
        rest = bytes_from(rest, step ? step : 1);
    }
    return sink_written(room);
}

static bool is_control(struct bytes text)
{
    unsigned char one = (unsigned char)text.at[0];
    return one == 0x7f || (one == 0xc2 && text.len > 1 && (unsigned char)text.at[1] < 0xa0);
}

/* In text lines: nothing that could be taken for the end of a value, for another pair, or for a terminal's command. */
static bool may_stand_bare(struct bytes value)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char one = (unsigned char)value.at[i];
        if (one <= ' ' || one >= 0x7f || one == '"' || one == '=' || one == '\\') return false;
    }
    return value.len > 0;
}
