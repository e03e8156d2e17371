--- `:checkhealth redraft`.
local M = {}

--- What Neovim starts the server by: `vim.lsp.config` may say another than `setup` did.
--- @return string[]|function|nil
local function cmd()
  return (vim.lsp.config.redraft or {}).cmd
end

--- Runs the program with these arguments in the place of `serve`, which is what the server's command ends with.
local function run(...)
  local command = vim.list_slice(cmd())
  if command[#command] == 'serve' then
    command[#command] = nil
  end
  local ok, ran = pcall(function(...)
    return vim.system(vim.list_extend(command, { ... }), { text = true }):wait(10000)
  end, ...)
  if not ok then
    return tostring(ran)
  end
  return vim.trim(ran.stdout ~= '' and ran.stdout or ran.stderr or '')
end

--- What `redraft doctor` finds here.
local function doctor(health)
  local told = run('doctor', '--json')
  local is_read, found = pcall(vim.json.decode, told)
  if not is_read or type(found) ~= 'table' then
    return health.error('`redraft doctor` does not tell: ' .. told)
  end
  local tell = { ok = health.ok, note = health.info, problem = health.error }
  for _, check in ipairs(found.checks or {}) do
    local text = ('%s: %s'):format(check.name, check.message)
    if check.state == 'note' and check.hint then
      -- `info` has no room for advice.
      text = ('%s (%s)'):format(text, check.hint)
    end
    (tell[check.state] or health.info)(text, check.hint and { check.hint } or nil)
  end
end

--- What is set up.
local function set_up(health)
  local options = require('redraft.config').options
  local native = vim.lsp.inline_completion ~= nil
  if not options.inline then
    health.info('completions while one types are off (`inline` of setup)')
  else
    health.ok('completions while one types: ' .. (native and 'by Neovim (vim.lsp.inline_completion)' or "the plugin's own"))
  end
  if vim.fn.exists(':Redraft') ~= 2 then
    health.warn('the commands are not there', { 'have editors/nvim on the runtimepath before the plugins are loaded' })
  end
  if vim.lsp.is_enabled and not vim.lsp.is_enabled('redraft') then
    health.warn('the server is not enabled', { 'require("redraft").setup{} or vim.lsp.enable("redraft")' })
  end
end

--- Where the server is at work, and what it says of itself.
local function at_work(health)
  local clients = vim.lsp.get_clients({ name = 'redraft' })
  if #clients == 0 then
    health.info('the server is at work in no buffer; it starts with a file of a language that it writes')
  end
  for _, client in ipairs(clients) do
    local buffers = vim.tbl_count(client.attached_buffers)
    health.ok(('at work in %s (%d buffer%s)'):format(client.root_dir or 'files without a project', buffers, buffers == 1 and '' or 's'))
    local answer = client:request_sync('redraft/status', {}, 2000)
    local status = answer and answer.result
    if not status then
      health.error('it does not answer', { ':LspLog' })
    elseif type(status.model) == 'string' then
      local spent = status.spent_micro_usd or {}
      health.ok(('it asks the model %s; today it has cost $%.4f'):format(status.model, (spent.today or 0) / 1e6))
    else
      health.warn('it has no model that it can ask', { 'redraft models' })
    end
  end
end

function M.check()
  local health = vim.health
  health.start('redraft')
  if vim.fn.has('nvim-0.11') == 0 then
    return health.error('Neovim 0.11 or newer is needed')
  end
  if type(cmd()) ~= 'table' then
    health.info('`redraft doctor` cannot be asked: the server is started by a function')
  elseif vim.fn.executable(cmd()[1]) == 0 then
    return health.error(('there is no program %q'):format(cmd()[1]), {
      'install Redraft, or say where it is: require("redraft").setup{ cmd = { "/path/to/redraft", "serve" } }',
    })
  else
    health.ok(('the program is %s'):format(vim.fn.exepath(cmd()[1])))
    doctor(health)
  end
  set_up(health)
  at_work(health)
end

return M
