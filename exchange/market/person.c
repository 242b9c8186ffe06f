/* Values meet in their normal form, so the same readers serve leads, lists and exclusions. */
#include "exchange/market/person.h"

static const enum field_type types[PERSON_KINDS] = {[PERSON_PHONE] = FIELD_US_PHONE, [PERSON_EMAIL] = FIELD_EMAIL};

static void hash(struct bytes text, struct digest *plain)
{
    digest_of(plain, &text, 1);
}

static void add(struct person *person, enum person_kind kind, const struct digest *plain)
{
    if (person->count == PERSON_KEYS_MAX || person_has(person, plain)) return;
    person->list[person->count++] = (struct person_hash){(uint8_t)kind, *plain};
}

bool person_read(const struct campaign *campaign, const struct node *lead, const struct ping_hashes *told,
                 struct arena *arena, struct person *person)
{
    bool given[PERSON_KINDS] = {false};
    person->count = 0;
    for (uint32_t i = 0; i < campaign->fields_count; i++) {
        const struct field *field = &campaign->fields[i];
        enum person_kind kind = field->type == FIELD_EMAIL ? PERSON_EMAIL : PERSON_PHONE;
        struct fact fact;
        struct field_fault fault;
        struct digest plain;
        if (field->type != types[kind]) continue;
        enum field_verdict verdict = field_read(field, node_find_bytes(lead, field->name), arena, &fact, &fault);
        if (verdict == FIELD_NO_MEMORY) return false;
        if (verdict != FIELD_FINE) continue;
        hash(fact.text, &plain);
        add(person, kind, &plain);
        given[kind] = true;
    }
    if (told && told->has_phone && !given[PERSON_PHONE]) add(person, PERSON_PHONE, &told->phone);
    if (told && told->has_email && !given[PERSON_EMAIL]) add(person, PERSON_EMAIL, &told->email);
    return true;
}

bool person_hash_of(struct bytes text, struct arena *arena, struct digest *plain)
{
    const struct node node = {.kind = NODE_TEXT, .text = text, .span = 1};
    struct fact fact;
    struct field_fault fault;
    if (text.len == 2 * DIGEST_LEN && bytes_unhex(text, plain->at, DIGEST_LEN)) return true;
    bool is_email = bytes_find(text, '@') < text.len;
    const struct field field = {.type = types[is_email ? PERSON_EMAIL : PERSON_PHONE]};
    if (field_read(&field, &node, arena, &fact, &fault) != FIELD_FINE) return false;
    hash(fact.text, plain);
    return true;
}

bool person_has(const struct person *person, const struct digest *plain)
{
    for (uint32_t i = 0; i < person->count; i++)
        if (digest_same(&person->list[i].plain, plain)) return true;
    return false;
}
