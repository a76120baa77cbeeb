-- The model of the queue: luajit test/model/run.lua [--mode plain|taken|rollback] [--seeds 1-20] [--follow PATTERN]
-- or --mutant NAME|all [--count SEEDS | --within SEEDS]: a change of the scripts or the model moves the seeds at which the
-- rarest mutants are caught; --within 6000 finds others for test/model/mutants.lua
local here = arg[0]:match('^(.*)/[^/]*$') or '.'
package.path = here .. '/?.lua;' .. package.path

local World = require('world')
local mutants = require('mutants')

io.stdout:setvbuf('line')
jit.off() -- coroutines all over: the interpreter is faster

local MODES = {'plain', 'taken', 'rollback'}
local EVENTS = 30
local WITHIN = 200 -- seeds, beside the one that is known: a mutant is caught in one of so many, or not at all

local function usage(why)
  io.stderr:write('run.lua: ', why, '\n')
  os.exit(2)
end

local function read_options()
  local o, i = {seeds = '1-5'}, 1
  while arg[i] do
    local name = arg[i]:match('^%-%-(%a+)$') or usage('what is ' .. arg[i] .. '?')
    o[name] = arg[i + 1] or usage(arg[i] .. ' wants a value')
    i = i + 2
  end
  return o
end

local function print_failure(w, why)
  print(string.format('VIOLATION of %s: seed %d, mode %s, step %d: %s', why.violation, w.sim.seed, w.mode, w.sim.steps, why.text))
  for _, line in ipairs(w.sim:last_events(EVENTS)) do print('    ' .. line) end
end

-- One seed. The world, and the violation, if there was one.
local function run(seed, mode, mutant, follow)
  local w = World.new({seed = seed, mode = mode, folder = here .. '/../../redis',
    broken = mutant and mutant.step and {[mutant.step] = true}, changes = mutant and mutant.changes})
  w.sim.follow = follow
  local ok, why = pcall(w.run, w)
  if not ok and not (type(why) == 'table' and why.violation) then
    error(string.format('seed %d, mode %s: %s', seed, mode, type(why) == 'table' and tostring(why.code) or why), 0)
  end
  return w, not ok and why
end

local function add(sums, stats)
  for name, n in pairs(stats) do sums[name] = (sums[name] or 0) + n end
end

local function figures(sums)
  local list = {}
  for name, n in pairs(sums) do list[#list + 1] = name .. ' ' .. n end
  table.sort(list)
  return table.concat(list, ', ')
end

-- How many of the seeds failed.
local function run_mode(mode, from, to, follow)
  local failed, sums = 0, {}
  for seed = from, to do
    local w, why = run(seed, mode, nil, follow)
    add(sums, w.ledger.stats)
    if why then
      failed = failed + 1
      print_failure(w, why)
    end
  end
  print(string.format('%s, seeds %d-%d: %d failed; %s', mode, from, to, failed, figures(sums)))
  return failed
end

-- ---------------------------------------------------------------- mutants

-- The first seed in which a mutant is caught, and by what; nil: in none of them.
local function catch(mutant, seeds)
  for _, seed in ipairs(seeds) do
    local _, why = run(seed, mutant.mode, mutant)
    if why then return seed, why end
  end
end

-- The seed that is known to catch it, then the first ones.
local function seeds_of(mutant, within)
  local seeds = {mutant.seed}
  for seed = 1, within do seeds[#seeds + 1] = seed end
  return seeds
end

-- In how many of the first n seeds.
local function count_caught(mutant, n)
  local caught, by = 0, {}
  for seed = 1, n do
    local _, why = run(seed, mutant.mode, mutant)
    if why then
      caught = caught + 1
      by[why.violation] = (by[why.violation] or 0) + 1
    end
  end
  return string.format('%d of %d seeds: %s', caught, n, figures(by)), caught > 0
end

local function hunt(mutant, within)
  local seed, why = catch(mutant, seeds_of(mutant, within))
  if not seed then return 'not caught', false end
  return string.format('seed %d, %s: %s', seed, why.violation, why.text), true
end

-- Each mutant that is named has to be caught (a robust one has not to be). `count`: look at so many seeds of each.
-- How many it went wrong with.
local function run_mutants(name, count, within)
  local wrong = 0
  for _, mutant in ipairs(mutants) do
    if name == 'all' or name == mutant.name then
      local text, caught
      if count then text, caught = count_caught(mutant, count) else text, caught = hunt(mutant, mutant.robust and 6 or within) end
      if caught ~= not mutant.robust then
        wrong = wrong + 1
        text = 'WRONG: ' .. text
      elseif mutant.robust then
        text = 'robust: ' .. mutant.robust
      end
      print(string.format('%-48s %-8s %s', mutant.name, mutant.mode, text))
    end
  end
  return wrong
end

local function main()
  local o = read_options()
  if o.mutant then os.exit(run_mutants(o.mutant, tonumber(o.count), tonumber(o.within) or WITHIN) == 0 and 0 or 1) end
  local from, to = o.seeds:match('^(%d+)-?(%d*)$')
  from, to = tonumber(from), tonumber(to) or tonumber(from)
  local failed = 0
  for _, mode in ipairs(o.mode and {o.mode} or MODES) do failed = failed + run_mode(mode, from, to, o.follow) end
  os.exit(failed == 0 and 0 or 1)
end

main()
