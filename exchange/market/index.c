/* The ping's side of the index: a binary search a fact, then memory read in a straight line. 100,000 contracts are
 * 12.5 KB a row, so the result stays in the first cache while rows pass by. */
#include "exchange/market/index_parts.h"
#include "exchange/market/score.h"

/* Wide registers where the machine has them; a sanitizer cannot see through the resolver that picks the clone. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) &&               \
    !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_UNDEFINED__)
#define WIDE __attribute__((target_clones("avx2", "default"), optimize("O3")))
#else
#define WIDE
#endif

uint32_t index_words(const struct index *index)
{
    return index->words;
}

bool index_needs_check(const struct index *index, uint32_t i)
{
    return index->checked[i / 64] >> (i % 64) & 1;
}

WIDE static void and_row(uint64_t *left, const uint64_t *row, uint32_t words)
{
    for (uint32_t i = 0; i < words; i++) left[i] &= row[i];
}

WIDE static void and_not_row(uint64_t *left, const uint64_t *row, uint32_t words)
{
    for (uint32_t i = 0; i < words; i++) left[i] &= ~row[i];
}

uint32_t index_class_of_number(const struct attribute *attribute, int64_t number)
{
    uint32_t low = 0, high = attribute->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (attribute->bounds[middle] <= number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t index_class_of_text(const struct attribute *attribute, struct bytes text)
{
    uint32_t low = 0, high = attribute->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (bytes_compare(attribute->texts[middle], text) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || !bytes_same(attribute->texts[low - 1], text)) return 0;
    if (attribute->count < INDEX_CLASSES_MAX) return low;
    return 1 + (uint32_t)((uint64_t)(low - 1) * (INDEX_CLASSES_MAX - 1) / attribute->count);
}

static const uint64_t *row_of(const struct index *index, const struct attribute *attribute, const struct facts *facts)
{
    const struct fact *fact = attribute->kind <= BY_AGE ? &facts->fields[attribute->field] : NULL;
    bool is_there = fact ? fact->is_set : true;
    uint32_t class = 0;
    int64_t age;
    switch (attribute->kind) {
    case BY_NUMBER:
        class = is_there ? index_class_of_number(attribute, fact->number) : 0;
        break;
    case BY_TEXT:
        class = is_there ? index_class_of_text(attribute, fact->text) : 0;
        break;
    case BY_AGE:
        age = is_there ? condition_age(facts, fact->number) : -1;
        is_there = age >= 0;
        class = index_class_of_number(attribute, age);
        break;
    case BY_AREA_CODE:
        is_there = facts->area_code != 0;
        class = index_class_of_number(attribute, facts->area_code);
        break;
    case BY_AFFILIATE:
        class = index_class_of_text(attribute, facts->affiliate);
        break;
    case BY_SOURCE:
        class = index_class_of_text(attribute, facts->source);
        break;
    case BY_SCORE:
        class = index_class_of_number(attribute, score_of(facts));
        break;
    }
    return is_there ? attribute->rows + (size_t) class * index->words : attribute->absent;
}

uint32_t index_run(const struct index *index, const struct facts *facts, uint64_t *left)
{
    uint32_t count = 0;
    memcpy(left, index->all, index->words * sizeof *left);
    if (index->has_closed && !facts->with_private) and_not_row(left, index->closed, index->words);
    for (uint32_t i = 0; i < index->attributes_count; i++)
        and_row(left, row_of(index, &index->attributes[i], facts), index->words);
    for (uint32_t i = 0; i < index->words; i++) count += (uint32_t)__builtin_popcountll(left[i]);
    return count;
}
