/* echo: whether a text that somebody else wrote repeats private data of a lead. Pure.
 *
 * Found are: values of private fields, of fields the campaign does not name, and of the consent, of four characters or
 * more, as words of their own, in any case, percent-encoded or not; numbers of seven digits or more however they are
 * grouped, a phone without its country too. What is disguised otherwise is not found. */
#pragma once

#include "exchange/market/campaign.h"

#define ECHO_TEXT_MAX 2048u /* bytes of a text; one that is longer counts as an echo */

/* `content` is a document {"lead":{…},"consent":{…}}, as it is sealed. */
bool echo_repeats(const struct campaign *campaign, const struct node *content, struct bytes text);
