/* What an affiliate or a buyer is told by notice and in its feed of events. X(NAME, text, who hears it).
 * Stored as numbers in records: append only, never reorder. Included where the list is wanted, with X defined. */
X(LEAD_SOLD, "lead.sold", NOTICE_TO_AFFILIATE | NOTICE_TO_ADDRESS)
X(LEAD_RESOLVED, "lead.resolved", NOTICE_TO_AFFILIATE)
X(LEAD_VOIDED, "lead.voided", NOTICE_TO_AFFILIATE | NOTICE_TO_BUYER | NOTICE_TO_ADDRESS)
X(LEAD_RETURNED, "lead.returned", NOTICE_TO_AFFILIATE | NOTICE_TO_BUYER | NOTICE_TO_ADDRESS)
X(LEAD_REVOKED, "lead.revoked", NOTICE_TO_AFFILIATE | NOTICE_TO_BUYER)
X(LEAD_ERASED, "lead.erased", NOTICE_TO_AFFILIATE | NOTICE_TO_BUYER)
X(LEAD_ACCEPTED_LATE, "lead.accepted_late", NOTICE_TO_BUYER)
X(BALANCE_LOW, "balance.low", NOTICE_TO_BUYER)
X(LEAD_COPY, "lead.copy", NOTICE_TO_COPY)
X(LEAD_UNCONTACTED, "lead.uncontacted", NOTICE_TO_AFFILIATE | NOTICE_TO_BUYER)
