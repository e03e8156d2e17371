--- Shows drafts: the lines that a run has written, and how it stands, in virtual text. Both are extmarks, so they follow the text, and
--- are gone with it when it is undone.
local M = {}

local runs = require('redraft.runs')

local namespace = vim.api.nvim_create_namespace('redraft')
--- Below what highlights code, so that its colours stay.
local PRIORITY = 50

--- The background of what is added in a diff. The colour of text is the code's own; with a terminal's sixteen, it would not be read on it.
local function define_highlights()
  local added = vim.api.nvim_get_hl(0, { name = 'DiffAdd', link = false })
  local own = added.bg and { bg = added.bg, ctermbg = added.ctermbg, ctermfg = added.ctermfg } or { link = 'DiffAdd' }
  own.default = true
  vim.api.nvim_set_hl(0, 'RedraftDraft', own)
  vim.api.nvim_set_hl(0, 'RedraftState', { link = 'Comment', default = true })
  vim.api.nvim_set_hl(0, 'RedraftFindings', { link = 'DiagnosticWarn', default = true })
end

define_highlights()
vim.api.nvim_create_autocmd('ColorScheme', {
  group = vim.api.nvim_create_augroup('redraft.draft', { clear = true }),
  callback = define_highlights,
})

--- The row of an extmark, if the text that it stands for is still there.
local function row_of(buffer, mark)
  local at = mark and vim.api.nvim_buf_get_extmark_by_id(buffer, namespace, mark, { details = true })
  if not at or not at[1] or at[3].invalid then
    return nil
  end
  -- An undo leaves the range of what it takes away empty, and valid.
  local is_empty = at[3].end_row == at[1] and at[3].end_col == at[2]
  return not is_empty and at[1] or nil
end

--- The rows of the lines that a run has written, and their extmarks.
--- @param run redraft.Run
--- @return table<integer, integer>
local function rows(run)
  local found = {}
  for mark in pairs(run.lines) do
    local row = row_of(run.buffer, mark)
    if row then
      found[row] = mark
    end
  end
  return found
end

--- Whether the cursor's row is in the draft.
--- @param run redraft.Run
--- @param row integer
function M.covers(run, row)
  return rows(run)[row] ~= nil
end

--- The row of a run's place, where it is now.
--- @param run redraft.Run
--- @return integer?
function M.row(run)
  return row_of(run.buffer, run.anchor)
end

local function set_line(run, row, mark, shown)
  local is_shown = require('redraft.config').options.highlight
  return vim.api.nvim_buf_set_extmark(run.buffer, namespace, row, 0, {
    id = mark,
    end_row = row + 1,
    end_col = 0,
    strict = false,
    hl_group = is_shown and 'RedraftDraft' or nil,
    hl_eol = is_shown or nil,
    priority = PRIORITY,
    invalidate = true,
    virt_text = shown and { shown } or nil,
    virt_text_pos = 'eol',
  })
end

--- @param micro integer?
local function money(micro)
  if not micro then
    return nil
  elseif micro == 0 then
    return 'free'
  end
  return micro < 100 and '< $0.0001' or ('$%.4f'):format(micro / 1e6)
end

--- How a draft stands, by its report, and the group that it is shown in.
local function standing(report)
  local left, heard, silent = #(report.left or {}), #(report.checked_by or {}), #(report.not_checked or {})
  local parts = {}
  if left > 0 then
    table.insert(parts, ('%d finding%s left'):format(left, left == 1 and '' or 's'))
  end
  if heard + silent > 0 then
    table.insert(parts, ('checked %d/%d'):format(heard, heard + silent))
  end
  local cost = type(report.cost_micro_usd) == 'number' and money(report.cost_micro_usd)
  if cost then
    table.insert(parts, cost)
  end
  return table.concat(parts, ' · '), (left > 0 or silent > 0) and 'RedraftFindings' or 'RedraftState'
end

--- What the virtual text says; nothing where there is nothing to say.
local function told(run)
  if not require('redraft.config').options.virtual_text then
    return nil
  elseif runs.is_at_work(run) then
    return { ('  redraft: %s (%s)'):format(run.state, run.model or ''), 'RedraftState' }
  elseif run.state == 'done' and run.report then
    local text, group = standing(run.report)
    return text ~= '' and { '  redraft: ' .. text, group } or nil
  elseif run.state == 'cancelled' and next(run.lines) then
    return { '  redraft: stopped', 'RedraftState' }
  end
end

--- The first line of the part of the draft that is at the run's place: what it imports stands elsewhere.
local function head(run, written)
  local place, nearest = row_of(run.buffer, run.anchor) or 0, nil
  for row in pairs(written) do
    if not nearest or math.abs(row - place) < math.abs(nearest - place) then
      nearest = row
    end
  end
  while nearest and written[nearest - 1] do
    nearest = nearest - 1
  end
  return nearest
end

--- @param run redraft.Run
function M.clear(run)
  if run.buffer and vim.api.nvim_buf_is_valid(run.buffer) then
    for mark in pairs(run.lines) do
      vim.api.nvim_buf_del_extmark(run.buffer, namespace, mark)
    end
    if run.anchor then
      vim.api.nvim_buf_del_extmark(run.buffer, namespace, run.anchor)
    end
  end
  run.lines, run.anchor, run.holder = {}, nil, nil
end

--- Shows a run as it is now.
--- @param run redraft.Run
function M.show(run)
  if not run.buffer or not vim.api.nvim_buf_is_loaded(run.buffer) then
    return
  end
  if not runs.is_at_work(run) and not runs.stands(run) then
    return M.clear(run)
  end
  local written = rows(run)
  local first, text = head(run, written), told(run)
  local holder = first and written[first]
  if run.holder and run.holder ~= holder then
    local row = row_of(run.buffer, run.holder)
    if row then
      set_line(run, row, run.holder)
    end
  end
  run.holder = holder
  if holder then
    set_line(run, first, holder, text)
  end
  local place = row_of(run.buffer, run.anchor)
  if place then
    vim.api.nvim_buf_set_extmark(run.buffer, namespace, place, 0, {
      id = run.anchor,
      virt_text = not holder and runs.is_at_work(run) and text and { text } or nil,
      virt_text_pos = 'eol',
    })
  end
end

--- Remembers a run's place.
--- @param run redraft.Run
--- @param row integer
function M.place(run, row)
  if not vim.api.nvim_buf_is_loaded(run.buffer) then
    return
  end
  row = math.min(row, vim.api.nvim_buf_line_count(run.buffer) - 1)
  run.anchor = vim.api.nvim_buf_set_extmark(run.buffer, namespace, row, 0, { id = run.anchor })
  M.show(run)
end

--- How far edits are from a run's lines and its place.
local function distance(run, edits)
  local own, place, nearest = rows(run), row_of(run.buffer, run.anchor), math.huge
  if place then
    own[place] = run.anchor
  end
  for _, edit in ipairs(edits) do
    for row in pairs(own) do
      nearest = math.min(nearest, math.abs(row - edit.range.start.line))
    end
  end
  return nearest
end

--- The run that edits are of: the one at work nearest to them. They do not say so themselves. Those in a draft that stands take it back,
--- and are of none; a run at work is near to that only where it writes the same lines again.
--- @param buffer integer
--- @param edits lsp.TextEdit[]
--- @return redraft.Run?
function M.run_of(buffer, edits)
  local found, nearest
  for _, run in ipairs(runs.of(buffer, runs.is_at_work)) do
    local own = distance(run, edits)
    if not nearest or own < nearest then
      found, nearest = run, own
    end
  end
  for _, run in ipairs(runs.of(buffer, runs.has_draft)) do
    if nearest and nearest > 0 and distance(run, edits) == 0 then
      return nil
    end
  end
  return found
end

--- Marks the lines that edits have written, which have just been put in.
--- @param run redraft.Run
--- @param edits lsp.TextEdit[]
function M.wrote(run, edits)
  edits = vim.deepcopy(edits)
  table.sort(edits, function(one, other)
    local a, b = one.range.start, other.range.start
    return a.line < b.line or a.line == b.line and a.character < b.character
  end)
  local marked, shift, count = rows(run), 0, vim.api.nvim_buf_line_count(run.buffer)
  for _, edit in ipairs(edits) do
    local text, start = edit.newText:gsub('\r\n?', '\n'), edit.range.start
    local _, breaks = text:gsub('\n', '')
    local first = start.line + shift + ((start.character > 0 and text:sub(1, 1) == '\n') and 1 or 0)
    local final = start.line + shift + breaks - ((breaks > 0 and text:sub(-1) == '\n') and 1 or 0)
    for row = first, text ~= '' and math.min(final, count - 1) or -1 do
      if not marked[row] then
        local mark = set_line(run, row)
        run.lines[mark], marked[row] = true, mark
      end
    end
    shift = shift + breaks - (edit.range['end'].line - start.line)
  end
  M.show(run)
end

return M
