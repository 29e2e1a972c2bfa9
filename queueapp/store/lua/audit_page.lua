--- audit_page: entries of a scope's audit trail that fit, newest first; it looks at so many and no more.
--- ARGS scope before look limit action by concerning job from_ms to_ms
--- before is the id of an entry, which is left out; null begins at the newest; the rest may be null and fit all
--- returns {id of the last entry looked at or "" at the end, {{id, {field, value, ...}}, ...}}   moves nothing
local last = given(A.before) and '(' .. A.before or '+'
local oldest = '-'
-- Ids of the stream are times, and times in ids may lag the recorded ones by no more than a call.
if given(A.from_ms) then oldest = exact(math.max(0, A.from_ms - 1000)) end
if given(A.to_ms) and not given(A.before) then last = exact(math.max(0, A.to_ms + 1000)) end
local found, looked = {}, 0

local function fits(e)
  local at = tonumber(e.at)
  if given(A.from_ms) and at < A.from_ms or given(A.to_ms) and at > A.to_ms then return false end
  if given(A.action) and e.action ~= A.action or given(A.by) and e.by ~= A.by then return false end
  if given(A.concerning) and e.by ~= A.concerning and e.owner ~= A.concerning then return false end
  return not given(A.job) or e.job == A.job or (e.jobs and string.find(e.jobs, '"' .. A.job .. '"', 1, true) ~= nil)
end

while looked < A.look do
  local rows = call('XREVRANGE', K.audit(A.scope), last, oldest, 'COUNT', math.min(200, A.look - looked))
  if #rows == 0 then return {'', found} end
  for _, row in ipairs(rows) do
    looked = looked + 1
    last = '(' .. row[1]
    local e = {}
    for i = 1, #row[2], 2 do e[row[2][i]] = row[2][i + 1] end
    if fits(e) then
      found[#found + 1] = row
      if #found >= A.limit then return {row[1], found} end
    end
  end
end
return {string.sub(last, 2), found}
