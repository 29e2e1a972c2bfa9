--- retried_many: note a step of an operation: which jobs were made anew, and which were left alone.
--- ARGS scope id step results act
--- results is a list of {id, 0 if it was retried, else the number of the reason}
--- returns {state, step}; another step than the present one changes nothing   fails NOT_FOUND   moves nothing
local b, other = bulk_at('Acting')
if not b then return other end
local changed = {}
for _, one in ipairs(A.results) do
  if one[2] == 0 then changed[#changed + 1] = one[1] else keep(one[1], one[2]) end
  call('ZREM', K.bulk_jobs(A.scope, A.id), one[1])
end
return acted(b, 'retry', {}, changed)
