-- Token buckets, for rates and the retry budget. A full bucket is not stored; an unused one expires when it is
-- full again.
local buckets = lazy({})

function buckets.build()
  buckets.known = {}

  function buckets.of(name, per_second, burst)
    local b = buckets.known[name]
    if b then return b end
    b = { per_second = per_second, burst = burst, tokens = burst }
    local v = redis.call('GET', k_bucket .. name)
    if v then
      local tokens, at = read.bucket(v)
      b.tokens = math.min(burst, tokens + math.max(0, now - at) * per_second / 1000)
      -- If the clock has stepped back, store the bucket again: a time in the future would stop it until then.
      b.changed = at > now
    end
    buckets.known[name] = b
    return b
  end

  -- A bucket never owes tokens: a message that became due before the limit was set passes.
  function buckets.add(b, tokens)
    b.tokens = math.max(0, math.min(b.burst, b.tokens + tokens))
    b.changed = true
    if tokens > 0 then b.gained = true end
  end

  -- Returns the milliseconds until a whole token is there; 1 hour if the bucket never fills.
  function buckets.wait(b)
    if b.tokens >= 1 then return 0 end
    if b.per_second == 0 then return 3600000 end
    return math.max(1, math.ceil((1 - b.tokens) * 1000 / b.per_second))
  end

  function buckets.flush()
    for name, b in pairs(buckets.known) do
      if b.changed then
        local full_in = b.per_second > 0 and (b.burst - b.tokens) * 1000 / b.per_second or 3600000
        if full_in <= 0 then
          redis.call('DEL', k_bucket .. name)
        else
          redis.call('SET', k_bucket .. name, write.bucket { tokens = b.tokens, at = now }, 'PX',
            string.format('%d', math.min(full_in, 31536000000) + 1000))
        end
      end
    end
  end
end
