--- What the user says in `setup`, and the client that comes of it.
local M = {}

M.defaults = {
  -- The program and its arguments.
  cmd = { 'redraft', 'serve' },
  filetypes = {
    'python', 'rust', 'typescript', 'typescriptreact', 'javascript', 'javascriptreact', 'go', 'java', 'c', 'cpp', 'cs', 'php', 'ruby',
  },
  root_markers = { '.redraft', 'pyproject.toml', 'Cargo.toml', 'package.json', 'go.mod', '.git' },
  -- `initializationOptions`: delivery, untrustedWorkspace, config (docs/editors.md of Redraft).
  init_options = {},
  -- Tells in virtual text where a run is at work and what it does, and how its draft stands.
  virtual_text = true,
  -- Marks the lines that a run has written until they are kept or reverted (the group RedraftDraft).
  highlight = true,
  -- Completions while one types: false, true, or keys of your own:
  -- { accept = '<Tab>', word = '<M-Right>', next = '<M-]>', previous = '<M-[>' }; false for none.
  inline = false,
}

M.options = vim.deepcopy(M.defaults)

--- @param options table?
function M.set(options)
  for key in pairs(options or {}) do
    if M.defaults[key] == nil then
      local known = vim.tbl_keys(M.defaults)
      table.sort(known)
      error(('redraft: setup has no %q; there are %s'):format(key, table.concat(known, ', ')), 3)
    end
  end
  M.options = vim.tbl_extend('force', vim.deepcopy(M.defaults), options or {})
end

--- @return vim.lsp.Config
function M.lsp()
  local capabilities = vim.lsp.protocol.make_client_capabilities()
  if M.options.inline then
    capabilities.textDocument.inlineCompletion = capabilities.textDocument.inlineCompletion or {}
  end
  capabilities.experimental = { redraft = { undoGrouping = true, answers = true } }
  return {
    cmd = M.options.cmd,
    filetypes = M.options.filetypes,
    root_markers = M.options.root_markers,
    init_options = M.options.init_options,
    capabilities = capabilities,
    handlers = require('redraft.handlers').handlers,
    -- It is called where little of Neovim may be.
    on_exit = vim.schedule_wrap(function(_, _, client) require('redraft.handlers').gone(client) end),
  }
end

return M
