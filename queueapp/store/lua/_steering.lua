-- What people do to a queue: done once however often it is asked, and written down with who and why.

local REMEMBERED_MS = 30000
local AUDIT_ENTRIES = 100000
local AUDIT_MS = 90 * 86400000

-- The receipt of this call, or of an earlier request under the same idempotency key; false if it is new.
local function done_before()
  local idem = given(A.idem)
  local known = idem and call('HMGET', K.idempotency(A.scope, idem.key), 'fingerprint', 'receipt')
  if known and known[1] then
    if known[1] ~= idem.fingerprint then
      return fail('IDEMPOTENCY_MISMATCH', 'This Idempotency-Key was used before with another request.')
    end
    return known[2]
  end
  return call('GET', K.operation(A.op))
end

-- Whoever names what it saw names tier and version, so that a job that changed its tier is noticed.
local function seen(number)
  local version = tonumber(call('HGET', K.meta(A.scope), 'version' .. number)) or 0
  if not given(A.seen) then return version end
  for _, one in ipairs(A.seen) do
    if one[1] == number and one[2] == version then return version end
  end
  return nil, fail('VERSION_STALE', 'The tier has changed since it was read.', {version = version, tier = number})
end

-- Remembers what was done: for the caller's own repeat, and under its idempotency key for a day.
local function done(receipt)
  receipt.op = A.op
  local text, idem = cjson.encode(receipt), given(A.idem)
  call('SET', K.operation(A.op), text, 'PX', REMEMBERED_MS)
  if idem then
    local key = K.idempotency(A.scope, idem.key)
    call('HSET', key, 'fingerprint', idem.fingerprint, 'receipt', text)
    call('PEXPIRE', key, idem.ttl_ms)
  end
  return text
end

-- Ids of the stream are the server's time, whatever time a test tells.
local function audit(action, facts)
  local key, t = K.audit(A.scope), call('TIME')
  local entry = {'at', exact(NOW), 'by', A.act.by, 'action', action}
  for _, name in ipairs({'reason', 'request'}) do
    if given(A.act[name]) then
      entry[#entry + 1] = name
      entry[#entry + 1] = A.act[name]
    end
  end
  for name, value in pairs(facts) do
    entry[#entry + 1] = name
    entry[#entry + 1] = type(value) == 'table' and cjson.encode(value) or value
  end
  call('XADD', key, 'MAXLEN', '~', AUDIT_ENTRIES, '*', unpack(entry))
  call('XTRIM', key, 'MINID', '~', exact(t[1] * 1000 - AUDIT_MS))
  call('PEXPIRE', key, AUDIT_MS)
end

-- What somebody did to a thing that is known by its id; what queueapp does for itself is not told.
local function audit_of(kind, verb)
  if given(A.act) then audit(verb .. '_' .. kind, {[kind] = A.id}) end
end

-- How many queued jobs a pause of this kind holds back, and which running ones are of it.
local function held_back(kind)
  local running = call('ZRANGE', K.index(A.scope, 'status', 'Running'), 0, -1)
  if kind == '*' then return call('ZCARD', K.queue(A.scope)), running end
  local found = {}
  catch_up(A.scope)
  for _, id in ipairs(running) do
    if shape_parts(call('HGET', K.job(id), 'shape')) == kind then found[#found + 1] = id end
  end
  return call('ZCARD', K.typed(A.scope, kind)), found
end

local function window(pause) return {paused_at_ms = pause.at_ms, until_ms = pause.until_ms} end
