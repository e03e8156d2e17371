--- Where something is to be written: the cursor, or lines. It follows the text while its user is asked something.
local M = {}

local namespace = vim.api.nvim_create_namespace('redraft.place')

--- @class redraft.Place
--- @field buffer integer
--- @field range fun(): lsp.Range as the server counts, where it is now
--- @field take fun(): lsp.Range the same for the last time

--- @param server vim.lsp.Client
--- @param first integer? the lines of a command, from 1
--- @param last integer?
--- @return redraft.Place
function M.here(server, first, last)
  local buffer = vim.api.nvim_get_current_buf()
  local from, to
  if first and last then
    from, to = { first - 1, 0 }, { last - 1, #vim.api.nvim_buf_get_lines(buffer, last - 1, last, true)[1] }
  else
    local cursor = vim.api.nvim_win_get_cursor(0)
    from = { cursor[1] - 1, cursor[2] }
    to = from
  end
  local start = vim.api.nvim_buf_set_extmark(buffer, namespace, from[1], from[2], { strict = false })
  local finish = vim.api.nvim_buf_set_extmark(buffer, namespace, to[1], to[2], { strict = false })

  local function position(mark)
    local at = vim.api.nvim_buf_get_extmark_by_id(buffer, namespace, mark, {})
    local line = vim.api.nvim_buf_get_lines(buffer, at[1], at[1] + 1, true)[1]
    return { line = at[1], character = vim.str_utfindex(line, server.offset_encoding, at[2], false) }
  end

  local function range()
    return { start = position(start), ['end'] = position(finish) }
  end

  return {
    buffer = buffer,
    range = range,
    take = function()
      local taken = range()
      vim.api.nvim_buf_del_extmark(buffer, namespace, start)
      vim.api.nvim_buf_del_extmark(buffer, namespace, finish)
      return taken
    end,
  }
end

return M
