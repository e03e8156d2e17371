--- What the server says: its edits become one step of undo for each run, its states are remembered and shown, its answers in words
--- stand in a window.
local M = { runs = {}, last = {} }

local namespace = vim.api.nvim_create_namespace('redraft')

--- Where our last edit of a buffer left it.
local left = {}

local OVER = { done = true, failed = true, cancelled = true, kept = true, reverted = true }

--- The buffer that an edit is of, and the run that is at work in it; nothing where it is of none or of several.
local function buffer_of(edit)
  local changes = edit.documentChanges or {}
  if #changes ~= 1 or not changes[1].textDocument then
    return nil
  end
  local buffer = vim.uri_to_bufnr(changes[1].textDocument.uri)
  return vim.api.nvim_buf_is_loaded(buffer) and buffer or nil
end

--- Edits of one run are one step of undo: each joins the last one where nothing was typed since, and begins a step of its own where
--- something was. The user's next change never joins ours.
local function apply(error, result, context)
  local original = vim.lsp.handlers['workspace/applyEdit']
  local buffer = result and result.edit and buffer_of(result.edit)
  if not buffer or not vim.bo[buffer].modifiable then
    return original(error, result, context)
  end
  local answer
  vim.api.nvim_buf_call(buffer, function()
    local levels = vim.bo[buffer].undolevels
    local joins = left[buffer] == vim.api.nvim_buf_get_changedtick(buffer)
    if joins then
      -- After an undo there is nothing to join (E790): the edit stands alone then.
      joins = pcall(vim.cmd.undojoin)
    end
    if not joins then
      vim.bo[buffer].undolevels = levels
    end
    answer = original(error, result, context)
    left[buffer] = vim.api.nvim_buf_get_changedtick(buffer)
  end)
  return answer
end

--- Shows where a run is at work.
local function mark(run)
  local options = require('redraft.config').options
  local state = M.runs[run]
  if not state or not state.buffer or not vim.api.nvim_buf_is_valid(state.buffer) then
    return
  end
  if state.mark then
    vim.api.nvim_buf_del_extmark(state.buffer, namespace, state.mark)
    state.mark = nil
  end
  if not options.virtual_text or OVER[state.state] then
    return
  end
  local line = math.min(state.line or 0, vim.api.nvim_buf_line_count(state.buffer) - 1)
  state.mark = vim.api.nvim_buf_set_extmark(state.buffer, namespace, line, 0, {
    virt_text = { { ('  redraft: %s (%s)'):format(state.state, state.model or ''), 'RedraftState' } },
    virt_text_pos = 'eol',
  })
end

local function status(_, params)
  local state = M.runs[params.run]
  if not state then
    state = {}
    M.runs[params.run] = state
    -- What is done again is a run of its own.
    if M.last.wanted then
      M.begins(params.run, M.last.wanted.buffer, M.last.wanted.line)
    end
  end
  state.state, state.model, state.message, state.tokens, state.cost = params.state, params.model, params.message, params.tokens, params.cost_micro_usd
  -- What failed left nothing to be kept or reverted.
  if params.state == 'failed' and state.buffer and M.last.run[state.buffer] == params.run then
    M.last.run[state.buffer] = nil
  end
  mark(params.run)
  vim.api.nvim_exec_autocmds('User', { pattern = 'RedraftStatus', modeline = false, data = params })
  vim.cmd.redrawstatus()
end

--- An answer in words, in a window of its own beside the cursor.
local function answer(_, params)
  local lines = vim.split(params.text, '\n', { plain = true })
  table.insert(lines, 1, '# ' .. params.title)
  table.insert(lines, 2, '')
  M.last.answer = params
  vim.lsp.util.open_floating_preview(lines, 'markdown', { border = 'rounded', focus_id = 'redraft', max_width = 90, wrap = true })
end

--- A run begins in this buffer and line.
function M.begins(run, buffer, line)
  local state = M.runs[run] or {}
  M.runs[run] = state
  state.buffer, state.line = buffer, line
  M.last.run = M.last.run or {}
  M.last.run[buffer] = run
  mark(run)
end

M.handlers = { ['workspace/applyEdit'] = apply, ['redraft/status'] = status, ['redraft/answer'] = answer }

vim.api.nvim_set_hl(0, 'RedraftState', { link = 'Comment', default = true })

return M
