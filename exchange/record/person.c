#include "exchange/record/person.h"

#include "exchange/record/pieces.h"

#define ENCOUNTER_VERSION 1
#define REVOCATION_VERSION 1

const char *person_kind_name(enum person_kind kind)
{
    static const char *const names[PERSON_KINDS] = {"phone", "email"};
    return names[kind];
}

bool encounter_write(struct sink *sink, const struct encounter *encounter)
{
    flat_put_head(sink, 'E', ENCOUNTER_VERSION);
    flat_put_id(sink, &encounter->lead_id);
    flat_put(sink, encounter->state);
    flat_put_signed(sink, encounter->at_ms);
    flat_put_text(sink, encounter->campaign);
    flat_put_text(sink, encounter->contract);
    return !sink->cut;
}

bool encounter_read(struct bytes bytes, struct encounter *encounter)
{
    struct flat flat = flat_over(bytes);
    *encounter = (struct encounter){0};
    flat_take_head(&flat, 'E', ENCOUNTER_VERSION);
    flat_take_id(&flat, &encounter->lead_id);
    encounter->state = (enum encounter_state)flat_take_upto(&flat, ENCOUNTER_STATES - 1);
    encounter->at_ms = flat_take_signed(&flat);
    encounter->campaign = flat_take_text(&flat);
    encounter->contract = flat_take_text(&flat);
    return flat_ends(&flat);
}

void pieces_put_keys(struct sink *sink, const struct person_keys *keys)
{
    flat_put(sink, keys->count);
    for (uint32_t i = 0; i < keys->count; i++) {
        flat_put(sink, keys->list[i].kind);
        sink_bytes(sink, (struct bytes){(const char *)keys->list[i].at, PERSON_KEY_LEN});
    }
}

void pieces_take_keys(struct flat *flat, struct person_keys *keys)
{
    keys->count = (uint32_t)flat_take_upto(flat, PERSON_KEYS_MAX);
    for (uint32_t i = 0; i < keys->count; i++) {
        keys->list[i].kind = (uint8_t)flat_take_upto(flat, PERSON_KINDS - 1);
        flat_take_raw(flat, keys->list[i].at, PERSON_KEY_LEN);
    }
}

bool revocation_write(struct sink *sink, const struct revocation *revocation)
{
    flat_put_head(sink, 'R', REVOCATION_VERSION);
    pieces_put_keys(sink, &revocation->keys);
    flat_put_text(sink, revocation->affiliate);
    return !sink->cut;
}

bool revocation_read(struct bytes bytes, struct revocation *revocation)
{
    struct flat flat = flat_over(bytes);
    flat_take_head(&flat, 'R', REVOCATION_VERSION);
    pieces_take_keys(&flat, &revocation->keys);
    revocation->affiliate = flat_take_text(&flat);
    return flat_ends(&flat) && revocation->keys.count > 0;
}
