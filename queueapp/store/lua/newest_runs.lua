--- newest_runs: the newest run of each duration basis, and when run times were learnt: whether what was read is still true.
--- ARGS scope bases
--- returns {learnt at or "", {"run ms:written bytes:ended ms" or "", ...}}   moves nothing
local found = {}
for i, basis in ipairs(A.bases) do found[i] = call('LINDEX', K.runs(A.scope, basis), 0) or '' end
return {call('HGET', K.run_times(A.scope), 'at') or '', found}
