--- The keys of ghost text: what each does, it does in its turn among the keys that came with it; and where nothing is shown, each is
--- what it was before, whether its user or Neovim itself had mapped it.
local M = {}

--- By the name of what a key is for: { key, callback, was }, where `was` is what was mapped to it.
local mapped = {}

--- What the key that was pressed last is to do, by the name of what it is for.
local pressed = {}

--- What stands for the key as it was.
local function otherwise(name)
  return ('<Plug>(redraft-no-%s)'):format(name)
end

--- What is mapped to a key in every buffer: `maparg` would tell of the mapping of this buffer, which hides ours.
local function mapping_of(key)
  for _, mapping in ipairs(vim.api.nvim_get_keymap('i')) do
    if vim.keycode(mapping.lhs) == vim.keycode(key) then
      return mapping
    end
  end
end

--- Maps a key to what another is mapped to.
local function copy(mapping, key)
  mapping = vim.tbl_extend('force', mapping, { lhs = key, lhsraw = vim.keycode(key) })
  mapping.lhsrawalt = nil
  vim.fn.mapset('i', false, mapping)
end

--- @param name string
--- @param key string
--- @param press fun(): (fun(): boolean)? what it is to do, which says whether it did; nothing where nothing is shown
--- @param description string
function M.map(name, key, press, description)
  local was = mapping_of(key)
  if was then
    copy(was, otherwise(name))
  else
    vim.keymap.set('i', otherwise(name), key)
  end
  local function callback()
    pressed[name] = press()
    -- Text cannot be changed here, and what is scheduled runs after the keys that follow: a command is run before them.
    return vim.keycode(pressed[name] and ('<Cmd>lua require("redraft.keys").run(%q)<CR>'):format(name) or otherwise(name))
  end
  vim.keymap.set('i', key, callback, { expr = true, remap = true, replace_keycodes = false, desc = description })
  mapped[name] = { key = key, callback = callback, was = was }
end

--- Has every key be what it was, but for one that was mapped to something else since.
function M.unmap()
  for name, own in pairs(mapped) do
    local mapping = mapping_of(own.key)
    if mapping and mapping.callback == own.callback then
      vim.keymap.del('i', own.key)
      if own.was then
        copy(own.was, own.key)
      end
      vim.keymap.del('i', otherwise(name))
    end
  end
  mapped = {}
end

--- Does what was pressed; where something else was typed by then, the key is what it is without Redraft.
--- @param name string
function M.run(name)
  if not pressed[name]() then
    vim.api.nvim_feedkeys(vim.keycode(otherwise(name)), 'mi', false)
  end
end

return M
