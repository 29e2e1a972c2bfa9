--- rivals: which scopes have jobs that could be claimed now, by tier and shape, as far as turns need it.
--- ARGS most
--- most bounds how many entries are read in all
--- returns {tier, shape, {scope, weight or "", ...}, ...}   moves nothing
local found, left = {}, A.most
for tier = 0, 3 do
  for _, shape in ipairs(call('SMEMBERS', K.live(tier))) do
    if left <= 0 then return found end
    local scopes = {}
    for _, scope in ipairs(call('ZRANGE', K.directory(tier, shape), 0, math.min(left, 100) - 1)) do
      scopes[#scopes + 1] = scope
      scopes[#scopes + 1] = call('HGET', K.meta(scope), 'weight') or ''
    end
    left = left - #scopes / 2 - 1
    found[#found + 1], found[#found + 2], found[#found + 3] = tier, shape, scopes
  end
end
return found
