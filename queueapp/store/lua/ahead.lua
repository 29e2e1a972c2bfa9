--- ahead: what stands first in a scope's queue, as far as an estimate needs it.
--- ARGS scope last
--- last is the zero-based rank of the last job wanted
--- returns a flat list {shape, timeout in minutes or "", ...} in order   moves nothing
local found = {}
for _, id in ipairs(call('ZRANGE', K.queue(A.scope), 0, math.min(A.last, 999))) do
  local j = job_fields(id, 'shape', 'timeout')
  found[#found + 1] = j[1] or ''
  found[#found + 1] = j[2] or ''
end
return found
