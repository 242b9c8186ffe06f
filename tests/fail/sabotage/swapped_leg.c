/* Linked into a copy of outcry (--wrap): of each sale the affiliate gets the house's part and the house the
 * affiliate's. It balances, and the program that wrote it verifies it. */
#include "exchange/ledger/account.h"

enum fault __real_account_add_sale(struct account_book *book, const struct book_sale *sale,
                                   const struct lead_record *lead) MUST_USE;
enum fault __wrap_account_add_sale(struct account_book *book, const struct book_sale *sale,
                                   const struct lead_record *lead) MUST_USE;

enum fault __wrap_account_add_sale(struct account_book *book, const struct book_sale *sale,
                                   const struct lead_record *lead)
{
    struct book_sale swapped = *sale;
    swapped.payout_micros = sale->margin_micros;
    swapped.margin_micros = sale->payout_micros;
    return __real_account_add_sale(book, &swapped, lead);
}
