--- Completions while one types, as ghost text behind the cursor. Neovim 0.12 asks for them and shows them itself
--- (`vim.lsp.inline_completion`); in 0.11, and where they are asked for by hand, this does.
local M = {}

local namespace = vim.api.nvim_create_namespace('redraft.ghost')
local group = vim.api.nvim_create_augroup('redraft.ghost', { clear = true })

--- So long after the last key, in milliseconds, it is asked.
local DEBOUNCE = 120

--- Why it is asked (LSP's InlineCompletionTriggerKind).
local INVOKED, AUTOMATIC = 1, 2
--- The codes of requests that were cancelled, or that the next key has made useless.
local ENDED = { -32800, -32801, -32802 }

local native = vim.lsp.inline_completion

local timer
--- What is shown: { buffer, row, column, items, index }, and the request that is on its way: { client, id, place }.
local shown, asked

local function hide()
  if shown and vim.api.nvim_buf_is_valid(shown.buffer) then
    vim.api.nvim_buf_clear_namespace(shown.buffer, namespace, 0, -1)
  end
  shown = nil
end

local function cancel()
  if timer then
    timer:stop()
  end
  if asked then
    asked.client:cancel_request(asked.id)
    asked = nil
  end
end

local function show(buffer, row, column, items, index)
  hide()
  local lines = vim.split(items[index], '\n', { plain = true })
  local parts = vim.tbl_map(function(line) return { { line, 'RedraftGhost' } } end, lines)
  if #items > 1 then
    table.insert(parts[#parts], { (' (%d/%d)'):format(index, #items), 'RedraftGhostMore' })
  end
  vim.api.nvim_buf_set_extmark(buffer, namespace, row, column, {
    virt_text = table.remove(parts, 1),
    virt_text_pos = 'inline',
    virt_lines = #parts > 0 and parts or nil,
  })
  shown = { buffer = buffer, row = row, column = column, items = items, index = index }
end

--- What is left of a text at this place where its start was typed since; nothing where something else was.
local function rest_of(text, row, column)
  local cursor = vim.api.nvim_win_get_cursor(0)
  if cursor[1] - 1 ~= row or cursor[2] < column then
    return nil
  end
  local typed = vim.api.nvim_get_current_line():sub(column + 1, cursor[2])
  return vim.startswith(text, typed) and text:sub(#typed + 1) or nil
end

--- Goes on showing what its user types along; hides it otherwise.
local function follow()
  local ghost = shown
  if not ghost or ghost.buffer ~= vim.api.nvim_get_current_buf() then
    return hide()
  end
  local items, index = {}, 1
  for number, text in ipairs(ghost.items) do
    local rest = rest_of(text, ghost.row, ghost.column)
    if rest and rest ~= '' then
      table.insert(items, rest)
      index = number == ghost.index and #items or index
    end
  end
  if not items[1] then
    return hide()
  end
  show(ghost.buffer, ghost.row, vim.api.nvim_win_get_cursor(0)[2], items, index)
end

--- The texts of an answer; snippets, which Redraft does not send, are left out.
local function texts(result)
  local found = {}
  for _, item in ipairs(result and (result.items or result) or {}) do
    if type(item.insertText) == 'string' and item.insertText ~= '' then
      table.insert(found, (item.insertText:gsub('\r\n?', '\n')))
    end
  end
  return found
end

--- Where the cursor is, and in what text.
local function here()
  local buffer = vim.api.nvim_get_current_buf()
  local cursor = vim.api.nvim_win_get_cursor(0)
  return { buffer = buffer, tick = vim.api.nvim_buf_get_changedtick(buffer), row = cursor[1] - 1, column = cursor[2] }
end

local function ask(trigger)
  local place = here()
  local client = vim.lsp.get_clients({ bufnr = place.buffer, name = 'redraft' })[1]
  if not client or vim.fn.pumvisible() == 1 then
    return
  end
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  params.context = { triggerKind = trigger }
  local _, id = client:request('textDocument/inlineCompletion', params, function(err, result)
    asked = nil
    if err and trigger == INVOKED and not vim.tbl_contains(ENDED, err.code) then
      vim.notify('redraft: ' .. err.message, vim.log.levels.ERROR)
    end
    local items = texts(result)
    if items[1] and vim.deep_equal(place, here()) and vim.api.nvim_get_mode().mode:sub(1, 1) == 'i' then
      show(place.buffer, place.row, place.column, items, 1)
    end
  end, place.buffer)
  asked = id and { client = client, id = id, place = place } or nil
end

--- The word as the editor sees it here ('iskeyword'): Lua's patterns know bytes, and would cut a character in two.
local function first_word(text)
  local word = vim.fn.matchstr(text, [[^\_s*\%(\k\+\|\S\)]])
  return word ~= '' and word or text
end

--- Puts text in at the cursor, and the cursor behind it.
local function put(text)
  local cursor, lines = vim.api.nvim_win_get_cursor(0), vim.split(text, '\n', { plain = true })
  vim.api.nvim_buf_set_text(0, cursor[1] - 1, cursor[2], cursor[1] - 1, cursor[2], lines)
  local column = #lines == 1 and cursor[2] + #lines[1] or #lines[#lines]
  vim.api.nvim_win_set_cursor(0, { cursor[1] - 1 + #lines, column })
end

--- Puts in what is shown, or its first word; false where something else was typed.
local function take(is_word)
  local rest = shown and rest_of(shown.items[shown.index], shown.row, shown.column)
  hide()
  if rest then
    put(is_word and first_word(rest) or rest)
  end
  return rest ~= nil
end

--- The same of what Neovim itself shows. What was typed along it since it was asked for stands already.
local function take_native(is_word)
  local is_taken, is_over = false, false
  local is_shown = native.get({ on_accept = function(item)
    is_taken = true
    if type(item.insert_text) ~= 'string' or not item.range then
      return item
    end
    local rest = rest_of(item.insert_text, item.range:to_extmark())
    is_taken = rest ~= nil
    if rest then
      put(is_word and first_word(rest) or rest)
    end
  end })
  if not is_shown then
    return nil
  end
  -- Neovim schedules it, and this runs behind that.
  vim.schedule(function() is_over = true end)
  return function()
    vim.wait(1000, function() return is_over end, 1)
    return is_taken
  end
end

--- What a key does that takes what is shown, or its first word: a mapping is looked at before the keys that came with it are put in,
--- so what was typed is known only when it is done.
--- @param is_word boolean
--- @return (fun(): boolean)? nothing where nothing is shown
local function accept(is_word)
  if shown then
    return function() return take(is_word) end
  end
  return native and take_native(is_word) or nil
end

--- Whether Neovim itself shows something here. It says so only by what it shows.
local function native_shows()
  local own = native and vim.api.nvim_get_namespaces()['nvim.lsp.inline_completion']
  return own and #vim.api.nvim_buf_get_extmarks(0, own, 0, -1, { limit = 1 }) > 0
end

--- What a key does that shows another of the alternatives.
--- @param step integer
--- @return (fun(): boolean)? nothing where there are none
local function choose(step)
  if shown and #shown.items > 1 then
    return function()
      local ghost = shown
      if ghost then
        show(ghost.buffer, ghost.row, ghost.column, ghost.items, (ghost.index - 1 + step) % #ghost.items + 1)
      end
      return ghost ~= nil
    end
  elseif not shown and native_shows() then
    return function()
      native.select({ count = step })
      return true
    end
  end
end

--- Asks now, whatever it costs.
function M.trigger()
  M.dismiss()
  ask(INVOKED)
end

function M.dismiss()
  cancel()
  hide()
end

--- Has Neovim ask, for this server only: other servers' completions are their users' matter.
local function enable_native()
  local function enable(client)
    if client and client.name == 'redraft' then
      native.enable(true, { client_id = client.id })
    end
  end
  for _, client in ipairs(vim.lsp.get_clients({ name = 'redraft' })) do
    enable(client)
  end
  vim.api.nvim_create_autocmd('LspAttach', { group = group, callback = function(event)
    enable(vim.lsp.get_client_by_id(event.data.client_id))
  end })
end

local function ask_later()
  timer = timer or assert(vim.uv.new_timer())
  timer:start(DEBOUNCE, 0, vim.schedule_wrap(function()
    if vim.api.nvim_get_mode().mode:sub(1, 1) == 'i' then
      ask(AUTOMATIC)
    end
  end))
end

--- Asks no more, and leaves every key as it was.
function M.disable()
  M.dismiss()
  vim.api.nvim_clear_autocmds({ group = group })
  require('redraft.keys').unmap()
  for _, client in ipairs(native and vim.lsp.get_clients({ name = 'redraft' }) or {}) do
    native.enable(false, { client_id = client.id })
  end
end

--- @param keys { accept: string?, word: string?, next: string?, previous: string? } false for none
function M.enable(keys)
  vim.api.nvim_set_hl(0, 'RedraftGhost', { link = 'Comment', default = true })
  vim.api.nvim_set_hl(0, 'RedraftGhostMore', { link = 'MoreMsg', default = true })
  M.disable()
  if native then
    enable_native()
  end
  vim.api.nvim_create_autocmd({ 'TextChangedI', 'InsertEnter' }, { group = group, callback = function()
    cancel()
    follow()
    if not native then
      ask_later()
    end
  end })
  vim.api.nvim_create_autocmd('CursorMovedI', { group = group, callback = function()
    if asked and not vim.deep_equal(asked.place, here()) then
      cancel()
    end
    follow()
  end })
  vim.api.nvim_create_autocmd({ 'InsertLeave', 'BufLeave' }, { group = group, callback = M.dismiss })
  local actions = {
    accept = { '<Tab>', function() return accept(false) end, 'Take what Redraft completes' },
    word = { '<M-Right>', function() return accept(true) end, 'Take the first word of what Redraft completes' },
    next = { '<M-]>', function() return choose(1) end, 'Show what else Redraft completes' },
    previous = { '<M-[>', function() return choose(-1) end, 'Show what Redraft completed before' },
  }
  for name, action in pairs(actions) do
    local key = keys[name]
    if key == nil then
      key = action[1]
    end
    if key then
      require('redraft.keys').map(name, key, action[2], action[3])
    end
  end
end

return M
