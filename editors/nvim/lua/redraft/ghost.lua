--- Completions while one types, as ghost text behind the cursor; for Neovim 0.11. Neovim 0.12 has `vim.lsp.inline_completion`.
local M = {}

local namespace = vim.api.nvim_create_namespace('redraft.ghost')
local group = vim.api.nvim_create_augroup('redraft.ghost', { clear = true })

--- So long after the last key, in milliseconds, it is asked.
local DEBOUNCE = 120

local timer
--- What is shown: { buffer, row, column, text }, and the request that is on its way.
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

local function show(buffer, row, column, text)
  hide()
  local lines = vim.split(text, '\n', { plain = true })
  local below = {}
  for index = 2, #lines do
    table.insert(below, { { lines[index], 'RedraftGhost' } })
  end
  vim.api.nvim_buf_set_extmark(buffer, namespace, row, column, {
    virt_text = { { lines[1], 'RedraftGhost' } },
    virt_text_pos = 'inline',
    virt_lines = #below > 0 and below or nil,
  })
  shown = { buffer = buffer, row = row, column = column, text = text }
end

local function ask(trigger)
  local buffer = vim.api.nvim_get_current_buf()
  local client = vim.lsp.get_clients({ bufnr = buffer, name = 'redraft' })[1]
  if not client or vim.fn.pumvisible() == 1 then
    return
  end
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  params.context = { triggerKind = trigger }
  local tick = vim.api.nvim_buf_get_changedtick(buffer)
  local _, id = client:request('textDocument/inlineCompletion', params, function(_, result)
    asked = nil
    local item = result and (result.items or result)[1]
    local row, column = unpack(vim.api.nvim_win_get_cursor(0))
    local is_there = buffer == vim.api.nvim_get_current_buf() and tick == vim.api.nvim_buf_get_changedtick(buffer)
    if item and is_there and vim.api.nvim_get_mode().mode:sub(1, 1) == 'i' then
      show(buffer, row - 1, column, item.insertText)
    end
  end, buffer)
  asked = id and { client = client, id = id } or nil
end

--- Puts in what is shown, or its first word; false where nothing is.
--- @param is_word boolean?
--- @return boolean
function M.accept(is_word)
  local ghost = shown
  if not ghost then
    return false
  end
  local text = is_word and (ghost.text:match('^%s*[%w_]+') or ghost.text:match('^%s*%S')) or ghost.text
  vim.schedule(function()
    hide()
    local lines = vim.split(text, '\n', { plain = true })
    vim.api.nvim_buf_set_text(ghost.buffer, ghost.row, ghost.column, ghost.row, ghost.column, lines)
    local column = #lines == 1 and ghost.column + #lines[1] or #lines[#lines]
    vim.api.nvim_win_set_cursor(0, { ghost.row + #lines, column })
  end)
  return true
end

--- Asks now, whatever it costs.
function M.trigger()
  cancel()
  ask(1)
end

function M.dismiss()
  cancel()
  hide()
end

--- @param keys { accept: string?, word: string? }
function M.enable(keys)
  vim.api.nvim_set_hl(0, 'RedraftGhost', { link = 'Comment', default = true })
  timer = timer or assert(vim.uv.new_timer())
  vim.api.nvim_create_autocmd({ 'TextChangedI', 'InsertEnter' }, { group = group, callback = function()
    M.dismiss()
    timer:start(DEBOUNCE, 0, vim.schedule_wrap(function()
      if vim.api.nvim_get_mode().mode:sub(1, 1) == 'i' then
        ask(2)
      end
    end))
  end })
  vim.api.nvim_create_autocmd({ 'InsertLeave', 'BufLeave' }, { group = group, callback = M.dismiss })
  for key, is_word in pairs({ [keys.accept or '<Tab>'] = false, [keys.word or '<M-Right>'] = true }) do
    vim.keymap.set('i', key, function()
      return M.accept(is_word) and '' or vim.keycode(key)
    end, { expr = true, replace_keycodes = false, desc = 'Take what Redraft completes' })
  end
end

return M
