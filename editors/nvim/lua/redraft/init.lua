--- Redraft in Neovim: commands, mappings and a part of the status line. `:help redraft`.
local M = {}

--- @param options table? see `redraft.config`
function M.setup(options)
  require('redraft.config').set(options)
  vim.lsp.config('redraft', require('redraft.config').lsp())
  vim.lsp.enable('redraft')
  local inline = require('redraft.config').options.inline
  if inline then
    require('redraft.ghost').enable(type(inline) == 'table' and inline or {})
  end
end

local function client()
  local found = vim.lsp.get_clients({ bufnr = 0, name = 'redraft' })[1]
  if not found then
    vim.notify('redraft: the server is not at work in this buffer (:checkhealth redraft)', vim.log.levels.ERROR)
  end
  return found
end

--- Has the server run a command; `done` gets its answer.
local function execute(command, argument, done)
  local server = client()
  if not server then
    return
  end
  local buffer = vim.api.nvim_get_current_buf()
  server:request('workspace/executeCommand', { command = command, arguments = { argument } }, function(err, result)
    if err then
      vim.notify('redraft: ' .. err.message, vim.log.levels.ERROR)
    elseif done then
      done(result or {})
    end
  end, buffer)
end

--- The range of the cursor, or of the lines of a command.
local function range(server, first, last)
  local buffer = vim.api.nvim_get_current_buf()
  if first and last then
    local text = vim.api.nvim_buf_get_lines(buffer, last - 1, last, true)[1]
    local column = vim.str_utfindex(text, server.offset_encoding, #text, false)
    return { start = { line = first - 1, character = 0 }, ['end'] = { line = last - 1, character = column } }
  end
  return vim.lsp.util.make_range_params(0, server.offset_encoding).range
end

local function begins(buffer, line)
  require('redraft.handlers').last.wanted = { buffer = buffer, line = line }
  return function(result)
    if result.run then
      require('redraft.handlers').begins(result.run, buffer, line)
    end
  end
end

--- Writes what an instruction says, at the cursor or in place of the lines.
--- @param instruction string
--- @param first integer?
--- @param last integer?
function M.generate(instruction, first, last)
  local server = client()
  if not server then
    return
  end
  local wanted = range(server, first, last)
  local argument = { uri = vim.uri_from_bufnr(0), range = wanted, instruction = instruction }
  execute('redraft.generate', argument, begins(vim.api.nvim_get_current_buf(), wanted.start.line))
end

--- Runs a prompt by its name; `input` has what it asks, by name.
--- @param action string
--- @param options { first: integer?, last: integer?, instruction: string?, input: table<string, string>? }?
function M.run(action, options)
  options = options or {}
  local server = client()
  if not server then
    return
  end
  local wanted = range(server, options.first, options.last)
  local argument = {
    action = action,
    uri = vim.uri_from_bufnr(0),
    version = vim.lsp.util.buf_versions[vim.api.nvim_get_current_buf()],
    range = wanted,
    instruction = options.instruction,
    input = options.input,
  }
  execute('redraft.run', argument, begins(vim.api.nvim_get_current_buf(), wanted.start.line))
end

--- The last run of this buffer.
local function last()
  local runs = require('redraft.handlers').last.run or {}
  local run = runs[vim.api.nvim_get_current_buf()]
  if not run then
    vim.notify('redraft: nothing was written in this buffer yet', vim.log.levels.WARN)
  end
  return run
end

local function about_the_last(command)
  return function(argument)
    local run = last()
    if run then
      local buffer, line = vim.api.nvim_get_current_buf(), vim.fn.line('.') - 1
      local done = command == 'redraft.again' and begins(buffer, line) or nil
      execute(command, vim.tbl_extend('force', { run = run }, argument or {}), done)
    end
  end
end

M.keep = about_the_last('redraft.keep')
M.revert = about_the_last('redraft.revert')
M.stop = about_the_last('redraft.stop')
M.again = about_the_last('redraft.again')

--- Shows what was asked of models, and what it cost.
function M.usage()
  local server = client()
  if not server then
    return
  end
  server:request('redraft/usage', {}, function(err, result)
    if err then
      return vim.notify('redraft: ' .. err.message, vim.log.levels.ERROR)
    end
    vim.lsp.util.open_floating_preview(vim.split(vim.inspect(result), '\n'), 'lua', { border = 'rounded' })
  end, 0)
end

--- A part for the status line: the state of what is at work, or nothing.
--- @return string
function M.statusline()
  local at_work = {}
  for _, run in pairs(require('redraft.handlers').runs) do
    if vim.tbl_contains({ 'gathering', 'asking', 'streaming', 'checking', 'refining' }, run.state) then
      table.insert(at_work, ('%s %s'):format(run.model or 'redraft', run.state))
    end
  end
  table.sort(at_work)
  return table.concat(at_work, ', ')
end

--- The names of the actions that are offered here, for the command's completion.
function M.names()
  local server = vim.lsp.get_clients({ bufnr = 0, name = 'redraft' })[1]
  if not server then
    return {}
  end
  local params = vim.lsp.util.make_range_params(0, server.offset_encoding)
  params.context = { diagnostics = {}, only = { '', 'source' } }
  local answer = server:request_sync('textDocument/codeAction', params, 1000, 0)
  local names = {}
  for _, action in ipairs(answer and answer.result or {}) do
    local command = type(action.command) == 'table' and action.command or action
    local argument = command.arguments and command.arguments[1] or {}
    if command.command == 'redraft.run' and argument.action then
      names[argument.action] = true
    end
  end
  names = vim.tbl_keys(names)
  table.sort(names)
  return names
end

return M
