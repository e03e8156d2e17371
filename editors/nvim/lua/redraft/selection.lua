--- What is selected in visual mode stays at its text while an edit is put in above it. Neovim moves the cursor along, but not always the
--- other end (0.11 never).
local M = {}

local namespace = vim.api.nvim_create_namespace('redraft.selection')

--- Puts the other end of the selection at a row and a column, both from 0.
local function put(row, column)
  local view = vim.fn.winsaveview()
  vim.cmd('normal! o')
  vim.api.nvim_win_set_cursor(0, { row + 1, column })
  vim.cmd('normal! o')
  vim.fn.winrestview(view)
end

--- @param buffer integer
--- @param change fun() what changes the buffer
function M.keep(buffer, change)
  local is_selected = buffer == vim.api.nvim_get_current_buf() and vim.api.nvim_get_mode().mode:find('^[vV\22]')
  if not is_selected then
    return change()
  end
  local other = vim.fn.getpos('v')
  local mark = vim.api.nvim_buf_set_extmark(buffer, namespace, other[2] - 1, other[3] - 1, { strict = false })
  change()
  local at = vim.api.nvim_buf_get_extmark_by_id(buffer, namespace, mark, {})
  vim.api.nvim_buf_del_extmark(buffer, namespace, mark)
  local now = vim.fn.getpos('v')
  if now[2] ~= at[1] + 1 then
    put(at[1], other[3] - 1)
  end
end

return M
