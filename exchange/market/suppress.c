#include "exchange/market/suppress.h"

#include "protocol/message/consent.h"

bool suppress_is_on(const struct facts *facts, uint32_t list)
{
    return facts->on_lists && (facts->on_lists[list / 64] >> list % 64 & 1) != 0;
}

static bool applies(const struct suppression *suppression, const struct facts *facts)
{
    for (uint32_t i = 0; i < suppression->count; i++) {
        const struct suppress_rule *rule = &suppression->rules[i];
        if (suppress_is_on(facts, rule->list) && !(rule->unless_tcpa && consent_says(facts->consent, BYTES("tcpa"))))
            return true;
    }
    return false;
}

enum reason suppress_lead(const struct catalogue *catalogue, const struct facts *facts)
{
    bool is_out = applies(&catalogue->suppress, facts) || applies(&facts->campaign->suppress, facts);
    return is_out ? REASON_SUPPRESSED : REASON_NONE;
}

enum reason suppress_contract(const struct catalogue *catalogue, const struct contract *contract,
                              const struct person *person, const struct facts *facts)
{
    const struct buyer *buyer = &catalogue->buyers[contract->buyer];
    for (uint32_t i = 0; i < buyer->people.excluded_count; i++)
        if (person_has(person, &buyer->people.excluded[i])) return REASON_EXCLUDED;
    if (applies(&buyer->people.suppress, facts)) return REASON_SUPPRESSED;
    return contract->people && applies(&contract->people->suppress, facts) ? REASON_SUPPRESSED : REASON_NONE;
}

struct bytes suppress_pack(const struct facts *facts)
{
    uint64_t any = 0;
    for (uint32_t i = 0; facts->on_lists && i < LISTS_MAX / 64; i++) any |= facts->on_lists[i];
    return any ? (struct bytes){(const char *)facts->on_lists, LISTS_MAX / 8} : BYTES_NONE;
}

bool suppress_unpack(struct bytes packed, struct arena *arena, struct facts *facts)
{
    if (packed.len == 0) return true;
    if (packed.len != LISTS_MAX / 8) return false;
    uint64_t *bits = arena_take(arena, packed.len);
    if (bits) memcpy(bits, packed.at, packed.len);
    facts->on_lists = bits;
    return bits != NULL;
}

static bool is_in(const struct list *list, const struct person *person, const struct person_keys *keys)
{
    struct digest digest = {{0}};
    for (uint32_t i = 0; i < keys->count && list_is_keyed(list); i++) {
        memcpy(digest.at, keys->list[i].at, PERSON_KEY_LEN);
        if (list_has(list, list_entry(&digest))) return true;
    }
    for (uint32_t i = 0; i < person->count && !list_is_keyed(list); i++)
        if (list_has(list, list_entry(&person->list[i].plain))) return true;
    return false;
}

void suppress_look_up(const struct shelf *shelf, const struct catalogue *catalogue, const struct campaign *campaign,
                      const struct person *person, const struct person_keys *keys, uint64_t *on_lists)
{
    for (uint32_t i = 0; i < campaign->lists_count; i++) {
        uint32_t at = campaign->lists[i];
        const struct list *list = shelf_find(shelf, catalogue->lists[at].name, NULL);
        if (list && is_in(list, person, keys)) on_lists[at / 64] |= UINT64_C(1) << at % 64;
    }
}
