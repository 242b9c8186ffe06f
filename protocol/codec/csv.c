#include "protocol/codec/csv.h"

void csv_write(struct sink *sink, struct bytes text, bool is_number)
{
    bool is_formula = text.len && !is_number && memchr("=+-@\t\r", text.at[0], 6);
    bool is_quoted = false;
    for (size_t i = 0; i < text.len && !is_quoted; i++) is_quoted = memchr(",\"\r\n", text.at[i], 4) != NULL;
    if (is_quoted) sink_char(sink, '"');
    if (is_formula) sink_char(sink, '\'');
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '"') sink_char(sink, '"');
        sink_char(sink, text.at[i]);
    }
    if (is_quoted) sink_char(sink, '"');
}
