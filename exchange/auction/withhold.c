/* The content is read again, once a verdict that says anything: a few microseconds a sale, and nothing has to be kept
 * apart for it. */
#include "exchange/auction/withhold.h"

#include "exchange/auction/parts.h"
#include "exchange/market/echo.h"

#define WITHHELD "(withheld: it repeats private data of the lead)"

/* NULL: memory is out; then rather nothing is told. */
static const struct node *read_content(struct auction *auction)
{
    struct document_error error;
    struct bytes content = auction->content.len ? auction->content : auction->request.content;
    return document_read_json(&auction->arena, content, &DOCUMENT_LIMITS, &error);
}

void withhold_echoes(struct auction *auction, struct verdict *verdict)
{
    struct bytes *const texts[] = {&verdict->text, &verdict->code, &verdict->buyer_lead_id, &verdict->redirect_url};
    const struct node *content = NULL;
    bool is_read = false;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (texts[i]->len == 0) continue;
        if (!is_read) content = read_content(auction);
        is_read = true;
        bool repeats = !content || echo_repeats(auction->campaign, content, *texts[i]);
        *texts[i] = !repeats ? arena_copy(&auction->arena, *texts[i]) : i == 0 ? BYTES(WITHHELD) : BYTES_NONE;
    }
}
