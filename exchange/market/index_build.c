/* Building: first every filter is walked for the values it names, which are then cut into at most 256 classes a fact;
 * then each contract is struck out of the rows of the classes its filter refuses. Only conditions that must all hold
 * strike out; "any" does where its parts look at one fact. What that leaves open (expressions, prefixes of texts, "any"
 * over several facts, values that share a class, price rules) is marked, and the tree is asked for those that are left.
 */
#include <stdlib.h>

#include "exchange/market/contract.h"
#include "exchange/market/index_parts.h"

#define CLASS_WORDS (INDEX_CLASSES_MAX / 64)
#define NO_SLOT UINT32_MAX

struct numbers {
    int64_t *at;
    size_t count, room;
    int64_t recent[64]; /* of each last six bits the number noted last: contracts name the same few again and again */
    uint64_t has_recent;
};

struct texts {
    struct bytes *at;
    size_t count, room;
};

/* One for every fact there may be: number or text of a field, age by a field, and the four of the lead as a whole. */
struct slot {
    bool is_used;
    uint32_t attribute;
    struct numbers numbers;
    struct texts texts;
};

struct building {
    struct arena *arena;
    const struct campaign *campaign;
    struct index *index;
    struct slot *slots;
    uint32_t slots_count;
    bool no_memory;
};

/* The classes that some value of a condition is in. */
struct verdict {
    uint64_t classes[CLASS_WORDS];
    bool absent;
    bool is_exact;
};

typedef void on_run(void *arg, int64_t from, int64_t to);

static uint32_t slot_of(const struct building *building, const struct filter *filter);
static void collect(struct building *building, const struct filter *filter);
static bool close_slots(struct building *building);
static bool strike(struct building *building, uint32_t contract, const struct filter *filter, bool wanted);

static bool is_always_priced(const struct contract *contract)
{
    if (contract->is_live) return true;
    for (uint32_t i = 0; i < contract->prices_count; i++)
        if (!contract->prices[i].when) return true;
    return false;
}

static void set_bit(uint64_t *row, uint32_t i)
{
    row[i / 64] |= UINT64_C(1) << (i % 64);
}

static void fill_rows(struct building *building, const struct contract *contracts, const uint32_t *list)
{
    struct index *index = building->index;
    for (uint32_t i = 0; i < index->count; i++) {
        const struct contract *contract = &contracts[list[i]];
        set_bit(index->all, i);
        if (!is_always_priced(contract)) set_bit(index->checked, i);
        if (!contract->filter) continue;
        if (filter_is_private(contract->filter)) {
            set_bit(index->closed, i);
            index->has_closed = true;
        }
        if (!strike(building, i, contract->filter, true)) set_bit(index->checked, i);
    }
}

const struct index *index_build(struct arena *arena, const struct campaign *campaign, const struct contract *contracts,
                                const uint32_t *list, uint32_t count)
{
    struct building building = {.arena = arena, .campaign = campaign};
    struct index *index = building.index = arena_zero(arena, 1, sizeof *index);
    if (!index) return NULL;
    index->count = count;
    index->words = (count + 63) / 64;
    index->all = arena_zero(arena, index->words + 1, sizeof(uint64_t));
    index->closed = arena_zero(arena, index->words + 1, sizeof(uint64_t));
    index->checked = arena_zero(arena, index->words + 1, sizeof(uint64_t));
    building.slots_count = campaign->fields_count * 2 + 4;
    building.slots = calloc(building.slots_count, sizeof *building.slots);
    building.no_memory = !index->all || !index->closed || !index->checked || !building.slots;
    for (uint32_t i = 0; i < count && !building.no_memory; i++)
        if (contracts[list[i]].filter) collect(&building, contracts[list[i]].filter);
    if (!building.no_memory && close_slots(&building)) fill_rows(&building, contracts, list);
    for (uint32_t i = 0; building.slots && i < building.slots_count; i++) {
        free(building.slots[i].numbers.at);
        free(building.slots[i].texts.at);
    }
    free(building.slots);
    return building.no_memory ? NULL : index;
}

/* NO_SLOT: the index has nothing for this kind of condition. */
static uint32_t slot_of(const struct building *building, const struct filter *filter)
{
    uint32_t fields = building->campaign->fields_count;
    bool of_field = filter->condition > CONDITION_NONE && filter->condition < CONDITION_AFFILIATE;
    switch (filter->condition) {
    case CONDITION_AFFILIATE:
        return fields * 2;
    case CONDITION_SOURCE:
        return fields * 2 + 1;
    case CONDITION_AREA_CODE:
        return fields * 2 + 2;
    case CONDITION_SCORE:
        return fields * 2 + 3;
    case CONDITION_AGE:
        return fields + filter->field;
    case CONDITION_REGEX:
        return NO_SLOT;
    case CONDITION_PREFIXES:
        return field_is_of_text(building->campaign->fields[filter->field].type) ? NO_SLOT : filter->field;
    default:
        return of_field ? filter->field : NO_SLOT;
    }
}

static bool is_text_condition(const struct filter *filter)
{
    return filter->condition == CONDITION_TEXTS || filter->condition == CONDITION_AFFILIATE ||
           filter->condition == CONDITION_SOURCE;
}

/* 94 is 94000 to 94999. */
static void run_of_prefix(struct bytes prefix, int64_t *from, int64_t *to)
{
    *from = *to = 0;
    for (size_t i = 0; i < 5; i++) {
        *from = *from * 10 + (i < prefix.len ? prefix.at[i] - '0' : 0);
        *to = *to * 10 + (i < prefix.len ? prefix.at[i] - '0' : 9);
    }
}

static void each_run(const struct filter *filter, on_run *on_one, void *arg)
{
    int64_t from, to;
    if (filter->condition == CONDITION_RANGE || filter->condition == CONDITION_AGE ||
        filter->condition == CONDITION_SCORE)
        on_one(arg, filter->from, filter->to);
    for (unsigned bit = 0; bit < 64 && filter->condition == CONDITION_MASK; bit++)
        if (filter->mask >> bit & 1) on_one(arg, bit, bit);
    for (uint32_t i = 0; i < filter->count; i++) {
        if (filter->condition == CONDITION_NUMBERS || filter->condition == CONDITION_AREA_CODE)
            on_one(arg, filter->numbers[i], filter->numbers[i]);
        if (filter->condition == CONDITION_RUNS) on_one(arg, filter->runs[i].from, filter->runs[i].to);
        if (filter->condition != CONDITION_PREFIXES) continue;
        run_of_prefix(filter->texts[i], &from, &to);
        on_one(arg, from, to);
    }
}

/* Room for one more of `size` bytes; false: memory is out. */
static bool grow(void **at, size_t count, size_t *room, size_t size)
{
    if (count < *room) return true;
    size_t more = *room ? *room * 2 : 64;
    void *grown = realloc(*at, more * size);
    if (!grown) return false;
    *at = grown;
    *room = more;
    return true;
}

struct noting {
    struct building *building;
    struct numbers *numbers;
};

static void note_number(struct noting *noting, int64_t number)
{
    struct numbers *numbers = noting->numbers;
    unsigned place = (unsigned)number & 63u;
    if (numbers->has_recent >> place & 1 && numbers->recent[place] == number) return;
    numbers->recent[place] = number;
    numbers->has_recent |= UINT64_C(1) << place;
    void *at = numbers->at;
    if (!grow(&at, numbers->count, &numbers->room, sizeof number)) {
        noting->building->no_memory = true;
        return;
    }
    numbers->at = at;
    numbers->at[numbers->count++] = number;
}

static void note_run(void *arg, int64_t from, int64_t to)
{
    if (from != INT64_MIN) note_number(arg, from);
    if (to != INT64_MAX) note_number(arg, to + 1);
}

static void note_texts(struct building *building, struct texts *texts, const struct filter *filter)
{
    for (uint32_t i = 0; i < filter->count; i++) {
        void *at = texts->at;
        if (!grow(&at, texts->count, &texts->room, sizeof *texts->at)) {
            building->no_memory = true;
            return;
        }
        texts->at = at;
        texts->at[texts->count++] = filter->texts[i];
    }
}

static void collect(struct building *building, const struct filter *filter)
{
    if (filter->condition <= CONDITION_NONE) {
        for (uint32_t i = 0; i < filter->count; i++) collect(building, &filter->parts[i]);
        return;
    }
    uint32_t number = slot_of(building, filter);
    if (number == NO_SLOT) return;
    struct slot *slot = &building->slots[number];
    struct noting noting = {building, &slot->numbers};
    slot->is_used = true;
    if (filter->condition == CONDITION_EXISTS || filter->condition == CONDITION_MISSING) return;
    if (is_text_condition(filter))
        note_texts(building, &slot->texts, filter);
    else
        each_run(filter, note_run, &noting);
}

static int by_number(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static int by_text(const void *a, const void *b)
{
    return bytes_compare(*(const struct bytes *)a, *(const struct bytes *)b);
}

/* Each once, and where they are too many every n-th. */
static bool close_numbers(struct building *building, struct numbers *numbers, struct attribute *attribute)
{
    size_t kept = 0;
    if (numbers->count) qsort(numbers->at, numbers->count, sizeof *numbers->at, by_number);
    for (size_t i = 0; i < numbers->count; i++)
        if (kept == 0 || numbers->at[kept - 1] != numbers->at[i]) numbers->at[kept++] = numbers->at[i];
    size_t count = kept < INDEX_CLASSES_MAX ? kept : INDEX_CLASSES_MAX - 1;
    int64_t *bounds = arena_take(building->arena, (count + 1) * sizeof *bounds);
    if (!bounds) return false;
    for (size_t i = 0; i < count; i++) bounds[i] = numbers->at[i * kept / count];
    attribute->bounds = bounds;
    attribute->count = (uint32_t)count;
    attribute->classes = (uint32_t)count + 1;
    return true;
}

static bool close_texts(struct building *building, struct texts *texts, struct attribute *attribute)
{
    size_t kept = 0;
    if (texts->count) qsort(texts->at, texts->count, sizeof *texts->at, by_text);
    for (size_t i = 0; i < texts->count; i++)
        if (kept == 0 || !bytes_same(texts->at[kept - 1], texts->at[i])) texts->at[kept++] = texts->at[i];
    struct bytes *copy = arena_take(building->arena, (kept + 1) * sizeof *copy);
    if (!copy) return false;
    if (kept) memcpy(copy, texts->at, kept * sizeof *copy);
    attribute->texts = copy;
    attribute->count = (uint32_t)kept;
    attribute->classes = kept < INDEX_CLASSES_MAX ? (uint32_t)kept + 1 : INDEX_CLASSES_MAX;
    return true;
}

static enum attribute_kind kind_of(const struct campaign *campaign, uint32_t slot)
{
    static const enum attribute_kind LAST[] = {BY_AFFILIATE, BY_SOURCE, BY_AREA_CODE, BY_SCORE};
    if (slot >= campaign->fields_count * 2) return LAST[slot - campaign->fields_count * 2];
    if (slot >= campaign->fields_count) return BY_AGE;
    return field_is_of_text(campaign->fields[slot].type) ? BY_TEXT : BY_NUMBER;
}

/* Classes and rows of what filters look at; nobody is struck out yet. */
static bool close_slots(struct building *building)
{
    struct index *index = building->index;
    index->attributes = arena_zero(building->arena, building->slots_count, sizeof *index->attributes);
    building->no_memory = !index->attributes;
    for (uint32_t i = 0; i < building->slots_count && !building->no_memory; i++) {
        struct slot *slot = &building->slots[i];
        if (!slot->is_used) continue;
        slot->attribute = index->attributes_count++;
        struct attribute *attribute = &index->attributes[slot->attribute];
        attribute->kind = kind_of(building->campaign, i);
        attribute->field = i < building->campaign->fields_count * 2 ? i % building->campaign->fields_count : 0;
        bool is_text = attribute->kind == BY_TEXT || attribute->kind == BY_AFFILIATE || attribute->kind == BY_SOURCE;
        bool fine = is_text ? close_texts(building, &slot->texts, attribute)
                            : close_numbers(building, &slot->numbers, attribute);
        size_t words = (size_t)index->words * (attribute->classes + 1);
        attribute->rows = fine ? arena_take(building->arena, (words + 1) * sizeof *attribute->rows) : NULL;
        building->no_memory = !attribute->rows;
        if (building->no_memory) break;
        memset(attribute->rows, 0xFF, words * sizeof *attribute->rows);
        attribute->absent = attribute->rows + (size_t)index->words * attribute->classes;
    }
    return !building->no_memory;
}

struct marking {
    const struct attribute *attribute;
    struct verdict *verdict;
    bool wanted;
};

static void mark(uint64_t *classes, uint32_t from, uint32_t to, bool truth)
{
    for (uint32_t class = from; class <= to && class < INDEX_CLASSES_MAX; class ++) {
        uint64_t bit = UINT64_C(1) << (class % 64);
        classes[class / 64] = truth ? classes[class / 64] | bit : classes[class / 64] & ~bit;
    }
}

/* Wanted: every class the run touches may hold. Not wanted: every class that lies in the run cannot. */
static void mark_run(void *arg, int64_t from, int64_t to)
{
    const struct marking *marking = arg;
    const struct attribute *attribute = marking->attribute;
    uint32_t first = index_class_of_number(attribute, from), last = index_class_of_number(attribute, to);
    bool starts = first == 0 ? from == INT64_MIN : attribute->bounds[first - 1] == from;
    bool ends = last == attribute->count ? to == INT64_MAX : to != INT64_MAX && attribute->bounds[last] == to + 1;
    marking->verdict->is_exact &= starts && ends;
    if (marking->wanted)
        mark(marking->verdict->classes, first, last, true);
    else if (last + 1 > first + !starts + !ends)
        mark(marking->verdict->classes, first + !starts, last - !ends, false);
}

static void mark_texts(const struct marking *marking, const struct filter *filter)
{
    bool is_shared = marking->attribute->count >= INDEX_CLASSES_MAX;
    marking->verdict->is_exact &= !is_shared;
    for (uint32_t i = 0; i < filter->count; i++) {
        uint32_t class = index_class_of_text(marking->attribute, filter->texts[i]);
        if (marking->wanted || !is_shared) mark(marking->verdict->classes, class, class, marking->wanted);
    }
}

/* What one condition says of its fact. */
static void judge(const struct attribute *attribute, const struct filter *filter, bool wanted, struct verdict *verdict)
{
    bool on_presence = filter->condition == CONDITION_EXISTS || filter->condition == CONDITION_MISSING;
    struct marking marking = {attribute, verdict, wanted};
    verdict->is_exact = true;
    if (on_presence) {
        bool there = (filter->condition == CONDITION_EXISTS) == wanted;
        memset(verdict->classes, there ? 0xFF : 0, sizeof verdict->classes);
        verdict->absent = !there;
        return;
    }
    memset(verdict->classes, wanted ? 0 : 0xFF, sizeof verdict->classes);
    verdict->absent = !wanted;
    if (is_text_condition(filter))
        mark_texts(&marking, filter);
    else
        each_run(filter, mark_run, &marking);
}

static void strike_out(const struct building *building, const struct attribute *attribute, uint32_t contract,
                       const struct verdict *verdict)
{
    uint64_t keep = ~(UINT64_C(1) << (contract % 64));
    for (uint32_t class = 0; class < attribute->classes; class ++) {
        if (verdict->classes[class / 64] >> (class % 64) & 1) continue;
        attribute->rows[(size_t) class * building->index->words + contract / 64] &= keep;
    }
    if (!verdict->absent) attribute->absent[contract / 64] &= keep;
}

/* One of the parts has to be as wanted. They strike out together if they look at the same fact; returns whether that
 * tells all. */
static bool strike_any(struct building *building, uint32_t contract, const struct filter *filter, bool wanted)
{
    struct verdict whole = {{0}, false, true};
    uint32_t slot = NO_SLOT;
    for (uint32_t i = 0; i < filter->count; i++) {
        struct verdict one;
        const struct filter *part = &filter->parts[i];
        if (part->condition <= CONDITION_NONE) return false;
        uint32_t number = slot_of(building, part);
        if (number == NO_SLOT || (i > 0 && number != slot)) return false;
        slot = number;
        judge(&building->index->attributes[building->slots[slot].attribute], part, wanted, &one);
        for (unsigned k = 0; k < CLASS_WORDS; k++) whole.classes[k] |= one.classes[k];
        whole.absent |= one.absent;
        whole.is_exact &= one.is_exact;
    }
    strike_out(building, &building->index->attributes[building->slots[slot].attribute], contract, &whole);
    return whole.is_exact;
}

/* The filter has to be as wanted; returns whether the rows tell all of it. The depth is bounded by FILTER_DEPTH_MAX. */
static bool strike(struct building *building, uint32_t contract, const struct filter *filter, bool wanted)
{
    bool tells_all = true;
    if (filter->condition <= CONDITION_NONE) {
        bool each = (filter->condition == CONDITION_ANY) != wanted; /* every part has to do its share */
        bool part_wanted = filter->condition == CONDITION_NONE ? !wanted : wanted;
        if (!each) return strike_any(building, contract, filter, part_wanted);
        for (uint32_t i = 0; i < filter->count; i++)
            tells_all = strike(building, contract, &filter->parts[i], part_wanted) && tells_all;
        return tells_all;
    }
    uint32_t slot = slot_of(building, filter);
    struct verdict verdict;
    if (slot == NO_SLOT) return false;
    const struct attribute *attribute = &building->index->attributes[building->slots[slot].attribute];
    judge(attribute, filter, wanted, &verdict);
    strike_out(building, attribute, contract, &verdict);
    return verdict.is_exact;
}
