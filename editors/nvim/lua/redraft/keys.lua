--- The keys of ghost text: what each does, it does in its turn among the keys that came with it.
local M = {}

--- What the key that was pressed last is to do, by the name of what it is for.
local pressed = {}

--- What is pressed where nothing is shown.
local function otherwise(name)
  return vim.keycode(('<Plug>(redraft-no-%s)'):format(name))
end

--- @param name string
--- @param key string
--- @param press fun(): (fun(): boolean)? what it is to do, which says whether it did; nothing where nothing is shown
--- @param description string
function M.map(name, key, press, description)
  vim.keymap.set('i', ('<Plug>(redraft-no-%s)'):format(name), key)
  vim.keymap.set('i', key, function()
    pressed[name] = press()
    -- Text cannot be changed here, and what is scheduled runs after the keys that follow: a command is run before them.
    return pressed[name] and vim.keycode(('<Cmd>lua require("redraft.keys").run(%q)<CR>'):format(name)) or otherwise(name)
  end, { expr = true, remap = true, replace_keycodes = false, desc = description })
end

--- Does what was pressed; where something else was typed by then, the key is what it is without Redraft.
--- @param name string
function M.run(name)
  if not pressed[name]() then
    vim.api.nvim_feedkeys(otherwise(name), 'mi', false)
  end
end

return M
