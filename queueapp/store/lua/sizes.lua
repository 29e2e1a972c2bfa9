--- sizes: how many jobs some scopes keep by status, and how many of them are queued by tier.
--- ARGS scopes statuses
--- returns {{number by status, ..., number by tier, ...}, ...}, one for each scope   moves nothing
local found = {}
for i, scope in ipairs(A.scopes) do
  local row = {}
  for n, status in ipairs(A.statuses) do
    row[n] = call('ZCARD', K.index(scope, 'status', status))
  end
  local least = 0
  for tier = 1, #PRIORITIES do
    local most = tier * TIER_SPAN
    row[#row + 1] = call('ZCOUNT', K.queue(scope), exact(least), '(' .. exact(most))
    least = most
  end
  found[i] = row
end
return found
