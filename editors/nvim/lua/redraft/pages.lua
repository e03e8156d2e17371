--- Pages to read: what was sent, what was asked of models, what was explained.
local M = {}

--- Shows lines in a split of their own, which `q` closes; the same page takes the place of what it showed before.
function M.show(name, lines)
  local title = 'redraft://' .. name
  local buffer = vim.fn.bufnr('^' .. vim.fn.escape(title, '[]*?{}') .. '$')
  if buffer == -1 then
    buffer = vim.api.nvim_create_buf(false, true)
    vim.api.nvim_buf_set_name(buffer, title)
    vim.bo[buffer].bufhidden = 'wipe'
    vim.keymap.set('n', 'q', '<Cmd>close<CR>', { buffer = buffer, desc = 'Close' })
  end
  vim.bo[buffer].modifiable = true
  vim.api.nvim_buf_set_lines(buffer, 0, -1, true, lines)
  vim.bo[buffer].modifiable = false
  vim.bo[buffer].filetype = 'markdown'
  local window = vim.fn.win_findbuf(buffer)[1]
  if window then
    vim.api.nvim_set_current_win(window)
  else
    vim.cmd.sbuffer(buffer)
  end
  vim.api.nvim_win_set_cursor(0, { 1, 0 })
end

--- A fence that no line of the text closes.
local function fenced(lines, text)
  local fence = '```'
  for ticks in text:gmatch('`+') do
    fence = #ticks >= #fence and ('`'):rep(#ticks + 1) or fence
  end
  table.insert(lines, fence)
  vim.list_extend(lines, vim.split(text, '\n', { plain = true, trimempty = true }))
  vim.list_extend(lines, { fence, '' })
end

local function section(lines, title, text)
  if type(text) == 'string' and text ~= '' then
    vim.list_extend(lines, { '## ' .. title, '' })
    fenced(lines, text)
  end
end

--- What a model was sent (`redraft/sent`).
function M.sent(sent)
  local lines = { '# ' .. sent.title, '', ('About %d tokens.'):format(sent.tokens) }
  if type(sent.redacted) == 'number' and sent.redacted > 0 then
    table.insert(lines, ('%d secrets were left out.'):format(sent.redacted))
  end
  table.insert(lines, '')
  if #(sent.excerpts or {}) + #(sent.rules or {}) > 0 then
    vim.list_extend(lines, { '## Of your workspace', '' })
    for _, rule in ipairs(sent.rules or {}) do
      table.insert(lines, ('- %s: rules (%d tokens)'):format(rule.path, rule.tokens))
    end
    for _, excerpt in ipairs(sent.excerpts or {}) do
      local name = type(excerpt.name) == 'string' and excerpt.name or ''
      table.insert(lines, ('- %s:%s %s: %s (%d tokens)'):format(excerpt.label, excerpt.line, name, excerpt.reason, excerpt.tokens))
    end
    table.insert(lines, '')
  end
  section(lines, 'Instructions', sent.system)
  for number, message in ipairs(sent.messages or {}) do
    section(lines, number % 2 == 1 and 'Question' or 'Answer', message)
  end
  section(lines, 'The answer is begun with', sent.prefill)
  M.show('sent', lines)
end

local function dollars(micro)
  return type(micro) == 'number' and ('$%.4f'):format(micro / 1e6) or 'not known'
end

--- What was asked of models in the last thirty days (`redraft/usage`).
function M.usage(usage)
  local spent = usage.spent_micro_usd or {}
  local lines = {
    '# What was asked of models', '',
    ('Today %s, this month %s.'):format(dollars(spent.today), dollars(spent.month)), '',
    '| model | calls | tokens asked | tokens answered | cost | kept | edited | reverted | failed |',
    '|---|---|---|---|---|---|---|---|---|',
  }
  for _, row in ipairs(usage.rows or {}) do
    local tokens = row.tokens or {}
    local cells = {
      row.name, row.calls, tokens.prompt, tokens.completion, dollars(row.cost_micro_usd), row.kept, row.edited, row.reverted, row.failed,
    }
    table.insert(lines, '| ' .. table.concat(vim.tbl_map(tostring, cells), ' | ') .. ' |')
  end
  M.show('usage', lines)
end

return M
