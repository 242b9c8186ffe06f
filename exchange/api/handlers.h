/* handlers: what routes lead to (router.c), file by file. For this room's files. */
#pragma once

struct visit;

/* Handlers: affiliate.c, buyer.c, operator.c, stats.c */
void affiliate_ping(struct visit *visit);
void affiliate_post(struct visit *visit);
void affiliate_lead(struct visit *visit);
void affiliate_get_lead(struct visit *visit);
void affiliate_get_ping(struct visit *visit);
void affiliate_revoke(struct visit *visit); /* revocation.c */
void affiliate_events(struct visit *visit); /* events.c */
void buyer_events(struct visit *visit);
void buyer_leads(struct visit *visit); /* purchases.c */
/* spec.c */
void spec_answer(struct visit *visit);
void buyer_put_availability(struct visit *visit);
void buyer_get_availability(struct visit *visit);
void buyer_put_list(struct visit *visit); /* list.c; at the head: its body comes in pieces */
void buyer_contracts(struct visit *visit);
void disposition_tell(struct visit *visit); /* disposition.c */
/* giving_back.c */
void giving_back_ask(struct visit *visit);
void giving_back_own(struct visit *visit);
void giving_back_all(struct visit *visit);
void giving_back_judge(struct visit *visit);
void verdicts_say(struct visit *visit);        /* verdicts.c */
void affiliate_statement(struct visit *visit); /* statement.c */
void buyer_statement(struct visit *visit);
void operator_statement(struct visit *visit);
void operator_accounts(struct visit *visit);
void operator_book(struct visit *visit); /* accounts.c */
void operator_close(struct visit *visit);
void operator_explain(struct visit *visit);
void operator_contracts(struct visit *visit);
void operator_contract(struct visit *visit);
void operator_pause(struct visit *visit);
void operator_resume(struct visit *visit);
void operator_posts(struct visit *visit);
void operator_resolve(struct visit *visit);
void operator_reload(struct visit *visit);
void operator_keys(struct visit *visit); /* keys.c */
void operator_revoke_key(struct visit *visit);
void operator_erase(struct visit *visit); /* this and the next three: privacy.c */
void operator_rotate_key(struct visit *visit);
void operator_rotation(struct visit *visit);
void operator_audit(struct visit *visit);
void stats_health(struct visit *visit);
void stats_ready(struct visit *visit);
void stats_metrics(struct visit *visit);
void stats_stats(struct visit *visit);
