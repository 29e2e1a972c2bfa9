--- page: one page of a scope's queue, and the numbers beside it, as they stand at one moment.
--- ARGS scope tier type offset limit
--- tier and type choose the rows and may be null; they never change a position
--- returns {now_ms, {jobs of each tier}, {version of each tier}, rows in all, {id, overall position, position in the tier, ...}}
--- moves nothing
local queue = K.queue(A.scope)
if given(A.type) then catch_up(A.scope) end
local rows = given(A.type) and K.typed(A.scope, A.type) or queue
local tier = given(A.tier)

local function bounds(of) return exact(of * TIER_SPAN), '(' .. exact((of + 1) * TIER_SPAN) end

local sizes, ends, total = {}, {}, 0
for of = 0, 3 do
  sizes[of + 1] = call('ZCOUNT', queue, bounds(of))
  total = total + sizes[of + 1]
  ends[of + 1] = total
end

local function inside(overall)
  for of = 1, 4 do
    if overall <= ends[of] then return overall - (of > 1 and ends[of - 1] or 0) end
  end
end

-- By rank, not by score with an offset: the server would walk over what is left out.
local first, size = 0, call('ZCARD', rows)
if tier then
  first = call('ZCOUNT', rows, '-inf', '(' .. exact(tier * TIER_SPAN))
  size = call('ZCOUNT', rows, bounds(tier))
end
local limit = math.min(A.limit, size - A.offset, 10000)
local page = {}
if limit > 0 then
  local from = first + A.offset
  for i, id in ipairs(call('ZRANGE', rows, from, from + limit - 1)) do
    local overall = rows == queue and from + i or call('ZRANK', queue, id) + 1
    page[3 * i - 2], page[3 * i - 1], page[3 * i] = id, overall, inside(overall)
  end
end

local versions = call('HMGET', K.meta(A.scope), 'version0', 'version1', 'version2', 'version3')
for of = 1, 4 do versions[of] = tonumber(versions[of]) or 0 end
return {NOW, sizes, versions, size, page}
