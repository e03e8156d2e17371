--- Redraft in Neovim: commands, mappings and a part of the status line. `:help redraft`.
local M = {}

local ERROR, WARN = vim.log.levels.ERROR, vim.log.levels.WARN

--- Has `:help redraft` found, also where no package manager made the tags.
local function tags()
  local doc = vim.api.nvim_get_runtime_file('doc/redraft.txt', false)[1]
  if doc and vim.fn.filereadable(vim.fs.dirname(doc) .. '/tags') == 0 then
    -- The folder may be one that cannot be written into.
    pcall(vim.cmd.helptags, vim.fs.dirname(doc))
  end
end

--- @param options table? see `redraft.config`
function M.setup(options)
  require('redraft.config').set(options)
  local cmd = require('redraft.config').lsp().cmd
  if type(cmd) == 'table' and vim.fn.executable(cmd[1]) == 0 then
    -- Neovim itself says nothing of a server that it cannot start.
    vim.notify(('redraft: there is no program %s (:checkhealth redraft)'):format(cmd[1]), WARN)
  end
  tags()
  vim.lsp.config('redraft', require('redraft.config').lsp())
  vim.lsp.enable('redraft')
  local inline = require('redraft.config').options.inline
  if inline then
    require('redraft.ghost').enable(type(inline) == 'table' and inline or {})
  elseif package.loaded['redraft.ghost'] then
    require('redraft.ghost').disable()
  end
end

--- The server at work in a buffer; where there is none, that is told.
--- @param buffer integer?
--- @return vim.lsp.Client?
function M.client(buffer)
  local found = vim.lsp.get_clients({ bufnr = buffer or 0, name = 'redraft' })[1]
  if not found then
    vim.notify('redraft: the server is not at work in this buffer (:checkhealth redraft)', ERROR)
  end
  return found
end

--- The server of a run; where it is gone, that is told.
local function server_of(run)
  local found = vim.lsp.get_client_by_id(run.client)
  if not found then
    vim.notify('redraft: the server of this draft is gone', ERROR)
  end
  return found
end

--- Asks a server, where there is one; `done` gets its answer, and an error is told.
local function ask(server, method, params, done)
  local buffer = vim.api.nvim_get_current_buf()
  if server then
    server:request(method, params, function(err, result)
      if err then
        return vim.notify('redraft: ' .. err.message, ERROR)
      end
      done(result)
    end, buffer)
  end
end

--- Has the server run a command.
local function execute(server, buffer, command, argument)
  local params = { command = command, arguments = { argument } }
  server:request('workspace/executeCommand', params, require('redraft.handlers').commanded, buffer)
end

--- Writes what an instruction says, at the cursor or in place of the lines.
--- @param instruction string
--- @param first integer?
--- @param last integer?
function M.generate(instruction, first, last)
  local server = M.client()
  if server then
    local place = require('redraft.place').here(server, first, last)
    local argument = { uri = vim.uri_from_bufnr(place.buffer), range = place.take(), instruction = instruction }
    execute(server, place.buffer, 'redraft.generate', argument)
  end
end

--- Runs a prompt by its name; `input` has what it asks, by name.
--- @param action string
--- @param options { first: integer?, last: integer?, place: redraft.Place?, instruction: string?, input: table<string, string>? }?
function M.run(action, options)
  options = options or {}
  local server = M.client(options.place and options.place.buffer)
  if not server then
    return
  end
  local place = options.place or require('redraft.place').here(server, options.first, options.last)
  execute(server, place.buffer, 'redraft.run', {
    action = action,
    uri = vim.uri_from_bufnr(place.buffer),
    version = vim.lsp.util.buf_versions[place.buffer],
    range = place.take(),
    instruction = options.instruction,
    input = options.input,
  })
end

--- Runs a prompt and asks for what it wants to know; without a name, asks which.
--- @param action string?
--- @param options { first: integer?, last: integer?, instruction: string? }?
function M.prompt(action, options)
  require('redraft.prompts').run(action, options or {})
end

--- The run that is meant: the one at the cursor, else the buffer's latest.
local function meant(is_meant, otherwise)
  local found = require('redraft.runs').of(vim.api.nvim_get_current_buf(), is_meant)
  local row = vim.api.nvim_win_get_cursor(0)[1] - 1
  for _, run in ipairs(found) do
    if require('redraft.draft').covers(run, row) then
      return run
    end
  end
  if not found[1] then
    vim.notify('redraft: ' .. otherwise, WARN)
  end
  return found[1]
end

--- Has the server do something about the run that is meant.
local function about(command, is_meant, otherwise)
  return function(argument)
    local run = meant(function(run) return require('redraft.runs')[is_meant](run) end, otherwise)
    local server = run and server_of(run)
    if not run or not server then
      return
    end
    if command == 'redraft.again' then
      local row = require('redraft.draft').row(run) or vim.api.nvim_win_get_cursor(0)[1] - 1
      require('redraft.runs').await(run.client, { buffer = run.buffer, row = row })
    end
    execute(server, run.buffer, command, vim.tbl_extend('force', { run = run.name }, argument or {}))
  end
end

local NOTHING = 'nothing was written in this buffer yet'
M.keep = about('redraft.keep', 'has_draft', NOTHING)
M.revert = about('redraft.revert', 'has_draft', NOTHING)
M.again = about('redraft.again', 'stands', NOTHING)
M.stop = about('redraft.stop', 'is_at_work', 'nothing is at work in this buffer')

--- Shows what was asked of models, and what it cost.
function M.usage()
  ask(M.client(), 'redraft/usage', {}, function(usage) require('redraft.pages').usage(usage) end)
end

--- Shows what the model was sent for the run at the cursor, or for the buffer's latest.
function M.sent()
  local run = meant(function() return true end, 'nothing was sent for this buffer yet')
  if run then
    ask(server_of(run), 'redraft/sent', { run = run.name }, function(sent) require('redraft.pages').sent(sent) end)
  end
end

--- Shows the last answer in words once more.
function M.answer()
  require('redraft.answers').again()
end

--- Has another model asked from now on; without a name, asks which.
--- @param name string?
function M.model(name)
  require('redraft.models').choose(name)
end

--- A part for the status line: the state of what is at work, or nothing.
--- @return string
function M.statusline()
  local runs, at_work = require('redraft.runs'), {}
  for _, run in pairs(runs.all) do
    if runs.is_at_work(run) then
      table.insert(at_work, ('%s %s'):format(run.model or 'redraft', run.state))
    end
  end
  table.sort(at_work)
  return table.concat(at_work, ', ')
end

--- The names of the prompts that can run here, for the command's completion.
--- @return string[]
function M.names()
  return require('redraft.prompts').names()
end

return M
