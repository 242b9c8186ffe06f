/* What the book keeps beside a lead's content: by whom it is found (an erasure names a person, not a lead), and what
 * its fields are called (an audit tells which were shown). Both are made for every lead that is opened, whatever the
 * campaign's rules ask about people. */
#include "exchange/auction/naming.h"

#include "exchange/auction/parts.h"
#include "protocol/message/consent.h"

#define COUNT_ROOM 16u /* ",+" and a number */

/* A test's lead may be about somebody all the same. */
static bool name_person(struct auction *auction, const struct node *lead)
{
    struct person person;
    if (auction->keys.count) {
        auction->content_person = auction->keys;
        return true;
    }
    if (!person_read(auction->campaign, lead, NULL, &auction->arena, &person)) return false;
    auction->content_person.count = person.count;
    for (uint32_t i = 0; i < person.count; i++) people_key(auction, &person.list[i], &auction->content_person.list[i]);
    return true;
}

static void put_name(struct sink *sink, const char *prefix, struct bytes name)
{
    if (sink->len) sink_char(sink, ',');
    sink_text(sink, prefix);
    sink_bytes(sink, name);
}

/* In the order of the schema, so that the same fields are always the same text. */
static bool name_fields(struct auction *auction, const struct node *lead)
{
    const struct campaign *campaign = auction->campaign;
    size_t room = CONSENT_NAMES_MAX + COUNT_ROOM;
    uint32_t named = 0, given = 0;
    for (uint32_t i = 0; i < campaign->fields_count; i++) room += campaign->fields[i].name.len + 1;
    struct sink sink = sink_over(arena_take(&auction->arena, room), room);
    if (!sink.at) return false;
    for (unsigned i = 0; auction->consent && i < consent_parts(); i++)
        if (node_find_bytes(auction->consent, consent_part(i))) put_name(&sink, "consent.", consent_part(i));
    for (uint32_t i = 0; i < campaign->fields_count; i++) {
        if (!auction->form.facts.fields[i].is_set) continue;
        put_name(&sink, "", campaign->fields[i].name);
        named++;
    }
    NODE_EACH(value, lead) given += value->kind != NODE_NULL && (value->kind != NODE_TEXT || value->text.len);
    if (given > named) {
        put_name(&sink, "+", BYTES_NONE);
        sink_u64(&sink, given - named);
    }
    auction->field_names = sink_written(&sink);
    return !sink.cut;
}

bool naming_content(struct auction *auction, const struct node *lead)
{
    return name_person(auction, lead) && name_fields(auction, lead);
}
