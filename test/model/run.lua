-- The model of the queue: luajit test/model/run.lua [--mode plain|taken|rollback] [--seeds 1-20] [--follow PATTERN]
-- or --mutant NAME|all [--within SEEDS]
local here = arg[0]:match('^(.*)/[^/]*$') or '.'
package.path = here .. '/?.lua;' .. package.path

local World = require('world')
local mutants = require('mutants')

io.stdout:setvbuf('line')
jit.off() -- coroutines all over: the interpreter is faster

local MODES = {'plain', 'taken', 'rollback'}
local EVENTS = 30

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

-- `within`: so many seeds at most, each; nil: as many as the mutant says.
local function run_mutants(name, within)
  local missed = 0
  for _, mutant in ipairs(mutants) do
    if name == 'all' or name == mutant.name then
      local seed, why = catch(mutant, seeds_of(mutant, within or mutant.within or 20))
      local caught = seed and string.format('seed %d, %s: %s', seed, why.violation, why.text) or 'NOT CAUGHT'
      if (seed == nil) ~= (mutant.robust ~= nil) then missed = missed + 1 end
      print(string.format('%-50s %-8s %s', mutant.name, mutant.mode, caught))
    end
  end
  return missed
end

local function main()
  local o = read_options()
  if o.mutant then os.exit(run_mutants(o.mutant, tonumber(o.within)) == 0 and 0 or 1) end
  local from, to = o.seeds:match('^(%d+)-?(%d*)$')
  from, to = tonumber(from), tonumber(to) or tonumber(from)
  local failed = 0
  for _, mode in ipairs(o.mode and {o.mode} or MODES) do failed = failed + run_mode(mode, from, to, o.follow) end
  os.exit(failed == 0 and 0 or 1)
end

main()
