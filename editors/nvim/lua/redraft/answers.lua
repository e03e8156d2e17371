--- Answers in words (`redraft/answer`): in a window of their own beside the cursor, which takes no focus; the last one can be had again.
local M = {}

local group = vim.api.nvim_create_augroup('redraft.answers', { clear = true })

--- The lines of the last one, and the window that it stands in.
local last, window

--- Closes the window of the one before, unless its user has gone into it.
local function close()
  if window and vim.api.nvim_win_is_valid(window) and window ~= vim.api.nvim_get_current_win() then
    vim.api.nvim_win_close(window, true)
  end
end

local function open()
  close()
  -- With the focus, one that is open would be gone into, and what is new not shown.
  local options = { border = 'rounded', focus_id = 'redraft', focus = false, max_width = 90, wrap = true }
  _, window = vim.lsp.util.open_floating_preview(last, 'markdown', options)
end

--- While one types, it waits: the next key would close it.
--- @param answer { title: string, text: string }
function M.tell(answer)
  last = vim.list_extend({ '# ' .. answer.title, '' }, vim.split(answer.text, '\n', { plain = true }))
  vim.api.nvim_clear_autocmds({ group = group })
  if not vim.api.nvim_get_mode().mode:find('^[iR]') then
    return open()
  end
  -- Leaving moves the cursor, which would close it too.
  vim.api.nvim_create_autocmd('InsertLeave', { group = group, once = true, callback = vim.schedule_wrap(open) })
end

--- Shows the last one in a split.
function M.again()
  if not last then
    return vim.notify('redraft: nothing was explained yet', vim.log.levels.WARN)
  end
  require('redraft.pages').show('answer', last)
end

return M
