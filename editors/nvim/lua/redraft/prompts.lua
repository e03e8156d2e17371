--- The prompts that can run at a place: named, chosen from a list, and asked for what they want to know.
local M = {}

--- @class redraft.Prompt
--- @field action string
--- @field title string
--- @field description string?
--- @field inputs { name: string, description: string?, default: string? }[]?

local function text_of(value)
  return type(value) == 'string' and value ~= '' and value or nil
end

--- The prompts behind an answer of code actions, for servers that do not list them. Those that cannot run without being told
--- something are in no menu, and so not among them.
local function offered(actions)
  local found, is_known = {}, {}
  for _, action in ipairs(actions or {}) do
    local command = type(action.command) == 'table' and action.command or action
    local argument = command.arguments and command.arguments[1] or {}
    if command.command == 'redraft.run' and argument.action and not is_known[argument.action] then
      is_known[argument.action] = true
      table.insert(found, { action = argument.action, title = action.title, inputs = {} })
    end
  end
  return found
end

--- The requests that tell of them, the better one first, and what to make of the answer.
local function questions(buffer, range)
  local uri = vim.uri_from_bufnr(buffer)
  return {
    { 'redraft/prompts', { uri = uri, range = range }, function(answer) return answer.prompts end },
    {
      'textDocument/codeAction',
      { textDocument = { uri = uri }, range = range, context = { diagnostics = {}, only = { '', 'source' } } },
      offered,
    },
  }
end

--- @param server vim.lsp.Client
--- @param place redraft.Place
--- @param done fun(prompts: redraft.Prompt[])
local function list(server, place, done)
  local rest = questions(place.buffer, place.range())
  local function ask()
    local method, params, read = unpack(table.remove(rest, 1))
    server:request(method, params, function(err, answer)
      if err and rest[1] then
        ask()
      elseif err then
        vim.notify('redraft: ' .. err.message, vim.log.levels.ERROR)
      else
        done(answer and read(answer) or {})
      end
    end, place.buffer)
  end
  ask()
end

--- Asks for each input in turn, and goes on once all are told; whoever cancels one has cancelled it all.
local function ask_inputs(prompt, done)
  local input = {}
  local function ask(number)
    local wanted = (prompt.inputs or {})[number]
    if not wanted then
      return done(next(input) and input or nil)
    end
    local question = text_of(wanted.description) or wanted.name
    vim.ui.input({ prompt = question .. ': ', default = text_of(wanted.default) }, function(told)
      if told then
        input[wanted.name] = told
        ask(number + 1)
      end
    end)
  end
  ask(1)
end

--- @param prompt redraft.Prompt
local function shown(prompt)
  local description = text_of(prompt.description)
  return description and description ~= prompt.title and ('%s: %s'):format(prompt.title, description) or prompt.title
end

--- Runs a prompt by its name, or the one that is chosen.
--- @param action string?
--- @param options { first: integer?, last: integer?, instruction: string? }
function M.run(action, options)
  local redraft = require('redraft')
  local server = redraft.client()
  if not server then
    return
  end
  local place = require('redraft.place').here(server, options.first, options.last)
  local function begin(prompt)
    ask_inputs(prompt, function(input)
      redraft.run(prompt.action, { place = place, instruction = options.instruction, input = input })
    end)
  end
  list(server, place, function(prompts)
    if action then
      for _, prompt in ipairs(prompts) do
        if prompt.action == action then
          return begin(prompt)
        end
      end
      -- The server knows why it cannot run here, and tells.
      return begin({ action = action, title = action })
    elseif #prompts == 0 then
      return vim.notify('redraft: no prompt can run here', vim.log.levels.WARN)
    end
    vim.ui.select(prompts, { prompt = 'Redraft', kind = 'redraft', format_item = shown }, function(prompt)
      if prompt then
        begin(prompt)
      end
    end)
  end)
end

--- @return string[]
function M.names()
  local buffer = vim.api.nvim_get_current_buf()
  local server = vim.lsp.get_clients({ bufnr = buffer, name = 'redraft' })[1]
  if not server then
    return {}
  end
  local place = require('redraft.place').here(server)
  for _, question in ipairs(questions(buffer, place.take())) do
    local method, params, read = unpack(question)
    local answer = server:request_sync(method, params, 1000, buffer)
    if answer and answer.result then
      local names = vim.tbl_map(function(prompt) return prompt.action end, read(answer.result))
      table.sort(names)
      return names
    end
  end
  return {}
end

return M
