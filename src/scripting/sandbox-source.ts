/**
 * The part of the sandbox that is written in Lua: run once in every state, it makes the globals
 * that scripts see. What stands in one place of this file is compiled with positions that no script
 * sees, because every error is raised at the level of the caller.
 *
 * Tables of the API are read-only. Lua 5.1 has no such tables, so scripts get an empty one whose
 * metatable reads from the real one, and all functions of Lua that would write into it, or hand the
 * real one out, know it (sandbox-natives.ts).
 *
 * A script that has run for long gives way to other clients: its hook yields. So protected calls
 * and coroutines of scripts are run by `go`, which hands such a yield on to whoever resumed it.
 */

/** Called with the table of native functions; see sandbox-natives.ts. */
export const SANDBOX_SOURCE = `
local native = ...
local globals = _G
local create, resume, yield, status = coroutine.create, coroutine.resume, coroutine.yield, coroutine.status
local running, rawpcall, rawget, type, error = coroutine.running, pcall, rawget, type, error
local setmetatable, getmetatable, tostring, concat = setmetatable, getmetatable, tostring, table.concat
local enter, leave, isLua, loadtext = native.enter, native.leave, native.isLua, native.loadstring
local users = setmetatable({}, { __mode = 'k' })

local function settle(co, ...)
  if not leave() then return ... end
  yield()
  enter(co)
  return settle(co, resume(co))
end

local function go(co, ...)
  enter(co)
  return settle(co, resume(co, ...))
end

local function flat(ok, ...)
  if ok then return ok, ... end
  local problem = ...
  local text = type(problem) == 'table' and rawget(problem, 'err')
  return false, text or problem
end

globals.pcall = function(f, ...)
  if isLua(f) then return flat(go(create(f), ...)) end
  return flat(rawpcall(f, ...))
end

local function passed(ok, ...)
  if ok then return ... end
  local problem = ...
  error(problem, type(problem) == 'string' and 3 or 0)
end

globals.coroutine = {
  create = function(f)
    local co = create(f)
    users[co] = true
    return co
  end,
  resume = function(co, ...)
    if type(co) ~= 'thread' then return resume(co) end
    return go(co, ...)
  end,
  wrap = function(f)
    local co = create(f)
    users[co] = true
    return function(...) return passed(go(co, ...)) end
  end,
  yield = function(...)
    local co = running()
    if not (co and users[co]) then
      error('attempt to yield across metamethod/C-call boundary', 0)
    end
    return yield(...)
  end,
  running = function()
    local co = running()
    return co and users[co] and co or nil
  end,
  status = status,
}

globals.load = function(f, name)
  local parts = {}
  repeat
    local part = f()
    parts[#parts + 1] = part
  until part == nil or part == ''
  return loadtext(concat(parts), name or '=(load)')
end

for name, replacement in next, native.replaced do globals[name] = replacement end
for name, replacement in next, native.replacedString do string[name] = replacement end
for name, replacement in next, native.replacedTable do table[name] = replacement end
for name, replacement in next, native.replacedMath do math[name] = replacement end
for _, name in next, native.removed do globals[name] = nil end
for name, library in next, native.libraries do globals[name] = library end

local refuse = function() error('Attempt to modify a readonly table', 2) end
local function freeze(real, index)
  local proxy = setmetatable({}, { __index = real, __newindex = refuse, __metatable = index or false })
  native.freeze(proxy, real)
  return proxy
end

local nobody = freeze({})
for name, value in next, globals do
  if type(value) == 'table' and value ~= globals then globals[name] = freeze(value, nobody) end
end
globals.server = globals.redis
globals._VERSION = 'Lua 5.1'

local strings = getmetatable('')
strings.__metatable = freeze({ __index = globals.string }, nobody)

local missing = function(_, name)
  error("Script attempted to access nonexistent global variable '" .. tostring(name) .. "'", 2)
end
setmetatable(globals, { __index = missing })
local env = freeze(globals, freeze({ __index = missing }, nobody))
globals._G = env

-- What the code of a library of functions sees as it is loaded.
local loading = native.loading
if loading.register_function then
  local redis = freeze(setmetatable(loading, { __index = missing }), nobody)
  native.offer(setmetatable({ redis = redis, server = redis }, { __index = missing }))
end
return env
`;
