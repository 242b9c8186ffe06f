/* Disclosures are gathered first and written after, because a post's own row has to be looked up for each. */
#include "exchange/api/audit.h"

#include "protocol/base/clock.h"
#include "protocol/codec/json.h"

#define DISCLOSURES_TOLD_MAX 1024u

struct gathered {
    struct arena *arena;
    struct disclosure *list;
    uint32_t count;
    bool is_cut, no_memory;
};

static void on_disclosure(void *arg, const struct disclosure *disclosure)
{
    struct gathered *gathered = arg;
    struct disclosure *kept = &gathered->list[gathered->count];
    gathered->is_cut |= gathered->count == DISCLOSURES_TOLD_MAX;
    if (gathered->is_cut || gathered->no_memory) return;
    *kept = *disclosure;
    kept->contract = arena_copy(gathered->arena, disclosure->contract);
    kept->buyer = arena_copy(gathered->arena, disclosure->buyer);
    kept->to = arena_copy(gathered->arena, disclosure->to);
    gathered->no_memory = !kept->contract.at || !kept->buyer.at || !kept->to.at;
    gathered->count++;
}

static void write_id(struct json *json, const char *name, const struct ident *id)
{
    char text[IDENT_TEXT + 1];
    json_key(json, name);
    json_text(json, bytes_of(ident_text(id, text)));
}

static void write_text(struct json *json, const char *name, struct bytes text)
{
    json_key(json, name);
    json_text(json, text);
}

static void write_instant(struct json *json, const char *name, int64_t wall_ms)
{
    json_key(json, name);
    if (wall_ms > 0)
        json_wall(json, wall_ms);
    else
        json_null(json);
}

/* "consent.ip,phone,+2": names, and how many had names that are the affiliate's own. */
static void write_names(struct json *json, struct bytes names)
{
    uint64_t others = 0;
    json_key(json, "fields");
    json_open_list(json);
    for (struct bytes left = names, name; left.len;) {
        left = bytes_split(left, ',', &name);
        if (bytes_starts(name, BYTES("+")))
            bytes_u64(bytes_from(name, 1), &others);
        else
            json_text(json, name);
    }
    json_close_list(json);
    json_key(json, "other_fields");
    json_u64(json, others);
}

static enum fault write_fields(struct reader *reader, const struct lead_record *lead, struct arena *arena,
                               struct json *json)
{
    struct bytes names;
    if (!lead->fields) {
        json_key(json, "fields");
        json_null(json);
        return FAULT_NONE;
    }
    enum fault fault = reader_field_names(reader, lead->fields, arena, &names);
    if (fault == FAULT_NONE) write_names(json, names);
    return fault == FAULT_NOT_FOUND ? FAULT_CORRUPT : fault;
}

static void write_lead(struct json *json, const struct lead_record *lead)
{
    static const char *const words[LEAD_ERASURES] = {"kept", "erased_when_the_story_ends", "erased"};
    bool has_end = lead->keep_ms > 0 && lead->erasure != LEAD_ERASED;
    write_id(json, "lead_id", &lead->lead_id);
    write_text(json, "affiliate", lead->affiliate);
    write_text(json, "campaign", lead->campaign);
    write_instant(json, "created_at", lead->created_ms);
    write_text(json, "content", bytes_of(words[lead->erasure]));
    write_instant(json, "erased_at", lead->erased_ms);
    write_instant(json, "kept_until", has_end ? lead->created_ms + lead->keep_ms : 0);
    json_key(json, "test");
    json_bool(json, lead->offer.rehearsal != 0);
}

static enum fault write_disclosure(struct reader *reader, const struct disclosure *disclosure, struct arena *arena,
                                   struct json *json)
{
    struct post_record post = {.state = POST_OPEN};
    bool is_post = disclosure->kind == DISCLOSURE_POST;
    enum fault fault = is_post ? reader_post(reader, &disclosure->id, arena, &post) : FAULT_NONE;
    if (fault != FAULT_NONE) return fault == FAULT_NOT_FOUND ? FAULT_CORRUPT : fault;
    json_open_map(json);
    write_text(json, "kind", bytes_of(disclosure_kind_name(disclosure->kind)));
    write_id(json, is_post ? "post_id" : "id", &disclosure->id);
    write_text(json, "buyer", is_post ? post.intent.buyer : disclosure->buyer);
    write_text(json, "contract", is_post ? post.intent.contract : disclosure->contract);
    if (disclosure->to.len) write_text(json, "to", disclosure->to);
    write_instant(json, "at", is_post ? post.opened_ms : disclosure->wall_ms);
    if (is_post) {
        write_text(json, "outcome", bytes_of(post_state_name(post.state)));
        json_key(json, "sent");
        json_bool(json, post.state != POST_FAILED); /* a failed one left nothing there; of an open one it may have */
    }
    json_close_map(json);
    return FAULT_NONE;
}

enum fault audit_write(struct reader *reader, const struct ident *lead_id, struct arena *arena, struct sink *sink)
{
    struct lead_record lead;
    struct gathered gathered = {.arena = arena};
    struct json json = json_into(sink);
    enum fault fault = reader_lead(reader, lead_id, arena, &lead);
    if (fault != FAULT_NONE) return fault;
    gathered.list = arena_take(arena, DISCLOSURES_TOLD_MAX * sizeof *gathered.list);
    if (!gathered.list) return FAULT_MEMORY;
    fault = reader_disclosures(reader, lead_id, on_disclosure, &gathered);
    if (fault == FAULT_NONE && gathered.no_memory) fault = FAULT_MEMORY;
    if (fault != FAULT_NONE) return fault;
    json_open_map(&json);
    write_lead(&json, &lead);
    fault = write_fields(reader, &lead, arena, &json);
    json_key(&json, "disclosures");
    json_open_list(&json);
    for (uint32_t i = 0; i < gathered.count && fault == FAULT_NONE; i++)
        fault = write_disclosure(reader, &gathered.list[i], arena, &json);
    json_close_list(&json);
    json_key(&json, "not_listed");
    json_bool(&json, gathered.is_cut);
    json_close_map(&json);
    return fault == FAULT_NONE && sink->cut ? FAULT_TOO_LARGE : fault;
}
