/* Names are composed in a buffer inside the list, not in an arena: a request may be refused because its arena is full.
 */
#include "protocol/message/complaint.h"

#include "protocol/message/wording.h"

#define INNER_MAX 64 /* of a stranger's field name, enough to find it again */

void complain_within(struct complaints *complaints, const char *outer, struct bytes inner, const char *code,
                     const char *text)
{
    struct sink sink = sink_over(complaints->names + complaints->names_len,
                                 sizeof complaints->names - complaints->names_len);
    if (complaints->count >= COMPLAINTS_MAX) {
        complaints->count++;
        return;
    }
    sink_text(&sink, outer);
    sink_char(&sink, '.');
    sink_bytes(&sink, wording_cut(inner, INNER_MAX));
    if (sink.cut) {
        complain(complaints, bytes_of(outer), code, text);
        return;
    }
    complaints->names_len += (unsigned)sink.len;
    complain(complaints, sink_written(&sink), code, text);
}
