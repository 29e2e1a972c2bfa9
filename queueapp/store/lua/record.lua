--- record: write an action into a scope's audit trail.
--- ARGS scope action act facts
--- returns "OK"   moves nothing
audit(A.action, A.facts)
return 'OK'
