/* list: what a list of five million people costs: to read as text and as hashes, to keep, to look someone up. */
#pragma once

void list_measure(unsigned entries);
