/* What a contract's pings tell beyond the lead's public facts. Off unless the contract asks, and what it asks for must
 * be there: a key to make hashes with, a field to make them of, a ping to carry them. */
#include "exchange/market/build.h"
#include "exchange/market/scalar.h"
#include "exchange/record/person.h"

static bool has_field(const struct campaign *campaign, enum field_type type)
{
    for (uint32_t i = 0; i < campaign->fields_count; i++)
        if (campaign->fields[i].type == type) return true;
    return false;
}

static void read_kind(struct build *build, const struct node *node, struct contract *contract)
{
    static const struct {
        const char *word;
        enum person_kind kind;
        enum field_type type;
    } KINDS[] = {{"phone", PERSON_PHONE, FIELD_US_PHONE}, {"email", PERSON_EMAIL, FIELD_EMAIL}};
    struct campaign *campaign = &build->catalogue->campaigns[contract->campaign];
    struct bytes text = BYTES_NONE;
    (void)scalar_text(node, &text);
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++) {
        if (!bytes_is(text, KINDS[i].word)) continue;
        if (!has_field(campaign, KINDS[i].type))
            build_error(build, node, "campaign %.*s has no field of type %s that could be hashed",
                        BUILD_SHOWN(campaign->id), field_type_name(KINDS[i].type));
        contract->discloses |= (uint8_t)(1u << KINDS[i].kind);
        campaign->gives_hashes = true;
        return;
    }
    build_error(build, node, "ping_hashes may name phone and email");
}

void build_disclosure(struct build *build, const struct node *node, struct contract *contract)
{
    uint32_t count;
    const struct node *list = build_list(build, node, "ping_hashes", &count),
                      *floor = node_find(node, "disclose_floor");
    bool tells_floor = false;
    build_bool(build, node, "disclose_floor", &tells_floor);
    if (tells_floor) contract->discloses |= DISCLOSES_FLOOR;
    if (tells_floor && !contract->is_live)
        build_warning(build, floor,
                      "a standing price is not asked for: disclose_floor is not used [unused_disclosure]");
    if (count == 0 || contract->campaign >= build->catalogue->campaigns_count) return;
    if (!contract->is_live)
        build_warning(build, list, "a standing price is not asked for: ping_hashes are not used [unused_disclosure]");
    bool has_secret = contract->buyer < build->catalogue->buyers_count &&
                      build->catalogue->buyers[contract->buyer].hash_secret.len > 0;
    if (!has_secret && !build->is_unpack)
        build_error(build, list, "ping_hashes need a hash_secret of the buyer: a plain hash of a phone is the phone");
    NODE_EACH(child, list) read_kind(build, child, contract);
}

void build_disclosed(struct build *build)
{
    const struct node *buyers = node_find(build->source->document, "buyers");
    uint32_t made = 0;
    if (!buyers || build->catalogue->buyers_count == 0) return;
    NODE_EACH(node, buyers)
    {
        const struct buyer *buyer = &build->catalogue->buyers[made++];
        bool is_used = false;
        for (uint32_t i = 0; i < buyer->contracts_count; i++)
            is_used |= build->catalogue->contracts[buyer->contracts[i]].discloses & ~DISCLOSES_FLOOR;
        if (buyer->hash_secret.len && !is_used)
            build_warning(build, node_find(node, "hash_secret"),
                          "no contract of this buyer has ping_hashes [unused_secret]");
    }
}
