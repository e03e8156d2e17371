--- What the server says: its edits become one step of undo for each run, its states are remembered and shown, its answers in words
--- are told.
local M = {}

local runs, draft = require('redraft.runs'), require('redraft.draft')

--- Where the last edit of a run left a buffer: { tick, run }.
local left = {}

--- The buffer that an edit is of, and its changes; nothing where it is of none or of several.
local function target_of(edit)
  local changes = edit.documentChanges or {}
  if #changes ~= 1 or not changes[1].textDocument or #(changes[1].edits or {}) == 0 then
    return nil
  end
  local buffer = vim.uri_to_bufnr(changes[1].textDocument.uri)
  if vim.api.nvim_buf_is_loaded(buffer) and vim.bo[buffer].modifiable then
    return buffer, changes[1].edits
  end
end

--- Ends the step of undo: to set it, even to what it was, does.
local function end_step(buffer)
  vim.bo[buffer].undolevels = vim.bo[buffer].undolevels
end

--- Edits of one run are one step of undo: each joins the last one where nothing else changed since, and begins a step of its own where
--- something did: what was typed, or another run. What takes a draft back is of no run, so that undoing it has the draft back. The
--- user's next change never joins ours.
local function apply(error, result, context)
  local original = vim.lsp.handlers['workspace/applyEdit']
  local buffer, edits = nil, nil
  if result and result.edit then
    buffer, edits = target_of(result.edit)
  end
  if not buffer then
    return original(error, result, context)
  end
  local run = draft.run_of(buffer, edits)
  local written = vim.deepcopy(edits)
  local answer
  vim.api.nvim_buf_call(buffer, function()
    local before = vim.api.nvim_buf_get_changedtick(buffer)
    local last = left[buffer]
    local joins = run and last and last.run == run and last.tick == before
    -- After an undo there is nothing to join (E790): the edit stands alone then.
    if not joins or not pcall(vim.cmd.undojoin) then
      end_step(buffer)
    end
    require('redraft.selection').keep(buffer, function() answer = original(error, result, context) end)
    -- In insert mode Neovim saves nothing more for lines that it takes for saved, and counts the lines of a step that is open when
    -- it ends: what is typed meanwhile would be counted in, and undoing it would take lines that are nobody's draft. Of an edit that
    -- was dropped, the wish to join would be left to the next change.
    end_step(buffer)
    local tick = vim.api.nvim_buf_get_changedtick(buffer)
    -- What is stale is dropped, and answered as if it had been applied.
    if run and tick ~= before then
      left[buffer] = { tick = tick, run = run }
      draft.wrote(run, written)
    end
  end)
  return answer
end

--- Asks how a draft stands that is done.
local function ask_report(run)
  local client = vim.lsp.get_client_by_id(run.client)
  if client then
    client:request('redraft/report', { run = run.name }, function(err, report)
      run.report = not err and report or nil
      draft.show(run)
    end, run.buffer)
  end
end

local function status(_, params, context)
  local run, is_new = runs.get(context.client_id, params.run)
  run.state, run.model, run.message = params.state, params.model, params.message
  run.tokens, run.cost = params.tokens, params.cost_micro_usd
  -- What is done again is a run of its own, which no command's answer names.
  local place = is_new and runs.awaited(context.client_id, params.uri)
  if place then
    M.begins(context.client_id, params.run, place.buffer, place.row)
  end
  draft.show(run)
  if params.state == 'done' then
    ask_report(run)
  end
  vim.api.nvim_exec_autocmds('User', { pattern = 'RedraftStatus', modeline = false, data = params })
  vim.cmd.redrawstatus()
end

local function answer(_, params, context)
  runs.get(context.client_id, params.run).has_told = true
  require('redraft.answers').tell(params)
end

--- A run begins in this buffer and line.
function M.begins(client, name, buffer, row)
  local run = runs.get(client, name)
  run.buffer, run.state = buffer, run.state or 'gathering'
  draft.place(run, row)
end

--- The answer to a command, of a code action that was chosen in the menu too: a run may begin.
--- @param result { run: string?, regions: lsp.Range[]? }?
--- @param context lsp.HandlerContext
function M.commanded(err, result, context)
  local name, argument = type(result) == 'table' and result.run, context.params.arguments[1]
  if context.params.command == 'redraft.again' and (err or name ~= argument.run) then
    runs.expect_none(context.client_id)
  end
  if err then
    return vim.notify('redraft: ' .. err.message, vim.log.levels.ERROR)
  end
  -- What is about a run names it in the answer, too.
  if not name or name == argument.run then
    return
  end
  local buffer = argument.uri and vim.uri_to_bufnr(argument.uri) or context.bufnr
  local region = (result.regions or {})[1] or argument.range
  M.begins(context.client_id, name, buffer, region and region.start.line or vim.api.nvim_win_get_cursor(0)[1] - 1)
end

--- A server is gone, in good order or not. It takes nothing back any more, and the names of its runs are given anew by the next one.
--- @param client integer
function M.gone(client)
  local is_cut_short = false
  for _, run in ipairs(runs.forget(function(run) return run.client == client end)) do
    is_cut_short = is_cut_short or runs.is_at_work(run) and next(run.lines) ~= nil
    draft.clear(run)
  end
  runs.expect_none(client)
  if is_cut_short then
    vim.notify('redraft: the server is gone in the middle of a draft; what it has written stays (undo takes it back)', vim.log.levels.WARN)
  end
  vim.cmd.redrawstatus()
end

M.handlers = {
  ['workspace/applyEdit'] = apply,
  ['workspace/executeCommand'] = M.commanded,
  ['redraft/status'] = status,
  ['redraft/answer'] = answer,
}

vim.api.nvim_create_autocmd('BufUnload', {
  group = vim.api.nvim_create_augroup('redraft.handlers', { clear = true }),
  callback = function(event)
    -- A buffer that is read again keeps its extmarks.
    for _, run in ipairs(runs.forget(function(run) return run.buffer == event.buf end)) do
      draft.clear(run)
    end
    left[event.buf] = nil
  end,
})

return M
